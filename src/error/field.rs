//! What is wrong with one member of a body, or with one parameter.
use std::borrow::Cow;

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
    /// Which resource: its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri-reference",
        examples("/manage/v1/articles/01890a5d-ac96-774b-bcce-b302099a8057")
    )]
    pub resource: Option<String>,
    /// Which rule was broken: one of `CODES`. Stable, for programs.
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
            resource: None,
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
            resource: None,
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// What the messages of types begin with that know which rule they were read against; no message
/// of serde's does.
const CODED: char = '\u{2}';

/// The message of a type that refuses to be read from a text, with the code of the rule that it
/// broke, so that whoever reads the body or the query can say which.
pub fn coded(code: &'static str, message: &str) -> String {
    format!("{CODED}{code}{CODED}{message}")
}

/// The code and the message that [`coded`] has put together; of any other, the message.
pub fn decoded(message: &str) -> (Option<&str>, &str) {
    let coded = message.strip_prefix(CODED).and_then(|rest| rest.split_once(CODED));
    coded.map_or((None, message), |(code, message)| (Some(code), message))
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
    let bound = |name: &str| rule.params.get(name).filter(|bound| !bound.is_null());
    let (least, most) = match bound("equal") {
        Some(equal) => (Some(equal), Some(equal)),
        None => (bound("min"), bound("max")),
    };
    let range = match (least, most) {
        (Some(least), Some(most)) if least == most => Some(format!("{least}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
        (None, None) => None,
    };
    match (rule.code.as_ref(), range) {
        // Of the value only what kind it is.
        ("length", Some(range)) => match rule.params.get("value") {
            Some(Value::Array(_)) => format!("must have {range} items"),
            Some(Value::String(_)) => format!("must have {range} characters"),
            _ => format!("must be {range} long"),
        },
        ("range", Some(range)) if least.is_some() && most.is_some() => {
            format!("must be from {range}")
        }
        ("range", Some(range)) => format!("must be {range}"),
        ("email", _) => "must be an email address".to_owned(),
        (code, _) => format!("must keep the rule `{code}`"),
    }
}

#[cfg(test)]
mod tests {
    use validator::Validate;

    use super::*;

    #[derive(Validate)]
    struct Input {
        #[validate(length(min = 12, max = 128))]
        password: String,
        #[validate(length(min = 1, max = 5))]
        roles: Vec<u8>,
        #[validate(length(max = 3))]
        word: Option<String>,
        #[validate(range(min = 2, max = 4))]
        level: i32,
        #[validate(range(min = 1))]
        version: i32,
        #[validate(email)]
        email: String,
    }

    #[test]
    fn rules_are_explained_in_words() {
        let input = Input {
            password: "short".to_owned(),
            roles: Vec::new(),
            word: Some("long".to_owned()),
            level: 5,
            version: 0,
            email: "nobody".to_owned(),
        };
        let errors = field_errors(&input.validate().unwrap_err(), "");
        let said = errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>();
        assert_eq!(
            said,
            [
                "must be an email address",
                "must be from 2 to 4",
                "must have 12 to 128 characters",
                "must have 1 to 5 items",
                "must be at least 1",
                "must have at most 3 characters",
            ]
        );
    }
}
