//! Media and credits over HTTP, as the newsroom and readers meet them.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::support::{Client, TestApp, on_both_engines};

on_both_engines! {
    a_credit_needs_no_more_than_its_line,
    a_credit_shows_its_label_before_its_line,
    a_medium_may_come_without_a_file,
    a_medium_comes_back_as_it_was_sent,
    a_credit_that_media_name_is_not_deleted,
    authors_change_only_what_they_created,
    moderators_and_ad_managers_have_no_business_with_media,
    refused_media_say_which_field_and_why,
    refused_credits_say_which_field_and_why,
    the_newest_media_are_listed_first,
    the_newest_credits_are_listed_first,
    readers_do_not_get_what_no_article_shows,
    the_journal_names_what_a_change_makes_stale,
}

const MEDIA: &str = "/manage/v1/media";
const CREDITS: &str = "/manage/v1/media-credits";
const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn credited(client: &Client, line: &str) -> Value {
    client.post(CREDITS, json!({"credit_line": line})).await.expect(201)
}

async fn pictured(client: &Client, alt: &str) -> Value {
    client.post(MEDIA, json!({"kind": "image", "alt": alt})).await.expect(201)
}

fn at(collection: &str, resource: &Value) -> String {
    format!("{collection}/{}", resource["id"].as_str().unwrap())
}

async fn a_credit_needs_no_more_than_its_line(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let answer = editor.post(CREDITS, json!({"credit_line": "Harbour Board"})).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = answer.header("location").to_owned();
    let credit = answer.expect(201);
    assert_eq!(location, at(CREDITS, &credit));
    assert_eq!(credit["display"], "Harbour Board");
    assert_eq!(editor.get(&location).await.expect(200), credit);
}

async fn a_credit_shows_its_label_before_its_line(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let credit = json!({"label": "Autor", "credit_line": "harbour.example"});
    let credit = editor.post(CREDITS, credit).await.expect(201);
    assert_eq!(credit["display"], "Autor. harbour.example");
    let changed = editor.patch(&at(CREDITS, &credit), json!({"label": "Fot."})).await.expect(200);
    assert_eq!(changed["display"], "Fot. harbour.example");
    assert_eq!(changed["version"], 2);
    let bare = json!({"credit_line": "Harbour Board", "creator_kind": "organisation"});
    let replaced = editor.put(&at(CREDITS, &credit), bare).await.expect(200);
    assert_eq!(replaced["label"], Value::Null, "PUT leaves nothing behind");
    assert_eq!(replaced["creator_kind"], "organisation");
}

async fn a_medium_may_come_without_a_file(app: TestApp) {
    let author = app.signed_in(Role::Author).await;
    let credit = credited(&author, "Harbour Board").await;
    let bare = json!({"kind": "image", "credit_id": credit["id"]});
    let medium = author.post(MEDIA, bare).await.expect(201);
    assert_eq!(medium["url"], Value::Null);
    assert_eq!(medium["decorative"], false);
    assert_eq!(medium["credit_id"], credit["id"]);
    author.delete(&at(MEDIA, &medium)).await.expect(204);
    author.get(&at(MEDIA, &medium)).await.expect(404);
    author.delete(&at(CREDITS, &credit)).await.expect(204);
}

async fn a_medium_comes_back_as_it_was_sent(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let credit = credited(&editor, "Harbour Board").await;
    let sent = json!({
        "credit_id": credit["id"], "kind": "image", "url": "https://img.example.org/%C5%82%C3%B3d%C5%BA.jpg",
        "mime": "image/svg+xml", "width": 1600, "height": 1067, "alt": "Boats at dawn",
        "decorative": false, "caption": "They came home early.",
        "focal_point": {"x": 0.1, "y": 1.0}, "rights_expires_at": "2026-07-01T00:00:00.000Z",
    });
    let medium = editor.post(MEDIA, sent.clone()).await.expect(201);
    for (name, value) in sent.as_object().unwrap() {
        assert_eq!(&medium[name], value, "{name}");
    }
    let moved = json!({"focal_point": {"y": 0.25}, "rights_expires_at": null});
    let moved = editor.patch(&at(MEDIA, &medium), moved).await.expect(200);
    assert_eq!(moved["focal_point"], json!({"x": 0.1, "y": 0.25}));
    assert_eq!(moved["rights_expires_at"], Value::Null);
    let replaced = editor.put(&at(MEDIA, &medium), json!({"kind": "video"})).await.expect(200);
    assert_eq!((&replaced["focal_point"], &replaced["alt"]), (&Value::Null, &Value::Null));
    assert_eq!(replaced["created_by"], medium["created_by"]);
    assert_eq!(replaced["version"], 3);
}

async fn a_credit_that_media_name_is_not_deleted(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let credit = credited(&editor, "Harbour Board").await;
    let medium = json!({"kind": "image", "credit_id": credit["id"]});
    let medium = editor.post(MEDIA, medium).await.expect(201);
    let refusal = editor.delete(&at(CREDITS, &credit)).await.expect(409);
    assert_eq!(refusal["errors"][0]["code"], "in_use");
    assert_eq!(refusal["errors"][0]["resource"], at(MEDIA, &medium));
    editor.patch(&at(MEDIA, &medium), json!({"credit_id": null})).await.expect(200);
    editor.delete(&at(CREDITS, &credit)).await.expect(204);
    editor.get(&at(CREDITS, &credit)).await.expect(404);
}

async fn authors_change_only_what_they_created(app: TestApp) {
    let (editor, author) = (app.signed_in(Role::Editor).await, app.signed_in(Role::Author).await);
    let theirs = credited(&editor, "Harbour Board").await;
    let refusal = author.patch(&at(CREDITS, &theirs), json!({"label": "Photo"})).await.expect(403);
    assert!(refusal["detail"].as_str().unwrap().contains("created"), "{refusal}");
    author.put(&at(CREDITS, &theirs), json!({"credit_line": "Me"})).await.expect(403);
    author.delete(&at(CREDITS, &theirs)).await.expect(403);
    let theirs = pictured(&editor, "Boats").await;
    author.patch(&at(MEDIA, &theirs), json!({"alt": "Ships"})).await.expect(403);
    author.put(&at(MEDIA, &theirs), json!({"kind": "image"})).await.expect(403);
    author.delete(&at(MEDIA, &theirs)).await.expect(403);

    let own = pictured(&author, "Gulls").await;
    author.patch(&at(MEDIA, &own), json!({"alt": "Terns"})).await.expect(200);
    editor.patch(&at(MEDIA, &own), json!({"alt": "Common terns"})).await.expect(200);
    author.delete(&at(MEDIA, &own)).await.expect(204);

    app.add_user("both@example.org", &[Role::Author, Role::Editor], &[]).await;
    let both = app.sign_in("both@example.org").await;
    both.delete(&at(MEDIA, &theirs)).await.expect(204);
}

async fn moderators_and_ad_managers_have_no_business_with_media(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let medium = pictured(&editor, "Boats").await;
    for role in [Role::Moderator, Role::AdManager] {
        let client = app.signed_in(role).await;
        for unread in [MEDIA, CREDITS, &at(MEDIA, &medium)] {
            client.get(unread).await.expect(403);
        }
        let refusal = client.post(MEDIA, json!({"kind": "image"})).await.expect(403);
        assert!(refusal["detail"].as_str().unwrap().contains("media:write"));
        client.post(CREDITS, json!({"credit_line": "Me"})).await.expect(403);
        client.delete(&at(MEDIA, &medium)).await.expect(403);
    }
    app.anyone().get(MEDIA).await.expect(401);
    app.anyone().get(CREDITS).await.expect(401);
}

async fn refused_media_say_which_field_and_why(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let cases = [
        (json!({}), "/kind", "required"),
        (json!({"kind": "hologram"}), "/kind", "type"),
        (json!({"kind": "image", "credit_id": NOWHERE}), "/credit_id", "missing"),
        (json!({"kind": "image", "url": "ftp://example.org/a.jpg"}), "/url", "url"),
        (json!({"kind": "image", "mime": "text/html"}), "/mime", "pattern"),
        (json!({"kind": "image", "mime": "image/"}), "/mime", "pattern"),
        (json!({"kind": "image", "mime": "image/JPEG"}), "/mime", "pattern"),
        (json!({"kind": "image", "width": 0}), "/width", "range"),
        (json!({"kind": "image", "height": 100_001}), "/height", "range"),
        (json!({"kind": "image", "alt": ""}), "/alt", "length"),
        (json!({"kind": "image", "alt": "Boats", "decorative": true}), "/decorative", "exclusive"),
        (json!({"kind": "image", "focal_point": {"x": 1.1, "y": 0}}), "/focal_point/x", "range"),
        (json!({"kind": "image", "focal_point": {"x": 1}}), "/focal_point/y", "required"),
        (json!({"kind": "image", "rights_expires_at": "soon"}), "/rights_expires_at", "type"),
        (json!({"kind": "image", "version": 7}), "/version", "unknown_member"),
    ];
    for (input, place, code) in cases {
        editor.post(MEDIA, input).await.refused(422, place, code);
    }
    let told = pictured(&editor, "Boats").await;
    let both = json!({"decorative": true});
    editor.patch(&at(MEDIA, &told), both).await.refused(422, "/decorative", "exclusive");
    let instead = json!({"decorative": true, "alt": null});
    editor.patch(&at(MEDIA, &told), instead).await.expect(200);
    let lost = json!({"credit_id": NOWHERE});
    editor.patch(&at(MEDIA, &told), lost).await.refused(422, "/credit_id", "missing");
}

async fn refused_credits_say_which_field_and_why(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let cases = [
        (json!({"label": "Photo"}), "/credit_line", "required"),
        (json!({"credit_line": " "}), "/credit_line", "blank"),
        (json!({"credit_line": "x".repeat(301)}), "/credit_line", "length"),
        (json!({"credit_line": "Me", "creator_kind": "robot"}), "/creator_kind", "type"),
        (json!({"credit_line": "Me", "license_url": "by/4.0"}), "/license_url", "url"),
        (json!({"credit_line": "Me", "display": "Me"}), "/display", "unknown_member"),
    ];
    for (input, place, code) in cases {
        editor.post(CREDITS, input).await.refused(422, place, code);
    }
}

async fn listed(client: &Client, path: &str, name: &str) -> Vec<Value> {
    let (mut path, mut seen) = (path.to_owned(), Vec::new());
    loop {
        let answer = client.get(&path).await;
        let next = answer.headers.get("link").map(|link| {
            link.to_str().unwrap().trim_start_matches('<').split('>').next().unwrap().to_owned()
        });
        let page = answer.expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|item| item[name].clone()));
        match next {
            Some(next) => path = next,
            None => return seen,
        }
    }
}

async fn the_newest_media_are_listed_first(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let credit = credited(&editor, "Harbour Board").await;
    for (kind, caption, credit) in [
        ("image", "one", &credit["id"]),
        ("video", "two", &Value::Null),
        ("image", "three", &Value::Null),
        ("image", "four", &credit["id"]),
        ("audio", "five", &credit["id"]),
    ] {
        let medium = json!({"kind": kind, "caption": caption, "credit_id": credit});
        editor.post(MEDIA, medium).await.expect(201);
    }
    let all = listed(&editor, &format!("{MEDIA}?limit=2"), "caption").await;
    assert_eq!(all, ["five", "four", "three", "two", "one"]);
    let pictures = listed(&editor, &format!("{MEDIA}?kind=image&limit=1"), "caption").await;
    assert_eq!(pictures, ["four", "three", "one"]);
    let of_credit = format!("{MEDIA}?limit=1&credit_id={}", credit["id"].as_str().unwrap());
    assert_eq!(listed(&editor, &of_credit, "caption").await, ["five", "four", "one"]);
    editor.get(&format!("{MEDIA}?kind=hologram")).await.refused(400, "kind", "format");
    editor.get(&format!("{MEDIA}?cursor=x")).await.refused(400, "cursor", "cursor");
}

async fn the_newest_credits_are_listed_first(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    for line in ["A", "B", "C"] {
        credited(&editor, line).await;
    }
    let all = listed(&editor, &format!("{CREDITS}?limit=2"), "display").await;
    assert_eq!(all, ["C", "B", "A"]);
    editor.get(&format!("{CREDITS}?colour=x")).await.refused(400, "colour", "unknown_parameter");
}

async fn readers_do_not_get_what_no_article_shows(app: TestApp) {
    let editor = app.signed_in(Role::Editor).await;
    let credit = credited(&editor, "Harbour Board").await;
    let medium = json!({"kind": "image", "credit_id": credit["id"]});
    let medium = editor.post(MEDIA, medium).await.expect(201);
    app.anyone().get(&at("/v1/media", &medium)).await.expect(404);
    app.anyone().get(&at("/v1/media-credits", &credit)).await.expect(404);
    app.anyone().get(&format!("/v1/media/{NOWHERE}")).await.expect(404);
    app.anyone().get("/v1/media/nonsense").await.refused(400, "id", "format");
}

async fn the_journal_names_what_a_change_makes_stale(app: TestApp) {
    use broadsheet::db::journal;
    let editor = app.signed_in(Role::Editor).await;
    let credit = credited(&editor, "Harbour Board").await;
    let medium = pictured(&editor, "Boats").await;
    editor.patch(&at(CREDITS, &credit), json!({"label": "Photo"})).await.expect(200);
    editor.delete(&at(MEDIA, &medium)).await.expect(204);
    let changes = app.state.db.read(|conn| journal::page(conn, 0, None, 100)).await.unwrap();
    let last: Vec<_> = changes.iter().rev().take(2).collect();
    let id = |resource: &Value| resource["id"].as_str().unwrap().to_owned();
    assert_eq!(last[0].action, "media.deleted");
    assert_eq!(last[0].tags.0, [format!("media:{}", id(&medium))]);
    assert_eq!(last[1].action, "media_credit.changed");
    assert_eq!(last[1].summary.0, ["label"]);
    assert_eq!(last[1].tags.0, [format!("credit:{}", id(&credit))]);
}
