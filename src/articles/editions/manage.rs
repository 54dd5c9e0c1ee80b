//! Editions for editors: the history of an article.
use actix_web::{HttpRequest, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    model::{Edition, EditionFilter, EditionRow, EditionSummary},
    queries, schedule,
};
use crate::{
    articles::{
        access::Access,
        manage::view,
        model::{Article, ArticleRow},
        publishing::stale,
        queries as working, references, related,
        saving::store,
        texts,
        workflow::Action,
    },
    auth::{
        guard::Allow,
        roles::{ReadArticles, WithdrawArticles, WriteArticles},
    },
    db::{Db, journal::Entry},
    error::{Error, Result},
    http::{
        answer::Answer,
        conditional::IfMatch,
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::{Id, Number},
        query::Query,
        settings::Settings,
    },
    ids::ArticleId,
    text,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_editions).service(read_edition);
    cfg.service(restore_edition).service(withdraw_edition);
    cfg.configure(schedule::routes);
}

/// List an article's editions
///
/// The newest first.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:read"])), params(EditionFilter),
    responses((status = 200, description = "A page of editions.", body = Page<EditionSummary>)))]
#[get("/articles/{id}/editions")]
async fn list_editions(
    allow: Allow<ReadArticles>,
    db: Db,
    req: HttpRequest,
    id: Id<ArticleId>,
    Query(filter): Query<EditionFilter>,
) -> Result<Answer> {
    let before = cursor::read("editions", filter.cursor.as_deref())?;
    let now = allow.caller.now;
    let page = db
        .read(move |conn| {
            Access::of(conn, &allow.caller)?.to(working::find(conn, id.0)?)?;
            let rows = queries::page(conn, id.0, &filter, before)?;
            Page::cut("editions", rows, filter.limit, |last| last.number)
        })
        .await?;
    Answer::page(&req, &page.map(|row| EditionSummary::new(row, now)))
}

/// Read an edition
///
/// The whole article as it was published, also where readers get it no more: `withdrawal` says why.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:read"])),
    responses((status = 200, description = "The edition.", body = Edition)))]
#[get("/articles/{id}/editions/{number}")]
async fn read_edition(
    allow: Allow<ReadArticles>,
    db: Db,
    id: Id<ArticleId>,
    number: Number,
) -> Result<Answer> {
    let now = allow.caller.now;
    let edition = db
        .read(move |conn| {
            Access::of(conn, &allow.caller)?.to(working::find(conn, id.0)?)?;
            queries::find(conn, id.0, number.0)
        })
        .await?;
    Answer::ok(&Edition::new(edition, now))
}

/// Nothing to say beside which edition.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({})))]
pub struct RestoreInput {}

/// Restore an edition
///
/// Makes the working copy, related links included, what it was when the edition was made. That is
/// an edit of yours. Readers see nothing of it until the article is published again.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])),
    params(IfMatch, IdempotencyKey), request_body = RestoreInput,
    responses((status = 200, description = "Restored.", body = Article),
        (status = 409, description = "The article is retracted, its slug is taken by now, or the edition was withdrawn.")))]
#[post("/articles/{id}/editions/{number}/restore")]
async fn restore_edition(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    number: Number,
    expected: IfMatch,
    post: Posted<RestoreInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, _| {
        let access = Access::of(tx, &caller)?;
        let current = expected.current(tx, id.0, |conn| access.to(working::find(conn, id.0)?))?;
        access.take(Action::Edit, &current)?;
        let edition = queries::find(tx, id.0, number.0)?;
        if edition.withdrawn_at.is_some() {
            return Err(Error::conflict("This edition was withdrawn; take from it what may stay."));
        }
        let mut document = edition.document.0;
        // The section it was in may have been merged into another since.
        document.article.section_id = Some(edition.section_id);
        // Links to articles that are gone, or that the caller may not know of, stay away.
        let linked = references::articles_of(&document.article).into_iter().map(|(id, _)| id);
        let known = working::known(tx, &access, linked, caller.now)?;
        texts::unlink(&mut document.article.body, |id| known.contains(&id));
        let links_changed = related::queries::restore(tx, &current, &document.related_links)?;
        let article = store(tx, &access, &current, document.article, links_changed, &settings.0)?;
        let four_eyes = settings.0.four_eyes;
        Answer::resource(&article, &view(tx, &access, article.clone(), four_eyes, caller.now)?)
    })
    .await
}

/// Why an edition is taken out of history.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"reason": "named a witness who is protected"})))]
pub struct WithdrawalInput {
    /// For the newsroom and its journal; readers are not told.
    #[validate(length(min = 1, max = 1000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub reason: String,
}

/// An edition that was withdrawn, cancelled or moved, and the article that it is of.
#[derive(Serialize, ToSchema)]
pub struct ChangedEdition {
    pub article: Article,
    pub edition: EditionSummary,
}

/// Withdraw an edition
///
/// Takes one edition that is over out of history, for good: what a correction has taken away must
/// not be read by asking for an earlier instant. Where it was what readers saw, `as_of` answers 410
/// from now on, and lists and links leave it out. Editors go on reading it, with who withdrew it
/// and why. Addresses lead to where the article is now, as before.
///
/// What readers have now cannot be withdrawn: publish a correction first, or unpublish the article.
/// What is only scheduled is cancelled instead.
/// `If-Match` takes the article's `ETag`.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:withdraw"])),
    params(IfMatch, IdempotencyKey), request_body = WithdrawalInput,
    responses((status = 200, description = "Withdrawn.", body = ChangedEdition),
        (status = 409, description = "It is public or to become so, no reader ever had it, it is the notice of a retraction, or it has been withdrawn already.")))]
#[post("/articles/{id}/editions/{number}/withdraw")]
async fn withdraw_edition(
    allow: Allow<WithdrawArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    number: Number,
    expected: IfMatch,
    post: Posted<WithdrawalInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let access = Access::of(tx, &caller)?;
        let current = expected.current(tx, id.0, |conn| access.to(working::find(conn, id.0)?))?;
        access.check_desk(&current)?;
        let edition = queries::find(tx, id.0, number.0)?;
        let now = tx.now();
        edition.check_withdrawal(now)?;
        let withdrawn = EditionRow {
            withdrawn_at: Some(now),
            withdrawn_by: tx.user(),
            withdrawal_reason: Some(input.reason.clone()),
            ..edition
        };
        queries::withdraw(tx, &withdrawn)?;
        let article = ArticleRow { version: current.version + 1, updated_at: now, ..current };
        working::update(tx, &article)?;
        let entry = Entry::new("edition_withdrawn", &article);
        let entry = entry.note(format!("edition {}", withdrawn.number)).note(input.reason);
        tx.record(entry.stale(stale(&article, [&withdrawn])))?;
        let seen = view(tx, &access, article.clone(), settings.0.four_eyes, caller.now)?;
        let edition = EditionSummary::new(&withdrawn, caller.now);
        Answer::resource(&article, &ChangedEdition { article: seen, edition })
    })
    .await
}
