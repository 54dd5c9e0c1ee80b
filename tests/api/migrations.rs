//! The migrations lead up, all the way back, and up again, whoever takes them.
use std::{fmt::Debug, thread};

use diesel::{
    Connection, PgConnection, SqliteConnection,
    migration::{MigrationConnection, MigrationSource},
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use broadsheet::{
    config::DatabaseUrl,
    db::migrations::{self, Fit},
};

use serde_json::{Value, json};

use crate::support::{Engine, TestApp, execute, on_both_engines};

on_both_engines! {
    the_journal_of_an_earlier_version_is_put_in_order,
    the_schema_is_compared_with_what_is_needed,
}

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

/// Takes the schema back to before the migration of this version, and up again. `meanwhile` is done
/// in between. Nobody else may have the database open.
pub fn before(url: &str, version: &str, meanwhile: impl FnOnce()) {
    fn back<C>(mut conn: C, migrations: fn() -> EmbeddedMigrations, version: &str)
    where
        C: MigrationHarness<C::Backend> + MigrationConnection,
        EmbeddedMigrations: MigrationSource<C::Backend>,
    {
        while conn.revert_last_migration(migrations()).unwrap().to_string() != version {}
    }
    let database: DatabaseUrl = url.parse().unwrap();
    match &database {
        DatabaseUrl::Sqlite(path) => {
            back(SqliteConnection::establish(path).unwrap(), || SQLITE, version);
        }
        DatabaseUrl::Postgres(_) => {
            back(PgConnection::establish(url).unwrap(), || POSTGRES, version);
        }
    }
    meanwhile();
    migrations::run(&database).unwrap();
}

/// Entries that clocks which differ have written, as earlier versions did.
async fn the_journal_of_an_earlier_version_is_put_in_order(app: TestApp) {
    let admin = app.admin().await;
    for number in 0..4 {
        let section = json!({"name": format!("Section {number}")});
        admin.post("/manage/v1/sections", section).await.expect(201);
        app.advance(1);
    }
    let entries = async || {
        let journal = app.admin().await.get("/manage/v1/journal?limit=100").await.expect(200);
        let entries = journal["data"].as_array().unwrap().clone();
        entries.into_iter().filter(|entry| entry["action"] == "section.created")
    };
    let written: Vec<Value> = entries().await.collect();
    let [one, two, three, four] = &written[..] else { panic!("{written:?}") };
    app.state.db.rest().await.unwrap();
    before(app.url(), "20261125000075", || {
        let earlier = |entry: &Value, than: &Value| {
            let at =
                |entry: &Value| format!("(select at from journal where seq = {})", entry["seq"]);
            let at = at(than);
            execute(
                app.url(),
                &format!("update journal set at = {at} where seq = {}", entry["seq"]),
            );
        };
        // The second one as late as the fourth, and the third before all others.
        earlier(two, four);
        earlier(three, one);
    });
    let found: Vec<Value> = entries().await.collect();
    let at: Vec<&Value> = found.iter().map(|entry| &entry["at"]).collect();
    assert_eq!(at, [&one["at"], &four["at"], &four["at"], &four["at"]]);
}

/// As when several servers are started at once: one of them does it all.
fn many_migrate_at_once(engine: Engine) {
    let database = engine.database();
    let url: DatabaseUrl = database.url.parse().unwrap();
    let applied: Vec<Vec<String>> = thread::scope(|scope| {
        let each = || scope.spawn(|| migrations::run(&url).unwrap());
        let started: Vec<_> = (0..6).map(|_| each()).collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let busy: Vec<_> = applied.iter().filter(|applied| !applied.is_empty()).collect();
    assert!(
        matches!(busy[..], [all] if all.last().unwrap() == migrations::newest()),
        "{applied:?}"
    );
    assert_eq!(migrations::check_at(&url).unwrap(), Fit::Fits);
}

#[test]
fn many_migrate_sqlite_at_once() {
    many_migrate_at_once(Engine::Sqlite);
}

#[test]
fn many_migrate_postgres_at_once() {
    if Engine::postgres_is_here() {
        many_migrate_at_once(Engine::Postgres);
    }
}

async fn the_schema_is_compared_with_what_is_needed(app: TestApp) {
    let check = || app.state.db.read(|conn| migrations::check(conn));
    assert_eq!(check().await.unwrap(), Fit::Fits);
    let (queries, _) = app.statements(check()).await;
    assert_eq!(queries, 2, "cheap enough to be asked again and again");
    let last = migrations::newest();
    let version: String = last.chars().filter(char::is_ascii_digit).take(14).collect();
    let versions = "__diesel_schema_migrations";
    execute(app.url(), &format!("delete from {versions} where version = '{version}'"));
    assert_eq!(check().await.unwrap(), Fit::Behind(vec![last.to_owned()]));
    let newer = "29991231000001";
    execute(app.url(), &format!("insert into {versions} (version) values ('{newer}')"));
    assert_eq!(check().await.unwrap(), Fit::Ahead(vec![newer.to_owned()]));
}
