//! Exports and imports between the databases: everything arrives, and what is damaged is refused.
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use broadsheet::{
    app::State,
    config::DatabaseUrl,
    db::{
        journal,
        tables::{Kind, LEFT_OUT, TABLES},
    },
    error::{Error, Result},
    integrity::Newsroom as Rules,
    time::Clock,
    transfer::{export::export, import},
};
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    exactness::{Newsroom, same},
    support::{Client, Engine, TestApp, execute, on_both_engines},
};

on_both_engines! {
    everything_arrives_in_sqlite,
    everything_arrives_in_postgres,
    every_table_and_column_is_exported_or_left_out,
    what_is_damaged_is_refused,
    a_database_in_use_is_not_filled,
    what_is_not_complete_is_not_served,
}

fn url(text: &str) -> DatabaseUrl {
    text.parse().unwrap()
}

/// The app's export, in a folder that goes with the first of the two.
fn exported(app: &TestApp) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("export");
    export(&url(app.url()), &folder, app.now()).unwrap();
    (home, folder)
}

/// Takes an export in at the instant at which it was made.
fn import(url: &DatabaseUrl, folder: &Path) -> Result<u64> {
    import::import(url, folder, |exported| Rules::new(exported, exported))
}

fn why<T>(refused: Result<T, Error>) -> String {
    match refused {
        Err(Error::Internal(why)) => why.to_string(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

async fn everything_arrives_in_sqlite(app: TestApp) {
    everything_arrives(app, Engine::Sqlite).await;
}

async fn everything_arrives_in_postgres(app: TestApp) {
    if Engine::postgres_is_here() {
        everything_arrives(app, Engine::Postgres).await;
    }
}

async fn everything_arrives(app: TestApp, engine: Engine) {
    let mut room = Newsroom::open(app, 0xfeed).await;
    for _ in 0..60 {
        room.change().await;
    }
    let page_of_journal =
        |admin: Client| async move { admin.get("/manage/v1/journal?limit=50").await.expect(200) };
    let before = page_of_journal(room.app.admin().await).await;
    let (_home, folder) = exported(&room.app);
    let database = engine.database();
    let rows = import(&url(&database.url), &folder).unwrap();
    assert!(rows > 200, "{rows}");
    let moved = TestApp::on(engine, database, room.app.now(), |_| None).await;

    let (here, there) = (room.app.anyone(), moved.anyone());
    let addresses = room.addresses();
    assert!(addresses.len() > 50, "{}", addresses.len());
    for address in addresses {
        same(&here, &there, &address, &room.log).await;
    }
    let (_home, again) = exported(&moved);
    for table in &*TABLES {
        let file = format!("{}.ndjson", table.name);
        let (one, other) = (fs::read(folder.join(&file)), fs::read(again.join(&file)));
        assert_eq!(one.unwrap(), other.unwrap(), "{file}");
    }

    // Whoever could sign in here can sign in there, and work goes on after the last place.
    let admin = moved.admin().await;
    assert_eq!(page_of_journal(admin.clone()).await, before);
    let last = || moved.state.db.read(|conn| journal::last(conn));
    let arrived = last().await.unwrap();
    admin.post("/manage/v1/sections", json!({"name": "Arrivals"})).await.expect(201);
    assert_eq!(last().await.unwrap(), arrived + 1);
}

/// What a database says of a column.
#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    nullable: bool,
}

#[expect(clippy::disallowed_methods, reason = "a test looks behind the schema")]
fn columns(engine: Engine, url: &str) -> Vec<Found> {
    match engine {
        Engine::Sqlite => {
            let query = "select t.name || '.' || c.name as name, c.type as kind,
                c.\"notnull\" = 0 and c.pk = 0 as nullable
                from sqlite_schema t, pragma_table_info(t.name) c
                where t.type = 'table' and t.name not like 'sqlite_%'";
            let path = url.trim_start_matches("sqlite:");
            let mut conn = SqliteConnection::establish(path).unwrap();
            diesel::sql_query(query).load(&mut conn).unwrap()
        }
        Engine::Postgres => {
            let query = "select table_name || '.' || column_name as name, data_type::text as kind,
                is_nullable = 'YES' as nullable
                from information_schema.columns where table_schema = current_schema()";
            let mut conn = PgConnection::establish(url).unwrap();
            diesel::sql_query(query).load(&mut conn).unwrap()
        }
    }
}

/// How each database calls what a column holds.
fn called(engine: Engine, kind: Kind) -> &'static str {
    let (sqlite, postgres) = match kind {
        Kind::Id => ("BLOB", "uuid"),
        Kind::Instant => ("INTEGER", "timestamp with time zone"),
        Kind::Document => ("TEXT", "json"),
        Kind::Text => ("TEXT", "text"),
        Kind::Integer => ("INTEGER", "integer"),
        Kind::Long => ("INTEGER", "bigint"),
        Kind::Bool => ("INTEGER", "boolean"),
    };
    if engine == Engine::Sqlite { sqlite } else { postgres }
}

async fn every_table_and_column_is_exported_or_left_out(app: TestApp) {
    let (mut found, engine) = (BTreeMap::new(), app.engine());
    for Found { name, kind, nullable } in columns(engine, app.url()) {
        found.insert(name, (kind, nullable));
    }
    for (left_out, why) in LEFT_OUT {
        let below = format!("{left_out}.");
        let before = found.len();
        found.retain(|name, _| name != left_out && !name.starts_with(&below));
        assert!(found.len() < before, "{left_out} is not there, so it cannot be left out: {why}");
    }
    let exported = TABLES.iter().flat_map(|table| {
        table.columns.iter().map(move |column| {
            let kind = called(engine, column.kind).to_owned();
            (format!("{}.{}", table.name, column.name), (kind, column.nullable))
        })
    });
    assert_eq!(exported.collect::<BTreeMap<_, _>>(), found);
}

/// What becomes of a file; nothing where it is lost.
type Damage<'a> = Box<dyn Fn(&[u8]) -> Option<Vec<u8>> + 'a>;

async fn what_is_damaged_is_refused(app: TestApp) {
    app.admin().await.post("/manage/v1/sections", json!({"name": "Harbour"})).await.expect(201);
    let (_home, folder) = exported(&app);
    let database = app.engine().database();
    let target = url(&database.url);
    let (manifest, sections) = (folder.join("manifest.json"), folder.join("sections.ndjson"));
    let replaced = |from: &'static str, to: &'static str| -> Damage<'_> {
        Box::new(move |bytes| {
            let text = std::str::from_utf8(bytes).unwrap();
            assert!(text.contains(from), "{text}");
            Some(text.replacen(from, to, 1).into_bytes())
        })
    };
    let damages: [(&Path, Damage<'_>, &str); 8] = [
        (&manifest, Box::new(|_| None), "no complete export"),
        (&manifest, replaced("\"format\": 1", "\"format\": 2"), "format is 2"),
        (&manifest, replaced("\"schema\": \"", "\"schema\": \"2999-"), "the schema 2999-"),
        (&manifest, replaced("\"users.ndjson\"", "\"/etc/passwd\""), "one file for each table"),
        (&manifest, Box::new(|bytes| Some(bytes[..40].to_vec())), "manifest.json: EOF"),
        (&sections, Box::new(|_| None), "sections.ndjson: No such file"),
        (&sections, Box::new(|bytes| Some(bytes[..40].to_vec())), "cut short: it has 40 bytes"),
        (&sections, replaced("Harbour", "Harbous"), "the checksum differs"),
    ];
    for (path, damage, said) in damages {
        let whole = fs::read(path).unwrap();
        match damage(&whole) {
            Some(bytes) => fs::write(path, bytes).unwrap(),
            None => fs::remove_file(path).unwrap(),
        }
        let why = why(import(&target, &folder));
        assert!(why.contains(said), "{why}");
        fs::write(path, whole).unwrap();
    }
    import(&target, &folder).unwrap();
    assert!(why(export(&target, &folder, app.now())).contains("is there already"));
}

async fn a_database_in_use_is_not_filled(app: TestApp) {
    let (_home, folder) = exported(&app);
    let why = |folder| why(import(&url(app.url()), folder));
    assert!(why(&folder).contains("not empty, there are users in it"));
    // Before the files are read, which takes long.
    fs::write(folder.join("articles.ndjson"), "nothing of the kind").unwrap();
    assert!(why(&folder).contains("not empty, there are users in it"));
}

/// A database that was changed behind the import's back, so that it cannot be completed.
async fn what_is_not_complete_is_not_served(app: TestApp) {
    let (_home, folder) = exported(&app);
    let (database, target) = (app.engine().database(), |text: &str| url(text));
    import(&target(&database.url), &folder).unwrap();
    let digest =
        "insert into imports (digest, file, rows, bytes) values ('', 'users.ndjson', 1, 9)";
    execute(&database.url, digest);
    let config = (*app.state.config).clone();
    let config = broadsheet::config::Config { database_url: target(&database.url), ..config };
    let refused = why(State::open(config.clone(), Clock::system()));
    assert!(refused.contains("row 1 of users.ndjson"), "{refused}");
    let refused = why(import(&target(&database.url), &folder));
    assert!(refused.contains("another export"), "{refused}");
    let refused = why(export(&target(&database.url), &folder.join("again"), app.now()));
    assert!(refused.contains("has not been finished"), "{refused}");
}
