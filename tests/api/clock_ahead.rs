//! A clock that was a day ahead and was corrected: nothing that it stored binds for longer than the
//! rule that it was stored for.
use broadsheet::{
    auth::roles::Role,
    db::{
        Conn,
        schema::{comment_reports, idempotency_keys},
    },
    transfer::{export::export, import::import},
};
use diesel::prelude::*;
use serde_json::json;

use crate::{
    articles::{at, draft, publish, section},
    comments::{id, open_article, thread},
    second_factor::{EWA, Enrolled},
    support::{PASSWORD, TestApp, on_both_engines},
};

on_both_engines! {
    nobody_waits_for_a_day_after_too_many_guesses,
    a_code_that_was_good_once_takes_no_other_with_it,
    readers_may_comment,
    keys_are_kept_for_a_day_and_no_longer,
    where_reports_came_from_is_forgotten,
    a_sign_in_does_not_last_for_longer,
    what_was_retired_too_early_comes_back,
}

const SESSION: &str = "/manage/v1/session";
const DAY: i64 = 24 * 60 * 60;

async fn nobody_waits_for_a_day_after_too_many_guesses(app: TestApp) {
    app.add_user(EWA, &[Role::Editor], &[]).await;
    let guess = |password: &str| {
        let who = json!({"email": EWA, "password": password});
        let reader = app.anyone();
        async move { reader.post(SESSION, who).await }
    };
    app.advance(DAY);
    for _ in 0..11 {
        guess("not the password").await.expect(401);
    }
    guess(PASSWORD).await.expect(429);
    app.advance(-DAY);
    guess(PASSWORD).await.expect(200);
}

async fn a_code_that_was_good_once_takes_no_other_with_it(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    let sign_in = || {
        let who = json!({"email": EWA, "password": PASSWORD, "code": ewa.code(&app)});
        let reader = app.anyone();
        async move { reader.post(SESSION, who).await }
    };
    app.advance(DAY);
    sign_in().await.expect(200);
    app.advance(-DAY);
    sign_in().await.expect(200);
    sign_in().await.refused(401, "/code", "wrong");
}

async fn readers_may_comment(app: TestApp) {
    let article = open_article(&app, "post").await;
    let say = |body: &str| {
        let comment = json!({"nickname": "harbour cat", "body": body});
        let (reader, path) = (app.anyone().from("192.0.2.1"), thread(&article));
        async move { reader.post(&path, comment).await }
    };
    app.advance(DAY);
    for number in 0..5 {
        say(&format!("Wave {number}")).await.expect(201);
    }
    say("One more").await.expect(429);
    app.advance(-DAY);
    say("Wave 0").await.expect(201);
    say("Wave 0").await.expect(409);
}

async fn keys_are_kept_for_a_day_and_no_longer(app: TestApp) {
    let credit = |line: &str| json!({"credit_line": line});
    let post = async |line: &str| {
        let admin = app.admin().await.with("idempotency-key", "the-same");
        admin.post("/manage/v1/media-credits", credit(line)).await
    };
    app.advance(10 * DAY);
    let made = post("Ewa").await.expect(201);
    app.advance(-10 * DAY);
    let again = post("Ewa").await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(id(&again.expect(201)), id(&made));
    app.advance(DAY - 60);
    post("Adam").await.expect(422);
    app.advance(120);
    post("Adam").await.expect(201);
    let kept = app.state.db.read(|snapshot| {
        let conn: &mut Conn = snapshot;
        Ok(idempotency_keys::table.count().get_result::<i64>(conn)?)
    });
    assert_eq!(kept.await.unwrap(), 1);
}

async fn where_reports_came_from_is_forgotten(app: TestApp) {
    let article = open_article(&app, "post").await;
    let comment = json!({"nickname": "harbour cat", "body": "You all know nothing."});
    let comment = app.anyone().post(&thread(&article), comment).await.expect(201);
    let path = format!("/v1/comments/{}/reports", id(&comment));
    let report = async |address: &str| {
        app.anyone().from(address).post(&path, json!({"kind": "flag"})).await.expect(202)
    };
    app.advance(DAY);
    report("198.51.100.1").await;
    app.advance(-DAY);
    report("198.51.100.2").await;
    let known = app.state.db.read(|snapshot| {
        let conn: &mut Conn = snapshot;
        let reporters = comment_reports::table.filter(comment_reports::reporter.is_not_null());
        Ok(reporters.count().get_result::<i64>(conn)?)
    });
    assert_eq!(known.await.unwrap(), 1);
}

async fn a_sign_in_does_not_last_for_longer(app: TestApp) {
    app.advance(DAY);
    let ahead = app.admin().await;
    let of_admin = ahead.get("/manage/v1/me").await.expect(200);
    let sign_ins = ahead.get("/manage/v1/sessions").await.expect(200);
    app.advance(-DAY);
    let admin = app.admin().await;
    for list in ["/manage/v1/sessions", &format!("/manage/v1/users/{}/sessions", id(&of_admin))] {
        let listed = admin.get(list).await.expect(200);
        let listed = listed["data"].as_array().unwrap();
        assert_eq!(listed.len(), 1, "{listed:?}");
        assert_eq!(listed[0]["current"], true);
        assert!(*listed[0]["expires_at"].as_str().unwrap() <= *app.in_seconds(30 * DAY));
    }
    let ended = format!("/manage/v1/sessions/{}", id(&sign_ins["data"][0]));
    admin.delete(&ended).await.expect(404);
    ahead.get("/manage/v1/me").await.expect(401);
}

/// An edition that has an end, and has it still ahead.
async fn what_was_retired_too_early_comes_back(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let ending = draft(&admin, &world, "The market is open").await;
    admin.patch(&at(&ending), json!({"tags": ["market"]})).await.expect(200);
    for step in ["submit", "approve"] {
        admin.act(&at(&ending), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let until = json!({"valid_to": app.in_seconds(DAY / 2)});
    admin.act(&at(&ending), "actions/publish", until).await.expect(200);
    let listed = async |filter: &str| {
        let list = format!("/v1/articles?total=true{filter}");
        app.anyone().get(&list).await.expect(200)["total"].clone()
    };
    assert_eq!(listed("").await, 1);

    app.advance(DAY);
    let admin = app.admin().await;
    let other = draft(&admin, &world, "The bridge is shut").await;
    publish(&admin, &other).await;
    assert_eq!(listed("").await, 1);
    app.advance(-DAY);
    // The other one is public tomorrow, and this one has left the lists.
    for filter in ["", "&tag=market"] {
        assert_eq!(listed(filter).await, 0);
    }
    app.anyone().get(&format!("/v1/articles/{}", id(&ending))).await.expect(200);

    // Also where it goes elsewhere as it is.
    let database = app.engine().database();
    let home = tempfile::tempdir().unwrap();
    let (folder, now) = (home.path().join("export"), app.now());
    export(&app.url().parse().unwrap(), &folder, now).unwrap();
    let checks = |exported| broadsheet::integrity::Newsroom::new(exported, now);
    import(&database.url.parse().unwrap(), &folder, checks).unwrap();

    let admin = app.admin().await;
    let third = draft(&admin, &world, "The ferry sails").await;
    publish(&admin, &third).await;
    assert_eq!(listed("").await, 2);
    assert_eq!(listed("&tag=market").await, 1);
}
