//! Ready-made answers: always exact, for everyone who asks, on every server.
use std::time::{Duration, Instant};

use broadsheet::{auth::roles::Role, db::journal};
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    comments,
    support::{Answer, Client, Cluster, TestApp, execute, on_both_engines, on_postgres},
};

on_both_engines! {
    what_was_asked_once_is_ready,
    a_change_is_seen_by_the_very_next_reader,
    a_change_leaves_alone_what_it_does_not_touch,
    requests_that_mean_the_same_share_an_answer,
    each_coding_is_made_once_and_has_its_own_etag,
    an_answer_ends_with_its_time,
    a_clock_that_is_set_back_shows_nothing_too_early,
    nothing_was_modified_after_it_was_sent,
    refusals_are_not_kept,
    a_crowd_has_one_answer_made,
    another_server_sees_a_change_at_once,
    what_cannot_be_checked_is_not_trusted,
    without_a_cache_everything_is_made_afresh,
    shared_caches_can_be_told_otherwise,
    only_where_it_is_set_may_caches_show_old_answers_while_no_server_answers,
}

async fn read(app: &TestApp, path: &str) -> Answer {
    let answer = app.anyone().get(path).await;
    assert_eq!(answer.status, 200, "{path}: {:#}", answer.body);
    answer
}

async fn is_ready(app: &TestApp, path: &str) -> bool {
    read(app, path).await.was_ready()
}

fn page(path: &str) -> String {
    format!("/v1/page?path={path}")
}

async fn published(app: &TestApp, section: &Value, headline: &str) -> Value {
    let admin = app.admin().await;
    let article = draft(&admin, section, headline).await;
    publish(&admin, &article).await["article"].clone()
}

async fn what_was_asked_once_is_ready(app: TestApp) {
    let world = section(&app, "World").await;
    published(&app, &world, "The ferry sails").await;
    let path = page("/world/the-ferry-sails");
    let first = read(&app, &path).await;
    assert!(!first.was_ready());
    let (statements, again) = app.statements(read(&app, &path)).await;
    assert!(again.was_ready());
    assert_eq!(statements, 0);
    assert_eq!(again.text, first.text);
    for name in ["etag", "last-modified", "cache-control", "cache-tag", "surrogate-key", "vary"] {
        assert_eq!(again.header(name), first.header(name));
    }
    let known = app.anyone().with("if-none-match", first.header("etag"));
    let (statements, unchanged) = app.statements(known.get(&path)).await;
    unchanged.expect(304);
    assert_eq!(statements, 0);
}

async fn a_change_is_seen_by_the_very_next_reader(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let path = page("/world/the-ferry-sails");
    for turn in 0..5 {
        read(&app, &path).await;
        assert!(is_ready(&app, &path).await);
        let lead = format!("Corrected {turn} times.");
        admin.patch(&at(&article), json!({"lead": lead})).await.expect(200);
        assert!(is_ready(&app, &path).await, "a working copy is nobody's business");
        admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
        assert_eq!(read(&app, &path).await.body["lead"], lead);
    }
    admin.act(&at(&article), "actions/unpublish", json!({})).await.expect(200);
    app.anyone().get(&path).await.expect(404);
}

async fn a_change_leaves_alone_what_it_does_not_touch(app: TestApp) {
    let admin = app.admin().await;
    let (world, sport) = (section(&app, "World").await, section(&app, "Sport").await);
    let ferry = published(&app, &world, "The ferry sails").await;
    published(&app, &world, "The bridge holds").await;
    published(&app, &sport, "The race is run").await;
    let bridge = page("/world/the-bridge-holds");
    let (own, others) = (page("/world"), page("/sport"));
    let genre = "/v1/articles?genre=opinion";
    for path in [&bridge, &own, &others, "/v1/articles", genre] {
        read(&app, path).await;
    }
    admin.patch(&at(&ferry), json!({"headline": "The ferry sails again"})).await.expect(200);
    admin.act(&at(&ferry), "actions/publish", json!({})).await.expect(200);
    assert!(is_ready(&app, &bridge).await, "another article of the section");
    assert!(is_ready(&app, &others).await, "the front of another section");
    assert!(is_ready(&app, genre).await, "a list that it does not stand in");
    assert!(!is_ready(&app, &own).await && !is_ready(&app, "/v1/articles").await);

    // A comment is seen under its article, and nowhere else.
    let own = page("/world/the-ferry-sails");
    read(&app, &own).await;
    let admin = app.admin().await;
    admin.patch(&at(&ferry), json!({"comments_mode": "pre"})).await.expect(200);
    admin.act(&at(&ferry), "actions/publish", json!({})).await.expect(200);
    for path in [&own, &bridge, "/v1/articles", &page("/world")] {
        read(&app, path).await;
    }
    let comment = comments::say(&app, &ferry, "I was on board.").await.expect(202);
    assert!(is_ready(&app, &own).await, "what is held is seen by nobody");
    let moderator = app.signed_in(Role::Moderator).await;
    comments::decide(&moderator, &comment, "approve").await.expect(200);
    let seen = read(&app, &own).await;
    assert!(!seen.was_ready());
    assert_eq!(seen.body["comments"]["count"], 1);
    for path in [&bridge, "/v1/articles", &page("/world")] {
        assert!(is_ready(&app, path).await, "{path} shows no comments of it");
    }
}

async fn requests_that_mean_the_same_share_an_answer(app: TestApp) {
    let world = section(&app, "World").await;
    published(&app, &world, "The ferry sails").await;
    let first = read(&app, "/v1/articles?section=/world&limit=1").await;
    let again = read(&app, "/v1/articles?limit=1&section=%2fworld").await;
    assert!(!first.was_ready() && again.was_ready());
    assert!(!is_ready(&app, "/v1/articles?limit=2&section=/world").await);
    assert!(is_ready(&app, "/v1/articles?section=/world&limit=1").await);
}

async fn each_coding_is_made_once_and_has_its_own_etag(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let body: Vec<Value> = (0..50).map(|n| paragraph(&format!("Paragraph {n} of many."))).collect();
    let article = json!({"headline": "Long", "section_id": world["id"], "body": body});
    let article = admin.post(ARTICLES, article).await.expect(201);
    publish(&admin, &article).await;
    let path = page("/world/long");
    let plain = read(&app, &path).await;
    assert_eq!(plain.header("vary"), "accept-encoding");
    let mut etags = vec![plain.header("etag").to_owned()];
    for (accepted, coding) in
        [("gzip", "gzip"), ("zstd;q=1, gzip;q=0.5", "zstd"), ("gzip, deflate, br, zstd", "br")]
    {
        let reader = app.anyone().with("accept-encoding", accepted);
        for _ in 0..2 {
            let coded = reader.get(&path).await;
            assert_eq!(coded.header("content-encoding"), coding);
            assert_eq!(coded.text, plain.text);
            assert!(coded.was_ready(), "only its coding had to be made");
            etags.push(coded.header("etag").to_owned());
        }
        let known = reader.with("if-none-match", etags.last().unwrap());
        known.get(&path).await.expect(304);
    }
    etags.dedup();
    assert_eq!(etags.len(), 4);
    let refused = app.anyone().with("accept-encoding", "identity;q=0, *;q=0").get(&path).await;
    assert!(!refused.headers.contains_key("content-encoding"));
    // What fits into one packet is left as it is.
    let short = app.anyone().with("accept-encoding", "br").get("/v1/sections").await;
    assert!(!short.headers.contains_key("content-encoding"));
    assert!(app.anyone().with("accept-encoding", "br").get("/v1/sections").await.was_ready());
}

async fn an_answer_ends_with_its_time(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "Later").await;
    for step in ["submit", "approve"] {
        admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let when = json!({"valid_from": app.in_seconds(60), "valid_to": app.in_seconds(120)});
    admin.act(&at(&article), "actions/publish", when).await.expect(200);
    let front = page("/world");
    let count = |answer: &Answer| answer.body["articles"]["data"].as_array().unwrap().len();
    assert_eq!(count(&read(&app, &front).await), 0);
    assert!(is_ready(&app, &front).await);
    app.advance(60);
    let live = read(&app, &front).await;
    assert!(!live.was_ready());
    assert_eq!(count(&live), 1);
    let own = page("/world/later");
    read(&app, &own).await;
    assert!(is_ready(&app, &own).await && is_ready(&app, &front).await);
    app.advance(60);
    assert_eq!(count(&read(&app, &front).await), 0);
    app.anyone().get(&own).await.expect(404);
}

async fn a_clock_that_is_set_back_shows_nothing_too_early(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "Later").await;
    // Long enough to be coded.
    let body: Vec<Value> = (0..50).map(|n| paragraph(&format!("Paragraph {n} of many."))).collect();
    admin.patch(&at(&article), json!({"body": body})).await.expect(200);
    for step in ["submit", "approve"] {
        admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let when = json!({"valid_from": app.in_seconds(60), "valid_to": app.in_seconds(120)});
    admin.act(&at(&article), "actions/publish", when).await.expect(200);
    let (own, front) = (page("/world/later"), page("/world"));
    let count = |answer: &Answer| answer.body["articles"]["data"].as_array().unwrap().len();
    let looks = |seconds: i64, shown: bool| {
        let (app, own, front) = (&app, &own, &front);
        async move {
            app.advance(seconds);
            for coding in ["identity", "br"] {
                let reader = app.anyone().with("accept-encoding", coding);
                for _ in 0..2 {
                    reader.get(own).await.expect(if shown { 200 } else { 404 });
                    assert_eq!(count(&reader.get(front).await), usize::from(shown));
                }
            }
            assert!(is_ready(app, front).await, "what is right now is kept");
        }
    };
    looks(0, false).await;
    // The clock was ahead, and was corrected.
    for _ in 0..2 {
        looks(61, true).await;
        looks(-2, false).await;
        looks(-59, false).await;
    }
    // The same at the end.
    looks(119, true).await;
    looks(1, false).await;
    looks(-1, true).await;
}

async fn nothing_was_modified_after_it_was_sent(app: TestApp) {
    let ahead = app.another_ahead(20).await;
    ahead.admin().await.post("/manage/v1/sections", json!({"name": "World"})).await.expect(201);
    let modified = |answer: &Answer| answer.header("last-modified").to_owned();
    let first = read(&app, "/v1/sections").await;
    assert_eq!(modified(&first), app.now().http_date());
    app.advance(20);
    let later = read(&app, "/v1/sections").await;
    assert_eq!(modified(&later), app.now().http_date());
    app.advance(1);
    assert_eq!(modified(&read(&app, "/v1/sections").await), modified(&later));
}

async fn refusals_are_not_kept(app: TestApp) {
    let world = section(&app, "World").await;
    let path = page("/world/not-yet");
    for _ in 0..3 {
        app.anyone().get(&path).await.expect(404);
        app.anyone().with("accept-encoding", "br").get(&path).await.expect(404);
    }
    app.anyone().get("/v1/articles?colour=red").await.expect(400);
    published(&app, &world, "Not yet").await;
    read(&app, &path).await;
    assert!(is_ready(&app, &path).await);
}

async fn a_crowd_has_one_answer_made(app: TestApp) {
    let world = section(&app, "World").await;
    for headline in ["The ferry sails", "The quay is mended", "The bridge holds"] {
        published(&app, &world, headline).await;
    }
    // Sections and ad slots are read once for each version of them.
    read(&app, &page("/world/the-ferry-sails")).await;
    let (alone, _) = app.statements(read(&app, &page("/world/the-quay-is-mended"))).await;
    let path = page("/world/the-bridge-holds");
    let readers: Vec<Client> = (0..40).map(|_| app.anyone()).collect();
    let crowd = async {
        let mut asked = Vec::new();
        for reader in readers {
            let path = path.clone();
            asked.push(actix_web::rt::spawn(async move { reader.get(&path).await.expect(200) }));
        }
        let mut seen = Vec::new();
        for answer in asked {
            seen.push(answer.await.unwrap());
        }
        seen
    };
    let (statements, seen) = app.statements(crowd).await;
    assert_eq!(statements, alone, "forty readers, one answer made");
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Waits until the other server, which the database tells, knows of all changes.
async fn told(other: &TestApp) {
    let last = other.state.db.read(|conn| journal::last(conn)).await.unwrap();
    let begun = Instant::now();
    while other.state.db.followed().unwrap() < last {
        assert!(begun.elapsed() < Duration::from_secs(20), "the change does not arrive");
        actix_web::rt::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn another_server_sees_a_change_at_once(app: TestApp) {
    let other = app.another(|_| None).await;
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    published(&app, &world, "The bridge holds").await;
    let (path, bridge) = (page("/world/the-ferry-sails"), page("/world/the-bridge-holds"));
    for turn in 0..3 {
        told(&other).await;
        for path in [&path, &bridge] {
            read(&other, path).await;
            assert!(is_ready(&other, path).await);
        }
        let lead = format!("Corrected {turn} times.");
        admin.patch(&at(&article), json!({"lead": lead})).await.expect(200);
        admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
        told(&other).await;
        assert_eq!(read(&other, &path).await.body["lead"], lead);
        assert!(is_ready(&other, &bridge).await, "only what changed is dropped");
    }
}

/// In a cluster of its own: the followers of other tests are to be left alone.
#[actix_web::test]
async fn a_follower_that_was_cut_off_has_missed_nothing() {
    let Some(cluster) = Cluster::start("-c fsync=off") else { return };
    let app = TestApp::start_in(&cluster).await;
    let other = app.another(|_| None).await;
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let path = page("/world/the-ferry-sails");
    for turn in 0..3 {
        told(&other).await;
        read(&other, &path).await;
        execute(
            &cluster.url(),
            "select pg_terminate_backend(pid) from pg_stat_activity \
             where application_name = 'broadsheet follower'",
        );
        let lead = format!("Corrected {turn} times.");
        admin.patch(&at(&article), json!({"lead": lead})).await.expect(200);
        admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
        told(&other).await;
        assert_eq!(read(&other, &path).await.body["lead"], lead);
    }
}

/// Waits until the server trusts what it keeps, or does not any more.
async fn trusting(app: &TestApp, trusting: bool) {
    let begun = Instant::now();
    while app.state.db.clock().is_trusted() != trusting {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never comes to {trusting}");
        actix_web::rt::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn what_cannot_be_checked_is_not_trusted(app: TestApp) {
    // The journal is taken from under the server, which only works from outside.
    let Some(schema) = app.schema() else { return };
    let world = section(&app, "World").await;
    published(&app, &world, "The ferry sails").await;
    let path = page("/world/the-ferry-sails");
    read(&app, &path).await;
    assert!(is_ready(&app, &path).await);
    on_postgres(&format!("alter table {schema}.journal rename to away"));
    trusting(&app, false).await;
    for _ in 0..3 {
        assert!(!is_ready(&app, &path).await, "who knows what has changed meanwhile");
    }
    on_postgres(&format!("alter table {schema}.away rename to journal"));
    trusting(&app, true).await;
    assert!(!is_ready(&app, &path).await, "the journal may be another one now");
    assert!(is_ready(&app, &path).await);
}

async fn without_a_cache_everything_is_made_afresh(app: TestApp) {
    let off = app.another(|name| (name == "CACHE").then(|| "off".to_owned())).await;
    let world = section(&app, "World").await;
    published(&app, &world, "The ferry sails").await;
    let path = page("/world/the-ferry-sails");
    let kept = read(&app, &path).await;
    for _ in 0..2 {
        let (statements, made) = off.statements(read(&off, &path)).await;
        assert!(statements > 0);
        assert_eq!(made.text, kept.text);
        assert_eq!(made.header("etag"), kept.header("etag"));
    }
}

async fn shared_caches_can_be_told_otherwise(app: TestApp) {
    let told = app.another(|name| (name == "DELIVERY_SHARED_MAX_AGE").then(|| "600".into())).await;
    let answer = read(&told, "/v1/sections").await;
    let freshness = "public, max-age=60, s-maxage=600, must-revalidate";
    assert_eq!(answer.header("cache-control"), freshness);
}

async fn only_where_it_is_set_may_caches_show_old_answers_while_no_server_answers(app: TestApp) {
    let settings = |name: &str| (name == "DELIVERY_STALE_IF_ERROR").then(|| "300".into());
    let kind = app.another(settings).await;
    let answer = read(&kind, "/v1/sections").await;
    assert_eq!(answer.header("cache-control"), "public, max-age=60, stale-if-error=300");
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let fair = published(&app, &world, "The fair is open").await;
    let until = json!({"valid_to": app.in_seconds(200)});
    admin.act(&at(&fair), "actions/publish", until).await.expect(200);
    let path = page("/world/the-fair-is-open");
    let answer = read(&kind, &path).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=60, stale-if-error=139");
    let answer = read(&app, &path).await;
    assert_eq!(answer.header("cache-control"), "public, max-age=60, must-revalidate");

    // That it is gone takes the place of what they have, and is shown for as long.
    admin.act(&at(&fair), "actions/unpublish", json!({})).await.expect(200);
    let nobody = format!("{ARTICLES}/01890a5d-ac96-774b-bcce-b302099a8057");
    let comment = json!({"nickname": "night owl", "body": "I stood all the way."});
    let thread = format!("/v1/articles/{}/comments", fair["id"].as_str().unwrap());
    let instead = "public, max-age=0, s-maxage=1, stale-if-error=300";
    told(&kind).await;
    for (client, expected) in [(kind.anyone(), instead), (app.anyone(), "no-store")] {
        let gone = client.get(&path).await;
        assert_eq!((gone.status.as_u16(), gone.header("cache-control")), (404, expected));
    }
    for (refused, status) in [
        (kind.anyone().get("/v1/articles?limit=0").await, 400),
        (kind.anyone().post(&thread, comment).await, 404),
        (kind.admin().await.get(&nobody).await, 404),
    ] {
        assert_eq!(
            (refused.status.as_u16(), refused.header("cache-control")),
            (status, "no-store")
        );
    }
}
