//! Pages, articles and lists for readers.
use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    address::{self, Found},
    ads::Ads,
    compose::{self, BodyForm, BodyForms, Composition, Subject},
    lists::{self, ArticleQuery},
    model::{ArticleDocument, HomeFront, PageDocument, SectionFront},
    parts::PageAds,
    sparse::{self, ArticleAnswer, ArticleList, Fields},
};
use crate::{
    articles::editions::{self, queries::When},
    db::{Db, snapshot::Snapshot},
    error::{Error, Result, Retraction},
    http::{
        cache::{Delivered, Made},
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
struct GoneProblem {
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
    (status = 200, description = "A page of articles; where `fields` is sent, of each only these.", body = ArticleList),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "There is no such section.")))]
#[get("/articles")]
async fn get_articles(
    db: Db,
    req: HttpRequest,
    Now(now): Now,
    Query(query): Query<ArticleQuery>,
) -> Result<Delivered> {
    let when = When::asked(query.as_of, now)?;
    query.check()?;
    let (page, made, fields) = db
        .read(move |conn| {
            let mut made = Made::default();
            let tree = sections::queries::visible(conn)?;
            made.modified(tree.modified());
            let page = lists::page(conn, &tree, &query, when, &mut made)?;
            Ok((page, made, query.fields))
        })
        .await?;
    let link = page.next_link(req.uri());
    Ok(sparse::list(&page, fields.as_ref(), made)?.link(link))
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
    /// The form of the body. Where `fields` is sent, it names the forms: `blocks`, `body_html`,
    /// `body_text`.
    #[serde(default)]
    #[param(inline, required = false, default = "blocks")]
    body: BodyForm,
    /// What should come along, separated by commas: `ads`, `comments`. Naming them in
    /// `fields` does as well.
    #[param(value_type = Option<String>, pattern = "^(ads|comments)(,(ads|comments))*$",
        example = "ads,comments")]
    include: Option<Commas<Include>>,
    /// Which members to answer.
    #[param(schema_with = Fields::<ArticleDocument>::named, required = false)]
    fields: Option<Fields<ArticleDocument>>,
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get an article
///
/// The same document as `GET /v1/page` answers for its address. Ads and comments come on request.
#[utoipa::path(tag = "delivery", params(ArticleOptions), responses(
    (status = 200, description = "The article, or of it what `fields` names.", body = ArticleAnswer),
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
        let edition = editions::queries::public(conn, id.0, when)?.ok_or(Error::NotFound)?;
        let subject = address::shown(conn, edition, &tree, when, &mut made)?;
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
    /// The form of the body. Where `fields` is sent, it names the forms: `blocks`, `body_html`,
    /// `body_text`.
    #[serde(default)]
    #[param(inline, required = false, default = "blocks")]
    body: BodyForm,
    /// What should come along, separated by commas: `ads`, `comments`. Naming them in
    /// `fields` does as well.
    #[param(value_type = Option<String>, pattern = "^(ads|comments)(,(ads|comments))*$",
        example = "ads,comments")]
    include: Option<Commas<Include>>,
    /// Which members to answer.
    #[param(schema_with = Fields::<ArticleDocument>::named, required = false)]
    fields: Option<Fields<ArticleDocument>>,
    /// As the article was at this instant; sections, media, ads and addresses are today's. Only
    /// what is public today is shown as it was, and what an editor has withdrawn of it is not.
    as_of: Option<Instant>,
}

/// Get an article by its address
///
/// The same document as by its id. An old address leads to the article as well.
#[utoipa::path(tag = "delivery", params(ByPath), responses(
    (status = 200, description = "The article, or of it what `fields` names.", body = ArticleAnswer),
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
    let ByPath { path, body, include, fields, as_of } = query;
    let options = ArticleOptions { body, include, fields, as_of };
    let when = When::asked(as_of, now)?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        let subject = match address::find(conn, &tree, &path, when, &mut made)? {
            Found::Article(subject) => *subject,
            Found::Redirect(redirect) => {
                let id = redirect.article_id.ok_or(Error::NotFound)?;
                let edition = editions::queries::public(conn, id, when)?.ok_or(Error::NotFound)?;
                address::shown(conn, edition, &tree, when, &mut made)?
            }
            Found::Section(_) | Found::Home => return Err(Error::NotFound),
        };
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
    let named = |name| options.fields.as_ref().is_some_and(|fields| fields.name(name));
    let wanted = |what: Include| {
        let included = options.include.as_ref().is_some_and(|list| list.0.contains(&what));
        included || named(what.as_str())
    };
    let body = match &options.fields {
        None => options.body.into(),
        Some(fields) => BodyForms {
            blocks: fields.name("blocks"),
            html: fields.name("body_html"),
            text: fields.name("body_text"),
        },
    };
    let how = Composition {
        tree,
        when,
        body,
        ads: wanted(Include::Ads),
        comments: wanted(Include::Comments),
        site_url: settings.0.site_url.as_deref(),
        comments_close_after: settings.0.comments_close_after_days,
    };
    let article = compose::article(conn, subject, &how, &mut made)?;
    let document = PageDocument::Article(article.into());
    sparse::article(&document, options.fields.as_ref(), made)
}
