//! What a medium is: the row, what the newsroom sends, what readers get.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::credits::model::{CreditRow, PublicCredit};
use crate::{
    db::{journal::Resource, schema::media, types::Json},
    http::query::Limit,
    ids::{CreditId, MediaId, UserId},
    text::{self, WebUrl},
    text_enum,
    time::Instant,
};

text_enum! {
    /// What sort of medium it is.
    pub enum MediaKind {
        /// A picture (schema.org `ImageObject`).
        Image = "image",
        /// A film (schema.org `VideoObject`).
        Video = "video",
        /// A recording (schema.org `AudioObject`).
        Audio = "audio",
    }
}

/// The point of a picture that must stay in sight however it is cropped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FocalPoint {
    /// From the left edge, 0, to the right edge, 1.
    #[validate(range(min = 0.0, max = 1.0))]
    #[schema(minimum = 0, maximum = 1)]
    pub x: f64,
    /// From the upper edge, 0, to the lower edge, 1.
    #[validate(range(min = 0.0, max = 1.0))]
    #[schema(minimum = 0, maximum = 1)]
    pub y: f64,
}

/// One medium.
#[derive(
    Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = media, treat_none_as_null = true)]
#[schema(as = Media)]
pub struct MediaRow {
    pub id: MediaId,
    /// Whom to credit; an article that uses the medium cannot be published without.
    pub credit_id: Option<CreditId>,
    pub kind: MediaKind,
    /// Where the file is.
    pub url: Option<WebUrl>,
    /// The file's media type.
    #[schema(examples("image/jpeg"))]
    pub mime: Option<String>,
    /// In pixels.
    pub width: Option<i32>,
    /// In pixels.
    pub height: Option<i32>,
    /// What is to be seen, for those who do not see it (HTML `alt`; IPTC Alt Text).
    pub alt: Option<String>,
    /// It adds nothing that would need to be told: render it with an empty `alt`.
    pub decorative: bool,
    pub caption: Option<String>,
    #[schema(value_type = Option<FocalPoint>)]
    pub focal_point: Option<Json<FocalPoint>>,
    /// From this instant on it is not delivered to readers.
    pub rights_expires_at: Option<Instant>,
    /// Who made this medium; null once that user is gone.
    pub created_by: Option<UserId>,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for MediaRow {
    const TYPE: &'static str = "media";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

/// What the newsroom sends to create or replace a medium.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "told_or_decorative"), schema(function = "of_its_kind"))]
#[schema(as = MediaInput, examples(json!({
    "kind": "image", "url": "https://img.example.org/2026/harbour.jpg", "mime": "image/jpeg",
    "width": 1600, "height": 1067, "alt": "Fishing boats in a harbour at dawn",
    "caption": "The fleet came home early.", "focal_point": {"x": 0.4, "y": 0.65},
})))]
pub struct MediaInput {
    /// Whom to credit; an article that uses the medium cannot be published without.
    #[serde(default)]
    pub credit_id: Option<CreditId>,
    pub kind: MediaKind,
    /// Where the file is: an absolute http or https URL.
    #[serde(default)]
    pub url: Option<WebUrl>,
    /// The file's media type (RFC 6838), without parameters. It begins with the `kind`.
    #[serde(default)]
    #[validate(length(max = 100), custom(function = "mime_form"))]
    #[schema(max_length = 100, pattern = "^(image|video|audio)/[a-z0-9.+-]+$")]
    pub mime: Option<String>,
    /// In pixels.
    #[serde(default)]
    #[validate(range(min = 1, max = 100_000))]
    #[schema(minimum = 1, maximum = 100_000)]
    pub width: Option<i32>,
    /// In pixels.
    #[serde(default)]
    #[validate(range(min = 1, max = 100_000))]
    #[schema(minimum = 1, maximum = 100_000)]
    pub height: Option<i32>,
    /// What is to be seen, for those who do not see it (HTML `alt`; IPTC Alt Text). Not together
    /// with `decorative`.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub alt: Option<String>,
    /// It adds nothing that would need to be told. True only without `alt`.
    #[serde(default)]
    #[schema(default = false)]
    pub decorative: bool,
    /// An article can bring a caption of its own.
    #[serde(default)]
    #[validate(length(min = 1, max = 2000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S")]
    pub caption: Option<String>,
    #[serde(default)]
    #[validate(nested)]
    pub focal_point: Option<FocalPoint>,
    /// From this instant on it is not delivered to readers.
    #[serde(default)]
    pub rights_expires_at: Option<Instant>,
}

fn told_or_decorative(input: &MediaInput) -> Result<(), ValidationError> {
    if !input.decorative || input.alt.is_none() {
        return Ok(());
    }
    let message = "must not be true where there is an alt text";
    Err(text::broken_at("/decorative", "exclusive", message))
}

fn of_its_kind(input: &MediaInput) -> Result<(), ValidationError> {
    let top = input.mime.as_deref().and_then(|mime| mime.split('/').next());
    if top.is_none_or(|top| top == input.kind.as_str()) {
        return Ok(());
    }
    Err(text::broken_at("/mime", "kind", "must begin with the kind of the medium"))
}

fn mime_form(text: &str) -> Result<(), ValidationError> {
    let allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '+' | '-');
    if let Some((top, sub)) = text.split_once('/')
        && ["image", "video", "audio"].contains(&top)
        && !sub.is_empty()
        && sub.chars().all(allowed)
    {
        return Ok(());
    }
    Err(text::broken("pattern", "must be a media type of an image, video or audio, in lower case"))
}

impl MediaRow {
    /// Whether the rights have ended, so that readers must not get it any more.
    pub fn expired(&self, now: Instant) -> bool {
        self.rights_expires_at.is_some_and(|end| end <= now)
    }

    /// The input that would make this medium as it is.
    pub fn input(&self) -> MediaInput {
        MediaInput {
            credit_id: self.credit_id,
            kind: self.kind,
            url: self.url.clone(),
            mime: self.mime.clone(),
            width: self.width,
            height: self.height,
            alt: self.alt.clone(),
            decorative: self.decorative,
            caption: self.caption.clone(),
            focal_point: self.focal_point.as_ref().map(|point| point.0),
            rights_expires_at: self.rights_expires_at,
        }
    }

    /// The medium that the input describes: a new one, or the current one changed.
    pub fn new(input: MediaInput, current: Option<&Self>, by: UserId, now: Instant) -> Self {
        Self {
            id: current.map_or_else(MediaId::new, |current| current.id),
            credit_id: input.credit_id,
            kind: input.kind,
            url: input.url,
            mime: input.mime,
            width: input.width,
            height: input.height,
            alt: input.alt,
            decorative: input.decorative,
            caption: input.caption,
            focal_point: input.focal_point.map(Json),
            rights_expires_at: input.rights_expires_at,
            created_by: current.map_or(Some(by), |current| current.created_by),
            version: current.map_or(1, |current| current.version + 1),
            created_at: current.map_or(now, |current| current.created_at),
            updated_at: now,
        }
    }
}

/// Which media to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MediaFilter {
    /// Only media of this kind.
    pub kind: Option<MediaKind>,
    /// Only media with this credit.
    pub credit_id: Option<CreditId>,
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

/// A medium as readers get it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicMedia {
    pub id: MediaId,
    pub kind: MediaKind,
    /// Where the file is; null where only the credit is known.
    pub url: Option<WebUrl>,
    /// The file's media type.
    #[schema(examples("image/jpeg"))]
    pub mime: Option<String>,
    /// In pixels.
    pub width: Option<i32>,
    /// In pixels.
    pub height: Option<i32>,
    /// What is to be seen, for those who do not see it (HTML `alt`).
    pub alt: Option<String>,
    /// It adds nothing that would need to be told: render it with an empty `alt`.
    pub decorative: bool,
    pub caption: Option<String>,
    pub focal_point: Option<FocalPoint>,
    /// Whom to credit.
    pub credit: Option<PublicCredit>,
}

impl PublicMedia {
    /// The public side of a medium and its credit.
    pub fn new(media: MediaRow, credit: Option<CreditRow>) -> Self {
        Self {
            id: media.id,
            kind: media.kind,
            url: media.url,
            mime: media.mime,
            width: media.width,
            height: media.height,
            alt: media.alt,
            decorative: media.decorative,
            caption: media.caption,
            focal_point: media.focal_point.map(|point| point.0),
            credit: credit.map(PublicCredit::from),
        }
    }
}
