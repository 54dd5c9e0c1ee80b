//! Ads that rules put into bodies, as readers get them.
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, paragraph, publish, section},
    support::{Client, TestApp, on_both_engines},
};

on_both_engines! {
    ads_stand_where_they_part_nothing,
    a_pinned_ad_starts_the_count_anew,
    rules_share_a_body,
    a_slot_that_is_not_shown_takes_no_place,
    a_pinned_ad_that_is_not_shown_counts_for_nothing,
}

const SLOTS: &str = "/manage/v1/ad-slots";

async fn slot(admin: &Client, code: &str, members: Value) -> Value {
    let mut slot = json!({"code": code, "name": code, "placement": "in_body"});
    slot.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    admin.post(SLOTS, slot).await.expect(201)
}

fn ruled(after_every: u16, max: u16) -> Value {
    json!({"rule": {"after_every": after_every, "max": max}})
}

fn heading() -> Value {
    json!({"type": "heading", "level": 2, "text": [{"text": "What happened"}]})
}

fn list() -> Value {
    json!({"type": "list", "style": "unordered", "items": [{"text": [{"text": "One"}]}]})
}

/// A published article of these blocks, and what readers see of it: the ids of its ads, and `-`
/// for everything else.
async fn shown(app: &TestApp, body: &[Value]) -> String {
    let admin = app.admin().await;
    let world = section(app, &format!("World {}", body.len())).await;
    let article = json!({"headline": "Rules", "section_id": world["id"], "body": body});
    let article = admin.post(ARTICLES, article).await.expect(201);
    let done = publish(&admin, &article).await;
    let path = done["article"]["path"].as_str().unwrap();
    let page = app.anyone().get(&format!("/v1/page?path={path}")).await.expect(200);
    let preview = admin.get(&format!("{}/preview", at(&article))).await.expect(200);
    assert_eq!(preview["blocks"], page["blocks"], "editors see beforehand what readers get");
    let id = |block: &Value| {
        let is_ad = block["type"] == "ad_slot";
        if is_ad { block["id"].as_str().unwrap().to_owned() } else { "-".to_owned() }
    };
    page["blocks"].as_array().unwrap().iter().map(id).collect::<Vec<_>>().join(" ")
}

async fn ads_stand_where_they_part_nothing(app: TestApp) {
    slot(&app.admin().await, "rule", ruled(2, 9)).await;
    let text = |text: &str| json!({"type": "paragraph", "text": [{"text": text}]});
    let spans = json!({"type": "paragraph", "text": [{"text": "They are"}, {"text": ": \n"}]});
    let body = [
        paragraph("One."),
        heading(),
        paragraph("Three."),
        paragraph("Four."),
        paragraph("There are"),
        list(),
        text("And, as a ferryman says:"),
        json!({"type": "quote", "text": [{"text": "No."}]}),
        text("如下："),
        json!({"type": "table", "rows": [{"cells": [{"text": [{"text": "1"}]}]}]}),
        spans,
        heading(),
        paragraph("Thirteen."),
        paragraph("The end."),
        json!({"type": "divider"}),
    ];
    let expected = "- - - rule:1 - - - rule:2 - - rule:3 - - rule:4 - - - - -";
    assert_eq!(shown(&app, &body).await, expected);
}

async fn a_pinned_ad_starts_the_count_anew(app: TestApp) {
    let admin = app.admin().await;
    slot(&admin, "rule", ruled(3, 9)).await;
    slot(&admin, "pin", json!({})).await;
    let pin = json!({"type": "ad_slot", "code": "pin", "id": "pinned"});
    let mut body: Vec<Value> = (0..9).map(|at| paragraph(&format!("{at}."))).collect();
    body.insert(2, pin);
    assert_eq!(shown(&app, &body).await, "- - pinned - - - rule:1 - - - -");
    // Where a turn comes up beside it, the turn is not had.
    body.swap(2, 3);
    assert_eq!(shown(&app, &body[..9]).await, "- - - pinned - - - rule:1 - -");
}

async fn rules_share_a_body(app: TestApp) {
    let admin = app.admin().await;
    slot(&admin, "b", ruled(2, 1)).await;
    slot(&admin, "a", ruled(2, 2)).await;
    let body: Vec<Value> = (0..8).map(|at| paragraph(&format!("{at}."))).collect();
    assert_eq!(shown(&app, &body).await, "- - a:1 - b:1 - a:2 - - - -");
}

async fn a_slot_that_is_not_shown_takes_no_place(app: TestApp) {
    let admin = app.admin().await;
    let sport = section(&app, "Sport").await;
    let mut elsewhere = ruled(1, 9);
    elsewhere["sections"] = json!([sport["id"]]);
    slot(&admin, "a", elsewhere).await;
    let mut off = ruled(1, 9);
    off["active"] = json!(false);
    slot(&admin, "b", off).await;
    slot(&admin, "c", ruled(2, 1)).await;
    let body: Vec<Value> = (0..5).map(|at| paragraph(&format!("{at}."))).collect();
    assert_eq!(shown(&app, &body).await, "- - c:1 - - -");
}

async fn a_pinned_ad_that_is_not_shown_counts_for_nothing(app: TestApp) {
    let admin = app.admin().await;
    slot(&admin, "rule", ruled(3, 9)).await;
    let pin = slot(&admin, "pin", json!({})).await;
    let at_slot = format!("{SLOTS}/{}", pin["id"].as_str().unwrap());
    admin.patch(&at_slot, json!({"active": false})).await.expect(200);
    let mut body: Vec<Value> = (0..6).map(|at| paragraph(&format!("{at}."))).collect();
    body.insert(2, json!({"type": "ad_slot", "code": "pin"}));
    assert_eq!(shown(&app, &body).await, "- - - rule:1 - - -");
}
