//! Editions that are taken out of history: no reader gets them for any instant, by no way.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{at, draft, paragraph, publish, section},
    migrations,
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    a_withdrawn_edition_is_read_by_no_way,
    what_is_said_since_speaks_for_the_past,
    only_history_is_withdrawn,
    editors_still_see_what_was_withdrawn_and_why,
    whoever_does_not_edit_the_section_withdraws_nothing,
    an_older_program_does_not_show_what_was_withdrawn,
}

const REASON: &str = "It named a witness who is protected.";

fn why() -> Value {
    json!({"reason": REASON})
}

async fn withdraw(client: &Client, at: &str, number: u32) -> Answer {
    client.act(at, &format!("editions/{number}/withdraw"), why()).await
}

/// An article whose first edition was about a secret, with the instant at which it was public.
async fn corrected(app: &TestApp, section: &Value) -> (Value, String) {
    let admin = app.admin().await;
    let article = draft(&admin, section, "The secret witness").await;
    let tagged = json!({"tags": ["secret"], "slug": "secret", "lead": "A secret lead."});
    admin.patch(&at(&article), tagged).await.expect(200);
    publish(&admin, &article).await;
    let then = app.in_seconds(0);
    app.advance(60);
    let admin = app.admin().await;
    let correction = json!({
        "headline": "The trial", "slug": "trial", "lead": "What it is about.", "tags": ["court"],
        "body": [paragraph("Nothing of that.")],
    });
    admin.patch(&at(&article), correction).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    (article, then)
}

async fn a_withdrawn_edition_is_read_by_no_way(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let other = draft(&admin, &world, "Beside it").await;
    let (article, then) = corrected(&app, &world).await;
    let admin = app.admin().await;
    let link = json!({"kind": "internal", "target_article_id": article["id"]});
    admin.post(&format!("{}/related-links", at(&other)), link).await.expect(201);
    publish(&admin, &other).await;
    app.advance(60);
    let admin = app.admin().await;
    let late = app.in_seconds(0);

    let (id, beside) = (article["id"].as_str().unwrap(), other["id"].as_str().unwrap());
    let world_id = world["id"].as_str().unwrap();
    let uncached = app.another(|name| (name == "CACHE").then(|| "off".to_owned())).await;
    let articles = [
        format!("/v1/articles/{id}?as_of={then}"),
        format!("/v1/sparse/articles/{id}?as_of={then}&fields=body_html"),
        format!("/v1/articles/by-path?path=/world/secret&as_of={then}"),
        format!("/v1/page?path=/world/secret&as_of={then}"),
    ];
    let lists = [
        format!("/v1/articles?as_of={then}"),
        format!("/v1/articles?as_of={then}&tag=secret&total=true"),
        format!("/v1/articles?as_of={then}&section={world_id}&sort=oldest"),
        format!("/v1/articles?as_of={then}&genre=news&language=en"),
        format!("/v1/page?path=/&as_of={then}"),
        format!("/v1/page?path=/world&as_of={then}"),
    ];
    let kept = |address: String| {
        let (kept, made) = (app.anyone(), uncached.anyone());
        async move {
            let (kept, made) = (kept.get(&address).await, made.get(&address).await);
            assert_eq!(kept.status, made.status, "{address}");
            if kept.status == 200 {
                assert_eq!(kept.text, made.text, "{address}");
            }
            kept
        }
    };
    for address in articles.iter().chain(&lists) {
        // Twice, so that it is kept.
        kept(address.clone()).await.expect(200);
        let read = kept(address.clone()).await;
        assert!(read.text.contains("ecret") || address.contains("fields"), "{address}");
    }
    let current = "/v1/page?path=/world/trial".to_owned();
    let present = kept(current.clone()).await.expect(200);

    let answer = withdraw(&admin, &at(&article), 1).await.expect(200);
    assert_eq!(answer["edition"]["withdrawal"]["reason"], REASON);
    for address in &articles {
        let gone = kept(address.clone()).await;
        assert_eq!(gone.header("content-type"), "application/problem+json", "{address}");
        assert!(!gone.text.contains("ecret") && !gone.text.contains(REASON), "{}", gone.text);
        let gone = gone.expect(410);
        assert_eq!((&gone["kind"], &gone["article_id"]), (&json!("withdrawn"), &article["id"]));
        assert_eq!(gone["retracted_at"], answer["edition"]["withdrawal"]["at"]);
    }
    for address in &lists {
        let list = kept(address.clone()).await;
        assert!(!list.text.contains("ecret"), "{address}: {}", list.text);
        assert!(list.body["total"].is_null() || list.body["total"] == 0, "{address}");
        list.expect(200);
    }
    // What is public now, and what was in between, is as it was; old addresses lead there.
    assert_eq!(kept(current).await.expect(200), present);
    kept(format!("/v1/articles/{id}?as_of={late}")).await.expect(200);
    let moved = kept("/v1/page?path=/world/secret".to_owned()).await.expect(200);
    assert_eq!((&moved["kind"], &moved["location"]), (&json!("redirect"), &json!("/world/trial")));
    kept(format!("/v1/articles/by-path?path=/world/secret&as_of={late}")).await.expect(200);
    kept(format!("/v1/page?path=/world/trial&as_of={then}")).await.expect(404);
    let linked = kept(format!("/v1/articles/{beside}")).await.expect(200);
    assert_eq!(linked["related"][0]["title"], "The trial");
}

async fn what_is_said_since_speaks_for_the_past(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    // Links of another article's past edition, to what the article was called then.
    let target = draft(&admin, &world, "The secret witness").await;
    publish(&admin, &target).await;
    let from = draft(&admin, &world, "Beside it").await;
    let link = json!({"kind": "internal", "target_article_id": target["id"]});
    admin.post(&format!("{}/related-links", at(&from)), link).await.expect(201);
    publish(&admin, &from).await;
    let then = app.in_seconds(0);
    app.advance(60);
    let admin = app.admin().await;
    admin.patch(&at(&target), json!({"headline": "The trial"})).await.expect(200);
    admin.act(&at(&target), "actions/publish", json!({})).await.expect(200);
    let past = format!("/v1/articles/{}?as_of={then}", from["id"].as_str().unwrap());
    let seen = app.anyone().get(&past).await.expect(200);
    assert_eq!(seen["related"][0]["title"], "The secret witness");
    withdraw(&admin, &at(&target), 1).await.expect(200);
    let seen = app.anyone().get(&past).await.expect(200);
    assert_eq!(seen["related"], json!([]));

    // Offline it is nowhere; back online the past stays withdrawn; a retraction speaks instead.
    let asked = format!("/v1/articles/{}?as_of={then}", target["id"].as_str().unwrap());
    admin.act(&at(&target), "actions/unpublish", json!({})).await.expect(200);
    app.anyone().get(&asked).await.expect(404);
    withdraw(&admin, &at(&target), 2).await.expect(200);
    admin.act(&at(&target), "actions/publish", json!({})).await.expect(200);
    assert_eq!(app.anyone().get(&asked).await.expect(410)["kind"], "withdrawn");
    let notice = json!({"notice": "We confused two trials."});
    admin.act(&at(&target), "actions/retract", notice).await.expect(200);
    let gone = app.anyone().get(&asked).await.expect(410);
    assert_eq!(
        (&gone["kind"], &gone["notice"]),
        (&json!("gone"), &json!("We confused two trials."))
    );
    let editions = admin.get(&format!("{}/editions", at(&target))).await.expect(200);
    let withdrawn =
        editions["data"].as_array().unwrap().iter().map(|it| !it["withdrawal"].is_null());
    assert_eq!(withdrawn.collect::<Vec<_>>(), [false, false, true, true], "the notice included");
}

async fn only_history_is_withdrawn(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    let at = at(&article);
    withdraw(&admin, &at, 1).await.expect(404);
    publish(&admin, &article).await;
    withdraw(&admin, &at, 1).await.expect(409);
    let page = "/v1/page?path=/world/the-ferry-sails-again";
    app.anyone().get(page).await.expect(200);
    for later in [600, 1200] {
        let when = json!({"valid_from": app.in_seconds(later)});
        admin.act(&at, "actions/publish", when).await.expect(200);
    }
    withdraw(&admin, &at, 2).await.expect(409);
    withdraw(&admin, &at, 3).await.expect(409);
    for (body, code) in [(json!({}), "required"), (json!({"reason": " "}), "blank")] {
        let answer = admin.act(&at, "editions/1/withdraw", body).await;
        answer.refused(422, "/reason", code);
    }
    admin.post(&format!("{at}/editions/1/withdraw"), why()).await.expect(428);
    app.advance(1201);
    let admin = app.admin().await;
    let stale = admin.with("if-match", "\"1\"");
    stale.post(&format!("{at}/editions/1/withdraw"), why()).await.expect(412);
    let once = admin.freshly(&at).await.with("idempotency-key", "once");
    let first = once.post(&format!("{at}/editions/1/withdraw"), why()).await;
    let again = once.post(&format!("{at}/editions/1/withdraw"), why()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.expect(200), again.expect(200));
    withdraw(&admin, &at, 1).await.expect(409);
    admin.act(&at, "actions/retract", json!({"notice": "No ferry."})).await.expect(200);
    withdraw(&admin, &at, 4).await.expect(409);
    withdraw(&admin, &at, 3).await.expect(200);
}

async fn editors_still_see_what_was_withdrawn_and_why(app: TestApp) {
    let world = section(&app, "World").await;
    let (article, _) = corrected(&app, &world).await;
    let (admin, at) = (app.admin().await, at(&article));
    let before = admin.get(&at).await.expect(200);
    let me = admin.get("/manage/v1/me").await.expect(200)["id"].clone();
    let done = withdraw(&admin, &at, 1).await;
    let version = done.body["article"]["version"].clone();
    assert_eq!(done.header("etag"), format!("\"{version}\""));
    assert_ne!(version, before["version"]);
    let listed = admin.get(&format!("{at}/editions")).await.expect(200);
    assert_eq!(listed["data"][0]["withdrawal"], Value::Null);
    let withdrawal = &listed["data"][1]["withdrawal"];
    assert_eq!((&withdrawal["by"], &withdrawal["reason"]), (&me, &json!(REASON)));
    let read = admin.get(&format!("{at}/editions/1")).await.expect(200);
    assert_eq!(read["document"]["article"]["headline"], "The secret witness");
    assert_eq!(read["withdrawal"], *withdrawal);
    admin.act(&at, "editions/1/restore", json!({})).await.expect(409);
    let journal = admin.get("/manage/v1/journal?limit=100").await.expect(200);
    let last = journal["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["action"], "article.edition_withdrawn");
    assert_eq!(last["summary"], json!(["edition 1", REASON]));
    assert_eq!(last["version"], version);
    // Who publishes next goes on from what readers had.
    admin.act(&at, "actions/publish", json!({"significant": false})).await.expect(200);
    let after = admin.get(&at).await.expect(200);
    assert_eq!(after["first_published_at"], before["first_published_at"]);
}

async fn whoever_does_not_edit_the_section_withdraws_nothing(app: TestApp) {
    let (world, sport) = (section(&app, "World").await, section(&app, "Sport").await);
    let (article, then) = corrected(&app, &world).await;
    let at = at(&article);
    let editor = app.add_user("ed@example.org", &[Role::Editor], &[&sport["id"]]).await;
    withdraw(&app.sign_in("ed@example.org").await, &at, 1).await.expect(404);
    let author = app.add_user("ewa@example.org", &[Role::Author], &[]).await;
    let named = json!({"authors": [author["id"], editor["id"]]});
    app.admin().await.patch(&at, named).await.expect(200);
    // Whoever is named may read it, and no more.
    for name in ["ewa", "ed"] {
        let client = app.sign_in(&format!("{name}@example.org")).await;
        client.get(&at).await.expect(200);
        withdraw(&client, &at, 1).await.expect(403);
    }
    let past = format!("/v1/articles/{}?as_of={then}", article["id"].as_str().unwrap());
    app.anyone().get(&past).await.expect(200);
}

/// Which lacks what this one knows of withdrawals, and answers from what is left.
async fn an_older_program_does_not_show_what_was_withdrawn(app: TestApp) {
    let world = section(&app, "World").await;
    let (article, then) = corrected(&app, &world).await;
    let admin = app.admin().await;
    withdraw(&admin, &at(&article), 1).await.expect(200);
    app.state.db.rest().await.unwrap();
    migrations::before(app.url(), "20261125000014", || {});
    let app = app.another(|_| None).await;
    let id = article["id"].as_str().unwrap();
    for address in [
        format!("/v1/articles/{id}?as_of={then}"),
        format!("/v1/page?path=/world/secret&as_of={then}"),
    ] {
        app.anyone().get(&address).await.expect(404);
    }
    for list in [format!("/v1/articles?as_of={then}"), format!("/v1/page?path=/world&as_of={then}")]
    {
        assert!(!app.anyone().get(&list).await.text.contains("ecret"), "{list}");
    }
    app.anyone().get(&format!("/v1/articles/{id}")).await.expect(200);
    let editions = admin.get(&format!("{}/editions", at(&article))).await.expect(200);
    assert_eq!(editions["data"][1]["withdrawal"], Value::Null);
}
