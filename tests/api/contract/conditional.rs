//! Reading again: who has an answer of the newsroom's already gets no second copy, and never an
//! old one.
use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use super::{Operation, operations};
use crate::support::{Answer, Client, Engine, TestApp, on_both_engines};

on_both_engines! {
    what_the_newsroom_has_read_is_not_sent_again,
    what_changes_without_a_new_version_is_sent_again,
}

/// Whether the document says that this answers 304.
fn may_be_known(operation: &Operation) -> bool {
    operation.method == Method::GET
        && operation.is_managed()
        && operation.spec["responses"]["304"].is_object()
}

/// Makes one of everything that can be read, and answers the ids by the name of the collection.
async fn ids(app: &TestApp) -> BTreeMap<&'static str, String> {
    let admin = app.admin().await;
    let mut ids = BTreeMap::new();
    for (collection, body) in [
        ("sections", json!({"name": "World"})),
        ("media-credits", json!({"credit_line": "Jan Lis"})),
        ("comment-words", Value::Null),
        ("ad-slots", Value::Null),
        ("users", Value::Null),
        ("media", Value::Null),
    ] {
        let path = format!("/manage/v1/{collection}");
        let create = operations().into_iter().find(|one| one.is(&Method::POST, &path)).unwrap();
        let example = create.json_body().unwrap().example;
        let body = if body.is_null() { example } else { body };
        let made = admin.post(&path, body).await.expect(201);
        ids.insert(collection, made["id"].as_str().unwrap().to_owned());
    }
    let article = crate::comments::open_article(app, "post").await;
    let article = article["id"].as_str().unwrap().to_owned();
    let resource = format!("/manage/v1/articles/{article}");
    let link = json!({"kind": "external", "url": "https://example.org/", "title": "Elsewhere"});
    let link = admin.act(&resource, "related-links", link).await.expect(201);
    ids.insert("link", link["id"].as_str().unwrap().to_owned());
    let comment = json!({"nickname": "Ola", "body": "I was there."});
    let thread = format!("/v1/articles/{article}/comments");
    let comment = app.anyone().post(&thread, comment).await;
    ids.insert("comments", comment.body["id"].as_str().unwrap().to_owned());
    ids.insert("articles", article);
    ids
}

async fn read(client: &Client, address: &str, known: &str) -> Answer {
    client.with("if-none-match", known).get(address).await
}

async fn what_the_newsroom_has_read_is_not_sent_again(app: TestApp) {
    let (ids, admin) = (ids(&app).await, app.admin().await);
    let mut checked = 0;
    for operation in operations().iter().filter(|operation| may_be_known(operation)) {
        let collection = operation.path.split('/').nth(3).unwrap();
        let address = operation.address_with(|name| {
            let name = if name == "link_id" { "link" } else { collection };
            Some(ids.get(name).unwrap_or_else(|| panic!("{operation}: no {name}")).clone())
        });
        let first = admin.get(&address).await;
        let etag = first.header("etag").to_owned();
        let body = first.expect(200);
        for known in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let again = read(&admin, &address, &known).await;
            assert_eq!(again.status, 304, "{operation}: {known}");
            assert_eq!(again.header("etag"), etag, "{operation}");
            assert_eq!(again.header("cache-control"), "no-store", "{operation}");
            assert_eq!(again.text, "");
            assert!(!again.headers.contains_key("content-type"), "{operation}");
        }
        let version = format!("\"{}\"", body["version"]);
        for known in ["\"x\"", "x", "", version.as_str()] {
            read(&admin, &address, known).await.expect(200);
        }
        read(&app.anyone(), &address, "*").await.expect(401);
        checked += 1;
    }
    assert!(checked >= 9, "{checked} checked");
    // Whatever carries a tag is described so.
    for operation in operations() {
        let tagged = operation.spec["responses"]["200"]["headers"]["ETag"].is_object();
        if operation.method == Method::GET && operation.is_managed() && tagged {
            assert!(may_be_known(&operation), "{operation}");
            assert!(operation.takes("If-None-Match"), "{operation}");
        }
    }
}

#[actix_web::test]
async fn what_stays_the_same_is_coded_dated_by_its_tag_and_not_sent_twice() {
    let app = TestApp::start(Engine::Sqlite).await;
    for path in [
        "/openapi.json",
        "/docs/",
        "/docs/swagger-ui.css",
        "/docs/swagger-initializer.js",
        "/problems/stale",
    ] {
        let plain = app.anyone().get_unchecked(path).await;
        assert_eq!(plain.status, 200, "{path}");
        assert_eq!(plain.header("vary"), "accept-encoding", "{path}");
        let mut tags = BTreeSet::new();
        for coding in ["identity", "gzip", "br", "zstd"] {
            let reader = app.anyone().with("accept-encoding", coding);
            let answer = reader.get_unchecked(path).await;
            assert!(answer.text == plain.text, "{path}: {coding}");
            assert!(answer.header("cache-control").starts_with("public, max-age="), "{path}");
            if path == "/openapi.json" {
                let coded = (coding != "identity").then_some(coding);
                let told = answer.headers.get("content-encoding").map(|it| it.to_str().unwrap());
                assert_eq!(told, coded);
            }
            let etag = answer.header("etag").to_owned();
            let again = reader.with("if-none-match", &etag).get_unchecked(path).await;
            assert_eq!((again.status.as_u16(), again.header("etag")), (304, etag.as_str()));
            assert_eq!(again.text, "");
            assert!(!again.headers.contains_key("content-encoding"), "{path}");
            let other = reader.with("if-none-match", "\"other\"").get_unchecked(path).await;
            assert_eq!(other.status, 200, "{path}");
            tags.insert(etag);
        }
        assert!(path != "/openapi.json" || tags.len() == 4, "each coding has a tag of its own");
    }
    let missing = app.anyone().get_unchecked("/docs/nothing.js").await;
    assert_eq!(missing.expect(404)["type"], "/problems/not-found");
}

async fn what_changes_without_a_new_version_is_sent_again(app: TestApp) {
    let admin = app.admin().await;
    let article = crate::comments::open_article(&app, "post").await;
    let address = format!("/manage/v1/articles/{}", article["id"].as_str().unwrap());
    let seen = admin.get(&address).await;
    let etag = seen.header("etag").to_owned();
    // Another may do other things with the very same version.
    let author = app.signed_in(Role::Editor).await;
    let theirs = read(&author, &address, &etag).await;
    let same = theirs.status == 304;
    assert!(same || theirs.body["allowed_actions"] != seen.body["allowed_actions"]);
    // Moving the section moves the article's address, and not its version.
    let section = format!("/manage/v1/sections/{}", seen.body["section_id"].as_str().unwrap());
    admin.patch(&section, json!({"slug": "elsewhere"})).await.expect(200);
    let moved = read(&admin, &address, &etag).await;
    assert_eq!(moved.header("etag").split('-').next(), etag.split('-').next());
    assert_ne!(moved.expect(200)["path"], seen.body["path"]);
    // It is the version alone that a change needs.
    let change = json!({"headline": "Another headline"}).to_string();
    let change = ("application/merge-patch+json", change);
    // A change is answered with what it made, whatever else its sender has.
    let changed = admin.with("if-match", &etag).with("if-none-match", "*");
    changed.send(Method::PATCH, &address, Some(change)).await.expect(200);
}
