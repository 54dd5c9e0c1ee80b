//! The figures of `/metrics`: they count what happened, under names that stay bounded.
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use broadsheet::{
    auth::roles::Role,
    db::backups::{self, BackupKind},
    error::RateLimit,
};
use serde_json::json;
use tokio::time::timeout;

use crate::{
    comments::{decide, open_article, say, thread},
    second_factor::{EWA, Enrolled},
    support::{ADMIN, Engine, PASSWORD, TestApp, on_both_engines},
};

on_both_engines! {
    requests_are_counted_by_the_route_s_template,
    what_is_not_in_the_document_shares_one_name,
    ready_answers_are_counted_apart_from_those_that_were_made,
    the_database_s_work_is_counted,
    a_place_that_was_not_heard_of_yet_shows,
    requests_under_way_are_counted_and_those_that_come_to_nothing,
    refusals_are_counted_by_the_limit_that_was_met,
    refused_sign_ins_are_counted_by_what_was_wrong,
    what_waits_for_moderators_is_counted,
    the_size_of_the_database_is_told,
    the_newest_backup_is_known_by_what_was_told_of_it,
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

/// The names of all figures; of a histogram, one.
pub async fn names(app: &TestApp) -> BTreeSet<String> {
    let page = app.anyone().get("/metrics").await.text;
    let named = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    named.map(|(name, _)| name.to_owned()).collect()
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
    assert!(after["process_max_fds"] > after["process_open_fds"]);
    assert!(after["process_cpu_seconds_total"] >= before["process_cpu_seconds_total"]);
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

async fn requests_under_way_are_counted_and_those_that_come_to_nothing(app: TestApp) {
    // The one that asks.
    assert_eq!(figures(&app).await["broadsheet_http_requests_in_flight"], 1);
    let who = json!({"email": "nobody@example.org", "password": PASSWORD});
    let anyone = app.anyone();
    let asked = anyone.post("/manage/v1/session", who);
    // Hashing takes longer than no time at all; then whoever asked has gone.
    assert!(timeout(Duration::ZERO, asked).await.is_err());
    let figures = figures(&app).await;
    assert_eq!(figures["broadsheet_http_requests_in_flight"], 1);
    assert_eq!(figures["broadsheet_http_requests_abandoned_total"], 1);
    assert!(!figures.contains_key(&requests("/manage/v1/session", "POST", 401)));
}

async fn refusals_are_counted_by_the_limit_that_was_met(app: TestApp) {
    let limited = app
        .another(|name| match name {
            "RATE_LIMIT_READS" => Some("1".to_owned()),
            "RATE_LIMIT_SIGN_IN" => Some("25".to_owned()),
            _ => None,
        })
        .await;
    let refusals =
        |limit: &str| format!("broadsheet_rate_limit_refusals_total{{limit=\"{limit}\"}}");
    let names = RateLimit::ALL.map(RateLimit::name);
    let before = figures(&limited).await;
    assert!(names.iter().all(|name| before[&refusals(name)] == 0), "there before they happen");
    let reader = limited.anyone().from("192.0.2.1");
    for status in [200, 429, 429] {
        reader.get("/v1/sections").await.expect(status);
    }
    // Some guesses are free, then each has to wait, and at last too many come in a minute.
    let guess = json!({"email": ADMIN, "password": "not the password"});
    let guesser = limited.anyone().from("192.0.2.2");
    for _ in 0..30 {
        guesser.post("/manage/v1/session", guess.clone()).await;
    }
    let article = open_article(&limited, "post").await;
    for round in 0..7 {
        let comment = json!({"nickname": "night owl", "body": format!("Thought {round}")});
        limited.anyone().from("192.0.2.3").post(&thread(&article), comment).await;
    }
    let after = figures(&limited).await;
    let counted = names.map(|name| (name, after[&refusals(name)]));
    let expected = |(name, count): &(&str, i64)| match *name {
        "sign-in" => *count == 5,
        "guesses" => (10..25).contains(count),
        "reads" | "comments" => *count == 2,
        _ => *count == 0,
    };
    assert!(counted.iter().all(expected), "{counted:?}");
    let total: i64 = counted.iter().map(|(_, count)| count).sum();
    let answered = after.iter().filter(|(name, _)| name.contains("status=\"429\""));
    assert_eq!(answered.map(|(_, count)| count).sum::<i64>(), total, "each 429 has its limit");
}

async fn refused_sign_ins_are_counted_by_what_was_wrong(app: TestApp) {
    let refused = |figures: &BTreeMap<String, i64>| {
        ["password", "code", "refresh-token"].map(|factor| {
            figures[&format!("broadsheet_sign_in_refusals_total{{factor=\"{factor}\"}}")]
        })
    };
    assert_eq!(refused(&figures(&app).await), [0, 0, 0]);
    let enrolled = Enrolled::new(&app).await;
    let session = "/manage/v1/session";
    let who = |email: &str, password: &str| json!({"email": email, "password": password});
    let anyone = app.anyone();
    anyone.post(session, who(ADMIN, "not the password")).await.expect(401);
    anyone.post(session, who("nobody@example.org", PASSWORD)).await.expect(401);
    // That a code is asked for is a step on the way.
    anyone.post(session, who(EWA, PASSWORD)).await.expect(401);
    let mut wrong = who(EWA, PASSWORD);
    wrong["code"] = json!(if enrolled.code(&app) == "000000" { "000001" } else { "000000" });
    anyone.post(session, wrong).await.expect(401);
    let tokens = anyone.post(session, who(ADMIN, PASSWORD)).await.expect(200);
    let refresh = "/manage/v1/session/refresh";
    anyone.post(refresh, json!({"refresh_token": "no token"})).await.expect(401);
    app.with_token(tokens["access_token"].as_str().unwrap()).delete(session).await.expect(204);
    anyone.post(refresh, json!({"refresh_token": tokens["refresh_token"]})).await.expect(401);
    assert_eq!(refused(&figures(&app).await), [2, 1, 2]);
}

async fn what_waits_for_moderators_is_counted(app: TestApp) {
    let waiting = |figures: &BTreeMap<String, i64>| {
        (figures["broadsheet_comments_pending"], figures["broadsheet_comment_reports_open"])
    };
    assert_eq!(waiting(&figures(&app).await), (0, 0));
    let article = open_article(&app, "pre").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let one = say(&app, &article, "Well said").await.expect(202);
    say(&app, &article, "Not at all").await.expect(202);
    assert_eq!(waiting(&figures(&app).await), (2, 0));
    decide(&moderator, &one, "approve").await.expect(200);
    let reports = format!("/v1/comments/{}/reports", one["id"].as_str().unwrap());
    app.anyone().post(&reports, json!({"kind": "flag"})).await.expect(202);
    assert_eq!(waiting(&figures(&app).await), (1, 1));
    decide(&moderator, &one, "reject").await.expect(200);
    assert_eq!(waiting(&figures(&app).await), (1, 0));
}

async fn the_size_of_the_database_is_told(app: TestApp) {
    let figures = figures(&app).await;
    assert!(figures["broadsheet_db_size_bytes"] > 100_000);
    let write_ahead_log = figures.get("broadsheet_db_wal_bytes");
    match app.engine() {
        Engine::Sqlite => {
            let path = app.url().trim_start_matches("sqlite:");
            let bytes = std::fs::metadata(format!("{path}-wal")).unwrap().len();
            assert_eq!(write_ahead_log.map(|told| told.unsigned_abs()), Some(bytes));
        }
        Engine::Postgres => assert_eq!(write_ahead_log, None),
    }
}

async fn the_newest_backup_is_known_by_what_was_told_of_it(app: TestApp) {
    let (app, url) = (&app, app.url().parse().unwrap());
    let newest = async || figures(app).await["broadsheet_backup_last_success_timestamp_seconds"];
    assert_eq!(newest().await, 0, "none");
    let at = |seconds: i64| app.now().plus_seconds(seconds);
    let yesterday = at(-86_400);
    assert!(backups::record(&url, BackupKind::Copy, yesterday).unwrap());
    assert_eq!(newest().await, yesterday.seconds());
    backups::record(&url, BackupKind::Export, at(-500_000)).unwrap();
    assert_eq!(newest().await, yesterday.seconds(), "an older one changes nothing");
    // By a clock that was ahead: it would hide for a year that there is none.
    backups::record(&url, BackupKind::Other, at(31_536_000)).unwrap();
    assert_eq!(newest().await, yesterday.seconds());
    let now = at(0);
    backups::record(&url, BackupKind::Other, now).unwrap();
    assert_eq!(newest().await, now.seconds(), "and is put right by the next");
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
