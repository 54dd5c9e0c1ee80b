//! What a section is: the row, what editors send, what readers get.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    db::{journal::Resource, schema::sections},
    http::query::Limit,
    ids::SectionId,
    text, text_enum,
    time::Instant,
};

text_enum! {
    /// Whether readers may comment, and whether before or after a moderator looks.
    #[derive(Default)]
    pub enum CommentsMode {
        /// No new comments.
        Closed = "closed",
        /// A comment shows once a moderator has approved it.
        #[default]
        Pre = "pre",
        /// A comment shows at once; a moderator may reject it later.
        Post = "post",
    }
}

/// One section.
#[derive(
    Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = sections, treat_none_as_null = true)]
pub struct Section {
    pub id: SectionId,
    /// The section it stands in; null at the top.
    pub parent_id: Option<SectionId>,
    /// The last part of the section's address.
    #[schema(examples("asia"))]
    pub slug: String,
    pub name: String,
    /// The section's address: the slugs from the top down.
    #[schema(examples("/world/asia"))]
    pub path: String,
    pub description: Option<String>,
    /// Order among siblings, smallest first.
    pub position: i32,
    /// A hidden section, with all that stands below it, is not delivered to readers.
    pub hidden: bool,
    /// What its articles inherit.
    pub comments_mode: CommentsMode,
    /// How many days after `published_at` the comments under its articles close by themselves; 0:
    /// never; null: as the setting `COMMENTS_CLOSE_AFTER_DAYS` says.
    pub comments_close_after_days: Option<i32>,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for Section {
    const TYPE: &'static str = "section";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
    fn section(&self) -> Option<SectionId> {
        Some(self.id)
    }
}

impl Section {
    /// The input that would make this section as it is.
    pub fn input(&self) -> SectionInput {
        SectionInput {
            parent_id: self.parent_id,
            slug: Some(self.slug.clone()),
            name: self.name.clone(),
            description: self.description.clone(),
            position: self.position,
            hidden: self.hidden,
            comments_mode: self.comments_mode,
            comments_close_after_days: self.comments_close_after_days,
        }
    }
}

/// What an editor sends to create or replace a section.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"name": "Asia", "slug": "asia", "position": 2, "comments_mode": "pre"})))]
pub struct SectionInput {
    /// The section it stands in; none at the top. At most four levels.
    #[serde(default)]
    pub parent_id: Option<SectionId>,
    /// Unique among siblings. Made from the name when absent, spelled as the newsroom's own language
    /// does; to be sent where that language has no spelling for it in a-z.
    #[serde(default)]
    #[validate(length(min = 1, max = 80), custom(function = "text::slug_form"))]
    #[schema(min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    #[validate(length(min = 1, max = 80), custom(function = "text::one_line"))]
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    pub name: String,
    #[serde(default)]
    #[validate(length(max = 2000))]
    #[schema(max_length = 2000)]
    pub description: Option<String>,
    /// Order among siblings, smallest first.
    #[serde(default)]
    #[schema(default = 0)]
    pub position: i32,
    /// A hidden section, with all that stands below it, is not delivered to readers.
    #[serde(default)]
    #[schema(default = false)]
    pub hidden: bool,
    /// What its articles inherit.
    #[serde(default)]
    #[schema(default = "pre")]
    pub comments_mode: CommentsMode,
    /// How many days after `published_at` the comments under its articles close by themselves; 0:
    /// never. As the setting `COMMENTS_CLOSE_AFTER_DAYS` says when absent.
    #[serde(default)]
    #[validate(range(min = 0, max = 3650))]
    #[schema(minimum = 0, maximum = 3650)]
    pub comments_close_after_days: Option<i32>,
}

/// Which sections to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SectionFilter {
    /// Only sections directly below this one.
    pub parent_id: Option<SectionId>,
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

/// Where the content of a deleted section goes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Reassign {
    /// The section that takes over articles, subsections, users' and ad slots' limits. Each of them
    /// that changes by that has an entry of its own in the journal.
    pub reassign_to: Option<SectionId>,
}

/// A section as readers get it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicSection {
    pub id: SectionId,
    /// The section it stands in; null at the top.
    pub parent_id: Option<SectionId>,
    /// The last part of the address.
    pub slug: String,
    pub name: String,
    /// The address: the slugs from the top down.
    pub path: String,
    pub description: Option<String>,
}

impl From<&Section> for PublicSection {
    fn from(section: &Section) -> Self {
        Self {
            id: section.id,
            parent_id: section.parent_id,
            slug: section.slug.clone(),
            name: section.name.clone(),
            path: section.path.clone(),
            description: section.description.clone(),
        }
    }
}

/// A section with everything below it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SectionNode {
    #[serde(flatten)]
    pub section: PublicSection,
    /// The sections directly below it, in their order.
    #[schema(no_recursion)]
    pub children: Vec<SectionNode>,
}

/// One section, with the way to it and what stands directly below it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SectionDetail {
    #[serde(flatten)]
    pub section: PublicSection,
    /// From the top down to this section itself.
    pub breadcrumbs: Vec<Crumb>,
    /// The sections directly below it, in their order.
    pub children: Vec<PublicSection>,
}

/// One step on the way from the top to where the reader is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Crumb {
    pub section_id: SectionId,
    pub name: String,
    pub path: String,
}
