//! Ad slots over HTTP, as ad managers and readers meet them.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, on_both_engines};

on_both_engines! {
    an_ad_slot_comes_back_as_it_was_sent,
    what_is_left_out_is_what_it_is_by_default,
    ad_managers_and_editors_keep_to_their_sides,
    refusals_say_which_field_and_why,
    a_size_mapping_starts_at_nothing_and_ascends,
    a_rule_is_for_the_body_alone,
    a_slot_ends_after_it_starts,
    sections_must_exist_and_hold_their_slots,
    an_unused_slot_can_change_its_code_and_go,
    slots_are_listed_by_code,
    readers_get_what_is_active_now,
    answers_are_kept_no_longer_than_they_hold,
    a_slot_limited_to_sections_shows_in_those_and_below,
    the_journal_names_what_a_change_makes_stale,
}

const SLOTS: &str = "/manage/v1/ad-slots";
const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A slot with these members on top of the necessary ones.
fn slot(code: &str, members: Value) -> Value {
    let mut slot = json!({
        "code": code, "name": "A place", "placement": "sidebar",
        "label": {"text": "Reklama", "language": "pl"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
        "provider": {"kind": "direct"},
    });
    let Value::Object(members) = members else { panic!("members make an object") };
    slot.as_object_mut().unwrap().extend(members);
    slot
}

async fn placed(client: &Client, code: &str, members: Value) -> Value {
    client.post(SLOTS, slot(code, members)).await.expect(201)
}

fn at(slot: &Value) -> String {
    format!("{SLOTS}/{}", slot["id"].as_str().unwrap())
}

/// The codes of the slots that readers get.
async fn shown(app: &TestApp, query: &str) -> Vec<String> {
    let seen = app.anyone().get(&format!("/v1/ad-slots{query}")).await.expect(200);
    let code = |slot: &Value| slot["code"].as_str().unwrap().to_owned();
    seen["data"].as_array().unwrap().iter().map(code).collect()
}

async fn an_ad_slot_comes_back_as_it_was_sent(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let sent = json!({
        "code": "body_rectangle", "name": "Rectangle in the body", "placement": "in_body",
        "label": {"text": "Reklama", "language": "pl"},
        "size_mapping": [
            {"min_viewport": [0, 0], "sizes": [], "fluid": false},
            {"min_viewport": [640, 0], "sizes": [[300, 250], [320, 100]], "fluid": true},
            {"min_viewport": [640, 480], "sizes": [[750, 200]], "fluid": false},
        ],
        "provider": {"kind": "gam", "ad_unit_path": "/1234567,89/news/body"},
        "targeting": {"page": ["article"], "topic": ["ports", "łodzie"]},
        "sections": [], "rule": {"after_every": 5, "max": 3}, "lazy": true,
        "starts_at": "2026-06-01T00:00:00.000Z", "ends_at": "2026-07-01T00:00:00.000Z",
        "active": true,
    });
    let answer = manager.post(SLOTS, sent.clone()).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let made = answer.expect(201);
    assert_eq!(location, at(&made));
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(manager.get(&location).await.expect(200), made);

    // Keys are of one's own choosing, so that any may be missing already.
    let changed = json!({"targeting": {"topic": null, "weather": null}, "lazy": false});
    let changed = manager.patch(&location, changed).await.expect(200);
    assert_eq!(changed["targeting"], json!({"page": ["article"]}));
    let replaced = manager.put(&location, slot("body_rectangle", json!({}))).await.expect(200);
    assert_eq!((&replaced["rule"], &replaced["starts_at"]), (&Value::Null, &Value::Null));
    assert_eq!(replaced["targeting"], json!({}));
    assert_eq!(replaced["active"], true);
    assert_eq!(replaced["version"], 3);

    let seen = app.anyone().get("/v1/ad-slots").await.expect(200)["data"][0].clone();
    assert_eq!(seen["label"]["text"], "Reklama");
    assert_eq!(seen["size_mapping"], replaced["size_mapping"]);
    assert_eq!(seen.get("name"), None, "names are for the newsroom");
}

async fn what_is_left_out_is_what_it_is_by_default(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let least = json!({"code": "top", "name": "Top", "placement": "sidebar"});
    let default = json!({
        "label": {"text": "Advertisement", "language": "en"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [], "fluid": true}],
        "provider": {"kind": "none", "ad_unit_path": null},
        "targeting": {}, "sections": [], "rule": null, "lazy": false, "active": true,
    });
    let is_default = |slot: &Value, but: &[&str]| {
        for (name, value) in default.as_object().unwrap() {
            let kept = but.contains(&name.as_str());
            assert_eq!(&slot[name] == value, !kept, "{name}: {}", slot[name]);
        }
    };
    let made = manager.post(SLOTS, least.clone()).await.expect(201);
    is_default(&made, &[]);

    // A patch leaves what it does not name, and null takes back what was chosen.
    let chosen = json!({
        "label": {"text": "Reklama", "language": "pl"}, "provider": {"kind": "direct"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
    });
    manager.patch(&at(&made), chosen).await.expect(200);
    let renamed = manager.patch(&at(&made), json!({"name": "Upper"})).await.expect(200);
    is_default(&renamed, &["label", "provider", "size_mapping"]);
    assert_eq!(renamed["size_mapping"][0]["fluid"], false);
    let back = manager.patch(&at(&made), json!({"label": null})).await.expect(200);
    is_default(&back, &["provider", "size_mapping"]);
    let replaced = manager.put(&at(&made), least).await.expect(200);
    is_default(&replaced, &[]);
    let seen = app.anyone().get("/v1/ad-slots").await.expect(200)["data"][0].clone();
    for name in ["label", "size_mapping", "provider"] {
        assert_eq!(seen[name], default[name], "{name}");
    }
}

async fn ad_managers_and_editors_keep_to_their_sides(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let made = placed(&manager, "top", json!({})).await;
    for role in [Role::Editor, Role::Author, Role::Moderator] {
        let client = app.signed_in(role).await;
        // Bodies name slots; comments do not.
        let reads = if role == Role::Moderator { 403 } else { 200 };
        client.get(&at(&made)).await.expect(reads);
        let refusal = client.post(SLOTS, slot("mine", json!({}))).await.expect(403);
        assert!(refusal["detail"].as_str().unwrap().contains("ads:write"));
        client.patch(&at(&made), json!({"lazy": true})).await.expect(403);
        client.delete(&at(&made)).await.expect(403);
    }
    let text = json!({"name": "World"});
    manager.post("/manage/v1/sections", text).await.expect(403);
    app.admin().await.patch(&at(&made), json!({"lazy": true})).await.expect(200);
    app.anyone().get(SLOTS).await.expect(401);
}

async fn refusals_say_which_field_and_why(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let many: serde_json::Map<_, _> = (0..21).map(|n| (format!("k{n}"), json!(["v"]))).collect();
    let cases = [
        (json!({"code": "Top"}), "/code", "pattern"),
        (json!({"code": "1st"}), "/code", "pattern"),
        (json!({"code": "x".repeat(65)}), "/code", "pattern"),
        (json!({"name": " "}), "/name", "blank"),
        (json!({"placement": "ceiling"}), "/placement", "type"),
        (json!({"label": {"text": "", "language": "pl"}}), "/label/text", "length"),
        (json!({"label": {"text": "Ad", "language": "english"}}), "/label/language", "pattern"),
        (json!({"label": null}), "/label", "type"),
        (json!({"provider": {"kind": "pigeon"}}), "/provider/kind", "type"),
        (
            json!({"provider": {"kind": "gam", "ad_unit_path": "news/top"}}),
            "/provider/ad_unit_path",
            "pattern",
        ),
        (
            json!({"provider": {"kind": "gam", "ad_unit_path": "/1234567/"}}),
            "/provider/ad_unit_path",
            "pattern",
        ),
        (json!({"targeting": {"k": []}}), "/targeting/k", "length"),
        (json!({"targeting": {"k/y": ["v", "x".repeat(41)]}}), "/targeting/k~1y/1", "length"),
        (
            json!({"targeting": {"a key of 21 letters..": ["v"]}}),
            "/targeting/a key of 21 letters..",
            "length",
        ),
        (json!({"targeting": many}), "/targeting", "length"),
        (json!({"sections": [NOWHERE]}), "/sections/0", "missing"),
        (json!({"colour": "red"}), "/colour", "unknown_member"),
    ];
    for (members, place, code) in cases {
        manager.post(SLOTS, slot("top", members)).await.refused(422, place, code);
    }
    let unnamed = json!({"code": "top", "placement": "sidebar"});
    manager.post(SLOTS, unnamed).await.refused(422, "/name", "required");
    placed(&manager, "top", json!({})).await;
    manager.post(SLOTS, slot("top", json!({}))).await.refused(409, "/code", "taken");
    let other = placed(&manager, "side", json!({})).await;
    manager.patch(&at(&other), json!({"code": "top"})).await.refused(409, "/code", "taken");
}

async fn a_size_mapping_starts_at_nothing_and_ascends(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let from = |width: u32, height: u32| json!({"min_viewport": [width, height], "sizes": []});
    let sized = |sizes: Value| json!([{"min_viewport": [0, 0], "sizes": sizes}]);
    let cases = [
        (json!([]), "/size_mapping", "length"),
        (json!([from(1, 0)]), "/size_mapping/0/min_viewport", "start"),
        (json!([from(0, 0), from(0, 0)]), "/size_mapping/1/min_viewport", "ascending"),
        (
            json!([from(0, 0), from(800, 0), from(640, 900)]),
            "/size_mapping/2/min_viewport",
            "ascending",
        ),
        (json!([from(0, 0), from(10_001, 0)]), "/size_mapping/1/min_viewport/0", "range"),
        (sized(json!([[300, 250], [0, 50]])), "/size_mapping/0/sizes/1/0", "range"),
        (sized(json!([[300]])), "/size_mapping/0/sizes/0", "type"),
        (sized(json!([[300, 250, 1]])), "/size_mapping/0/sizes/0", "type"),
        (sized(json!(vec![[1, 1]; 21])), "/size_mapping/0/sizes", "length"),
        (sized(json!(["fluid"])), "/size_mapping/0/sizes/0", "type"),
    ];
    for (mapping, place, code) in cases {
        let wrong = slot("top", json!({"size_mapping": mapping}));
        manager.post(SLOTS, wrong).await.refused(422, place, code);
    }
    let off_between = json!([from(0, 0), from(0, 500), from(300, 0)]);
    placed(&manager, "top", json!({"size_mapping": off_between})).await;
}

async fn a_rule_is_for_the_body_alone(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let rule = json!({"after_every": 4, "max": 2});
    let outside = slot("top", json!({"placement": "after_body", "rule": rule}));
    manager.post(SLOTS, outside).await.refused(422, "/rule", "placement");
    let never = slot("top", json!({"placement": "in_body", "rule": {"after_every": 0, "max": 1}}));
    manager.post(SLOTS, never).await.refused(422, "/rule/after_every", "range");
    let made = placed(&manager, "top", json!({"placement": "in_body", "rule": rule})).await;
    let moved = json!({"placement": "sidebar"});
    manager.patch(&at(&made), moved).await.refused(422, "/rule", "placement");
    let moved = json!({"placement": "sidebar", "rule": null});
    manager.patch(&at(&made), moved).await.expect(200);
}

async fn a_slot_ends_after_it_starts(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let now = app.in_seconds(0);
    let never = slot("top", json!({"starts_at": now, "ends_at": now}));
    manager.post(SLOTS, never).await.refused(422, "/ends_at", "order");
    let made = placed(&manager, "top", json!({"starts_at": now})).await;
    let back = json!({"ends_at": app.in_seconds(-60)});
    manager.patch(&at(&made), back).await.refused(422, "/ends_at", "order");
}

async fn planted(app: &TestApp, name: &str, parent: Option<&Value>) -> Value {
    let section = json!({"name": name, "parent_id": parent.map(|parent| &parent["id"])});
    app.admin().await.post("/manage/v1/sections", section).await.expect(201)
}

async fn sections_must_exist_and_hold_their_slots(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let world = planted(&app, "World", None).await;
    let limited = json!({"sections": [world["id"], NOWHERE]});
    manager.post(SLOTS, slot("top", limited)).await.refused(422, "/sections/1", "missing");
    let made = placed(&manager, "top", json!({"sections": [world["id"]]})).await;
    let lost = json!({"sections": [NOWHERE]});
    manager.patch(&at(&made), lost).await.refused(422, "/sections/0", "missing");
    let section = format!("/manage/v1/sections/{}", world["id"].as_str().unwrap());
    let refusal = app.admin().await.delete(&section).await.expect(409);
    assert_eq!(refusal["errors"][0]["resource"], at(&made));
}

async fn an_unused_slot_can_change_its_code_and_go(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let made = placed(&manager, "top", json!({})).await;
    let renamed = manager.patch(&at(&made), json!({"code": "upper"})).await.expect(200);
    assert_eq!(renamed["code"], "upper");
    placed(&manager, "top", json!({})).await;
    manager.delete(&at(&made)).await.expect(204);
    manager.get(&at(&made)).await.expect(404);
    assert_eq!(shown(&app, "").await, ["top"]);
}

async fn slots_are_listed_by_code(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    for (code, active) in [("c", true), ("a", true), ("b", false)] {
        placed(&manager, code, json!({"active": active})).await;
    }
    let first = manager.get(&format!("{SLOTS}?limit=2")).await.expect(200);
    assert_eq!((&first["data"][0]["code"], &first["data"][1]["code"]), (&json!("a"), &json!("b")));
    let rest = format!("{SLOTS}?cursor={}", first["next"].as_str().unwrap());
    assert_eq!(manager.get(&rest).await.expect(200)["data"][0]["code"], "c");
    let inactive = manager.get(&format!("{SLOTS}?active=false")).await.expect(200);
    assert_eq!(inactive["data"][0]["code"], "b");
    assert_eq!(inactive["next"], Value::Null);
    let top = manager.get(&format!("{SLOTS}?placement=after_lead")).await.expect(200);
    assert_eq!(top["data"], json!([]));
    manager.get(&format!("{SLOTS}?placement=x")).await.refused(400, "placement", "format");
}

async fn readers_get_what_is_active_now(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    placed(&manager, "always", json!({})).await;
    placed(&manager, "ends", json!({"ends_at": app.in_seconds(100)})).await;
    placed(&manager, "off", json!({"active": false})).await;
    placed(&manager, "starts", json!({"starts_at": app.in_seconds(100)})).await;
    placed(&manager, "under", json!({"placement": "after_body"})).await;
    assert_eq!(shown(&app, "").await, ["always", "ends", "under"]);
    assert_eq!(shown(&app, "?placement=after_body").await, ["under"]);
    app.advance(200);
    assert_eq!(shown(&app, "").await, ["always", "starts", "under"]);
    let wrong = app.anyone().get("/v1/ad-slots?colour=red").await;
    wrong.refused(400, "colour", "unknown_parameter");
}

async fn answers_are_kept_no_longer_than_they_hold(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let made = placed(&manager, "top", json!({})).await;
    placed(&manager, "later", json!({"starts_at": app.in_seconds(10)})).await;
    let answer = app.anyone().get("/v1/ad-slots").await;
    let tags = format!("ad-slots,ad-slot:{}", made["id"].as_str().unwrap());
    assert_eq!(answer.header("cache-tag"), tags);
    let freshness = answer.header("cache-control");
    let age = freshness.split("max-age=").nth(1).unwrap().split(',').next().unwrap();
    assert!(age.parse::<u32>().unwrap() < 10, "{freshness}");
    let known = app.anyone().with("if-none-match", answer.header("etag"));
    known.get("/v1/ad-slots").await.expect(304);
}

async fn a_slot_limited_to_sections_shows_in_those_and_below(app: TestApp) {
    let manager = app.signed_in(Role::AdManager).await;
    let world = planted(&app, "World", None).await;
    let asia = planted(&app, "Asia", Some(&world)).await;
    planted(&app, "Sport", None).await;
    placed(&manager, "everywhere", json!({})).await;
    placed(&manager, "in_asia", json!({"sections": [asia["id"]]})).await;
    placed(&manager, "in_world", json!({"sections": [world["id"]]})).await;
    assert_eq!(shown(&app, "?section=/world").await, ["everywhere", "in_world"]);
    assert_eq!(shown(&app, "?section=/world/asia").await, ["everywhere", "in_asia", "in_world"]);
    assert_eq!(shown(&app, "?section=/sport").await, ["everywhere"]);
    let asia = asia["id"].as_str().unwrap();
    assert_eq!(shown(&app, &format!("?section={asia}")).await.len(), 3);

    app.anyone().get("/v1/ad-slots?section=/moon").await.expect(404);
    app.anyone().get(&format!("/v1/ad-slots?section={NOWHERE}")).await.expect(404);
    let world = format!("/manage/v1/sections/{}", world["id"].as_str().unwrap());
    app.admin().await.patch(&world, json!({"hidden": true})).await.expect(200);
    app.anyone().get(&format!("/v1/ad-slots?section={asia}")).await.expect(404);
}

async fn the_journal_names_what_a_change_makes_stale(app: TestApp) {
    use broadsheet::db::journal;
    let manager = app.signed_in(Role::AdManager).await;
    let made = placed(&manager, "top", json!({})).await;
    manager.patch(&at(&made), json!({"provider": {"kind": "none"}})).await.expect(200);
    manager.patch(&at(&made), json!({"active": false})).await.expect(200);
    let changes = app.state.db.read(|conn| journal::page(conn, 0, None, 100)).await.unwrap();
    let own = format!("ad-slot:{}", made["id"].as_str().unwrap());
    let tags: Vec<_> = changes.iter().rev().take(3).map(|change| change.tags.0.clone()).collect();
    assert_eq!(tags[2], ["ad-slots"]);
    assert_eq!(tags[1], [own.as_str()], "it stands where it stood");
    assert_eq!(tags[0], [own.as_str(), "ad-slots"]);
}
