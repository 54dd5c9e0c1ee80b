//! Marks: what is said of a stretch of text, such as that it is bold or leads somewhere.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use crate::{
    tagged_union,
    text::{self, LinkUrl},
};

tagged_union! {
    /// How a span is set, or where it leads, told apart by its `type`. A client shows the text of a
    /// span whose mark it does not know as if it had none.
    pub enum Mark by "type" {
        /// Of importance; usually bold.
        Bold(BoldMark) = "bold",
        /// Stressed; usually italic.
        Italic(ItalicMark) = "italic",
        /// Below the line.
        Subscript(SubscriptMark) = "subscript",
        /// Above the line.
        Superscript(SuperscriptMark) = "superscript",
        /// Words of a program; usually in letters of equal width.
        Code(CodeMark) = "code",
        /// Leads to an address.
        Link(LinkMark) = "link",
    }
}

/// Declares the marks that say everything by being there.
macro_rules! plain_marks {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {}
    )+};
}

plain_marks! {
    /// Of importance; usually bold.
    BoldMark;
    /// Stressed; usually italic.
    ItalicMark;
    /// Below the line.
    SubscriptMark;
    /// Above the line.
    SuperscriptMark;
    /// Words of a program; usually in letters of equal width.
    CodeMark;
}

/// Leads to an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"type": "link", "href": "https://example.org/timetable"})))]
pub struct LinkMark {
    pub href: LinkUrl,
}

impl Mark {
    /// Its `type`, which a span has once at the most.
    fn kind(&self) -> std::mem::Discriminant<Self> {
        std::mem::discriminant(self)
    }
}

/// Refuses a mark that stands on the same span before, such as a second link.
pub fn each_kind_once(marks: &[Mark]) -> Result<(), ValidationError> {
    let again = |at: &usize| marks[..*at].iter().any(|before| before.kind() == marks[*at].kind());
    match (1..marks.len()).find(again) {
        None => Ok(()),
        Some(at) => {
            let message = "is of the same type as a mark of the span before it";
            Err(text::broken_at(&format!("/{at}"), "distinct", message))
        }
    }
}
