//! What a caller may not read is named to them by no list, cursor or refusal, and cannot keep
//! them from their own work.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    lists_of_referrers_lead_past_what_is_not_to_be_read,
    a_link_that_nobody_sees_keeps_no_draft_from_being_deleted,
    nobody_links_to_a_draft_that_they_may_not_read,
    whatever_uses_a_thing_is_named_to_those_who_may_read_it,
    a_section_s_refusal_names_no_user_and_no_article_from_elsewhere,
    nobody_reads_what_their_roles_have_no_use_for,
}

fn id(of: &Value) -> &str {
    of["id"].as_str().unwrap()
}

async fn link(client: &Client, from: &Value, to: &Value) -> Answer {
    let link = json!({"kind": "internal", "target_article_id": to["id"]});
    client.post(&format!("{}/related-links", at(from)), link).await
}

/// What a cursor says, to whoever looks into it.
fn inside(cursor: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap()
}

async fn lists_of_referrers_lead_past_what_is_not_to_be_read(app: TestApp) {
    let world = section(&app, "World").await;
    let (admin, author) = (app.admin().await, app.signed_in(Role::Author).await);
    let target = draft(&author, &world, "The ferry sails").await;
    let (mut unseen, mut own) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let desk = draft(&admin, &world, &format!("Desk {number}")).await;
        link(&admin, &desk, &target).await.expect(201);
        unseen.push(desk);
        if number % 2 == 0 {
            let mine = draft(&author, &world, &format!("Mine {number}")).await;
            link(&author, &mine, &target).await.expect(201);
            own.push(mine["id"].clone());
        }
    }
    let (mut seen, mut path) = (Vec::new(), format!("{}/referrers?limit=1", at(&target)));
    loop {
        let page = author.get(&path).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), 1, "{page}");
        seen.push(page["data"][0]["id"].clone());
        let Some(next) = page["next"].as_str() else { break };
        let told = format!("{page} {}", inside(next));
        assert!(unseen.iter().all(|draft| !told.contains(id(draft))), "{told}");
        path = format!("{}/referrers?limit=1&cursor={next}", at(&target));
    }
    assert_eq!(seen, own);
}

async fn a_link_that_nobody_sees_keeps_no_draft_from_being_deleted(app: TestApp) {
    let world = section(&app, "World").await;
    let (admin, author) = (app.admin().await, app.signed_in(Role::Author).await);
    let doomed = draft(&author, &world, "Never mind").await;
    let other = draft(&author, &world, "Another").await;
    // Approved, with the link in a box: what happens to the link is no edit of the text.
    let desk = draft(&admin, &world, "Desk").await;
    let to_doomed = link(&admin, &desk, &doomed).await.expect(201);
    let to_other = link(&admin, &desk, &other).await.expect(201);
    let boxed = json!({"body": [paragraph("Text."),
        {"type": "related", "link_ids": [to_doomed["id"], to_other["id"]]}]});
    admin.patch(&at(&desk), boxed).await.expect(200);
    for step in ["submit", "approve"] {
        admin.act(&at(&desk), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let before = admin.get(&at(&desk)).await.expect(200);

    // A link of their own they can take away, and are told.
    let to_own = link(&author, &other, &doomed).await.expect(201);
    let refused = author.delete(&at(&doomed)).await.expect(409);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 1, "{refused}");
    assert_eq!(refused["errors"][0]["resource"], at(&other));
    assert!(refused["detail"].as_str().unwrap().contains("one place"), "{refused}");
    let own = format!("{}/related-links/{}", at(&other), id(&to_own));
    author.delete(&own).await.expect(204);
    author.delete(&at(&doomed)).await.expect(204);

    let after = admin.get(&at(&desk)).await.expect(200);
    assert_eq!(after["body"][1]["link_ids"], json!([to_other["id"]]));
    assert_eq!(after["version"], before["version"].as_i64().unwrap() + 1);
    assert_eq!(after["status"], "approved");
    let links = admin.get(&format!("{}/related-links", at(&desk))).await.expect(200);
    assert_eq!(links["data"].as_array().unwrap().len(), 1);
    assert_eq!(links["data"][0]["id"], to_other["id"]);
    let journal = admin.get("/manage/v1/journal?limit=100").await.expect(200);
    let told: Vec<&Value> = journal["data"].as_array().unwrap().iter().rev().take(3).collect();
    let told: Vec<(&Value, &Value)> =
        told.iter().rev().map(|entry| (&entry["action"], &entry["resource_id"])).collect();
    assert_eq!(
        told,
        [
            (&json!("related_link.deleted"), &to_doomed["id"]),
            (&json!("article.edited"), &desk["id"]),
            (&json!("article.deleted"), &doomed["id"]),
        ]
    );
    admin.act(&at(&desk), "actions/publish", json!({})).await.expect(200);
}

async fn nobody_links_to_a_draft_that_they_may_not_read(app: TestApp) {
    let world = section(&app, "World").await;
    let (admin, author) = (app.admin().await, app.signed_in(Role::Author).await);
    let own = draft(&author, &world, "Mine").await;
    let (secret, public) =
        (draft(&admin, &world, "Secret").await, draft(&admin, &world, "Public").await);
    publish(&admin, &public).await;
    let nothing = json!({"id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    let refusals = [link(&author, &own, &secret).await, link(&author, &own, &nothing).await];
    for refusal in &refusals {
        refusal.clone().refused(422, "/target_article_id", "missing");
    }
    assert_eq!(refusals[0].body["errors"], refusals[1].body["errors"]);
    let there = link(&author, &own, &public).await.expect(201);
    let there = format!("{}/related-links/{}", at(&own), id(&there));
    let swapped = json!({"target_article_id": secret["id"]});
    author.patch(&there, swapped).await.refused(422, "/target_article_id", "missing");
    // What has been linked may be changed also once readers have it no more.
    admin.act(&at(&public), "actions/unpublish", json!({})).await.expect(200);
    author.patch(&there, json!({"title": "Read this"})).await.expect(200);
    let (another, client) =
        (draft(&author, &world, "Mine too").await, app.signed_in(Role::Editor).await);
    link(&author, &another, &public).await.refused(422, "/target_article_id", "missing");
    link(&client, &another, &secret).await.expect(201);
}

async fn whatever_uses_a_thing_is_named_to_those_who_may_read_it(app: TestApp) {
    let world = section(&app, "World").await;
    let (admin, author) = (app.admin().await, app.signed_in(Role::Author).await);
    let medium = author.post("/manage/v1/media", json!({"kind": "image"})).await.expect(201);
    let medium_at = format!("/manage/v1/media/{}", id(&medium));
    let slot = json!({
        "code": "middle", "name": "Middle", "placement": "in_body",
        "label": {"text": "Ad", "language": "en"}, "provider": {"kind": "none"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
    });
    let manager = app.signed_in(Role::AdManager).await;
    let slot = manager.post("/manage/v1/ad-slots", slot).await.expect(201);
    let slot_at = format!("/manage/v1/ad-slots/{}", id(&slot));
    let using = json!({"section_id": world["id"], "headline": "Uses both", "body": [
        {"type": "image", "media_id": medium["id"]}, {"type": "ad_slot", "code": "middle"}]});
    let desk = admin.post(ARTICLES, using.clone()).await.expect(201);
    for (client, at_it) in [(&author, &medium_at), (&manager, &slot_at)] {
        let refused = client.delete(at_it).await.expect(409);
        assert_eq!(refused["errors"].as_array().map_or(0, Vec::len), 0, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("one place that you may not see"));
        let named = admin.delete(at_it).await.expect(409);
        assert_eq!(named["errors"][0]["resource"], at(&desk));
    }
    let own = author.post(ARTICLES, using).await.expect(201);
    let refused = author.delete(&medium_at).await.expect(409);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 1, "{refused}");
    assert_eq!(refused["errors"][0]["resource"], at(&own));
    assert!(refused["detail"].as_str().unwrap().contains("in 2 places; `errors` lists 1 of them"));
    let code = json!({"code": "centre"});
    let fixed = manager.patch(&slot_at, code).await;
    assert!(!fixed.text.contains(id(&desk)), "{}", fixed.text);
    fixed.refused(409, "/code", "in_use");
}

async fn a_section_s_refusal_names_no_user_and_no_article_from_elsewhere(app: TestApp) {
    let (admin, top) = (app.admin().await, section(&app, "Top").await);
    let elsewhere = section(&app, "Elsewhere").await;
    let part = json!({"name": "Part", "parent_id": top["id"]});
    let part = admin.post("/manage/v1/sections", part).await.expect(201);
    let user = app.add_user("part@example.org", &[Role::Author], &[&part["id"]]).await;
    app.add_user("top@example.org", &[Role::Editor], &[&top["id"]]).await;
    let editor = app.sign_in("top@example.org").await;
    let here = draft(&admin, &part, "Here").await;
    // Its edition is still here; its working copy is where the editor does not read it.
    let gone = draft(&admin, &part, "Gone on").await;
    publish(&admin, &gone).await;
    let moved = json!({"section_id": elsewhere["id"]});
    admin.patch(&at(&gone), moved).await.expect(200);
    editor.get(&at(&gone)).await.expect(404);

    let part = format!("/manage/v1/sections/{}", id(&part));
    let refused = editor.delete(&part).await;
    assert!(!refused.text.contains(id(&user)), "{}", refused.text);
    assert!(!refused.text.contains(id(&gone)), "{}", refused.text);
    let refused = refused.expect(409);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 1, "{refused}");
    assert_eq!(refused["errors"][0]["resource"], at(&here));
    assert!(refused["detail"].as_str().unwrap().contains("in 3 places"), "{refused}");
    let refused = admin.delete(&part).await.expect(409);
    assert_eq!(refused["errors"].as_array().unwrap().len(), 3, "{refused}");
}

async fn nobody_reads_what_their_roles_have_no_use_for(app: TestApp) {
    use Role::{AdManager, Admin, Author, Editor, Moderator};
    // By the collections that every newsroom has. The matrix asks for single things as well.
    let readers: &[(&str, &[Role])] = &[
        ("articles", &[Admin, Editor, Author]),
        ("authors", &[Admin, Editor, Author]),
        ("sections", &[Admin, Editor, Author]),
        ("media", &[Admin, Editor, Author]),
        ("media-credits", &[Admin, Editor, Author]),
        ("ad-slots", &[Admin, Editor, Author, AdManager]),
        ("comments", &[Admin, Editor, Moderator]),
        ("comment-words", &[Admin, Editor, Moderator]),
        ("reports", &[Admin, Editor, Moderator]),
        ("journal", &[Admin, Editor]),
        ("users", &[Admin]),
    ];
    for (collection, may) in readers {
        for role in Role::ALL {
            let read = app.signed_in(*role).await.get(&format!("/manage/v1/{collection}")).await;
            let expected = if may.contains(role) { 200 } else { 403 };
            assert_eq!(read.status, expected, "{role} reads {collection}");
        }
    }
}
