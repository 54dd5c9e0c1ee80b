//! Lists in a body, and the lists that stand in their items.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::{blocks::BlockId, spans::Span};
use crate::{text, text_enum};

/// How deep lists stand in each other, the outermost counted.
const DEPTH_MAX: usize = 5;

text_enum! {
    /// How a list is marked.
    pub enum ListStyle {
        /// Numbered.
        Ordered = "ordered",
        /// With bullets.
        Unordered = "unordered",
    }
}

/// An ordered or unordered list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"type": "list", "style": "ordered", "items": [
    {"text": [{"text": "Weekdays"}], "list": {"style": "unordered", "items": [
        {"text": [{"text": "every hour"}]}]}},
    {"text": [{"text": "Sundays"}]}]})))]
pub struct ListBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    pub style: ListStyle,
    #[validate(length(min = 1, max = 500), nested, custom(function = "not_too_deep"))]
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<ListItem>,
}

/// One item of a list: its text, and a list that stands below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListItem {
    #[validate(length(max = 5000), nested)]
    #[schema(max_items = 5000)]
    pub text: Vec<Span>,
    /// Lists stand in each other five deep at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[validate(nested)]
    pub list: Option<NestedList>,
}

/// A list inside an item of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NestedList {
    pub style: ListStyle,
    #[validate(length(min = 1, max = 500), nested)]
    #[schema(min_items = 1, max_items = 500, no_recursion)]
    pub items: Vec<ListItem>,
}

fn not_too_deep(items: &[ListItem]) -> Result<(), ValidationError> {
    match too_deep(items, 1) {
        None => Ok(()),
        Some(at) => {
            Err(text::broken_at(&at, "depth", "stands deeper than five lists in each other"))
        }
    }
}

/// The place of the first list that stands too deep below these items, which stand at `depth`.
fn too_deep(items: &[ListItem], depth: usize) -> Option<String> {
    items.iter().enumerate().find_map(|(at, item)| {
        let inner = item.list.as_ref()?;
        if depth == DEPTH_MAX {
            return Some(format!("/{at}/list"));
        }
        Some(format!("/{at}/list/items{}", too_deep(&inner.items, depth + 1)?))
    })
}
