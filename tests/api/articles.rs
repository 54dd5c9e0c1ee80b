//! Working copies, their workflow and editions over HTTP.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, on_both_engines};

on_both_engines! {
    an_article_goes_from_draft_to_published,
    whatever_is_missing_for_readers_is_said_at_once,
    a_dry_run_changes_nothing,
    authors_keep_to_their_own_drafts,
    editors_keep_to_their_sections,
    a_body_is_refused_at_the_very_place,
    an_edition_can_be_restored,
    related_links_belong_to_the_article,
    slugs_are_made_and_kept_unique,
    only_what_was_never_published_is_deleted,
    a_retracted_article_stays_as_it_is,
    working_copies_are_listed_in_few_statements,
}

pub const ARTICLES: &str = "/manage/v1/articles";

pub async fn section(app: &TestApp, name: &str) -> Value {
    let admin = app.admin().await;
    admin.post("/manage/v1/sections", json!({"name": name})).await.expect(201)
}

pub fn paragraph(text: &str) -> Value {
    json!({"type": "paragraph", "text": [{"text": text}]})
}

/// A draft that lacks nothing.
pub async fn draft(client: &Client, section: &Value, headline: &str) -> Value {
    let article = json!({
        "headline": headline, "section_id": section["id"], "lead": "What it is about.",
        "body": [paragraph("The first paragraph.")],
    });
    client.post(ARTICLES, article).await.expect(201)
}

pub fn at(article: &Value) -> String {
    format!("{ARTICLES}/{}", article["id"].as_str().unwrap())
}

/// Takes an article through the whole workflow.
pub async fn publish(editor: &Client, article: &Value) -> Value {
    for step in ["submit", "approve"] {
        editor.act(&at(article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    editor.act(&at(article), "actions/publish", json!({})).await.expect(200)
}

async fn an_article_goes_from_draft_to_published(app: TestApp) {
    let world = section(&app, "World").await;
    let author = app.signed_in(Role::Author).await;
    let editor = app.signed_in(Role::Editor).await;
    let article = draft(&author, &world, "The ferry sails again").await;
    assert_eq!(article["path"], "/world/the-ferry-sails-again");
    assert_eq!(article["status"], "draft");
    assert_eq!(article["allowed_actions"], json!(["edit", "delete", "submit"]));

    let at = at(&article);
    author.act(&at, "actions/approve", json!({})).await.expect(403);
    author.act(&at, "actions/submit", json!({"note": "please"})).await.expect(200);
    author.patch(&at, json!({"lead": "Changed"})).await.expect(403);
    editor.act(&at, "actions/publish", json!({})).await.expect(409);
    editor.act(&at, "actions/return", json!({})).await.refused(422, "/note", "required");
    editor.act(&at, "actions/return", json!({"note": "a second source"})).await.expect(200);
    author.act(&at, "actions/submit", json!({})).await.expect(200);
    let approved = editor.act(&at, "actions/approve", json!({})).await.expect(200);
    assert_eq!(approved["status"], "approved");
    let done = editor.act(&at, "actions/publish", json!({})).await.expect(200);
    assert_eq!(done["edition"]["number"], 1);
    assert_eq!(done["edition"]["state"], "live");
    assert_eq!(done["article"]["live_edition"], 1);
    assert_eq!(done["warnings"][0]["code"], "absent");

    editor.patch(&at, json!({"headline": "The ferry sails"})).await.expect(200);
    let edited = editor.get(&at).await.expect(200);
    assert_eq!(edited["edited_since"], true);
    assert_eq!(edited["slug"], "the-ferry-sails-again", "a new headline moves no address");
    editor.act(&at, "actions/publish", json!({"significant": false})).await.expect(200);
    let editions = editor.get(&format!("{at}/editions")).await.expect(200);
    assert_eq!(editions["data"][0]["state"], "live");
    assert_eq!(editions["data"][1]["state"], "ended");
    assert_eq!(editions["data"][0]["modified_at"], editions["data"][1]["modified_at"]);
}

async fn whatever_is_missing_for_readers_is_said_at_once(app: TestApp) {
    let admin = app.admin().await;
    let credit = json!({"credit_line": "Harbour office"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    let bare = admin.post("/manage/v1/media", json!({"kind": "image"})).await.expect(201);
    let expired = json!({
        "kind": "image", "credit_id": credit["id"], "rights_expires_at": app.in_seconds(-60),
    });
    let expired = admin.post("/manage/v1/media", expired).await.expect(201);
    let article = json!({
        "genre": "advertorial",
        "main_media": {"media_id": bare["id"]},
        "body": [
            {"type": "image", "media_id": expired["id"]},
            {"type": "video", "role": "promo", "title": "Soon"},
        ],
    });
    let article = admin.post(ARTICLES, article).await.expect(201);
    let at = at(&article);
    for step in ["submit", "approve"] {
        admin.act(&at, &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let refused = admin.act(&at, "actions/publish", json!({})).await;
    for (place, code) in [
        ("/headline", "required"),
        ("/slug", "required"),
        ("/section_id", "required"),
        ("/sponsorship", "required"),
        ("/body/1", "no_source"),
        ("/main_media/media_id", "no_credit"),
        ("/body/0/media_id", "rights_expired"),
    ] {
        refused.clone().refused(422, place, code);
    }
    let past = json!({"valid_to": app.in_seconds(-1)});
    admin.act(&at, "actions/publish", past).await.refused(422, "/valid_to", "order");
}

async fn a_dry_run_changes_nothing(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    let at = at(&article);
    for step in ["submit", "approve"] {
        admin.act(&at, &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let before = admin.get(&at).await.expect(200);
    let dry = admin.act(&at, "actions/publish?dry_run=true", json!({})).await.expect(200);
    assert_eq!((&dry["dry_run"], &dry["edition"]["number"]), (&json!(true), &json!(1)));
    assert_eq!(admin.get(&at).await.expect(200), before);
    let editions = admin.get(&format!("{at}/editions")).await.expect(200);
    assert_eq!(editions["data"], json!([]));
}

async fn authors_keep_to_their_own_drafts(app: TestApp) {
    let world = section(&app, "World").await;
    let ewa = app.add_user("ewa@example.org", &[Role::Author], &[]).await;
    app.add_user("jan@example.org", &[Role::Author], &[]).await;
    let (jan, ewa_client) =
        (app.sign_in("jan@example.org").await, app.sign_in("ewa@example.org").await);
    let article = draft(&ewa_client, &world, "The ferry sails again").await;
    assert_eq!(article["authors"], json!([ewa["id"]]));
    jan.get(&at(&article)).await.expect(404);
    let listed = jan.get(ARTICLES).await.expect(200);
    assert_eq!(listed["data"], json!([]));
    let listed = ewa_client.get(ARTICLES).await.expect(200);
    assert_eq!(listed["data"][0]["id"], article["id"]);
    let nobody = json!({"authors": []});
    ewa_client.patch(&at(&article), nobody).await.refused(422, "/authors", "own");
}

async fn editors_keep_to_their_sections(app: TestApp) {
    let world = section(&app, "World").await;
    let sport = section(&app, "Sport").await;
    app.add_user("ed@example.org", &[Role::Editor], &[&world["id"]]).await;
    let editor = app.sign_in("ed@example.org").await;
    let admin = app.admin().await;
    let ours = draft(&admin, &world, "The ferry sails again").await;
    let theirs = draft(&admin, &sport, "The match is on").await;
    editor.get(&at(&ours)).await.expect(200);
    editor.get(&at(&theirs)).await.expect(404);
    let listed = editor.get(ARTICLES).await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    let moved = json!({"section_id": sport["id"]});
    editor.patch(&at(&ours), moved).await.expect(403);
    publish(&editor, &ours).await;
}

fn marked(marks: &Value) -> Value {
    json!({"type": "paragraph", "text": [{"text": "x", "marks": marks}]})
}

async fn a_body_is_refused_at_the_very_place(app: TestApp) {
    let admin = app.admin().await;
    let nowhere = "01890a5d-ac96-774b-bcce-b302099a8057";
    let link = |href: &str| json!([{"type": "link", "href": href}]);
    let twice = |mark: &Value| json!([mark, mark]);
    for (block, place, code) in [
        (json!({"text": []}), "/body/0/type", "required"),
        (json!({"type": "html", "html": "<p>"}), "/body/0/type", "type"),
        (json!({"type": "paragraph"}), "/body/0/text", "required"),
        (json!({"type": "paragraph", "text": []}), "/body/0/text", "length"),
        (json!({"type": "paragraph", "text": "x"}), "/body/0/text", "type"),
        (json!({"type": "paragraph", "text": [{"text": 1}]}), "/body/0/text/0/text", "type"),
        (json!({"type": "paragraph", "text": [], "x": 1}), "/body/0/x", "unknown_member"),
        (json!({"type": "heading", "level": 1, "text": [{"text": "x"}]}), "/body/0/level", "range"),
        (marked(&json!(["bold"])), "/body/0/text/0/marks/0", "type"),
        (marked(&json!([{"type": "em"}])), "/body/0/text/0/marks/0/type", "type"),
        (marked(&json!([{"type": "bold", "x": 1}])), "/body/0/text/0/marks/0/x", "unknown_member"),
        (marked(&json!([{"type": "link"}])), "/body/0/text/0/marks/0/href", "required"),
        (marked(&link("javascript:x")), "/body/0/text/0/marks/0/href", "url"),
        (marked(&link("//evil.example/")), "/body/0/text/0/marks/0/href", "url"),
        (marked(&link("tel:help")), "/body/0/text/0/marks/0/href", "url"),
        (marked(&twice(&link("/a")[0])), "/body/0/text/0/marks/1", "distinct"),
        (marked(&twice(&json!({"type": "bold"}))), "/body/0/text/0/marks/1", "distinct"),
        (json!({"type": "image", "media_id": nowhere}), "/body/0/media_id", "missing"),
        (json!({"type": "ad_slot", "code": "nowhere"}), "/body/0/code", "missing"),
        (json!({"type": "related", "link_ids": [nowhere]}), "/body/0/link_ids/0", "missing"),
        (json!({"type": "divider", "id": "no spaces"}), "/body/0/id", "type"),
    ] {
        let refused = admin.post(ARTICLES, json!({"body": [block]})).await;
        refused.refused(422, place, code);
    }
    let twice = json!({"body": [{"type": "divider", "id": "a"}, {"type": "divider", "id": "a"}]});
    admin.post(ARTICLES, twice).await.refused(422, "/body/1/id", "distinct");
    let tags = json!({"tags": ["Wrocław", "wroclaw"]});
    admin.post(ARTICLES, tags).await.refused(422, "/tags/1", "distinct");
    let none = admin.get(ARTICLES).await.expect(200);
    assert_eq!(none["data"], json!([]));
}

async fn an_edition_can_be_restored(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    let at = at(&article);
    let link = json!({"kind": "external", "url": "https://example.org/ferry", "title": "Times"});
    let link = admin.post(&format!("{at}/related-links"), link).await.expect(201);
    publish(&admin, &article).await;
    let gone = format!("{at}/related-links/{}", link["id"].as_str().unwrap());
    admin.delete(&gone).await.expect(204);
    let rewritten = json!({"headline": "Nothing sails", "body": [paragraph("All new.")]});
    admin.patch(&at, rewritten).await.expect(200);

    let edition = admin.get(&format!("{at}/editions/1")).await.expect(200);
    assert_eq!(edition["document"]["article"]["headline"], "The ferry sails again");
    let restored = admin.act(&at, "editions/1/restore", json!({})).await.expect(200);
    assert_eq!(restored["headline"], "The ferry sails again");
    assert_eq!(restored["body"], article["body"]);
    admin.get(&gone).await.expect(200);
    admin.get(&format!("{at}/editions/7")).await.expect(404);
    admin.get(&format!("{at}/editions/0")).await.refused(400, "number", "range");
}

async fn related_links_belong_to_the_article(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    let other = draft(&admin, &world, "The flood is over").await;
    let links = format!("{}/related-links", at(&article));
    let internal = json!({"kind": "internal", "target_article_id": other["id"]});
    let first = admin.post(&links, internal.clone()).await.expect(201);
    assert_eq!(first["unresolved"], true, "the target is a draft");
    admin.post(&links, internal).await.refused(409, "/target_article_id", "taken");
    let own = json!({"kind": "internal", "target_article_id": article["id"]});
    admin.post(&links, own).await.refused(422, "/target_article_id", "self");
    let odd = json!({"kind": "sideways"});
    admin.post(&links, odd).await.refused(422, "/kind", "type");
    let external = json!({"kind": "external", "url": "ftp://example.org", "title": "x"});
    admin.post(&links, external).await.refused(422, "/url", "url");
    let external = json!({"kind": "external", "url": "https://example.org", "title": "Times"});
    let second = admin.post(&links, external).await.expect(201);

    let order = json!({"link_ids": [second["id"], first["id"]]});
    let there = admin.freshly(&at(&article)).await;
    let body = Some(("application/json", order.to_string()));
    let put = actix_web::http::Method::PUT;
    let ordered = there.send(put, &links, body).await.expect(200);
    assert_eq!(ordered["data"][0]["id"], second["id"]);

    let boxed = json!({"body": [paragraph("x"), {"type": "related", "link_ids": [first["id"]]}]});
    admin.patch(&at(&article), boxed).await.expect(200);
    let first_at = format!("{links}/{}", first["id"].as_str().unwrap());
    admin.delete(&first_at).await.refused(409, "/body/1/link_ids/0", "in_use");
    let changed = admin.patch(&first_at, json!({"title": "Read this"})).await.expect(200);
    assert_eq!(changed["title"], "Read this");

    let referrers = admin.get(&format!("{}/referrers", at(&other))).await.expect(200);
    assert_eq!(referrers["data"][0]["id"], article["id"]);
    let refused = admin.delete(&at(&other)).await.expect(409);
    assert_eq!(refused["errors"][0]["resource"], at(&article));
}

async fn slugs_are_made_and_kept_unique(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let first = draft(&admin, &world, "Współpraca Łodzi").await;
    assert_eq!(first["slug"], "wspolpraca-lodzi");
    let second = draft(&admin, &world, "Współpraca Łodzi").await;
    assert_eq!(second["slug"], "wspolpraca-lodzi-2");
    let long = "długie słowa ".repeat(8);
    let mut slugs = Vec::new();
    for _ in 0..4 {
        slugs.push(draft(&admin, &world, long.trim()).await["slug"].as_str().unwrap().to_owned());
    }
    assert!(slugs[1].ends_with("-2") && slugs[3].ends_with("-4"), "{slugs:?}");
    let before = admin.get(&at(&second)).await.expect(200);
    assert_eq!(admin.patch(&at(&second), json!({})).await.expect(200), before);
    let taken = json!({"slug": "wspolpraca-lodzi"});
    admin.patch(&at(&second), taken).await.refused(409, "/slug", "taken");
}

async fn only_what_was_never_published_is_deleted(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    admin.delete(&at(&article)).await.expect(204);
    admin.get(&at(&article)).await.expect(404);
    let article = draft(&admin, &world, "The ferry sails again").await;
    publish(&admin, &article).await;
    admin.delete(&at(&article)).await.expect(409);
}

async fn a_retracted_article_stays_as_it_is(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    let at = at(&article);
    let notice = json!({"notice": "We confused two rivers."});
    admin.act(&at, "actions/retract", notice.clone()).await.expect(409);
    publish(&admin, &article).await;
    let gone = admin.act(&at, "actions/retract", notice).await.expect(200);
    assert_eq!((&gone["status"], &gone["allowed_actions"]), (&json!("retracted"), &json!([])));
    admin.patch(&at, json!({"headline": "No"})).await.expect(409);
    admin.act(&at, "actions/publish", json!({})).await.expect(409);
}

async fn working_copies_are_listed_in_few_statements(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    draft(&admin, &world, "One").await;
    let path = format!("{ARTICLES}?limit=100");
    let (for_one, _) = app.statements(admin.get(&path)).await;
    for number in 0..30 {
        draft(&admin, &world, &format!("Number {number}")).await;
    }
    let (for_many, listed) = app.statements(admin.get(&path)).await;
    assert_eq!(listed.expect(200)["data"].as_array().unwrap().len(), 31);
    assert_eq!(for_one, for_many);
    let filtered = format!("{ARTICLES}?status=draft&language=en&genre=news&limit=1");
    let page = admin.get(&filtered).await.expect(200);
    let next = format!("{filtered}&cursor={}", page["next"].as_str().unwrap());
    let second = admin.get(&next).await.expect(200);
    assert_ne!(page["data"][0]["id"], second["data"][0]["id"]);
}
