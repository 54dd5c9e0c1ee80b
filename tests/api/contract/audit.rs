//! No change without a trace: every operation that changes something is carried out, and each row
//! whose version it moves has an entry of the journal that names it and its new version.
use std::collections::BTreeSet;

use actix_web::http::Method;
use broadsheet::{auth::roles::Role, db::tables::TABLES};
use serde_json::{Value, json};

use super::operations;
use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    support::{Client, PASSWORD, Row, Rows, TestApp, has_versions, on_both_engines},
};

on_both_engines! { every_row_that_moves_is_in_the_journal }

/// Operations that touch no row with a version: sign-ins and second factors have none. Their own
/// tests say what is recorded.
const WITHOUT_VERSIONS: &[&str] = &[
    "sign_in",
    "refresh_session",
    "sign_out",
    "sign_out_everywhere",
    "end_session",
    "end_sessions",
    "enrol_second_factor",
    "confirm_second_factor",
    "renew_recovery_codes",
    "disable_second_factor",
    "reset_second_factor",
];

/// Columns that count what stands in other rows. They move without the version.
const COUNTS: &[(&str, &str)] = &[("comments", "replies"), ("comments", "shown")];

const JOURNAL: &str = "/manage/v1/journal?limit=100";

struct Walk<'a> {
    app: &'a TestApp,
    admin: Client,
    /// The operations that have been carried out.
    done: BTreeSet<&'static str>,
    /// The tables in which something has changed.
    tables: BTreeSet<&'static str>,
}

/// What the journal calls the rows of a table.
fn kind(table: &str) -> &str {
    table.trim_end_matches('s')
}

impl Walk<'_> {
    /// The `seq` of the newest entry.
    async fn last(&self) -> Value {
        let (mut last, mut since) = (json!(0), String::new());
        loop {
            let page = self.admin.get(&format!("{JOURNAL}{since}")).await.expect(200);
            if let Some(entry) = page["data"].as_array().unwrap().last() {
                last = entry["seq"].clone();
            }
            match page["next"].as_str() {
                Some(next) => since = format!("&cursor={next}"),
                None => return last,
            }
        }
    }

    /// Carries out an operation as this client, on what `of` is about, and compares.
    async fn by(&mut self, who: &Client, id: &str, of: &str, behind: &str, body: Value) -> Value {
        let all = operations();
        let operation = all.iter().find(|operation| operation.spec["operationId"] == id);
        let operation = operation.unwrap_or_else(|| panic!("{id} is no operation"));
        let client = if operation.takes("If-Match") { who.freshly(of).await } else { who.clone() };
        let (before, last) = (self.app.rows().await, self.last().await);
        let body = (!body.is_null()).then_some(body);
        let answer = operation.send(&client, &format!("{of}{behind}"), body.as_ref()).await;
        assert!(answer.status.is_success(), "{operation}: {}", answer.text);
        let since = format!("{JOURNAL}&since={last}");
        let entries = self.admin.get(&since).await.expect(200)["data"].take();
        let after = self.app.rows().await;
        let moved = compare(id, &before, &after, entries.as_array().unwrap());
        assert!(!moved.is_empty(), "{id} has moved nothing");
        self.tables.extend(moved);
        self.done.insert(operation.spec["operationId"].as_str().unwrap());
        answer.body
    }

    async fn admin(&mut self, id: &str, of: &str, behind: &str, body: Value) -> Value {
        let admin = self.admin.clone();
        self.by(&admin, id, of, behind, body).await
    }

    /// Creates, replaces, patches and deletes one of a collection, in that order.
    async fn whole_life(&mut self, noun: &str, collection: &str, input: Value, patch: Value) {
        let made = self.admin(&format!("create_{noun}"), collection, "", input.clone()).await;
        let one = format!("{collection}/{}", made["id"].as_str().unwrap());
        self.admin(&format!("replace_{noun}"), &one, "", input).await;
        self.admin(&format!("patch_{noun}"), &one, "", patch).await;
        self.admin(&format!("delete_{noun}"), &one, "", Value::Null).await;
    }
}

/// The tables in which rows have moved, each of which an entry names.
fn compare(id: &str, before: &Rows, after: &Rows, entries: &[Value]) -> BTreeSet<&'static str> {
    let mut moved = BTreeSet::new();
    for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
        let (table, row) = key;
        let version = match (before.get(key), after.get(key)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) if old.version == new.version => {
                let differing = differing(table, old, new);
                assert!(differing.is_empty(), "{id}: {table} {row} moved: {differing:?}");
                continue;
            }
            (_, Some(new)) => Some(new.version),
            (Some(_), None) => None,
            (None, None) => unreachable!("the key came from one of them"),
        };
        let told = entries.iter().any(|entry| {
            let of_it = entry["resource_id"] == **row && entry["resource_type"] == kind(table);
            let action = entry["action"].as_str().unwrap();
            of_it
                && match version {
                    Some(version) => entry["version"] == version,
                    None => action.ends_with(".deleted"),
                }
        });
        assert!(told, "{id}: {table} {row} is at {version:?}, and {entries:#?}");
        moved.insert(*table);
    }
    moved
}

fn differing(table: &str, old: &Row, new: &Row) -> Vec<&'static str> {
    let differ = old.columns.iter().filter(|(name, value)| new.columns.get(*name) != Some(*value));
    differ.map(|(name, _)| *name).filter(|name| !COUNTS.contains(&(table, name))).collect()
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

async fn every_row_that_moves_is_in_the_journal(app: TestApp) {
    let admin = app.admin().await;
    let (done, tables) = <_>::default();
    let mut walk = Walk { app: &app, admin, done, tables };
    things(&mut walk).await;
    articles(&mut walk).await;
    links(&mut walk).await;
    comments(&mut walk).await;
    users(&mut walk).await;
    tree(&mut walk).await;

    for operation in operations() {
        let id = operation.spec["operationId"].as_str().unwrap();
        let known = walk.done.contains(id) || WITHOUT_VERSIONS.contains(&id);
        assert!(operation.method == Method::GET || known, "{operation}: carry out {id} here");
    }
    let versioned: BTreeSet<&str> =
        TABLES.iter().filter(|table| has_versions(table)).map(|table| table.name).collect();
    assert_eq!(walk.tables, versioned, "every table with versions is moved by something");

    // Nothing in the journal is earlier than what stands before it.
    let (mut at, mut cursor) = (String::new(), String::new());
    loop {
        let page = walk.admin.get(&format!("{JOURNAL}{cursor}")).await.expect(200);
        for entry in page["data"].as_array().unwrap() {
            let next = entry["at"].as_str().unwrap();
            assert!(*at <= *next, "{entry:#}");
            next.clone_into(&mut at);
        }
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
}

/// What articles refer to.
async fn things(walk: &mut Walk<'_>) {
    let medium = json!({"kind": "image", "decorative": true});
    walk.whole_life("media", "/manage/v1/media", medium, json!({"caption": "A quay"})).await;
    let credit = json!({"credit_line": "Harbour office"});
    let other = json!({"credit_line": "Ferry office"});
    walk.whole_life("media_credit", "/manage/v1/media-credits", credit, other).await;
    let word = json!({"word": "bargain", "kind": "suspect"});
    walk.whole_life("comment_word", "/manage/v1/comment-words", word, json!({"kind": "banned"}))
        .await;
    let slot = slot("top", &json!([]));
    walk.whole_life("ad_slot", "/manage/v1/ad-slots", slot, json!({"name": "Top"})).await;
}

fn slot(code: &str, sections: &Value) -> Value {
    json!({
        "code": code, "name": code, "placement": "sidebar", "sections": sections,
        "label": {"text": "Ad", "language": "en"}, "provider": {"kind": "none"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
    })
}

async fn articles(walk: &mut Walk<'_>) {
    let world = section(walk.app, "World").await;
    let input = json!({
        "headline": "The ferry sails", "section_id": world["id"], "lead": "It does.",
        "body": [paragraph("At last.")],
    });
    walk.whole_life("article", ARTICLES, input.clone(), json!({"lead": "Or not."})).await;
    let article = at(&walk.admin.post(ARTICLES, input).await.expect(201));
    for (step, body) in [
        ("submit", json!({})),
        ("return", json!({"note": "a second source"})),
        ("submit", json!({})),
        ("recall", json!({})),
        ("submit", json!({})),
        ("approve", json!({})),
        ("publish", json!({})),
        ("unpublish", json!({})),
        ("publish", json!({})),
    ] {
        let of = format!("{step}_article");
        walk.admin(&of, &article, &format!("/actions/{step}"), body).await;
    }
    let later = |seconds: i64| json!({"valid_from": walk.app.in_seconds(seconds)});
    let (soon, later) = (later(600), later(1200));
    walk.admin("publish_article", &article, "/actions/publish", soon).await;
    walk.admin("reschedule_edition", &article, "/editions/3", later).await;
    walk.admin("cancel_edition", &article, "/editions/3", Value::Null).await;
    let links = format!("{article}/related-links");
    let link = json!({"kind": "external", "url": "https://a.example", "title": "A"});
    walk.admin("create_related_link", &links, "", link).await;
    // The text is the same; the links are not.
    walk.admin("restore_edition", &article, "/editions/1/restore", json!({})).await;
    let reason = json!({"reason": "It named a witness."});
    walk.admin("withdraw_edition", &article, "/editions/1/withdraw", reason).await;
    let notice = json!({"notice": "It was not so."});
    walk.admin("retract_article", &article, "/actions/retract", notice).await;
}

async fn links(walk: &mut Walk<'_>) {
    let (admin, world) = (walk.admin.clone(), section(walk.app, "Links").await);
    let article = draft(&admin, &world, "With links").await;
    let links = format!("{}/related-links", at(&article));
    let mut made = Vec::new();
    for name in ["a", "b", "c"] {
        let url = format!("https://{name}.example");
        let link = json!({"kind": "external", "url": url, "title": name});
        made.push(walk.admin("create_related_link", &links, "", link).await);
    }
    let one = format!("{links}/{}", id(&made[0]));
    let link = json!({"kind": "external", "url": "https://d.example", "title": "D"});
    walk.admin("replace_related_link", &one, "", link).await;
    walk.admin("patch_related_link", &one, "", json!({"title": "E"})).await;
    let order = json!({"link_ids": [made[2]["id"], made[1]["id"], made[0]["id"]]});
    walk.admin("reorder_related_links", &at(&article), "/related-links", order).await;
    walk.admin("delete_related_link", &one, "", Value::Null).await;

    // A draft that is deleted takes its own links along, and those that its author may not see.
    let author = walk.app.signed_in(Role::Author).await;
    let doomed = draft(&author, &world, "Never mind").await;
    let link = json!({"kind": "internal", "target_article_id": doomed["id"]});
    let link = walk.admin("create_related_link", &links, "", link).await;
    let boxed = json!({"body": [{"type": "related", "link_ids": [link["id"], made[1]["id"]]}]});
    walk.admin("patch_article", &at(&article), "", boxed).await;
    let own = json!({"kind": "external", "url": "https://a.example", "title": "A"});
    let of_doomed = format!("{}/related-links", at(&doomed));
    walk.by(&author, "create_related_link", &of_doomed, "", own).await;
    walk.by(&author, "delete_article", &at(&doomed), "", Value::Null).await;
    let left = admin.get(&at(&article)).await.expect(200);
    assert_eq!(left["body"][0]["link_ids"], json!([made[1]["id"]]));
}

async fn comments(walk: &mut Walk<'_>) {
    let (admin, anyone) = (walk.admin.clone(), walk.app.anyone());
    let world = section(walk.app, "Talk").await;
    let article = draft(&admin, &world, "Much discussed").await;
    publish(&admin, &article).await;
    let thread = format!("/v1/articles/{}/comments", id(&article));
    let said = |body: &str| json!({"nickname": "Reader", "body": body});
    let first = walk.by(&anyone, "post_comment", &thread, "", said("One.")).await;
    let second = walk.by(&anyone, "post_comment", &thread, "", said("Two.")).await;
    let comment = |of: &Value| format!("/manage/v1/comments/{}", id(of));
    let approve = json!({"decision": "approve"});
    walk.admin("decide_comment", &comment(&first), "/decisions", approve).await;
    let items = json!([{"comment_id": second["id"], "version": 1, "decision": "approve"}]);
    let both = "/manage/v1/comments/decisions";
    walk.admin("decide_comments", both, "", json!({"items": items})).await;
    let reply = json!({"article_id": article["id"], "parent_id": first["id"], "body": "So?"});
    let reply = walk.admin("create_comment", "/manage/v1/comments", "", reply).await;
    walk.admin("delete_comment", &comment(&reply), "", Value::Null).await;
    // The third reader who reports it has it held.
    let report = json!({"kind": "flag", "reason": "spam"});
    let reports = format!("/v1/comments/{}/reports", id(&first));
    for peer in ["203.0.113.1", "203.0.113.2"] {
        let sent = anyone.from(peer).post(&reports, report.clone()).await;
        assert!(sent.status.is_success(), "{}", sent.text);
    }
    walk.by(&anyone.from("203.0.113.3"), "report_comment", &reports, "", report).await;
}

async fn users(walk: &mut Walk<'_>) {
    let user = |email: &str| json!({"email": email, "name": "Ewa Lis", "roles": ["author"], "password": PASSWORD});
    let changed = json!({"name": "Ewa Lis-Nowak"});
    walk.whole_life("user", "/manage/v1/users", user("ewa@example.org"), changed).await;
    let maker = walk.admin("create_user", "/manage/v1/users", "", user("jan@example.org")).await;
    let client = walk.app.sign_in("jan@example.org").await;
    let world = section(walk.app, "Handed on").await;
    let article = draft(&client, &world, "For somebody else").await;
    let medium = client.post("/manage/v1/media", json!({"kind": "image"})).await;
    medium.expect(201);
    let credit = json!({"credit_line": "Jan"});
    client.post("/manage/v1/media-credits", credit).await.expect(201);
    walk.admin.patch(&at(&article), json!({"authors": []})).await.expect(200);
    let password =
        json!({"current_password": PASSWORD, "new_password": "a ferry at half past nine"});
    walk.by(&client, "change_password", "/manage/v1/me/password", "", password).await;
    // What they made stays, and says no more who made it.
    let address = format!("/manage/v1/users/{}", id(&maker));
    walk.admin("delete_user", &address, "", Value::Null).await;
    let left = walk.admin.get(&at(&article)).await.expect(200);
    assert_eq!(left["created_by"], Value::Null);
}

/// The section tree, with all that hangs in it.
async fn tree(walk: &mut Walk<'_>) {
    let (admin, app) = (walk.admin.clone(), walk.app);
    let one = |section: &Value| format!("/manage/v1/sections/{}", id(section));
    let named = |name: &str, parent: &Value| json!({"name": name, "parent_id": parent["id"]});
    let all = "/manage/v1/sections";
    walk.whole_life("section", all, named("Short", &Value::Null), json!({"position": 3})).await;
    let top = walk.admin("create_section", all, "", named("Top", &Value::Null)).await;
    let part = walk.admin("create_section", all, "", named("Part", &top)).await;
    let below = walk.admin("create_section", all, "", named("Below", &part)).await;
    let other = walk.admin("create_section", all, "", named("Other", &Value::Null)).await;
    for (place, name) in [(&part, "In it"), (&part, "Published"), (&below, "Below it")] {
        let article = draft(&admin, place, name).await;
        if name == "Published" {
            publish(&admin, &article).await;
        }
    }
    app.add_user("part@example.org", &[Role::Editor], &[&part["id"]]).await;
    let slot = slot("part", &json!([part["id"], below["id"]]));
    admin.post("/manage/v1/ad-slots", slot).await.expect(201);
    // All that is below moves along.
    walk.admin("patch_section", &one(&part), "", json!({"slug": "piece"})).await;
    walk.admin("patch_section", &one(&part), "", json!({"parent_id": other["id"]})).await;
    let to_top = format!("?reassign_to={}", id(&top));
    walk.admin("delete_section", &one(&part), &to_top, Value::Null).await;
    let limited = app.sign_in("part@example.org").await;
    let me = limited.get("/manage/v1/me").await.expect(200);
    assert_eq!(me["sections"], json!([top["id"]]));
}
