//! Spans: text with marks, the grain of every body block.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationErrors};

use crate::text;

/// A stretch of text with the same marks. Never offsets: languages count characters differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Span {
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[validate(length(max = 5), nested)]
    #[schema(max_items = 5)]
    pub marks: Vec<Mark>,
}

/// How a span is set, or where it leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Of importance; usually bold.
    Strong,
    /// Stressed; usually italic.
    Em,
    /// Below the line.
    Sub,
    /// Above the line.
    Sup,
    /// Leads to this address.
    Link(Href),
}

/// Where a link in a text leads: an http, https or mailto URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, max_length = 2048, pattern = "^(https?://|mailto:)", format = "uri")]
pub struct Href(pub String);

impl Validate for Mark {
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut errors = ValidationErrors::new();
        if let Self::Link(href) = self
            && let Err(rule) = text::link_url(&href.0)
        {
            errors.add("link", rule);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// One item of a list, or one cell of a table: a line of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    #[validate(length(max = 500), nested)]
    #[schema(max_items = 500)]
    pub text: Vec<Span>,
}

/// The plain text of spans.
pub fn plain(spans: &[Span]) -> String {
    spans.iter().map(|span| span.text.as_str()).collect()
}
