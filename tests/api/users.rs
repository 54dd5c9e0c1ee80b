//! Users over HTTP, as administrators meet them.
use broadsheet::auth::roles::Role;
use serde_json::json;

use crate::{
    articles,
    support::{ADMIN, PASSWORD, TestApp, on_both_engines},
};

on_both_engines! {
    administrators_keep_the_users,
    the_last_administrator_stays,
    a_change_of_rights_ends_the_user_s_tokens,
    nobody_else_sees_the_users,
    whoever_a_public_edition_names_is_not_deleted,
    editors_and_authors_find_whom_they_can_name,
}

const USERS: &str = "/manage/v1/users";

async fn administrators_keep_the_users(app: TestApp) {
    let admin = app.admin().await;
    let ewa = json!({
        "email": " Ewa@Example.org", "name": "Ewa Lis", "roles": ["author"], "password": PASSWORD,
    });
    admin.post(USERS, ewa).await.refused(422, "/email", "email");
    let ewa = json!({
        "email": "Ewa@Example.org", "name": "Ewa Lis", "roles": ["author"], "password": PASSWORD,
    });
    let made = admin.post(USERS, ewa.clone()).await;
    let at = made.header("location").to_owned();
    let made = made.expect(201);
    assert_eq!(made["email"], "ewa@example.org");
    assert_eq!(made.get("password"), None);
    admin.post(USERS, ewa).await.refused(409, "/email", "taken");

    let changed = admin.patch(&at, json!({"name": "Ewa Lis-Nowak"})).await.expect(200);
    assert_eq!(changed["version"], 2);
    let unchanged = admin.patch(&at, json!({"password": null})).await.expect(200);
    assert_eq!(unchanged.get("password"), None);
    app.anyone()
        .post("/manage/v1/session", json!({"email": "ewa@example.org", "password": PASSWORD}))
        .await
        .expect(200);
    let short = json!({"password": "short"});
    admin.patch(&at, short).await.refused(422, "/password", "length");
    let nowhere = json!({"sections": ["01890a5d-ac96-774b-bcce-b302099a8057"]});
    admin.patch(&at, nowhere).await.refused(422, "/sections/0", "missing");
    let twice = json!({"roles": ["author", "author"]});
    admin.patch(&at, twice).await.refused(422, "/roles", "distinct");

    let listed = admin.get(USERS).await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    admin.delete(&at).await.expect(204);
    admin.get(&at).await.expect(404);
}

async fn the_last_administrator_stays(app: TestApp) {
    let admin = app.admin().await;
    let me = admin.get("/manage/v1/me").await.expect(200);
    let at = format!("{USERS}/{}", me["id"].as_str().unwrap());
    admin.patch(&at, json!({"active": false})).await.expect(409);
    admin.patch(&at, json!({"roles": ["editor"]})).await.expect(409);
    admin.delete(&at).await.expect(409);
    assert_eq!(admin.get(&at).await.expect(200)["email"], ADMIN);
}

async fn a_change_of_rights_ends_the_user_s_tokens(app: TestApp) {
    let user = app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let at = format!("{USERS}/{}", user["id"].as_str().unwrap());
    let ewa = app.sign_in("ewa@example.org").await;
    ewa.get("/manage/v1/me").await.expect(200);
    let admin = app.admin().await;
    admin.patch(&at, json!({"name": "Ewa"})).await.expect(200);
    ewa.get("/manage/v1/me").await.expect(200);
    admin.patch(&at, json!({"roles": ["author"]})).await.expect(200);
    ewa.get("/manage/v1/me").await.expect(401);
}

async fn nobody_else_sees_the_users(app: TestApp) {
    app.anyone().get(USERS).await.expect(401);
    for role in [Role::Editor, Role::Author, Role::Moderator, Role::AdManager] {
        let refusal = app.signed_in(role).await.get(USERS).await.expect(403);
        assert!(refusal["detail"].as_str().unwrap().contains("users:manage"));
    }
}

async fn whoever_a_public_edition_names_is_not_deleted(app: TestApp) {
    let admin = app.admin().await;
    let ewa = app.add_user("ewa@example.org", &[Role::Author], &[]).await;
    let jan = app.add_user("jan@example.org", &[Role::Author], &[]).await;
    let user = format!("{USERS}/{}", ewa["id"].as_str().unwrap());
    let world = articles::section(&app, "World").await;
    let article = articles::draft(&admin, &world, "The ferry sails").await;
    let path = articles::at(&article);
    admin.patch(&path, json!({"authors": [ewa["id"]]})).await.expect(200);
    articles::publish(&admin, &article).await;
    // The working copy moves on; readers still get the edition.
    admin.patch(&path, json!({"authors": [jan["id"]]})).await.expect(200);
    let refusal = admin.delete(&user).await.expect(409);
    assert_eq!(refusal["errors"].as_array().unwrap().len(), 1);
    assert_eq!(refusal["errors"][0]["code"], "in_use");
    assert_eq!(refusal["errors"][0]["resource"], path);
    assert!(refusal["detail"].as_str().unwrap().contains("in one place"), "{refusal}");
    admin.act(&path, "actions/unpublish", json!({})).await.expect(200);
    admin.delete(&user).await.expect(204);
}

async fn editors_and_authors_find_whom_they_can_name(app: TestApp) {
    const AUTHORS: &str = "/manage/v1/authors";
    let admin = app.admin().await;
    let mut ids = Vec::new();
    for (email, name) in
        [("a@example.org", "\u{141}ucja"), ("b@example.org", "ewa"), ("c@example.org", "Ewa")]
    {
        let user = json!({"email": email, "name": name, "roles": ["author"], "password": PASSWORD});
        ids.push(admin.post(USERS, user).await.expect(201)["id"].clone());
    }
    let gone = app.add_user("gone@example.org", &[Role::Author], &[]).await;
    let gone = format!("{USERS}/{}", gone["id"].as_str().unwrap());
    admin.patch(&gone, json!({"active": false})).await.expect(200);
    for role in [Role::Moderator, Role::AdManager] {
        app.signed_in(role).await.get(AUTHORS).await.expect(403);
    }
    let author = app.signed_in(Role::Author).await;

    let (mut seen, mut path) = (Vec::new(), format!("{AUTHORS}?limit=2&total=true"));
    loop {
        let page = author.get(&path).await.expect(200);
        assert_eq!(page["total"], 7);
        seen.extend(page["data"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{AUTHORS}?limit=2&total=true&cursor={next}");
    }
    let names: Vec<_> = seen.iter().map(|author| author["name"].as_str().unwrap()).collect();
    let expected =
        ["ad_manager", "Administrator", "author", "ewa", "Ewa", "\u{141}ucja", "moderator"];
    assert_eq!(names, expected);
    assert_eq!(seen[3], json!({"id": ids[1], "name": "ewa"}), "no email, no roles");
}
