//! Migrations: compiled in, one folder for each database, applied in order, all or none, each with
//! its step in Rust where it has one.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{LazyLock, Mutex, PoisonError},
};

use diesel::{
    QueryDsl, RunQueryDsl,
    backend::Backend,
    migration::{Migration, MigrationSource},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{
    Conn,
    dialect::long::{self, For, has_table},
    progress::telling,
    upgrade,
};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

diesel::table! {
    /// Where diesel keeps the versions of what has been applied.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}
const APPLIED: &str = "__diesel_schema_migrations";

/// The names of all migrations by their versions. The databases have the same ones.
#[expect(clippy::expect_used, reason = "compiled in; every test that opens a database reads them")]
static KNOWN: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let all = MigrationSource::<Sqlite>::migrations(&SQLITE).expect("the migrations have names");
    all.iter().map(|one| (version(one.as_ref()), one.name().to_string())).collect()
});

fn version<DB: Backend>(migration: &dyn Migration<DB>) -> String {
    migration.name().version().to_string()
}

/// The name of the last migration that this program knows: what its schema is called.
pub fn newest() -> &'static str {
    KNOWN.values().next_back().map_or("", String::as_str)
}

/// Whether a database has the schema that this program needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It has.
    Fits,
    /// It lacks these migrations.
    Behind(Vec<String>),
    /// A newer program has applied these, of which only the versions are known.
    Ahead(Vec<String>),
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits => f.write_str("the database is up to date"),
            Self::Behind(names) => write!(
                f,
                "the database lacks {}, which this program needs; `broadsheet migrate` brings it \
                 up to date",
                names.join(", ")
            ),
            Self::Ahead(versions) => write!(
                f,
                "the database is newer than this program: it has been migrated to {}, which \
                 Broadsheet {} does not know; use the version that did it, or a later one",
                versions.join(", "),
                env!("CARGO_PKG_VERSION")
            ),
        }
    }
}

impl Fit {
    /// Refuses a database that a newer program has migrated.
    pub fn unless_ahead(self) -> Result<Self> {
        match self {
            Self::Ahead(_) => Err(Error::internal(self.to_string())),
            other => Ok(other),
        }
    }

    /// Refuses every database that does not fit.
    pub fn or_refused(self) -> Result<()> {
        match self {
            Self::Fits => Ok(()),
            other => Err(Error::internal(other.to_string())),
        }
    }
}

/// Compares the schema with what this program needs, by two short queries.
pub fn check(conn: &mut Conn) -> Result<Fit> {
    let applied: BTreeSet<String> = if has_table(conn, APPLIED)? {
        let versions = __diesel_schema_migrations::table;
        let applied: Vec<String> =
            versions.select(__diesel_schema_migrations::version).load(conn)?;
        applied.into_iter().collect()
    } else {
        BTreeSet::new()
    };
    let unknown = applied.iter().filter(|version| !KNOWN.contains_key(*version));
    let unknown: Vec<String> = unknown.cloned().collect();
    let missing = KNOWN.iter().filter(|(version, _)| !applied.contains(*version));
    let missing: Vec<String> = missing.map(|(_, name)| name.clone()).collect();
    Ok(match (unknown.is_empty(), missing.is_empty()) {
        (false, _) => Fit::Ahead(unknown),
        (true, false) => Fit::Behind(missing),
        (true, true) => Fit::Fits,
    })
}

/// The same for a database that is not open yet, and that this does not make.
pub fn check_at(url: &DatabaseUrl) -> Result<Fit> {
    let mut conn = long::connect_to_existing(url, For::Reading)?;
    long::transaction(&mut conn, For::Reading, check)
}

/// Applies what is missing, in one transaction, and returns its names. One process at a time does
/// so; the others wait and find it done.
pub fn run(url: &DatabaseUrl) -> Result<Vec<String>> {
    run_up_to(url, newest())
}

/// The same for an older schema, that which the migration of this name makes.
pub fn run_up_to(url: &DatabaseUrl, last: &str) -> Result<Vec<String>> {
    let mut conn = long::connect(url, For::Migrating)?;
    // Who finds nothing to do waits for nobody.
    let fit = long::transaction(&mut conn, For::Reading, check)?.unless_ahead()?;
    if fit == Fit::Fits {
        return Ok(Vec::new());
    }
    let step = Mutex::new("waiting for others to finish with the database".to_owned());
    let say = |line: String| *step.lock().unwrap_or_else(PoisonError::into_inner) = line;
    let line = || step.lock().unwrap_or_else(PoisonError::into_inner).clone();
    telling(line, || {
        long::transaction(&mut conn, For::Migrating, |conn| {
            check(conn)?.unless_ahead()?;
            let mut applied = Vec::new();
            while let Some(name) = match conn {
                Conn::Sqlite(conn) => apply_next(conn, SQLITE, last, say),
                Conn::Postgres(conn) => apply_next(conn, POSTGRES, last, say),
            }? {
                upgrade::after(&name, conn)?;
                applied.push(name);
            }
            say("finishing".to_owned());
            Ok(applied)
        })
    })
}

/// Applies the first that is missing, if it is not beyond `last`; returns its name.
fn apply_next<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: impl MigrationSource<DB>,
    last: &str,
    say: impl Fn(String),
) -> Result<Option<String>> {
    let pending = conn.pending_migrations(migrations).map_err(Error::internal)?;
    let Some(migration) = pending.first() else { return Ok(None) };
    let name = migration.name().to_string();
    if *name > *last {
        return Ok(None);
    }
    say(format!("applying {name}"));
    conn.run_migration(migration.as_ref()).map_err(Error::internal)?;
    Ok(Some(name))
}

/// Whether this program knows a schema by this name.
pub fn is_known(name: &str) -> bool {
    KNOWN.values().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_migrations_share_a_version_and_all_run_in_transactions() {
        let all = MigrationSource::<Sqlite>::migrations(&SQLITE).unwrap();
        assert_eq!(all.len(), KNOWN.len());
        assert!(all.iter().all(|one| one.metadata().run_in_transaction()));
        let all = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).unwrap();
        assert_eq!(all.len(), KNOWN.len());
        assert!(all.iter().all(|one| one.metadata().run_in_transaction()));
        assert!(KNOWN.values().is_sorted(), "the versions stand in the order of the names");
        assert!(upgrade::names().all(is_known), "a step belongs to a migration");
    }
}
