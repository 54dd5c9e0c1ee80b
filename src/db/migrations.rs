//! Migrations: compiled in, one folder for each database, applied in order.
use diesel::connection::{CacheSize, Connection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Access, Conn, dialect};
use crate::{
    config::DatabaseUrl,
    error::{Error, Result},
};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Applies what is missing and returns its names.
pub fn run(url: &DatabaseUrl) -> Result<Vec<String>> {
    let mut conn = dialect::connect(url, Access::Write)?;
    // Nothing is asked twice, and behind a pooler others may have prepared under the same names.
    conn.set_prepared_statement_cache_size(CacheSize::Disabled);
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
