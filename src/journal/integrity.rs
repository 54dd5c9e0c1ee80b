//! What holds for the journal of an export.
use serde::Deserialize;

use crate::{
    db::journal::{ActorKind, Change},
    tags::Tag,
    time::Instant,
    transfer::integrity::Line,
};

/// The journal's end.
#[derive(Debug, Default)]
pub struct Journal {
    last: i64,
    last_at: Option<Instant>,
}

/// The longest text of an entry, in characters: of a name, an action, a word on the change.
const TEXT_MAX: usize = 2_000;

/// The row of a reader of the journal, which is no server's turn in an export.
#[derive(Deserialize)]
struct Reader {
    name: String,
    seq: i64,
}

impl Journal {
    /// Checks a change. Whom and what it names may be gone since.
    pub fn change(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<Change>() else { return };
        line.must(row.seq >= 1, "/seq", "must be at least 1");
        let in_order = self.last_at.is_none_or(|last| last <= row.at);
        line.must(in_order, "/at", "must not be earlier than that of the entry before");
        (self.last, self.last_at) = (row.seq, Some(row.at));
        line.version(row.version);
        let is_user = row.actor_kind == ActorKind::User;
        line.must(
            row.actor_id.is_some() == is_user,
            "/actor_id",
            "is for users, and for them alone",
        );
        let word = |text: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        let did = row.action.strip_prefix(&row.resource_type).and_then(|it| it.strip_prefix('.'));
        line.must(word(&row.resource_type), "/resource_type", "must be a word");
        line.must(did.is_some_and(word), "/action", "must be the type and what was done to it");
        let fits = |text: &str| text.chars().count() <= TEXT_MAX;
        line.must(fits(&row.actor_name), "/actor_name", "must have at most 2000 characters");
        line.must(fits(&row.action), "/action", "must have at most 2000 characters");
        for (at, word) in row.summary.0.iter().enumerate() {
            let at = format!("/summary/{at}");
            line.must(fits(word), &at, "must have at most 2000 characters");
        }
        for (at, tag) in row.tags.0.iter().enumerate() {
            let at = format!("/tags/{at}");
            line.must(fits(tag) && tag.parse::<Tag>().is_ok(), &at, "must be a cache tag");
        }
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let id = row.request_id.len() <= 128 && row.request_id.chars().all(safe);
        line.must(id, "/request_id", "must be the id of a request");
    }

    /// Checks how far a reader has come.
    pub fn reader(&mut self, line: &mut Line<'_>) {
        let Some(Reader { name, seq }) = line.read() else { return };
        line.must(name.chars().count() <= TEXT_MAX, "/name", "must have at most 2000 characters");
        let there = (0..=self.last).contains(&seq);
        line.must(there, "/seq", "must be a place that the journal has, or 0");
    }
}
