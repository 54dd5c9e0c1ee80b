//! The merge of several sorted lists into one page of it. As SQL, since only a `union all` of
//! limited branches makes both databases walk each list's own index and nothing else.
use std::{fmt::Write, mem};

use diesel::{RunQueryDsl, sql_types};

use super::statement::{Bind, Statement};
use crate::{
    db::Conn,
    error::Result,
    ids::{AnyId, ArticleId, Uid},
    tags::Facet,
    time::Instant,
};

/// Which keys of editions to merge, and how.
#[derive(Debug)]
pub struct Merge<'a> {
    /// The lists to merge; no edition stands in two of them.
    pub any_of: &'a [Facet],
    /// The lists that an edition must stand in as well.
    pub all_of: &'a [Facet],
    /// The lists of which an edition must stand in one; empty where that does not matter.
    pub within: &'a [Facet],
    /// For which instant.
    pub at: Instant,
    /// Where `at` is past: only articles that are public at this instant, too.
    pub still_at: Option<Instant>,
    /// Whether an edition that was public at `at` can have been retired since.
    pub retired: bool,
    /// Published at this instant or later.
    pub from: Option<Instant>,
    /// Published before this instant.
    pub to: Option<Instant>,
    /// Whether the newest come first.
    pub newest_first: bool,
    /// Where the page before ended.
    pub after: Option<(Instant, ArticleId)>,
    /// How many.
    pub limit: i64,
}

impl Merge<'_> {
    /// Whether it is of a kind that strangers could ask for in very many forms.
    fn is_rare(&self) -> bool {
        let filtered = self.from.is_some() || self.to.is_some() || self.all_of.len() > 1;
        filtered || self.still_at.is_some()
    }

    /// Each list, and whether to look among the editions that ended long ago: those stand apart,
    /// in an order of their own.
    fn branches(&self) -> impl Iterator<Item = (&Facet, bool)> {
        let ages: &[bool] = if self.retired { &[false, true] } else { &[false] };
        self.any_of.iter().flat_map(move |facet| ages.iter().map(move |age| (facet, *age)))
    }
}

/// The editions of one page, in no order: whoever reads their rows sorts those.
pub fn page(conn: &mut Conn, merge: &Merge<'_>) -> Result<Vec<AnyId>> {
    let mut statement = Statement::<Uid>::new(merge.is_rare());
    let order = if merge.newest_first { "desc" } else { "asc" };
    statement.push_sql("select edition_id from (");
    for (number, (facet, retired)) in merge.branches().enumerate() {
        let joint = if number == 0 { "" } else { " union all " };
        statement.push_sql(joint);
        statement.push_sql("select * from (");
        conditions(&mut statement, merge, facet, retired);
        let _ = write!(statement.end, " order by k.published_at {order}, k.article_id {order}");
        statement.push(" limit ", Bind::Count(merge.limit));
        let _ = write!(statement.end, ") branch{number}");
    }
    let _ = write!(statement.end, ") merged order by published_at {order}, article_id {order}");
    statement.push(" limit ", Bind::Count(merge.limit));

    Ok(statement.load(conn)?)
}

/// The highest count; beyond it, counting would cost more than the answer is worth.
const COUNTED: i64 = 10_000;

/// How many editions there are on all pages together, up to 10,000.
pub fn count(conn: &mut Conn, merge: &Merge<'_>) -> Result<i64> {
    let mut merge = Merge { after: None, ..*merge };
    if merge.any_of == [Facet::all()] && !merge.within.is_empty() {
        // An edition stands in one of these lists at the most, and a sum needs no order.
        merge.any_of = mem::take(&mut merge.within);
    }
    let mut statement = Statement::<sql_types::BigInt>::new(merge.is_rare());
    statement.push_sql("select count(*) as total from (select 1 from (");
    for (number, (facet, retired)) in merge.branches().enumerate() {
        statement.push_sql(if number == 0 { "" } else { " union all " });
        conditions(&mut statement, &merge, facet, retired);
    }
    statement.push(") merged limit ", Bind::Count(COUNTED));
    statement.push_sql(") counted");
    Ok(statement.get_result(conn)?)
}

/// Only what stands behind this place.
fn behind<T>(to: &mut Statement<T>, side: char, (at, id): (Instant, ArticleId)) {
    let _ = write!(to.end, " and (k.published_at, k.article_id) {side} ");
    to.push("(", Bind::At(at));
    to.push(", ", Bind::Id(AnyId(id.0)));
    to.push_sql(")");
}

/// The keys of one list that are wanted, in no order.
fn conditions<T>(to: &mut Statement<T>, merge: &Merge<'_>, facet: &Facet, retired: bool) {
    to.push_sql("select k.edition_id, k.published_at, k.article_id from edition_keys k");
    to.push(" where k.facet = ", Bind::Text(facet.as_str().to_owned()));
    to.push(" and k.retired = ", Bind::Bool(retired));
    to.push(" and k.valid_from <= ", Bind::At(merge.at));
    to.push(" and k.valid_until > ", Bind::At(merge.at));
    // One bound at each end, the closest, is where the index starts and stops: given two, a
    // database may take the wrong one and walk over everything in between.
    let (newer, older) = match merge.after {
        Some(place) if merge.newest_first => (Some(place), None),
        place => (None, place),
    };
    // Nothing is published later than it becomes valid.
    let end = merge.to.filter(|to| *to <= merge.at);
    match (newer, end) {
        (Some(place), end) if place.0 <= merge.at && end.is_none_or(|end| place.0 < end) => {
            behind(to, '<', place);
        }
        (_, Some(end)) => to.push(" and k.published_at < ", Bind::At(end)),
        (_, None) => to.push(" and k.published_at <= ", Bind::At(merge.at)),
    }
    match (older, merge.from) {
        (Some(place), from) if from.is_none_or(|from| place.0 >= from) => behind(to, '>', place),
        (_, Some(from)) => to.push(" and k.published_at >= ", Bind::At(from)),
        (_, None) => {}
    }
    for other in merge.all_of {
        to.push_sql(" and exists (select 1 from edition_keys o where o.edition_id = k.edition_id");
        to.push(" and o.facet = ", Bind::Text(other.as_str().to_owned()));
        to.push_sql(")");
    }
    for (number, list) in merge.within.iter().enumerate() {
        let joint = if number == 0 {
            " and exists (select 1 from edition_keys w where w.edition_id = k.edition_id \
             and w.facet in ("
        } else {
            ", "
        };
        to.push(joint, Bind::Text(list.as_str().to_owned()));
    }
    if !merge.within.is_empty() {
        to.push_sql("))");
    }
    if let Some(now) = merge.still_at {
        to.push_sql(
            " and exists (select 1 from editions c where c.article_id = k.article_id \
             and c.kind = 'live'",
        );
        to.push(" and c.valid_from <= ", Bind::At(now));
        to.push(" and c.valid_until > ", Bind::At(now));
        to.push_sql(")");
    }
}
