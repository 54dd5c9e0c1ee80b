//! Body blocks: the closed set of things that an article's body is made of.
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::{
    lists::ListBlock,
    marks::PictureLink,
    spans::{Line, Span, with_line_feeds},
};
use crate::{
    ids::{LinkId, MediaId},
    tagged_union,
    text::{self, WebUrl},
    text_enum,
};

tagged_union! {
    /// One block of a body, told apart by its `type`.
    pub enum Block by "type" {
        /// A paragraph of text.
        Paragraph(ParagraphBlock) = "paragraph",
        /// A heading inside the body.
        Heading(HeadingBlock) = "heading",
        /// An ordered or unordered list.
        List(ListBlock) = "list",
        /// A quotation.
        Quote(QuoteBlock) = "quote",
        /// A picture.
        Image(ImageBlock) = "image",
        /// Several pictures.
        Gallery(GalleryBlock) = "gallery",
        /// A film: the main one of the article, or a promotion of another.
        Video(VideoBlock) = "video",
        /// A recording.
        Audio(AudioBlock) = "audio",
        /// Something from another site.
        Embed(EmbedBlock) = "embed",
        /// A box of related links: "read also".
        Related(RelatedBlock) = "related",
        /// A place for an advertisement.
        AdSlot(AdSlotBlock) = "ad_slot",
        /// A table.
        Table(TableBlock) = "table",
        /// Lines of a program.
        Code(CodeBlock) = "code",
        /// The footnotes of the body.
        Footnotes(FootnotesBlock) = "footnotes",
        /// A line between two parts.
        Divider(DividerBlock) = "divider",
    }
}

impl Block {
    /// Its id, unique in the article.
    pub fn id(&self) -> &BlockId {
        match self {
            Self::Paragraph(block) => &block.id,
            Self::Heading(block) => &block.id,
            Self::List(block) => &block.id,
            Self::Quote(block) => &block.id,
            Self::Image(block) => &block.id,
            Self::Gallery(block) => &block.id,
            Self::Video(block) => &block.id,
            Self::Audio(block) => &block.id,
            Self::Embed(block) => &block.id,
            Self::Related(block) => &block.id,
            Self::AdSlot(block) => &block.id,
            Self::Table(block) => &block.id,
            Self::Code(block) => &block.id,
            Self::Footnotes(block) => &block.id,
            Self::Divider(block) => &block.id,
        }
    }
}

/// A block's id, unique in its article: 1 to 64 letters, digits, hyphens and underscores. Made
/// by the server when absent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$")]
pub struct BlockId(String);

impl Default for BlockId {
    fn default() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }
}

impl BlockId {
    /// The id of a block that is made along with a page: of a slot's code and its turn. The
    /// colon keeps it apart from every id that can be sent.
    pub fn of_turn(code: &str, turn: usize) -> Self {
        Self(format!("{code}:{turn}"))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for BlockId {
    type Error = &'static str;
    fn try_from(id: String) -> Result<Self, Self::Error> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if (1..=64).contains(&id.len()) && id.chars().all(fits) {
            return Ok(Self(id));
        }
        Err("expected 1 to 64 letters a-z, digits, hyphens and underscores")
    }
}

/// A paragraph of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ParagraphBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    #[validate(length(min = 1, max = 5000), nested)]
    #[schema(min_items = 1, max_items = 5000)]
    pub text: Vec<Span>,
}

/// A heading inside the body. Links in the same body lead to it by `#` and its `id`, which is the
/// element's `id` in the body as HTML.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadingBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    /// 2 to 4; the headline is level 1.
    #[validate(range(min = 2, max = 4))]
    #[schema(minimum = 2, maximum = 4)]
    pub level: u8,
    #[validate(length(min = 1, max = 5000), nested)]
    #[schema(min_items = 1, max_items = 5000)]
    pub text: Vec<Span>,
}

/// A quotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuoteBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    #[validate(length(min = 1, max = 5000), nested)]
    #[schema(min_items = 1, max_items = 5000)]
    pub text: Vec<Span>,
    /// Whose words they are.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub attribution: Option<String>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    /// A medium of the kind `image`.
    pub media_id: MediaId,
    /// In place of the medium's own caption.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub caption: Option<String>,
    /// In place of the credit's own display line.
    #[serde(default)]
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub credit_override: Option<String>,
    /// In place of the medium's own alternative text.
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub alt: Option<String>,
    /// Where the picture leads.
    #[serde(default)]
    #[validate(nested)]
    pub link: Option<PictureLink>,
}

/// A medium as this article uses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaUse {
    pub media_id: MediaId,
    /// In place of the medium's own caption.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub caption: Option<String>,
    /// In place of the credit's own display line.
    #[serde(default)]
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub credit_override: Option<String>,
    /// In place of the medium's own alternative text.
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub alt: Option<String>,
}

/// Several pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GalleryBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    #[validate(length(min = 1, max = 100), nested)]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<MediaUse>,
}

text_enum! {
    /// What a film is for.
    pub enum VideoRole {
        /// It belongs to the article.
        Main = "main",
        /// It promotes another film.
        Promo = "promo",
    }
}

/// A film: the main one of the article, or a promotion of another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "one_source"))]
pub struct VideoBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    pub role: VideoRole,
    /// A word before the title, such as "VIDEO".
    #[serde(default)]
    #[validate(length(min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    pub label: Option<String>,
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// The film, where it is one of the newsroom's media: one of the kind `video`. Exclusive with
    /// `url`.
    #[serde(default)]
    pub media_id: Option<MediaId>,
    /// Where the film is, otherwise. Exclusive with `media_id`.
    #[serde(default)]
    pub url: Option<WebUrl>,
}

fn one_source(video: &VideoBlock) -> Result<(), ValidationError> {
    if video.media_id.is_some() && video.url.is_some() {
        return Err(text::broken("exclusive", "takes media_id or url, not both"));
    }
    Ok(())
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AudioBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    /// A medium of the kind `audio`.
    pub media_id: MediaId,
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
}

/// Something from another site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmbedBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    /// Who provides it, for clients that know how to show it.
    #[validate(length(min = 1, max = 40), custom(function = "text::slug_form"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub provider: String,
    pub url: WebUrl,
    /// For clients that cannot show it.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub fallback_text: Option<String>,
}

/// A box of related links: "read also". May be empty in a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RelatedBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    #[serde(default)]
    #[validate(length(min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80)]
    pub title: Option<String>,
    /// The article's related links that stand in this box, in order.
    #[serde(default)]
    #[validate(length(max = 20), custom(function = "each_once"))]
    #[schema(value_type = BTreeSet<LinkId>, max_items = 20)]
    pub link_ids: Vec<LinkId>,
}

fn each_once(ids: &[LinkId]) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    if ids.iter().all(|id| seen.insert(id)) {
        return Ok(());
    }
    Err(text::broken("distinct", "must not name a link twice"))
}

/// A place for an advertisement, pinned here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdSlotBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    /// The `code` of the ad slot.
    #[validate(custom(function = "code_form"))]
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z][a-z0-9_]{0,63}$")]
    pub code: String,
}

fn code_form(code: &str) -> Result<(), ValidationError> {
    if text::CODE.is_match(code) {
        return Ok(());
    }
    Err(text::broken("pattern", "must be a lower-case letter, then letters, digits, underscores"))
}

/// A table. All rows have as many cells as the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TableBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    #[serde(default)]
    #[validate(length(min = 1, max = 300))]
    #[schema(min_length = 1, max_length = 300)]
    pub caption: Option<String>,
    /// Whether the first row names the columns.
    #[serde(default)]
    #[schema(default = false)]
    pub header: bool,
    #[validate(length(min = 1, max = 200), nested, custom(function = "rectangular"))]
    #[schema(min_items = 1, max_items = 200)]
    pub rows: Vec<TableRow>,
}

/// One row of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TableRow {
    #[validate(length(min = 1, max = 30), nested)]
    #[schema(min_items = 1, max_items = 30)]
    pub cells: Vec<Line>,
}

fn rectangular(rows: &[TableRow]) -> Result<(), ValidationError> {
    let width = rows.first().map_or(0, |row| row.cells.len());
    if rows.iter().all(|row| row.cells.len() == width) {
        return Ok(());
    }
    Err(text::broken("rectangular", "must have rows of equal length"))
}

/// Lines of a program, of a configuration, of what a terminal shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"type": "code", "language": "sql", "code": "select 1;\nselect 2;"})))]
pub struct CodeBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    /// By a short name in lower case, such as `rust` or `c++`.
    #[serde(default)]
    #[validate(length(min = 1, max = 40), custom(function = "code_language_form"))]
    #[schema(min_length = 1, max_length = 40, pattern = "^[a-z0-9][a-z0-9+#._-]*$")]
    pub language: Option<String>,
    /// The lines, with a line feed between them.
    #[serde(deserialize_with = "with_line_feeds")]
    #[validate(length(min = 1, max = 100_000))]
    #[schema(min_length = 1, max_length = 100_000)]
    pub code: String,
}

fn code_language_form(name: &str) -> Result<(), ValidationError> {
    let starts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = |c: char| starts(c) || matches!(c, '+' | '#' | '.' | '_' | '-');
    if name.starts_with(starts) && name.chars().all(fits) {
        return Ok(());
    }
    Err(text::broken("pattern", "must be lower-case letters a-z, digits, `+`, `#`, `.`, `_`, `-`"))
}

/// The footnotes of the body, at most one block of them. A mark of the type `footnote` refers to one
/// by its `id`; its number is its place among the items, from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"type": "footnotes", "items": [
    {"id": "survey", "text": [{"text": "Survey of the harbour office, 2025."}]}]})))]
pub struct FootnotesBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
    #[validate(length(min = 1, max = 500), nested)]
    #[schema(min_items = 1, max_items = 500)]
    pub items: Vec<Footnote>,
}

/// One footnote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Footnote {
    /// Unique among the footnotes of the body.
    pub id: BlockId,
    /// What it says; it refers to no footnotes itself.
    #[validate(length(min = 1, max = 5000), nested)]
    #[schema(min_items = 1, max_items = 5000)]
    pub text: Vec<Span>,
}

/// A line between two parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DividerBlock {
    #[serde(default)]
    #[schema(required = false)]
    pub id: BlockId,
}
