//! What a related link is: the row, what editors send, what editions keep.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::{
    db::{journal::Resource, schema::related_links},
    error::{Error, Result},
    ids::{ArticleId, LinkId},
    tagged_union,
    text::{self, WebUrl},
    text_enum,
    time::Instant,
};

/// How many related links an article may have.
pub const LINKS_MAX: usize = 20;

text_enum! {
    /// How the target is related to the article.
    #[derive(Default)]
    pub enum Rel {
        /// Worth reading next.
        #[default]
        ReadAlso = "read_also",
        /// Where the article has it from.
        Source = "source",
        /// What one should know beforehand.
        Background = "background",
    }
}

text_enum! {
    /// Where a link leads.
    pub enum LinkKind {
        /// To another article of the newsroom.
        Internal = "internal",
        /// Anywhere else.
        External = "external",
    }
}

/// A link to another article of the newsroom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InternalLink {
    pub target_article_id: ArticleId,
    /// In place of the target's own headline.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    #[serde(default)]
    #[schema(default = "read_also")]
    pub rel: Rel,
}

/// A link to anywhere else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExternalLink {
    pub url: WebUrl,
    #[validate(length(min = 1, max = 200), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub title: String,
    #[serde(default)]
    #[schema(default = "read_also")]
    pub rel: Rel,
}

tagged_union! {
    /// What editors send to create or replace a related link.
    #[schema(examples(json!({"kind": "external", "url": "https://example.org/timetable", "title": "The new timetable", "rel": "source"})))]
    pub enum RelatedLinkInput by "kind" {
        /// A link to another article of the newsroom.
        Internal(InternalLink) = "internal",
        /// A link to anywhere else.
        External(ExternalLink) = "external",
    }
}

/// A related link, as the database keeps it.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = related_links, treat_none_as_null = true)]
pub struct LinkRow {
    pub id: LinkId,
    pub article_id: ArticleId,
    pub position: i32,
    pub kind: LinkKind,
    pub target_article_id: Option<ArticleId>,
    pub url: Option<WebUrl>,
    pub title: Option<String>,
    pub rel: Rel,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for LinkRow {
    const TYPE: &'static str = "related_link";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

impl LinkRow {
    /// A new link, before any other of its article.
    pub fn new(id: LinkId, of: ArticleId, input: RelatedLinkInput, now: Instant) -> Self {
        let blank = Self {
            id,
            article_id: of,
            position: 0,
            kind: LinkKind::External,
            target_article_id: None,
            url: None,
            title: None,
            rel: Rel::ReadAlso,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        blank.changed(input, now)
    }

    /// The input that would make this link as it is.
    pub fn input(&self) -> Result<RelatedLinkInput> {
        self.frozen().input()
    }

    /// This link after the input.
    #[must_use]
    pub fn changed(&self, input: RelatedLinkInput, now: Instant) -> Self {
        let (kind, target_article_id, url, title, rel) = match input {
            RelatedLinkInput::Internal(link) => {
                (LinkKind::Internal, Some(link.target_article_id), None, link.title, link.rel)
            }
            RelatedLinkInput::External(link) => {
                (LinkKind::External, None, Some(link.url), Some(link.title), link.rel)
            }
        };
        Self {
            kind,
            target_article_id,
            url,
            title,
            rel,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        }
    }

    /// As an edition keeps it.
    pub fn frozen(&self) -> FrozenLink {
        FrozenLink {
            id: self.id,
            kind: self.kind,
            target_article_id: self.target_article_id,
            url: self.url.clone(),
            title: self.title.clone(),
            rel: self.rel,
        }
    }
}

/// A related link as it was when an edition was made. Where it leads to another article, that
/// is looked up whenever the edition is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrozenLink {
    pub id: LinkId,
    pub kind: LinkKind,
    pub target_article_id: Option<ArticleId>,
    pub url: Option<WebUrl>,
    pub title: Option<String>,
    pub rel: Rel,
}

impl FrozenLink {
    /// The input that would make this link as it is.
    pub fn input(&self) -> Result<RelatedLinkInput> {
        let (title, rel) = (self.title.clone(), self.rel);
        if let (LinkKind::Internal, Some(target_article_id)) = (self.kind, self.target_article_id) {
            let link = InternalLink { target_article_id, title, rel };
            return Ok(RelatedLinkInput::Internal(link));
        }
        let leads_nowhere = || Error::internal("a related link leads nowhere");
        let url = self.url.clone().ok_or_else(leads_nowhere)?;
        let title = title.unwrap_or_default();
        Ok(RelatedLinkInput::External(ExternalLink { url, title, rel }))
    }

    /// Whether it has what its kind has, and nothing of the other.
    pub fn is_of_one_kind(&self) -> bool {
        let (article, address) = (self.target_article_id.is_some(), self.url.is_some());
        match self.kind {
            LinkKind::Internal => article && !address,
            LinkKind::External => address && !article && self.title.is_some(),
        }
    }
}

/// A related link, as editors see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelatedLink {
    pub id: LinkId,
    pub article_id: ArticleId,
    /// Its place among the article's links, from 0.
    pub position: i32,
    pub kind: LinkKind,
    /// The target of an internal link.
    pub target_article_id: Option<ArticleId>,
    /// The target of an external link.
    pub url: Option<WebUrl>,
    /// What readers see; for an internal link null means the target's own headline.
    pub title: Option<String>,
    pub rel: Rel,
    /// Whether the target is not public just now: readers do not see the link.
    pub unresolved: bool,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl RelatedLink {
    /// As editors see it.
    pub fn new(row: LinkRow, unresolved: bool) -> Self {
        Self {
            id: row.id,
            article_id: row.article_id,
            position: row.position,
            kind: row.kind,
            target_article_id: row.target_article_id,
            url: row.url,
            title: row.title,
            rel: row.rel,
            unresolved,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// All related links of an article.
#[derive(Debug, Serialize, ToSchema)]
pub struct RelatedLinks {
    /// In their order.
    pub data: Vec<RelatedLink>,
}

/// The new order of an article's related links.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"link_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]})))]
pub struct LinkOrder {
    /// All of them, each once.
    #[validate(length(max = 20))]
    #[schema(max_items = 20)]
    pub link_ids: Vec<LinkId>,
}
