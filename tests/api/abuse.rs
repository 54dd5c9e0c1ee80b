//! Abuse of the open face: floods, words, traps for programs, and reports by many.
use broadsheet::{
    auth::roles::Role,
    db::{
        Conn,
        schema::{comment_posts, comment_reports},
    },
};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::{
    comments::{at, decide, id, open_article, read, thread},
    support::{Answer, TestApp, on_both_engines},
};

on_both_engines! {
    nobody_posts_faster_than_people_do,
    readers_of_a_frontend_are_each_counted,
    a_flood_from_everywhere_is_held,
    addresses_are_kept_as_pseudonyms_for_a_day,
    banned_words_are_refused_and_suspect_ones_held,
    words_are_listed_by_moderators_and_once,
    what_fills_in_the_hidden_field_is_set_aside,
    reports_of_many_send_a_comment_back_to_the_moderators,
}

const WORDS: &str = "/manage/v1/comment-words";

async fn say(app: &TestApp, address: &str, article: &Value, body: &str) -> Answer {
    let comment = json!({"nickname": "harbour cat", "body": body});
    app.anyone().from(address).post(&thread(article), comment).await
}

async fn nobody_posts_faster_than_people_do(app: TestApp) {
    let (here, there) = (open_article(&app, "post").await, open_article(&app, "post").await);
    for number in 0..5 {
        say(&app, "192.0.2.1", &here, &format!("Wave {number}")).await.expect(201);
    }
    let refused = say(&app, "192.0.2.1", &here, "Wave 5").await;
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((590..=600).contains(&wait), "{wait}");
    assert_eq!(refused.expect(429)["type"], "/problems/too-many-requests");
    say(&app, "192.0.2.1", &there, "Elsewhere").await.expect(201);
    say(&app, "192.0.2.2", &here, "Somebody else").await.expect(201);
    app.advance(wait);
    say(&app, "192.0.2.1", &here, "Wave 5").await.expect(201);
}

/// All of them come from the frontend's address, and are told apart by what it says.
async fn readers_of_a_frontend_are_each_counted(app: TestApp) {
    const TOKEN: &str = "the-site-renders-on-its-own-server";
    let site = app.another(|name| (name == "FRONTEND_TOKEN").then(|| TOKEN.to_owned())).await;
    let article = open_article(&app, "post").await;
    let frontend = site.anyone().from("203.0.113.80").with("frontend-token", TOKEN);
    let say = async |reader: &str, body: String| {
        let comment = json!({"nickname": "harbour cat", "body": body});
        frontend.with("reader-address", reader).post(&thread(&article), comment).await
    };
    for number in 0..5 {
        say("192.0.2.1", format!("Wave {number}")).await.expect(201);
    }
    say("192.0.2.1", "Wave 5".to_owned()).await.expect(429);
    let comment = say("192.0.2.2", "Somebody else".to_owned()).await.expect(201);
    let (report, flag) =
        (format!("/v1/comments/{}/reports", id(&comment)), json!({"kind": "flag"}));
    for reader in ["192.0.2.1", "192.0.2.3", "192.0.2.3", "192.0.2.4"] {
        frontend.with("reader-address", reader).post(&report, flag.clone()).await.expect(202);
    }
    assert_eq!(pseudonyms(&app).await.1.len(), 3, "one report for each reader");
    frontend.post(&report, flag).await.refused(400, "Reader-Address", "required");
}

async fn a_flood_from_everywhere_is_held(app: TestApp) {
    let article = open_article(&app, "post").await;
    for number in 0..60 {
        let address = format!("198.51.100.{number}");
        say(&app, &address, &article, &format!("Wave {number}")).await.expect(201);
    }
    let held = say(&app, "203.0.113.1", &article, "One more").await.expect(202);
    let note = app.admin().await.get(&at(&held)).await.expect(200)["note"].clone();
    assert!(note.as_str().unwrap().contains("flood"), "{note}");
    app.advance(700);
    say(&app, "203.0.113.2", &article, "After the storm").await.expect(201);
}

async fn addresses_are_kept_as_pseudonyms_for_a_day(app: TestApp) {
    let article = open_article(&app, "post").await;
    let comment = say(&app, "192.0.2.77", &article, "First").await.expect(201);
    let report = format!("/v1/comments/{}/reports", id(&comment));
    app.anyone().from("192.0.2.77").post(&report, json!({"kind": "flag"})).await.expect(202);
    let (posted, reported) = pseudonyms(&app).await;
    assert_eq!(posted, reported, "the same address has the same pseudonym");
    assert!(posted.len() == 1 && !posted[0].contains("192.0"), "{posted:?}");
    app.advance(25 * 60 * 60);
    say(&app, "192.0.2.78", &article, "Second").await.expect(201);
    let (later, _) = pseudonyms(&app).await;
    assert!(later.len() == 1 && later != posted, "{later:?}");
}

/// Of who has posted, and of who has reported.
async fn pseudonyms(app: &TestApp) -> (Vec<String>, Vec<String>) {
    let read = app.state.db.read(|snapshot| {
        let conn: &mut Conn = snapshot;
        let posted = comment_posts::table.select(comment_posts::party).load(conn)?;
        let reported: Vec<Option<String>> =
            comment_reports::table.select(comment_reports::reporter).load(conn)?;
        Ok((posted, reported.into_iter().flatten().collect()))
    });
    read.await.unwrap()
}

async fn banned_words_are_refused_and_suspect_ones_held(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    for (word, kind) in [("swindle", "banned"), ("easy money", "suspect"), ("gambl*", "suspect")] {
        moderator.post(WORDS, json!({"word": word, "kind": kind})).await.expect(201);
    }
    for said in ["What a Sw1ndle!", "s w i n d l e", "\u{455}windle"] {
        say(&app, "192.0.2.1", &article, said).await.refused(422, "/body", "banned_word");
    }
    let named = json!({"nickname": "Swindle", "body": "Good morning."});
    let answer = app.anyone().post(&thread(&article), named).await;
    answer.refused(422, "/nickname", "banned_word");
    for said in ["Earn EASY  M0NEY", "no gambling here"] {
        let held = say(&app, "192.0.2.1", &article, said).await.expect(202);
        assert_eq!(held["status"], "pending");
    }
    say(&app, "192.0.2.1", &article, "Money is not easy.").await.expect(201);
    assert_eq!(read(&app, &article).await["count"], 1);
}

async fn words_are_listed_by_moderators_and_once(app: TestApp) {
    let moderator = app.signed_in(Role::Moderator).await;
    let word = moderator.post(WORDS, json!({"word": "Łotr", "kind": "banned"})).await.expect(201);
    let again = json!({"word": "LOTR", "kind": "suspect"});
    moderator.post(WORDS, again).await.refused(409, "/word", "taken");
    moderator
        .post(WORDS, json!({"word": "…", "kind": "banned"}))
        .await
        .refused(422, "/word", "word");
    let path = format!("{WORDS}/{}", id(&word));
    let changed = moderator.patch(&path, json!({"kind": "suspect"})).await.expect(200);
    assert_eq!(changed["version"], 2);
    moderator.put(&path, json!({"word": "rogue", "kind": "banned"})).await.expect(200);
    let listed = moderator.get(&format!("{WORDS}?total=true")).await.expect(200);
    assert_eq!((&listed["data"][0]["word"], &listed["total"]), (&json!("rogue"), &json!(1)));
    assert!(listed["data"][0].get("likeness").is_none());
    app.signed_in(Role::Author).await.get(WORDS).await.expect(403);
    moderator.delete(&path).await.expect(204);
    moderator.get(&path).await.expect(404);
}

async fn what_fills_in_the_hidden_field_is_set_aside(app: TestApp) {
    let article = open_article(&app, "post").await;
    let form = |website: &str| json!({"nickname": "bot", "body": "Nice site.", "website": website});
    let aside = app.anyone().post(&thread(&article), form("http://x.example")).await.expect(202);
    assert_eq!(aside["status"], "rejected");
    let kept = app.admin().await.get(&at(&aside)).await.expect(200);
    assert_eq!((&kept["status"], &kept["reason"]), (&json!("rejected"), &json!("spam")));
    let person = json!({"nickname": "cat", "body": "Nice harbour.", "website": ""});
    app.anyone().post(&thread(&article), person).await.expect(201);
}

async fn reports_of_many_send_a_comment_back_to_the_moderators(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let comment = say(&app, "192.0.2.1", &article, "You all know nothing.").await.expect(201);
    let path = format!("/v1/comments/{}/reports", id(&comment));
    let flag = |address: &str| {
        let reader = app.anyone().from(address);
        let path = path.clone();
        async move { reader.post(&path, json!({"kind": "flag"})).await }
    };
    let first = flag("198.51.100.1").await.expect(202);
    assert_eq!(flag("198.51.100.1").await.expect(202)["id"], first["id"], "counted once");
    flag("198.51.100.2").await.expect(202);
    assert_eq!(read(&app, &article).await["count"], 1);
    flag("198.51.100.3").await.expect(202);
    assert_eq!(read(&app, &article).await["count"], 0);
    let held = moderator.get(&at(&comment)).await.expect(200);
    assert_eq!(held["status"], "pending");
    let reports = moderator.get("/manage/v1/reports?resolved=false").await.expect(200);
    assert_eq!(reports["data"].as_array().unwrap().len(), 3);

    // Who has looked at it decides: the same readers cannot undo that.
    decide(&moderator, &comment, "approve").await.expect(200);
    for host in 1..=3 {
        flag(&format!("198.51.100.{host}")).await.expect(202);
    }
    assert_eq!(read(&app, &article).await["count"], 1);
}
