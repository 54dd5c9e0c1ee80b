//! The import that has begun and is not complete: how far it has come, in the database itself.
use diesel::prelude::*;

use super::{
    Conn,
    dialect::{
        long::{self, For},
        rows,
    },
    schema::{imports, part_versions},
};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
};

/// How far an import has come.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
pub struct Import {
    /// Of the export's manifest: tells one export from another.
    pub digest: String,
    /// The file that is being read.
    pub file: String,
    /// How many of its rows are in the database.
    pub rows: i64,
    /// How many of its bytes they take.
    pub bytes: i64,
}

/// The import that is not complete, if there is one.
pub fn find(conn: &mut Conn) -> Result<Option<Import>> {
    Ok(imports::table.select(Import::as_select()).first(conn).optional()?)
}

/// Refuses a database that is being filled.
pub fn refuse_unfinished(url: &DatabaseUrl) -> Result<()> {
    let mut conn = long::connect(url, For::Reading)?;
    long::transaction(&mut conn, For::Reading, unless_unfinished)
}

/// The same on an open connection.
pub fn unless_unfinished(conn: &mut Conn) -> Result<()> {
    match find(conn)? {
        None => Ok(()),
        Some(Import { file, rows, .. }) => Err(Error::internal(format!(
            "an import into this database has not been finished: it came as far as row {rows} of \
             {file}; run the same `broadsheet import` again, and it goes on from there"
        ))),
    }
}

/// Marks the database as one that is being filled.
pub fn begin(conn: &mut Conn, place: &Import) -> Result<()> {
    diesel::insert_into(imports::table).values(place.clone()).execute(conn)?;
    Ok(())
}

/// Moves from one place to the next, unless another process has done so.
pub fn advance(conn: &mut Conn, from: &Import, to: &Import) -> Result<()> {
    let place = imports::table
        .filter(imports::digest.eq(&from.digest))
        .filter(imports::file.eq(&from.file))
        .filter(imports::rows.eq(from.rows));
    let moved = diesel::update(place)
        .set((imports::file.eq(&to.file), imports::rows.eq(to.rows), imports::bytes.eq(to.bytes)))
        .execute(conn)?;
    alone(moved)
}

/// The database is complete: it can be served.
pub fn finish(conn: &mut Conn, place: &Import) -> Result<()> {
    rows::go_on_after_the_last_place(conn)?;
    // Whatever a server has read of an empty database is of an older version now.
    diesel::update(part_versions::table)
        .set(part_versions::version.eq(part_versions::version + 1))
        .execute(conn)?;
    let done = diesel::delete(imports::table.find(&place.digest)).execute(conn)?;
    alone(done)
}

fn alone(changed: usize) -> Result<()> {
    match changed {
        1 => Ok(()),
        _ => Err(Error::internal("another process imports into this database as well")),
    }
}
