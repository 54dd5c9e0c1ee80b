//! Rewriting the rows of a table in place, a page at a time.
use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, QueryFragment, QueryId},
};

use super::rows::{bind, names, page};
use crate::{
    db::{
        Conn, MultiBackend,
        tables::{Row, Table, Value},
    },
    error::{Error, Result},
};

/// How many rows are held at a time.
const ROWS: usize = 200;

/// Hands every row of the table to `each`, in the table's order, and stores those of which it says
/// that it has changed them. The columns that order the table stay as they are. Columns that the
/// table has and this description of it has not are not touched.
pub fn rewrite(
    conn: &mut Conn,
    table: &Table,
    mut each: impl FnMut(&mut Row) -> Result<bool>,
) -> Result<()> {
    pages(conn, table, |conn, rows| {
        for row in rows {
            if each(row)? {
                let changed = Update { table, row }.execute(conn)?;
                if changed != 1 {
                    return Err(Error::internal(format!("a row of {} is gone", table.name)));
                }
            }
        }
        Ok(())
    })
}

/// Hands every row of the table to `each`, in the table's order, some at a time, with the connection
/// to do what follows from them.
pub fn pages(
    conn: &mut Conn,
    table: &Table,
    mut each: impl FnMut(&mut Conn, &mut [Row]) -> Result<()>,
) -> Result<()> {
    let mut last: Option<Row> = None;
    loop {
        let mut rows = page(conn, table, last.as_ref(), ROWS)?;
        let full = rows.len() == ROWS;
        each(conn, &mut rows)?;
        last = rows.pop();
        if !full {
            return Ok(());
        }
    }
}

struct Update<'a> {
    table: &'a Table,
    row: &'a Row,
}

impl Update<'_> {
    /// The columns that order the table, or the others, with their values.
    fn columns(&self, ordering: bool) -> impl Iterator<Item = (&'static str, &Value)> {
        let all = self.table.columns.iter().zip(self.row);
        all.map(|(column, value)| (column.name, value))
            .filter(move |(name, _)| self.table.order.contains(name) == ordering)
    }
}

impl QueryFragment<MultiBackend> for Update<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("update ");
        out.push_sql(self.table.name);
        for (before, between, ordering) in [(" set ", ", ", false), (" where ", " and ", true)] {
            for (number, (name, value)) in self.columns(ordering).enumerate() {
                out.push_sql(if number == 0 { before } else { between });
                out.push_sql(&names([name]));
                out.push_sql(" = ");
                bind(&mut out, value)?;
            }
        }
        out.unsafe_to_cache_prepared();
        Ok(())
    }
}

impl QueryId for Update<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Conn> for Update<'_> {}
