//! The journal over HTTP.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{at, draft, publish, section},
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    every_change_is_in_the_journal,
    editors_read_of_their_own_sections,
    a_refused_change_leaves_no_trace,
    time_in_the_journal_does_not_go_back,
}

const JOURNAL: &str = "/manage/v1/journal";

fn actions(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|c| c["action"].as_str().unwrap()).collect()
}

async fn every_change_is_in_the_journal(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails").await;
    publish(&admin, &article).await;
    let journal = admin.get(JOURNAL).await.expect(200);
    assert_eq!(
        actions(&journal),
        [
            "user.created",
            "session.started",
            "section.created",
            "article.created",
            "article.submitted",
            "article.approved",
            "article.published",
        ]
    );
    let last = &journal["data"][6];
    assert_eq!(
        (&last["resource_id"], &last["actor_name"]),
        (&article["id"], &json!("Administrator"))
    );
    assert!(last["tags"].as_array().unwrap().contains(&json!("list:all")));
    let path = format!("{JOURNAL}?since={}&limit=2", journal["data"][2]["seq"]);
    let page = admin.get(&path).await.expect(200);
    assert_eq!(actions(&page), ["article.created", "article.submitted"]);
    let next = format!("{JOURNAL}?limit=2&cursor={}", page["next"].as_str().unwrap());
    assert_eq!(
        actions(&admin.get(&next).await.expect(200)),
        ["article.approved", "article.published"]
    );
}

async fn editors_read_of_their_own_sections(app: TestApp) {
    let (world, sport) = (section(&app, "World").await, section(&app, "Sport").await);
    let admin = app.admin().await;
    draft(&admin, &world, "The ferry sails").await;
    draft(&admin, &sport, "The match is on").await;
    app.add_user("ed@example.org", &[Role::Editor], &[&world["id"]]).await;
    let journal = app.sign_in("ed@example.org").await.get(JOURNAL).await.expect(200);
    assert_eq!(actions(&journal), ["section.created", "article.created"]);
    assert!(journal["data"].as_array().unwrap().iter().all(|c| c["section_id"] == world["id"]));
}

async fn a_refused_change_leaves_no_trace(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let article = draft(&admin, &world, "The ferry sails").await;
    let before = admin.get(JOURNAL).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(409);
    let stale = admin.with("if-match", "\"7\"");
    let refused = stale.post(&format!("{}/actions/submit", at(&article)), json!({})).await;
    let said = refused.expect(412)["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("Administrator") && said.contains("article.created"), "{said}");
    assert_eq!(admin.get(JOURNAL).await.expect(200)["data"], before["data"]);
}

async fn time_in_the_journal_does_not_go_back(app: TestApp) {
    section(&app, "World").await;
    let ahead = app.admin().await.get(JOURNAL).await.expect(200)["data"][2]["at"].clone();
    // As on a server whose clock is behind that of another, or whose clock was put right.
    app.advance(-600);
    section(&app, "Sport").await;
    let journal = app.admin().await.get(JOURNAL).await.expect(200);
    let last = &journal["data"][4];
    assert_eq!((&last["action"], &last["at"]), (&json!("section.created"), &ahead));
    app.advance(1200);
    section(&app, "Arts").await;
    let journal = app.admin().await.get(JOURNAL).await.expect(200);
    assert!(journal["data"][6]["at"].as_str().unwrap() > ahead.as_str().unwrap());
}
