//! Whether an article takes comments, and when they close by themselves: so many days after its
//! publication, by the clock alone.
use std::num::NonZeroU32;

use crate::{
    articles::editions::shown::ShownArticle,
    http::cache::Made,
    sections::model::{CommentsMode, Section},
    time::Instant,
};

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// Whether an article takes comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Openness {
    /// What becomes of a new comment now.
    pub mode: CommentsMode,
    /// When they close by themselves, or have closed; `None` where they do not.
    pub closes_at: Option<Instant>,
}

impl Openness {
    /// That of an article at `now`: what it says itself goes before what its section says, and
    /// that before the setting `COMMENTS_CLOSE_AFTER_DAYS`. Without a section it takes none, unless
    /// it says so itself.
    pub fn of(
        article: &ShownArticle,
        published_at: Instant,
        section: Option<&Section>,
        setting: Option<NonZeroU32>,
        now: Instant,
    ) -> Self {
        let of_section = section.map_or(CommentsMode::Closed, |section| section.comments_mode);
        let mode = article.comments_mode.resolved(of_section);
        let days = article
            .comments_close_after_days
            .or_else(|| section?.comments_close_after_days)
            .map_or_else(|| setting.map_or(0, |days| days.get().into()), i64::from);
        let closes_at = match mode {
            CommentsMode::Closed => None,
            CommentsMode::Pre | CommentsMode::Post => {
                (days > 0).then(|| published_at.plus_seconds(days.saturating_mul(DAY)))
            }
        };
        match closes_at {
            Some(at) if at <= now => Self { mode: CommentsMode::Closed, closes_at },
            _ => Self { mode, closes_at },
        }
    }

    /// Lets an answer that says so end with it.
    pub fn tell(&self, now: Instant, made: &mut Made) {
        made.changes_at(self.closes_at, now);
        made.modified(self.closes_at.filter(|at| *at <= now));
    }
}
