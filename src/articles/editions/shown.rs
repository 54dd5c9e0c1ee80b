//! An edition as readers' rooms read it: what pages pass on as it stands is not taken apart.
use std::collections::HashSet;

use diesel::prelude::*;
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;

use super::model::{EditionDocument, EditionKind};
use crate::{
    articles::{
        blocks::{Block, MediaUse},
        input::{Ads, ArticleComments, Genre, Seo, Social, Sponsorship},
        related::model::FrozenLink,
        texts::linked_articles,
    },
    db::{schema::editions, types::Json},
    error::{Error, Result},
    ids::{ArticleId, LinkId, MediaId, SectionId, UserId},
    text::{Language, WebUrl},
    time::Instant,
};

/// An edition that is or was public.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = editions)]
pub struct Shown {
    pub article_id: ArticleId,
    pub kind: EditionKind,
    pub valid_from: Instant,
    pub valid_until: Instant,
    pub section_id: SectionId,
    pub slug: String,
    pub published_at: Instant,
    pub first_published_at: Instant,
    pub modified_at: Instant,
    pub document: Json<ShownDocument>,
    pub notice: Option<String>,
    /// Since when readers get it no more.
    pub withdrawn_at: Option<Instant>,
}

/// An [`EditionDocument`], read as far as pages need it.
#[derive(Debug, Clone, Deserialize)]
pub struct ShownDocument {
    pub article: ShownArticle,
    pub related_links: Vec<FrozenLink>,
}

/// The article of a [`ShownDocument`].
#[derive(Debug, Clone, Deserialize)]
pub struct ShownArticle {
    pub language: Option<Language>,
    pub genre: Genre,
    pub kicker: Option<String>,
    pub headline: String,
    pub lead: Option<String>,
    pub byline: Option<String>,
    pub authors: Option<Vec<UserId>>,
    pub tags: Vec<String>,
    pub main_media: Option<MediaUse>,
    pub body: Vec<StoredBlock>,
    pub seo: Seo,
    pub social: Social,
    pub sponsorship: Option<Sponsorship>,
    pub ads: Ads,
    pub comments_mode: ArticleComments,
    pub comments_close_after_days: Option<i32>,
    pub canonical_url: Option<WebUrl>,
}

/// A block of a body: as it is stored where readers get the same, else as what it is.
#[derive(Debug, Clone)]
pub enum StoredBlock {
    /// Holds nothing but its own words.
    Plain(Box<RawValue>),
    /// Refers to something else, which readers get in its place.
    Referring(Block),
}

impl<'de> Deserialize<'de> for StoredBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Kind<'a> {
            r#type: &'a str,
        }
        let stored = Box::<RawValue>::deserialize(deserializer)?;
        let kind: Kind<'_> = serde_json::from_str(stored.get()).map_err(de::Error::custom)?;
        let refers = match kind.r#type {
            "image" | "gallery" | "video" | "audio" | "related" | "ad_slot" => true,
            // No text can have this in it: a quotation mark is escaped there. A text of just this
            // word is taken apart for nothing.
            _ => stored.get().contains("\"article_link\""),
        };
        if refers {
            return typed(&stored).map(Self::Referring).map_err(de::Error::custom);
        }
        Ok(Self::Plain(stored))
    }
}

fn typed(stored: &RawValue) -> serde_json::Result<Block> {
    serde_json::from_str(stored.get())
}

impl StoredBlock {
    /// The block as what it is, for whoever has to look into it.
    pub fn typed(self) -> Result<Block> {
        match self {
            Self::Plain(stored) => typed(&stored).map_err(Error::internal),
            Self::Referring(block) => Ok(block),
        }
    }
}

impl ShownDocument {
    /// The same document, which has not been stored yet.
    pub fn of(document: &EditionDocument) -> Result<Self> {
        let stored = serde_json::to_string(document).map_err(Error::internal)?;
        serde_json::from_str(&stored).map_err(Error::internal)
    }
}

impl ShownArticle {
    /// The related links that stand in boxes of the body.
    pub fn boxed_links(&self) -> HashSet<LinkId> {
        let boxed = self.body.iter().filter_map(|block| match block {
            StoredBlock::Referring(Block::Related(block)) => Some(&block.link_ids),
            StoredBlock::Referring(_) | StoredBlock::Plain(_) => None,
        });
        boxed.flatten().copied().collect()
    }

    /// Every article that its texts and pictures link to.
    pub fn linked_articles(&self) -> Vec<ArticleId> {
        let blocks = self.body.iter().filter_map(|block| match block {
            StoredBlock::Referring(block) => Some(block),
            StoredBlock::Plain(_) => None,
        });
        blocks
            .flat_map(|block| linked_articles(std::slice::from_ref(block)))
            .map(|(id, _)| id)
            .collect()
    }

    /// Every medium that it shows, each once.
    pub fn media(&self) -> Vec<MediaId> {
        let mut ids: Vec<MediaId> = self.main_media.iter().map(|main| main.media_id).collect();
        ids.extend(self.social.media_id);
        for block in &self.body {
            match block {
                StoredBlock::Referring(Block::Image(image)) => ids.push(image.media_id),
                StoredBlock::Referring(Block::Gallery(gallery)) => {
                    ids.extend(gallery.items.iter().map(|item| item.media_id));
                }
                StoredBlock::Referring(Block::Video(video)) => ids.extend(video.media_id),
                StoredBlock::Referring(Block::Audio(audio)) => ids.push(audio.media_id),
                StoredBlock::Referring(_) | StoredBlock::Plain(_) => {}
            }
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
