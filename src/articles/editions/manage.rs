//! Editions for editors: the history of an article.
use actix_web::{HttpRequest, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    model::{Edition, EditionFilter, EditionSummary},
    queries,
};
use crate::{
    articles::{
        access::Access, manage::view, model::Article, queries as working, related, saving::store,
        workflow::Action,
    },
    auth::{
        guard::Allow,
        roles::{ReadArticles, WriteArticles},
    },
    db::Db,
    error::Result,
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
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_editions).service(read_edition).service(restore_edition);
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
/// The whole article as it was published.
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
        (status = 409, description = "The article is retracted, or its slug is taken by now.")))]
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
        let mut document = edition.document.0;
        // The section it was in may have been merged into another since.
        document.article.section_id = Some(edition.section_id);
        let links_changed = related::queries::restore(tx, &current, &document.related_links)?;
        let article = store(tx, &access, &current, document.article, links_changed, &settings.0)?;
        let four_eyes = settings.0.four_eyes;
        Answer::resource(&article, &view(tx, &access, article.clone(), four_eyes, caller.now)?)
    })
    .await
}
