//! A clock that was a day ahead and was corrected: nothing that it stored binds for longer than the
//! rule that it was stored for.
use broadsheet::{
    auth::roles::Role,
    db::{
        Conn,
        schema::{comment_reports, idempotency_keys},
    },
};
use diesel::prelude::*;
use serde_json::json;

use crate::{
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
