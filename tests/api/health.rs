//! What `/healthz` and `/readyz` say while all is well, while the database is away, and after.
use std::time::{Duration, Instant};

use diesel::{Connection, PgConnection, SqliteConnection, connection::SimpleConnection};
use serde_json::Value;

use crate::support::{Answer, Cluster, Engine, TestApp, on_both_engines};

on_both_engines! {
    a_server_that_has_all_it_needs_is_ready,
    a_schema_that_lacks_a_migration_is_not_the_right_one,
    a_database_that_answers_nonsense_is_said_to,
}

/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_mins(1);

async fn ask(app: &TestApp) -> Answer {
    app.anyone().get("/readyz").await
}

fn check<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    let checks = answer.body["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Asks until the server is as ready as that.
async fn until(app: &TestApp, status: u16) -> Answer {
    let begun = Instant::now();
    loop {
        let answer = ask(app).await;
        if answer.status == status {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "it never comes to {status}: {}", answer.text);
        actix_web::rt::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs SQL from outside of the server.
fn from_outside(app: &TestApp, sql: &str) {
    let url = app.url();
    match app.engine() {
        Engine::Sqlite => SqliteConnection::establish(url.trim_start_matches("sqlite:"))
            .unwrap()
            .batch_execute(sql),
        Engine::Postgres => PgConnection::establish(url).unwrap().batch_execute(sql),
    }
    .unwrap();
}

async fn a_server_that_has_all_it_needs_is_ready(app: TestApp) {
    let alive = app.anyone().get("/healthz").await;
    assert_eq!(alive.header("cache-control"), "no-store");
    assert_eq!(alive.expect(200)["status"], "alive");
    let ready = ask(&app).await;
    assert_eq!(ready.header("cache-control"), "no-store");
    for name in ["database", "schema", "journal"] {
        assert_eq!(check(&ready, name)["status"], "pass");
    }
    assert_eq!(ready.expect(200)["status"], "ready");
    let off = app.another(|name| (name == "CACHE").then(|| "off".to_owned())).await;
    let ready = ask(&off).await.expect(200);
    assert_eq!(ready["checks"].as_array().unwrap().len(), 2, "nobody follows the journal");
}

async fn a_schema_that_lacks_a_migration_is_not_the_right_one(app: TestApp) {
    let one = "(select max(version) from __diesel_schema_migrations)";
    from_outside(
        &app,
        &format!("update __diesel_schema_migrations set version = '99' where version = {one}"),
    );
    let behind = ask(&app).await;
    assert!(behind.headers.contains_key("retry-after"));
    assert_eq!(check(&behind, "database")["status"], "pass");
    assert_eq!(check(&behind, "schema")["status"], "fail");
    let missing = check(&behind, "schema")["detail"].as_str().unwrap().to_owned();
    let (_, missing) = missing.rsplit_once(' ').unwrap();
    assert_eq!(behind.expect(503)["status"], "not_ready");
    // Once it has the migration again it has one that this program does not know: a newer
    // version works on it, too, and until this one is replaced, it goes on.
    from_outside(
        &app,
        &format!("insert into __diesel_schema_migrations (version) values ('{missing}')"),
    );
    let ahead = ask(&app).await;
    assert!(check(&ahead, "schema")["detail"].as_str().unwrap().ends_with("99"));
    assert_eq!(ahead.expect(200)["status"], "ready");
}

async fn a_database_that_answers_nonsense_is_said_to(app: TestApp) {
    from_outside(&app, "alter table __diesel_schema_migrations rename to away");
    let answer = ask(&app).await;
    for name in ["database", "schema", "journal"] {
        assert_eq!(check(&answer, name)["status"], "fail");
    }
    assert!(!answer.text.contains("__diesel"), "strangers need not know: {}", answer.text);
    answer.expect(503);
    app.anyone().get("/healthz").await.expect(200);
    from_outside(&app, "alter table away rename to __diesel_schema_migrations");
    until(&app, 200).await;
}

#[actix_web::test]
async fn a_database_that_is_stopped_is_noticed_and_so_is_its_return() {
    let Some(cluster) = Cluster::start("-c fsync=off") else { return };
    let app = TestApp::start_in(&cluster).await;
    until(&app, 200).await;
    cluster.tool("pg_ctl", &["-D", "data", "-m", "immediate", "stop"]);
    let away = until(&app, 503).await;
    assert_eq!(check(&away, "database")["status"], "fail");
    assert!(!away.text.contains("tests"), "it names the database's user: {}", away.text);
    app.anyone().get("/healthz").await.expect(200);
    cluster.resume("-c fsync=off");
    until(&app, 200).await;
}

#[actix_web::test]
async fn a_journal_that_cannot_be_followed_is_noticed_and_the_end_of_that() {
    if !Engine::postgres_is_here() {
        return;
    }
    let app = TestApp::start(Engine::Postgres).await;
    // Only its followers are stopped; whoever else reads it waits no longer than this takes.
    let mut other = PgConnection::establish(app.url()).unwrap();
    other.batch_execute("begin; lock table journal in access exclusive mode").unwrap();
    let asked = Instant::now();
    let hangs = until(&app, 503).await;
    assert!(asked.elapsed() < Duration::from_secs(10), "it answers while the database hangs");
    assert_eq!(check(&hangs, "database")["detail"], "does not answer in time");
    other.batch_execute("rollback").unwrap();
    until(&app, 200).await;
}
