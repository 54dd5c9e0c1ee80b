//! Slugs of articles: spelled as their language does, and whose they are until they are public.
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    a_slug_is_spelled_as_its_language_does,
    a_drafts_slug_follows_its_headline,
    a_chosen_slug_stays,
    what_readers_have_had_keeps_its_address,
    sections_are_spelled_as_the_newsrooms_language_does,
}

async fn a_slug_is_spelled_as_its_language_does(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    for (language, headline, slug) in [
        ("de", "Käse für München", "kaese-fuer-muenchen"),
        ("fi", "Päivä Hämeessä", "paiva-hameessa"),
        ("sk", "Päť mäst", "pat-mast"),
        ("pl", "Łódź nocą", "lodz-noca"),
        ("zh", "北京", "bei-jing"),
        ("en", "Ferry 🎉 sails", "ferry-sails"),
    ] {
        let article =
            json!({"headline": headline, "language": language, "section_id": world["id"]});
        assert_eq!(admin.post(ARTICLES, article).await.expect(201)["slug"], slug, "{headline}");
    }
    for (language, headline) in [("ja", "東京の夜"), ("ar", "القاهرة"), ("en", "🎉")] {
        let article = json!({
            "headline": headline, "language": language, "section_id": world["id"],
            "body": [paragraph("Text.")],
        });
        let made = admin.post(ARTICLES, article).await.expect(201);
        let id = made["id"].as_str().unwrap();
        assert_eq!(made["slug"], id[id.len() - 12..], "{headline}: the end of its id");
        publish(&admin, &made).await;
        let path = made["path"].as_str().unwrap();
        app.anyone().get(&format!("/v1/page?path={path}")).await.expect(200);
    }
    assert_eq!(admin.post(ARTICLES, json!({})).await.expect(201)["slug"], Value::Null);
}

async fn a_drafts_slug_follows_its_headline(app: TestApp) {
    let (world, sport) = (section(&app, "World").await, section(&app, "Sport").await);
    let admin = app.admin().await;
    draft(&admin, &sport, "The ferry is back").await;
    let article = draft(&admin, &world, "The ferry").await;
    assert_eq!((&article["slug"], &article["slug_chosen"]), (&json!("the-ferry"), &json!(false)));
    let patched = async |patch: Value| admin.patch(&at(&article), patch).await.expect(200);
    let longer = patched(json!({"headline": "The ferry is back"})).await;
    assert_eq!(longer["slug"], "the-ferry-is-back");
    // Whoever reads it, changes a word and sends all of it back has chosen nothing.
    let mut whole = json!({
        "headline": "Käse", "slug": longer["slug"], "language": "de", "section_id": world["id"],
        "body": [paragraph("Text.")],
    });
    let sent = admin.put(&at(&article), whole.clone()).await.expect(200);
    assert_eq!((&sent["slug"], &sent["slug_chosen"]), (&json!("kaese"), &json!(false)));
    whole["slug"] = Value::Null;
    let again = admin.put(&at(&article), whole).await.expect(200);
    assert_eq!((&again["slug"], &again["slug_chosen"]), (&json!("kaese"), &json!(false)));
    let moved = patched(json!({"section_id": sport["id"], "headline": "The ferry is back"})).await;
    assert_eq!(moved["slug"], "the-ferry-is-back-2", "the other section has the first");
    let still = patched(json!({"lead": "More of it."})).await;
    assert_eq!(still["slug"], "the-ferry-is-back-2");
    assert_eq!(patched(json!({"headline": ""})).await["slug"], Value::Null);
    assert_eq!(patched(json!({"headline": "Ferry"})).await["slug"], "ferry");
}

async fn a_chosen_slug_stays(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry").await;
    let patched = async |patch: Value| admin.patch(&at(&article), patch).await.expect(200);
    let same = patched(json!({"slug": "the-ferry"})).await;
    assert_eq!((&same["slug_chosen"], &same["version"]), (&json!(false), &article["version"]));
    let chosen = patched(json!({"slug": "boat"})).await;
    assert_eq!((&chosen["slug"], &chosen["slug_chosen"]), (&json!("boat"), &json!(true)));
    let edited = patched(json!({"headline": "The ferry is back", "slug": "boat"})).await;
    assert_eq!((&edited["slug"], &edited["slug_chosen"]), (&json!("boat"), &json!(true)));
    let given_up = patched(json!({"slug": null})).await;
    assert_eq!(given_up["slug"], "the-ferry-is-back");
    assert_eq!(given_up["slug_chosen"], false);
    assert_eq!(patched(json!({"headline": "Ferry"})).await["slug"], "ferry");
    let created = json!({"headline": "Ferry", "slug": "mine", "section_id": world["id"]});
    assert_eq!(admin.post(ARTICLES, created).await.expect(201)["slug_chosen"], true);
}

async fn what_readers_have_had_keeps_its_address(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry").await;
    publish(&admin, &article).await;
    let patched = async |patch: Value| admin.patch(&at(&article), patch).await.expect(200);
    assert_eq!(patched(json!({"headline": "The ferry is back"})).await["slug"], "the-ferry");
    let whole = json!({
        "headline": "Boats", "section_id": world["id"], "body": [paragraph("Text.")],
    });
    assert_eq!(admin.put(&at(&article), whole).await.expect(200)["slug"], "the-ferry");
    admin.act(&at(&article), "actions/unpublish", json!({})).await.expect(200);
    assert_eq!(patched(json!({"headline": "Ships"})).await["slug"], "the-ferry");
    assert_eq!(patched(json!({"slug": null})).await["slug"], "ships", "asked for");

    // What is to be public has its address, too.
    let later = draft(&admin, &world, "Later").await;
    for (step, body) in [
        ("submit", json!({})),
        ("approve", json!({})),
        ("publish", json!({"valid_from": app.in_seconds(3600)})),
    ] {
        admin.act(&at(&later), &format!("actions/{step}"), body).await.expect(200);
    }
    let edited = admin.patch(&at(&later), json!({"headline": "Much later"})).await.expect(200);
    assert_eq!(edited["slug"], "later");
}

async fn sections_are_spelled_as_the_newsrooms_language_does(app: TestApp) {
    let german = app.another(|name| (name == "DEFAULT_LANGUAGE").then(|| "de".to_owned())).await;
    let admin = german.admin().await;
    let made = admin.post("/manage/v1/sections", json!({"name": "Bücher"})).await.expect(201);
    assert_eq!(made["slug"], "buecher");
    let unspelled = admin.post("/manage/v1/sections", json!({"name": "東京"})).await;
    unspelled.refused(422, "/slug", "required");
}
