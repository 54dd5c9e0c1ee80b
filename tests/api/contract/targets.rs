//! Addresses: each has one spelling, and what is spelled otherwise meets no rule, since it gets
//! no further.
use actix_web::http::Method;
use serde_json::json;

use super::operations;
use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    no_operation_answers_at_another_spelling_of_its_address,
    another_spelling_is_no_other_key_of_what_is_kept,
}

/// The address, spelled in ways that a server might take for it.
fn misspelled(address: &str) -> Vec<String> {
    let (path, query) = address.split_once('?').map_or((address, None), |(p, q)| (p, Some(q)));
    let letter = path.rfind(|c: char| c.is_ascii_lowercase()).unwrap();
    let code = path.as_bytes()[letter];
    let (front, back) = (&path[..letter], &path[letter + 1..]);
    let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let paths = [
        format!("{front}%{code:02x}{back}"),
        format!("{front}%25{code:02x}{back}"),
        format!("/%{:02X}{}", path.as_bytes()[1], &path[2..]),
        format!("/./{first}/{rest}"),
        format!("/v1/../{first}/{rest}"),
        format!("/v1/%2e%2e/{first}/{rest}"),
        format!("/{first}/%2E/{rest}"),
        format!("/{path}"),
        format!("/{first}//{rest}"),
        format!("/{first}%2F{rest}"),
        format!("/{first}%2f{rest}"),
        format!("{path}/"),
        format!("{path}/."),
        format!("{path}%00"),
        format!("{path}%20"),
        format!("{path}%FF"),
        format!("{path}%"),
        format!("{path};a=b"),
        path.to_uppercase(),
    ];
    let spelled = paths.into_iter().filter(|other| other != path);
    spelled.map(|path| query.map_or(path.clone(), |query| format!("{path}?{query}"))).collect()
}

async fn no_operation_answers_at_another_spelling_of_its_address(app: TestApp) {
    let admin = app.admin().await;
    for operation in operations() {
        for address in misspelled(&operation.address()) {
            let answer = admin.send_unchecked(operation.method.clone(), &address, None).await;
            let refused = matches!(answer.status.as_u16(), 400 | 404 | 405);
            assert!(refused, "{} {address}: {}", operation.method, answer.status);
            assert_eq!(answer.header("content-type"), "application/problem+json", "{address}");
            assert_eq!(answer.header("cache-control"), "no-store", "{address}");
            assert_eq!(answer.body["request_id"], answer.header("x-request-id"), "{address}");
        }
    }
    let page = app.anyone().get_unchecked("/metrics").await.text;
    let answered = page.lines().filter(|line| {
        line.starts_with("broadsheet_http_requests_total") && line.contains("status=\"200\"")
    });
    // Signing in, which the administrator did.
    assert_eq!(answered.count(), 1, "{page}");
}

async fn another_spelling_is_no_other_key_of_what_is_kept(app: TestApp) {
    let admin = app.admin().await;
    let section = json!({"name": "World"});
    let section = admin.post("/manage/v1/sections", section).await.expect(201);
    let id = section["id"].as_str().unwrap();
    let reader = app.anyone().from("192.0.2.1");
    let kept = || app.state.answers.as_ref().unwrap().count();
    reader.get(&format!("/v1/sections/{id}")).await.expect(200);
    for address in misspelled(&format!("/v1/sections/{id}")) {
        let before = kept();
        let answer = reader.send_unchecked(Method::GET, &address, None).await;
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{address}: {}", answer.status);
        if answer.text.contains("normal form") {
            assert_eq!(kept(), before, "{address} got as far as to the answers that are kept");
        }
    }
    let upper = format!("/v1/sections/{}", id.to_uppercase());
    reader.get(&upper).await.refused(400, "id", "format");
}

#[actix_web::test]
async fn a_target_that_names_the_server_too_is_the_same_address() {
    let app = TestApp::start(Engine::Sqlite).await;
    let anyone = app.anyone();
    anyone.get("/v1/sections").await.expect(200);
    let absolute = anyone.get_unchecked("http://news.example:8080/v1/sections").await;
    assert!(absolute.was_ready(), "{}", absolute.text);
    let query = anyone.get_unchecked("https://news.example/v1/sections?surprise=1").await;
    query.refused(400, "surprise", "unknown_parameter");
    for target in ["ftp://news.example/v1/sections", "http://a@b/v1/sections", "*", "x:443"] {
        assert_eq!(anyone.get_unchecked(target).await.status, 400, "{target}");
    }
}

#[actix_web::test]
async fn a_host_that_is_none_is_refused() {
    let app = TestApp::start(Engine::Sqlite).await;
    for host in ["news.example", "news.example:8080", "[::1]:80", "127.0.0.1", ""] {
        app.anyone().with("host", host).get("/v1/sections").await.expect(200);
    }
    for host in ["a b", "user@news.example", "news.example/x", "news.example:http", "ż.pl"] {
        let answer = app.anyone().with("host", host).get("/v1/sections").await;
        answer.refused(400, "Host", "format");
    }
}
