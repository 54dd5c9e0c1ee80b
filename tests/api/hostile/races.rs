//! Several callers at once: one wins, the others hear who it was, nothing breaks in between.
use std::future::Future;

use actix_web::{http::Method, rt};
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use super::{MERGE_PATCH, SECTIONS, at, sections};
use crate::support::{Answer, Client, TestApp, on_both_engines};

on_both_engines! {
    of_many_changes_to_one_version_exactly_one_is_made,
    a_key_that_is_sent_many_times_at_once_makes_one_thing,
    sections_moved_below_each_other_at_once_never_make_a_circle,
    of_many_sections_with_one_slug_exactly_one_is_made,
    administrators_who_remove_each_other_at_once_leave_one,
}

/// Starts all of it before it waits for any.
async fn at_once<F: Future<Output = Answer> + 'static>(
    requests: impl IntoIterator<Item = F>,
) -> Vec<Answer> {
    let running: Vec<_> = requests.into_iter().map(rt::spawn).collect();
    let mut answers = Vec::new();
    for request in running {
        answers.push(request.await.unwrap());
    }
    answers
}

/// A request that owns all it needs.
fn patch(client: &Client, path: &str, body: &Value) -> impl Future<Output = Answer> + use<> {
    let (client, path, body) = (client.clone(), path.to_owned(), body.to_string());
    async move { client.send(Method::PATCH, &path, Some((MERGE_PATCH, body))).await }
}

fn post(client: &Client, path: &str, body: &Value) -> impl Future<Output = Answer> + use<> {
    let (client, path, body) = (client.clone(), path.to_owned(), body.clone());
    async move { client.post(&path, body).await }
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn of_many_changes_to_one_version_exactly_one_is_made(app: TestApp) {
    let (admin, editor) = (app.admin().await, app.signed_in(Role::Editor).await);
    let world = admin.post(SECTIONS, json!({"name": "World"})).await.expect(201);
    let fresh = editor.freshly(&at(&world)).await;
    let answers = at_once((0..12).map(|number| {
        patch(&fresh, &at(&world), &json!({"description": format!("by request {number}")}))
    }))
    .await;
    assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 11));
    for late in answers.iter().filter(|answer| answer.status == 412) {
        let detail = late.body["detail"].as_str().unwrap();
        let told = format!("editor changed it at {}", &app.in_seconds(0)[.."2026-06-01T12:".len()]);
        assert!(detail.starts_with(&told), "{detail}");
        assert_eq!(late.header("etag"), "\"2\"");
    }
    let made = answers.into_iter().find(|answer| answer.status == 200).unwrap().body;
    assert_eq!(admin.get(&at(&world)).await.expect(200), made);
}

async fn a_key_that_is_sent_many_times_at_once_makes_one_thing(app: TestApp) {
    let keyed = app.admin().await.with("idempotency-key", "the-same");
    let world = json!({"name": "World"});
    let answers = at_once((0..8).map(|_| post(&keyed, SECTIONS, &world))).await;
    let replayed = |answer: &&Answer| answer.headers.contains_key("idempotency-replayed");
    let made = answers.iter().filter(|answer| answer.status == 201 && !replayed(answer)).count();
    assert_eq!(made, 1);
    for other in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(other.status, 409, "{}", other.text);
    }
    assert_eq!(sections(&keyed).await.as_array().unwrap().len(), 1);
    let later = keyed.post(SECTIONS, world).await;
    assert_eq!(later.header("idempotency-replayed"), "true");
}

async fn sections_moved_below_each_other_at_once_never_make_a_circle(app: TestApp) {
    let admin = app.admin().await;
    for round in 0..6 {
        let mut made = Vec::new();
        for name in ["a", "b", "c"] {
            let name = format!("{name}{round}");
            made.push(admin.post(SECTIONS, json!({ "name": name })).await.expect(201));
        }
        // Each below the next, and the last below the first.
        let fresh = admin.with("if-match", "\"1\"");
        let moves = (0..3).map(|index| {
            let below = &made[(index + 1) % 3]["id"];
            patch(&fresh, &at(&made[index]), &json!({ "parent_id": below }))
        });
        let answers = at_once(moves).await;
        assert!(count(&answers, 200) >= 1 && count(&answers, 200) < 3);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert!([409, 412].contains(&refused.status.as_u16()), "{}", refused.text);
        }
    }
    let all = sections(&admin).await;
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 18);
    for section in all {
        let (mut path, mut above) = (format!("/{}", section["slug"].as_str().unwrap()), section);
        while let Some(parent) = all.iter().find(|other| other["id"] == above["parent_id"]) {
            path = format!("/{}{path}", parent["slug"].as_str().unwrap());
            above = parent;
            assert!(path.len() < 100, "a circle");
        }
        assert_eq!(section["path"], path, "the path does not say where it is");
    }
}

async fn of_many_sections_with_one_slug_exactly_one_is_made(app: TestApp) {
    let (admin, editor) = (app.admin().await, app.signed_in(Role::Editor).await);
    let world = json!({"name": "World"});
    let callers = [&admin, &editor].into_iter().cycle().take(8);
    let answers = at_once(callers.map(|client| post(client, SECTIONS, &world))).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 7));
    assert_eq!(sections(&admin).await.as_array().unwrap().len(), 1);
}

async fn administrators_who_remove_each_other_at_once_leave_one(app: TestApp) {
    let admin = app.admin().await;
    let me = admin.get("/manage/v1/me").await.expect(200);
    let other = app.add_user("second@example.org", &[Role::Admin], &[]).await;
    let second = app.sign_in("second@example.org").await;
    let user = |user: &Value| format!("/manage/v1/users/{}", user["id"].as_str().unwrap());
    let demoted = json!({"roles": ["author"]});
    let fresh = |client: &Client| client.with("if-match", "\"1\"");
    let answers = at_once([
        patch(&fresh(&admin), &user(&other), &demoted),
        patch(&fresh(&second), &user(&me), &demoted),
    ])
    .await;
    assert_eq!(count(&answers, 200), 1, "{answers:?}");
    let winner = if answers[0].status == 200 { &admin } else { &second };
    let users = winner.get("/manage/v1/users").await.expect(200);
    let administrators =
        users["data"].as_array().unwrap().iter().filter(|user| user["roles"] == json!(["admin"]));
    assert_eq!(administrators.count(), 1);
}
