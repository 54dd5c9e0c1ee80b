//! While PostgreSQL is away, readers get what is kept, marked as stale: not for longer than the
//! settings allow, and never past what is scheduled. In clusters of their own.
use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    articles::{at, draft, paragraph, publish, section},
    support::{Answer, Cluster, TestApp},
};

const STOP: [&str; 5] = ["-D", "data", "-m", "immediate", "stop"];

/// Sends a signal to every process of the cluster: frozen, it takes connections and says nothing.
fn signal(cluster: &Cluster, name: &str) {
    let pid = fs::read_to_string(cluster.home.join("data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap();
    let script = format!("kill -{name} {pid} $(pgrep -P {pid})");
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

/// Waits until the server trusts what it keeps, or does not any more.
async fn trusting(app: &TestApp, trusting: bool) {
    let begun = Instant::now();
    while app.state.db.clock().is_trusted() != trusting {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never comes to {trusting}");
        actix_web::rt::time::sleep(Duration::from_millis(1)).await;
    }
}

#[track_caller]
fn is_stale(answer: &Answer) -> bool {
    let stale = answer.header("cache-status") == "broadsheet; hit; detail=stale-if-error";
    if stale {
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-cache, s-maxage=0");
        // The lease is two seconds, and what is missed is counted from its beginning.
        assert!(answer.header("age").parse::<u64>().unwrap() >= 2);
    }
    stale
}

struct Newsroom {
    cluster: Cluster,
    app: TestApp,
    article: Value,
}

const PAGE: &str = "/v1/page?path=/world/the-ferry-sails";
const LIST: &str = "/v1/articles";
const TAKEN_BACK: &str = "/v1/page?path=/asia/it-was-wrong";

/// With an article that readers have, and another that they get in a minute.
async fn newsroom(settings: impl Fn(&str) -> Option<String>) -> Option<Newsroom> {
    let cluster = Cluster::start("-c fsync=off")?;
    let app = TestApp::start_in(&cluster).await.another(settings).await;
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    // Long enough to be coded.
    let body: Vec<Value> = (0..50).map(|n| paragraph(&format!("Paragraph {n} of many."))).collect();
    admin.patch(&at(&article), json!({"body": body})).await.expect(200);
    let article = publish(&admin, &article).await["article"].clone();
    let later = draft(&admin, &world, "Later").await;
    for step in ["submit", "approve"] {
        admin.act(&at(&later), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let when = json!({"valid_from": app.in_seconds(60)});
    admin.act(&at(&later), "actions/publish", when).await.expect(200);
    for path in [PAGE, LIST] {
        for coding in ["identity", "br"] {
            app.anyone().with("accept-encoding", coding).get(path).await.expect(200);
        }
    }
    Some(Newsroom { cluster, app, article })
}

#[actix_web::test]
async fn readers_get_kept_answers_while_the_database_is_away() {
    let Some(Newsroom { cluster, app, article }) = newsroom(|_| None).await else { return };
    let admin = app.admin().await;
    let wrong = draft(&admin, &section(&app, "Asia").await, "It was wrong").await;
    publish(&admin, &wrong).await;
    app.anyone().get(TAKEN_BACK).await.expect(200);
    admin.act(&at(&wrong), "actions/unpublish", json!({})).await.expect(200);
    for coding in ["identity", "br"] {
        app.anyone().with("accept-encoding", coding).get(LIST).await.expect(200);
    }
    let fresh = app.anyone().get(PAGE).await;
    cluster.tool("pg_ctl", &STOP);
    trusting(&app, false).await;
    let stale = app.anyone().get(PAGE).await;
    assert!(is_stale(&stale));
    assert_eq!((&stale.text, stale.header("etag")), (&fresh.text, fresh.header("etag")));
    // What had changed before is not shown, although nobody has read it since.
    app.anyone().get(TAKEN_BACK).await.expect(503);
    let coded = app.anyone().with("accept-encoding", "br").get(PAGE).await;
    assert!(is_stale(&coded));
    assert_eq!(coded.header("content-encoding"), "br");
    // Nobody has asked for it in this coding.
    let gzip = app.anyone().with("accept-encoding", "gzip").get(PAGE).await;
    assert!(is_stale(&gzip));
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let known = app.anyone().with("if-none-match", fresh.header("etag")).get(PAGE).await;
    assert_eq!(
        (known.status.as_u16(), known.header("cache-control")),
        (304, "no-cache, s-maxage=0")
    );
    assert!(is_stale(&app.anyone().get(LIST).await));
    app.anyone().get("/v1/articles?limit=7").await.expect(503);
    let metrics = app.anyone().get("/metrics").await.text;
    assert!(metrics.contains("broadsheet_cache_requests_total{result=\"stale\"} 5"), "{metrics}");

    // What is scheduled comes about all the same: the list without the other article has ended.
    app.advance(60);
    assert!(is_stale(&app.anyone().get(PAGE).await));
    app.anyone().get(LIST).await.expect(503);

    cluster.resume("");
    trusting(&app, true).await;
    let admin = app.admin().await;
    admin.patch(&at(&article), json!({"lead": "It is back."})).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    assert_eq!(app.anyone().get(PAGE).await.body["lead"], "It is back.");
    assert_eq!(app.anyone().get(LIST).await.body["data"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn readers_of_a_frozen_database_do_not_wait_one_after_the_other() {
    let Some(Newsroom { cluster, app, .. }) = newsroom(|_| None).await else { return };
    signal(&cluster, "STOP");
    trusting(&app, false).await;
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(is_stale(&app.anyone().get(PAGE).await));
    }
    let took = begun.elapsed();
    signal(&cluster, "CONT");
    assert!(took < Duration::from_secs(8), "{took:?}");
    trusting(&app, true).await;
    let answer = app.anyone().get(PAGE).await;
    assert!(answer.status == 200 && !is_stale(&answer));
}

#[actix_web::test]
async fn kept_answers_are_shown_for_as_long_as_the_settings_allow() {
    let seconds = |name: &str| (name == "CACHE_STALE_IF_ERROR").then(|| "4".to_owned());
    let Some(Newsroom { cluster, app, .. }) = newsroom(seconds).await else { return };
    let off = app.another(|name| (name == "CACHE_STALE_IF_ERROR").then(|| "off".to_owned())).await;
    off.anyone().get(PAGE).await.expect(200);
    cluster.tool("pg_ctl", &STOP);
    let begun = Instant::now();
    trusting(&app, false).await;
    trusting(&off, false).await;
    off.anyone().get(PAGE).await.expect(503);
    assert!(is_stale(&app.anyone().get(PAGE).await));
    let mut answer = app.anyone().get(PAGE).await;
    while answer.status == 200 {
        assert!(is_stale(&answer) && begun.elapsed() < Duration::from_secs(20), "no end of it");
        actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        answer = app.anyone().get(PAGE).await;
    }
    answer.expect(503);
    assert!(app.state.db.clock().incomplete_for().unwrap() >= Duration::from_secs(4));
}

/// A change that another server makes while this one cannot hear, and the database answers.
#[actix_web::test]
async fn what_changes_in_a_database_that_answers_is_never_stale() {
    let Some(Newsroom { cluster, app, article }) = newsroom(|_| None).await else { return };
    let other = app.another(|_| None).await;
    let admin = other.admin().await;
    let lead = json!({"lead": "Changed elsewhere."});
    admin.patch(&at(&article), lead).await.expect(200);
    let run = |statement: &str| cluster.tool("psql", &[&cluster.url(), "-c", statement]);
    let before = app.anyone().get(PAGE).await;
    assert!(before.was_ready());
    // Only the follower cannot read it; whether it can connect anew, or not even that.
    for (away, back) in [
        ("journal rename column tags to away", "journal rename column away to tags"),
        ("journal rename to away", "away rename to journal"),
    ] {
        run(&format!("alter table {away}"));
        trusting(&app, false).await;
        let made = app.anyone().get(PAGE).await;
        assert_eq!(made.status, 200);
        assert!(!is_stale(&made) && !made.was_ready());
        run(&format!("alter table {back}"));
        trusting(&app, true).await;
        app.anyone().get(PAGE).await.expect(200);
        assert!(app.anyone().get(PAGE).await.was_ready());
    }
    // Whatever is shown instead of a refusal since the tables cannot be read says so.
    run("alter table journal rename to away");
    trusting(&app, false).await;
    run("alter table editions rename to gone");
    assert!(is_stale(&app.anyone().get(PAGE).await));
    app.anyone().get("/v1/articles?limit=9").await.expect(503);
    run("alter table gone rename to editions");
    run("alter table away rename to journal");
    trusting(&app, true).await;
    trusting(&other, true).await;
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    trusting(&app, true).await;
    assert_eq!(app.anyone().get(PAGE).await.body["lead"], "Changed elsewhere.");
}
