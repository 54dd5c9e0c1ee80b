//! What authors and editors send of an article, and the rules that it keeps.
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ArrayBuilder, ObjectBuilder, Type},
    },
};
use validator::{Validate, ValidationError};

use super::{
    blocks::{Block, MediaUse},
    inside::{footnotes_fit, places_are_there},
};
use crate::{
    ids::{MediaId, SectionId, UserId},
    sections::model::CommentsMode,
    text::{self, Language, WebUrl},
    text_enum,
};

/// The longest body, in bytes of JSON: 1 MiB.
const BODY_MAX: usize = 1024 * 1024;

text_enum! {
    /// What kind of text it is.
    #[derive(Default)]
    pub enum Genre {
        /// What happened.
        #[default]
        News = "news",
        /// What it means.
        Analysis = "analysis",
        /// What someone thinks of it.
        Opinion = "opinion",
        /// Questions and answers.
        Interview = "interview",
        /// What a reporter saw.
        Report = "report",
        /// What one should know beforehand.
        Background = "background",
        /// Paid for by a sponsor; needs a disclosure.
        Advertorial = "advertorial",
    }
}

text_enum! {
    /// Whether readers may comment.
    #[derive(Default)]
    pub enum ArticleComments {
        /// As the section says.
        #[default]
        Inherit = "inherit",
        /// No new comments.
        Closed = "closed",
        /// A comment shows once a moderator has approved it.
        Pre = "pre",
        /// A comment shows at once.
        Post = "post",
    }
}

impl ArticleComments {
    /// The mode in force in a section with this mode.
    pub fn resolved(self, section: CommentsMode) -> CommentsMode {
        match self {
            Self::Inherit => section,
            Self::Closed => CommentsMode::Closed,
            Self::Pre => CommentsMode::Pre,
            Self::Post => CommentsMode::Post,
        }
    }
}

text_enum! {
    /// Whether advertisements are shown.
    #[derive(Default)]
    pub enum AdsMode {
        /// As the ad slots say.
        #[default]
        On = "on",
        /// None at all, pinned ones included.
        Off = "off",
    }
}

/// Whether advertisements are shown, and why not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ads {
    #[serde(default)]
    #[schema(default = "on")]
    pub mode: AdsMode,
    /// Why they are off, for the newsroom.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub reason: Option<String>,
}

/// What search engines are told.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Seo {
    /// In place of the headline.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// In place of the lead.
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub description: Option<String>,
    /// Asks them not to list the article.
    #[serde(default)]
    #[schema(default = false)]
    pub noindex: bool,
}

/// What social networks show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Social {
    /// In place of the headline.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// In place of the lead.
    #[serde(default)]
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub description: Option<String>,
    /// In place of the main medium: a medium of the kind `image`.
    #[serde(default)]
    pub media_id: Option<MediaId>,
}

/// Who paid for the article.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sponsorship {
    #[validate(length(min = 1, max = 120), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 120, pattern = r"\S")]
    pub sponsor_name: String,
    #[serde(default)]
    pub sponsor_url: Option<WebUrl>,
    /// The sentence by which readers recognise it as paid for.
    #[validate(length(min = 1, max = 300), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 300, pattern = r"\S")]
    pub disclosure: String,
}

/// What editors and authors send: the whole working copy. A draft may be incomplete; what is
/// missing for readers is said when it is to be published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({
    "headline": "River ferry sails again after the spring flood",
    "lead": "The crossing reopens on Saturday with a new timetable.",
    "language": "en",
    "tags": ["transport"],
    "body": [
        {"type": "paragraph", "text": [{"text": "The ferry is back "}, {"text": "at last", "marks": [{"type": "italic"}]}, {"text": "."}]},
        {"type": "heading", "level": 2, "text": [{"text": "New times"}]},
        {"type": "list", "style": "unordered", "items": [{"text": [{"text": "every hour on weekdays"}]}]}
    ]
})))]
pub struct ArticleInput {
    /// The last part of the address, unique in its section. When absent or null, it is made of the
    /// headline, spelled as the article's language does, and follows the headline until the article
    /// is published first; where the language has no spelling in a-z, it is made of the id. Whatever
    /// else is sent than the present slug is a choice, which stays. PATCH with null gives a choice
    /// up; PUT without a slug keeps the address of what was published once.
    #[serde(default)]
    #[validate(length(min = 1, max = 80), custom(function = "text::slug_form"))]
    #[schema(min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")]
    pub slug: Option<String>,
    /// Needed for publishing.
    #[serde(default)]
    pub section_id: Option<SectionId>,
    /// The newsroom's own when absent.
    #[serde(default)]
    pub language: Option<Language>,
    #[serde(default)]
    #[schema(default = "news")]
    pub genre: Genre,
    /// A word or two above the headline.
    #[serde(default)]
    #[validate(length(min = 1, max = 80))]
    #[schema(min_length = 1, max_length = 80)]
    pub kicker: Option<String>,
    /// Needed for publishing.
    #[serde(default)]
    #[validate(length(max = 200))]
    #[schema(max_length = 200, default = "")]
    pub headline: String,
    /// Plain text between headline and body.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000))]
    #[schema(min_length = 1, max_length = 2000)]
    pub lead: Option<String>,
    /// How the authors are named, where their names alone will not do.
    #[serde(default)]
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub byline: Option<String>,
    /// Users. The creator alone when absent and the creator is an author.
    #[serde(default)]
    #[validate(length(max = 20), custom(function = "distinct"))]
    #[schema(value_type = Option<BTreeSet<UserId>>, max_items = 20)]
    pub authors: Option<Vec<UserId>>,
    #[serde(default)]
    #[validate(length(max = 20), custom(function = "tag_forms"))]
    #[schema(schema_with = tag_list, required = false)]
    pub tags: Vec<String>,
    /// A medium of the kind `image` or `video`.
    #[serde(default)]
    #[validate(nested)]
    pub main_media: Option<MediaUse>,
    /// At most 500 blocks and 1 MiB of JSON.
    #[serde(default)]
    #[validate(
        length(max = 500),
        nested,
        custom(function = "body_size"),
        custom(function = "distinct_ids"),
        custom(function = "places_are_there"),
        custom(function = "footnotes_fit")
    )]
    #[schema(max_items = 500)]
    pub body: Vec<Block>,
    #[serde(default)]
    #[validate(nested)]
    #[schema(required = false)]
    pub seo: Seo,
    #[serde(default)]
    #[validate(nested)]
    #[schema(required = false)]
    pub social: Social,
    /// Needed for publishing an advertorial.
    #[serde(default)]
    #[validate(nested)]
    pub sponsorship: Option<Sponsorship>,
    #[serde(default)]
    #[validate(nested)]
    #[schema(required = false)]
    pub ads: Ads,
    #[serde(default)]
    #[schema(default = "inherit")]
    pub comments_mode: ArticleComments,
    /// How many days after `published_at` the comments close by themselves; 0: never. As the section
    /// says when absent.
    #[serde(default)]
    #[validate(range(min = 0, max = 3650))]
    #[schema(minimum = 0, maximum = 3650)]
    pub comments_close_after_days: Option<i32>,
    /// Where the text is at home, if that is elsewhere.
    #[serde(default)]
    pub canonical_url: Option<WebUrl>,
}

fn distinct(ids: &[UserId]) -> Result<(), ValidationError> {
    let seen: HashSet<&UserId> = ids.iter().collect();
    if seen.len() == ids.len() {
        return Ok(());
    }
    Err(text::broken("distinct", "must not name anyone twice"))
}

fn tag_list() -> RefOr<Schema> {
    let tag = ObjectBuilder::new().schema_type(Type::String);
    let tag = tag.min_length(Some(1)).max_length(Some(text::TAG_MAX));
    ArrayBuilder::new().items(tag).max_items(Some(20)).into()
}

fn tag_forms(tags: &[String]) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    for (at, tag) in tags.iter().enumerate() {
        let at = format!("/{at}");
        if tag.chars().any(text::is_deceptive) {
            return Err(text::broken_at(&at, "control", text::DECEPTIVE));
        }
        if !text::is_tag(tag) {
            let rule =
                "must have letters, digits or signs that mean something, and at most 50 characters";
            return Err(text::broken_at(&at, "tag", rule));
        }
        if !seen.insert(text::fold(tag)) {
            return Err(text::broken_at(&at, "distinct", "is the same tag as one before"));
        }
    }
    Ok(())
}

fn body_size(body: &[Block]) -> Result<(), ValidationError> {
    match serde_json::to_vec(body) {
        Ok(bytes) if bytes.len() <= BODY_MAX => Ok(()),
        _ => Err(text::broken("size", "must not exceed 1 MiB of JSON")),
    }
}

fn distinct_ids(body: &[Block]) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    match body.iter().position(|block| !seen.insert(block.id())) {
        None => Ok(()),
        Some(at) => {
            let mut refusal = text::broken("distinct", "is the id of an earlier block");
            refusal.add_param("at".into(), &format!("/{at}/id"));
            Err(refusal)
        }
    }
}
