//! Migrations: compiled in, one folder for each database, applied in order.
use std::collections::BTreeSet;

use diesel::{
    QueryDsl, RunQueryDsl,
    migration::{Migration, MigrationSource},
    sqlite::Sqlite,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Access, Conn, dialect};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

diesel::table! {
    /// Where diesel notes which have been applied.
    __diesel_schema_migrations (version) {
        /// The digits that a migration's name begins with.
        version -> Text,
    }
}

/// Whether the schema is the one that this program works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It is.
    Fits,
    /// These have not been applied to it.
    Behind(Vec<String>),
    /// These have been applied to it, and this program does not know them.
    Ahead(Vec<String>),
}

/// Applies what is missing and returns its names.
pub fn run(url: &DatabaseUrl) -> Result<Vec<String>> {
    let mut conn = dialect::connect(url, Access::Write)?;
    dialect::migrating(&mut conn, |conn| {
        let applied = match conn {
            Conn::Sqlite(conn) => {
                conn.run_pending_migrations(SQLITE).map(|applied| names(&applied))
            }
            Conn::Postgres(conn) => {
                conn.run_pending_migrations(POSTGRES).map(|applied| names(&applied))
            }
        };
        applied.map_err(Error::internal)
    })
}

fn names(versions: &[diesel::migration::MigrationVersion<'_>]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

/// Compares the schema with what this program knows. Only reads: diesel's own way to ask would
/// make its table first.
pub fn check(conn: &mut Conn) -> Result<Fit> {
    // Both databases have the same ones.
    let known: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(Error::Internal)?;
    let known: BTreeSet<String> =
        known.iter().map(|known| known.name().version().to_string()).collect();
    let applied: Vec<String> =
        __diesel_schema_migrations::table.select(__diesel_schema_migrations::version).load(conn)?;
    let applied: BTreeSet<String> = applied.into_iter().collect();
    let without = |all: &BTreeSet<String>, some: &BTreeSet<String>| -> Vec<String> {
        all.difference(some).cloned().collect()
    };
    let (missing, unknown) = (without(&known, &applied), without(&applied, &known));
    Ok(match (missing.is_empty(), unknown.is_empty()) {
        (false, _) => Fit::Behind(missing),
        (true, false) => Fit::Ahead(unknown),
        (true, true) => Fit::Fits,
    })
}
