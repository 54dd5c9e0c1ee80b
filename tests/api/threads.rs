//! Threads: replies to replies, the comments under an article as a tree, comments that close by
//! themselves, and counts of comments in lists.
use serde_json::{Value, json};

use crate::{
    articles,
    comments::{at, bodies, decide, id, open_article, read, reply, say, thread},
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    replies_to_replies_stand_in_the_thread_and_name_whom_they_answer,
    what_is_gone_leaves_the_thread_readable,
    threads_are_read_as_a_tree_page_by_page,
    a_tree_costs_the_same_for_one_thread_and_for_many,
    comments_close_by_themselves,
    the_nearest_word_on_closing_counts,
    lists_count_comments_where_that_is_asked_for,
}

async fn tree(app: &TestApp, article: &Value, query: &str) -> Value {
    let path = format!("/v1/articles/{}/threads{query}", id(article));
    same(app, &path).await.expect(200)
}

async fn replies(app: &TestApp, comment: &Value, query: &str) -> Value {
    let path = format!("/v1/comments/{}/replies{query}", id(comment));
    same(app, &path).await.expect(200)
}

/// The same from a server that keeps answers, asked twice, and from one that does not.
async fn same(app: &TestApp, path: &str) -> Answer {
    let days = app.state.config.comments_close_after_days;
    let settings = |name: &str| match name {
        "CACHE" => Some("off".to_owned()),
        "COMMENTS_CLOSE_AFTER_DAYS" => days.map(|days| days.to_string()),
        _ => None,
    };
    let uncached = app.another(settings).await;
    let made = uncached.anyone().get(path).await;
    for _ in 0..2 {
        let kept = app.anyone().get(path).await;
        assert_eq!((kept.status, &kept.text), (made.status, &made.text), "{path}");
        for name in ["etag", "last-modified"] {
            assert_eq!(kept.headers.get(name), made.headers.get(name), "{path}: {name}");
        }
    }
    made
}

/// Whom each comment answers, by nickname.
fn answered(page: &Value) -> Vec<&Value> {
    let data = page["data"].as_array().unwrap().iter();
    data.map(|comment| &comment["in_reply_to"]["nickname"]).collect()
}

async fn said_by(app: &TestApp, nickname: &str, to: &Value, body: &str) -> Value {
    let path = format!("/v1/articles/{}/comments", to["article_id"].as_str().unwrap());
    let comment = json!({"nickname": nickname, "body": body, "parent_id": to["id"]});
    app.anyone().post(&path, comment).await.expect(201)
}

async fn replies_to_replies_stand_in_the_thread_and_name_whom_they_answer(app: TestApp) {
    let article = open_article(&app, "post").await;
    let top = say(&app, &article, "One").await.expect(201);
    assert_eq!((&top["thread_id"], &top["in_reply_to"]), (&Value::Null, &Value::Null));
    let child = said_by(&app, "gull", &top, "Two").await;
    let other = said_by(&app, "cormorant", &top, "Three").await;
    let grandchild = said_by(&app, "tern", &child, "Four").await;
    let below = said_by(&app, "heron", &grandchild, "Five").await;
    assert_eq!((&below["thread_id"], &below["in_reply_to"]["id"]), (&top["id"], &grandchild["id"]));
    assert_eq!(below["in_reply_to"]["nickname"], "tern");

    let seen = read(&app, &article).await;
    assert_eq!(seen["count"], 5);
    let nobody = &Value::Null;
    let names = ["harbour cat", "gull", "tern"].map(|name| json!(name));
    assert_eq!(answered(&seen), [nobody, &names[0], &names[0], &names[1], &names[2]]);
    let counts: Vec<_> =
        seen["data"].as_array().unwrap().iter().map(|it| it["reply_count"].clone()).collect();
    assert_eq!(counts, [4, 1, 0, 1, 0]);
    for (of, said) in
        [(&top, ["Two", "Three", "Four", "Five"].as_slice()), (&child, &["Four"]), (&other, &[])]
    {
        assert_eq!(bodies(&replies(&app, of, "").await), said);
    }
    let alone = same(&app, &format!("/v1/comments/{}", id(&below))).await.expect(200);
    assert_eq!(alone, seen["data"][4]);

    // Moderators see whom it answers; a reply to another article's comment is none.
    let listed = app.admin().await.get("/manage/v1/comments?limit=1").await.expect(200);
    let listed = &listed["data"][0];
    assert_eq!((&listed["parent_id"], &listed["thread_id"]), (&grandchild["id"], &top["id"]));
    assert_eq!(listed["in_reply_to"]["nickname"], "tern");
    let elsewhere = open_article(&app, "post").await;
    let stray = json!({"nickname": "gull", "body": "Stray", "parent_id": below["id"]});
    app.anyone().post(&thread(&elsewhere), stray).await.refused(422, "/parent_id", "missing");
}

async fn what_is_gone_leaves_the_thread_readable(app: TestApp) {
    let article = open_article(&app, "post").await;
    let top = say(&app, &article, "One").await.expect(201);
    let child = said_by(&app, "gull", &top, "Two").await;
    let grandchild = said_by(&app, "tern", &child, "Three").await;
    let alone = format!("/v1/comments/{}", id(&grandchild));
    let before = same(&app, &alone).await.header("last-modified").to_owned();
    app.advance(60);

    // The one in the middle becomes a stub, and is named no more.
    decide(&app.admin().await, &child, "reject").await.expect(200);
    let after = same(&app, &alone).await.header("last-modified").to_owned();
    assert_ne!(before, after, "whom it answers is a part of it");
    let admin = app.admin().await;
    let seen = read(&app, &article).await;
    assert_eq!(bodies(&seen), [&json!("One"), &Value::Null, &json!("Three")]);
    assert_eq!((&seen["count"], &seen["data"][0]["reply_count"]), (&json!(2), &json!(1)));
    let stub = &seen["data"][1];
    assert_eq!((&stub["deleted"], &stub["author"]), (&json!(true), &Value::Null));
    assert_eq!((&stub["reply_count"], &stub["thread_id"]), (&json!(1), &top["id"]));
    let gone = json!({"id": child["id"], "nickname": null});
    assert_eq!(seen["data"][2]["in_reply_to"], gone);
    assert_eq!(same(&app, &alone).await.expect(200)["in_reply_to"], gone);
    assert_eq!(bodies(&tree(&app, &article, "").await["data"][0]["replies"]).len(), 2);
    reply(&app, &child, "Too late").await.refused(422, "/parent_id", "missing");
    reply(&app, &grandchild, "In time").await.expect(201);

    // So does the one at the top, whose thread goes on.
    admin.delete(&at(&top)).await.expect(204);
    let seen = tree(&app, &article, "").await;
    let first = &seen["data"][0];
    assert_eq!(
        (&first["comment"]["deleted"], &first["comment"]["reply_count"]),
        (&json!(true), &json!(2))
    );
    assert_eq!(bodies(&first["replies"]), [&Value::Null, &json!("Three"), &json!("In time")]);
    assert_eq!(seen["count"], 2);

    // A stub goes with the last that answers it; what answers that says so all the same.
    decide(&admin, &grandchild, "reject").await.expect(200);
    let seen = read(&app, &article).await;
    assert_eq!(bodies(&seen), [&Value::Null, &Value::Null, &json!("In time")]);
    assert_eq!(seen["data"][1]["in_reply_to"], gone);
    decide(&admin, &child, "approve").await.expect(200);
    let seen = read(&app, &article).await;
    assert_eq!(bodies(&seen), [&Value::Null, &json!("Two"), &Value::Null, &json!("In time")]);
    assert_eq!(seen["data"][2]["in_reply_to"]["nickname"], "gull");
    assert_eq!(seen["data"][0]["reply_count"], 2);
}

async fn threads_are_read_as_a_tree_page_by_page(app: TestApp) {
    let article = open_article(&app, "post").await;
    assert_eq!(tree(&app, &article, "").await, json!({"data": [], "next": null, "count": 0}));
    let mut tops = Vec::new();
    for number in 0..5 {
        app.advance(600);
        let top = say(&app, &article, &format!("Top {number}")).await.expect(201);
        for reply_number in 0..number {
            app.advance(600);
            reply(&app, &top, &format!("Reply {number}.{reply_number}")).await.expect(201);
        }
        tops.push(top);
    }
    let all = tree(&app, &article, "?replies=10").await;
    assert_eq!((&all["count"], &all["next"]), (&json!(15), &Value::Null));
    for (number, thread) in all["data"].as_array().unwrap().iter().enumerate() {
        assert_eq!(thread["comment"]["body"], format!("Top {number}"));
        assert_eq!(thread["comment"]["reply_count"], number);
        let said: Vec<_> = (0..number).map(|it| json!(format!("Reply {number}.{it}"))).collect();
        assert_eq!(bodies(&thread["replies"]), said.iter().collect::<Vec<_>>());
        assert_eq!(thread["replies"]["next"], Value::Null);
    }
    // Page by page, from either end, and the rest of a thread behind its first replies.
    for (sort, expected) in [("oldest", [0, 1, 2, 3, 4]), ("newest", [4, 3, 2, 1, 0])] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let query = format!("?sort={sort}&limit=2&replies=2{cursor}");
            let page = tree(&app, &article, &query).await;
            for thread in page["data"].as_array().unwrap() {
                let number = thread["comment"]["reply_count"].as_u64().unwrap();
                let mut said: Vec<Value> =
                    bodies(&thread["replies"]).into_iter().cloned().collect();
                assert!(said.len() <= 2);
                if let Some(next) = thread["replies"]["next"].as_str() {
                    let rest = replies(&app, &thread["comment"], &format!("?cursor={next}")).await;
                    said.extend(bodies(&rest).into_iter().cloned());
                    assert_eq!(rest["next"], Value::Null);
                }
                let all: Vec<_> =
                    (0..number).map(|it| json!(format!("Reply {number}.{it}"))).collect();
                assert_eq!(said, all);
                seen.push(number);
            }
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{sort}");
    }
    let first = replies(&app, &tops[4], "?limit=1").await;
    let second = format!("?limit=1&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(bodies(&replies(&app, &tops[4], &second).await), ["Reply 4.1"]);
    let base = format!("/v1/articles/{}/threads", id(&article));
    for (query, place) in
        [("replies=0", "replies"), ("replies=11", "replies"), ("limit=101", "limit")]
    {
        app.anyone().get(&format!("{base}?{query}")).await.refused(400, place, "format");
    }
    let foreign =
        format!("/v1/comments/{}/replies?cursor={}", id(&tops[3]), first["next"].as_str().unwrap());
    app.anyone().get(&foreign).await.refused(400, "cursor", "cursor");
    let link = app.anyone().get(&format!("{base}?limit=2")).await;
    assert!(link.header("link").contains("/threads?"), "{}", link.header("link"));

    // What is not public has no threads.
    let admin = app.admin().await;
    admin.act(&articles::at(&article), "actions/unpublish", json!({})).await.expect(200);
    app.anyone().get(&base).await.expect(404);
    app.anyone().get(&format!("/v1/comments/{}/replies", id(&tops[4]))).await.expect(404);
}

async fn a_tree_costs_the_same_for_one_thread_and_for_many(app: TestApp) {
    let article = open_article(&app, "post").await;
    let path = format!("/v1/articles/{}/threads?limit=100", id(&article));
    app.anyone().get("/v1/sections").await.expect(200);
    let mut costs = Vec::new();
    for number in 0..8 {
        app.advance(600);
        let top = say(&app, &article, &format!("Top {number}")).await.expect(201);
        for reply_number in 0..2 {
            reply(&app, &top, &format!("Reply {number}.{reply_number}")).await.expect(201);
        }
        let (statements, seen) = app.statements(app.anyone().get(&path)).await;
        assert_eq!(seen.expect(200)["data"].as_array().unwrap().len(), number + 1);
        costs.push(statements);
    }
    assert!(costs.iter().all(|cost| cost == &costs[0]), "{costs:?}");
}

/// When the comments of the article's page close, and what the mode is now.
async fn closing(app: &TestApp, article: &Value) -> (Value, Value) {
    let page = format!("/v1/page?path={}", article["path"].as_str().unwrap());
    let comments = same(app, &page).await.expect(200)["comments"].clone();
    (comments["mode"].clone(), comments["closes_at"].clone())
}

async fn comments_close_by_themselves(app: TestApp) {
    const DAY: i64 = 24 * 60 * 60;
    let settings = |name: &str| (name == "COMMENTS_CLOSE_AFTER_DAYS").then(|| "2".to_owned());
    let app = TestApp::start_with(app.engine(), settings).await;
    let article = open_article(&app, "post").await;
    let admin = app.admin().await;
    let comment = say(&app, &article, "In time.").await.expect(201);
    let path = format!("/v1/page?path={}", article["path"].as_str().unwrap());
    let read_page = async |app: &TestApp| app.anyone().get(&path).await;
    let before = read_page(&app).await.expect(200)["comments"].clone();
    let published = article["published_at"].as_str().unwrap();
    let published: broadsheet::time::Instant = published.parse().unwrap();
    let closes_at = json!(published.plus_seconds(2 * DAY));
    assert_eq!((&before["mode"], &before["closes_at"]), (&json!("post"), &closes_at));

    // Shortly before, no cache keeps it any longer than that.
    app.advance(2 * DAY - 20);
    let seen = read_page(&app).await;
    let fresh = seen.header("cache-control").to_owned();
    assert!((18..=20).any(|age| fresh.contains(&format!("max-age={age}"))), "{fresh}");
    assert_eq!(seen.expect(200)["comments"]["mode"], "post");
    say(&app, &article, "Just in time.").await.expect(201);
    read_page(&app).await.expect(200);
    app.advance(21);
    let closed = read_page(&app).await;
    assert!(!closed.was_ready());
    let modified = published.plus_seconds(2 * DAY).http_date();
    assert_eq!(closed.header("last-modified"), modified, "it changed when they closed");
    let closed = closed.expect(200)["comments"].clone();
    assert_eq!((&closed["mode"], &closed["closes_at"]), (&json!("closed"), &closes_at));
    assert_eq!((&closed["count"], bodies(&closed)[0]), (&json!(2), &json!("In time.")));
    say(&app, &article, "Too late.").await.refused(409, "", "closed");
    reply(&app, &comment, "Too late.").await.refused(409, "", "closed");
    let admin_says = json!({"article_id": article["id"], "body": "Too late for us."});
    drop(admin);
    let admin = app.admin().await;
    admin.post("/manage/v1/comments", admin_says).await.refused(409, "", "closed");
    // It was a clock ahead of time.
    app.advance(-21);
    assert_eq!(read_page(&app).await.expect(200)["comments"]["mode"], "post");
}

async fn the_nearest_word_on_closing_counts(app: TestApp) {
    const DAY: i64 = 24 * 60 * 60;
    let settings = |name: &str| (name == "COMMENTS_CLOSE_AFTER_DAYS").then(|| "2".to_owned());
    let app = TestApp::start_with(app.engine(), settings).await;
    let article = open_article(&app, "inherit").await;
    let (place, section) = (
        articles::at(&article),
        format!("/manage/v1/sections/{}", article["section_id"].as_str().unwrap()),
    );
    let published = article["published_at"].as_str().unwrap();
    let published: broadsheet::time::Instant = published.parse().unwrap();
    let after = |days: i64| json!(published.plus_seconds(days * DAY));
    let open = json!("post");
    assert_eq!(closing(&app, &article).await, (open.clone(), after(2)));
    let say_days = async |client: &Client, at: &str, days: Value| {
        client.patch(at, json!({"comments_close_after_days": days})).await
    };
    let admin = app.admin().await;
    say_days(&admin, &section, json!(5)).await.expect(200);
    assert_eq!(closing(&app, &article).await, (open.clone(), after(5)));
    say_days(&admin, &section, json!(0)).await.expect(200);
    assert_eq!(closing(&app, &article).await, (open.clone(), Value::Null));
    // The article's own counts once it is published.
    say_days(&admin, &place, json!(1)).await.expect(200);
    assert_eq!(closing(&app, &article).await, (open.clone(), Value::Null));
    admin.act(&place, "actions/publish", json!({})).await.expect(200);
    assert_eq!(closing(&app, &article).await, (open.clone(), after(1)));
    say_days(&admin, &place, json!(0)).await.expect(200);
    say_days(&admin, &section, json!(null)).await.expect(200);
    admin.act(&place, "actions/publish", json!({})).await.expect(200);
    assert_eq!(closing(&app, &article).await, (open, Value::Null));
    for (client, at) in [(&admin, &place), (&admin, &section)] {
        for days in [-1, 3651] {
            let refused = say_days(client, at, json!(days)).await;
            refused.refused(422, "/comments_close_after_days", "range");
        }
    }
    // Where an editor has closed them, no time is told.
    admin.patch(&section, json!({"comments_mode": "closed"})).await.expect(200);
    assert_eq!(closing(&app, &article).await, (json!("closed"), Value::Null));
}

async fn lists_count_comments_where_that_is_asked_for(app: TestApp) {
    let (quiet, loud) = (open_article(&app, "post").await, open_article(&app, "post").await);
    let paths = [
        "/v1/articles?include=comment_count",
        "/v1/sparse/articles?fields=id,comment_count&sort=oldest",
    ];
    let counts = async |path: &str| -> Vec<Value> {
        let list = same(&app, path).await.expect(200);
        let mut cards: Vec<Value> = list["data"].as_array().unwrap().clone();
        cards.sort_by_key(|card| card["id"] != quiet["id"]);
        cards.iter().map(|card| card["comment_count"].clone()).collect()
    };
    for path in paths {
        assert_eq!(counts(path).await, [0, 0]);
    }
    let comment = say(&app, &loud, "One").await.expect(201);
    reply(&app, &comment, "Two").await.expect(201);
    for path in paths {
        assert_eq!(counts(path).await, [0, 2]);
    }
    let answer = app.anyone().get(paths[0]).await;
    let tag = format!("comments:{}", id(&loud));
    assert!(answer.was_ready() && answer.header("cache-tag").split(',').any(|it| it == tag));
    // A list that does not count is left alone by comments.
    let plain = app.anyone().get("/v1/articles").await;
    assert!(plain.expect(200)["data"][0].get("comment_count").is_none());
    decide(&app.admin().await, &comment, "reject").await.expect(200);
    assert!(app.anyone().get("/v1/articles").await.was_ready());
    for path in paths {
        assert_eq!(counts(path).await, [0, 1]);
    }
    let (statements, _) = app.statements(app.anyone().get("/v1/articles?limit=1")).await;
    let counting = "/v1/articles?limit=1&include=comment_count";
    let (with_counts, _) = app.statements(app.anyone().get(counting)).await;
    assert_eq!(with_counts, statements + 1);
    app.anyone().get("/v1/articles?include=comments").await.refused(400, "include", "format");
}
