//! Comments over HTTP, as readers meet them.
use serde_json::{Value, json};

use crate::{
    articles,
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    readers_comment_and_read_each_other_in_order,
    a_thread_is_read_page_by_page_from_either_end,
    an_article_s_page_gets_the_first_comments_and_the_count,
    the_mode_decides_what_becomes_of_a_comment,
    only_public_articles_have_comments,
    texts_are_tidied_and_refused_at_the_very_place,
    nobody_borrows_a_name_of_the_newsroom,
    a_comment_with_a_link_waits_for_a_moderator,
    the_same_is_not_said_twice_a_day,
    a_retry_does_not_comment_twice,
    replies_outlive_what_they_reply_to,
    many_readers_at_once_each_get_their_place,
}

pub const COMMENTS: &str = "/manage/v1/comments";

/// A public article whose comments are in this mode.
pub async fn open_article(app: &TestApp, mode: &str) -> Value {
    let admin = app.admin().await;
    let section = json!({"name": format!("Section {}", uuid()), "comments_mode": "post"});
    let section = admin.post("/manage/v1/sections", section).await.expect(201);
    let article = articles::draft(&admin, &section, "The ferry sails again").await;
    admin.patch(&articles::at(&article), json!({"comments_mode": mode})).await.expect(200);
    articles::publish(&admin, &article).await["article"].clone()
}

pub fn uuid() -> String {
    uuid::Uuid::now_v7().to_string()
}

pub fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

/// Where readers find the article's comments.
pub fn thread(article: &Value) -> String {
    format!("/v1/articles/{}/comments", id(article))
}

pub fn at(comment: &Value) -> String {
    format!("{COMMENTS}/{}", id(comment))
}

pub async fn say(app: &TestApp, article: &Value, body: &str) -> Answer {
    app.anyone().post(&thread(article), json!({"nickname": "harbour cat", "body": body})).await
}

pub async fn reply(app: &TestApp, to: &Value, body: &str) -> Answer {
    let path = format!("/v1/articles/{}/comments", to["article_id"].as_str().unwrap());
    let comment = json!({"nickname": "gull", "body": body, "parent_id": to["id"]});
    app.anyone().post(&path, comment).await
}

pub async fn read(app: &TestApp, article: &Value) -> Value {
    app.anyone().get(&thread(article)).await.expect(200)
}

pub fn bodies(thread: &Value) -> Vec<&Value> {
    thread["data"].as_array().unwrap().iter().map(|comment| &comment["body"]).collect()
}

pub async fn decide(moderator: &Client, comment: &Value, decision: &str) -> Answer {
    let reason = (decision == "reject").then_some("spam");
    let decision = json!({"decision": decision, "reason": reason});
    moderator.act(&at(comment), "decisions", decision).await
}

async fn readers_comment_and_read_each_other_in_order(app: TestApp) {
    let article = open_article(&app, "post").await;
    assert_eq!(read(&app, &article).await, json!({"data": [], "next": null, "count": 0}));
    let first = say(&app, &article, "I was on board.").await;
    let location = first.header("location").to_owned();
    let first = first.expect(201);
    assert_eq!(first["status"], "approved");
    assert_eq!(first["author"], json!({"kind": "guest", "nickname": "harbour cat"}));
    say(&app, &article, "So was I.").await.expect(201);

    let answer = app.anyone().get(&thread(&article)).await;
    let tag = format!("comments:{}", id(&article));
    assert!(answer.header("cache-tag").split(',').any(|named| named == tag));
    let etag = answer.header("etag").to_owned();
    let seen = answer.expect(200);
    assert_eq!(bodies(&seen), ["I was on board.", "So was I."]);
    assert_eq!(seen["data"][1]["ordinal"], 2);
    assert_eq!(seen["count"], 2);
    app.anyone().with("if-none-match", &etag).get(&thread(&article)).await.expect(304);
    assert_eq!(app.anyone().get(&location).await.expect(200), seen["data"][0]);
    let reading = app.anyone().with("if-none-match", &etag);
    say(&app, &article, "And I.").await.expect(201);
    reading.get(&thread(&article)).await.expect(200);
}

async fn a_thread_is_read_page_by_page_from_either_end(app: TestApp) {
    let article = open_article(&app, "post").await;
    for number in 1..=5 {
        say(&app, &article, &format!("Number {number}")).await.expect(201);
    }
    for (sort, ordinals) in [("oldest", [1, 2, 3, 4, 5]), ("newest", [5, 4, 3, 2, 1])] {
        let mut path = format!("{}?sort={sort}&limit=2", thread(&article));
        let mut seen = Vec::new();
        loop {
            let page = app.anyone().get(&path).await;
            let link = page.headers.get("link").map(|link| link.to_str().unwrap().to_owned());
            let page = page.expect(200);
            assert_eq!(page["count"], 5);
            let data = page["data"].as_array().unwrap();
            seen.extend(data.iter().map(|comment| comment["ordinal"].as_i64().unwrap()));
            let Some(link) = link else { break };
            link.trim_start_matches('<').split('>').next().unwrap().clone_into(&mut path);
        }
        assert_eq!(seen, ordinals, "{sort}");
    }
    let next = app.anyone().get(&format!("{}?limit=2", thread(&article))).await.expect(200);
    let other =
        format!("{}?sort=newest&cursor={}", thread(&article), next["next"].as_str().unwrap());
    app.anyone().get(&other).await.refused(400, "cursor", "cursor");
}

async fn an_article_s_page_gets_the_first_comments_and_the_count(app: TestApp) {
    let article = open_article(&app, "post").await;
    let path = format!("/v1/page?path={}", article["path"].as_str().unwrap());
    let seen = async || app.anyone().get(&path).await.expect(200)["comments"].clone();
    assert_eq!(
        seen().await,
        json!({"mode": "post", "closes_at": null, "count": 0, "data": [], "next": null})
    );
    let parent = say(&app, &article, "One").await.expect(201);
    reply(&app, &parent, "Two").await.expect(201);
    say(&app, &article, "Three").await.expect(201);
    app.admin().await.delete(&at(&parent)).await.expect(204);
    let comments = seen().await;
    assert_eq!(comments["count"], 2);
    let data = comments["data"].as_array().unwrap();
    let bodies: Vec<_> = data.iter().map(|comment| comment["body"].as_str()).collect();
    assert_eq!(bodies, [None, Some("Two"), Some("Three")]);
    for number in 4..=22 {
        say(&app, &article, &format!("Number {number}")).await.expect(201);
    }
    let next = seen().await["next"].as_str().unwrap().to_owned();
    let rest = app.anyone().get(&format!("{}?cursor={next}", thread(&article))).await.expect(200);
    assert_eq!(rest["data"][0]["body"], "Number 21");
}

async fn the_mode_decides_what_becomes_of_a_comment(app: TestApp) {
    let admin = app.admin().await;
    let pre = open_article(&app, "pre").await;
    let held = say(&app, &pre, "I was on board.").await;
    let location = held.header("location").to_owned();
    let held = held.expect(202);
    assert_eq!(held["status"], "pending");
    assert_eq!(read(&app, &pre).await["count"], 0);
    app.anyone().get(&location).await.expect(404);
    decide(&admin, &held, "approve").await.expect(200);
    assert_eq!(bodies(&read(&app, &pre).await), ["I was on board."]);
    app.anyone().get(&location).await.expect(200);

    let closed = open_article(&app, "closed").await;
    say(&app, &closed, "I was on board.").await.refused(409, "", "closed");
    assert_eq!(read(&app, &closed).await["count"], 0);

    let inherited = open_article(&app, "inherit").await;
    say(&app, &inherited, "One").await.expect(201);
    let section = format!("/manage/v1/sections/{}", inherited["section_id"].as_str().unwrap());
    admin.patch(&section, json!({"comments_mode": "pre"})).await.expect(200);
    say(&app, &inherited, "Two").await.expect(202);
    admin.patch(&section, json!({"comments_mode": "closed"})).await.expect(200);
    say(&app, &inherited, "Three").await.expect(409);
    // What was said before stays.
    assert_eq!(bodies(&read(&app, &inherited).await), ["One"]);
    // The working copy decides nothing until it is published.
    admin.patch(&articles::at(&inherited), json!({"comments_mode": "post"})).await.expect(200);
    say(&app, &inherited, "Three").await.expect(409);
    admin.act(&articles::at(&inherited), "actions/publish", json!({})).await.expect(200);
    say(&app, &inherited, "Three").await.expect(201);
}

async fn only_public_articles_have_comments(app: TestApp) {
    let admin = app.admin().await;
    let nowhere = json!({"id": uuid()});
    say(&app, &nowhere, "Hello?").await.expect(404);
    app.anyone().get(&thread(&nowhere)).await.expect(404);
    let section = articles::section(&app, "World").await;
    let draft = articles::draft(&admin, &section, "Not yet").await;
    app.anyone().get(&thread(&draft)).await.expect(404);
    say(&app, &draft, "Hello?").await.expect(404);
    for step in ["submit", "approve"] {
        admin.act(&articles::at(&draft), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let later = json!({"valid_from": app.in_seconds(60)});
    admin.act(&articles::at(&draft), "actions/publish", later).await.expect(200);
    app.anyone().get(&thread(&draft)).await.expect(404);
    say(&app, &draft, "Hello?").await.expect(404);
    app.advance(60);
    assert_eq!(read(&app, &draft).await["count"], 0);

    let article = open_article(&app, "post").await;
    let comment = say(&app, &article, "I was on board.").await.expect(201);
    let place = format!("/v1/comments/{}", id(&comment));
    let section = format!("/manage/v1/sections/{}", article["section_id"].as_str().unwrap());
    admin.patch(&section, json!({"hidden": true})).await.expect(200);
    app.anyone().get(&thread(&article)).await.expect(404);
    app.anyone().get(&place).await.expect(404);
    say(&app, &article, "Hello?").await.expect(404);
    admin.patch(&section, json!({"hidden": false})).await.expect(200);

    let at = articles::at(&article);
    admin.act(&at, "actions/unpublish", json!({})).await.expect(200);
    app.anyone().get(&thread(&article)).await.expect(404);
    admin.act(&at, "actions/publish", json!({})).await.expect(200);
    assert_eq!(read(&app, &article).await["count"], 1, "a comment survives");
    admin.act(&at, "actions/retract", json!({"notice": "It was wrong."})).await.expect(200);
    let gone = app.anyone().get(&thread(&article)).await.expect(410);
    assert_eq!(gone["notice"], "It was wrong.");
    say(&app, &article, "Hello?").await.expect(410);
    app.anyone().get(&place).await.expect(410);
}

async fn texts_are_tidied_and_refused_at_the_very_place(app: TestApp) {
    let article = open_article(&app, "post").await;
    let anyone = app.anyone();
    let path = thread(&article);
    let untidy =
        json!({"nickname": "  harbour   cat ", "body": "\r\n One \r\n\r\n\r\n\r\ntwo\nthree \n"});
    let tidy = anyone.post(&path, untidy).await.expect(201);
    assert_eq!(tidy["body"], "One\n\ntwo\nthree");
    assert_eq!(tidy["author"]["nickname"], "harbour cat");

    for (member, value, code) in [
        ("nickname", String::new(), "length"),
        ("nickname", "x".repeat(41), "length"),
        ("nickname", "   ".to_owned(), "blank"),
        ("nickname", "a\nb".to_owned(), "control"),
        ("body", "x".to_owned(), "length"),
        ("body", "x".repeat(4001), "length"),
        ("body", " \n x".to_owned(), "blank"),
        ("body", "bell\u{7}".to_owned(), "control"),
        ("body", "\u{202e}turned".to_owned(), "control"),
    ] {
        let mut comment = json!({"nickname": "gull", "body": "A fine day."});
        comment[member] = value.into();
        anyone.post(&path, comment).await.refused(422, &format!("/{member}"), code);
    }
    let unknown = json!({"nickname": "gull", "body": "A fine day.", "status": "approved"});
    anyone.post(&path, unknown).await.refused(422, "/status", "unknown_member");
    assert_eq!(read(&app, &article).await["count"], 1);
}

async fn nobody_borrows_a_name_of_the_newsroom(app: TestApp) {
    let article = open_article(&app, "post").await;
    let admin = app.admin().await;
    let ewa = json!({
        "email": "ewa@example.org", "name": "Ewa Łoś", "roles": ["author"],
        "password": crate::support::PASSWORD,
    });
    let ewa = admin.post("/manage/v1/users", ewa).await.expect(201);
    for nickname in ["Ewa Łoś", " EWA  LOS", "éwa los"] {
        let comment = json!({"nickname": nickname, "body": "I wrote this."});
        app.anyone().post(&thread(&article), comment).await.refused(422, "/nickname", "staff_name");
    }
    let user = format!("/manage/v1/users/{}", id(&ewa));
    admin.patch(&user, json!({"active": false})).await.expect(200);
    let comment = json!({"nickname": "Ewa Los", "body": "It is only my name."});
    app.anyone().post(&thread(&article), comment).await.expect(201);
}

async fn a_comment_with_a_link_waits_for_a_moderator(app: TestApp) {
    let article = open_article(&app, "post").await;
    let held = say(&app, &article, "See HTTPS://shop.example/offer").await.expect(202);
    assert_eq!(held["status"], "pending");
    let seen = app.admin().await.get(&at(&held)).await.expect(200);
    assert!(seen["note"].as_str().unwrap().contains("link"));
    let comment = json!({"nickname": "www.shop.example", "body": "Good day"});
    app.anyone().post(&thread(&article), comment).await.expect(202);
    assert_eq!(read(&app, &article).await["count"], 0);
}

async fn the_same_is_not_said_twice_a_day(app: TestApp) {
    let article = open_article(&app, "post").await;
    say(&app, &article, "Zażółć gęślą jaźń").await.expect(201);
    say(&app, &article, "zazolc  GESLA jazn").await.refused(409, "/body", "repeated");
    let other = open_article(&app, "post").await;
    say(&app, &other, "Zażółć gęślą jaźń").await.expect(201);
    app.advance(24 * 60 * 60);
    say(&app, &article, "Zażółć gęślą jaźń").await.expect(201);
}

async fn a_retry_does_not_comment_twice(app: TestApp) {
    let article = open_article(&app, "post").await;
    let reader = app.anyone().with("idempotency-key", "one");
    let comment = json!({"nickname": "gull", "body": "Once."});
    let first = reader.post(&thread(&article), comment.clone()).await.expect(201);
    let again = reader.post(&thread(&article), comment).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    again.header("location");
    assert_eq!(again.expect(201), first);
    assert_eq!(read(&app, &article).await["count"], 1);
}

async fn replies_outlive_what_they_reply_to(app: TestApp) {
    let article = open_article(&app, "post").await;
    let admin = app.admin().await;
    let parent = say(&app, &article, "Parent").await.expect(201);
    let child = reply(&app, &parent, "Child").await.expect(201);
    assert_eq!(child["in_reply_to"]["id"], parent["id"]);
    let elsewhere = open_article(&app, "post").await;
    let stray = json!({"nickname": "gull", "body": "Stray", "parent_id": parent["id"]});
    app.anyone().post(&thread(&elsewhere), stray).await.refused(422, "/parent_id", "missing");

    admin.delete(&at(&parent)).await.expect(204);
    let seen = read(&app, &article).await;
    assert_eq!(seen["count"], 1);
    let stub = &seen["data"][0];
    assert_eq!(stub["id"], parent["id"]);
    assert_eq!(
        (&stub["deleted"], &stub["body"], &stub["author"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    assert_eq!(bodies(&seen)[1], "Child");
    let alone = app.anyone().get(&format!("/v1/comments/{}", id(&parent))).await.expect(200);
    assert_eq!(&alone, stub);
    reply(&app, &parent, "Too late").await.refused(422, "/parent_id", "missing");

    decide(&admin, &child, "reject").await.expect(200);
    assert_eq!(read(&app, &article).await, json!({"data": [], "next": null, "count": 0}));
    decide(&admin, &child, "approve").await.expect(200);
    assert_eq!(bodies(&read(&app, &article).await), [&Value::Null, &json!("Child")]);
    admin.delete(&at(&child)).await.expect(204);
    assert_eq!(read(&app, &article).await["data"], json!([]));
    let kept = admin.get(&at(&parent)).await.expect(200);
    assert_eq!((&kept["status"], &kept["body"]), (&json!("deleted"), &json!("Parent")));
}

async fn many_readers_at_once_each_get_their_place(app: TestApp) {
    let article = open_article(&app, "post").await;
    let readers: Vec<_> = (0..20)
        .map(|number| {
            let (reader, path) = (app.anyone(), thread(&article));
            let comment = json!({"nickname": "gull", "body": format!("Number {number}")});
            actix_web::rt::spawn(async move { reader.post(&path, comment).await.expect(201) })
        })
        .collect();
    let mut ordinals = Vec::new();
    for reader in readers {
        ordinals.push(reader.await.unwrap()["ordinal"].as_i64().unwrap());
    }
    ordinals.sort_unstable();
    assert_eq!(ordinals, (1..=20).collect::<Vec<i64>>());
    assert_eq!(read(&app, &article).await["count"], 20);
}
