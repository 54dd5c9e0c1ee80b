//! Importing: finished articles are published all at once, or none of them.
use broadsheet::{
    articles::{
        importing::{self, Finished},
        input::ArticleInput,
        related::model::RelatedLinkInput,
    },
    auth::{guard::Caller, roles::Role},
    db::{Actor, Context},
    error::{Error, Result},
    ids::{ArticleId, LinkId, SessionId, UserId},
    text::Language,
};
use serde_json::{Value, json};

use crate::support::{TestApp, on_both_engines};

on_both_engines!(
    what_is_imported_is_public_and_recorded,
    an_import_is_published_whole_or_not_at_all,
    an_import_keeps_to_the_editors_sections,
    what_is_imported_was_written_by_whoever_imports_it,
);

async fn section(app: &TestApp, name: &str) -> Value {
    let editor = app.signed_in(Role::Editor).await;
    editor.post("/manage/v1/sections", json!({"name": name})).await.expect(201)["id"].clone()
}

fn article(section: &Value, slug: &str) -> Value {
    json!({
        "section_id": section, "slug": slug, "headline": slug,
        "body": [{"type": "paragraph", "text": [{"text": "Once upon a time."}]}],
    })
}

fn finished(input: Value) -> Finished {
    let input: ArticleInput = serde_json::from_value(input).unwrap();
    let publish = serde_json::from_value(json!({"published_at": "2019-05-01T06:00:00Z"}));
    Finished { id: ArticleId::new(), input, links: Vec::new(), publish: publish.unwrap() }
}

async fn import(app: &TestApp, sections: Vec<Value>, articles: Vec<Finished>) -> Result<()> {
    let editor = app.signed_in(Role::Editor).await.get("/manage/v1/me").await.expect(200);
    let id: UserId = serde_json::from_value(editor["id"].clone()).unwrap();
    let caller = Caller {
        id,
        name: "editor".to_owned(),
        roles: vec![Role::Editor],
        sections: serde_json::from_value(json!(sections)).unwrap(),
        session: SessionId::new(),
        now: app.now(),
        request_id: String::new(),
    };
    let by = Context { actor: Actor::Cli, now: app.now(), request_id: String::new() };
    app.state
        .db
        .write(by, move |tx| importing::publish(tx, &caller, articles, &Language::english()))
        .await
}

async fn public(app: &TestApp) -> usize {
    let list = app.anyone().get("/v1/articles").await.expect(200);
    list["data"].as_array().unwrap().len()
}

async fn what_is_imported_is_public_and_recorded(app: TestApp) {
    let section = section(&app, "Past").await;
    let first = finished(article(&section, "first"));
    let target = first.id;
    import(&app, Vec::new(), vec![first]).await.unwrap();

    let link: RelatedLinkInput =
        serde_json::from_value(json!({"kind": "internal", "target_article_id": target})).unwrap();
    let (box_, second) = (LinkId::new(), article(&section, "second"));
    let mut second = finished(second);
    let block = json!({"type": "related", "link_ids": [box_]});
    second.input.body.push(serde_json::from_value(block).unwrap());
    second.links.push((box_, link));
    let id = second.id;
    import(&app, Vec::new(), vec![second]).await.unwrap();

    let page = app.anyone().get("/v1/page?path=/past/second").await.expect(200);
    assert_eq!(page["published_at"], "2019-05-01T06:00:00.000Z");
    assert_eq!(page["related"], json!([]), "it stands in the body's box");
    assert_eq!(page["blocks"][1]["links"][0]["path"], "/past/first");
    let editor = app.signed_in(Role::Editor).await;
    let working = editor.get(&format!("/manage/v1/articles/{id}")).await.expect(200);
    assert_eq!((&working["status"], &working["version"]), (&json!("published"), &json!(2)));
    let journal = app.admin().await.get("/manage/v1/journal?limit=100").await.expect(200);
    let did: Vec<&Value> = journal["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["resource_id"] == json!(id))
        .map(|change| &change["action"])
        .collect();
    assert_eq!(did, ["article.created", "article.published"]);
    // It can go on from there like any other.
    let at = format!("/manage/v1/articles/{id}");
    editor.patch(&at, json!({"headline": "Second thoughts"})).await.expect(200);
    editor.act(&at, "actions/publish", json!({})).await.expect(200);
    assert_eq!(public(&app).await, 2);
}

async fn an_import_is_published_whole_or_not_at_all(app: TestApp) {
    let section = section(&app, "Past").await;
    let sound = |slug: &str| finished(article(&section, slug));
    let with = |change: Value| {
        let mut input = article(&section, "other");
        input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        finished(input)
    };
    let nowhere = json!({"media_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    for (unsound, why) in [
        (sound("one"), "its slug stands twice"),
        (with(json!({"slug": null})), "it has no address"),
        (with(json!({"body": []})), "it says nothing"),
        (with(json!({"main_media": nowhere})), "its picture is not there"),
        (with(json!({"genre": "advertorial"})), "nobody says who paid for it"),
        (with(json!({"headline": "x".repeat(201)})), "its headline is too long"),
    ] {
        let refused = import(&app, Vec::new(), vec![sound("one"), unsound]).await;
        assert!(matches!(refused, Err(Error::Invalid(_) | Error::Conflict { .. })), "{why}");
        assert_eq!(public(&app).await, 0, "{why}");
    }
    import(&app, Vec::new(), vec![sound("one"), sound("two")]).await.unwrap();
    let again = import(&app, Vec::new(), vec![sound("three"), sound("two")]).await;
    assert!(again.is_err(), "the address is another article's");
    assert_eq!(public(&app).await, 2);
}

async fn an_import_keeps_to_the_editors_sections(app: TestApp) {
    let (own, other) = (section(&app, "Own").await, section(&app, "Other").await);
    let articles = vec![finished(article(&own, "one")), finished(article(&other, "two"))];
    let refused = import(&app, vec![own.clone()], articles).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    import(&app, vec![own.clone()], vec![finished(article(&own, "one"))]).await.unwrap();
    assert_eq!(public(&app).await, 1);
}

/// Nobody in this newsroom has approved it, so the next edition takes somebody else.
async fn what_is_imported_was_written_by_whoever_imports_it(app: TestApp) {
    let strict = |name: &str| (name == "FOUR_EYES").then(|| "on".to_owned());
    let app = TestApp::start_with(app.engine(), strict).await;
    let section = section(&app, "Past").await;
    let one = finished(article(&section, "one"));
    let at = format!("/manage/v1/articles/{}", one.id);
    import(&app, Vec::new(), vec![one]).await.unwrap();
    let (editor, admin) = (app.signed_in(Role::Editor).await, app.admin().await);
    for who in [&editor, &admin] {
        let refused = who.act(&at, "actions/publish", json!({})).await.expect(409);
        assert!(refused["detail"].as_str().unwrap().contains("not approved"), "{refused}");
    }
    editor.act(&at, "actions/approve", json!({})).await.expect(409);
    admin.act(&at, "actions/approve", json!({})).await.expect(200);
    editor.act(&at, "actions/publish", json!({})).await.expect(200);
}
