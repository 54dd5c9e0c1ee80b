//! What holds for the comments of an export, reports of them, and listed words.
use std::collections::HashMap;

use serde::Deserialize;
use validator::Validate;

use super::{
    decisions::{Decision, DecisionInput},
    model::{AuthorKind, CommentRow, CommentStatus, StaffCommentInput},
    reports::model::ReportRow,
    wording,
    words::model::CommentWord,
};
use crate::{
    ids::{ArticleId, CommentId, CommentWordId, ReportId, UserId},
    text::{self, likeness},
    time::Instant,
    transfer::integrity::{Ids, Line, Place, Problems},
};

/// The comments that there are.
#[derive(Debug)]
pub struct Comments {
    ids: Ids<CommentId>,
    threads: HashMap<ArticleId, Thread>,
    /// What they say of their replies, and what there is.
    parents: HashMap<CommentId, Parent>,
    reports: Ids<ReportId>,
    words: Ids<CommentWordId>,
    likenesses: HashMap<String, u64>,
}

/// An article's thread: what its row says, and what was counted.
#[derive(Debug)]
struct Thread {
    place: Place,
    last_ordinal: i32,
    approved: i32,
    counted: i32,
}

/// A comment that can be replied to.
#[derive(Debug)]
struct Parent {
    place: Place,
    article: ArticleId,
    /// What its thread begins with.
    thread: CommentId,
    replies: i32,
    counted: i32,
}

impl Default for Comments {
    fn default() -> Self {
        Self {
            ids: Ids::of("a comment"),
            threads: HashMap::new(),
            parents: HashMap::new(),
            reports: Ids::of("a report"),
            words: Ids::of("a listed word"),
            likenesses: HashMap::new(),
        }
    }
}

/// A thread's row.
#[derive(Deserialize)]
struct ThreadRow {
    article_id: ArticleId,
    last_ordinal: i32,
    approved: i32,
    #[serde(rename = "updated_at")]
    _updated_at: Instant,
}

/// What stands in for a nickname: that of staff is their name, and may be longer.
#[derive(Validate)]
struct Name {
    #[validate(length(min = 1, max = 80), custom(function = "text::one_line"))]
    nickname: String,
}

impl Comments {
    /// Checks a thread's counts, once its comments are known.
    pub fn thread(&mut self, line: &mut Line<'_>, articles: &Ids<ArticleId>) {
        let Some(row) = line.read::<ThreadRow>() else { return };
        line.refers("/article_id", row.article_id, articles);
        let ThreadRow { article_id, last_ordinal, approved, _updated_at: _ } = row;
        let thread = Thread { place: line.place(), last_ordinal, approved, counted: 0 };
        self.threads.insert(article_id, thread);
    }

    /// Checks a comment, which comes after the one that it replies to.
    pub fn comment(&mut self, line: &mut Line<'_>, users: &Ids<UserId>) {
        let Some(row) = line.read::<CommentRow>() else { return };
        line.named(row.id, &mut self.ids);
        wording_of(line, &row);
        let counted_by = row.counted_by();
        let CommentRow {
            id,
            article_id: article,
            parent_id,
            thread_id,
            ordinal,
            author_kind,
            nickname: _,
            user_id,
            body: _,
            body_digest: _,
            status,
            reason,
            note,
            replies,
            shown,
            version,
            created_at: _,
            updated_at: _,
        } = row;
        line.version(version);
        let approved = status == CommentStatus::Approved;
        line.must(shown == (approved || replies > 0), "/shown", "must follow from the status");
        let decision = match status {
            CommentStatus::Rejected => Decision::Reject,
            CommentStatus::Approved => Decision::Approve,
            CommentStatus::Pending | CommentStatus::Deleted => Decision::Hold,
        };
        line.valid(&DecisionInput { decision, reason, note }, "");
        match (author_kind, user_id) {
            (AuthorKind::Guest, Some(_)) => line.broken("/user_id", "is for staff"),
            (_, Some(user)) => line.refers("/user_id", user, users),
            (_, None) => {}
        }
        match self.threads.get_mut(&article) {
            None => line.broken("/article_id", "has no row in comment_threads.ndjson"),
            Some(thread) => {
                let within = (1..=thread.last_ordinal).contains(&ordinal);
                line.must(within, "/ordinal", "must be from 1 to the thread's last_ordinal");
                thread.counted += i32::from(approved);
            }
        }
        let thread = self.thread_of(line, article, (parent_id, thread_id));
        if approved {
            for above in counted_by {
                if let Some(above) = self.parents.get_mut(&above) {
                    above.counted += 1;
                }
            }
        }
        let parent = Parent {
            place: line.place(),
            article,
            thread: thread.unwrap_or(id),
            replies,
            counted: 0,
        };
        self.parents.insert(id, parent);
    }

    /// What the thread of a comment begins with, where it is a reply to one before it.
    fn thread_of(
        &self,
        line: &mut Line<'_>,
        article: ArticleId,
        (parent, thread): (Option<CommentId>, Option<CommentId>),
    ) -> Option<CommentId> {
        let mut expected = None;
        if let Some(parent) = parent {
            let known = self.parents.get(&parent).filter(|known| known.article == article);
            let Some(known) = known else {
                line.broken("/parent_id", "is no earlier comment under this article");
                return thread;
            };
            expected = Some(known.thread);
        }
        line.must(thread == expected, "/thread_id", "must be that of the comment it replies to");
        expected
    }

    /// Checks a report.
    pub fn report(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<ReportRow>() else { return };
        let ReportRow { id, comment_id, kind, notice, resolved: _, created_at: _, reporter: _ } =
            row;
        line.named(id, &mut self.reports);
        line.refers("/comment_id", comment_id, &self.ids);
        line.must(kind == notice.0.kind(), "/kind", "must be that of the notice");
        line.valid(&notice.0, "/notice");
    }

    /// Checks a listed word.
    pub fn word(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<CommentWord>() else { return };
        line.named(row.id, &mut self.words);
        line.version(row.version);
        line.valid(&row.input(), "");
        let alike = likeness::of_listed(&row.word).unwrap_or_default();
        line.must(row.likeness == alike, "/likeness", "must be made of the word");
        if let Some(first) = self.likenesses.insert(row.likeness, line.place().line) {
            line.broken("/likeness", &format!("is the likeness of line {first} as well"));
        }
    }

    /// Checks the counts.
    pub fn finish(&self, problems: &mut Problems) {
        for thread in self.threads.values().filter(|it| it.approved != it.counted) {
            let detail = format!("must be {}: as many comments are approved", thread.counted);
            problems.add(thread.place, "/approved", &detail);
        }
        for parent in self.parents.values().filter(|it| it.replies != it.counted) {
            let detail = format!("must be {}: as many replies are approved", parent.counted);
            problems.add(parent.place, "/replies", &detail);
        }
    }
}

/// What a comment says, and under which name.
fn wording_of(line: &mut Line<'_>, row: &CommentRow) {
    let (nickname, body) = (row.nickname.clone(), row.body.clone());
    line.must(body == wording::tidy_body(&body), "/body", "must be tidy: no needless spaces");
    line.must(row.body_digest == text::fingerprint(&body), "/body_digest", "must be the body's");
    line.valid(&StaffCommentInput { article_id: row.article_id, body, parent_id: None }, "");
    if row.author_kind == AuthorKind::Guest {
        let fits = nickname.chars().count() <= 40 && nickname == wording::tidy_name(&nickname);
        line.must(fits, "/nickname", "must have 1 to 40 characters and no needless spaces");
    }
    line.valid(&Name { nickname }, "");
}
