//! The small parts that pages and lists are made of.
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    ads::model::PublicAdSlot,
    articles::{
        blocks::BlockId,
        related::model::{LinkKind, Rel},
    },
    ids::{ArticleId, LinkId, UserId},
    media::model::PublicMedia,
    text::WebUrl,
};

/// A medium at its place in an article: what the article says of it goes before what the medium
/// says of itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlacedMedia {
    #[serde(flatten)]
    pub media: PublicMedia,
    /// The credit as it is to be printed at this place.
    #[schema(examples("Photo. Jan Lis / North Agency"))]
    pub credit_display: Option<String>,
}

/// An author, as readers see one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Author {
    pub id: UserId,
    pub name: String,
}

/// A subject of the article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicTag {
    pub name: String,
    /// For `GET /v1/articles?tag=`. Given with the first publication, spelled as that article's
    /// language does; never changes and is never another tag's.
    pub slug: String,
}

/// A related link that leads somewhere now.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ResolvedLink {
    pub id: LinkId,
    pub kind: LinkKind,
    pub rel: Rel,
    /// The link's own title, or the target's present headline.
    pub title: String,
    /// The present address of the article that an internal link leads to.
    pub path: Option<String>,
    /// The article that an internal link leads to.
    pub article_id: Option<ArticleId>,
    /// Where an external link leads.
    pub url: Option<WebUrl>,
}

/// What search engines are to be told.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicSeo {
    pub title: String,
    pub description: Option<String>,
    /// Whether they are asked not to list the page.
    pub noindex: bool,
    /// The address by which the text is to be known, absolute: the article's own, or its path below
    /// the setting `SITE_URL`; null where there is neither, and the site has to make one of `path`.
    #[schema(format = "uri")]
    pub canonical_url: Option<String>,
}

/// What social networks are to show.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicSocial {
    pub title: String,
    pub description: Option<String>,
    /// A picture: the one for social networks, else the main medium where that is a picture.
    pub media: Option<PlacedMedia>,
}

/// Who paid for the article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicSponsorship {
    pub sponsor_name: String,
    pub sponsor_url: Option<WebUrl>,
    /// Print it with the article, always.
    pub disclosure: String,
}

/// The ad slots of a page outside of the body, each list in the order of the slots' codes.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct PageAds {
    pub before_headline: Vec<PublicAdSlot>,
    pub after_lead: Vec<PublicAdSlot>,
    pub after_body: Vec<PublicAdSlot>,
    pub sidebar: Vec<PublicAdSlot>,
    pub after_comments: Vec<PublicAdSlot>,
}

/// A place for an advertisement inside a body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdPlace {
    /// Unique on the page: the pinned block's own, or made of the slot's code and its turn.
    #[schema(value_type = String)]
    pub id: BlockId,
    pub slot: PublicAdSlot,
}
