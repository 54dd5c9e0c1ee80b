//! The figures of `/metrics`: they count what happened, under names that stay bounded.
use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    requests_are_counted_by_the_route_s_template,
    what_is_not_in_the_document_shares_one_name,
    ready_answers_are_counted_apart_from_those_that_were_made,
    the_database_s_work_is_counted,
    a_place_that_was_not_heard_of_yet_shows,
    every_figure_is_explained_and_named_as_prometheus_wants_it,
}

/// Every sample, by name and labels as they are written; without fractions.
async fn figures(app: &TestApp) -> BTreeMap<String, i64> {
    let page = app.anyone().get("/metrics").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let samples = page.text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| line.rsplit_once(' ').unwrap());
    samples
        .map(|(name, value)| (name.to_owned(), value.split('.').next().unwrap().parse().unwrap()))
        .collect()
}

fn requests(route: &str, method: &str, status: u16) -> String {
    format!(
        "broadsheet_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}"
    )
}

async fn requests_are_counted_by_the_route_s_template(app: TestApp) {
    let admin = app.admin().await;
    let section = admin.post("/manage/v1/sections", json!({"name": "World"})).await.expect(201);
    let address = format!("/manage/v1/sections/{}", section["id"].as_str().unwrap());
    for _ in 0..3 {
        admin.get(&address).await.expect(200);
    }
    admin.get("/manage/v1/sections/0190c0de-0000-7000-8000-000000000000").await.expect(404);
    app.anyone().get(&address).await.expect(401);
    let figures = figures(&app).await;
    let one = "/manage/v1/sections/{id}";
    assert_eq!(figures[&requests(one, "GET", 200)], 3);
    assert_eq!(figures[&requests(one, "GET", 404)], 1);
    assert_eq!(figures[&requests(one, "GET", 401)], 1);
    assert_eq!(figures[&requests("/manage/v1/sections", "POST", 201)], 1);
    let timed =
        format!("broadsheet_http_request_duration_seconds_count{{method=\"GET\",route=\"{one}\"}}");
    assert_eq!(figures[&timed], 5);
    assert!(!figures.keys().any(|name| name.contains(section["id"].as_str().unwrap())));
}

async fn what_is_not_in_the_document_shares_one_name(app: TestApp) {
    let before = figures(&app).await.len();
    for path in ["/wp-login.php", "/v1/secrets", "/%00", "/.env"] {
        app.anyone().get(path).await.expect(404);
    }
    let figures = figures(&app).await;
    assert_eq!(figures[&requests("other", "other", 404)], 4);
    assert!(figures.len() < before + 60, "four strange addresses took {} lines", figures.len());
}

async fn ready_answers_are_counted_apart_from_those_that_were_made(app: TestApp) {
    for _ in 0..3 {
        app.anyone().get("/v1/sections").await.expect(200);
    }
    let on = figures(&app).await;
    assert_eq!(on["broadsheet_cache_requests_total{result=\"miss\"}"], 1);
    assert_eq!(on["broadsheet_cache_requests_total{result=\"hit\"}"], 2);
    assert_eq!(on["broadsheet_cache_answers"], 1);
    assert!(on["broadsheet_cache_bytes"] > 0);
    assert_eq!(on["broadsheet_cache_max_bytes"], 67_108_864);
    assert_eq!(on["broadsheet_cache_trusted"], 1);
    let off = app.another(|name| (name == "CACHE").then(|| "off".to_owned())).await;
    off.anyone().get("/v1/sections").await.expect(200);
    let off = figures(&off).await;
    assert_eq!(off["broadsheet_cache_requests_total{result=\"bypass\"}"], 1);
    assert!(!off.contains_key("broadsheet_cache_answers"));
    assert!(!off.contains_key("broadsheet_journal_followed_place"));
}

async fn the_database_s_work_is_counted(app: TestApp) {
    let admin = app.admin().await;
    let before = figures(&app).await;
    for name in ["World", "City"] {
        admin.post("/manage/v1/sections", json!({"name": name})).await.expect(201);
    }
    let after = figures(&app).await;
    let grown = |name: &str| after[name] - before[name];
    assert_eq!(grown("broadsheet_db_writes_total"), 2);
    assert!((1..=2).contains(&grown("broadsheet_db_commits_total")));
    assert!(grown("broadsheet_db_statements_total") >= 4);
    assert_eq!(after["broadsheet_db_up"], 1);
    let writers = if app.engine() == Engine::Sqlite { 1 } else { 2 };
    assert_eq!(after["broadsheet_db_connections{lane=\"writer\"}"], writers);
    assert_eq!(after["broadsheet_db_jobs_refused_total{lane=\"reader\"}"], 0);
    assert!(after["process_start_time_seconds"] > 0);
    assert!(after["process_resident_memory_bytes"] > 1_000_000);
}

async fn a_place_that_was_not_heard_of_yet_shows(app: TestApp) {
    let admin = app.admin().await;
    admin.post("/manage/v1/sections", json!({"name": "World"})).await.expect(201);
    let figures = figures(&app).await;
    let (last, followed) =
        (figures["broadsheet_journal_last_place"], figures["broadsheet_journal_followed_place"]);
    assert!(last > 0 && followed >= 0);
    assert!(figures["broadsheet_journal_lag_places"] <= last);
    // Nobody has begun to tell anybody.
    assert!(!figures.contains_key("broadsheet_purge_pending_changes"));
}

async fn every_figure_is_explained_and_named_as_prometheus_wants_it(app: TestApp) {
    app.anyone().get("/v1/sections").await.expect(200);
    let page = app.anyone().get("/metrics").await.text;
    let handbook =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/OPERATIONS.md")).unwrap();
    let kinds: Vec<(&str, &str)> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    assert!(kinds.len() > 15);
    for (name, kind) in kinds {
        assert!(name.starts_with("broadsheet_") || name.starts_with("process_"), "{name}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
        assert!(page.contains(&format!("# HELP {name} ")), "{name} is not explained");
        assert!(handbook.contains(&format!("`{name}`")), "OPERATIONS.md does not explain {name}");
    }
}

#[actix_web::test]
async fn a_token_keeps_strangers_from_the_figures() {
    let token = "figures are for those who know this";
    let app = TestApp::start_with(Engine::Sqlite, |name| {
        (name == "METRICS_TOKEN").then(|| token.to_owned())
    })
    .await;
    app.anyone().get("/metrics").await.expect(401);
    app.with_token("figures are for those who know thus").get("/metrics").await.expect(401);
    app.with_token("").get("/metrics").await.expect(401);
    assert_eq!(app.with_token(token).get("/metrics").await.status, 200);
}
