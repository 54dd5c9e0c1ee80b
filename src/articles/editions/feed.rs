//! Lists of public articles: constant cost for any section, any page, any age of the archive.
use diesel::prelude::*;

use super::{model::Listed, queries::When, retirement};
use crate::{
    db::{
        Conn,
        any_of::any_of,
        dialect::merge::{self, Merge},
        schema::editions,
    },
    error::Result,
    http::cursor::Rows,
    ids::ArticleId,
    tags::Facet,
    text_enum,
    time::Instant,
};

text_enum! {
    /// The order of a list.
    #[derive(Default)]
    pub enum Sort {
        /// By `published_at`, the newest first.
        #[default]
        Newest = "newest",
        /// By `published_at`, the oldest first.
        Oldest = "oldest",
    }
}

/// One page of a list of public articles.
#[derive(Debug)]
pub struct Feed {
    /// The lists whose articles are merged: a section and those below it, or one other list.
    pub any_of: Vec<Facet>,
    /// The lists that an article must stand in as well.
    pub all_of: Vec<Facet>,
    /// The lists of which an article must stand in one; empty where that does not matter.
    pub within: Vec<Facet>,
    /// Published at this instant or later.
    pub from: Option<Instant>,
    /// Published before this instant.
    pub to: Option<Instant>,
    /// The order.
    pub sort: Sort,
    /// Where the page before ended.
    pub after: Option<(Instant, ArticleId)>,
    /// For which instant.
    pub when: When,
    /// How many rows.
    pub limit: i64,
    /// Whether to count what is on all pages together.
    pub total: bool,
}

/// The rows of the page, in its order: two statements for any number of sections and rows.
pub fn rows(conn: &mut Conn, feed: &Feed) -> Result<Rows<Listed>> {
    if feed.any_of.is_empty() {
        return Ok(Rows { rows: Vec::new(), total: feed.total.then_some(0) });
    }
    let When { at, now } = feed.when;
    let merge = Merge {
        any_of: &feed.any_of,
        all_of: &feed.all_of,
        within: &feed.within,
        at,
        still_at: (at < now).then_some(now),
        retired: retirement::can_have_retired(at, now),
        from: feed.from,
        to: feed.to,
        newest_first: feed.sort == Sort::Newest,
        after: feed.after,
        limit: feed.limit,
    };
    let total = feed.total.then(|| merge::count(conn, &merge)).transpose()?;
    let ids = merge::page(conn, &merge)?;
    let mut rows: Vec<Listed> =
        editions::table.filter(any_of(editions::id, ids)).select(Listed::as_select()).load(conn)?;
    rows.sort_by_key(|row| (row.published_at, row.article_id));
    if feed.sort == Sort::Newest {
        rows.reverse();
    }
    Ok(Rows { rows, total })
}
