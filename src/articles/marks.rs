//! Marks: what is said of a stretch of text, such as that it is bold or leads somewhere.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::blocks::BlockId;
use crate::{
    ids::ArticleId,
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
        /// Leads to another article of the newsroom.
        ArticleLink(ArticleLinkMark) = "article_link",
        /// Refers to a footnote, whose number stands behind the words.
        Footnote(FootnoteMark) = "footnote",
    }
}

tagged_union! {
    /// Where a picture leads, told apart by its `type`.
    pub enum PictureLink by "type" {
        /// To an address.
        Address(LinkMark) = "link",
        /// To another article of the newsroom.
        Article(ArticleLinkMark) = "article_link",
    }
}

impl PictureLink {
    /// Where it leads; `None` where that has not been looked up.
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Address(link) => Some(&link.href),
            Self::Article(link) => link.path.as_deref(),
        }
    }
}

/// Declares the marks that say everything by being there.
macro_rules! plain_marks {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(examples(json!({"type": $kind})))]
        pub struct $name {}
    )+};
}

plain_marks! {
    /// Of importance; usually bold.
    BoldMark = "bold";
    /// Stressed; usually italic.
    ItalicMark = "italic";
    /// Below the line.
    SubscriptMark = "subscript";
    /// Above the line.
    SuperscriptMark = "superscript";
    /// Words of a program; usually in letters of equal width.
    CodeMark = "code";
}

/// Leads to an address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"type": "link", "href": "https://example.org/timetable"})))]
pub struct LinkMark {
    pub href: LinkUrl,
}

/// Leads to another article of the newsroom, wherever that stands when the text is read. While it
/// is not public, readers get the words without the link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields, from = "SentArticleLink")]
#[schema(examples(
    json!({"type": "article_link", "article_id": "01890a5d-ac96-774b-bcce-b302099a8057"})
))]
pub struct ArticleLinkMark {
    /// An article that you may read, or that readers have.
    pub article_id: ArticleId,
    /// Its present address. Readers always get it; it is not sent, and not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        read_only,
        nullable = false,
        max_length = 512,
        examples("/world/the-ferry-sails-again")
    )]
    pub path: Option<String>,
}

/// An [`ArticleLinkMark`] as it is sent and kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentArticleLink {
    article_id: ArticleId,
}

impl From<SentArticleLink> for ArticleLinkMark {
    fn from(sent: SentArticleLink) -> Self {
        Self { article_id: sent.article_id, path: None }
    }
}

/// Refers to a footnote. Spans one after the other that refer to the same one share its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"type": "footnote", "note_id": "survey"})))]
pub struct FootnoteMark {
    /// The `id` of an item of the body's block of footnotes.
    pub note_id: BlockId,
}

impl Mark {
    /// Whether a span can have only one of the two: they are of one type, or both lead somewhere.
    fn excludes(&self, other: &Self) -> bool {
        let leads = |mark: &Self| matches!(mark, Self::Link(_) | Self::ArticleLink(_));
        std::mem::discriminant(self) == std::mem::discriminant(other)
            || (leads(self) && leads(other))
    }
}

/// Refuses a mark that says once more what another of the same span says, such as a second link.
pub fn each_kind_once(marks: &[Mark]) -> Result<(), ValidationError> {
    let again = |at: &usize| marks[..*at].iter().any(|before| before.excludes(&marks[*at]));
    match (1..marks.len()).find(again) {
        None => Ok(()),
        Some(at) => {
            let message = "is of the same type as another mark of the span, or a second link";
            Err(text::broken_at(&format!("/{at}"), "distinct", message))
        }
    }
}
