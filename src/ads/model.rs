//! What an ad slot is: the row, what ad managers send, what readers get.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::parts::{self, AdLabel, AdProvider, AdRule, MappedSizes, Targeting};
use crate::{
    db::{journal::Resource, schema::ad_slots, types::Json},
    http::query::Limit,
    ids::{AdSlotId, SectionId},
    tags::Tag,
    text, text_enum,
    time::Instant,
};

text_enum! {
    /// Where on the page a slot stands.
    pub enum Placement {
        /// Above the headline.
        BeforeHeadline = "before_headline",
        /// Between lead and body.
        AfterLead = "after_lead",
        /// In the body: where it is pinned, and where its rule puts it.
        InBody = "in_body",
        /// Below the body.
        AfterBody = "after_body",
        /// Beside the article.
        Sidebar = "sidebar",
        /// Below the comments.
        AfterComments = "after_comments",
    }
}

/// One ad slot.
#[derive(
    Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = ad_slots, treat_none_as_null = true)]
#[schema(as = AdSlot)]
pub struct AdSlotRow {
    pub id: AdSlotId,
    /// What `ad_slot` blocks in a body name it by; unique.
    #[schema(examples("body_rectangle"))]
    pub code: String,
    /// For the newsroom alone.
    pub name: String,
    pub placement: Placement,
    #[schema(value_type = AdLabel)]
    pub label: Json<AdLabel>,
    /// By viewport, ascending from `[0, 0]`.
    #[schema(value_type = Vec<MappedSizes>)]
    pub size_mapping: Json<Vec<MappedSizes>>,
    #[schema(value_type = AdProvider)]
    pub provider: Json<AdProvider>,
    #[schema(schema_with = parts::targeting)]
    pub targeting: Json<Targeting>,
    /// Where it is shown, subsections included; none means everywhere.
    #[schema(value_type = Vec<SectionId>)]
    pub sections: Json<Vec<SectionId>>,
    #[schema(value_type = Option<AdRule>)]
    pub rule: Option<Json<AdRule>>,
    /// Ask for the ad only when the reader comes near.
    pub lazy: bool,
    /// Not shown before this instant.
    pub starts_at: Option<Instant>,
    /// Not shown from this instant on.
    pub ends_at: Option<Instant>,
    /// An inactive slot is not shown.
    pub active: bool,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for AdSlotRow {
    const TYPE: &'static str = "ad_slot";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

/// What an ad manager sends to create or replace an ad slot.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "ruled_in_body"), schema(function = "in_order"))]
#[schema(as = AdSlotInput, examples(json!({
    "code": "body_rectangle", "name": "Rectangle in the body", "placement": "in_body",
    "label": {"text": "Reklama", "language": "pl"},
    "size_mapping": [
        {"min_viewport": [0, 0], "sizes": [[300, 250], [320, 100]]},
        {"min_viewport": [1024, 0], "sizes": [[750, 200]]},
    ],
    "provider": {"kind": "gam", "ad_unit_path": "/1234567/news/body"},
    "targeting": {"page": ["article"]}, "rule": {"after_every": 5, "max": 3}, "lazy": true,
})))]
pub struct AdSlotInput {
    /// What `ad_slot` blocks in a body name it by; unique. Fixed while an article uses it.
    #[validate(custom(function = "code_form"))]
    #[schema(max_length = 64, pattern = "^[a-z][a-z0-9_]{0,63}$")]
    pub code: String,
    /// For the newsroom alone.
    #[validate(length(min = 1, max = 80), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    pub name: String,
    pub placement: Placement,
    /// "Advertisement", in English, where it is left out.
    #[serde(default)]
    #[validate(nested)]
    #[schema(required = false)]
    pub label: AdLabel,
    /// By viewport: starts at `[0, 0]` and ascends by width, then height. Of the entries that
    /// fit into the reader's viewport the last one holds. Where it is left out, the slot is fluid
    /// in all viewports.
    #[serde(default = "parts::any_width")]
    #[validate(custom(function = "parts::ascending"))]
    #[schema(min_items = 1, max_items = 20, required = false,
        default = json!([{"min_viewport": [0, 0], "sizes": [], "fluid": true}]))]
    pub size_mapping: Vec<MappedSizes>,
    /// No one, where it is left out.
    #[serde(default)]
    #[validate(nested)]
    #[schema(required = false)]
    pub provider: AdProvider,
    #[serde(default)]
    #[validate(custom(function = "parts::targetable"))]
    #[schema(schema_with = parts::targeting, required = false)]
    pub targeting: Targeting,
    /// Where it is shown, subsections included; none means everywhere.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub sections: Vec<SectionId>,
    /// Only for the placement `in_body`.
    #[serde(default)]
    #[validate(nested)]
    pub rule: Option<AdRule>,
    /// Ask for the ad only when the reader comes near.
    #[serde(default)]
    #[schema(default = false)]
    pub lazy: bool,
    /// Not shown before this instant.
    #[serde(default)]
    pub starts_at: Option<Instant>,
    /// Not shown from this instant on; after `starts_at`.
    #[serde(default)]
    pub ends_at: Option<Instant>,
    /// An inactive slot is not shown.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
}

fn yes() -> bool {
    true
}

fn code_form(text: &str) -> Result<(), ValidationError> {
    if text::CODE.is_match(text) {
        return Ok(());
    }
    Err(text::broken("pattern", "must be a letter a-z, then at most 63 of a-z, 0-9 and _"))
}

fn ruled_in_body(input: &AdSlotInput) -> Result<(), ValidationError> {
    if input.rule.is_none() || input.placement == Placement::InBody {
        return Ok(());
    }
    Err(text::broken_at("/rule", "placement", "is only for the placement in_body"))
}

fn in_order(input: &AdSlotInput) -> Result<(), ValidationError> {
    match (input.starts_at, input.ends_at) {
        (Some(start), Some(end)) if end <= start => {
            Err(text::broken_at("/ends_at", "order", "must be after starts_at"))
        }
        _ => Ok(()),
    }
}

impl AdSlotRow {
    /// Whether it is shown in a section, which is given with all those that it stands in.
    pub fn applies_to(&self, above: &[SectionId]) -> bool {
        let limits = &self.sections.0;
        limits.is_empty() || limits.iter().any(|id| above.contains(id))
    }

    /// The input that would make this slot as it is.
    pub fn input(&self) -> AdSlotInput {
        AdSlotInput {
            code: self.code.clone(),
            name: self.name.clone(),
            placement: self.placement,
            label: self.label.0.clone(),
            size_mapping: self.size_mapping.0.clone(),
            provider: self.provider.0.clone(),
            targeting: self.targeting.0.clone(),
            sections: self.sections.0.clone(),
            rule: self.rule.as_ref().map(|rule| rule.0),
            lazy: self.lazy,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            active: self.active,
        }
    }

    /// The slot that the input describes: a new one, or the current one changed.
    pub fn new(input: AdSlotInput, current: Option<&Self>, now: Instant) -> Self {
        Self {
            id: current.map_or_else(AdSlotId::new, |current| current.id),
            code: input.code,
            name: input.name,
            placement: input.placement,
            label: Json(input.label),
            size_mapping: Json(input.size_mapping),
            provider: Json(input.provider),
            targeting: Json(input.targeting),
            sections: Json(input.sections),
            rule: input.rule.map(Json),
            lazy: input.lazy,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            active: input.active,
            version: current.map_or(1, |current| current.version + 1),
            created_at: current.map_or(now, |current| current.created_at),
            updated_at: now,
        }
    }

    /// What becomes stale when this slot changes so: the answers that show it, and every answer
    /// that might, where the change decides on that.
    pub fn stale(&self, changed: &Self) -> Vec<Tag> {
        let place = |slot: &Self| {
            let Self { code, placement, rule, .. } = slot;
            (code.clone(), *placement, rule.clone(), slot.sections.clone())
        };
        let time = |slot: &Self| (slot.starts_at, slot.ends_at, slot.active);
        let mut tags = vec![Tag::AdSlot(self.id)];
        if place(self) != place(changed) || time(self) != time(changed) {
            tags.push(Tag::AdSlots);
        }
        tags
    }
}

/// Which ad slots to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AdSlotFilter {
    /// Only slots of this placement.
    pub placement: Option<Placement>,
    /// Only active, or only inactive slots.
    pub active: Option<bool>,
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

/// Which ad slots a reader's page needs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublicAdSlotFilter {
    /// Only slots that are shown in this section: its id or its path.
    #[param(example = "/world/asia")]
    pub section: Option<String>,
    /// Only slots of this placement.
    pub placement: Option<Placement>,
}

/// An ad slot as readers get it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicAdSlot {
    pub id: AdSlotId,
    /// What `ad_slot` blocks in a body name it by.
    pub code: String,
    pub placement: Placement,
    /// Show it with the ad: an advertisement must be recognisable as one.
    pub label: AdLabel,
    /// By viewport, ascending from `[0, 0]`: of the entries that fit into the reader's the last
    /// one holds.
    pub size_mapping: Vec<MappedSizes>,
    pub provider: AdProvider,
    #[schema(schema_with = parts::targeting)]
    pub targeting: Targeting,
    /// How it places itself in a body; null where it does not.
    pub rule: Option<AdRule>,
    /// Ask for the ad only when the reader comes near.
    pub lazy: bool,
}

impl From<&AdSlotRow> for PublicAdSlot {
    fn from(slot: &AdSlotRow) -> Self {
        Self {
            id: slot.id,
            code: slot.code.clone(),
            placement: slot.placement,
            label: slot.label.0.clone(),
            size_mapping: slot.size_mapping.0.clone(),
            provider: slot.provider.0.clone(),
            targeting: slot.targeting.0.clone(),
            rule: slot.rule.as_ref().map(|rule| rule.0),
            lazy: slot.lazy,
        }
    }
}
