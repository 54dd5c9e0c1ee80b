//! The way of a new comment: open? who? in answer to what? said before? too much? what words?
//! linked? and the mode.
use std::num::NonZeroU32;

use super::{
    flood,
    model::{AuthorKind, CommentInput, CommentRow, CommentStatus, Reason, StaffCommentInput},
    queries, threads, wording,
    words::{self, model::WordKind},
};
use crate::{
    auth::guard::Caller,
    db::{Tx, journal::Entry},
    error::{Error, FieldError, Result},
    ids::{ArticleId, CommentId, UserId},
    sections::model::CommentsMode,
    text::{self, likeness::Finder},
    users,
};

/// For how long the same may not be said again under an article: a day, in seconds.
const REPEATED: i64 = 24 * 60 * 60;

/// A comment that has passed every check, on its way into the thread.
struct Passed {
    parent_id: Option<CommentId>,
    thread_id: Option<CommentId>,
    kind: AuthorKind,
    nickname: String,
    user_id: Option<UserId>,
    body: String,
    status: CommentStatus,
    reason: Option<Reason>,
    note: Option<String>,
}

/// What is done about a comment before anybody looks at it.
enum Filtered {
    Shown,
    /// Held for a moderator, for this reason.
    Held(&'static str),
    /// Set aside as spam, for this reason.
    Aside(&'static str),
}

/// Takes in a reader's comment: shown at once, held for a moderator, or set aside. The party is
/// a pseudonym for where it comes from; comments close after so many days, where the newsroom says
/// so.
pub fn by_guest(
    tx: &mut Tx<'_>,
    article: ArticleId,
    input: &CommentInput,
    party: Option<&str>,
    close_after: Option<NonZeroU32>,
) -> Result<CommentRow> {
    tx.lock(article)?;
    let now = tx.now();
    let mode = threads::open(tx, article, close_after, now)?;
    let nickname = wording::tidy_name(&input.nickname);
    let body = wording::tidy_body(&input.body);
    if users::queries::is_named_like(tx, &nickname)? {
        let detail = "is the name of someone in the newsroom";
        return Err(Error::invalid("/nickname", "staff_name", detail));
    }
    let thread_id = thread_of(tx, article, input.parent_id)?;
    let lately = (now.plus_seconds(-REPEATED), now.latest());
    if queries::was_said(tx, article, &text::fingerprint(&body), lately)? {
        let detail = "The same was said under this article within the last 24 hours.";
        let errors = vec![FieldError::at("/body", "repeated", detail)];
        return Err(Error::Conflict { detail: detail.to_owned(), errors });
    }
    if let Some(party) = party {
        flood::check(tx, article, party)?;
    }
    let (status, reason, note) = match filter(tx, article, &nickname, &body, input)? {
        Filtered::Shown if mode == CommentsMode::Pre => (CommentStatus::Pending, None, None),
        Filtered::Shown => (CommentStatus::Approved, None, None),
        Filtered::Held(why) => (CommentStatus::Pending, None, Some(why)),
        Filtered::Aside(why) => (CommentStatus::Rejected, Some(Reason::Spam), Some(why)),
    };
    let passed = Passed {
        parent_id: input.parent_id,
        thread_id,
        kind: AuthorKind::Guest,
        nickname,
        user_id: None,
        body,
        status,
        reason,
        note: note.map(str::to_owned),
    };
    store(tx, article, passed)
}

/// Refuses banned words, and tells what else is wrong with a comment.
fn filter(
    tx: &mut Tx<'_>,
    article: ArticleId,
    nickname: &str,
    body: &str,
    input: &CommentInput,
) -> Result<Filtered> {
    if input.website.as_ref().is_some_and(|website| !website.is_empty()) {
        return Ok(Filtered::Aside("Set aside by the filter: it fills in what people do not see."));
    }
    let listed = words::queries::likenesses(tx)?;
    let listed = Finder::new(listed.iter().map(|(likeness, kind)| (likeness.as_str(), *kind)));
    let found =
        [("/nickname", nickname), ("/body", body)].map(|(at, said)| (at, listed.worst_in(said)));
    if let Some((at, _)) = found.iter().find(|(_, kind)| *kind == Some(WordKind::Banned)) {
        return Err(Error::invalid(at, "banned_word", "has a word that is not printed here"));
    }
    if found.iter().any(|(_, kind)| kind.is_some()) {
        return Ok(Filtered::Held("Held by the filter: it has a suspect word."));
    }
    if wording::has_link(nickname) || wording::has_link(body) {
        return Ok(Filtered::Held("Held by the filter: it has a link."));
    }
    if flood::is_on(tx, article)? {
        return Ok(Filtered::Held("Held by the filter: there is a flood of comments here."));
    }
    Ok(Filtered::Shown)
}

/// Takes in a comment of the newsroom's own, shown at once.
pub fn by_staff(
    tx: &mut Tx<'_>,
    caller: &Caller,
    input: &StaffCommentInput,
    close_after: Option<NonZeroU32>,
) -> Result<CommentRow> {
    tx.lock(input.article_id)?;
    let now = tx.now();
    // The article is named in the body here, so its absence is the body's fault.
    threads::open(tx, input.article_id, close_after, now).map_err(|err| match err {
        Error::NotFound | Error::Gone(_) => {
            Error::invalid("/article_id", "missing", "is not the id of a public article")
        }
        other => other,
    })?;
    let thread_id = thread_of(tx, input.article_id, input.parent_id)?;
    let passed = Passed {
        parent_id: input.parent_id,
        thread_id,
        kind: AuthorKind::Staff,
        nickname: caller.name.clone(),
        user_id: Some(caller.id),
        body: wording::tidy_body(&input.body),
        status: CommentStatus::Approved,
        reason: None,
        note: None,
    };
    store(tx, input.article_id, passed)
}

/// What the thread of a reply to `parent` begins with; `None` where there is none to reply to.
fn thread_of(
    tx: &mut Tx<'_>,
    article: ArticleId,
    parent: Option<CommentId>,
) -> Result<Option<CommentId>> {
    let Some(parent) = parent else { return Ok(None) };
    let Some(thread) = queries::thread_of(tx, article, parent)? else {
        let detail = "is not the id of a comment that is shown under this article";
        return Err(Error::invalid("/parent_id", "missing", detail));
    };
    Ok(Some(thread.unwrap_or(parent)))
}

fn store(tx: &mut Tx<'_>, article: ArticleId, passed: Passed) -> Result<CommentRow> {
    let now = tx.now();
    let approved = passed.status == CommentStatus::Approved;
    let comment = CommentRow {
        id: CommentId::new(),
        article_id: article,
        parent_id: passed.parent_id,
        thread_id: passed.thread_id,
        ordinal: queries::take_ordinal(tx, article, now)?,
        author_kind: passed.kind,
        nickname: passed.nickname,
        user_id: passed.user_id,
        body_digest: text::fingerprint(&passed.body),
        body: passed.body,
        status: passed.status,
        reason: passed.reason,
        note: passed.note,
        replies: 0,
        shown: approved,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    queries::insert(tx, &comment)?;
    let mut entry = Entry::new("posted", &comment).note(comment.status.as_str());
    if approved {
        queries::count(tx, &comment, 1, now)?;
        // What nobody sees makes nothing stale.
        entry = entry.stale(comment.tags());
    }
    tx.record(entry)?;
    Ok(comment)
}
