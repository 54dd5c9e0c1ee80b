//! Copies of a SQLite file.
use std::path::Path;

use diesel::{
    Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, dsl::sql,
    sql_types::Text,
};

use crate::{
    db::Conn,
    error::{Error, Result},
};

/// Writes what the database holds at this instant to an empty file.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub fn vacuum_into(conn: &mut Conn, path: &Path) -> Result<()> {
    let Conn::Sqlite(conn) = conn else {
        return Err(Error::internal("only a SQLite file can be copied"));
    };
    let path = path.to_str().ok_or_else(|| Error::internal("the path is no UTF-8"))?;
    diesel::sql_query("vacuum into ?").bind::<Text, _>(path).execute(conn)?;
    // While this read, nothing that was written since could be taken over into the file. Doing
    // that now, without holding anybody back, keeps the next commit from having to.
    conn.batch_execute("pragma wal_checkpoint(passive);")?;
    Ok(())
}

/// Reads the whole copy and refuses one that is not sound.
pub fn check(path: &Path) -> Result<()> {
    let path = path.to_str().ok_or_else(|| Error::internal("the path is no UTF-8"))?;
    let mut conn = SqliteConnection::establish(path).map_err(Error::internal)?;
    let checks = sql::<Text>("select integrity_check from pragma_integrity_check");
    let found: Vec<String> = checks.load(&mut conn)?;
    match found.join("; ") {
        sound if sound == "ok" => Ok(()),
        faults => Err(Error::internal(format!("the database is damaged: {faults}"))),
    }
}
