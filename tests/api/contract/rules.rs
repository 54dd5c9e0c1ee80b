//! The schema and the server agree about bodies: what the one forbids the other refuses, at the
//! same place, and what it allows is not refused for its shape.
use actix_web::http::Method;
use serde_json::{Map, Value, json};

use super::{JsonBody, Operation, document::validator, mutations, operations};
use crate::support::{Answer, Client, TestApp, on_both_engines};

on_both_engines! {
    what_the_schema_forbids_the_server_refuses_and_nothing_else,
    patches_are_held_to_the_same_rules,
    a_body_of_another_kind_is_refused_everywhere,
    characters_that_no_feed_can_hold_are_refused_everywhere,
}

/// The rules that a schema states. Others are about what is in the database, and what is required
/// can hang on that too: a password, for a new user.
const SHAPES: &[&str] =
    &["length", "range", "pattern", "type", "unknown_member", "blank", "email", "url"];

fn caller(operation: &Operation, admin: &Client, anyone: &Client) -> Client {
    if operation.is_managed() { admin.clone() } else { anyone.clone() }
}

/// The codes of the errors at this place.
fn codes_at<'a>(answer: &'a Answer, at: &str) -> Vec<&'a str> {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    let here = errors.filter(|error| error["pointer"] == at);
    here.filter_map(|error| error["code"].as_str()).collect()
}

fn judge(operation: &Operation, mutation: &mutations::Mutation, allowed: bool, answer: &Answer) {
    let codes = codes_at(answer, &mutation.at);
    let put = mutation.put.as_ref().map_or("nothing".to_owned(), Value::to_string);
    let case = || {
        let put: String = put.chars().take(100).collect();
        let text: String = answer.text.chars().take(600).collect();
        format!("{operation}: {put} at {} is answered {text}", mutation.at)
    };
    if allowed {
        let shape = codes.iter().any(|code| SHAPES.contains(code));
        assert!(!(answer.status == 422 && shape), "allowed, but {}", case());
        assert!(answer.status != 400, "allowed, but {}", case());
    } else {
        assert_eq!(answer.status, 422, "forbidden, but {}", case());
        assert!(!codes.is_empty(), "no pointer: {}", case());
    }
}

async fn what_the_schema_forbids_the_server_refuses_and_nothing_else(app: TestApp) {
    let (admin, anyone) = (app.admin().await, app.anyone());
    let (mut forbidden, mut allowed) = (0, 0);
    for operation in operations() {
        if ![Method::POST, Method::PUT].contains(&operation.method) {
            continue;
        }
        let Some(JsonBody { schema, example, .. }) = operation.json_body() else { continue };
        let client = caller(&operation, &admin, &anyone);
        let judging = validator(schema);
        for mutation in mutations::of(schema, &example) {
            let body = mutation.applied_to(&example);
            let fits = mutation.is_allowed(&judging, &body);
            let answer = operation.send(&client, &operation.address(), Some(&body)).await;
            judge(&operation, &mutation, fits, &answer);
            *(if fits { &mut allowed } else { &mut forbidden }) += 1;
        }
    }
    assert!(forbidden >= 150 && allowed >= 50, "{forbidden} forbidden, {allowed} allowed");
}

/// Judged once merged, so this needs something to be merged into: whatever the example that
/// POST takes makes.
async fn patches_are_held_to_the_same_rules(app: TestApp) {
    let admin = app.admin().await;
    let (all, mut patched) = (operations(), 0);
    for operation in all.iter().filter(|operation| operation.method == Method::PATCH) {
        let Some(collection) = operation.path.strip_suffix("/{id}") else { continue };
        let maker = all.iter().find(|maker| maker.is(&Method::POST, collection));
        let Some(maker) = maker else { continue };
        let Some(JsonBody { schema, example, .. }) = maker.json_body() else { continue };
        let Some((at, example)) = made(maker, &admin, example).await else { continue };
        let judging = validator(operation.json_body().unwrap().schema);
        for mutation in mutations::of(schema, &example) {
            let body = mutation.applied_to(&example);
            let top = mutation.top();
            let member = body.get(top).cloned().unwrap_or_default();
            let patch = Value::Object(Map::from_iter([(top.to_owned(), member)]));
            let fits = mutation.is_allowed(&judging, &patch);
            let answer = admin.patch(&at, patch).await;
            judge(operation, &mutation, fits, &answer);
        }
        patched += 1;
    }
    assert!(patched >= 2);
}

/// Makes one of what the collection holds, and first whatever its example refers to.
async fn made(maker: &Operation, admin: &Client, mut example: Value) -> Option<(String, Value)> {
    for _ in 0..4 {
        let answer = maker.send(admin, maker.path, Some(&example)).await;
        if answer.status == 201 {
            return Some((answer.header("location").to_owned(), example));
        }
        let missing = answer.body["errors"].as_array().into_iter().flatten();
        let missing: Vec<&str> = missing
            .filter(|error| error["code"] == "missing")
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        for pointer in missing {
            let noun = pointer.rsplit('/').next()?.strip_suffix("_id")?;
            let collection = operations().into_iter().find(|operation| {
                operation.method == Method::POST
                    && operation.path.starts_with("/manage/v1/")
                    && operation.path.matches('/').count() == 3
                    && operation.path.contains(noun)
            })?;
            // Where another test of this walk has made one already, that one will do.
            collection.send_example(admin).await;
            let there = admin.get(collection.path).await.expect(200);
            *example.pointer_mut(pointer)? = there["data"][0]["id"].clone();
        }
    }
    None
}

async fn characters_that_no_feed_can_hold_are_refused_everywhere(app: TestApp) {
    let (admin, anyone) = (app.admin().await, app.anyone());
    let mut places = 0;
    for operation in operations() {
        let Some(JsonBody { schema, .. }) = operation.json_body() else { continue };
        let client = caller(&operation, &admin, &anyone);
        for bad in ["a\u{1}b", "\u{fffe}"] {
            for (at, body) in mutations::texts(schema, bad) {
                let answer = operation.send(&client, &operation.address(), Some(&body)).await;
                assert_eq!(answer.status, 422, "{operation} takes {body}: {}", answer.text);
                assert_eq!(codes_at(&answer, &at), ["control"], "{operation}: {body}");
                places += 1;
            }
        }
    }
    assert!(places > 400, "{places}");
}

async fn a_body_of_another_kind_is_refused_everywhere(app: TestApp) {
    let (admin, anyone) = (app.admin().await, app.anyone());
    for operation in operations() {
        let Some(body) = operation.json_body() else { continue };
        let client = caller(&operation, &admin, &anyone);
        let client =
            if operation.takes("If-Match") { client.with("if-match", "\"1\"") } else { client };
        let (method, address) = (&operation.method, operation.address());
        for other in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"] {
            let sent = Some((other, body.example.to_string()));
            let answer = client.send(method.clone(), &address, sent).await;
            assert_eq!(answer.status, 415, "{operation} takes {other}");
            if operation.method == Method::PATCH {
                assert_eq!(answer.header("accept-patch"), body.media_type, "{operation}");
            }
        }
        for coding in ["gzip", "br", "identity, deflate", "GZIP", "x"] {
            let sent = Some((body.media_type, body.example.to_string()));
            let client = client.with("content-encoding", coding);
            let answer = client.send(method.clone(), &address, sent).await;
            assert_eq!(answer.status, 415, "{operation} takes {coding}");
            assert_eq!(answer.header("accept-encoding"), "identity", "{operation}");
        }
        let plain = client.with("content-encoding", "identity");
        // Several lines of one name are one list.
        let sent = Some((body.media_type, body.example.to_string()));
        let twice = plain.with("content-encoding", "gzip");
        let answer = twice.send(method.clone(), &address, sent).await;
        assert_eq!(answer.status, 415, "{operation} takes a second coding");
        let answer = operation.send(&plain, &address, Some(&json!([]))).await;
        assert_eq!(answer.status, 422, "{operation} does not read a body that says it is plain");
        for other in [json!([]), json!("text"), json!(1), json!(null)] {
            let answer = operation.send(&client, &address, Some(&other)).await;
            assert_eq!(answer.status, 422, "{operation} takes {other}: {}", answer.text);
        }
        for broken in ["", "{", "{\"a\":}", "nul", "{} {}", "{'a': 1}"] {
            let sent = Some((body.media_type, broken.to_owned()));
            let answer = client.send(method.clone(), &address, sent).await;
            assert_eq!(answer.status, 400, "{operation} takes {broken}: {}", answer.text);
        }
    }
}
