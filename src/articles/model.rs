//! What an article is while it is worked on: the row, and what authors and editors see of it.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    approval::Approval,
    input::{ArticleInput, Genre},
    workflow::{Action, Status},
};
use crate::{
    db::{journal::Resource, schema::articles, types::Json},
    http::query::Limit,
    ids::{ArticleId, SectionId, UserId},
    text::Language,
    time::Instant,
};

/// A working copy, as the database keeps it.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = articles, treat_none_as_null = true)]
pub struct ArticleRow {
    pub id: ArticleId,
    pub slug: Option<String>,
    /// Whether somebody chose the slug, which else follows the headline.
    pub slug_chosen: bool,
    pub section_id: Option<SectionId>,
    pub language: Language,
    pub genre: Genre,
    pub headline: String,
    pub status: Status,
    pub document: Json<ArticleInput>,
    pub note: Option<String>,
    pub last_edition: i32,
    pub edited_since: bool,
    pub first_published_at: Option<Instant>,
    pub published_at: Option<Instant>,
    /// The version that the last edit made; steps of the workflow make versions as well.
    pub edited_version: i32,
    pub approved_version: Option<i32>,
    pub approved_by: Option<UserId>,
    pub approved_at: Option<Instant>,
    pub approved_independently: bool,
    pub created_by: Option<UserId>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for ArticleRow {
    const TYPE: &'static str = "article";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
    fn section(&self) -> Option<SectionId> {
        self.section_id
    }
}

impl ArticleRow {
    /// Whom the working copy names as authors.
    pub fn authors(&self) -> &[UserId] {
        self.document.0.authors.as_deref().unwrap_or_default()
    }
}

/// What readers have of an article, and will have.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
pub struct Standing {
    /// The number of the edition that is public now.
    pub live_edition: Option<i32>,
    /// The number of the edition that becomes public later.
    pub scheduled_edition: Option<i32>,
    /// When that will be.
    pub scheduled_for: Option<Instant>,
}

/// A working copy, as the caller sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Article {
    pub id: ArticleId,
    #[serde(flatten)]
    pub input: ArticleInput,
    /// Whether somebody chose the slug; else it follows the headline until the article is published
    /// first.
    pub slug_chosen: bool,
    /// Where the working copy would be public; null while it lacks a section or slug.
    pub path: Option<String>,
    pub status: Status,
    /// What the caller may do with it now.
    pub allowed_actions: Vec<Action>,
    /// What was said when it was last handed on.
    pub note: Option<String>,
    #[serde(flatten)]
    pub standing: Standing,
    /// The number of the newest edition; 0 when there is none.
    pub last_edition: i32,
    /// Whether the working copy was edited after the newest edition was made.
    pub edited_since: bool,
    pub first_published_at: Option<Instant>,
    pub published_at: Option<Instant>,
    /// The last approval; null where there was none.
    pub approval: Option<Approval>,
    /// Who has written of it, related links included, since somebody else approved it last.
    /// Where the newsroom works with four eyes, none of them can approve it.
    pub contributors: Vec<UserId>,
    pub created_by: Option<UserId>,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A working copy in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArticleSummary {
    pub id: ArticleId,
    pub section_id: Option<SectionId>,
    pub slug: Option<String>,
    /// Where the working copy would be public; null while it lacks a section or slug.
    pub path: Option<String>,
    pub language: Language,
    pub genre: Genre,
    pub headline: String,
    pub authors: Vec<UserId>,
    pub status: Status,
    #[serde(flatten)]
    pub standing: Standing,
    /// Whether the working copy was edited after the newest edition was made.
    pub edited_since: bool,
    pub published_at: Option<Instant>,
    /// The last approval; null where there was none.
    pub approval: Option<Approval>,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// Which working copies to list, the latest touched first.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleFilter {
    /// Only those of this section itself.
    pub section_id: Option<SectionId>,
    /// Only those with this status.
    pub status: Option<Status>,
    /// Only those that name this user as an author.
    pub author: Option<UserId>,
    /// Only those in this language, its regional forms and other special cases included (basic
    /// filtering of RFC 4647): `en` finds `en-GB`.
    #[param(example = "en")]
    pub language: Option<Language>,
    /// Only those of this genre.
    pub genre: Option<Genre>,
    /// Also count what the filters leave, as `total`. Takes the longer the more there is.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub total: bool,
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// Which page of the articles that link to one.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Referrers {
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}
