//! The steps of the workflow: handing an article on, publishing it, taking it back.
use actix_web::post;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    access::Access,
    approval::Review,
    editions::{model::EditionSummary, schedule},
    manage::view,
    model::{Article, ArticleRow},
    publishing::{self, PublishInput, PublishOptions},
    queries,
    workflow::{Action, Status},
};
use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::{PublishArticles, WithdrawArticles, WriteArticles},
    },
    config::FourEyes,
    db::{Conn, Db, Tx, journal::Entry},
    error::{FieldError, Result},
    http::{
        answer::Answer,
        conditional::IfMatch,
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
        settings::Settings,
    },
    ids::ArticleId,
    text,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(submit_article).service(recall_article).service(return_article);
    cfg.service(approve_article);
    cfg.service(publish_article).service(unpublish_article).service(retract_article);
}

/// A word on a step.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"note": "please check the second quotation"})))]
pub struct StepInput {
    /// For whoever has it next.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

/// Why an article goes back.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"note": "the second source is missing"})))]
pub struct ReturnInput {
    /// What its author should do about it.
    #[validate(length(min = 1, max = 1000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub note: String,
}

/// Why an article is withdrawn.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"notice": "The report confused two rivers; we regret the error."})))]
pub struct RetractInput {
    /// What readers are told in the article's place, for good.
    #[validate(length(min = 1, max = 2000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    pub notice: String,
}

/// What publishing did, or would do.
#[derive(Serialize, ToSchema)]
pub struct Published {
    pub article: Article,
    /// The edition that was made, or would be.
    pub edition: EditionSummary,
    /// What readers will miss, and what was edited after the approval; nothing that keeps it from
    /// them.
    pub warnings: Vec<FieldError>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}

/// The article for a step, and the status that the step leads to.
fn opened(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: ArticleId,
    expected: &IfMatch,
    action: Action,
) -> Result<(Access, ArticleRow, Status)> {
    let access = Access::of(tx, caller)?;
    let article = expected.current(tx, id, |conn| access.to(queries::find(conn, id)?))?;
    let status = access.take(action, &article)?;
    Ok((access, article, status))
}

fn hand_on(
    tx: &mut Tx<'_>,
    article: &ArticleRow,
    status: Status,
    note: Option<String>,
    did: &str,
) -> Result<ArticleRow> {
    let handed_on = ArticleRow {
        status,
        note,
        version: article.version + 1,
        updated_at: tx.now(),
        ..article.clone()
    };
    queries::update(tx, &handed_on)?;
    tx.record(Entry::new(did, &handed_on))?;
    Ok(handed_on)
}

fn answer(
    conn: &mut Conn,
    access: &Access,
    caller: &Caller,
    article: &ArticleRow,
    rule: FourEyes,
) -> Result<Answer> {
    let seen = view(conn, access, article.clone(), rule, caller.now)?;
    Answer::resource(article, &seen)
}

/// Hand an article in
///
/// From `draft` to `in_review`.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])),
    params(IfMatch, IdempotencyKey), request_body = StepInput,
    responses((status = 200, description = "Handed in.", body = Article),
        (status = 409, description = "The article is not a draft.")))]
#[post("/articles/{id}/actions/submit")]
async fn submit_article(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    post: Posted<StepInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Submit)?;
        let article = hand_on(tx, &article, status, input.note, "submitted")?;
        answer(tx, &access, &caller, &article, settings.0.four_eyes)
    })
    .await
}

/// Take a submission back
///
/// From `in_review` to `draft`, by its author or an editor, to go on writing.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])),
    params(IfMatch, IdempotencyKey), request_body = StepInput,
    responses((status = 200, description = "A draft again.", body = Article),
        (status = 409, description = "The article is not in review.")))]
#[post("/articles/{id}/actions/recall")]
async fn recall_article(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    post: Posted<StepInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Recall)?;
        let article = hand_on(tx, &article, status, input.note, "recalled")?;
        answer(tx, &access, &caller, &article, settings.0.four_eyes)
    })
    .await
}

/// Return an article to its author
///
/// From `in_review` to `draft`, with a note on what to do.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:publish"])),
    params(IfMatch, IdempotencyKey), request_body = ReturnInput,
    responses((status = 200, description = "Returned.", body = Article),
        (status = 409, description = "The article is not in review.")))]
#[post("/articles/{id}/actions/return")]
async fn return_article(
    allow: Allow<PublishArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    post: Posted<ReturnInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Return)?;
        let article = hand_on(tx, &article, status, Some(input.note), "returned")?;
        answer(tx, &access, &caller, &article, settings.0.four_eyes)
    })
    .await
}

/// Approve an article
///
/// From `in_review` to `approved`. The approval is about the very version that you have read: once
/// it is edited, `approval.edited_since` says so, and whoever publishes is warned or refused. So
/// an article that was edited since can be approved again in its later statuses, which it keeps.
///
/// Where the newsroom works with four eyes (`FOUR_EYES`), none of the `contributors` may approve:
/// those who have written since somebody else approved it last, whoever is named in `authors`. As
/// long as nobody has, those named in `authors` may not either.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:publish"])),
    params(IfMatch, IdempotencyKey), request_body = StepInput,
    responses((status = 200, description = "Approved.", body = Article),
        (status = 409, description = "The article is a draft or retracted, this version is approved already, or it takes somebody else: `errors` names those whose approval would not do.")))]
#[post("/articles/{id}/actions/approve")]
async fn approve_article(
    allow: Allow<PublishArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    post: Posted<StepInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Approve)?;
        let review = Review::of(tx, &article, settings.0.four_eyes)?;
        let article = review.approve(tx, caller.id, status)?;
        let article = hand_on(tx, &article, status, input.note, "approved")?;
        answer(tx, &access, &caller, &article, settings.0.four_eyes)
    })
    .await
}

/// Publish an article
///
/// Makes an edition of the working copy, public from `valid_from` on; until then whatever is
/// public stays so. It ends where a scheduled edition begins, at the latest: what is scheduled
/// comes all the same, unless `replace_scheduled` cancels it or this one begins at the same
/// instant. Where what is scheduled lacks what this edition says, a warning names it:
/// `scheduled_lacks_this_change`. With `dry_run=true` nothing is changed, and the answer says what
/// would be.
///
/// What was edited after its approval is told by a warning, `edited_since` at `/approval`. Where
/// the newsroom works with four eyes, this very version has to be approved by somebody who wrote
/// none of it; `FOUR_EYES=except-corrections` lets pass what editors change after that.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:publish"])),
    params(IfMatch, IdempotencyKey, PublishOptions), request_body = PublishInput,
    responses((status = 200, description = "Published or scheduled.", body = Published),
        (status = 409, description = "The article is not approved, it takes another approval (`errors` names those whose approval would not do), or its address has just been taken."),
        (status = 422, description = "Something keeps the article from readers; every entry of `errors` names one blocker.")))]
#[post("/articles/{id}/actions/publish")]
async fn publish_article(
    allow: Allow<PublishArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    Query(options): Query<PublishOptions>,
    expected: IfMatch,
    post: Posted<PublishInput>,
) -> Result<Answer> {
    let (caller, rule) = (allow.caller.clone(), settings.0.four_eyes);
    if options.dry_run {
        let input = post.into_input();
        return db.read(move |conn| rehearse(conn, &caller, id.0, &expected, rule, &input)).await;
    }
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Publish)?;
        let edited = Review::of(tx, &article, rule)?.check_publishing()?;
        schedule::hold_addresses(tx, &article)?;
        let mut plan = publishing::plan(tx, &article, &input, caller.id, caller.now)?;
        plan.warnings.extend(edited);
        let article = publishing::publish(tx, &article, &plan, status, input.note)?;
        published(tx, &access, &caller, &article, rule, plan, false)
    })
    .await
}

fn rehearse(
    conn: &mut Conn,
    caller: &Caller,
    id: ArticleId,
    expected: &IfMatch,
    rule: FourEyes,
    input: &PublishInput,
) -> Result<Answer> {
    let access = Access::of(conn, caller)?;
    let article = access.to(queries::find(conn, id)?)?;
    expected.check(conn, &article)?;
    access.take(Action::Publish, &article)?;
    let edited = Review::of(conn, &article, rule)?.check_publishing()?;
    let mut plan = publishing::plan(conn, &article, input, caller.id, caller.now)?;
    plan.warnings.extend(edited);
    published(conn, &access, caller, &article, rule, plan, true)
}

fn published(
    conn: &mut Conn,
    access: &Access,
    caller: &Caller,
    article: &ArticleRow,
    rule: FourEyes,
    plan: publishing::Plan,
    dry_run: bool,
) -> Result<Answer> {
    let edition = EditionSummary::new(&plan.edition, caller.now);
    let seen = view(conn, access, article.clone(), rule, caller.now)?;
    let warnings = plan.warnings;
    Answer::resource(article, &Published { article: seen, edition, warnings, dry_run })
}

/// Take an article offline
///
/// From `published` to `unpublished`: ends what is public and cancels what is scheduled. It may
/// be published again.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:withdraw"])),
    params(IfMatch, IdempotencyKey), request_body = StepInput,
    responses((status = 200, description = "Offline.", body = Article),
        (status = 409, description = "The article is not published.")))]
#[post("/articles/{id}/actions/unpublish")]
async fn unpublish_article(
    allow: Allow<WithdrawArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    post: Posted<StepInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Unpublish)?;
        let article = publishing::withdraw(tx, &article, status, input.note, None)?;
        answer(tx, &access, &caller, &article, settings.0.four_eyes)
    })
    .await
}

/// Retract an article
///
/// For good: readers get 410 with the notice from now on, at every address the article had.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:withdraw"])),
    params(IfMatch, IdempotencyKey), request_body = RetractInput,
    responses((status = 200, description = "Retracted.", body = Article),
        (status = 409, description = "The article was never published, or is retracted already.")))]
#[post("/articles/{id}/actions/retract")]
async fn retract_article(
    allow: Allow<WithdrawArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    post: Posted<RetractInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let (access, article, status) = opened(tx, &caller, id.0, &expected, Action::Retract)?;
        let article = publishing::withdraw(tx, &article, status, None, Some(input.notice))?;
        answer(tx, &access, &caller, &article, settings.0.four_eyes)
    })
    .await
}
