//! Transactions outside of requests: they wait, and last, for as long as the work needs. Nothing
//! outlives them on the connection, so a pooler may stand between this and PostgreSQL.
use std::{path::Path, time::Duration};

use diesel::{
    Connection, RunQueryDsl,
    connection::{AnsiTransactionManager, CacheSize, SimpleConnection, TransactionManager},
    dsl::sql,
    sql_types::{BigInt, Bool, Text},
};

use crate::{
    config::DatabaseUrl,
    db::{Access, Conn},
    error::{Error, Result},
};

/// For as long as another process may need with the whole file. It counts from the first statement
/// on, which switches to the write-ahead log and needs the file for itself.
const BUSY_TIMEOUT: Duration = Duration::from_mins(10);

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Reading one state of the database.
    Reading,
    /// Changing rows.
    Writing,
    /// Changing the schema, while no other process does.
    Migrating,
}

/// Opens a connection for such transactions; makes the database's file where there is none.
pub fn connect(url: &DatabaseUrl, purpose: For) -> Result<Conn> {
    let access = if purpose == For::Reading { Access::Read } else { Access::Write };
    let mut conn = super::connect(url, access, BUSY_TIMEOUT)?;
    if let Conn::Postgres(conn) = &mut conn {
        // What is prepared on one of a pooler's connections is not known to the next.
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
    }
    Ok(conn)
}

/// Whether there is a database to connect to, as far as can be told without: a file on SQLite.
pub fn is_there(url: &DatabaseUrl) -> bool {
    match url {
        DatabaseUrl::Sqlite(path) => Path::new(path).exists(),
        DatabaseUrl::Postgres(_) => true,
    }
}

/// Opens a connection to a database that is there already.
pub fn connect_to_existing(url: &DatabaseUrl, purpose: For) -> Result<Conn> {
    match url {
        DatabaseUrl::Sqlite(path) if !is_there(url) => {
            Err(Error::internal(format!("DATABASE_URL: there is no file {path}")))
        }
        _ => connect(url, purpose),
    }
}

/// Runs `work` in one transaction, which an error undoes.
pub fn transaction<T>(
    conn: &mut Conn,
    purpose: For,
    work: impl FnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    type Manager = <Conn as Connection>::TransactionManager;
    begin(conn, purpose)?;
    match work(conn) {
        Ok(done) => {
            Manager::commit_transaction(conn)?;
            Ok(done)
        }
        Err(refused) => {
            // What went wrong first is what to tell; the transaction ends with the connection.
            let _ = Manager::rollback_transaction(conn);
            Err(refused)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
fn begin(conn: &mut Conn, purpose: For) -> Result<()> {
    const LOCK: i64 = 0x0062_7261_6473_6874;
    match conn {
        Conn::Sqlite(conn) => {
            let begin = if purpose == For::Reading { "begin" } else { "begin immediate" };
            AnsiTransactionManager::begin_transaction_sql(conn, begin)?;
        }
        Conn::Postgres(conn) => {
            let begin = match purpose {
                For::Reading => "begin isolation level repeatable read read only",
                // Each statement has to see what was done while another waited for its lock.
                For::Writing | For::Migrating => "begin isolation level read committed",
            };
            AnsiTransactionManager::begin_transaction_sql(conn, begin)?;
            // Those are meant for requests.
            conn.batch_execute("set local statement_timeout = 0; set local lock_timeout = 0;")?;
            if purpose == For::Migrating {
                diesel::sql_query("select pg_advisory_xact_lock($1)")
                    .bind::<BigInt, _>(LOCK)
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}

/// Whether there is a table of this name.
pub fn has_table(conn: &mut Conn, name: &str) -> Result<bool> {
    let found = match conn {
        Conn::Sqlite(conn) => diesel::select(
            sql::<Bool>("exists (select 1 from sqlite_schema where type = 'table' and name = ")
                .bind::<Text, _>(name)
                .sql(")"),
        )
        .get_result(conn),
        Conn::Postgres(conn) => {
            let known = sql::<Bool>("to_regclass(").bind::<Text, _>(name).sql(") is not null");
            diesel::select(known).get_result(conn)
        }
    };
    Ok(found?)
}
