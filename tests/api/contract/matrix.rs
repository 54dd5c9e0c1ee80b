//! The whole matrix: every role at every operation, at what is theirs and at what is another's,
//! inside of their sections and outside. The operations come from the document and the grants
//! from the permission table; which rule goes beyond the grant is said here, once for each
//! operation, and an operation that is not named fails.
use std::collections::{BTreeSet, HashMap};

use actix_web::http::Method;
use broadsheet::auth::roles::{Role, TABLE};
use serde_json::{Value, json};

use self::{Rule::*, What::*};
use super::{Operation, operations};
use crate::{
    articles,
    support::{Answer, Client, PASSWORD, TestApp, on_both_engines},
};

on_both_engines! { every_cell_of_the_matrix_is_answered_as_the_table_says }

/// What an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Nothing,
    Draft,
    Link,
    Published,
    Section,
    Comment,
    Word,
    Medium,
    Credit,
    AdSlot,
    User,
    SignIn,
}

/// What has to hold beside the grant.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// Nothing.
    Granted,
    /// It is in a section of theirs, or goes into one.
    Placed,
    /// It is in a section that they edit, or their own; of all else they do not even hear.
    DeskOrOwn,
    /// It is in a section that they edit; they hear of their own as well.
    Desk,
    /// Authors: it was made by them.
    Made,
    /// It is their own; of others' only administrators hear.
    AdminOrOwn,
}

const MATRIX: &[(What, Rule, &[&str])] = &[
    (Nothing, Granted, &["read_me", "change_password", "sign_out", "list_sessions"]),
    (Nothing, Granted, &["sign_out_everywhere", "enrol_second_factor", "confirm_second_factor"]),
    (Nothing, Granted, &["renew_recovery_codes", "disable_second_factor"]),
    (Nothing, Granted, &["list_ad_slots", "create_ad_slot", "list_articles", "list_authors"]),
    (Nothing, Granted, &["list_comments", "decide_comments", "list_reports", "list_changes"]),
    (Nothing, Granted, &["list_media", "create_media", "list_media_credits"]),
    (Nothing, Granted, &["create_media_credit", "list_sections"]),
    (Nothing, Granted, &["list_users", "create_user"]),
    (Nothing, Placed, &["create_article", "create_section"]),
    (Draft, DeskOrOwn, &["read_article", "replace_article", "patch_article", "delete_article"]),
    (Draft, DeskOrOwn, &["submit_article", "recall_article", "list_editions", "preview_article"]),
    (Draft, DeskOrOwn, &["list_related_links", "create_related_link", "reorder_related_links"]),
    (Draft, DeskOrOwn, &["list_article_referrers"]),
    (Draft, Desk, &["approve_article", "return_article", "publish_article"]),
    (Link, DeskOrOwn, &["read_related_link", "replace_related_link", "patch_related_link"]),
    (Link, DeskOrOwn, &["delete_related_link"]),
    (Published, DeskOrOwn, &["read_edition"]),
    (Published, Desk, &["restore_edition", "unpublish_article", "retract_article"]),
    (Published, Desk, &["withdraw_edition", "cancel_edition", "reschedule_edition"]),
    (Published, Granted, &["create_comment"]),
    (Comment, Granted, &["read_comment", "decide_comment", "delete_comment"]),
    (Nothing, Granted, &["list_comment_words", "create_comment_word"]),
    (Word, Granted, &["read_comment_word", "replace_comment_word", "patch_comment_word"]),
    (Word, Granted, &["delete_comment_word"]),
    (Section, Granted, &["read_section"]),
    (Section, Placed, &["replace_section", "patch_section", "delete_section"]),
    (Medium, Granted, &["read_media"]),
    (Medium, Made, &["replace_media", "patch_media", "delete_media"]),
    (Credit, Granted, &["read_media_credit"]),
    (Credit, Made, &["replace_media_credit", "patch_media_credit", "delete_media_credit"]),
    (AdSlot, Granted, &["read_ad_slot", "replace_ad_slot", "patch_ad_slot", "delete_ad_slot"]),
    (User, Granted, &["read_user", "replace_user", "patch_user", "delete_user"]),
    (User, Granted, &["list_user_sessions", "end_sessions", "reset_second_factor"]),
    (SignIn, AdminOrOwn, &["end_session"]),
];

/// Operations after which the caller has to sign in again.
const LAST: &[&str] = &["end_sessions", "sign_out", "sign_out_everywhere"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Cell {
    role: Role,
    own: bool,
    inside: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Forbidden,
    Hidden,
}

/// Whose it is and where, as far as there is something.
fn places(what: What, rule: Rule) -> &'static [(bool, bool)] {
    match (what, rule) {
        (Nothing, Granted) => &[(true, true)],
        _ => &[(true, true), (true, false), (false, true), (false, false)],
    }
}

fn id_of(operation: &Operation) -> &'static str {
    operation.spec["operationId"].as_str().unwrap()
}

/// The row of every guarded operation.
fn rows() -> Vec<(Operation, What, Rule)> {
    let guarded = operations().into_iter().filter(Operation::is_guarded);
    let mut rows: Vec<_> = guarded
        .map(|operation| {
            let id = id_of(&operation);
            let mut named = MATRIX.iter().filter(|(.., ids)| ids.contains(&id));
            let row = named.next().unwrap_or_else(|| panic!("{operation}: {id} is in no row"));
            assert!(named.next().is_none(), "{id} is in two rows");
            (operation, row.0, row.1)
        })
        .collect();
    let known: BTreeSet<&str> = rows.iter().map(|(operation, ..)| id_of(operation)).collect();
    for id in MATRIX.iter().flat_map(|(.., ids)| *ids) {
        assert!(known.contains(id), "{id} is no operation any more");
    }
    rows.sort_by_key(|(operation, ..)| LAST.contains(&id_of(operation)));
    rows
}

fn may(role: Role, permission: &str) -> bool {
    TABLE.iter().any(|(name, roles)| *name == permission && roles.contains(&role))
}

fn expected(operation: &Operation, rule: Rule, Cell { role, own, inside }: Cell) -> Verdict {
    if !operation.permission().is_none_or(|permission| may(role, permission)) {
        return Verdict::Forbidden;
    }
    let desk = role == Role::Admin || (role == Role::Editor && inside);
    match rule {
        Placed if role != Role::Admin && !inside => Verdict::Forbidden,
        Made if role == Role::Author && !own => Verdict::Forbidden,
        DeskOrOwn | Desk if !desk && !own => Verdict::Hidden,
        AdminOrOwn if role != Role::Admin && !own => Verdict::Hidden,
        Desk if !desk => Verdict::Forbidden,
        Granted | Placed | Made | DeskOrOwn | Desk | AdminOrOwn => Verdict::Passed,
    }
}

fn verdict(answer: &Answer) -> Verdict {
    match answer.status.as_u16() {
        403 => Verdict::Forbidden,
        404 => Verdict::Hidden,
        401 => panic!("the token is over: {}", answer.text),
        // Whatever else is wrong with the request: who may not do it hears nothing of that.
        _ => Verdict::Passed,
    }
}

async fn every_cell_of_the_matrix_is_answered_as_the_table_says(app: TestApp) {
    let mut newsroom = Newsroom::open(&app).await;
    let mut cells = 0;
    for (operation, what, rule) in rows() {
        for role in Role::ALL {
            for (own, inside) in places(what, rule) {
                let cell = Cell { role: *role, own: *own, inside: *inside };
                let answer = newsroom.ask(&operation, what, cell).await;
                let (said, right) = (verdict(&answer), expected(&operation, rule, cell));
                assert_eq!(said, right, "{operation} as {cell:?}: {}", answer.text);
                if let Some(missing) = operation.permission().filter(|name| !may(*role, name)) {
                    assert!(answer.text.contains(missing), "{operation} hides {missing}");
                }
                cells += 1;
            }
        }
    }
    assert!(cells >= 700, "{cells} cells");
}

/// A newsroom with somebody in every role. Editor and author are limited to a section.
struct Newsroom<'a> {
    app: &'a TestApp,
    admin: Client,
    users: HashMap<Role, Value>,
    sections: [Value; 2],
    /// What stands where, as long as it is as it was made.
    targets: HashMap<(What, Cell), Target>,
    count: usize,
}

/// Something to act on: its address, and what else of it is asked for.
#[derive(Debug, Clone, Default)]
struct Target {
    at: String,
    id: Value,
    link: Value,
}

fn email(role: Role) -> String {
    format!("{role}@matrix.example.org")
}

impl<'a> Newsroom<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let mut sections = Vec::new();
        for name in ["Inside", "Outside"] {
            let section = json!({"name": name, "comments_mode": "pre"});
            sections.push(admin.post("/manage/v1/sections", section).await.expect(201));
        }
        let sections: [Value; 2] = sections.try_into().unwrap();
        let mut users = HashMap::new();
        for role in Role::ALL {
            let limited = [Role::Editor, Role::Author].contains(role);
            let own: &[&Value] = if limited { &[&sections[0]["id"]] } else { &[] };
            users.insert(*role, app.add_user(&email(*role), &[*role], own).await);
        }
        Self { app, admin, users, sections, targets: HashMap::new(), count: 0 }
    }

    /// What the operation answers to the cell's role, sent to what the cell is about.
    async fn ask(&mut self, operation: &Operation, what: What, cell: Cell) -> Answer {
        let client = self.app.sign_in(&email(cell.role)).await;
        let target = self.target(what, cell, &client).await;
        let address = operation.address_with(|name| {
            let value = match name {
                "id" => &target.id,
                "link_id" => &target.link,
                "number" => return Some("1".to_owned()),
                _ => return None,
            };
            value.as_str().map(str::to_owned)
        });
        let client = match (operation.takes("If-Match"), what) {
            (false, _) => client,
            // Nobody in the matrix is to change.
            (true, User) => client.with("if-match", "\"0\""),
            (true, _) => {
                let there = self.admin.get(&target.at).await;
                client.with("if-match", there.header("etag"))
            }
        };
        let body = operation.json_body().map(|body| self.fitting(body.example, cell, &target));
        let answer = operation.send(&client, &address, body.as_ref()).await;
        if operation.method != Method::GET && answer.status.is_success() {
            self.targets.remove(&(what, cell));
            if LAST.contains(&id_of(operation)) {
                // Whoever acts next signs in again.
                self.app.advance(0);
            }
        }
        answer
    }

    /// The example of the document, about the cell's section and article.
    fn fitting(&self, mut body: Value, cell: Cell, target: &Target) -> Value {
        if body.get("headline").is_some() {
            body["section_id"] = self.section(cell)["id"].clone();
            body["authors"] = self.authors(cell);
        }
        if body.get("comments_mode").is_some() {
            body["parent_id"] = self.section(cell)["id"].clone();
        }
        if body.get("article_id").is_some() {
            body["article_id"] = target.id.clone();
        }
        body
    }

    fn section(&self, cell: Cell) -> &Value {
        &self.sections[usize::from(!cell.inside)]
    }

    fn authors(&self, cell: Cell) -> Value {
        let other = if cell.role == Role::Admin { Role::Editor } else { Role::Admin };
        json!([self.users[if cell.own { &cell.role } else { &other }]["id"]])
    }

    async fn target(&mut self, what: What, cell: Cell, client: &Client) -> Target {
        if let Some(known) = self.targets.get(&(what, cell)) {
            return known.clone();
        }
        self.count += 1;
        let made = self.make(what, cell, client).await;
        self.targets.insert((what, cell), made.clone());
        made
    }

    async fn make(&self, what: What, cell: Cell, client: &Client) -> Target {
        let number = self.count;
        // Whoever may not make such a thing has none of their own.
        let maker = match cell.role {
            Role::Admin | Role::Editor | Role::Author if cell.own => client,
            _ => &self.admin,
        };
        let (by, collection, body) = match what {
            Nothing => return Target::default(),
            User => {
                let other = if cell.role == Role::Admin { Role::Editor } else { Role::Admin };
                let user = &self.users[if cell.own { &cell.role } else { &other }];
                return made("/manage/v1/users", user);
            }
            SignIn => {
                let other = if cell.role == Role::Admin { Role::Editor } else { Role::Admin };
                return self.sign_in(if cell.own { cell.role } else { other }).await;
            }
            Draft => return self.draft(cell).await,
            Link => {
                let draft = self.draft(cell).await;
                let link =
                    json!({"kind": "external", "title": "Tides", "url": "https://a.example"});
                let links = format!("{}/related-links", draft.at);
                let link = self.admin.post(&links, link).await.expect(201);
                let at = format!("{links}/{}", link["id"].as_str().unwrap());
                return Target { at, link: link["id"].clone(), ..draft };
            }
            Published => return self.published(cell).await,
            Comment => {
                let article = self.published(cell).await.id;
                let comment = json!({"article_id": article, "body": "Well observed."});
                (&self.admin, "/manage/v1/comments", comment)
            }
            Word => {
                let word = json!({"word": format!("word {number}"), "kind": "suspect"});
                (&self.admin, "/manage/v1/comment-words", word)
            }
            Section => {
                let parent = &self.section(cell)["id"];
                let section = json!({"name": format!("Part {number}"), "parent_id": parent});
                (&self.admin, "/manage/v1/sections", section)
            }
            Medium => (maker, "/manage/v1/media", json!({"kind": "image"})),
            Credit => (maker, "/manage/v1/media-credits", json!({"credit_line": "Harbour office"})),
            AdSlot => {
                let slot = json!({"code": format!("slot_{number}"), "name": "Slot",
                    "placement": "sidebar", "label": {"text": "Ad", "language": "en"},
                    "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
                    "provider": {"kind": "direct"}});
                (&self.admin, "/manage/v1/ad-slots", slot)
            }
        };
        made(collection, &by.post(collection, body).await.expect(201))
    }

    /// One more sign-in of whoever has the role.
    async fn sign_in(&self, role: Role) -> Target {
        let who = json!({"email": email(role), "password": PASSWORD});
        let tokens = self.app.anyone().post("/manage/v1/session", who).await.expect(200);
        let client = self.app.with_token(tokens["access_token"].as_str().unwrap());
        let listed = client.get("/manage/v1/sessions").await.expect(200);
        let mut listed = listed["data"].as_array().unwrap().iter();
        let current = listed.find(|one| one["current"] == true).unwrap();
        made("/manage/v1/sessions", current)
    }

    async fn draft(&self, cell: Cell) -> Target {
        let article = json!({
            "headline": format!("Article {}", self.count), "lead": "What it is about.",
            "section_id": self.section(cell)["id"], "authors": self.authors(cell),
            "body": [articles::paragraph("The first paragraph.")],
        });
        made(articles::ARTICLES, &self.admin.post(articles::ARTICLES, article).await.expect(201))
    }

    async fn published(&self, cell: Cell) -> Target {
        let draft = self.draft(cell).await;
        articles::publish(&self.admin, &json!({"id": draft.id})).await;
        draft
    }
}

fn made(collection: &str, resource: &Value) -> Target {
    let id = resource["id"].clone();
    Target { at: format!("{collection}/{}", id.as_str().unwrap()), id, link: Value::Null }
}
