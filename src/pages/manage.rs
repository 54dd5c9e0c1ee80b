//! The preview: a working copy, as readers would get it.
use actix_web::get;

use super::{
    compose::{self, BodyForm, Composition, Subject},
    model::PageDocument,
};
use crate::{
    articles::{
        access::Access,
        editions::{model::EditionDocument, queries::When, shown::ShownDocument},
        queries as working, related,
        related::model::LinkRow,
    },
    auth::{guard::Allow, roles::ReadArticles},
    db::Db,
    error::Result,
    http::{answer::Answer, cache::Made, handlers::ServiceConfig, path::Id, settings::Settings},
    ids::ArticleId,
    sections,
};

/// Hangs the route into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(preview_article);
}

/// Preview a working copy
///
/// The document that `GET /v1/page` would answer if the working copy were published now. While
/// it lacks a section or slug, its address is made of its id.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:read"])),
    responses((status = 200, description = "The page.", body = PageDocument)))]
#[get("/articles/{id}/preview")]
async fn preview_article(
    allow: Allow<ReadArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
) -> Result<Answer> {
    let now = allow.caller.now;
    db.read(move |conn| {
        let article = Access::of(conn, &allow.caller)?.to(working::find(conn, id.0)?)?;
        let tree = sections::queries::tree(conn)?;
        let links = related::queries::of_article(conn, id.0)?;
        let section = article.section_id.and_then(|id| tree.get(id));
        let above = section.map(|section| section.path.as_str()).unwrap_or_default();
        let slug = article.slug.clone().unwrap_or_else(|| article.id.to_string());
        let published_at = article.published_at.unwrap_or(now);
        let subject = Subject {
            id: article.id,
            section: article.section_id,
            path: format!("{above}/{slug}"),
            published_at,
            first_published_at: article.first_published_at.unwrap_or(now),
            modified_at: now,
            since: now,
            document: ShownDocument::of(&EditionDocument {
                article: article.document.0,
                related_links: links.iter().map(LinkRow::frozen).collect(),
            })?,
        };
        let how = Composition {
            tree: &tree,
            when: When { at: now, now },
            body: BodyForm::Blocks.into(),
            ads: true,
            comments: false,
            site_url: settings.0.site_url.as_deref(),
            comments_close_after: settings.0.comments_close_after_days,
        };
        let page = compose::article(conn, subject, &how, &mut Made::default())?;
        Answer::ok(&PageDocument::Article(page.into()))
    })
    .await
}
