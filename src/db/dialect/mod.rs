//! The few things the two databases do not share. Nowhere else matches on [`Conn`] or holds SQL.
pub mod batch;
pub mod copy;
pub mod long;
pub mod merge;
pub mod rows;

use std::collections::BTreeSet;

use diesel::{
    Connection, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    sql_types::{Array, BigInt, Text},
};
use uuid::Uuid;

use super::{Access, Conn};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
};

/// Opens a connection to the database that the URL names. Trying one database after the other,
/// as diesel's derived connection would, blames the URL when the right one is down.
pub(super) fn connect(url: &DatabaseUrl, access: Access) -> Result<Conn> {
    let unavailable = |err: diesel::ConnectionError| Error::Unavailable(err.into());
    match url {
        DatabaseUrl::Postgres(url) => {
            diesel::PgConnection::establish(url.reveal()).map(Conn::Postgres).map_err(unavailable)
        }
        DatabaseUrl::Sqlite(path) => {
            let mut conn = diesel::SqliteConnection::establish(path).map_err(unavailable)?;
            // The time-out comes first, since switching to the write-ahead log can meet a lock.
            conn.batch_execute(
                "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma foreign_keys = on;
                 pragma synchronous = full;",
            )?;
            match access {
                Access::Read => conn.batch_execute("pragma query_only = on;")?,
                // In KiB. What does not fit is written out before the commit, read back when it is
                // needed again, and written once more.
                Access::Write => conn.batch_execute("pragma cache_size = -16384;")?,
            }
            Ok(Conn::Sqlite(conn))
        }
    }
}

/// Runs `work` on one state of the database, which it cannot change.
pub(super) fn reading<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "begin")?,
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            "begin isolation level repeatable read read only",
        )?,
    }
    finish(conn, work)
}

/// Runs `work` in a transaction that may change the database. On SQLite it asks for the write
/// lock at once: a transaction that reads first cannot get it later if another has written.
pub(super) fn writing<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match conn {
        Conn::Sqlite(conn) => {
            AnsiTransactionManager::begin_transaction_sql(conn, "begin immediate")?;
        }
        Conn::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn)?,
    }
    finish(conn, work)
}

fn finish<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    type Manager = <Conn as Connection>::TransactionManager;
    match work(conn) {
        Ok(done) => {
            Manager::commit_transaction(conn)?;
            Ok(done)
        }
        Err(refused) => {
            Manager::rollback_transaction(conn)?;
            Err(refused)
        }
    }
}

/// The channel on which PostgreSQL calls those who follow the journal.
const CHANNEL: &str = "broadsheet_journal";

/// Calls everyone who listens, once this transaction commits.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub(super) fn call(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        diesel::sql_query("select pg_notify($1, '')").bind::<Text, _>(CHANNEL).execute(conn)?;
    }
    Ok(())
}

/// Has this connection listen for calls, where there are any, and say in `pg_stat_activity` what
/// it is for.
pub(super) fn listen(conn: &mut Conn) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        conn.batch_execute(&format!(
            "set application_name = 'broadsheet follower'; listen {CHANNEL}"
        ))?;
    }
    Ok(())
}

/// Whether calls can reach this connection at all.
pub(super) fn hears(conn: &Conn) -> bool {
    matches!(conn, Conn::Postgres(_))
}

/// Whether somebody has called since the last time this was asked. Does not wait.
pub(super) fn was_called(conn: &mut Conn) -> Result<bool> {
    let mut called = false;
    if let Conn::Postgres(conn) = conn {
        for call in conn.notifications_iter() {
            call?;
            called = true;
        }
    }
    Ok(called)
}

/// The number by which PostgreSQL knows a lock.
fn number(id: Uuid) -> i64 {
    let (high, low) = id.as_u64_pair();
    (high ^ low).cast_signed()
}

/// Holds back every other transaction that asks for the same lock, until this one ends.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub(super) fn lock(conn: &mut Conn, id: Uuid) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        diesel::sql_query("select pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(number(id))
            .execute(conn)?;
    }
    Ok(())
}

/// The same for several locks, but lets others pass that share them, too. Always in the same
/// order, so that no two transactions wait for each other.
#[expect(clippy::disallowed_methods, reason = "this is where raw SQL lives")]
pub(super) fn share(conn: &mut Conn, ids: impl Iterator<Item = Uuid>) -> Result<()> {
    if let Conn::Postgres(conn) = conn {
        let numbers: BTreeSet<i64> = ids.map(number).collect();
        diesel::sql_query("select pg_advisory_xact_lock_shared(id) from unnest($1) as held (id)")
            .bind::<Array<BigInt>, _>(Vec::from_iter(numbers))
            .execute(conn)?;
    }
    Ok(())
}
