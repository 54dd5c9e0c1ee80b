//! Spans: text with marks, the grain of every body block.
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::marks::{Mark, each_kind_once};

/// A stretch of text with the same marks. Never offsets: languages count characters differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// A line feed breaks the line. `\r\n` and `\r` are taken for one.
    #[serde(deserialize_with = "with_line_feeds")]
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub text: String,
    /// Each type once at the most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 7), nested, custom(function = "each_kind_once"))]
    #[schema(max_items = 7)]
    pub marks: Vec<Mark>,
}

/// Reads a text whose lines end in the way of any system.
pub fn with_line_feeds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text })
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    #[validate(length(max = 5000), nested)]
    #[schema(max_items = 5000)]
    pub text: Vec<Span>,
}
