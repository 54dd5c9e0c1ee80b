//! Sections over HTTP, as editors and readers meet them.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, on_both_engines};

on_both_engines! {
    editors_plant_the_tree_that_readers_see,
    a_section_never_stands_below_itself,
    the_tree_has_four_levels_at_the_most,
    a_moved_section_takes_everything_below_it_along,
    a_section_in_use_is_not_deleted_unless_another_takes_over,
    hidden_sections_hide_what_is_below_them,
    refusals_say_which_field_and_why,
    sections_are_listed_page_by_page,
}

const SECTIONS: &str = "/manage/v1/sections";

async fn plant(editor: &Client, name: &str, parent: Option<&Value>) -> Value {
    let parent = parent.map(|parent| &parent["id"]);
    editor.post(SECTIONS, json!({"name": name, "parent_id": parent})).await.expect(201)
}

fn at(section: &Value) -> String {
    format!("{SECTIONS}/{}", section["id"].as_str().unwrap())
}

async fn editors_plant_the_tree_that_readers_see(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let world = plant(&editor, "Świat", None).await;
    let asia = plant(&editor, "Asia", Some(&world)).await;
    assert_eq!(asia["path"], "/swiat/asia");

    let seen = app.anyone().get("/v1/sections").await.expect(200);
    assert_eq!(seen["data"][0]["name"], "Świat");
    assert_eq!(seen["data"][0]["children"][0]["path"], "/swiat/asia");

    let id = asia["id"].as_str().unwrap();
    let seen = app.anyone().get(&format!("/v1/sections/{id}")).await.expect(200);
    let crumbs: Vec<&Value> =
        seen["breadcrumbs"].as_array().unwrap().iter().map(|crumb| &crumb["name"]).collect();
    assert_eq!(crumbs, ["Świat", "Asia"]);
}

async fn a_section_never_stands_below_itself(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let world = plant(&editor, "World", None).await;
    let asia = plant(&editor, "Asia", Some(&world)).await;
    let looped = json!({"parent_id": asia["id"]});
    editor.patch(&at(&world), looped).await.refused(409, "/parent_id", "cycle");
    let looped = json!({"parent_id": world["id"]});
    editor.patch(&at(&world), looped).await.refused(409, "/parent_id", "cycle");
}

async fn the_tree_has_four_levels_at_the_most(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let mut above = plant(&editor, "One", None).await;
    for name in ["Two", "Three", "Four"] {
        above = plant(&editor, name, Some(&above)).await;
    }
    let fifth = json!({"name": "Five", "parent_id": above["id"]});
    editor.post(SECTIONS, fifth).await.refused(422, "/parent_id", "depth");
    let root = plant(&editor, "Root", None).await;
    let one = editor.get(SECTIONS).await.expect(200)["data"][0].clone();
    let moved = json!({"parent_id": root["id"]});
    editor.patch(&at(&one), moved).await.refused(422, "/parent_id", "depth");
}

async fn a_moved_section_takes_everything_below_it_along(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let world = plant(&editor, "World", None).await;
    let asia = plant(&editor, "Asia", Some(&world)).await;
    let japan = plant(&editor, "Japan", Some(&asia)).await;
    let moved = editor.patch(&at(&asia), json!({"parent_id": null, "slug": "far-east"})).await;
    assert_eq!(moved.expect(200)["path"], "/far-east");
    let below = editor.get(&at(&japan)).await.expect(200);
    assert_eq!(below["path"], "/far-east/japan");
    assert_eq!(below["version"], 2, "what it says of itself has changed");
}

async fn a_section_in_use_is_not_deleted_unless_another_takes_over(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let world = plant(&editor, "World", None).await;
    let asia = plant(&editor, "Asia", Some(&world)).await;
    let refusal = editor.delete(&at(&world)).await.expect(409);
    assert_eq!(refusal["errors"][0]["resource"], at(&asia));

    let below = format!("{}?reassign_to={}", at(&world), asia["id"].as_str().unwrap());
    editor.delete(&below).await.refused(400, "reassign_to", "reference");
    let globe = plant(&editor, "Globe", None).await;
    let over = format!("{}?reassign_to={}", at(&world), globe["id"].as_str().unwrap());
    editor.delete(&over).await.expect(204);
    assert_eq!(editor.get(&at(&asia)).await.expect(200)["path"], "/globe/asia");
    editor.get(&at(&world)).await.expect(404);
}

async fn hidden_sections_hide_what_is_below_them(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let world = plant(&editor, "World", None).await;
    let asia = plant(&editor, "Asia", Some(&world)).await;
    editor.patch(&at(&world), json!({"hidden": true})).await.expect(200);
    assert_eq!(app.anyone().get("/v1/sections").await.expect(200), json!({"data": []}));
    let id = asia["id"].as_str().unwrap();
    app.anyone().get(&format!("/v1/sections/{id}")).await.expect(404);
}

async fn refusals_say_which_field_and_why(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let bad = json!({"slug": "No Good", "name": ""});
    let refused = editor.post(SECTIONS, bad).await;
    refused.clone().refused(422, "/slug", "pattern");
    refused.refused(422, "/name", "length");
    let unknown = json!({"name": "World", "colour": "red"});
    editor.post(SECTIONS, unknown).await.refused(422, "/colour", "unknown_member");
    let nul = json!({"name": "Wo\0rld"});
    editor.post(SECTIONS, nul).await.refused(422, "/name", "control");
    plant(&editor, "World", None).await;
    editor.post(SECTIONS, json!({"name": "World"})).await.refused(409, "/slug", "taken");
    let missing = json!({"name": "Asia", "parent_id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    editor.post(SECTIONS, missing).await.refused(422, "/parent_id", "missing");
}

async fn sections_are_listed_page_by_page(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    for name in ["A", "B", "C"] {
        plant(&editor, name, None).await;
    }
    let first = editor.get("/manage/v1/sections?limit=2").await;
    let link = first.header("link").to_owned();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    assert_eq!(first.expect(200)["data"][1]["path"], "/b");
    let rest = editor.get(next).await.expect(200);
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
    editor.get("/manage/v1/sections?limit=0").await.refused(400, "limit", "format");
    editor.get("/manage/v1/sections?cursor=x").await.refused(400, "cursor", "cursor");
    editor.get("/manage/v1/sections?colour=x").await.refused(400, "colour", "unknown_parameter");
}
