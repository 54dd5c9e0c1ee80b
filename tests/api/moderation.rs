//! Moderation over HTTP: decisions about comments, one or many, and the newsroom's own.
use actix_web::http::Method;
use broadsheet::{auth::roles::Role, db::journal};
use serde_json::{Value, json};

use crate::{
    articles::ARTICLES,
    comments::{COMMENTS, at, bodies, decide, id, open_article, read, reply, say, thread, uuid},
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    the_count_follows_every_decision,
    a_decision_needs_the_version_a_reason_and_a_change,
    many_decisions_are_made_together_or_not_at_all,
    the_newsroom_comments_under_its_own_name,
    every_change_is_in_the_journal,
    lists_cost_the_same_for_one_and_for_a_hundred,
    moderation_is_for_moderators,
}

async fn the_count_follows_every_decision(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let comment = say(&app, &article, "One").await.expect(201);
    say(&app, &article, "Two").await.expect(201);
    let steps =
        [("hold", 1), ("approve", 2), ("reject", 1), ("hold", 1), ("reject", 1), ("approve", 2)];
    for (decision, count) in steps {
        decide(&moderator, &comment, decision).await.expect(200);
        let seen = read(&app, &article).await;
        assert_eq!(seen["count"], count, "after {decision}");
        assert_eq!(seen["data"].as_array().unwrap().len(), count, "after {decision}");
    }
    moderator.delete(&at(&comment)).await.expect(204);
    assert_eq!(read(&app, &article).await["count"], 1);
    let third = say(&app, &article, "Three").await.expect(201);
    assert_eq!(third["ordinal"], 3, "places are not given twice");
}

async fn a_decision_needs_the_version_a_reason_and_a_change(app: TestApp) {
    let article = open_article(&app, "pre").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let comment = say(&app, &article, "One").await.expect(202);
    let path = format!("{}/decisions", at(&comment));
    moderator.post(&path, json!({"decision": "approve"})).await.expect(428);
    let reject = json!({"decision": "reject"});
    moderator.act(&at(&comment), "decisions", reject).await.refused(422, "/reason", "required");
    let reject =
        json!({"decision": "reject", "reason": "hate_speech", "note": "see the house rules"});
    let rejected = moderator.act(&at(&comment), "decisions", reject).await;
    assert_eq!(rejected.header("etag"), "\"2\"");
    let rejected = rejected.expect(200);
    assert_eq!(
        (&rejected["status"], &rejected["reason"]),
        (&json!("rejected"), &json!("hate_speech"))
    );
    let stale = moderator.with("if-match", "\"1\"");
    stale.post(&path, json!({"decision": "approve"})).await.expect(412);
    stale.send(Method::DELETE, &at(&comment), None).await.expect(412);
    decide(&moderator, &comment, "reject").await.expect(409);
    let approved = decide(&moderator, &comment, "approve").await.expect(200);
    assert_eq!((&approved["reason"], &approved["note"]), (&Value::Null, &Value::Null));
    moderator.delete(&at(&comment)).await.expect(204);
    decide(&moderator, &comment, "approve").await.expect(409);
    moderator.delete(&at(&comment)).await.expect(409);
    moderator.get(&at(&json!({"id": uuid()}))).await.expect(404);
}

async fn many_decisions_are_made_together_or_not_at_all(app: TestApp) {
    let (article, other) = (open_article(&app, "pre").await, open_article(&app, "pre").await);
    let moderator = app.signed_in(Role::Moderator).await;
    let mut comments = Vec::new();
    for number in 0..3 {
        comments.push(say(&app, &article, &format!("Number {number}")).await.expect(202));
    }
    comments.push(say(&app, &other, "Elsewhere").await.expect(202));
    let path = format!("{COMMENTS}/decisions");
    let item = |comment: &Value, version: i32, decision: &str| {
        let reason = (decision == "reject").then_some("irrelevant");
        json!({"comment_id": comment["id"], "version": version, "decision": decision, "reason": reason})
    };
    decide(&moderator, &comments[2], "reject").await.expect(200);
    let stranger = json!({"id": uuid()});
    let items = json!({"items": [
        item(&comments[0], 1, "approve"), item(&comments[1], 7, "approve"),
        item(&comments[2], 2, "reject"), item(&stranger, 1, "approve"),
    ]});
    let refused = moderator.post(&path, items).await;
    refused.clone().refused(409, "/items/1", "stale");
    refused.clone().refused(409, "/items/2", "state");
    refused.clone().refused(409, "/items/3", "missing");
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 3);
    assert_eq!(read(&app, &article).await["count"], 0);

    let twice = json!({"items": [item(&comments[0], 1, "approve"), item(&comments[0], 1, "hold")]});
    moderator.post(&path, twice).await.refused(422, "/items/1/comment_id", "distinct");
    let mut unreasoned = json!({"items": [item(&comments[0], 1, "reject")]});
    unreasoned["items"][0]["reason"] = Value::Null;
    moderator.post(&path, unreasoned).await.refused(422, "/items/0/reason", "required");
    moderator.post(&path, json!({"items": []})).await.refused(422, "/items", "length");

    let items = json!({"items": [
        item(&comments[3], 1, "approve"), item(&comments[2], 2, "approve"),
        item(&comments[0], 1, "approve"), item(&comments[1], 1, "reject"),
    ]});
    let done = moderator.with("idempotency-key", "many").post(&path, items).await.expect(200);
    let statuses: Vec<&Value> =
        done["data"].as_array().unwrap().iter().map(|comment| &comment["status"]).collect();
    assert_eq!(statuses, ["approved", "approved", "approved", "rejected"]);
    assert_eq!(done["data"][0]["id"], comments[3]["id"]);
    assert_eq!(bodies(&read(&app, &article).await), ["Number 0", "Number 2"]);
    assert_eq!(read(&app, &other).await["count"], 1);

    // A parent and its reply in one go: each is counted once.
    let child = reply(&app, &comments[0], "Reply").await.expect(202);
    let items = json!({"items": [item(&comments[0], 2, "reject"), item(&child, 1, "approve")]});
    let done = moderator.post(&path, items).await.expect(200);
    assert_eq!(done["data"][0]["replies"], 1);
    let seen = read(&app, &article).await;
    assert_eq!(bodies(&seen), [&Value::Null, &json!("Number 2"), &json!("Reply")]);
    assert_eq!(seen["count"], 2);
}

async fn the_newsroom_comments_under_its_own_name(app: TestApp) {
    let article = open_article(&app, "pre").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let mine = json!({"article_id": article["id"], "body": "Please keep to the subject."});
    let made = moderator.post(COMMENTS, mine).await;
    let location = made.header("location").to_owned();
    let made = made.expect(201);
    assert_eq!(made["author"], json!({"kind": "staff", "nickname": "moderator"}));
    assert_eq!(moderator.get(&location).await.expect(200), made);
    let answer = json!({"article_id": article["id"], "body": "See https://example.org/rules", "parent_id": made["id"]});
    moderator.post(COMMENTS, answer).await.expect(201);
    let seen = read(&app, &article).await;
    assert_eq!(seen["count"], 2);
    assert_eq!(seen["data"][0]["author"]["kind"], "staff");
    let nowhere = json!({"article_id": uuid(), "body": "Hello?"});
    moderator.post(COMMENTS, nowhere).await.refused(422, "/article_id", "missing");
    let closed = open_article(&app, "closed").await;
    let late = json!({"article_id": closed["id"], "body": "Hello?"});
    moderator.post(COMMENTS, late).await.refused(409, "", "closed");

    // Whoever leaves the newsroom leaves their comments.
    let ewa = app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let hers = json!({"article_id": article["id"], "body": "Good night."});
    let hers = app.sign_in("ewa@example.org").await.post(COMMENTS, hers).await.expect(201);
    assert_eq!(hers["user_id"], ewa["id"]);
    app.admin().await.delete(&format!("/manage/v1/users/{}", id(&ewa))).await.expect(204);
    let kept = moderator.get(&at(&hers)).await.expect(200);
    assert_eq!((&kept["user_id"], &kept["author"]["nickname"]), (&Value::Null, &json!("ewa")));
}

async fn every_change_is_in_the_journal(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let comment = say(&app, &article, "One").await.expect(201);
    let child = reply(&app, &comment, "Two").await.expect(201);
    let held = say(&app, &article, "www.shop.example").await.expect(202);
    decide(&moderator, &comment, "reject").await.expect(200);
    decide(&moderator, &held, "approve").await.expect(200);
    decide(&moderator, &held, "hold").await.expect(200);
    moderator.delete(&at(&held)).await.expect(204);

    let changes = app.state.db.read(|conn| journal::page(conn, 0, None, 1000)).await.unwrap();
    let ours: Vec<_> = changes.iter().filter(|change| change.resource_type == "comment").collect();
    let actions: Vec<&str> = ours.iter().map(|change| change.action.as_str()).collect();
    let did = ["posted", "posted", "posted", "rejected", "approved", "held", "deleted"];
    assert_eq!(actions, did.map(|did| format!("comment.{did}")));
    let thread = format!("comments:{}", id(&article));
    let named = |comment: &Value| format!("comment:{}", id(comment));
    assert_eq!(ours[1].tags.0, [named(&child), named(&comment), thread.clone()]);
    assert_eq!(ours[2].summary.0, ["pending"]);
    assert!(ours[2].tags.0.is_empty(), "what nobody sees makes nothing stale");
    assert_eq!(ours[3].summary.0, ["spam"]);
    assert_eq!(ours[3].tags.0, [named(&comment), thread]);
    assert_eq!(ours[3].actor_name, "moderator");
    assert_eq!(ours[0].actor_name, "a reader");
    assert_eq!(ours[6].version, 4);
}

async fn lists_cost_the_same_for_one_and_for_a_hundred(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let admin_list = format!("{COMMENTS}?limit=100&article_id={}", id(&article));
    let thread = format!("{}?limit=100", thread(&article));
    let measure = async || {
        let (for_readers, seen) = app.statements(app.anyone().get(&thread)).await;
        let (for_moderators, listed) = app.statements(moderator.get(&admin_list)).await;
        let listed = listed.expect(200)["data"].as_array().unwrap().len();
        assert_eq!(seen.expect(200)["data"].as_array().unwrap().len(), listed);
        (for_readers, for_moderators, listed)
    };
    say(&app, &article, "Number 0").await.expect(201);
    // Sections are read once for each version of them.
    app.anyone().get("/v1/sections").await.expect(200);
    let (readers, moderators, _) = measure().await;
    for number in 1..100 {
        say(&app, &article, &format!("Number {number}")).await.expect(201);
    }
    assert_eq!(measure().await, (readers, moderators, 100));
    let pending = moderator.get(&format!("{COMMENTS}?status=pending")).await.expect(200);
    assert_eq!(pending["data"], json!([]));
    let first = moderator.get(&format!("{COMMENTS}?limit=60&status=approved")).await.expect(200);
    assert_eq!(first["data"][0]["body"], "Number 99", "the newest first");
    let about = json!({"headline": article["headline"], "path": article["path"]});
    assert_eq!(first["data"][0]["article"], about);
    let next = first["next"].as_str().unwrap();
    let rest = format!("{COMMENTS}?limit=60&status=approved&cursor={next}");
    let rest = moderator.get(&rest).await.expect(200);
    assert_eq!(rest["data"].as_array().unwrap().len(), 40);
    assert_eq!(rest["data"][0]["body"], "Number 39");
    moderator.get(&format!("{ARTICLES}?limit=1")).await.expect(403);
}

async fn moderation_is_for_moderators(app: TestApp) {
    let article = open_article(&app, "post").await;
    let comment = say(&app, &article, "One").await.expect(201);
    for path in [COMMENTS, &at(&comment)] {
        app.anyone().get(path).await.expect(401);
        for role in [Role::Author, Role::AdManager] {
            let refusal = app.signed_in(role).await.get(path).await.expect(403);
            assert!(refusal["detail"].as_str().unwrap().contains("comments:moderate"));
        }
        for role in [Role::Editor, Role::Moderator] {
            app.signed_in(role).await.get(path).await.expect(200);
        }
    }
}
