//! What an edition is: the row, its document, what lists show of it.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::timeline::{Dates, Run};
use crate::{
    articles::{
        blocks::MediaUse,
        input::{ArticleInput, Genre},
        related::model::FrozenLink,
    },
    db::{schema::editions, types::Json},
    error::{Error, Result},
    http::query::Limit,
    ids::{AnyId, ArticleId, SectionId, UserId},
    tags::Facet,
    text::{self, Language},
    text_enum,
    time::{self, Instant},
};

text_enum! {
    /// What an edition says to readers.
    pub enum EditionKind {
        /// Here is the article.
        Live = "live",
        /// It was withdrawn for good; here is why.
        Retracted = "retracted",
    }
}

/// The whole article as it was, related links included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EditionDocument {
    /// The working copy at the time.
    pub article: ArticleInput,
    /// Its related links at the time, in order.
    pub related_links: Vec<FrozenLink>,
}

/// What lists show of an edition beside its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub kicker: Option<String>,
    pub lead: Option<String>,
    pub byline: Option<String>,
    pub authors: Vec<UserId>,
    pub tags: Vec<String>,
    pub main_media: Option<MediaUse>,
    pub sponsor_name: Option<String>,
}

impl From<&ArticleInput> for Summary {
    fn from(article: &ArticleInput) -> Self {
        Self {
            kicker: article.kicker.clone(),
            lead: article.lead.clone(),
            byline: article.byline.clone(),
            authors: article.authors.clone().unwrap_or_default(),
            tags: article.tags.clone(),
            main_media: article.main_media.clone(),
            sponsor_name: article.sponsorship.as_ref().map(|by| by.sponsor_name.clone()),
        }
    }
}

/// One edition.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = editions)]
pub struct EditionRow {
    pub id: AnyId,
    pub article_id: ArticleId,
    pub number: i32,
    pub kind: EditionKind,
    pub valid_from: Instant,
    /// [`Instant::NEVER`] where no end is set.
    #[serde(deserialize_with = "time::or_never")]
    pub valid_until: Instant,
    /// The end as it was asked for; `valid_until` never lies behind it.
    #[serde(deserialize_with = "time::or_never")]
    pub planned_until: Instant,
    pub retired: bool,
    pub section_id: SectionId,
    pub slug: String,
    pub language: Language,
    pub genre: Genre,
    pub headline: String,
    pub published_at: Instant,
    pub first_published_at: Instant,
    pub modified_at: Instant,
    pub summary: Json<Summary>,
    pub document: Json<EditionDocument>,
    pub notice: Option<String>,
    pub created_by: Option<UserId>,
    pub created_at: Instant,
    /// Since when it is for no reader, whatever instant they ask about.
    pub withdrawn_at: Option<Instant>,
    pub withdrawn_by: Option<UserId>,
    pub withdrawal_reason: Option<String>,
}

impl EditionRow {
    /// When it is public, and the dates that go with it.
    pub fn run(&self) -> Run {
        Run {
            number: self.number,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            planned_until: self.planned_until,
            dates: Dates {
                published_at: self.published_at,
                first_published_at: self.first_published_at,
                modified_at: self.modified_at,
            },
        }
    }

    /// The same edition, public at another time.
    #[must_use]
    pub fn at(self, run: &Run) -> Self {
        let Run { number: _, valid_from, valid_until, planned_until, dates } = *run;
        let Dates { published_at, first_published_at, modified_at } = dates;
        Self {
            valid_from,
            valid_until,
            planned_until,
            published_at,
            first_published_at,
            modified_at,
            ..self
        }
    }

    /// Refuses to change the schedule of what is not scheduled.
    pub fn check_scheduled(&self, now: Instant) -> Result<()> {
        let why = match EditionState::of(self.valid_from, self.valid_until, now) {
            EditionState::Scheduled => return Ok(()),
            EditionState::Live => "is public: publish another, or unpublish the article.",
            EditionState::Ended => "is over.",
            EditionState::Cancelled => "is cancelled already.",
        };
        Err(Error::conflict(format!("Edition {} {why}", self.number)))
    }

    /// Refuses to withdraw what is not a part of history, or not any more.
    pub fn check_withdrawal(&self, now: Instant) -> Result<()> {
        let number = self.number;
        let refused = |why: &str| Err(Error::conflict(format!("Edition {number} {why}")));
        if self.withdrawn_at.is_some() {
            return refused("has been withdrawn already.");
        }
        if self.kind == EditionKind::Retracted {
            return refused("is the notice of a retraction, which stays.");
        }
        if self.valid_until <= self.valid_from {
            return refused("was cancelled before any reader had it.");
        }
        if self.valid_from > now {
            return refused("is scheduled: cancel it, so that no reader gets it.");
        }
        if self.valid_until > now {
            return refused(
                "is what readers have now: publish a correction, or unpublish the article, first.",
            );
        }
        Ok(())
    }

    /// The lists that the edition belongs to.
    pub fn facets(&self) -> Vec<Facet> {
        let article = &self.document.0.article;
        let authors = article.authors.iter().flatten().map(|id| Facet::author(*id));
        // However a tag is written.
        let tags = article.tags.iter().map(|tag| Facet::tag(&text::fold(tag)));
        let mut facets: Vec<Facet> =
            [Facet::all(), Facet::section(self.section_id), Facet::genre(self.genre)]
                .into_iter()
                .chain(self.language.ranges().map(Facet::language))
                .chain(authors)
                .chain(tags)
                .collect();
        facets.sort_unstable();
        facets.dedup();
        facets
    }
}

/// What the list of an article's editions shows of one.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = editions)]
pub struct EditionHead {
    pub number: i32,
    pub kind: EditionKind,
    pub headline: String,
    pub valid_from: Instant,
    pub valid_until: Instant,
    pub published_at: Instant,
    pub modified_at: Instant,
    pub created_by: Option<UserId>,
    pub created_at: Instant,
    pub withdrawn_at: Option<Instant>,
    pub withdrawn_by: Option<UserId>,
    pub withdrawal_reason: Option<String>,
}

impl From<&EditionRow> for EditionHead {
    fn from(row: &EditionRow) -> Self {
        Self {
            number: row.number,
            kind: row.kind,
            headline: row.headline.clone(),
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            published_at: row.published_at,
            modified_at: row.modified_at,
            created_by: row.created_by,
            created_at: row.created_at,
            withdrawn_at: row.withdrawn_at,
            withdrawn_by: row.withdrawn_by,
            withdrawal_reason: row.withdrawal_reason.clone(),
        }
    }
}

/// An edition without its document: what lists are made of.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = editions)]
pub struct Listed {
    pub article_id: ArticleId,
    pub section_id: SectionId,
    pub slug: String,
    pub language: Language,
    pub genre: Genre,
    pub headline: String,
    pub valid_from: Instant,
    pub valid_until: Instant,
    pub published_at: Instant,
    pub first_published_at: Instant,
    pub modified_at: Instant,
    pub created_at: Instant,
    pub summary: Json<Summary>,
}

text_enum! {
    /// Where an edition stands in time.
    pub enum EditionState {
        /// Its time has not come.
        Scheduled = "scheduled",
        /// Readers get it.
        Live = "live",
        /// Its time is over, or another took its place.
        Ended = "ended",
        /// It was taken out of the schedule, or replaced, before any reader had it.
        Cancelled = "cancelled",
    }
}

impl EditionState {
    /// That of an edition with these times.
    fn of(valid_from: Instant, valid_until: Instant, now: Instant) -> Self {
        if valid_until <= valid_from {
            Self::Cancelled
        } else if valid_until <= now {
            Self::Ended
        } else if valid_from > now {
            Self::Scheduled
        } else {
            Self::Live
        }
    }
}

/// How an edition was taken out of history.
#[derive(Debug, Serialize, ToSchema)]
pub struct Withdrawal {
    /// Since when readers get it for no instant.
    pub at: Instant,
    /// Who withdrew it.
    pub by: Option<UserId>,
    /// Why, for the newsroom.
    pub reason: String,
}

/// An edition in the list of an article's editions.
#[derive(Debug, Serialize, ToSchema)]
pub struct EditionSummary {
    pub number: i32,
    pub kind: EditionKind,
    pub state: EditionState,
    pub headline: String,
    pub valid_from: Instant,
    /// When it ends, or ended; null when no end is set.
    pub valid_to: Option<Instant>,
    pub published_at: Instant,
    pub modified_at: Instant,
    /// Who made it.
    pub created_by: Option<UserId>,
    pub created_at: Instant,
    /// How it was taken out of history; null where it was not.
    pub withdrawal: Option<Withdrawal>,
}

impl EditionSummary {
    /// As it stands at `now`.
    pub fn new(edition: impl Into<EditionHead>, now: Instant) -> Self {
        let row = edition.into();
        Self {
            number: row.number,
            kind: row.kind,
            state: EditionState::of(row.valid_from, row.valid_until, now),
            headline: row.headline,
            valid_from: row.valid_from,
            valid_to: row.valid_until.unless_never(),
            published_at: row.published_at,
            modified_at: row.modified_at,
            created_by: row.created_by,
            created_at: row.created_at,
            withdrawal: row.withdrawn_at.map(|at| Withdrawal {
                at,
                by: row.withdrawn_by,
                reason: row.withdrawal_reason.unwrap_or_default(),
            }),
        }
    }
}

/// One edition, whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Edition {
    #[serde(flatten)]
    pub summary: EditionSummary,
    pub article_id: ArticleId,
    pub section_id: SectionId,
    pub slug: String,
    /// The article as it was.
    pub document: EditionDocument,
    /// Why it was retracted, where it was.
    pub notice: Option<String>,
}

impl Edition {
    /// As it stands at `now`.
    pub fn new(row: EditionRow, now: Instant) -> Self {
        let mut document = row.document.0.clone();
        // The section it was in may have been merged into another since.
        document.article.section_id = Some(row.section_id);
        Self {
            summary: EditionSummary::new(&row, now),
            article_id: row.article_id,
            section_id: row.section_id,
            slug: row.slug,
            document,
            notice: row.notice,
        }
    }
}

/// Which page of an article's editions.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditionFilter {
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
