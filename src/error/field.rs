//! What is wrong with one member of a body, or with one parameter.
use std::{borrow::Cow, fmt::Write};

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use validator::{ValidationErrors, ValidationErrorsKind};

/// One field, parameter or resource at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body: a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pointer: Option<String>,
    /// Which path, query or header parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parameter: Option<String>,
    /// Which rule was broken. Stable, for programs.
    #[schema(examples("length", "unknown_member", "taken"))]
    pub code: Cow<'static, str>,
    /// What is wrong, for people. May change.
    pub detail: String,
}

impl FieldError {
    /// A member of the body at fault.
    pub fn at(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// A path, query or header parameter at fault.
    pub fn parameter(
        name: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.into()),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// The rules that were broken, each with its place. `validator` would also echo the values
/// sent, passwords among them, so only rule names and bounds are taken over.
pub fn field_errors(errors: &ValidationErrors, above: &str) -> Vec<FieldError> {
    let mut found = Vec::new();
    for (name, kind) in errors.errors() {
        let here = if name == "__all__" { above.to_owned() } else { format!("{above}/{name}") };
        match kind {
            ValidationErrorsKind::Struct(inner) => found.extend(field_errors(inner, &here)),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    found.extend(field_errors(inner, &format!("{here}/{index}")));
                }
            }
            ValidationErrorsKind::Field(rules) => found.extend(rules.iter().map(|rule| {
                // A rule that looks into a list says itself where: its `at` parameter.
                let inner = rule.params.get("at").and_then(Value::as_str).unwrap_or_default();
                FieldError::at(format!("{here}{inner}"), rule.code.clone(), explain(rule))
            })),
        }
    }
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

fn explain(rule: &validator::ValidationError) -> String {
    if let Some(message) = &rule.message {
        return message.to_string();
    }
    let mut text = format!("must keep the rule `{}`", rule.code);
    for bound in ["min", "max", "equal"] {
        if let Some(value) = rule.params.get(bound) {
            let _ = write!(text, ", {bound} {value}");
        }
    }
    text
}
