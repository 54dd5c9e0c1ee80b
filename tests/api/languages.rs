//! Languages: kept in the canonical form of BCP 47, and found by what they are a special case of.
use std::fs;

use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, publish, section},
    support::{Engine, TestApp, execute, on_both_engines},
};

on_both_engines! {
    a_language_is_kept_in_its_canonical_form,
    a_language_finds_its_special_cases,
    what_is_found_is_as_fresh_as_ever,
}

async fn a_language_is_kept_in_its_canonical_form(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    for (sent, kept) in [
        ("EN", "en"),
        ("en-us", "en-US"),
        ("SR-LATN", "sr-Latn"),
        ("ca-VALENCIA", "ca-valencia"),
        ("de-1996", "de-1996"),
        ("iw", "he"),
    ] {
        let article = draft(&admin, &world, &format!("In {sent}")).await;
        let changed = admin.patch(&at(&article), json!({"language": sent})).await.expect(200);
        assert_eq!(changed["language"], kept, "{sent}");
        publish(&admin, &article).await;
        let id = article["id"].as_str().unwrap();
        let shown = app.anyone().get(&format!("/v1/articles/{id}")).await.expect(200);
        assert_eq!(shown["language"], kept, "{sent}");
        let list = app.anyone().get(&format!("/v1/articles?language={sent}")).await.expect(200);
        assert_eq!(list["data"][0]["id"], article["id"], "{sent}");
        // What says the same in other words changes nothing.
        let again = admin.patch(&at(&article), json!({"language": sent})).await;
        assert_eq!(
            again.expect(200)["version"],
            changed["version"].as_i64().unwrap() + 3,
            "{sent}"
        );
    }
    for wrong in ["English", "en_GB", "en-u-ca-gregory", "x-own", "", "*"] {
        let article = json!({"headline": "x", "language": wrong});
        admin.post(ARTICLES, article).await.refused(422, "/language", "pattern");
        for list in ["/v1/articles", ARTICLES] {
            let list = format!("{list}?language={wrong}");
            admin.get(&list).await.refused(400, "language", "pattern");
        }
    }
}

/// The headlines in the list, the oldest first, for readers and in the newsroom.
async fn found(app: &TestApp, language: &str) -> [Vec<Value>; 2] {
    let headlines = |list: Value| -> Vec<Value> {
        list["data"].as_array().unwrap().iter().map(|card| card["headline"].clone()).collect()
    };
    let public = format!("/v1/articles?sort=oldest&language={language}");
    let public = headlines(app.anyone().get(&public).await.expect(200));
    let copies = format!("{ARTICLES}?language={language}");
    let mut copies = headlines(app.admin().await.get(&copies).await.expect(200));
    copies.sort_by_key(ToString::to_string);
    [public, copies]
}

async fn a_language_finds_its_special_cases(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let languages = ["en", "en-GB", "eng", "sr-Cyrl", "sr-Latn", "sr-Latn-RS"];
    for language in languages {
        let article = draft(&admin, &world, language).await;
        admin.patch(&at(&article), json!({"language": language})).await.expect(200);
        publish(&admin, &article).await;
    }
    for (range, expected) in [
        // `eng` is another name of `en`, which its registry knows as none.
        ("EN", &["en", "en-GB"][..]),
        ("en-gb", &["en-GB"]),
        ("en-US", &[]),
        ("sr", &["sr-Cyrl", "sr-Latn", "sr-Latn-RS"]),
        ("sr-latn", &["sr-Latn", "sr-Latn-RS"]),
        ("sr-Latn-rs", &["sr-Latn-RS"]),
        ("sr-RS", &[]),
    ] {
        let [public, copies] = found(&app, range).await;
        assert_eq!(public, expected, "{range}");
        assert_eq!(copies, expected, "{range}, in the newsroom");
    }
}

async fn what_is_found_is_as_fresh_as_ever(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    admin.patch(&at(&article), json!({"language": "en-GB"})).await.expect(200);
    let lists = ["en", "EN", "en-GB"].map(|it| format!("/v1/articles?language={it}"));
    let others = ["pl", "en-US"].map(|it| format!("/v1/articles?language={it}"));
    for list in lists.iter().chain(&others) {
        let list = app.anyone().get(list).await.expect(200);
        assert_eq!(list["data"], json!([]));
    }
    publish(&admin, &article).await;
    for list in &lists {
        let answer = app.anyone().get(list).await;
        assert!(!answer.was_ready(), "{list}");
        let tag = if list.contains("GB") { "list:language:en-GB" } else { "list:language:en" };
        assert!(answer.header("cache-tag").split(',').any(|it| it == tag), "{list}");
        assert_eq!(answer.expect(200)["data"][0]["id"], article["id"], "{list}");
    }
    for list in &others {
        assert!(app.anyone().get(list).await.was_ready(), "{list} was dropped for nothing");
    }
    admin.patch(&at(&article), json!({"language": "pl"})).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    for list in &lists {
        assert_eq!(app.anyone().get(list).await.expect(200)["data"], json!([]), "{list}");
    }
}

#[actix_web::test]
async fn older_databases_find_them_on_sqlite() {
    older_databases_find_them(Engine::Sqlite, "sqlite.sql").await;
}

#[actix_web::test]
async fn older_databases_find_them_on_postgres() {
    if Engine::postgres_is_here() {
        older_databases_find_them(Engine::Postgres, "postgres.sql").await;
    }
}

async fn older_databases_find_them(engine: Engine, dump: &str) {
    let read = |name: &str| fs::read_to_string(format!("tests/fixtures/0.1.0/{name}")).unwrap();
    let held: Value = serde_json::from_str(&read("pages.json")).unwrap();
    let database = engine.database();
    execute(&database.url, &read(dump));
    for (before, after) in [("en", "iw-IL"), ("pl", "sr-Latn-RS")] {
        execute(
            &database.url,
            &format!("update editions set language = '{after}' where language = '{before}';"),
        );
    }
    let now = held["now"].as_str().unwrap().parse().unwrap();
    let app = TestApp::on(engine, database, now, |_| None).await;
    let count = async |language: &str| {
        let list = format!("/v1/articles?total=true&language={language}");
        app.anyone().get(&list).await.expect(200)["total"].as_i64().unwrap()
    };
    assert!(count("he").await > 0 && count("sr").await > 0, "the fixture has both");
    for (range, special) in [("he", "he-IL"), ("sr", "sr-Latn"), ("sr", "sr-Latn-RS")] {
        assert_eq!(count(range).await, count(special).await, "{range}");
    }
    assert_eq!(count("en").await, 0);
}
