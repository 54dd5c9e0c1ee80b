//! Every statement about reports.
use std::collections::HashSet;

use diesel::prelude::*;

use super::model::{ReportFilter, ReportRow};
use crate::{
    comments::model::CommentRow,
    db::{
        Conn,
        schema::{comment_reports, comments},
    },
    error::Result,
    http::cursor::Rows,
    ids::{CommentId, ReportId},
    time::Instant,
};

/// Where a page of reports ended: among the resolved ones or not, and at which.
pub type Place = (bool, Instant, ReportId);

/// For how long it is known where a report came from, in seconds.
const KNOWN: i64 = 30 * 24 * 60 * 60;

/// The report of a comment from there, if there is one.
pub fn by_reporter(
    conn: &mut Conn,
    comment: CommentId,
    reporter: Option<&str>,
) -> Result<Option<ReportRow>> {
    let Some(reporter) = reporter else { return Ok(None) };
    let report = comment_reports::table
        .filter(comment_reports::comment_id.eq(comment))
        .filter(comment_reports::reporter.eq(reporter));
    Ok(report.select(ReportRow::as_select()).first(conn).optional()?)
}

/// From how many places open reports about a comment came.
pub fn reporters(conn: &mut Conn, comment: CommentId) -> Result<i64> {
    let open = comment_reports::table
        .filter(comment_reports::comment_id.eq(comment))
        .filter(comment_reports::resolved.eq(false))
        .filter(comment_reports::reporter.is_not_null());
    Ok(open.count().get_result(conn)?)
}

/// Stores a new report, and forgets where old ones came from.
pub fn insert(conn: &mut Conn, report: &ReportRow) -> Result<()> {
    // What is still to come was stored by a clock that was wrong: nobody knows how old it is.
    let old = comment_reports::created_at
        .le(report.created_at.plus_seconds(-KNOWN))
        .or(comment_reports::created_at.gt(report.created_at.latest()));
    diesel::update(comment_reports::table.filter(old.and(comment_reports::reporter.is_not_null())))
        .set(comment_reports::reporter.eq(None::<String>))
        .execute(conn)?;
    diesel::insert_into(comment_reports::table).values(report.clone()).execute(conn)?;
    Ok(())
}

/// Resolves the open reports about a comment; answers how many there were.
pub fn resolve(conn: &mut Conn, comment: CommentId) -> Result<usize> {
    let open = comment_reports::table
        .filter(comment_reports::comment_id.eq(comment))
        .filter(comment_reports::resolved.eq(false));
    Ok(diesel::update(open).set(comment_reports::resolved.eq(true)).execute(conn)?)
}

/// Those of these comments that open reports are about. One statement for any number.
pub fn reported(conn: &mut Conn, comments: &[CommentId]) -> Result<HashSet<CommentId>> {
    let open: Vec<CommentId> = comment_reports::table
        .filter(comment_reports::comment_id.eq_any(comments.to_vec()))
        .filter(comment_reports::resolved.eq(false))
        .select(comment_reports::comment_id)
        .distinct()
        .load(conn)?;
    Ok(open.into_iter().collect())
}

/// Reports with their comments, open ones first, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &ReportFilter,
    after: Option<Place>,
) -> Result<Rows<(ReportRow, CommentRow)>> {
    let total = filter.total.then(|| count(conn, filter)).transpose()?;
    let wanted = filter.limit.rows() + 1;
    let mut rows = Vec::new();
    // Two walks over one index, each of which can begin where the page before ended.
    for resolved in [false, true] {
        let missing = wanted - i64::try_from(rows.len()).unwrap_or(wanted);
        let passed = after.is_some_and(|(of, ..)| of && !resolved);
        if missing > 0 && !passed && filter.resolved.is_none_or(|only| only == resolved) {
            let after = after.filter(|(of, ..)| *of == resolved);
            let after = after.map(|(_, at, id)| (at, id));
            rows.extend(some(conn, filter, resolved, after, missing)?);
        }
    }
    Ok(Rows { rows, total })
}

fn count(conn: &mut Conn, filter: &ReportFilter) -> Result<i64> {
    let mut rows = comment_reports::table.into_boxed();
    if let Some(resolved) = filter.resolved {
        rows = rows.filter(comment_reports::resolved.eq(resolved));
    }
    if let Some(kind) = filter.kind {
        rows = rows.filter(comment_reports::kind.eq(kind));
    }
    Ok(rows.count().get_result(conn)?)
}

fn some(
    conn: &mut Conn,
    filter: &ReportFilter,
    resolved: bool,
    after: Option<(Instant, ReportId)>,
    limit: i64,
) -> Result<Vec<(ReportRow, CommentRow)>> {
    let mut rows = comment_reports::table
        .inner_join(comments::table)
        .filter(comment_reports::resolved.eq(resolved))
        .order((comment_reports::created_at, comment_reports::id))
        .limit(limit)
        .select((ReportRow::as_select(), CommentRow::as_select()))
        .into_boxed();
    if let Some(kind) = filter.kind {
        rows = rows.filter(comment_reports::kind.eq(kind));
    }
    if let Some((at, id)) = after {
        let behind = comment_reports::created_at.gt(at).or(comment_reports::id.gt(id));
        rows = rows.filter(comment_reports::created_at.ge(at)).filter(behind);
    }
    Ok(rows.load(conn)?)
}

/// How many reports nobody has decided about; only so many are looked at.
pub fn open(conn: &mut Conn, looked_at: i64) -> Result<usize> {
    let open = comment_reports::table.filter(comment_reports::resolved.eq(false));
    let ids: Vec<ReportId> = open.limit(looked_at).select(comment_reports::id).load(conn)?;
    Ok(ids.len())
}
