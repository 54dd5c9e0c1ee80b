//! Working copies for authors and editors.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    access::Access,
    approval::Review,
    editions,
    input::ArticleInput,
    model::{Article, ArticleFilter, ArticleRow, ArticleSummary, Referrers, Standing},
    queries, references, related,
    saving::{create, store},
    workflow::Action,
};
use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::{ReadArticles, WriteArticles},
    },
    config::{Config, FourEyes},
    db::{Conn, Db, Tx, journal::Entry},
    error::{Error, Result},
    http::{
        answer::Answer,
        body::{Body, Patch},
        conditional::IfMatch,
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
        settings::Settings,
    },
    ids::ArticleId,
    sections::{self, readable::InTheWay, tree::Tree},
    time::Instant,
};

/// Hangs the room's management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_articles).service(create_article).service(read_article);
    cfg.service(replace_article).service(patch_article).service(delete_article);
    cfg.service(list_article_referrers);
}

/// List working copies
///
/// Those that you may read, the latest touched first.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:read"])), params(ArticleFilter),
    responses((status = 200, description = "A page of working copies.", body = Page<ArticleSummary>)))]
#[get("/articles")]
async fn list_articles(
    allow: Allow<ReadArticles>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<ArticleFilter>,
) -> Result<Answer> {
    let after = cursor::read("articles", filter.cursor.as_deref())?;
    let page = db
        .read(move |conn| {
            let access = Access::of(conn, &allow.caller)?;
            let rows = queries::page(conn, &access, &filter, after)?;
            let key = |last: &ArticleRow| (last.updated_at, last.id);
            let page = Page::cut("articles", rows, filter.limit, key)?;
            summaries(conn, page, allow.caller.now)
        })
        .await?;
    Answer::page(&req, &page)
}

/// A page of rows as callers see them: two statements for any number of rows.
fn summaries(
    conn: &mut Conn,
    page: Page<ArticleRow>,
    now: Instant,
) -> Result<Page<ArticleSummary>> {
    let ids: Vec<ArticleId> = page.data.iter().map(|row| row.id).collect();
    let standings = queries::standing(conn, &ids, now)?;
    let tree = sections::queries::tree(conn)?;
    Ok(page.map(|row| ArticleSummary {
        id: row.id,
        section_id: row.section_id,
        path: path_of(&tree, &row),
        approval: row.approval(),
        authors: row.authors().to_vec(),
        slug: row.slug,
        language: row.language,
        genre: row.genre,
        headline: row.headline,
        status: row.status,
        standing: standings.get(&row.id).copied().unwrap_or_default(),
        edited_since: row.edited_since,
        published_at: row.published_at,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

fn path_of(tree: &Tree, article: &ArticleRow) -> Option<String> {
    let section = tree.get(article.section_id?)?;
    Some(format!("{}/{}", section.path, article.slug.as_ref()?))
}

/// What the caller sees of an article, where the newsroom has this rule.
pub fn view(
    conn: &mut Conn,
    access: &Access,
    row: ArticleRow,
    rule: FourEyes,
    now: Instant,
) -> Result<Article> {
    let standing: Standing =
        queries::standing(conn, &[row.id], now)?.remove(&row.id).unwrap_or_default();
    let tree = sections::queries::tree(conn)?;
    let review = Review::of(conn, &row, rule)?;
    Ok(Article {
        id: row.id,
        slug_chosen: row.slug_chosen,
        path: path_of(&tree, &row),
        status: row.status,
        allowed_actions: access.allowed(&row, &review),
        approval: row.approval(),
        contributors: review.contributors,
        note: row.note,
        standing,
        last_edition: row.last_edition,
        edited_since: row.edited_since,
        first_published_at: row.first_published_at,
        published_at: row.published_at,
        created_by: row.created_by,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
        input: row.document.0,
    })
}

/// Create an article
///
/// Makes a draft. Whatever is missing for readers may come later; what is referred to must be
/// there. A text links to another article by a mark; links that stand in boxes or below the article
/// are added below `related-links`.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])),
    params(IdempotencyKey), request_body = ArticleInput,
    responses((status = 201, description = "Created.", body = Article),
        (status = 409, description = "Another article of the section has the slug.")))]
#[post("/articles")]
async fn create_article(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    post: Posted<ArticleInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let article = create(tx, &caller, input, &settings.0.default_language)?;
        let access = Access::of(tx, &caller)?;
        let four_eyes = settings.0.four_eyes;
        let view = view(tx, &access, article.clone(), four_eyes, caller.now)?;
        Answer::created("/manage/v1/articles", &article, &view)
    })
    .await
}

/// Read a working copy
///
/// With what you may do with it, and what readers have of it.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:read"])),
    responses((status = 200, description = "The working copy.", body = Article)))]
#[get("/articles/{id}")]
async fn read_article(
    allow: Allow<ReadArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
) -> Result<Answer> {
    db.read(move |conn| {
        let access = Access::of(conn, &allow.caller)?;
        let article = access.to(queries::find(conn, id.0)?)?;
        let four_eyes = settings.0.four_eyes;
        let view = view(conn, &access, article.clone(), four_eyes, allow.caller.now)?;
        Answer::resource(&article, &view)
    })
    .await
}

/// Replace a working copy
///
/// Readers see nothing of it until the article is published again. An approval is about the version
/// that was approved: `approval.edited_since` says that this is a later one. Where the newsroom
/// works with four eyes, you are among the `contributors` now, and an approved article is in review
/// again.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])), params(IfMatch),
    request_body = ArticleInput,
    responses((status = 200, description = "Replaced.", body = Article),
        (status = 409, description = "The slug is taken, or the article is retracted.")))]
#[put("/articles/{id}")]
async fn replace_article(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    Body(input): Body<ArticleInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        change(tx, &caller, id.0, &expected, &settings.0, |current| {
            // Whoever leaves it out asks for no new address of what readers have had.
            let kept = current.first_published_at.and(current.slug.clone());
            Ok(ArticleInput { slug: input.slug.or(kept), ..input })
        })
    })
    .await
}

/// Change a working copy
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes. Readers see nothing of it
/// until the article is published again. What it means for an approval is the same as with PUT;
/// a patch that changes nothing is no edit.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])), params(IfMatch),
    request_body(content = ArticleInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = Article),
        (status = 409, description = "The slug is taken, or the article is retracted.")))]
#[patch("/articles/{id}")]
async fn patch_article(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        change(tx, &caller, id.0, &expected, &settings.0, |current| {
            patch.apply(&current.document.0)
        })
    })
    .await
}

fn change(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: ArticleId,
    expected: &IfMatch,
    settings: &Config,
    input: impl FnOnce(&ArticleRow) -> Result<ArticleInput>,
) -> Result<Answer> {
    let access = Access::of(tx, caller)?;
    let current = expected.current(tx, id, |conn| access.to(queries::find(conn, id)?))?;
    access.take(Action::Edit, &current)?;
    let input = input(&current)?;
    let article = store(tx, &access, &current, input, false, settings)?;
    let seen = view(tx, &access, article.clone(), settings.four_eyes, caller.now)?;
    Answer::resource(&article, &seen)
}

/// Delete an article
///
/// Only one that was never public and is not scheduled: cancel what is scheduled, take a published
/// one offline with `unpublish`. Editions that were cancelled go along with it. Links to it
/// from articles that you may read have to go first; those from others go along with it.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:write"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "It was published or is scheduled, or articles that you may read link to it (`errors` lists twenty at the most).")))]
#[delete("/articles/{id}")]
async fn delete_article(
    allow: Allow<WriteArticles>,
    db: Db,
    id: Id<ArticleId>,
    expected: IfMatch,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        let access = Access::of(tx, &caller)?;
        let article = expected.current(tx, id.0, |conn| access.to(queries::find(conn, id.0)?))?;
        access.take(Action::Delete, &article)?;
        if article.first_published_at.is_some() {
            return Err(Error::conflict("The article was published; unpublish or retract it."));
        }
        // Whoever links to it meanwhile waits, and finds it gone.
        tx.lock(references::being(article.id))?;
        let mut in_the_way = InTheWay::default();
        let referring = || queries::referring(&access, article.id);
        in_the_way.add_articles(tx, &access.scope, referring)?;
        in_the_way.refuse()?;
        // Whoever may not even know of a link cannot be kept back by it.
        related::loose::cut(tx, article.id)?;
        for link in related::queries::of_article(tx, article.id)? {
            tx.record(Entry::new("deleted", &link).note(format!("article {}", article.id)))?;
        }
        editions::queries::delete_of(tx, article.id)?;
        queries::delete(tx, article.id)?;
        tx.record(Entry::new("deleted", &article))
    })
    .await?;
    Ok(Answer::nothing())
}

/// List the articles that link to an article
///
/// By a related link, or in their texts and pictures. Those among them that you may read, in the
/// order of their ids.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:read"])), params(Referrers),
    responses((status = 200, description = "A page of working copies.", body = Page<ArticleSummary>)))]
#[get("/articles/{id}/referrers")]
async fn list_article_referrers(
    allow: Allow<ReadArticles>,
    db: Db,
    req: HttpRequest,
    id: Id<ArticleId>,
    Query(query): Query<Referrers>,
) -> Result<Answer> {
    let after: Option<ArticleId> = cursor::read("referrers", query.cursor.as_deref())?;
    let page = db
        .read(move |conn| {
            let access = Access::of(conn, &allow.caller)?;
            access.to(queries::find(conn, id.0)?)?;
            let rows = queries::referrers(conn, &access, id.0, after, query.limit)?;
            let page = Page::cut("referrers", rows, query.limit, |last: &ArticleRow| last.id)?;
            summaries(conn, page, allow.caller.now)
        })
        .await?;
    Answer::page(&req, &page)
}
