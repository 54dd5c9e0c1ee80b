//! Articles and lists in part, for readers.
use actix_web::{HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    fields::{Fields, Wanted},
    model::{SparseArticle, SparseArticleCard},
};
use crate::{
    articles::editions::queries::When,
    db::{Db, snapshot::Snapshot},
    error::Result,
    http::{
        cache::{Delivered, Made},
        cursor::Page,
        handlers::ServiceConfig,
        path::Id,
        query::{Commas, QueryBeside},
        settings::Settings,
    },
    ids::ArticleId,
    pages::{
        compose::{self, BodyForms, Composition, Subject},
        deliver::{GoneProblem, by_id, by_path},
        lists::{self, ArticleQuery, CardInclude},
        model::{ArticleCard, ArticleDocument},
    },
    sections::{self, tree::Tree},
    time::{Instant, Now},
};

/// Hangs the delivery routes into the app. The fixed addresses come before the one with an id,
/// which would swallow them.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_sparse_articles)
        .service(get_sparse_article_by_path)
        .service(get_sparse_article);
}

type CardFields = Wanted<ArticleCard>;
type ArticleFields = Wanted<ArticleDocument>;

/// List articles in part
///
/// The same list as `GET /v1/articles`, with only some members of each article. What `include`
/// would bring there comes where `fields` names it.
#[utoipa::path(tag = "delivery", params(CardFields, ArticleQuery), responses(
    (status = 200, description = "A page of articles.", body = Page<SparseArticleCard>),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "There is no such section.")))]
#[get("/sparse/articles")]
async fn get_sparse_articles(
    db: Db,
    req: HttpRequest,
    Now(now): Now,
    QueryBeside(Wanted { fields }, query): QueryBeside<CardFields, ArticleQuery>,
) -> Result<Delivered> {
    let named = CardInclude::ALL.iter().copied().filter(|what| fields.name(what.as_str()));
    let query = ArticleQuery { include: Some(Commas(named.collect())), ..query };
    let (page, made) = lists::answer(&db, query, now).await?;
    let link = page.next_link(req.uri());
    let Page { data, next, total } = page;
    let data = data.iter().map(|card| fields.of(card)).collect::<Result<Vec<_>>>()?;
    Ok(Delivered::new(&Page { data, next, total }, made)?.link(link))
}

/// When to show an article.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SparseOptions {
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get an article in part
///
/// Only some members of what `GET /v1/articles/{id}` answers. The body comes in each form that is
/// named: `blocks`, `body_html`, `body_text`.
#[utoipa::path(tag = "delivery", params(ArticleFields, SparseOptions), responses(
    (status = 200, description = "The article.", body = SparseArticle),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 410, description = "Retracted, or what it said at `as_of` was withdrawn; the problem document has the notice.", body = GoneProblem, content_type = "application/problem+json")))]
#[get("/sparse/articles/{id}")]
async fn get_sparse_article(
    db: Db,
    settings: Settings,
    Now(now): Now,
    id: Id<ArticleId>,
    QueryBeside(Wanted { fields }, options): QueryBeside<ArticleFields, SparseOptions>,
) -> Result<Delivered> {
    let when = When::asked(options.as_of, now)?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        let subject = by_id(conn, &tree, id.0, when, &mut made)?;
        answer(conn, &tree, subject, when, &fields, &settings, made)
    })
    .await
}

/// Which article, and when to show it.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SparseByPath {
    /// The address, as readers see it. An old address leads to the article as well; its `path`
    /// says where it is now.
    #[param(example = "/world/the-ferry-sails-again", pattern = "^/", max_length = 512)]
    path: String,
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get an article in part, by its address
///
/// Only some members of what `GET /v1/articles/by-path` answers. The body comes in each form that
/// is named: `blocks`, `body_html`, `body_text`.
#[utoipa::path(tag = "delivery", params(ArticleFields, SparseByPath), responses(
    (status = 200, description = "The article.", body = SparseArticle),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No article is or was at the address."),
    (status = 410, description = "Retracted, or what it said at `as_of` was withdrawn; the problem document has the notice.", body = GoneProblem, content_type = "application/problem+json")))]
#[get("/sparse/articles/by-path")]
async fn get_sparse_article_by_path(
    db: Db,
    settings: Settings,
    Now(now): Now,
    QueryBeside(Wanted { fields }, query): QueryBeside<ArticleFields, SparseByPath>,
) -> Result<Delivered> {
    let SparseByPath { path, as_of } = query;
    let when = When::asked(as_of, now)?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        let subject = by_path(conn, &tree, &path, when, &mut made)?;
        answer(conn, &tree, subject, when, &fields, &settings, made)
    })
    .await
}

fn answer(
    conn: &mut Snapshot<'_>,
    tree: &Tree,
    subject: Subject,
    when: When,
    fields: &Fields<ArticleDocument>,
    settings: &Settings,
    mut made: Made,
) -> Result<Delivered> {
    let how = Composition {
        tree,
        when,
        body: BodyForms {
            blocks: fields.name("blocks"),
            html: fields.name("body_html"),
            text: fields.name("body_text"),
        },
        ads: fields.name("ads"),
        comments: fields.name("comments"),
        site_url: settings.0.site_url.as_deref(),
        comments_close_after: settings.0.comments_close_after_days,
    };
    let article = compose::article(conn, subject, &how, &mut made)?;
    Delivered::new(&fields.of(&article)?, made)
}
