//! Databases of every released schema: opened by this program, they serve what they held.
use std::{fs, path::Path, process::Command};

use broadsheet::{
    db::{
        migrations::{self, Fit},
        schema::users,
    },
    integrity::Newsroom as Rules,
    transfer::{export::export, import::import},
};
use diesel::{
    Connection, ExpressionMethods, QueryDsl, RunQueryDsl, SqliteConnection, sql_types::Text,
};
use serde_json::{Map, Value, json};

use crate::{
    exactness::Newsroom,
    support::{Database, Engine, TestApp, execute},
};

const FOLDER: &str = "tests/fixtures";

/// Where the site is that the pages' canonical links lead to.
fn settings(name: &str) -> Option<String> {
    (name == "SITE_URL").then(|| "http://127.0.0.1:8080".to_owned())
}

#[actix_web::test]
async fn every_released_schema_upgrades_with_its_data_on_sqlite() {
    every_released_schema_upgrades_with_its_data(Engine::Sqlite).await;
}

#[actix_web::test]
async fn every_released_schema_upgrades_with_its_data_on_postgres() {
    if Engine::postgres_is_here() {
        every_released_schema_upgrades_with_its_data(Engine::Postgres).await;
    }
}

async fn every_released_schema_upgrades_with_its_data(engine: Engine) {
    let releases = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
    let releases: Vec<_> = releases.filter(|path| path.is_dir()).collect();
    assert!(!releases.is_empty());
    for release in releases {
        upgrades_with_its_data(&release, engine).await;
    }
}

#[actix_web::test]
async fn bodies_of_0_1_0_come_out_in_the_present_form_on_sqlite() {
    bodies_of_0_1_0_come_out_in_the_present_form(Engine::Sqlite).await;
}

#[actix_web::test]
async fn bodies_of_0_1_0_come_out_in_the_present_form_on_postgres() {
    if Engine::postgres_is_here() {
        bodies_of_0_1_0_come_out_in_the_present_form(Engine::Postgres).await;
    }
}

/// The newsroom of that release marked nothing, so its words are marked here as they were then.
async fn bodies_of_0_1_0_come_out_in_the_present_form(engine: Engine) {
    let release = Path::new(FOLDER).join("0.1.0");
    let read = |name: &str| fs::read_to_string(release.join(name)).unwrap();
    let held: Value = serde_json::from_str(&read("pages.json")).unwrap();
    let words = r#"{"text":"Words 534."}"#;
    let marked =
        r#"{"text":"Words\r\n534.","marks":["strong","em",{"link":"https://example.org/"}]}"#;
    let dump = read(file(engine)).replace(words, marked);
    assert!(dump.contains(marked));
    let database = engine.database();
    execute(&database.url, &dump);
    execute(&database.url, "update media set mime = 'audio/mpeg'");
    let now = held["now"].as_str().unwrap().parse().unwrap();
    let app = TestApp::on(engine, database, now, settings).await;
    let link = json!({"type": "link", "href": "https://example.org/"});
    let present =
        json!([{"text": "Words\n534.", "marks": [{"type": "bold"}, {"type": "italic"}, link]}]);
    let admin = app.admin().await;
    let (mut shown, mut copies, mut editions) = (0, 0, 0);
    for address in held["pages"].as_object().unwrap().keys() {
        let page = app.anyone().get_unchecked(address).await.body;
        shown += usize::from(page["blocks"][0]["text"] == present);
    }
    for article in
        admin.get("/manage/v1/articles?limit=100").await.expect(200)["data"].as_array().unwrap()
    {
        let at = format!("/manage/v1/articles/{}", article["id"].as_str().unwrap());
        let copy = admin.get(&at).await.expect(200);
        copies += usize::from(copy["body"][0]["text"] == present);
        for number in 1..=copy["last_edition"].as_i64().unwrap() {
            let edition = admin.get(&format!("{at}/editions/{number}")).await.expect(200);
            editions += usize::from(edition["document"]["article"]["body"][0]["text"] == present);
        }
    }
    assert!(shown > 0 && copies > 0 && editions > 0, "{shown} {copies} {editions}");
    // What said that a picture was a recording says nothing any more.
    let media = admin.get("/manage/v1/media").await.expect(200);
    assert!(media["data"].as_array().unwrap().iter().all(|medium| medium["mime"].is_null()));
    moves_on(&app);
}

#[actix_web::test]
async fn texts_of_0_1_0_are_compared_as_they_are_on_sqlite() {
    texts_of_0_1_0_are_compared_as_they_are(Engine::Sqlite).await;
}

#[actix_web::test]
async fn texts_of_0_1_0_are_compared_as_they_are_on_postgres() {
    if Engine::postgres_is_here() {
        texts_of_0_1_0_are_compared_as_they_are(Engine::Postgres).await;
    }
}

/// Tags that were one for that release, which spelled them, and a character that no feed can hold.
async fn texts_of_0_1_0_are_compared_as_they_are(engine: Engine) {
    let release = Path::new(FOLDER).join("0.1.0");
    let read = |name: &str| fs::read_to_string(release.join(name)).unwrap();
    let held: Value = serde_json::from_str(&read("pages.json")).unwrap();
    let dump = read(file(engine))
        .replace("\"night buses\"", "\"北京\"")
        .replace("\"żegluga\"", "\"背景\"")
        .replace("\"kicker\":null", "\"kicker\":\"a\\u0001b\"");
    let database = engine.database();
    execute(&database.url, &dump);
    let now = held["now"].as_str().unwrap().parse().unwrap();
    let app = TestApp::on(engine, database, now, settings).await;
    let reader = app.anyone();
    let listed = async |tag: &str| {
        let tag = url::form_urlencoded::byte_serialize(tag.as_bytes()).collect::<String>();
        let list = reader.get(&format!("/v1/articles?tag={tag}&limit=100")).await.expect(200);
        list["data"].as_array().unwrap().clone()
    };
    let mut slugs = Vec::new();
    for name in ["北京", "背景"] {
        let articles = listed(name).await;
        assert!(!articles.is_empty(), "{name}");
        for article in &articles {
            let tags = article["tags"].as_array().unwrap().iter();
            let found = tags.clone().find(|tag| tag["name"] == name);
            slugs.push(found.unwrap_or_else(|| panic!("{name}: {article}"))["slug"].clone());
            assert_eq!(article["kicker"], "ab");
        }
        let slug = slugs.last().unwrap().as_str().unwrap();
        assert_eq!(listed(slug).await, articles, "{name} by its slug {slug}");
    }
    slugs.dedup();
    assert_eq!(slugs.len(), 2, "{slugs:?}");
    let articles = app.admin().await.get("/manage/v1/articles?limit=100").await.expect(200);
    for article in articles["data"].as_array().unwrap() {
        let at = format!("/manage/v1/articles/{}", article["id"].as_str().unwrap());
        let copy = app.admin().await.get(&at).await.expect(200);
        assert_eq!((&copy["kicker"], &copy["slug_chosen"]), (&json!("ab"), &json!(true)));
    }
    // What looks like the name of whoever was there already.
    let names = app.admin().await.get("/manage/v1/authors").await.expect(200);
    let name = names["data"][0]["name"].as_str().unwrap();
    let folded = broadsheet::text::fold(name);
    let skeleton = broadsheet::text::skeleton(name);
    let stored = app.state.db.read(move |conn| {
        let users = users::table.filter(users::name_skeleton.eq(skeleton));
        Ok(users.select(users::name_folded).load::<String>(&mut **conn)?)
    });
    assert!(stored.await.unwrap().contains(&folded), "{folded}");
}

fn file(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite.sql",
        Engine::Postgres => "postgres.sql",
    }
}

async fn upgrades_with_its_data(release: &Path, engine: Engine) {
    let read = |name: &str| fs::read_to_string(release.join(name)).unwrap();
    let held: Value = serde_json::from_str(&read("pages.json")).unwrap();
    let database = engine.database();
    execute(&database.url, &read(file(engine)));
    let now = held["now"].as_str().unwrap().parse().unwrap();
    let app = TestApp::on(engine, database, now, settings).await;
    assert_eq!(app.state.db.read(|conn| migrations::check(conn)).await.unwrap(), Fit::Fits);
    serves(&app, &held, release).await;
    let admin = app.admin().await;
    admin.post("/manage/v1/sections", json!({"name": "Upgrades"})).await.expect(201);

    moves_on(&app);

    // What that version has exported comes out the same.
    let other = engine.database();
    take_in(&other.url, &release.join("export"));
    serves(&TestApp::on(engine, other, now, settings).await, &held, release).await;
}

#[test]
fn an_older_export_that_was_damaged_is_refused() {
    let release = Path::new(FOLDER).join("0.1.0/export");
    let home = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(release).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, home.path().join(path.file_name().unwrap())).unwrap();
    }
    let target = home.path().join("new.db");
    let refused = |file: &str, from: &str, to: &str, said: &str| {
        let path = home.path().join(file);
        let whole = fs::read_to_string(&path).unwrap();
        assert!(whole.contains(from), "{whole}");
        fs::write(&path, whole.replacen(from, to, 1)).unwrap();
        let rules = |exported| Rules::new(exported, exported);
        let url = format!("sqlite:{}", target.display()).parse().unwrap();
        let why = import(&url, home.path(), rules).unwrap_err().why();
        assert!(why.contains(said), "{why}");
        assert!(!target.exists(), "nothing was begun");
        fs::write(&path, whole).unwrap();
    };
    refused("articles.ndjson", "Article 0", "Article 1", "articles.ndjson: it is not what was");
    refused("sections.ndjson", "\"slug\"", "\"slag\"", "sections.ndjson:1: there is no `slug`");
    refused("manifest.json", "users.ndjson", "others.ndjson", "names a file others.ndjson");
    refused("manifest.json", "\"users.ndjson", "\"../users.ndjson", "names a file ../users.ndjson");
}

async fn serves(app: &TestApp, held: &Value, release: &Path) {
    for (address, page) in held["pages"].as_object().unwrap() {
        let served = app.anyone().get_unchecked(address).await.body;
        holds(&served, page, &format!("{}: {address}", release.display()));
    }
}

/// What it holds can be moved on: it keeps the rules of the present program.
#[track_caller]
pub fn moves_on(app: &TestApp) {
    let (home, other) = (tempfile::tempdir().unwrap(), app.engine().database());
    let folder = home.path().join("export");
    export(&app.url().parse().unwrap(), &folder, app.now()).unwrap();
    take_in(&other.url, &folder);
}

fn take_in(url: &str, folder: &Path) {
    let rules = |exported| Rules::new(exported, exported);
    import(&url.parse().unwrap(), folder, rules).unwrap();
}

/// Whether the answer says all that is expected; a later version may say more.
fn holds(answer: &Value, expected: &Value, at: &str) {
    match (answer, expected) {
        (Value::Object(answer), Value::Object(expected)) => {
            for (name, value) in expected {
                holds(answer.get(name).unwrap_or(&Value::Null), value, &format!("{at} {name}"));
            }
        }
        (Value::Array(answer), Value::Array(expected)) if answer.len() == expected.len() => {
            for (number, (answer, value)) in answer.iter().zip(expected).enumerate() {
                holds(answer, value, &format!("{at} {number}"));
            }
        }
        _ => assert_eq!(answer, expected, "{at}"),
    }
}

/// Writes the fixtures of this version: the same newsroom on both databases.
#[actix_web::test]
#[ignore = "changes the fixtures; run at each release, see tests/fixtures/README.md"]
async fn make() {
    let release = Path::new(FOLDER).join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&release).unwrap();
    let mut room =
        Newsroom::open(TestApp::start_with(Engine::Sqlite, settings).await, 0x5eed).await;
    for _ in 0..24 {
        room.change().await;
    }
    let moved = release.join("export");
    export(&room.app.url().parse().unwrap(), &moved, room.app.now()).unwrap();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = engine.database();
        take_in(&database.url, &moved);
        let dump = match engine {
            Engine::Sqlite => dump_sqlite(&database),
            Engine::Postgres => dump_postgres(&database),
        };
        fs::write(release.join(file(engine)), dump).unwrap();
    }
    let mut pages = Map::new();
    for path in &room.paths {
        let address = format!("/v1/page?path={path}");
        let mut page = room.app.anyone().get_unchecked(&address).await.body;
        // A refusal names the request that it answers.
        page.as_object_mut().unwrap().remove("request_id");
        pages.insert(address, page);
    }
    let held = json!({"now": room.app.now(), "pages": pages});
    let text = serde_json::to_string_pretty(&held).unwrap();
    fs::write(release.join("pages.json"), text + "\n").unwrap();
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[expect(clippy::disallowed_methods, reason = "a dump is raw SQL")]
fn dump_sqlite(database: &Database) -> String {
    let path = database.url.trim_start_matches("sqlite:");
    let mut conn = SqliteConnection::establish(path).unwrap();
    let mut lines = |query: &str| -> Vec<String> {
        let lines: Vec<Line> = diesel::sql_query(query).load(&mut conn).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    };
    let mut dump = lines(
        "select sql || ';' as line from sqlite_schema where type = 'table' and
        name not like 'sqlite_%' order by rowid",
    );
    let rows = lines(
        "select 'select ''insert into ' || t.name || ' values (''||' ||
        group_concat('quote(\"' || c.name || '\")', '||'', ''||') || '||'');'' as line from ' ||
        t.name as line from sqlite_schema t, pragma_table_info(t.name) c
        where t.type = 'table' and t.name not like 'sqlite_%' group by t.name order by t.rowid",
    );
    for query in rows {
        dump.extend(lines(&query));
    }
    dump.extend(lines(
        "select sql || ';' as line from sqlite_schema where type = 'index' and
        sql is not null order by rowid",
    ));
    dump.join("\n") + "\n"
}

fn dump_postgres(database: &Database) -> String {
    let schema = database.schema.as_deref().unwrap();
    let done = Command::new("pg_dump")
        .args(["--inserts", "--no-owner", "--no-privileges", "--schema", schema])
        .arg(&database.url)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // Into whichever schema it is read, and without what only `psql` understands.
    let dump = String::from_utf8(done.stdout).unwrap().replace(&format!("{schema}."), "");
    let said = |line: &&str| {
        let noise = ["--", "\\", "SET ", "CREATE SCHEMA ", "SELECT pg_catalog.set_config("];
        !line.is_empty() && !noise.iter().any(|start| line.starts_with(start))
    };
    dump.lines().filter(said).collect::<Vec<_>>().join("\n") + "\n"
}
