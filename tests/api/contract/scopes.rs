//! What an editor may do who is limited to some sections ends at these: where something comes
//! from, and where it goes. Which operations name a section is read off the document, and one
//! that does and is in no row here fails. (What an article's address opens is in the matrix.)
use std::collections::{BTreeMap, HashSet};

use actix_web::http::Method;
use broadsheet::auth::roles::{Role, TABLE};
use serde_json::{Value, json};

use self::{Place::*, Way::*};
use super::{Operation, operations, resolve};
use crate::{
    articles::{ARTICLES, at, draft, publish},
    support::{Client, TestApp, on_both_engines},
};

on_both_engines! {
    nothing_gets_into_a_limited_editor_s_sections_or_out_of_them,
    an_edition_is_not_restored_into_a_section_outside,
    administrators_are_limited_to_no_sections,
    hidden_sections_are_read_by_those_whose_they_are,
}

/// How an operation that names sections is held to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Puts something into the section that it names.
    Puts,
    /// Takes a section, or an article, from where it is to the section that it names.
    Moves,
    /// Reads: another test says what.
    Reads,
    /// Editors do not have its permission at all.
    Denied,
}

const WAYS: &[(Way, &str, &[&str])] = &[
    (Puts, "create_article", &["section_id"]),
    (Puts, "create_section", &["parent_id"]),
    (Moves, "replace_article", &["section_id"]),
    (Moves, "patch_article", &["section_id"]),
    (Moves, "replace_section", &["id", "parent_id"]),
    (Moves, "patch_section", &["id", "parent_id"]),
    (Moves, "delete_section", &["id", "reassign_to"]),
    (Reads, "read_section", &["id"]),
    (Reads, "list_sections", &["parent_id"]),
    (Reads, "list_articles", &["section_id"]),
    (Denied, "create_user", &["sections"]),
    (Denied, "replace_user", &["sections"]),
    (Denied, "patch_user", &["sections"]),
    (Denied, "create_ad_slot", &["sections"]),
    (Denied, "replace_ad_slot", &["sections"]),
    (Denied, "patch_ad_slot", &["sections"]),
];

/// Inputs that are ids of other things than sections.
const OTHERS: &[&str] = &[
    "article_id",
    "author",
    "authors",
    "comment_id",
    "credit_id",
    "link_id",
    "link_ids",
    "media_id",
    "target_article_id",
];

/// Whether the input of this name is a section.
fn is_section(operation: &Operation, name: &str) -> bool {
    let collection = operation.path.split('/').nth(3).unwrap();
    match name {
        "id" => collection == "sections",
        // Comments have parents as well.
        "parent_id" => collection != "comments",
        "section_id" | "sections" | "reassign_to" => true,
        other => {
            assert!(OTHERS.contains(&other), "{operation}: is `{other}` a section?");
            false
        }
    }
}

fn is_uuid(schema: &'static Value) -> bool {
    let schema = resolve(schema);
    let inner = ["oneOf", "anyOf", "allOf"].iter().filter_map(|union| schema[*union].as_array());
    schema["format"] == "uuid"
        || inner.flatten().any(is_uuid)
        || (schema["items"].is_object() && is_uuid(&schema["items"]))
}

/// The names of all members of a body, however deep, that are ids.
fn ids_in(schema: &'static Value, found: &mut Vec<&'static str>, seen: &mut HashSet<*const Value>) {
    let schema = resolve(schema);
    // Lists stand in lists.
    if !seen.insert(schema) {
        return;
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        if is_uuid(member) {
            found.push(name);
        } else {
            ids_in(member, found, seen);
        }
    }
    for union in ["oneOf", "anyOf", "allOf"] {
        schema[union].as_array().into_iter().flatten().for_each(|one| ids_in(one, found, seen));
    }
    if schema["items"].is_object() {
        ids_in(&schema["items"], found, seen);
    }
}

/// The inputs of an operation that name a section.
fn sections_of(operation: &Operation) -> Vec<&'static str> {
    let ids = operation.parameters().filter(|parameter| is_uuid(&parameter["schema"]));
    let mut named: Vec<&str> = ids.map(|parameter| parameter["name"].as_str().unwrap()).collect();
    if let Some(body) = operation.json_body() {
        ids_in(body.schema, &mut named, &mut HashSet::new());
    }
    named.retain(|name| is_section(operation, name));
    named.sort_unstable();
    named.dedup();
    named
}

#[test]
fn every_operation_that_names_a_section_is_held_to_sections() {
    let mut ways: BTreeMap<&str, (Way, &[&str])> =
        WAYS.iter().map(|(way, id, named)| (*id, (*way, *named))).collect();
    for operation in operations().iter().filter(|operation| operation.is_guarded()) {
        let named = sections_of(operation);
        let id = operation.spec["operationId"].as_str().unwrap();
        let known = ways.remove(id);
        assert_eq!(known.map_or(&[][..], |(_, named)| named), named, "{operation}: {id}");
        let denied = |permission| {
            TABLE.iter().any(|(name, may)| *name == permission && !may.contains(&Role::Editor))
        };
        if let Some((way, _)) = known {
            let is_denied = operation.permission().is_some_and(denied);
            assert_eq!(way == Denied, is_denied, "{operation}");
            assert_eq!(way == Reads, operation.method == Method::GET, "{operation}");
        }
    }
    assert!(ways.is_empty(), "no operation any more: {ways:?}");
}

/// Where a section or an article stands, or is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Below one of the sections that the editor's account names.
    Inside,
    /// The other one of these: to move it would take it away from where it stands.
    Own,
    /// In another part of the tree.
    Outside,
    /// At the top of the tree.
    Top,
}

/// A tree with a part that is the editor's, another that is the rival's, and a draft in each.
struct Newsroom<'a> {
    app: &'a TestApp,
    admin: Client,
    editor: Client,
    rival: Client,
    /// What the editor's account names.
    own: Value,
    also: Value,
    outside: Value,
    drafts: [Value; 2],
    count: usize,
}

async fn section(admin: &Client, name: &str, parent: &Value) -> Value {
    let input = json!({"name": name, "parent_id": parent});
    admin.post("/manage/v1/sections", input).await.expect(201)
}

fn at_section(section: &Value) -> String {
    format!("/manage/v1/sections/{}", section["id"].as_str().unwrap())
}

impl<'a> Newsroom<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        // The editor's section stands in one that is not the editor's.
        let above = section(&admin, "Above", &Value::Null).await;
        let own = section(&admin, "Own", &above["id"]).await;
        let also = section(&admin, "Also", &Value::Null).await;
        let outside = section(&admin, "Outside", &Value::Null).await;
        let theirs = [&own["id"], &also["id"]];
        app.add_user("limited@example.org", &[Role::Editor], &theirs).await;
        app.add_user("rival@example.org", &[Role::Editor], &[&outside["id"]]).await;
        let drafts = [draft(&admin, &own, "Ours").await, draft(&admin, &outside, "Theirs").await];
        let editor = app.sign_in("limited@example.org").await;
        let rival = app.sign_in("rival@example.org").await;
        Self { app, admin, editor, rival, own, also, outside, drafts, count: 0 }
    }

    /// A section there, with a draft in it.
    async fn section(&mut self, place: Place) -> Value {
        self.count += 1;
        let parent = match place {
            Inside => self.also["id"].clone(),
            Outside => self.outside["id"].clone(),
            Top => Value::Null,
            Own => return self.own.clone(),
        };
        let made = section(&self.admin, &format!("Part {}", self.count), &parent).await;
        draft(&self.admin, &made, &format!("A part of it {}", self.count)).await;
        made
    }

    /// Takes a section from the one place to the other, the way that the operation does.
    async fn try_section(&mut self, operation: &Operation, from: Option<Place>, to: Place) {
        let mut address = operation.path.to_owned();
        let source = match from {
            Some(from) => self.section(from).await,
            None => json!({"name": format!("New {}", self.count)}),
        };
        let target = match to {
            Top => json!({"id": null, "path": ""}),
            there => self.section(there).await,
        };
        if let Some(id) = source["id"].as_str() {
            address = address.replace("{id}", id);
        }
        let body = if operation.method == Method::DELETE {
            match target["id"].as_str() {
                Some(id) => address = format!("{address}?reassign_to={id}"),
                None => return,
            }
            None
        } else {
            Some(json!({"name": source["name"], "parent_id": target["id"]}))
        };
        let allowed = from.is_none_or(|from| from == Inside) && matches!(to, Inside | Own);
        self.judge(operation, (&address, body), allowed, &format!("{from:?} to {to:?}")).await;
    }

    async fn try_article(&mut self, operation: &Operation, from: Option<Place>, to: Place) {
        let mut address = operation.path.to_owned();
        if let Some(from) = from {
            let there = self.section(from).await;
            let headline = format!("On the move {}", self.count);
            let article = draft(&self.admin, &there, &headline).await;
            address = address.replace("{id}", article["id"].as_str().unwrap());
        }
        let target = self.section(to).await;
        self.count += 1;
        let headline = format!("Here and there {}", self.count);
        let body = Some(json!({"headline": headline, "section_id": target["id"]}));
        let ours = |place: Place| matches!(place, Inside | Own);
        let allowed = from.is_none_or(ours) && ours(to);
        self.judge(operation, (&address, body), allowed, &format!("{from:?} to {to:?}")).await;
    }

    /// Sends it as the editor. What is refused changes nothing, and whatever comes of it: editor
    /// and rival read of each other's drafts no more than before.
    async fn judge(
        &self,
        operation: &Operation,
        (address, body): (&str, Option<Value>),
        allowed: bool,
        case: &str,
    ) {
        let resource = address.split('?').next().unwrap();
        let etag = self.admin.get(resource).await.headers.get("etag").cloned();
        let editor = match etag.filter(|_| operation.takes("If-Match")) {
            Some(etag) => self.editor.with("if-match", etag.to_str().unwrap()),
            None => self.editor.clone(),
        };
        let before = self.app.rows().await;
        let answer = operation.send(&editor, address, body.as_ref()).await;
        if allowed {
            assert!(answer.status.is_success(), "{operation}, {case}: {}", answer.text);
        } else {
            let refused = [403, 404].contains(&answer.status.as_u16());
            assert!(refused, "{operation}, {case}: {}", answer.text);
            assert!(self.app.rows().await == before, "{operation}, {case}: refused, and done");
        }
        let [ours, theirs] = &self.drafts;
        for (who, draft, status) in [
            (&self.editor, ours, 200),
            (&self.editor, theirs, 404),
            (&self.rival, ours, 404),
            (&self.rival, theirs, 200),
        ] {
            let read = who.get(&at(draft)).await;
            assert_eq!(read.status, status, "{operation}, {case}: {}", draft["headline"]);
        }
    }
}

async fn nothing_gets_into_a_limited_editor_s_sections_or_out_of_them(app: TestApp) {
    let mut newsroom = Newsroom::open(&app).await;
    for operation in operations() {
        let id = operation.spec["operationId"].as_str().unwrap();
        let Some((way, ..)) = WAYS.iter().find(|(_, known, _)| *known == id) else { continue };
        let sources: &[Option<Place>] = match way {
            Puts => &[None],
            Moves => &[Some(Inside), Some(Own), Some(Outside)],
            Reads | Denied => continue,
        };
        for from in sources {
            for to in [Inside, Own, Outside, Top] {
                if operation.path.starts_with(ARTICLES) {
                    newsroom.try_article(&operation, *from, to).await;
                } else if (*from, to) != (Some(Own), Own) {
                    newsroom.try_section(&operation, *from, to).await;
                }
            }
        }
        let patch = id == "patch_section";
        for (from, change, allowed) in [
            (Inside, json!({"hidden": true}), true),
            (Inside, json!({"position": 7}), true),
            (Own, json!({"name": "Ours", "hidden": true}), true),
            (Own, json!({"hidden": false}), true),
            // Its siblings are not the editor's.
            (Own, json!({"position": 7}), false),
            (Outside, json!({"hidden": true}), false),
            (Outside, json!({"position": 7}), false),
            (Outside, json!({"comments_mode": "closed"}), false),
        ] {
            if patch {
                let source = at_section(&newsroom.section(from).await);
                let case = format!("{change} {from:?}");
                newsroom.judge(&operation, (&source, Some(change)), allowed, &case).await;
            }
        }
    }
}

async fn an_edition_is_not_restored_into_a_section_outside(app: TestApp) {
    let newsroom = Newsroom::open(&app).await;
    let article = draft(&newsroom.admin, &newsroom.outside, "Here, then there").await;
    publish(&newsroom.admin, &article).await;
    let moved = json!({"section_id": newsroom.own["id"]});
    newsroom.admin.patch(&at(&article), moved).await.expect(200);
    let before = app.rows().await;
    newsroom.editor.act(&at(&article), "editions/1/restore", json!({})).await.expect(403);
    assert!(app.rows().await == before, "refused, and done");
}

async fn hidden_sections_are_read_by_those_whose_they_are(app: TestApp) {
    let newsroom = Newsroom::open(&app).await;
    let (admin, editor) = (&newsroom.admin, &newsroom.editor);
    let hide = json!({"hidden": true});
    let above = format!("/manage/v1/sections/{}", newsroom.own["parent_id"].as_str().unwrap());
    let aside = section(admin, "Aside", &newsroom.own["parent_id"]).await;
    let mine = section(admin, "Mine", &newsroom.own["id"]).await;
    let secret = section(admin, "Secret", &newsroom.outside["id"]).await;
    for hidden in [&above, &at_section(&mine), &at_section(&secret)] {
        admin.patch(hidden, hide.clone()).await.expect(200);
    }
    // Theirs, what leads there, and what readers see.
    for read in [&above, &at_section(&newsroom.own), &at_section(&mine)] {
        editor.get(read).await.expect(200);
    }
    editor.get(&at_section(&newsroom.outside)).await.expect(200);
    for unread in [&aside, &secret] {
        editor.get(&at_section(unread)).await.expect(404);
        editor.patch(&at_section(unread), json!({"hidden": false})).await.expect(404);
        app.signed_in(Role::Editor).await.get(&at_section(unread)).await.expect(200);
    }
    let listed = editor.get("/manage/v1/sections?total=true").await.expect(200);
    let paths: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/above", "/above/own", "/above/own/mine", "/also", "/outside"]);
    assert_eq!(listed["total"], 5);
    for (filter, found) in [(&newsroom.outside, 0), (&newsroom.own, 1)] {
        let below = format!("/manage/v1/sections?parent_id={}", filter["id"].as_str().unwrap());
        let below = editor.get(&below).await.expect(200);
        assert_eq!(below["data"].as_array().unwrap().len(), found);
        let inside = format!("{ARTICLES}?section_id={}", filter["id"].as_str().unwrap());
        let inside = editor.get(&inside).await.expect(200);
        assert_eq!(inside["data"].as_array().unwrap().len(), found);
    }
    // Neither do those read of them who have no sections to work in.
    for role in [Role::Moderator, Role::AdManager] {
        let client = app.signed_in(role).await;
        client.get("/manage/v1/sections").await.expect(403);
        client.get(&at_section(&secret)).await.expect(403);
        client.get("/v1/sections").await.expect(200);
    }
}

/// Whatever their account names: an editor who was limited may have become one.
async fn administrators_are_limited_to_no_sections(app: TestApp) {
    let newsroom = Newsroom::open(&app).await;
    app.add_user("chief@example.org", &[Role::Admin], &[&newsroom.own["id"]]).await;
    let chief = app.sign_in("chief@example.org").await;
    let outside = at_section(&newsroom.outside);
    chief.patch(&outside, json!({"hidden": true})).await.expect(200);
    chief.get(&outside).await.expect(200);
    let moved = json!({"parent_id": newsroom.own["id"]});
    chief.patch(&outside, moved).await.expect(200);
}
