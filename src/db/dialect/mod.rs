//! The few things the two databases do not share. Nowhere else matches on [`Conn`] or holds SQL.
pub mod about;
pub mod batch;
pub mod copy;
pub mod long;
pub mod merge;
pub mod replies;
pub mod rewrite;
pub mod rows;
mod statement;
pub mod wal;

use std::{collections::BTreeSet, path::Path, time::Duration};

use diesel::{
    Connection, RunQueryDsl,
    connection::{AnsiTransactionManager, SimpleConnection},
    sql_types::{Array, BigInt, Text},
};
use uuid::Uuid;

use super::{Access, Conn};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
    private,
};

/// Opens a connection to the database that the URL names. Trying one database after the other,
/// as diesel's derived connection would, blames the URL when the right one is down.
///
/// Whoever wants to write to SQLite waits for another process for as long as `busy`.
pub(super) fn connect(url: &DatabaseUrl, access: Access, busy: Duration) -> Result<Conn> {
    match url {
        DatabaseUrl::Postgres(url) => {
            Ok(Conn::Postgres(diesel::PgConnection::establish(&watchful(url.reveal()))?))
        }
        DatabaseUrl::Sqlite(path) => {
            // An address in the form of a URI is SQLite's own business.
            if !path.starts_with("file:") {
                make_private(Path::new(path))?;
            }
            let mut conn = diesel::SqliteConnection::establish(path)?;
            // The time-out comes first, since switching to the write-ahead log can meet a lock.
            let busy = busy.as_millis();
            conn.batch_execute(&format!(
                "pragma busy_timeout = {busy}; pragma journal_mode = wal; pragma foreign_keys = on;
                 pragma synchronous = full;"
            ))?;
            match access {
                // Sorting needs no room on the disk, so that reading goes on when there is none.
                Access::Read => {
                    conn.batch_execute("pragma query_only = on; pragma temp_store = memory;")?;
                }
                // In KiB. What does not fit is written out before the commit, read back when it is
                // needed again, and written once more.
                Access::Write => conn.batch_execute(&format!(
                    "pragma cache_size = -16384; pragma journal_size_limit = {};",
                    wal::LIMIT
                ))?,
            }
            Ok(Conn::Sqlite(conn))
        }
    }
}

/// For how long one process may keep another from writing: on SQLite by holding on to the file,
/// on PostgreSQL by leaving a transaction alone that holds locks. It may be frozen.
pub(super) const BUSY: Duration = Duration::from_secs(2);

/// For how long a statement on PostgreSQL waits for a lock before the transaction is undone and
/// tried again. Far shorter than [`BUSY`]: of a frozen process's transactions those that wait are
/// undone before the one that they wait for, and none is given the lock next.
pub(super) const LOCK_TIMEOUT: Duration = Duration::from_millis(500);

/// Makes the file where there is none. SQLite would let everybody read it; the files that it puts
/// beside it, it makes like this one.
fn make_private(path: &Path) -> Result<()> {
    match private::create_new(path) {
        Err(err) if !path.exists() => {
            Err(Error::internal(format!("DATABASE_URL: {}: {err}", path.display())))
        }
        _ => Ok(()),
    }
}

/// What libpq is told unless the URL says otherwise, so that it notices a server that is gone
/// without a word; by itself it would wait for as long as TCP does, up to hours. In seconds but for
/// the last, in milliseconds.
const WATCHFUL: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "10"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "15000"),
];

fn watchful(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in WATCHFUL {
        let (_, query) = url.split_once('?').unwrap_or_default();
        if !query.split('&').any(|pair| pair.split('=').next() == Some(name)) {
            let joint = if query.is_empty() { '?' } else { '&' };
            url = format!("{}{joint}{name}={value}", url.trim_end_matches('?'));
        }
    }
    url
}

/// Begins a transaction: for reading, one that sees one state of the database throughout; for
/// writing on SQLite, one that asks for the write lock at once, since a transaction that reads
/// first cannot get it later if another has written. PostgreSQL ends a statement that takes
/// longer than `limit`, a writer's that waits for a lock for longer than [`LOCK_TIMEOUT`], and a
/// writer that leaves its locks alone for longer than [`BUSY`].
pub(super) fn begin(conn: &mut Conn, access: Access, limit: Duration) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(
            conn,
            match access {
                Access::Read => "begin",
                Access::Write => "begin immediate",
            },
        )?,
        // In one message, so that it is one round trip.
        Conn::Postgres(conn) => {
            let [limit, idle, lock] =
                [limit, BUSY.min(limit), LOCK_TIMEOUT].map(|time| time.as_millis());
            AnsiTransactionManager::begin_transaction_sql(
                conn,
                &match access {
                    Access::Read => format!(
                        "begin isolation level repeatable read read only; \
                         set local statement_timeout = {limit}"
                    ),
                    Access::Write => format!(
                        "begin; set local statement_timeout = {limit}; \
                         set local lock_timeout = {lock}; \
                         set local idle_in_transaction_session_timeout = {idle}"
                    ),
                },
            )?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_s_own_words_on_waiting_stand() {
        let all = "connect_timeout=5&keepalives_idle=10&keepalives_interval=5&keepalives_count=3\
                   &tcp_user_timeout=15000";
        assert_eq!(watchful("postgres://h/news"), format!("postgres://h/news?{all}"));
        assert_eq!(watchful("postgres://h/news?"), format!("postgres://h/news?{all}"));
        let (first, rest) = all.split_once('&').unwrap();
        assert_eq!(first, "connect_timeout=5");
        let own = "postgres://a,b/news?connect_timeout=60&target_session_attrs=read-write";
        assert_eq!(watchful(own), format!("{own}&{rest}"));
    }
}
