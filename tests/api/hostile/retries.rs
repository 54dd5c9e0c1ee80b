//! The same request again: `Idempotency-Key` in good hands and in bad ones.
use actix_web::http::Method;
use broadsheet::auth::roles::Role;
use serde_json::json;

use super::{JSON, SECTIONS, sections};
use crate::support::{PASSWORD, TestApp, on_both_engines};

on_both_engines! {
    the_same_key_and_request_get_the_same_answer,
    the_same_key_with_another_request_is_refused,
    a_refused_request_does_not_use_its_key_up,
    a_key_belongs_to_its_caller,
    a_reader_s_key_is_good_for_their_own_request_wherever_they_send_it_from,
    a_key_is_forgotten_after_a_day,
    a_key_of_the_wrong_form_is_refused,
    a_password_cannot_be_guessed_from_what_is_kept_of_a_request,
}

const KEY: &str = "idempotency-key";

async fn the_same_key_and_request_get_the_same_answer(app: TestApp) {
    let editor =
        app.signed_in(Role::Editor).await.with(KEY, "0190c0de-0000-7000-8000-000000000001");
    let world = json!({"name": "World"});
    let first = editor.post(SECTIONS, world.clone()).await;
    let again = editor.post(SECTIONS, world).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    for name in ["location", "etag", "content-type"] {
        assert_eq!(first.header(name), again.header(name));
    }
    assert_eq!((first.status, first.text), (again.status, again.text));
    assert_eq!(sections(&editor).await.as_array().unwrap().len(), 1);
}

async fn the_same_key_with_another_request_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let keyed = admin.with(KEY, "k");
    keyed.post(SECTIONS, json!({"name": "World"})).await.expect(201);
    keyed.post(SECTIONS, json!({"name": "Asia"})).await.refused(
        422,
        "Idempotency-Key",
        "key_reused",
    );
    let spaced = Some((JSON, r#"{ "name": "World" }"#.to_owned()));
    let other_bytes = keyed.send(Method::POST, SECTIONS, spaced).await;
    other_bytes.refused(422, "Idempotency-Key", "key_reused");
    let ewa =
        json!({"email": "e@example.org", "name": "E", "roles": ["author"], "password": PASSWORD});
    keyed.post("/manage/v1/users", ewa).await.refused(422, "Idempotency-Key", "key_reused");
    // The same words at another address are another request.
    let steps = admin.with(KEY, "steps");
    let drafts = ["one", "two"].map(|name| json!({"headline": name, "slug": name}));
    let mut submitted = Vec::new();
    for draft in drafts {
        let draft = admin.post("/manage/v1/articles", draft).await.expect(201);
        let at = format!("/manage/v1/articles/{}", draft["id"].as_str().unwrap());
        submitted.push(steps.act(&at, "actions/submit", json!({})).await);
    }
    let [first, second] = <[_; 2]>::try_from(submitted).unwrap_or_else(|_| unreachable!());
    first.expect(200);
    second.refused(422, "Idempotency-Key", "key_reused");
    assert_eq!(sections(&admin).await.as_array().unwrap().len(), 1);
}

async fn a_refused_request_does_not_use_its_key_up(app: TestApp) {
    let keyed = app.admin().await.with(KEY, "k");
    keyed.post(SECTIONS, json!({"name": ""})).await.refused(422, "/name", "length");
    let parent = "0190c0de-0000-7000-8000-000000000000";
    let orphan = json!({"name": "World", "parent_id": parent});
    keyed.post(SECTIONS, orphan).await.refused(422, "/parent_id", "missing");
    let made = keyed.post(SECTIONS, json!({"name": "World"})).await;
    assert!(!made.headers.contains_key("idempotency-replayed"));
    made.expect(201);
}

async fn a_key_belongs_to_its_caller(app: TestApp) {
    let (admin, editor) = (app.admin().await, app.signed_in(Role::Editor).await);
    admin.with(KEY, "k").post(SECTIONS, json!({"name": "World"})).await.expect(201);
    let other = editor.with(KEY, "k").post(SECTIONS, json!({"name": "Asia"})).await;
    assert!(!other.headers.contains_key("idempotency-replayed"));
    other.expect(201);
}

async fn a_reader_s_key_is_good_for_their_own_request_wherever_they_send_it_from(app: TestApp) {
    let article = crate::comments::open_article(&app, "post").await;
    let thread = format!("/v1/articles/{}/comments", article["id"].as_str().unwrap());
    let says = |body: &str| json!({"nickname": "Ola", "body": body});
    let from = |address| app.anyone().from(address).with(KEY, "1");
    let first = from("192.0.2.1").post(&thread, says("I was there, and it was cold.")).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    // Somebody else happens on the same key, at another address or behind the same one.
    for (address, body) in [
        ("192.0.2.2", "What a game that was in the evening!"),
        ("192.0.2.1", "Nobody has asked the neighbours so far."),
    ] {
        let other = from(address).post(&thread, says(body)).await;
        assert!(!other.headers.contains_key("idempotency-replayed"), "{}", other.text);
        assert!(other.status.is_success(), "{}", other.text);
        assert_ne!(other.header("location"), first.header("location"));
    }
    // A telephone that has left the house sends its comment again.
    let again = from("198.51.100.7").post(&thread, says("I was there, and it was cold.")).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!((again.status, again.text), (first.status, first.text));
}

async fn a_key_is_forgotten_after_a_day(app: TestApp) {
    app.admin().await.with(KEY, "k").post(SECTIONS, json!({"name": "World"})).await.expect(201);
    app.advance(24 * 60 * 60 + 1);
    let who = json!({"email": crate::support::ADMIN, "password": PASSWORD});
    let tokens = app.anyone().post("/manage/v1/session", who).await.expect(200);
    let later = app.with_token(tokens["access_token"].as_str().unwrap()).with(KEY, "k");
    later.post(SECTIONS, json!({"name": "World"})).await.refused(409, "/slug", "taken");
    later.post(SECTIONS, json!({"name": "Asia"})).await.expect(201);
}

async fn a_key_of_the_wrong_form_is_refused(app: TestApp) {
    let admin = app.admin().await;
    for bad in ["", "two words", "zażółć", &"x".repeat(256)] {
        let answer = admin.with(KEY, bad).post(SECTIONS, json!({"name": "World"})).await;
        answer.refused(400, "Idempotency-Key", "format");
    }
    let twice = admin.with(KEY, "a").with(KEY, "b").post(SECTIONS, json!({"name": "World"})).await;
    twice.refused(400, "Idempotency-Key", "format");
    assert_eq!(sections(&admin).await, json!([]));
    admin.with(KEY, &"x".repeat(255)).post(SECTIONS, json!({"name": "World"})).await.expect(201);
}

/// A plain digest of the request could be tried against lists of passwords at a million times
/// the speed of the hash that protects them. With the key in it, and the key itself not kept,
/// there is nothing to try.
async fn a_password_cannot_be_guessed_from_what_is_kept_of_a_request(app: TestApp) {
    use broadsheet::db::schema::idempotency_keys::dsl::{fingerprint, idempotency_keys, key};
    use diesel::prelude::*;

    let admin = app.admin().await;
    let name = "0190c0de-0000-7000-8000-000000000002";
    let ewa =
        json!({"email": "e@example.org", "name": "E", "roles": ["author"], "password": PASSWORD});
    admin.with(KEY, name).post("/manage/v1/users", ewa.clone()).await.expect(201);
    let other = "0190c0de-0000-7000-8000-000000000003";
    let refused = admin.with(KEY, other).post("/manage/v1/users", ewa).await;
    refused.refused(409, "/email", "taken");
    let kept: Vec<(String, String)> = app
        .state
        .db
        .read(|conn| Ok(idempotency_keys.select((key, fingerprint)).load(&mut **conn)?))
        .await
        .unwrap();
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].0.contains(name), "the key is kept as it was sent");
}
