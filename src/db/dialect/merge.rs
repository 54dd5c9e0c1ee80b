//! The merge of several sorted lists into one page of it. As SQL, since only a `union all` of
//! limited branches makes both databases walk each list's own index and nothing else.
use std::fmt::Write;

use diesel::{
    QueryableByName, RunQueryDsl,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_types,
};

use crate::{
    db::{Conn, MultiBackend},
    error::Result,
    ids::{AnyId, ArticleId, Uid},
    tags::Facet,
    time::{Instant, Ts},
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
    /// Each list, and whether to look among the editions that ended long ago: those stand apart,
    /// in an order of their own.
    fn branches(&self) -> impl Iterator<Item = (&Facet, bool)> {
        let ages: &[bool] = if self.retired { &[false, true] } else { &[false] };
        self.any_of.iter().flat_map(move |facet| ages.iter().map(move |age| (facet, *age)))
    }
}

/// A value for one of the statement's parameters.
enum Bind {
    Text(String),
    Bool(bool),
    At(Instant),
    Id(AnyId),
    Count(i64),
}

/// A statement and its parameters, in the order of their numbers: the one way of writing them
/// that both databases understand.
#[derive(Default)]
struct Statement {
    sql: String,
    binds: Vec<Bind>,
}

impl Statement {
    fn push(&mut self, sql: &str, bind: Bind) {
        self.binds.push(bind);
        let _ = write!(self.sql, "{sql}${}", self.binds.len());
    }

    #[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
    fn bound(self) -> BoxedSqlQuery<'static, MultiBackend, SqlQuery> {
        let mut query = diesel::sql_query(self.sql).into_boxed::<MultiBackend>();
        for bind in self.binds {
            query = match bind {
                Bind::Text(value) => query.bind::<sql_types::Text, _>(value),
                Bind::Bool(value) => query.bind::<sql_types::Bool, _>(value),
                Bind::At(value) => query.bind::<Ts, _>(value),
                Bind::Id(value) => query.bind::<Uid, _>(value),
                Bind::Count(value) => query.bind::<sql_types::BigInt, _>(value),
            };
        }
        query
    }
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = Uid)]
    edition_id: AnyId,
}

/// The editions of one page, in no order: whoever reads their rows sorts those.
pub fn page(conn: &mut Conn, merge: &Merge<'_>) -> Result<Vec<AnyId>> {
    let mut statement = Statement::default();
    let order = if merge.newest_first { "desc" } else { "asc" };
    statement.sql.push_str("select edition_id from (");
    for (number, (facet, retired)) in merge.branches().enumerate() {
        let joint = if number == 0 { "" } else { " union all " };
        let _ = write!(statement.sql, "{joint}select * from (");
        conditions(&mut statement, merge, facet, retired);
        let _ = write!(statement.sql, " order by k.published_at {order}, k.article_id {order}");
        statement.push(" limit ", Bind::Count(merge.limit));
        let _ = write!(statement.sql, ") branch{number}");
    }
    let _ = write!(statement.sql, ") merged order by published_at {order}, article_id {order}");
    statement.push(" limit ", Bind::Count(merge.limit));

    let keys: Vec<Key> = statement.bound().load(conn)?;
    Ok(keys.into_iter().map(|key| key.edition_id).collect())
}

/// The highest count; beyond it, counting would cost more than the answer is worth.
const COUNTED: i64 = 10_000;

/// How many editions there are on all pages together, up to 10,000.
pub fn count(conn: &mut Conn, merge: &Merge<'_>) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = sql_types::BigInt)]
        total: i64,
    }
    let merge = Merge { after: None, ..*merge };
    let mut statement = Statement::default();
    statement.sql.push_str("select count(*) as total from (select 1 from (");
    for (number, (facet, retired)) in merge.branches().enumerate() {
        statement.sql.push_str(if number == 0 { "" } else { " union all " });
        conditions(&mut statement, &merge, facet, retired);
    }
    statement.push(") merged limit ", Bind::Count(COUNTED));
    statement.sql.push_str(") counted");
    let counted: Count = statement.bound().get_result(conn)?;
    Ok(counted.total)
}

/// The keys of one list that are wanted, in no order.
fn conditions(to: &mut Statement, merge: &Merge<'_>, facet: &Facet, retired: bool) {
    to.sql.push_str("select k.edition_id, k.published_at, k.article_id from edition_keys k");
    to.push(" where k.facet = ", Bind::Text(facet.as_str().to_owned()));
    to.push(" and k.retired = ", Bind::Bool(retired));
    to.push(" and k.valid_from <= ", Bind::At(merge.at));
    to.push(" and k.valid_until > ", Bind::At(merge.at));
    // Always true, as nothing is published later than it becomes valid: the index starts here.
    to.push(" and k.published_at <= ", Bind::At(merge.at));
    if let Some(from) = merge.from {
        to.push(" and k.published_at >= ", Bind::At(from));
    }
    if let Some(until) = merge.to {
        to.push(" and k.published_at < ", Bind::At(until));
    }
    if let Some((at, id)) = merge.after {
        let behind = if merge.newest_first { '<' } else { '>' };
        let _ = write!(to.sql, " and (k.published_at, k.article_id) {behind} ");
        to.push("(", Bind::At(at));
        to.push(", ", Bind::Id(AnyId(id.0)));
        to.sql.push(')');
    }
    for other in merge.all_of {
        to.sql.push_str(
            " and exists (select 1 from edition_keys o where o.edition_id = k.edition_id",
        );
        to.push(" and o.facet = ", Bind::Text(other.as_str().to_owned()));
        to.sql.push(')');
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
        to.sql.push_str("))");
    }
    if let Some(now) = merge.still_at {
        to.sql.push_str(
            " and exists (select 1 from editions c where c.article_id = k.article_id \
             and c.kind = 'live'",
        );
        to.push(" and c.valid_from <= ", Bind::At(now));
        to.push(" and c.valid_until > ", Bind::At(now));
        to.sql.push(')');
    }
}
