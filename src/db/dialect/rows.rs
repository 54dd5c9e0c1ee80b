//! Whole tables, row by row: read in order without keeping them, and written as they were.
use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    connection::{DefaultLoadingMode, SimpleConnection},
    deserialize::{self, FromSql, QueryableByName},
    dsl::sql,
    pg::{Pg, PgRowByRowLoadingMode, PgValue},
    query_builder::{AstPass, QueryFragment, QueryId},
    result::UnexpectedEndOfRow,
    row::{self, Field, NamedRow},
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
    sqlite::{Sqlite, SqliteType, SqliteValue},
};
use serde_json::value::RawValue;

use crate::{
    db::{
        Conn, MultiBackend,
        tables::{Column, Kind, Row, Table, Value, is_left_out},
        types::{Doc, Json},
    },
    error::{Error, Result},
    ids::{AnyId, Uid},
    time::{Instant, Ts},
};

/// What a database hands out, before it is known what the column holds.
enum Cell {
    Nothing,
    Number(i64),
    Text(String),
    Id(AnyId),
    Instant(Instant),
    Bool(bool),
}

struct Cells(Vec<Cell>);

impl QueryableByName<Sqlite> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Sqlite>) -> deserialize::Result<Self> {
        cells(row, of_sqlite)
    }
}

impl QueryableByName<Pg> for Cells {
    fn build<'a>(row: &impl NamedRow<'a, Pg>) -> deserialize::Result<Self> {
        cells(row, of_postgres)
    }
}

fn cells<'a, DB: Backend>(
    row: &impl row::Row<'a, DB>,
    read: impl Fn(DB::RawValue<'_>) -> deserialize::Result<Cell>,
) -> deserialize::Result<Cells> {
    let cell = |at| {
        let field = row::Row::get(row, at).ok_or(UnexpectedEndOfRow)?;
        field.value().map_or(Ok(Cell::Nothing), &read)
    };
    Ok(Cells((0..row.field_count()).map(cell).collect::<deserialize::Result<_>>()?))
}

fn of_sqlite(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Cell> {
    match value.value_type() {
        Some(SqliteType::Text) => Ok(Cell::Text(value.read_text().to_owned())),
        Some(SqliteType::Binary) => Ok(Cell::Id(FromSql::<Uid, Sqlite>::from_sql(value)?)),
        Some(SqliteType::SmallInt | SqliteType::Integer | SqliteType::Long) => {
            Ok(Cell::Number(value.read_long()))
        }
        other => Err(format!("{other:?} is nothing that this program stores").into()),
    }
}

/// By the type's number, as `pg_type` has it.
fn of_postgres(value: PgValue<'_>) -> deserialize::Result<Cell> {
    Ok(match value.get_oid().get() {
        16 => Cell::Bool(FromSql::<Bool, Pg>::from_sql(value)?),
        20 => Cell::Number(FromSql::<BigInt, Pg>::from_sql(value)?),
        23 => Cell::Number(<i32 as FromSql<Integer, Pg>>::from_sql(value)?.into()),
        // Both are sent as the text that they are.
        25 | 114 => Cell::Text(FromSql::<Text, Pg>::from_sql(value)?),
        1184 => Cell::Instant(FromSql::<Ts, Pg>::from_sql(value)?),
        2950 => Cell::Id(FromSql::<Uid, Pg>::from_sql(value)?),
        other => return Err(format!("type {other} is nothing that this program stores").into()),
    })
}

/// The cell as what its column holds; `None` where it cannot be that.
fn value(column: &Column, cell: Cell) -> Option<Value> {
    use Cell::{Bool, Id, Instant as At, Nothing, Number, Text};
    Some(match (column.kind, cell) {
        (kind, Nothing) if column.nullable => Value::nothing(kind),
        (Kind::Id, Id(id)) => Value::Id(Some(id)),
        (Kind::Instant, At(at)) => Value::Instant(Some(at)),
        (Kind::Instant, Number(micros)) => Value::Instant(Some(Instant::from_micros(micros)?)),
        (Kind::Document, Text(text)) => Value::Document(Some(Json(document(column, text)?))),
        (Kind::Text, Text(text)) => Value::Text(Some(text)),
        (Kind::Integer, Number(number)) => Value::Integer(Some(number.try_into().ok()?)),
        (Kind::Long, Number(number)) => Value::Long(Some(number)),
        (Kind::Bool, Bool(is)) => Value::Bool(Some(is)),
        (Kind::Bool, Number(number @ (0 | 1))) => Value::Bool(Some(number == 1)),
        _ => return None,
    })
}

/// The document, if it can stand in a line as it is and be told from nothing.
fn document(column: &Column, text: String) -> Option<Box<RawValue>> {
    let (length, ends) = (text.len(), text.contains('\n'));
    let document = RawValue::from_string(text).ok()?;
    let exact = document.get().len() == length && !ends;
    (exact && !(column.nullable && document.get() == "null")).then_some(document)
}

/// The names of columns, as SQL has them.
pub(super) fn names<'a>(columns: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = columns.into_iter().map(|name| format!("\"{name}\"")).collect();
    quoted.join(", ")
}

fn row(table: &Table, cells: Cells) -> Result<Row> {
    let pairs = table.columns.iter().zip(cells.0);
    let row = pairs.map(|(column, cell)| {
        value(column, cell).ok_or_else(|| {
            let name = column.name;
            Error::internal(format!("{}.{name} holds what cannot be exported", table.name))
        })
    });
    row.collect()
}

/// The statement that selects the rows after this one, in the table's order, or all of them.
fn select(table: &Table, after: &str) -> String {
    let columns = names(table.columns.iter().map(|column| column.name));
    let order = names(table.order.iter().copied());
    format!("select {columns} from {}{after} order by {order}", table.name)
}

/// Hands out every row of the table, in its order, one at a time.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub fn stream(
    conn: &mut Conn,
    table: &Table,
    mut each: impl FnMut(Row) -> Result<()>,
) -> Result<()> {
    let mut take = |cells: QueryResult<Cells>| each(row(table, cells?)?);
    let query = diesel::sql_query(select(table, ""));
    match conn {
        Conn::Sqlite(conn) => {
            query.load_iter::<Cells, DefaultLoadingMode>(conn)?.try_for_each(&mut take)
        }
        Conn::Postgres(conn) => {
            query.load_iter::<Cells, PgRowByRowLoadingMode>(conn)?.try_for_each(&mut take)
        }
    }
}

/// Puts the value into a statement.
pub(super) fn bind<'b>(
    out: &mut AstPass<'_, 'b, MultiBackend>,
    value: &'b Value,
) -> QueryResult<()> {
    match value {
        Value::Id(id) => out.push_bind_param::<Nullable<Uid>, _>(id),
        Value::Instant(at) => out.push_bind_param::<Nullable<Ts>, _>(at),
        Value::Document(text) => out.push_bind_param::<Nullable<Doc>, _>(text),
        Value::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text),
        Value::Integer(number) => out.push_bind_param::<Nullable<Integer>, _>(number),
        Value::Long(number) => out.push_bind_param::<Nullable<BigInt>, _>(number),
        Value::Bool(is) => out.push_bind_param::<Nullable<Bool>, _>(is),
    }
}

/// The first rows of the table after this one, in its order, at most so many.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub(super) fn page(
    conn: &mut Conn,
    table: &Table,
    last: Option<&Row>,
    limit: usize,
) -> Result<Vec<Row>> {
    let sqlite = matches!(conn, Conn::Sqlite(_));
    let after = last.map(|last| {
        let key = table.order.iter().filter_map(|name| {
            let at = table.columns.iter().position(|column| column.name == *name)?;
            last.get(at).map(|value| literal(value, sqlite))
        });
        let key: Vec<String> = key.collect();
        let (order, key) = (names(table.order.iter().copied()), key.join(", "));
        format!(" where ({order}) > ({key})")
    });
    let query = format!("{} limit {limit}", select(table, &after.unwrap_or_default()));
    let query = diesel::sql_query(query);
    let found: Vec<Cells> = match conn {
        Conn::Sqlite(conn) => query.load(conn)?,
        Conn::Postgres(conn) => query.load(conn)?,
    };
    found.into_iter().map(|cells| row(table, cells)).collect()
}

/// A value of a column that orders a table, as SQL has it.
fn literal(value: &Value, sqlite: bool) -> String {
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match value {
        Value::Id(Some(id)) if sqlite => format!("x'{}'", id.0.simple()),
        Value::Id(Some(id)) => format!("'{}'::uuid", id.0),
        Value::Text(Some(words)) => text(words),
        Value::Document(Some(document)) => text(document.0.get()),
        Value::Integer(Some(number)) => number.to_string(),
        Value::Long(Some(number)) => number.to_string(),
        Value::Bool(Some(is)) => is.to_string(),
        Value::Instant(Some(at)) if sqlite => at.micros().to_string(),
        Value::Instant(Some(at)) => text(&at.to_string()),
        _ => "null".to_owned(),
    }
}

struct Insert<'a> {
    into: &'a str,
    rows: &'a [Row],
    /// Whether the same statement comes again and again.
    often: bool,
}

impl QueryFragment<MultiBackend> for Insert<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql(self.into);
        for (number, row) in self.rows.iter().enumerate() {
            out.push_sql(if number == 0 { "(" } else { ", (" });
            for (place, value) in row.iter().enumerate() {
                if place > 0 {
                    out.push_sql(", ");
                }
                bind(&mut out, value)?;
            }
            out.push_sql(")");
        }
        if !self.often {
            out.unsafe_to_cache_prepared();
        }
        Ok(())
    }
}

impl QueryId for Insert<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Conn> for Insert<'_> {}

/// How many rows go into one statement on PostgreSQL, where every statement is a way there and
/// back; on SQLite a statement for one row stays prepared.
const ROWS: usize = 500;

/// Inserts the rows as they are, without a word in the journal: they bring their own.
pub fn insert(conn: &mut Conn, table: &Table, rows: &[Row]) -> Result<()> {
    let columns = names(table.columns.iter().map(|column| column.name));
    let mut into = format!("insert into {} ({columns}) ", table.name);
    let (at_once, often) = match conn {
        Conn::Sqlite(_) => (1, true),
        Conn::Postgres(_) => {
            into.push_str("overriding system value ");
            (ROWS, false)
        }
    };
    into.push_str("values ");
    for rows in rows.chunks(at_once) {
        Insert { into: &into, rows, often }.execute(conn)?;
    }
    Ok(())
}

/// The columns of a table of SQLite, by its own account, without those that are left out of every
/// export; none where there is no such table. `kind` says what a column holds that is stored as
/// this kind.
pub fn columns(
    conn: &mut Conn,
    table: &str,
    kind: impl Fn(&str, Kind) -> Kind,
) -> Result<Vec<Column>> {
    let query =
        sql::<(Text, Text, Bool)>("select name, type, not \"notnull\" from pragma_table_info(")
            .bind::<Text, _>(table)
            .sql(") order by cid");
    let Conn::Sqlite(conn) = conn else { return Ok(Vec::new()) };
    let described: Vec<(String, String, bool)> = query.load(conn)?;
    let described = described.into_iter().filter(|(name, ..)| !is_left_out(table, name));
    let columns = described.map(|(name, stored, nullable)| {
        let stored = match &*stored {
            "BLOB" => Kind::Id,
            "INTEGER" => Kind::Long,
            _ => Kind::Text,
        };
        Column { kind: kind(&name, stored), name: kept_name(&name), nullable }
    });
    Ok(columns.collect())
}

/// The name, for the rest of the program: that of a table or a column, of which there are few.
pub fn kept_name(name: &str) -> &'static str {
    name.to_owned().leak()
}

/// Whether there is no row in the table.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub fn is_empty(conn: &mut Conn, table: &Table) -> Result<bool> {
    let query = diesel::sql_query(format!("select 1 as one from {} limit 1", table.name));
    let found = match conn {
        Conn::Sqlite(conn) => query.load::<Cells>(conn)?.len(),
        Conn::Postgres(conn) => query.load::<Cells>(conn)?.len(),
    };
    Ok(found == 0)
}

/// Has the journal go on after its last place. SQLite does so by itself.
pub fn go_on_after_the_last_place(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(
            "select setval(pg_get_serial_sequence('journal', 'seq'), max(seq)) from journal \
             having max(seq) is not null",
        )?;
    }
    Ok(())
}
