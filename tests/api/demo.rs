//! The demo newsroom, filled on every database: what is in it, and what readers get of it.
use std::collections::BTreeSet;

use broadsheet::{cli::demo, db::journal, time::Clock};
use serde_json::{Value, json};

use crate::support::{Client, Engine, TestApp};

mod sqlite {
    use super::Engine;

    #[actix_web::test]
    async fn the_demo_fills_a_whole_newsroom_once() {
        super::the_demo_fills_a_whole_newsroom_once(Engine::Sqlite).await;
    }
}

mod postgres {
    use super::Engine;

    #[actix_web::test]
    async fn the_demo_fills_a_whole_newsroom_once() {
        if Engine::postgres_is_here() {
            super::the_demo_fills_a_whole_newsroom_once(Engine::Postgres).await;
        }
    }
}

async fn the_demo_fills_a_whole_newsroom_once(engine: Engine) {
    let app = TestApp::start_empty(engine, |_| None).await;
    // Filled by a clock that runs: an address that was public for no time at all leaves no
    // redirect.
    let mut state = app.state.clone();
    state.clock = Clock::system();
    assert!(demo::fill(&state).await.unwrap(), "an empty database is filled");
    app.advance(state.clock.now().seconds() - app.now().seconds() + 1);
    let who = json!({"email": "admin@example.org", "password": demo::PASSWORD});
    let tokens = app.anyone().post("/manage/v1/session", who).await.expect(200);
    let admin = app.with_token(tokens["access_token"].as_str().unwrap());

    there_is_some_of_everything(&admin).await;
    the_model_page_comes_out_in_page_order(&app.anyone()).await;
    every_block_and_mark_is_shown(&app.anyone()).await;
    the_addresses_answer_as_they_say(&app).await;

    let changes = || app.state.db.read(|conn| journal::page(conn, 0, None, 10_000));
    let before = changes().await.unwrap().len();
    assert!(before > 100, "every step is in the journal");
    assert!(!demo::fill(&state).await.unwrap(), "where there are users nothing is filled");
    assert_eq!(changes().await.unwrap().len(), before);
}

async fn all(admin: &Client, path: &str) -> Vec<Value> {
    let list = admin.get(&format!("/manage/v1/{path}?limit=100")).await.expect(200);
    assert_eq!(list["next"], Value::Null);
    list["data"].as_array().unwrap().clone()
}

fn distinct<'a>(of: &'a [Value], member: &str) -> BTreeSet<&'a str> {
    of.iter().map(|one| one[member].as_str().unwrap()).collect()
}

async fn there_is_some_of_everything(admin: &Client) {
    let users = all(admin, "users").await;
    let roles: BTreeSet<&str> = users
        .iter()
        .flat_map(|user| user["roles"].as_array().unwrap())
        .map(|role| role.as_str().unwrap())
        .collect();
    assert_eq!(roles.len(), 5, "someone in each role: {roles:?}");

    let sections = all(admin, "sections").await;
    assert!(sections.len() >= 4 && sections.iter().any(|one| !one["parent_id"].is_null()));
    assert!(all(admin, "media-credits").await.len() >= 6);
    let kinds = all(admin, "media").await;
    assert_eq!(distinct(&kinds, "kind").len(), 3, "pictures, films and recordings");
    let slots = all(admin, "ad-slots").await;
    assert_eq!(distinct(&slots, "placement").len(), 6, "ad slots of every placement");

    let articles = all(admin, "articles").await;
    assert!(articles.len() >= 12);
    assert_eq!(distinct(&articles, "language"), BTreeSet::from(["en", "pl"]));
    let states = ["approved", "draft", "in_review", "published", "retracted", "unpublished"];
    assert_eq!(distinct(&articles, "status"), BTreeSet::from(states));
    let mut links = Vec::new();
    for article in &articles {
        let path = format!("articles/{}/related-links", article["id"].as_str().unwrap());
        let of_it = admin.get(&format!("/manage/v1/{path}")).await.expect(200);
        links.extend(of_it["data"].as_array().unwrap().clone());
    }
    assert_eq!(distinct(&links, "kind"), BTreeSet::from(["external", "internal"]));
    let comments = all(admin, "comments").await;
    let states = ["approved", "pending", "rejected"];
    assert_eq!(distinct(&comments, "status"), BTreeSet::from(states));
    assert!(comments.iter().any(|comment| !comment["parent_id"].is_null()));
    let deep = |comment: &&Value| comment["parent_id"] != comment["thread_id"];
    assert!(comments.iter().any(|comment| deep(&comment)), "a reply to a reply");
}

fn types(blocks: &Value) -> Vec<&str> {
    blocks.as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect()
}

/// The values by which the members of a union in the document are told apart.
fn members(union: &str) -> BTreeSet<String> {
    let document: Value = serde_json::from_str(include_str!("../../openapi/openapi.json")).unwrap();
    let at = format!("/components/schemas/{union}/discriminator/mapping");
    document.pointer(&at).unwrap().as_object().unwrap().keys().cloned().collect()
}

/// The `type`s of all objects that stand in a member of this name.
fn types_in(value: &Value, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match value {
        Value::Array(items) => found.extend(items.iter().flat_map(|item| types_in(item, name))),
        Value::Object(object) => {
            for (member, value) in object {
                if let Some(items) = value.as_array().filter(|_| member == name) {
                    let types = items.iter().map(|item| item["type"].as_str().unwrap().to_owned());
                    found.extend(types);
                }
                found.extend(types_in(value, name));
            }
        }
        _ => {}
    }
    found
}

async fn every_block_and_mark_is_shown(reader: &Client) {
    let page = reader.get("/v1/page?path=/english/science/what-we-count-and-how").await.expect(200);
    assert_eq!(types_in(&page, "blocks"), members("PageBlock"));
    assert_eq!(types_in(&page, "marks"), members("Mark"));
    let links = page["blocks"].to_string();
    let path = "/english/river-and-weather/flood-gauges-explained";
    assert_eq!(links.matches(&format!("\"path\":\"{path}\"")).count(), 3, "text, picture, box");
}

fn codes(slots: &Value) -> Vec<&str> {
    slots.as_array().unwrap().iter().map(|slot| slot["code"].as_str().unwrap()).collect()
}

async fn the_model_page_comes_out_in_page_order(reader: &Client) {
    let path = "/miasto/komunikacja/zegluga-i-promy/prom-przez-swierne-nowy-rozklad";
    let page = reader.get(&format!("/v1/page?path={path}")).await.expect(200);
    assert_eq!(page["kind"], "article");
    assert_eq!(page["language"], "pl");
    assert_eq!(page["main_media"]["credit_display"], "Autor. Archiwum Żeglugi Brzegowieckiej");
    let crumbs: Vec<&Value> =
        page["breadcrumbs"].as_array().unwrap().iter().map(|crumb| &crumb["name"]).collect();
    assert_eq!(crumbs, ["Miasto", "Komunikacja miejska", "Żegluga i promy"]);

    let (p, h, ad, box_) = ("paragraph", "heading", "ad_slot", "related");
    let body = [p, ad, h, p, p, box_, h, p, p, p, ad, p, p, h, p, p, box_, p, p, ad, "video"];
    assert_eq!(types(&page["blocks"]), body);
    let blocks = page["blocks"].as_array().unwrap();
    let of_type = |name: &'static str| blocks.iter().filter(move |block| block["type"] == name);
    let ads: Vec<&Value> = of_type(ad).map(|block| &block["slot"]["code"]).collect();
    assert_eq!(ads, ["body_pl_1", "body_pl_2", "video_pl"]);
    let links: Vec<usize> =
        of_type(box_).map(|block| block["links"].as_array().unwrap().len()).collect();
    assert_eq!(links, [1, 2], "every link of the boxes leads somewhere");
    assert_eq!(blocks[20]["role"], "promo");

    assert_eq!(codes(&page["ads"]["before_headline"]), ["top_pl"]);
    assert_eq!(codes(&page["ads"]["after_body"]), ["end_pl"]);
    assert_eq!(codes(&page["ads"]["after_comments"]), ["comments_pl"]);
    assert_eq!(page["comments"]["count"], 4);
    assert_eq!(page["comments"]["data"].as_array().unwrap().len(), 4);
}

/// The addresses that the demo prints: a page of each kind.
async fn the_addresses_answer_as_they_say(app: &TestApp) {
    let mut kinds = BTreeSet::new();
    for (label, path) in demo::addresses().unwrap() {
        let answer = app.anyone().get(&format!("/v1/page?path={path}")).await;
        let expected = if label.contains("410") { 410 } else { 200 };
        let kind = answer.expect(expected)["kind"].as_str().unwrap().to_owned();
        kinds.insert(kind);
    }
    let every = ["article", "gone", "home", "redirect", "section"];
    assert_eq!(kinds, every.map(str::to_owned).into());
}
