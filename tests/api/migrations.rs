//! The migrations lead up, all the way back, and up again.
use std::fmt::Debug;

use diesel::{
    Connection, PgConnection, SqliteConnection,
    migration::{MigrationConnection, MigrationSource},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::support::Engine;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Up, down and up; what a way back leaves behind would stand in the second way up.
fn there_and_back_again<C>(mut conn: C, migrations: fn() -> EmbeddedMigrations)
where
    C: MigrationConnection + MigrationHarness<C::Backend>,
    EmbeddedMigrations: MigrationSource<C::Backend>,
{
    let up = names(conn.run_pending_migrations(migrations()));
    assert!(!up.is_empty());
    let down = names(conn.revert_all_migrations(migrations()));
    assert_eq!(down, up.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(names(conn.applied_migrations()), [""; 0]);
    assert_eq!(names(conn.run_pending_migrations(migrations())), up);
}

fn names<V: ToString, E: Debug>(versions: Result<Vec<V>, E>) -> Vec<String> {
    versions.unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn sqlite_migrates_there_and_back_again() {
    let database = Engine::Sqlite.database();
    let path = database.url.trim_start_matches("sqlite:");
    there_and_back_again(SqliteConnection::establish(path).unwrap(), || SQLITE);
}

#[test]
fn postgres_migrates_there_and_back_again() {
    if Engine::postgres_is_here() {
        let database = Engine::Postgres.database();
        there_and_back_again(PgConnection::establish(&database.url).unwrap(), || POSTGRES);
    }
}
