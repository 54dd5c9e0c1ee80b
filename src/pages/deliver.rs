//! Pages, articles and lists for readers.
use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    address::{self, Found},
    ads::Ads,
    compose::{self, BodyForm, Composition, Subject},
    lists::{self, ArticleQuery},
    model::{ArticleCard, ArticleDocument, HomeFront, PageDocument, SectionFront},
    parts::PageAds,
    sparse,
};
use crate::{
    articles::editions::{self, queries::When},
    db::{Db, snapshot::Snapshot},
    error::{Error, Result, Retraction},
    http::{
        cache::{Delivered, Made},
        cursor::Page,
        handlers::ServiceConfig,
        path::Id,
        query::{Commas, Query},
        settings::Settings,
    },
    ids::{ArticleId, SectionId},
    sections::{self, tree::Tree},
    text_enum,
    time::{Instant, Now},
};

/// Hangs the delivery routes into the app. The fixed addresses come before the one with an id,
/// which would swallow them.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_page).service(get_articles).service(get_article_by_path).service(get_article);
    sparse::deliver::routes(cfg);
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// The address, as readers see it: `/` is the home page. Each page has one address: with a
    /// slash at its end, as after a move, it is answered with a redirect.
    #[param(example = "/world/the-ferry-sails-again", pattern = "^/", max_length = 512)]
    path: String,
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get a page
///
/// Everything for one address in one answer, told apart by `kind`: an article with its body and
/// ads in page order, the front of a section, the home page, or a redirect. A retracted article
/// is answered with 410 and its notice.
#[utoipa::path(tag = "delivery", params(PageQuery), responses(
    (status = 200, description = "What stands at the address, or where it has gone.", body = PageDocument),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "Nothing public is or was at the address."),
    (status = 410, description = "Retracted, or what it said at `as_of` was withdrawn; the problem document has the notice.", body = GoneProblem, content_type = "application/problem+json")))]
#[get("/page")]
async fn get_page(
    db: Db,
    settings: Settings,
    Now(now): Now,
    Query(query): Query<PageQuery>,
) -> Result<Delivered> {
    let when = When::asked(query.as_of, now)?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        let found = address::find(conn, &tree, &query.path, when, &mut made)?;
        let document = match found {
            Found::Article(subject) => {
                let how = Composition {
                    tree: &tree,
                    when,
                    body: BodyForm::Blocks.into(),
                    ads: true,
                    comments: true,
                    site_url: settings.0.site_url.as_deref(),
                    comments_close_after: settings.0.comments_close_after_days,
                };
                let article = compose::article(conn, *subject, &how, &mut made)?;
                PageDocument::Article(article.into())
            }
            Found::Section(id) => front(conn, &tree, Some(id), when, &mut made)?,
            Found::Home => front(conn, &tree, None, when, &mut made)?,
            Found::Redirect(redirect) => PageDocument::Redirect(redirect),
        };
        Delivered::new(&document, made)
    })
    .await
}

/// The front of a section, or of the whole site.
fn front(
    conn: &mut Snapshot<'_>,
    tree: &Tree,
    id: Option<SectionId>,
    when: When,
    made: &mut Made,
) -> Result<PageDocument> {
    let query = ArticleQuery { section: id.map(|id| id.to_string()), ..ArticleQuery::default() };
    let articles = lists::page(conn, tree, &query, when, made)?;
    let showing = compose::showing(conn, when.now, made)?;
    let above = id.iter().flat_map(|id| tree.above(*id)).map(|above| above.id).collect();
    let ads: PageAds = Ads::new(&showing, above).around(made);
    made.modified(tree.modified());
    Ok(match id {
        Some(id) => {
            let section = tree.detail(id).ok_or(Error::NotFound)?;
            PageDocument::Section(SectionFront { section, articles, ads }.into())
        }
        None => PageDocument::Home(HomeFront { sections: tree.nested(), articles, ads }.into()),
    })
}

/// A problem document with the notice of a retraction.
#[derive(Serialize, ToSchema)]
pub struct GoneProblem {
    #[serde(flatten)]
    problem: crate::error::Problem,
    #[serde(flatten)]
    retraction: Retraction,
}

/// List articles
///
/// By date of publication. Any filters can be combined; the order of a page never depends on
/// how far one has read.
#[utoipa::path(tag = "delivery", params(ArticleQuery), responses(
    (status = 200, description = "A page of articles.", body = Page<ArticleCard>),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "There is no such section.")))]
#[get("/articles")]
async fn get_articles(
    db: Db,
    req: HttpRequest,
    Now(now): Now,
    Query(query): Query<ArticleQuery>,
) -> Result<Delivered> {
    let (page, made) = lists::answer(&db, query, now).await?;
    let link = page.next_link(req.uri());
    Ok(Delivered::new(&page, made)?.link(link))
}

text_enum! {
    /// What may come along with an article.
    pub enum Include {
        /// The ad slots, in the body and around it.
        Ads = "ads",
        /// The mode, the count and the first comments.
        Comments = "comments",
    }
}

/// How to show an article.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ArticleOptions {
    /// The form of the body.
    #[serde(default)]
    #[param(required = false, default = "blocks")]
    body: BodyForm,
    /// What should come along, separated by commas: `ads`, `comments`.
    #[param(value_type = Option<String>, pattern = "^(ads|comments)(,(ads|comments))*$",
        example = "ads,comments")]
    include: Option<Commas<Include>>,
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get an article
///
/// The same document as `GET /v1/page` answers for its address. Ads and comments come on request.
#[utoipa::path(tag = "delivery", params(ArticleOptions), responses(
    (status = 200, description = "The article.", body = ArticleDocument),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 410, description = "Retracted, or what it said at `as_of` was withdrawn; the problem document has the notice.", body = GoneProblem, content_type = "application/problem+json")))]
#[get("/articles/{id}")]
async fn get_article(
    db: Db,
    settings: Settings,
    Now(now): Now,
    id: Id<ArticleId>,
    Query(options): Query<ArticleOptions>,
) -> Result<Delivered> {
    let when = When::asked(options.as_of, now)?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        let subject = by_id(conn, &tree, id.0, when, &mut made)?;
        answer(conn, &tree, subject, when, &options, &settings, made)
    })
    .await
}

/// Which article, and how to show it.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ByPath {
    /// The address, as readers see it. An old address leads to the article as well; its `path`
    /// says where it is now.
    #[param(example = "/world/the-ferry-sails-again", pattern = "^/", max_length = 512)]
    path: String,
    /// The form of the body.
    #[serde(default)]
    #[param(required = false, default = "blocks")]
    body: BodyForm,
    /// What should come along, separated by commas: `ads`, `comments`.
    #[param(value_type = Option<String>, pattern = "^(ads|comments)(,(ads|comments))*$",
        example = "ads,comments")]
    include: Option<Commas<Include>>,
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get an article by its address
///
/// The same document as by its id. An old address leads to the article as well.
#[utoipa::path(tag = "delivery", params(ByPath), responses(
    (status = 200, description = "The article.", body = ArticleDocument),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No article is or was at the address."),
    (status = 410, description = "Retracted, or what it said at `as_of` was withdrawn; the problem document has the notice.", body = GoneProblem, content_type = "application/problem+json")))]
#[get("/articles/by-path")]
async fn get_article_by_path(
    db: Db,
    settings: Settings,
    Now(now): Now,
    Query(query): Query<ByPath>,
) -> Result<Delivered> {
    let ByPath { path, body, include, as_of } = query;
    let options = ArticleOptions { body, include, as_of };
    let when = When::asked(as_of, now)?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        let subject = by_path(conn, &tree, &path, when, &mut made)?;
        answer(conn, &tree, subject, when, &options, &settings, made)
    })
    .await
}

fn answer(
    conn: &mut Snapshot<'_>,
    tree: &Tree,
    subject: Subject,
    when: When,
    options: &ArticleOptions,
    settings: &Settings,
    mut made: Made,
) -> Result<Delivered> {
    let wanted =
        |what: Include| options.include.as_ref().is_some_and(|list| list.0.contains(&what));
    let how = Composition {
        tree,
        when,
        body: options.body.into(),
        ads: wanted(Include::Ads),
        comments: wanted(Include::Comments),
        site_url: settings.0.site_url.as_deref(),
        comments_close_after: settings.0.comments_close_after_days,
    };
    let article = compose::article(conn, subject, &how, &mut made)?;
    Delivered::new(&PageDocument::Article(article.into()), made)
}

/// The article of this id, where it is public.
pub fn by_id(
    conn: &mut Snapshot<'_>,
    tree: &Tree,
    id: ArticleId,
    when: When,
    made: &mut Made,
) -> Result<Subject> {
    let edition = editions::queries::public(conn, id, when)?.ok_or(Error::NotFound)?;
    address::shown(conn, edition, tree, when, made)
}

/// The article that this address leads to, an old one too.
pub fn by_path(
    conn: &mut Snapshot<'_>,
    tree: &Tree,
    path: &str,
    when: When,
    made: &mut Made,
) -> Result<Subject> {
    match address::find(conn, tree, path, when, made)? {
        Found::Article(subject) => Ok(*subject),
        Found::Redirect(redirect) => {
            let id = redirect.article_id.ok_or(Error::NotFound)?;
            by_id(conn, tree, id, when, made)
        }
        Found::Section(_) | Found::Home => Err(Error::NotFound),
    }
}
