//! Approvals and four eyes: what was approved is what is published, and not by those who wrote it.
use actix_web::http::Method;
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, section},
    contract::{Operation, operations},
    migrations,
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    nobody_approves_what_they_wrote_however_authors_are_named,
    those_who_write_in_turn_approve_nothing,
    an_editor_who_rewrites_a_text_in_review_does_not_approve_it,
    an_edit_takes_the_approval_back,
    every_operation_that_edits_takes_the_approval_back,
    what_is_no_edit_takes_nothing_back,
    an_approval_is_for_the_version_that_was_read,
    what_is_public_is_published_again_once_it_is_approved_again,
    corrections_may_pass,
    without_four_eyes_whoever_publishes_is_warned,
    what_was_approved_without_four_eyes_does_not_count_with_them,
    users_who_are_gone_neither_hold_back_nor_are_forgotten,
    the_journal_tells_a_migration_who_wrote_and_approved,
}

/// A newsroom with a rule, and three editors beside the administrator.
struct Newsroom {
    app: TestApp,
    section: Value,
    ada: Client,
    ben: Client,
    eve: Client,
}

impl Newsroom {
    async fn with(app: &TestApp, rule: &'static str) -> Self {
        let rule = |name: &str| (name == "FOUR_EYES").then(|| rule.to_owned());
        let app = TestApp::start_with(app.engine(), rule).await;
        for name in ["ada", "ben", "eve"] {
            app.add_user(&format!("{name}@example.org"), &[Role::Editor, Role::Author], &[]).await;
        }
        let section = section(&app, "World").await;
        let [ada, ben, eve] =
            [app.editor("ada").await, app.editor("ben").await, app.editor("eve").await];
        Self { app, section, ada, ben, eve }
    }

    /// An article of Ada's that Ben has approved.
    async fn approved(&self) -> String {
        let article = draft(&self.ada, &self.section, "The ferry sails again").await;
        act(&self.ada, &at(&article), "submit").await.expect(200);
        act(&self.ben, &at(&article), "approve").await.expect(200);
        at(&article)
    }
}

impl TestApp {
    async fn editor(&self, name: &str) -> Client {
        self.sign_in(&format!("{name}@example.org")).await
    }

    async fn id_of(&self, name: &str) -> Value {
        self.editor(name).await.get("/manage/v1/me").await.expect(200)["id"].clone()
    }
}

async fn act(client: &Client, at: &str, step: &str) -> Answer {
    client.act(at, &format!("actions/{step}"), json!({})).await
}

fn allows(article: &Value, action: &str) -> bool {
    article["allowed_actions"].as_array().unwrap().contains(&json!(action))
}

/// Nothing of it can be published, by whomever and whenever.
#[track_caller]
fn is_refused(answer: &Answer) {
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.body["detail"].as_str().unwrap().starts_with("Four eyes: "), "{}", answer.text);
}

/// Nothing of it can be published, by whomever and whenever, and nobody is told that it can.
async fn is_held_back(room: &Newsroom, at: &str) {
    for client in [&room.ada, &room.ben, &room.eve, &room.app.admin().await] {
        assert!(!allows(&client.get(at).await.expect(200), "publish"));
        let later = json!({"valid_from": room.app.in_seconds(600)});
        for (action, body) in [
            ("actions/publish", json!({})),
            ("actions/publish", later),
            ("actions/publish?dry_run=true", json!({})),
        ] {
            let refused = client.act(at, action, body).await;
            assert_eq!(refused.status, 409, "{}", refused.text);
        }
    }
}

async fn nobody_approves_what_they_wrote_however_authors_are_named(app: TestApp) {
    let room = Newsroom::with(&app, "true").await;
    let [ada, ben] = [room.app.id_of("ada").await, room.app.id_of("ben").await];
    let article = draft(&room.ada, &room.section, "The ferry sails again").await;
    let at = at(&article);
    assert_eq!((&article["authors"], &article["contributors"]), (&json!([ada]), &json!([ada])));
    room.ada.patch(&at, json!({"authors": [ada, ben]})).await.expect(200);
    act(&room.ada, &at, "submit").await.expect(200);
    is_refused(&act(&room.ada, &at, "approve").await);
    let named = act(&room.ben, &at, "approve").await;
    is_refused(&named);
    assert_eq!(named.body["errors"].as_array().unwrap().len(), 3, "two authors, one has written");
    // Whoever else is named, and by whichever method.
    room.ada.patch(&at, json!({"authors": [ben], "byline": "By our staff"})).await.expect(200);
    is_refused(&act(&room.ada, &at, "approve").await);
    let whole = json!({"headline": "The ferry sails", "section_id": room.section["id"],
        "authors": [], "body": [paragraph("All new.")]});
    room.ada.put(&at, whole).await.expect(200);
    is_refused(&act(&room.ada, &at, "approve").await);
    let seen = room.ada.get(&at).await.expect(200);
    assert!(!allows(&seen, "approve") && seen["contributors"] == json!([ada]), "{seen:#}");
    is_held_back(&room, &at).await;

    // Ben has written nothing, and is not named any more.
    assert!(allows(&room.ben.get(&at).await.expect(200), "approve"));
    let approved = act(&room.ben, &at, "approve").await.expect(200);
    let approval = &approved["approval"];
    assert_eq!((&approval["by"], &approval["independent"]), (&ben, &json!(true)));
    assert_eq!(approval["version"].as_i64().unwrap() + 1, approved["version"].as_i64().unwrap());
    assert_eq!(approval["edited_since"], false);
    assert_eq!(approved["contributors"], json!([]));
    act(&room.ada, &at, "publish").await.expect(200);

    // Not for administrators either.
    let admin = room.app.admin().await;
    let own = draft(&admin, &room.section, "Of an administrator").await;
    let own = crate::articles::at(&own);
    act(&admin, &own, "submit").await.expect(200);
    is_refused(&act(&admin, &own, "approve").await);
}

async fn those_who_write_in_turn_approve_nothing(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let article = draft(&room.ada, &room.section, "The ferry sails again").await;
    let at = at(&article);
    room.ben.patch(&at, json!({"lead": "By Ben."})).await.expect(200);
    act(&room.ada, &at, "submit").await.expect(200);
    is_refused(&act(&room.ada, &at, "approve").await);
    is_refused(&act(&room.ben, &at, "approve").await);
    // Given back and handed in again it is the same text.
    room.ben.act(&at, "actions/return", json!({"note": "shorter"})).await.expect(200);
    act(&room.ben, &at, "submit").await.expect(200);
    is_refused(&act(&room.ben, &at, "approve").await);
    act(&room.eve, &at, "approve").await.expect(200);
    // From here on it is what Ben writes that nobody has seen.
    room.ben.patch(&at, json!({"lead": "By Ben, again."})).await.expect(200);
    is_refused(&act(&room.ben, &at, "approve").await);
    act(&room.ada, &at, "approve").await.expect(200);
    act(&room.ben, &at, "publish").await.expect(200);
}

async fn an_editor_who_rewrites_a_text_in_review_does_not_approve_it(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let author = room.app.signed_in(Role::Author).await;
    let article = draft(&author, &room.section, "The ferry sails again").await;
    let at = at(&article);
    act(&author, &at, "submit").await.expect(200);
    room.ben.patch(&at, json!({"body": [paragraph("All by Ben.")]})).await.expect(200);
    is_refused(&act(&room.ben, &at, "approve").await);
    act(&room.ben, &at, "publish").await.expect(409);
    act(&room.ada, &at, "approve").await.expect(200);
    act(&room.ben, &at, "publish").await.expect(200);
}

async fn an_edit_takes_the_approval_back(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let at = room.approved().await;
    let edited = room.ben.patch(&at, json!({"lead": "By Ben."})).await.expect(200);
    assert_eq!(
        (&edited["status"], &edited["approval"]["edited_since"]),
        (&json!("in_review"), &json!(true))
    );
    assert_eq!(edited["contributors"], json!([room.app.id_of("ben").await]));
    is_held_back(&room, &at).await;
    is_refused(&act(&room.ben, &at, "approve").await);
    let waiting = room.ada.get(&format!("{ARTICLES}?status=in_review")).await.expect(200);
    assert_eq!(waiting["data"][0]["approval"]["edited_since"], true);
    let last = room.app.admin().await.get("/manage/v1/journal?since=0&limit=100").await.expect(200);
    let last = last["data"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["action"], "article.edited");
    assert!(last["summary"].as_array().unwrap().contains(&json!("approval taken back")), "{last}");

    // What was written back to what it was is a later version all the same.
    let before = room.ada.get(&at).await.expect(200);
    let lead = json!({"lead": "What it is about."});
    let back = room.ben.patch(&at, lead).await.expect(200);
    assert_ne!(before["version"], back["version"]);
    is_held_back(&room, &at).await;
    act(&room.ada, &at, "approve").await.expect(200);
    act(&room.ben, &at, "publish").await.expect(200);
}

/// What makes an edit of an approved article with two links and an edition that differs.
fn edit(id: &str, links: [&Value; 2], section: &Value) -> Option<Value> {
    Some(match id {
        "replace_article" => json!({"headline": "Replaced", "section_id": section["id"]}),
        "patch_article" => json!({"authors": []}),
        "create_related_link" | "replace_related_link" => {
            json!({"kind": "external", "url": "https://example.org/new", "title": "New"})
        }
        "patch_related_link" => json!({"title": "Another title"}),
        "reorder_related_links" => json!({"link_ids": [links[1]["id"], links[0]["id"]]}),
        "restore_edition" => json!({}),
        "delete_related_link" => return None,
        other => panic!("{other}: say how it edits an article, or why it does not"),
    })
}

async fn every_operation_that_edits_takes_the_approval_back(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let ben = room.app.id_of("ben").await;
    let editing = operations().into_iter().filter(|operation| {
        let id = operation.spec["operationId"].as_str().unwrap();
        operation.path.starts_with("/manage/v1/articles/{id}")
            && operation.permission() == Some("articles:write")
            && !["submit_article", "recall_article", "delete_article"].contains(&id)
    });
    let editing: Vec<Operation> = editing.collect();
    assert!(editing.len() >= 8, "{}", editing.len());
    for operation in editing {
        let id = operation.spec["operationId"].as_str().unwrap();
        let article = draft(&room.ada, &room.section, &format!("For {id}")).await;
        let at = at(&article);
        act(&room.ada, &at, "submit").await.expect(200);
        act(&room.ben, &at, "approve").await.expect(200);
        act(&room.ben, &at, "publish").await.expect(200);
        let mut links = Vec::new();
        for name in ["one", "two"] {
            let url = format!("https://example.org/{name}");
            let link = json!({"kind": "external", "url": url, "title": name});
            links.push(room.ada.post(&format!("{at}/related-links"), link).await.expect(201));
        }
        act(&room.ben, &at, "approve").await.expect(200);
        act(&room.ben, &at, "publish?dry_run=true").await.expect(200);

        let address = operation.address_with(|name| match name {
            "id" => article["id"].as_str().map(str::to_owned),
            "link_id" => links[0]["id"].as_str().map(str::to_owned),
            _ => Some("1".to_owned()),
        });
        let resource = if operation.path.contains("{link_id}") { &address } else { &at };
        let client = room.ben.freshly(resource).await;
        let body = edit(id, [&links[0], &links[1]], &room.section);
        let answer = operation.send(&client, &address, body.as_ref()).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.text);
        let after = room.ada.get(&at).await.expect(200);
        assert_eq!(after["approval"]["edited_since"], true, "{operation}");
        assert_eq!(
            (&after["contributors"], &after["status"]),
            (&json!([ben]), &json!("published"))
        );
        is_held_back(&room, &at).await;
        is_refused(&act(&room.ben, &at, "approve").await);
        let again = act(&room.ada, &at, "approve").await.expect(200);
        assert_eq!(again["status"], "published");
    }
}

async fn what_is_no_edit_takes_nothing_back(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let admin = room.app.admin().await;
    let credit = json!({"credit_line": "Harbour office"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    let medium =
        json!({"kind": "image", "url": "https://example.org/a.jpg", "credit_id": credit["id"]});
    let medium = admin.post("/manage/v1/media", medium).await.expect(201);
    let article = json!({
        "headline": "The ferry sails again", "section_id": room.section["id"],
        "body": [paragraph("It does."), {"type": "image", "media_id": medium["id"]}],
    });
    let article = room.ada.post(ARTICLES, article).await.expect(201);
    let at = at(&article);
    let link = json!({"kind": "external", "url": "https://example.org/ferry", "title": "Times"});
    let link = room.ada.post(&format!("{at}/related-links"), link).await.expect(201);
    act(&room.ada, &at, "submit").await.expect(200);
    let approved = act(&room.ben, &at, "approve").await.expect(200);

    // The same again, by each way there is.
    let link_at = format!("{at}/related-links/{}", link["id"].as_str().unwrap());
    room.ada.patch(&at, json!({"headline": "The ferry sails again"})).await.expect(200);
    room.ada.patch(&link_at, json!({"title": "Times"})).await.expect(200);
    let order = json!({"link_ids": [link["id"]]}).to_string();
    let order = Some(("application/json", order));
    let client = room.ada.freshly(&at).await;
    client.send(Method::PUT, &format!("{at}/related-links"), order).await.expect(200);
    assert_eq!(room.ben.get(&at).await.expect(200), approved);

    // What all pages share is not of the article's version; a section that goes takes it along.
    let credit_at = format!("/manage/v1/media-credits/{}", credit["id"].as_str().unwrap());
    admin.patch(&credit_at, json!({"credit_line": "Harbour master"})).await.expect(200);
    let other = section(&room.app, "Region").await;
    let old = format!("/manage/v1/sections/{}", room.section["id"].as_str().unwrap());
    let whole = format!("{old}?reassign_to={}", other["id"].as_str().unwrap());
    admin.freshly(&old).await.send(Method::DELETE, &whole, None).await.expect(204);
    let moved = room.ben.get(&at).await.expect(200);
    assert_eq!((&moved["section_id"], &moved["status"]), (&other["id"], &json!("approved")));
    assert_eq!(moved["approval"], approved["approval"]);
    act(&room.ada, &at, "publish").await.expect(200);

    // Restored where the text is the same and a link is not.
    room.ada.delete(&link_at).await.expect(204);
    act(&room.ben, &at, "approve").await.expect(200);
    let restored = room.eve.act(&at, "editions/1/restore", json!({})).await.expect(200);
    assert_eq!(restored["approval"]["edited_since"], true);
    assert_eq!(restored["contributors"], json!([room.app.id_of("eve").await]));
    let again = room.eve.act(&at, "editions/1/restore", json!({})).await.expect(200);
    assert_eq!(again, restored, "there was nothing left to restore");
    // A move to another section is an edit: it is where readers find the article.
    act(&room.ben, &at, "approve").await.expect(200);
    let third = section(&room.app, "Port").await;
    let moved = room.eve.patch(&at, json!({"section_id": third["id"]})).await.expect(200);
    assert_eq!(moved["approval"]["edited_since"], true);
    is_held_back(&room, &at).await;
}

async fn an_approval_is_for_the_version_that_was_read(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let article = draft(&room.ada, &room.section, "The ferry sails again").await;
    let at = at(&article);
    act(&room.ada, &at, "submit").await.expect(200);
    let read = room.ben.freshly(&at).await;
    room.ada.patch(&at, json!({"lead": "Behind Ben's back."})).await.expect(200);
    read.post(&format!("{at}/actions/approve"), json!({})).await.expect(412);
    let read = room.ben.freshly(&at).await;
    let link = json!({"kind": "external", "url": "https://example.org/x", "title": "X"});
    room.ada.post(&format!("{at}/related-links"), link).await.expect(201);
    read.post(&format!("{at}/actions/approve"), json!({})).await.expect(412);
    // A repeated request gets the answer of the first, and approves nothing that came between.
    let once = room.ben.freshly(&at).await.with("idempotency-key", "once");
    once.post(&format!("{at}/actions/approve"), json!({})).await.expect(200);
    room.ada.patch(&at, json!({"lead": "Behind Ben's back, again."})).await.expect(200);
    once.post(&format!("{at}/actions/approve"), json!({})).await.expect(200);
    is_held_back(&room, &at).await;
}

async fn what_is_public_is_published_again_once_it_is_approved_again(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let at = room.approved().await;
    act(&room.ada, &at, "publish").await.expect(200);
    act(&room.ben, &at, "approve").await.expect(409);
    // As it is, as often as is wanted, also after it was offline.
    act(&room.ada, &at, "publish").await.expect(200);
    act(&room.ada, &at, "unpublish").await.expect(200);
    act(&room.ada, &at, "publish").await.expect(200);
    // What is scheduled is what was approved, whatever is edited meanwhile.
    let later = json!({"valid_from": room.app.in_seconds(600)});
    room.ada.act(&at, "actions/publish", later).await.expect(200);
    room.ada.patch(&at, json!({"headline": "Rewritten"})).await.expect(200);
    is_held_back(&room, &at).await;
    act(&room.ada, &at, "unpublish").await.expect(200);
    is_held_back(&room, &at).await;
    is_refused(&act(&room.ada, &at, "approve").await);
    let approved = act(&room.ben, &at, "approve").await.expect(200);
    assert_eq!(approved["status"], "unpublished", "an approval makes nothing public");
    let done = act(&room.ada, &at, "publish").await.expect(200);
    assert_eq!(done["edition"]["headline"], "Rewritten");
}

async fn corrections_may_pass(app: TestApp) {
    let room = Newsroom::with(&app, "except-corrections").await;
    let article = draft(&room.ada, &room.section, "The ferry sails again").await;
    let at = at(&article);
    act(&room.ada, &at, "submit").await.expect(200);
    room.ben.patch(&at, json!({"lead": "By Ben."})).await.expect(200);
    is_refused(&act(&room.ada, &at, "approve").await);
    is_refused(&act(&room.ben, &at, "approve").await);
    act(&room.eve, &at, "approve").await.expect(200);
    // Also by whoever has approved.
    let corrected = room.eve.patch(&at, json!({"lead": "By Eve."})).await.expect(200);
    assert_eq!(corrected["status"], "approved");
    assert!(allows(&corrected, "publish") && !allows(&corrected, "approve"));
    let dry = act(&room.eve, &at, "publish?dry_run=true").await.expect(200);
    let warned = |answer: &Value| {
        let warnings = answer["warnings"].as_array().unwrap();
        warnings.iter().any(|warning| warning["code"] == "edited_since")
    };
    assert!(warned(&dry));
    assert!(warned(&act(&room.eve, &at, "publish").await.expect(200)));
    // Approved again, there is nothing to be warned of.
    act(&room.ada, &at, "approve").await.expect(200);
    assert!(!warned(&act(&room.eve, &at, "publish").await.expect(200)));
}

async fn without_four_eyes_whoever_publishes_is_warned(app: TestApp) {
    let room = Newsroom::with(&app, "off").await;
    let ada = room.app.id_of("ada").await;
    let article = draft(&room.ada, &room.section, "The ferry sails again").await;
    let at = at(&article);
    act(&room.ada, &at, "submit").await.expect(200);
    let own = act(&room.ada, &at, "approve").await.expect(200);
    assert_eq!((&own["approval"]["by"], &own["approval"]["independent"]), (&ada, &json!(false)));
    let codes = |answer: &Value| {
        let warnings = answer["warnings"].as_array().unwrap().iter();
        warnings.map(|warning| warning["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let dry = act(&room.ada, &at, "publish?dry_run=true").await.expect(200);
    assert!(!codes(&dry).contains(&"edited_since".to_owned()));
    let edited = room.ben.patch(&at, json!({"lead": "By Ben."})).await.expect(200);
    assert_eq!(
        (&edited["status"], &edited["approval"]["edited_since"]),
        (&json!("approved"), &json!(true))
    );
    let dry = act(&room.ada, &at, "publish?dry_run=true").await.expect(200);
    assert!(codes(&dry).contains(&"edited_since".to_owned()));
    assert_eq!(dry["warnings"].as_array().unwrap().last().unwrap()["pointer"], "/approval");
    let done = act(&room.ada, &at, "publish").await.expect(200);
    assert!(codes(&done).contains(&"edited_since".to_owned()));
    act(&room.ada, &at, "approve").await.expect(200);
    act(&room.ada, &at, "approve").await.expect(409);

    // An approval of one's own does not count once the newsroom works with four eyes.
    let strict = |name: &str| (name == "FOUR_EYES").then(|| "on".to_owned());
    let strict = room.app.another(strict).await;
    let [ada, ben, eve] =
        [strict.editor("ada").await, strict.editor("ben").await, strict.editor("eve").await];
    is_refused(&act(&ada, &at, "publish").await);
    is_refused(&act(&ada, &at, "approve").await);
    is_refused(&act(&ben, &at, "approve").await);
    act(&eve, &at, "approve").await.expect(200);
    act(&ada, &at, "publish").await.expect(200);
}

async fn what_was_approved_without_four_eyes_does_not_count_with_them(app: TestApp) {
    let room = Newsroom::with(&app, "off").await;
    let article = draft(&room.ada, &room.section, "The ferry sails again").await;
    let at = at(&article);
    let authors = json!({"authors": [room.app.id_of("eve").await]});
    room.ada.patch(&at, authors).await.expect(200);
    act(&room.ada, &at, "submit").await.expect(200);
    act(&room.ada, &at, "approve").await.expect(200);
    for rule in ["on", "except-corrections"] {
        let strict = |name: &str| (name == "FOUR_EYES").then(|| rule.to_owned());
        let strict = room.app.another(strict).await;
        for name in ["ada", "ben", "eve"] {
            is_refused(&act(&strict.editor(name).await, &at, "publish").await);
        }
        // Eve has written nothing that anybody knows of, but is named for it.
        for name in ["ada", "eve"] {
            is_refused(&act(&strict.editor(name).await, &at, "approve").await);
        }
    }
    let strict = |name: &str| (name == "FOUR_EYES").then(|| "on".to_owned());
    let strict = room.app.another(strict).await;
    act(&strict.editor("ben").await, &at, "approve").await.expect(200);
    act(&strict.editor("eve").await, &at, "publish").await.expect(200);
}

async fn users_who_are_gone_neither_hold_back_nor_are_forgotten(app: TestApp) {
    let room = Newsroom::with(&app, "on").await;
    let admin = room.app.admin().await;
    let user = async |name: &str| {
        let id = room.app.id_of(name).await;
        format!("/manage/v1/users/{}", id.as_str().unwrap())
    };
    let (ben, eve) = (user("ben").await, user("eve").await);
    let at = room.approved().await;
    admin.delete(&ben).await.expect(204);
    let seen = room.ada.get(&at).await.expect(200);
    assert_eq!((&seen["approval"]["by"], &seen["status"]), (&Value::Null, &json!("approved")));
    room.eve.patch(&at, json!({"lead": "By Eve."})).await.expect(200);
    admin.delete(&eve).await.expect(204);
    let seen = room.ada.get(&at).await.expect(200);
    assert_eq!((&seen["contributors"], &seen["status"]), (&json!([]), &json!("in_review")));
    act(&room.ada, &at, "publish").await.expect(409);
    act(&room.ada, &at, "approve").await.expect(200);
    act(&room.ada, &at, "publish").await.expect(200);
}

/// The first migration that knows of approvals.
const APPROVALS: &str = "20261125000013";

async fn the_journal_tells_a_migration_who_wrote_and_approved(app: TestApp) {
    let room = Newsroom::with(&app, "off").await;
    let mut all = vec![at(&draft(&room.ada, &room.section, "A draft").await)];
    for edited in [false, true] {
        let at = room.approved().await;
        if edited {
            act(&room.ben, &at, "publish").await.expect(200);
            room.eve.patch(&at, json!({"lead": "By Eve."})).await.expect(200);
            room.ada.patch(&at, json!({"lead": "By Ada."})).await.expect(200);
        }
        all.push(at);
    }
    let own = at(&draft(&room.ada, &room.section, "Approved by its author").await);
    act(&room.ada, &own, "submit").await.expect(200);
    act(&room.ada, &own, "approve").await.expect(200);
    all.push(own);
    let mut before = Vec::new();
    for at in &all {
        before.push(room.ada.get(at).await.expect(200));
    }
    assert_eq!(before[1]["approval"]["independent"], true);
    assert_eq!(before[2]["contributors"].as_array().unwrap().len(), 2);
    assert_eq!(before[3]["approval"]["independent"], false);

    room.app.state.db.rest().await.unwrap();
    migrations::before(room.app.url(), APPROVALS, || {});
    for (at, mut before) in all.iter().zip(before) {
        // That is younger than approvals: a slug that was stored before counts as chosen.
        before["slug_chosen"] = json!(true);
        assert_eq!(room.ada.get(at).await.expect(200), before);
    }
}
