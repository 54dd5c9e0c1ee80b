//! What a database says of itself: which one it is, and how large.
use std::{fs, io::ErrorKind, path::Path};

use diesel::{
    RunQueryDsl,
    dsl::sql,
    sql_types::{BigInt, Text},
};

use crate::{
    db::Conn,
    error::{Error, Result},
};

/// How many bytes a database takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Its tables and indexes; on SQLite, the file.
    pub database: u64,
    /// What stands beside the SQLite file as its write-ahead log; `None` on PostgreSQL, whose own
    /// log only its superusers may look at.
    pub write_ahead_log: Option<u64>,
}

/// How large the database is now. PostgreSQL adds up its files, SQLite's two are looked at.
pub fn size(conn: &mut Conn) -> Result<Size> {
    match conn {
        Conn::Postgres(conn) => {
            let bytes = sql::<BigInt>("select pg_database_size(current_database())");
            let bytes: i64 = bytes.get_result(conn)?;
            let database = u64::try_from(bytes).map_err(Error::internal)?;
            Ok(Size { database, write_ahead_log: None })
        }
        Conn::Sqlite(conn) => {
            let file: String = sql::<Text>(FILE).get_result(conn)?;
            let write_ahead_log = bytes_of(Path::new(&format!("{file}-wal")))?;
            let database = bytes_of(Path::new(&file))?;
            Ok(Size { database, write_ahead_log: Some(write_ahead_log) })
        }
    }
}

const FILE: &str = "select file from pragma_database_list where name = 'main'";

/// The size of a file; 0 where there is none.
fn bytes_of(path: &Path) -> Result<u64> {
    match fs::metadata(path) {
        Ok(file) => Ok(file.len()),
        Err(err) if err.kind() == ErrorKind::NotFound => Ok(0),
        Err(err) => Err(Error::internal(format!("{}: {err}", path.display()))),
    }
}

/// Kind, version and place, for the log. Asked of the database itself, so that no part of a URL
/// with a password in it can get there.
pub fn describe(conn: &mut Conn) -> Result<String> {
    let described = match conn {
        Conn::Postgres(conn) => sql::<Text>(
            "select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) \
             || ', ' || current_database() \
             || coalesce(' at ' || host(inet_server_addr()) || ':' || inet_server_port(), '')",
        )
        .get_result(conn),
        Conn::Sqlite(conn) => sql::<Text>(
            "select 'SQLite ' || sqlite_version() || ', ' || file from pragma_database_list \
             where name = 'main'",
        )
        .get_result(conn),
    };
    Ok(described?)
}
