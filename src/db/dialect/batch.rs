//! Inserts of many rows, each database in the way that costs it least.

/// Inserts every row into a table; with `returning COLUMN`, evaluates to that column of each.
///
/// PostgreSQL takes as many rows in one statement as its limit of parameters allows, since every
/// statement is a way there and back. SQLite has no way to go, and a statement for one row stays
/// prepared.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        $crate::db::dialect::batch::insert_all!(@each $conn, $rows, |conn, some| {
            diesel::insert_into($table).values(some).execute(conn).map(drop)
        })
        .map(drop)
    };
    ($conn:expr, $table:expr, $rows:expr, returning $column:expr) => {
        $crate::db::dialect::batch::insert_all!(@each $conn, $rows, |conn, some| {
            diesel::insert_into($table).values(some).returning($column).get_results(conn)
        })
        .map(|each: Vec<Vec<_>>| each.concat())
    };
    (@each $conn:expr, $rows:expr, |$native:ident, $some:ident| $insert:expr) => {{
        use diesel::RunQueryDsl as _;
        let mut rows = $rows.into_iter();
        match $conn {
            $crate::db::Conn::Sqlite($native) => {
                rows.map(|$some| $insert).collect::<diesel::QueryResult<Vec<_>>>()
            }
            $crate::db::Conn::Postgres($native) => std::iter::from_fn(|| {
                let $some: Vec<_> =
                    rows.by_ref().take($crate::db::dialect::batch::ROWS).collect();
                (!$some.is_empty()).then(|| $insert)
            })
            .collect::<diesel::QueryResult<Vec<_>>>(),
        }
    }};
}
pub(crate) use insert_all;

/// How many rows go into one statement: one of 32 columns still stays below the 65,535
/// parameters that PostgreSQL counts.
pub(crate) const ROWS: usize = 2_000;
