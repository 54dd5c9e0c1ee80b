//! Body blocks as readers get them: media, links and ads in place of references to them.
use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{
    parts::{AdPlace, PlacedMedia, ResolvedLink},
    targets::Targets,
};
use crate::{
    articles::blocks::{
        Block, BlockId, CodeBlock, DividerBlock, EmbedBlock, FootnotesBlock, HeadingBlock,
        MediaUse, ParagraphBlock, QuoteBlock, TableBlock, VideoRole,
    },
    articles::{lists::ListBlock, marks::PictureLink, texts},
    http::cache::Made,
    ids::{LinkId, MediaId},
    media::{
        credits::model::CreditRow,
        model::{MediaRow, PublicMedia},
    },
    tags::Tag,
    text::WebUrl,
    time::Instant,
};

/// One block of a page's body, told apart by its `type`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type")]
pub enum PageBlock {
    #[serde(rename = "paragraph")]
    Paragraph(ParagraphBlock),
    #[serde(rename = "heading")]
    Heading(HeadingBlock),
    #[serde(rename = "list")]
    List(ListBlock),
    #[serde(rename = "quote")]
    Quote(QuoteBlock),
    #[serde(rename = "image")]
    Image(PlacedImage),
    #[serde(rename = "gallery")]
    Gallery(PlacedGallery),
    #[serde(rename = "video")]
    Video(PlacedVideo),
    #[serde(rename = "audio")]
    Audio(PlacedAudio),
    #[serde(rename = "embed")]
    Embed(EmbedBlock),
    #[serde(rename = "related")]
    Related(RelatedBox),
    #[serde(rename = "ad_slot")]
    AdSlot(AdPlace),
    #[serde(rename = "table")]
    Table(TableBlock),
    #[serde(rename = "code")]
    Code(CodeBlock),
    #[serde(rename = "footnotes")]
    Footnotes(FootnotesBlock),
    #[serde(rename = "divider")]
    Divider(DividerBlock),
}

/// A block on its way out: as it was stored, or with something in the place of references.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum BodyBlock {
    /// A [`PageBlock`] that is stored in the same form.
    Stored(Box<RawValue>),
    /// Made for this page.
    Placed(Box<PageBlock>),
}

/// A picture in the body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlacedImage {
    pub id: BlockId,
    pub media: PlacedMedia,
    /// Where the picture leads.
    pub link: Option<PictureLink>,
}

/// Several pictures in the body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlacedGallery {
    pub id: BlockId,
    /// Those whose rights have not expired; never empty.
    pub items: Vec<PlacedMedia>,
}

/// A film in the body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlacedVideo {
    pub id: BlockId,
    pub role: VideoRole,
    /// A word before the title, such as "VIDEO".
    pub label: Option<String>,
    pub title: Option<String>,
    /// The film, where it is one of the newsroom's media; otherwise see `url`.
    pub media: Option<PlacedMedia>,
    /// Where the film is, where it is not one of the newsroom's media.
    pub url: Option<WebUrl>,
}

/// A recording in the body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlacedAudio {
    pub id: BlockId,
    pub title: Option<String>,
    pub media: PlacedMedia,
}

/// A box of related links: "read also".
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RelatedBox {
    pub id: BlockId,
    pub title: Option<String>,
    /// Those that lead somewhere now; never empty.
    pub links: Vec<ResolvedLink>,
}

/// The media that an answer shows, looked up once for all of it.
#[derive(Debug, Default)]
pub struct Gallery {
    rows: HashMap<MediaId, (MediaRow, Option<CreditRow>)>,
    now: Option<Instant>,
}

impl Gallery {
    /// Of looked-up rows.
    pub fn new(rows: Vec<(MediaRow, Option<CreditRow>)>, now: Instant) -> Self {
        let rows = rows.into_iter().map(|row| (row.0.id, row)).collect();
        Self { rows, now: Some(now) }
    }

    /// The medium at a place; `None` where its rights have expired.
    pub fn place(&self, used: &MediaUse, made: &mut Made) -> Option<PlacedMedia> {
        let (media, credit) = self.rows.get(&used.media_id)?;
        let now = self.now?;
        made.of([Tag::Media(media.id)]);
        made.modified(media.updated_at);
        if media.expired(now) {
            return None;
        }
        made.changes_at(media.rights_expires_at, now);
        if let Some(credit) = credit {
            made.of([Tag::Credit(credit.id)]);
            made.modified(credit.updated_at);
        }
        let display = credit.as_ref().map(CreditRow::display);
        let mut shown = PublicMedia::new(media.clone(), credit.clone());
        shown.caption = used.caption.clone().or(shown.caption);
        shown.alt = used.alt.clone().or(shown.alt);
        Some(PlacedMedia { media: shown, credit_display: used.credit_override.clone().or(display) })
    }

    /// The same, for a place that says nothing of the medium.
    pub fn place_plain(&self, media_id: MediaId, made: &mut Made) -> Option<PlacedMedia> {
        let used = MediaUse { media_id, caption: None, credit_override: None, alt: None };
        self.place(&used, made)
    }
}

/// The block as readers get it; `None` where nothing is left of it. Pinned ads are composed
/// elsewhere.
pub fn resolved(
    mut block: Block,
    gallery: &Gallery,
    links: &[ResolvedLink],
    targets: &Targets,
    made: &mut Made,
) -> Option<PageBlock> {
    texts::retain_article_links(&mut block, |link| {
        link.path = targets.get(link.article_id).map(|target| target.path.clone());
        link.path.is_some()
    });
    Some(match block {
        Block::Paragraph(block) => PageBlock::Paragraph(block),
        Block::Heading(block) => PageBlock::Heading(block),
        Block::List(block) => PageBlock::List(block),
        Block::Quote(block) => PageBlock::Quote(block),
        Block::Embed(block) => PageBlock::Embed(block),
        Block::Table(block) => PageBlock::Table(block),
        Block::Code(block) => PageBlock::Code(block),
        Block::Footnotes(block) => PageBlock::Footnotes(block),
        Block::Divider(block) => PageBlock::Divider(block),
        Block::AdSlot(_) => return None,
        Block::Image(block) => {
            let used = MediaUse {
                media_id: block.media_id,
                caption: block.caption,
                credit_override: block.credit_override,
                alt: block.alt,
            };
            let media = gallery.place(&used, made)?;
            PageBlock::Image(PlacedImage { id: block.id, media, link: block.link })
        }
        Block::Gallery(block) => {
            let items: Vec<PlacedMedia> =
                block.items.iter().filter_map(|used| gallery.place(used, made)).collect();
            if items.is_empty() {
                return None;
            }
            PageBlock::Gallery(PlacedGallery { id: block.id, items })
        }
        Block::Video(block) => {
            let media = block.media_id.and_then(|id| gallery.place_plain(id, made));
            if media.is_none() && block.url.is_none() {
                return None;
            }
            PageBlock::Video(PlacedVideo {
                id: block.id,
                role: block.role,
                label: block.label,
                title: block.title,
                media,
                url: block.url,
            })
        }
        Block::Audio(block) => {
            let media = gallery.place_plain(block.media_id, made)?;
            PageBlock::Audio(PlacedAudio { id: block.id, title: block.title, media })
        }
        Block::Related(block) => {
            let link = |id: &LinkId| links.iter().find(|link| link.id == *id).cloned();
            let links: Vec<ResolvedLink> = block.link_ids.iter().filter_map(link).collect();
            if links.is_empty() {
                return None;
            }
            PageBlock::Related(RelatedBox { id: block.id, title: block.title, links })
        }
    })
}
