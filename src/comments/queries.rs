//! Every statement about comments and their threads.
use std::collections::HashMap;

use diesel::{IntoSql, prelude::*, sql_types::Bool};

use super::model::{
    CommentFilter, CommentRow, CommentSort, CommentStatus, Nicknames, RepliesFilter, RepliesShown,
    ThreadFilter, ThreadsFilter,
};
use crate::{
    db::{
        Conn,
        any_of::any_of,
        columns, dialect,
        schema::{comment_threads, comments},
    },
    error::Result,
    http::cursor::Rows,
    ids::{ArticleId, CommentId},
    time::Instant,
};

/// One comment.
pub fn find(conn: &mut Conn, id: CommentId) -> Result<CommentRow> {
    Ok(comments::table.find(id).select(CommentRow::as_select()).first(conn)?)
}

/// Those of these comments that there are. One statement for any number.
pub fn among(conn: &mut Conn, ids: &[CommentId]) -> Result<Vec<CommentRow>> {
    let rows = comments::table.filter(comments::id.eq_any(ids.to_vec()));
    Ok(rows.select(CommentRow::as_select()).load(conn)?)
}

/// One comment that stands in its thread, be it as a stub.
pub fn find_shown(conn: &mut Conn, id: CommentId) -> Result<CommentRow> {
    let shown = comments::table.find(id).filter(comments::shown.eq(true));
    Ok(shown.select(CommentRow::as_select()).first(conn)?)
}

/// Comments for moderators, the newest first, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &CommentFilter,
    after: Option<(Instant, CommentId)>,
) -> Result<Rows<CommentRow>> {
    let filtered = || {
        let mut rows = comments::table.into_boxed();
        if let Some(status) = filter.status {
            rows = rows.filter(comments::status.eq(status));
        }
        if let Some(article) = filter.article_id {
            rows = rows.filter(comments::article_id.eq(article));
        }
        rows
    };
    let total = filter.total.then(|| filtered().count().get_result(conn)).transpose()?;
    let mut rows = filtered()
        .order((comments::created_at.desc(), comments::id.desc()))
        .limit(filter.limit.rows() + 1)
        .select(CommentRow::as_select());
    if let Some((at, id)) = after {
        // The first comparison alone bounds the walk over the index, on either database.
        let behind = comments::created_at.lt(at).or(comments::id.lt(id));
        rows = rows.filter(comments::created_at.le(at)).filter(behind);
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// A thread's comments as readers get them, one more than the limit.
pub fn thread(
    conn: &mut Conn,
    article: ArticleId,
    filter: &ThreadFilter,
    after: Option<i32>,
) -> Result<Vec<CommentRow>> {
    let mut rows = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::shown.eq(true))
        .limit(filter.limit.rows() + 1)
        .select(CommentRow::as_select())
        .into_boxed();
    rows = match filter.sort {
        CommentSort::Oldest => rows.order(comments::ordinal.asc()),
        CommentSort::Newest => rows.order(comments::ordinal.desc()),
    };
    if let Some(ordinal) = after {
        rows = match filter.sort {
            CommentSort::Oldest => rows.filter(comments::ordinal.gt(ordinal)),
            CommentSort::Newest => rows.filter(comments::ordinal.lt(ordinal)),
        };
    }
    Ok(rows.load(conn)?)
}

/// The oldest comments of a thread, one more than the limit, with its count and when that last
/// changed: a thread that shows nothing counts nothing.
pub fn beginning(
    conn: &mut Conn,
    article: ArticleId,
    filter: &ThreadFilter,
) -> Result<(i32, Option<Instant>, Vec<CommentRow>)> {
    let rows: Vec<(CommentRow, i32, Instant)> = comments::table
        .inner_join(comment_threads::table.on(comment_threads::article_id.eq(comments::article_id)))
        .filter(comments::article_id.eq(article))
        .filter(comments::shown.eq(true))
        .order(comments::ordinal)
        .limit(filter.limit.rows() + 1)
        .select((CommentRow::as_select(), comment_threads::approved, comment_threads::updated_at))
        .load(conn)?;
    let tally = rows.first().map(|(_, count, at)| (*count, *at));
    let (count, changed_at) = tally.map_or((0, None), |(count, at)| (count, Some(at)));
    Ok((count, changed_at, rows.into_iter().map(|(row, ..)| row).collect()))
}

/// How many comments an article's readers see, and when that last changed; `None` where nobody
/// has written any.
pub fn tally(conn: &mut Conn, article: ArticleId) -> Result<Option<(i32, Instant)>> {
    let row = comment_threads::table
        .find(article)
        .select((comment_threads::approved, comment_threads::updated_at))
        .first(conn);
    Ok(row.optional()?)
}

/// The same of several articles, of those that have any. One statement for any number.
pub fn tallies(
    conn: &mut Conn,
    articles: &[ArticleId],
) -> Result<HashMap<ArticleId, (i32, Instant)>> {
    let rows: Vec<(ArticleId, i32, Instant)> = comment_threads::table
        .filter(any_of(comment_threads::article_id, articles.iter().copied()))
        .select((
            comment_threads::article_id,
            comment_threads::approved,
            comment_threads::updated_at,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(article, count, at)| (article, (count, at))).collect())
}

/// The threads of an article as readers get them, by the comments that they begin with, one more
/// than the limit.
pub fn threads(
    conn: &mut Conn,
    article: ArticleId,
    filter: &ThreadsFilter,
    after: Option<i32>,
) -> Result<Vec<CommentRow>> {
    let mut rows = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::thread_id.is_null())
        .filter(comments::shown.eq(true))
        .limit(filter.limit.rows() + 1)
        .select(CommentRow::as_select())
        .into_boxed();
    rows = match filter.sort {
        CommentSort::Oldest => rows.order(comments::ordinal.asc()),
        CommentSort::Newest => rows.order(comments::ordinal.desc()),
    };
    if let Some(ordinal) = after {
        rows = match filter.sort {
            CommentSort::Oldest => rows.filter(comments::ordinal.gt(ordinal)),
            CommentSort::Newest => rows.filter(comments::ordinal.lt(ordinal)),
        };
    }
    Ok(rows.load(conn)?)
}

/// The oldest replies of each of these threads, up to so many and one more: two statements for any
/// number of threads.
pub fn first_replies(
    conn: &mut Conn,
    article: ArticleId,
    threads: &[CommentId],
    limit: RepliesShown,
) -> Result<HashMap<CommentId, Vec<CommentRow>>> {
    let mut first: HashMap<CommentId, Vec<CommentRow>> = HashMap::new();
    if threads.is_empty() {
        return Ok(first);
    }
    let ids = dialect::replies::first_of_each(conn, article, threads, limit.rows() + 1)?;
    let rows: Vec<CommentRow> = comments::table
        .filter(any_of(comments::id, ids))
        .order(comments::ordinal)
        .select(CommentRow::as_select())
        .load(conn)?;
    for row in rows {
        if let Some(thread) = row.thread_id {
            first.entry(thread).or_default().push(row);
        }
    }
    Ok(first)
}

/// What is said in the thread that the comment begins, or in reply to it, as readers get it, one
/// more than the limit.
pub fn replies(
    conn: &mut Conn,
    comment: &CommentRow,
    filter: &RepliesFilter,
    after: Option<i32>,
) -> Result<Vec<CommentRow>> {
    let rows = comments::table
        .filter(comments::article_id.eq(comment.article_id))
        .filter(comments::shown.eq(true))
        .filter(comments::ordinal.gt(after.unwrap_or_default()))
        .order(comments::ordinal)
        .limit(filter.limit.rows() + 1)
        .select(CommentRow::as_select())
        .into_boxed();
    let rows = match comment.thread_id {
        None => rows.filter(comments::thread_id.eq(comment.id)),
        Some(_) => rows.filter(comments::parent_id.eq(comment.id)),
    };
    Ok(rows.load(conn)?)
}

/// Who wrote those of these comments that readers see.
pub fn nicknames(conn: &mut Conn, ids: &[CommentId]) -> Result<Nicknames> {
    if ids.is_empty() {
        return Ok(Nicknames::new());
    }
    let rows: Vec<(CommentId, String)> = comments::table
        .filter(any_of(comments::id, ids.iter().copied()))
        .filter(comments::status.eq(CommentStatus::Approved))
        .select((comments::id, comments::nickname))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Of a comment that readers see as itself: what its thread begins with, if not with itself.
pub fn thread_of(
    conn: &mut Conn,
    article: ArticleId,
    id: CommentId,
) -> Result<Option<Option<CommentId>>> {
    let row = comments::table
        .find(id)
        .filter(comments::article_id.eq(article))
        .filter(comments::status.eq(CommentStatus::Approved))
        .select(comments::thread_id)
        .first(conn);
    Ok(row.optional()?)
}

/// Whether the same was said under the article in this time, whatever became of it.
pub fn was_said(
    conn: &mut Conn,
    article: ArticleId,
    digest: &str,
    (since, until): (Instant, Instant),
) -> Result<bool> {
    let said = comments::table
        .filter(comments::article_id.eq(article))
        .filter(comments::body_digest.eq(digest))
        .filter(comments::created_at.gt(since).and(comments::created_at.le(until)));
    Ok(diesel::select(diesel::dsl::exists(said)).get_result(conn)?)
}

/// The next place in an article's thread. The caller holds the article's lock.
pub fn take_ordinal(conn: &mut Conn, article: ArticleId, now: Instant) -> Result<i32> {
    let taken = diesel::update(comment_threads::table.find(article))
        .set(comment_threads::last_ordinal.eq(comment_threads::last_ordinal + 1))
        .returning(comment_threads::last_ordinal)
        .get_result(conn)
        .optional()?;
    if let Some(ordinal) = taken {
        return Ok(ordinal);
    }
    diesel::insert_into(comment_threads::table)
        .values((
            comment_threads::article_id.eq(article),
            comment_threads::last_ordinal.eq(1),
            comment_threads::approved.eq(0),
            comment_threads::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(1)
}

/// Stores a new comment.
pub fn insert(conn: &mut Conn, comment: &CommentRow) -> Result<()> {
    diesel::insert_into(comments::table).values(comment.clone()).execute(conn)?;
    Ok(())
}

/// Counts one approved comment more or less, under its article, in its thread, and with the comment
/// that it replies to. The caller holds the article's lock.
pub fn count(conn: &mut Conn, comment: &CommentRow, by: i32, now: Instant) -> Result<()> {
    diesel::update(comment_threads::table.find(comment.article_id))
        .set((
            comment_threads::approved.eq(comment_threads::approved + by),
            comment_threads::updated_at.eq(now),
        ))
        .execute(conn)?;
    for above in comment.counted_by() {
        let approved = comments::status.eq(CommentStatus::Approved);
        diesel::update(comments::table.find(above))
            .set((
                comments::replies.eq(comments::replies + by),
                comments::shown.eq(approved.or((comments::replies + by).gt(0))),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Stores what was decided about a comment; answers the comment as it is then. Its replies are
/// counted by [`count`] alone.
pub fn decide(conn: &mut Conn, decided: &CommentRow) -> Result<CommentRow> {
    let shown = comments::replies.gt(0).or(decided.is_approved().into_sql::<Bool>());
    Ok(diesel::update(comments::table.find(decided.id))
        .set((
            comments::status.eq(decided.status),
            comments::reason.eq(decided.reason),
            comments::note.eq(decided.note.clone()),
            comments::shown.eq(shown),
            comments::version.eq(decided.version),
            comments::updated_at.eq(decided.updated_at),
        ))
        .returning(columns::<CommentRow>())
        .get_result(conn)?)
}

/// How many comments wait for a moderator; only so many are looked at.
pub fn pending(conn: &mut Conn, looked_at: i64) -> Result<usize> {
    let pending = comments::table.filter(comments::status.eq(CommentStatus::Pending));
    let ids: Vec<CommentId> = pending.limit(looked_at).select(comments::id).load(conn)?;
    Ok(ids.len())
}
