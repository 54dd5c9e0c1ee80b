//! What readers get: articles in page order, lists of articles, fronts.
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    blocks::{BodyBlock, PageBlock},
    parts::{
        Author, PageAds, PlacedMedia, PublicSeo, PublicSocial, PublicSponsorship, PublicTag,
        ResolvedLink,
    },
};
use crate::{
    articles::input::Genre,
    comments::model::PublicComment,
    http::cursor::Page,
    ids::{ArticleId, SectionId},
    sections::model::{CommentsMode, Crumb, SectionDetail, SectionNode},
    text::Language,
    time::Instant,
};

/// What stands at an address, told apart by `kind`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "kind")]
pub enum PageDocument {
    /// An article, whole.
    #[serde(rename = "article")]
    Article(Box<ArticleDocument>),
    /// The front of a section.
    #[serde(rename = "section")]
    Section(Box<SectionFront>),
    /// The front of the whole site, at `/`.
    #[serde(rename = "home")]
    Home(Box<HomeFront>),
    /// The content has moved for good: ask for `location` instead.
    #[serde(rename = "redirect")]
    Redirect(Redirect),
}

/// The comments under an article.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageComments {
    /// Whether readers may comment, and whether before or after a moderator looks.
    pub mode: CommentsMode,
    /// When the comments close by themselves, or have closed; null where they do not.
    pub closes_at: Option<Instant>,
    /// How many comments readers see in all.
    pub count: i32,
    /// The oldest 20, in their order.
    pub data: Vec<PublicComment>,
    /// Send it as `cursor` to `GET /v1/articles/{id}/comments` to get the next ones; null where
    /// these are all.
    pub next: Option<String>,
}

/// An article as readers get it. Read from top to bottom it is the page: ads before the
/// headline, kicker, headline, main medium, lead, ads after the lead, body with its ads in
/// place, ads after the body, comments, ads after the comments.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleDocument {
    pub id: ArticleId,
    /// The article's present address.
    #[schema(examples("/world/the-ferry-sails-again"))]
    pub path: String,
    /// From the top section down to the article's own.
    pub breadcrumbs: Vec<Crumb>,
    pub language: Language,
    pub genre: Genre,
    pub kicker: Option<String>,
    pub headline: String,
    pub lead: Option<String>,
    /// How to name the authors, where their names alone will not do.
    pub byline: Option<String>,
    pub authors: Vec<Author>,
    pub tags: Vec<PublicTag>,
    pub sponsorship: Option<PublicSponsorship>,
    /// Left out once its rights have expired.
    pub main_media: Option<PlacedMedia>,
    /// The body, unless it was asked for in another form. Related links that stand in a box of it
    /// (`type` is `related`) are there and not in `related`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<PageBlock>>)]
    pub blocks: Option<Vec<BodyBlock>>,
    /// The body as HTML, where it was asked for so; without ads. One element, which says in which
    /// language and direction it is read. A heading's `id` is that of its block; those of footnotes
    /// have a colon.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_html: Option<String>,
    /// The body as plain text, where it was asked for so; without ads. A blank line stands between
    /// blocks, tabs between the cells of a table; footnotes are numbered in brackets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body_text: Option<String>,
    /// The related links that stand in no box of the body, as far as they lead somewhere now: to
    /// be shown beside or below it. Each link is in one place, here or in a box, whatever form the
    /// body has.
    pub related: Vec<ResolvedLink>,
    /// The ad slots outside of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ads: Option<PageAds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comments: Option<PageComments>,
    pub seo: PublicSeo,
    pub social: PublicSocial,
    /// The date to print and to sort by.
    pub published_at: Instant,
    /// When readers first got it here. Later than `published_at` where it appeared before
    /// elsewhere.
    pub first_published_at: Instant,
    /// When it last changed in a way that matters to those who have read it.
    pub modified_at: Instant,
}

/// An article in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ArticleCard {
    pub id: ArticleId,
    pub path: String,
    pub section: Crumb,
    pub language: Language,
    pub genre: Genre,
    pub kicker: Option<String>,
    pub headline: String,
    pub lead: Option<String>,
    pub byline: Option<String>,
    pub authors: Vec<Author>,
    pub tags: Vec<PublicTag>,
    /// Who paid for it, where someone did.
    pub sponsor_name: Option<String>,
    pub main_media: Option<PlacedMedia>,
    pub published_at: Instant,
    pub modified_at: Instant,
    /// How many comments readers see under it. Comes where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub comment_count: Option<i32>,
}

/// The front of a section.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionFront {
    pub section: SectionDetail,
    /// The newest articles of the section and those below it; go on with
    /// `GET /v1/articles?section=…&cursor=…`.
    pub articles: Page<ArticleCard>,
    pub ads: PageAds,
}

/// The front of the whole site.
#[derive(Debug, Serialize, ToSchema)]
pub struct HomeFront {
    /// The section tree.
    pub sections: Vec<SectionNode>,
    /// The newest articles; go on with `GET /v1/articles?cursor=…`.
    pub articles: Page<ArticleCard>,
    pub ads: PageAds,
}

/// Where content has gone for good.
#[derive(Debug, Serialize, ToSchema)]
pub struct Redirect {
    /// The address to ask for, and to show to readers.
    pub location: String,
    /// The status to answer readers with: 301.
    #[schema(minimum = 301, maximum = 301)]
    pub status: u16,
    /// The article that has moved; null where a section has.
    pub article_id: Option<ArticleId>,
    /// The section that has moved; null where an article has.
    pub section_id: Option<SectionId>,
}
