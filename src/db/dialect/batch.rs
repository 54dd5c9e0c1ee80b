//! Inserts of many rows, each database in the way that costs it least.

/// Inserts every row of a `Vec` into a table and evaluates to a `QueryResult<()>`.
///
/// `PostgreSQL` takes as many rows in one statement as its limit of parameters allows, since
/// every statement is a way there and back. SQLite has no way to go, and a statement for one row
/// stays prepared.
///
/// With `returning` and a column, it evaluates to a `QueryResult<Vec<_>>` of that column.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr, returning $column:expr => $type:ty) => {{
        use diesel::RunQueryDsl as _;
        let mut rows = $rows.into_iter();
        match $conn {
            $crate::db::Conn::Sqlite(conn) => rows
                .by_ref()
                .map(|row| {
                    diesel::insert_into($table)
                        .values(row)
                        .returning($column)
                        .get_result::<$type>(conn)
                })
                .collect(),
            $crate::db::Conn::Postgres(conn) => {
                let mut returned = Vec::new();
                loop {
                    let batch: Vec<_> =
                        rows.by_ref().take($crate::db::dialect::batch::ROWS).collect();
                    if batch.is_empty() {
                        break Ok(returned);
                    }
                    let insert = diesel::insert_into($table).values(batch).returning($column);
                    match insert.get_results::<$type>(conn) {
                        Ok(more) => returned.extend(more),
                        Err(err) => break Err(err),
                    }
                }
            }
        }
    }};
    ($conn:expr, $table:expr, $rows:expr) => {{
        use diesel::RunQueryDsl as _;
        let mut rows = $rows.into_iter();
        match $conn {
            $crate::db::Conn::Sqlite(conn) => rows.try_for_each(|row| {
                diesel::insert_into($table).values(row).execute(conn).map(drop)
            }),
            $crate::db::Conn::Postgres(conn) => loop {
                let batch: Vec<_> = rows.by_ref().take($crate::db::dialect::batch::ROWS).collect();
                if batch.is_empty() {
                    break Ok(());
                }
                if let Err(err) = diesel::insert_into($table).values(batch).execute(conn) {
                    break Err(err);
                }
            },
        }
    }};
}
pub(crate) use insert_all;

/// How many rows go into one statement: one of 32 columns still stays below the 65,535
/// parameters that `PostgreSQL` counts.
pub(crate) const ROWS: usize = 2_000;
