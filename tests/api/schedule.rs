//! Schedules: editions that are to become public are cancelled and moved one by one, and what is
//! published meanwhile leaves them alone.
use actix_web::http::Method;
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    a_cancelled_update_leaves_what_is_public,
    a_fix_is_published_beside_the_schedule,
    a_schedule_is_replaced_on_demand,
    an_edition_is_moved_alone,
    what_was_never_public_is_approved_again,
    what_was_edited_is_in_review_again_under_four_eyes,
    an_address_that_was_taken_meanwhile_is_in_the_way,
    only_what_is_scheduled_is_cancelled_or_moved,
    whoever_does_not_edit_the_section_changes_no_schedule,
    an_author_takes_a_submission_back,
    a_flash_a_photo_story_and_a_film_need_no_paragraph,
}

async fn step(client: &Client, at: &str, step: &str, body: Value) -> Answer {
    client.act(at, &format!("actions/{step}"), body).await
}

async fn delete(client: &Client, edition: &str) -> Answer {
    client.send(Method::DELETE, edition, None).await
}

async fn patch(client: &Client, edition: &str, times: &Value) -> Answer {
    let body = ("application/merge-patch+json", times.to_string());
    client.send(Method::PATCH, edition, Some(body)).await
}

async fn cancel(client: &Client, at: &str, number: u32) -> Answer {
    delete(&client.freshly(at).await, &format!("{at}/editions/{number}")).await
}

async fn reschedule(client: &Client, at: &str, number: u32, times: Value) -> Answer {
    patch(&client.freshly(at).await, &format!("{at}/editions/{number}"), &times).await
}

/// The codes of the warnings.
fn codes(published: &Value) -> Vec<&str> {
    let warnings = published["warnings"].as_array().unwrap().iter();
    warnings.map(|warning| warning["code"].as_str().unwrap()).collect()
}

/// Number, state, start and end of every edition, the newest first.
async fn history(client: &Client, at: &str) -> Vec<(Value, Value, Value, Value)> {
    let list = client.get(&format!("{at}/editions")).await.expect(200);
    let row = |it: &Value| {
        (
            it["number"].clone(),
            it["state"].clone(),
            it["valid_from"].clone(),
            it["valid_to"].clone(),
        )
    };
    list["data"].as_array().unwrap().iter().map(row).collect()
}

/// A public article, with an update scheduled in 600 seconds.
async fn with_update(app: &TestApp) -> (Value, String) {
    let (admin, world) = (app.admin().await, section(app, "World").await);
    let article = draft(&admin, &world, "The ferry sails").await;
    publish(&admin, &article).await;
    let place = at(&article);
    admin.patch(&place, json!({"headline": "The ferry sails again"})).await.expect(200);
    let later = json!({"valid_from": app.in_seconds(600)});
    step(&admin, &place, "publish", later).await.expect(200);
    (article, place)
}

const PAGE: &str = "/v1/page?path=/world/the-ferry-sails";

/// What readers get now: the headline, with and without a cache.
async fn headline(app: &TestApp) -> Value {
    let uncached = app.another(|name| (name == "CACHE").then(|| "off".to_owned())).await;
    let (kept, made) = (app.anyone().get(PAGE).await, uncached.anyone().get(PAGE).await);
    assert_eq!((kept.status, &kept.body["headline"]), (made.status, &made.body["headline"]));
    assert_eq!(kept.text, made.text);
    let listed = app.anyone().get("/v1/articles").await.expect(200);
    assert_eq!(listed["data"][0]["headline"], kept.body["headline"]);
    kept.body["headline"].clone()
}

async fn a_cancelled_update_leaves_what_is_public(app: TestApp) {
    let (article, at) = with_update(&app).await;
    assert_eq!(headline(&app).await, "The ferry sails");
    let answer = cancel(&app.admin().await, &at, 2).await;
    let version = answer.body["article"]["version"].clone();
    assert_eq!(answer.header("etag"), format!("\"{version}\""));
    let done = answer.expect(200);
    assert_eq!(
        (&done["edition"]["number"], &done["edition"]["state"]),
        (&json!(2), &json!("cancelled"))
    );
    let seen = &done["article"];
    assert_eq!((&seen["status"], &seen["live_edition"]), (&json!("published"), &json!(1)));
    assert_eq!((&seen["scheduled_edition"], &seen["edited_since"]), (&Value::Null, &json!(false)));
    app.advance(601);
    assert_eq!(headline(&app).await, "The ferry sails");
    let admin = app.admin().await;
    let [cancelled, live] = &history(&admin, &at).await[..] else { panic!("two editions") };
    assert_eq!((&cancelled.1, &live.1), (&json!("cancelled"), &json!("live")));
    assert_eq!(live.3, Value::Null, "it ends no more");
    // It can be taken up again.
    admin.act(&at, "editions/2/restore", json!({})).await.expect(200);
    step(&admin, &at, "publish", json!({})).await.expect(200);
    assert_eq!(headline(&app).await, "The ferry sails again");
    let journal = admin.get("/manage/v1/journal?limit=100").await.expect(200);
    let entries = journal["data"].as_array().unwrap();
    let entry = entries.iter().find(|it| it["action"] == "article.edition_cancelled").unwrap();
    assert_eq!((&entry["resource_id"], &entry["version"]), (&article["id"], &version));
    assert_eq!(entry["summary"], json!(["edition 2"]));
}

async fn a_fix_is_published_beside_the_schedule(app: TestApp) {
    let (_, at) = with_update(&app).await;
    app.advance(60);
    let admin = app.admin().await;
    admin.patch(&at, json!({"headline": "The ferry sinks"})).await.expect(200);
    let dry = step(&admin, &at, "publish?dry_run=true", json!({})).await.expect(200);
    let done = step(&admin, &at, "publish", json!({})).await.expect(200);
    for answer in [&dry, &done] {
        let codes = codes(answer);
        assert!(codes.contains(&"scheduled_lacks_this_change"), "{codes:?}");
        assert!(!codes.contains(&"replaces_scheduled"), "{codes:?}");
    }
    let warnings = done["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|it| it["code"] == "scheduled_lacks_this_change").unwrap();
    assert!(warning["detail"].as_str().unwrap().starts_with("Edition 2, "), "{warning}");
    assert_eq!(
        (&done["article"]["live_edition"], &done["article"]["scheduled_edition"]),
        (&json!(3), &json!(2))
    );
    let starts = done["article"]["scheduled_for"].clone();
    assert_eq!(done["edition"]["valid_to"], starts, "it is public until the update");
    assert_eq!(headline(&app).await, "The ferry sinks");
    app.advance(539);
    assert_eq!(headline(&app).await, "The ferry sinks");
    app.advance(2);
    assert_eq!(headline(&app).await, "The ferry sails again");

    // What is published next goes on from what readers have, not from the highest number.
    let admin = app.admin().await;
    let before = admin.get(&format!("{at}/editions/2")).await.expect(200);
    admin.patch(&at, json!({"lead": "All is well."})).await.expect(200);
    let quiet = step(&admin, &at, "publish", json!({"significant": false})).await.expect(200);
    assert_eq!(quiet["edition"]["modified_at"], before["modified_at"]);
    // The same again says nothing of a schedule that says the same.
    let later = json!({"valid_from": app.in_seconds(600)});
    step(&admin, &at, "publish", later).await.expect(200);
    let same = step(&admin, &at, "publish", json!({})).await.expect(200);
    assert!(!codes(&same).iter().any(|code| code.contains("scheduled")), "{same:#}");
    assert_eq!(same["article"]["scheduled_edition"], 5);
}

async fn a_schedule_is_replaced_on_demand(app: TestApp) {
    let (_, at) = with_update(&app).await;
    let admin = app.admin().await;
    step(&admin, &at, "publish", json!({"valid_from": app.in_seconds(900)})).await.expect(200);
    admin.patch(&at, json!({"headline": "The ferry sinks"})).await.expect(200);
    let replace = json!({"replace_scheduled": true});
    let done = step(&admin, &at, "publish", replace).await.expect(200);
    let replaced = codes(&done).into_iter().filter(|code| *code == "replaces_scheduled");
    assert_eq!(replaced.count(), 2);
    assert_eq!(done["article"]["scheduled_edition"], Value::Null);
    app.advance(1000);
    assert_eq!(headline(&app).await, "The ferry sinks");
    // Of two for one instant the newer counts.
    let admin = app.admin().await;
    let then = json!({"valid_from": app.in_seconds(60)});
    step(&admin, &at, "publish", then.clone()).await.expect(200);
    admin.patch(&at, json!({"headline": "The ferry floats"})).await.expect(200);
    let done = step(&admin, &at, "publish", then).await.expect(200);
    assert!(codes(&done).contains(&"replaces_scheduled"));
    assert_eq!(done["article"]["scheduled_edition"], 6);
    app.advance(60);
    assert_eq!(headline(&app).await, "The ferry floats");
}

async fn an_edition_is_moved_alone(app: TestApp) {
    let (_, at) = with_update(&app).await;
    let admin = app.admin().await;
    // What was edited since is not published along with it.
    admin.patch(&at, json!({"headline": "Not yet"})).await.expect(200);
    assert_eq!(headline(&app).await, "The ferry sails");
    let later = app.in_seconds(1200);
    let done = reschedule(&admin, &at, 2, json!({"valid_from": later})).await.expect(200);
    assert_eq!(
        (&done["edition"]["valid_from"], &done["edition"]["valid_to"]),
        (&json!(later), &Value::Null)
    );
    assert_eq!(
        (&done["edition"]["modified_at"], &done["edition"]["state"]),
        (&json!(later), &json!("scheduled"))
    );
    assert_eq!(done["article"]["edited_since"], true);
    app.advance(700);
    assert_eq!(headline(&app).await, "The ferry sails");
    // Earlier again, with an end, behind which nothing is public.
    let admin = app.admin().await;
    let times = json!({"valid_from": app.in_seconds(100), "valid_to": app.in_seconds(200)});
    reschedule(&admin, &at, 2, times).await.expect(200);
    app.advance(101);
    assert_eq!(headline(&app).await, "The ferry sails again");
    app.advance(100);
    app.anyone().get(PAGE).await.expect(404);

    // An edition without an end again; a start that is past is now.
    let admin = app.admin().await;
    let times = json!({"valid_from": app.in_seconds(100), "valid_to": app.in_seconds(200)});
    step(&admin, &at, "publish", times).await.expect(200);
    let past = app.in_seconds(-100);
    let now = json!({"valid_from": past, "valid_to": null});
    let done = reschedule(&admin, &at, 3, now).await.expect(200);
    assert_eq!(done["edition"]["state"], "live");
    assert!(done["edition"]["valid_from"].as_str().unwrap() > past.as_str());
    assert_eq!(headline(&app).await, "Not yet");

    // It goes round another: each ends where the next begins.
    let [first, second, third] = [100, 200, 300].map(|seconds| app.in_seconds(seconds));
    for start in [&first, &second] {
        step(&admin, &at, "publish", json!({"valid_from": start})).await.expect(200);
    }
    reschedule(&admin, &at, 4, json!({"valid_from": third})).await.expect(200);
    let times = history(&admin, &at).await;
    assert_eq!((&times[0].2, &times[0].3), (&json!(second), &json!(third)));
    assert_eq!((&times[1].2, &times[1].3), (&json!(third), &Value::Null));
    assert_eq!(times[2].3, json!(second));
    let (before, past) = (app.in_seconds(-2), app.in_seconds(-1));
    for (times, place, code) in [
        (json!({"valid_from": second}), "/valid_from", "state"),
        (json!({"valid_to": third}), "/valid_to", "order"),
        (json!({"valid_from": before, "valid_to": past}), "/valid_to", "order"),
        (json!({"valid_from": null}), "/valid_from", "required"),
        (json!({"headline": "No"}), "/headline", "unknown_member"),
    ] {
        let status = if code == "state" { 409 } else { 422 };
        reschedule(&admin, &at, 4, times).await.refused(status, place, code);
    }
    // A date of its own does not lie behind its start.
    let dated = json!({"valid_from": third, "published_at": second, "replace_scheduled": true});
    step(&admin, &at, "publish", dated).await.expect(200);
    let early = json!({"valid_from": first});
    reschedule(&admin, &at, 6, early).await.refused(422, "/valid_from", "order");
    let done = reschedule(&admin, &at, 6, json!({"valid_from": second})).await.expect(200);
    assert_eq!(done["edition"]["published_at"], second);
}

async fn what_was_never_public_is_approved_again(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let article = draft(&admin, &world, "The ferry sails").await;
    let at = at(&article);
    for name in ["submit", "approve"] {
        step(&admin, &at, name, json!({})).await.expect(200);
    }
    let [first, second] = [600, 900].map(|seconds| app.in_seconds(seconds));
    for start in [&first, &second] {
        let done = step(&admin, &at, "publish", json!({"valid_from": start})).await.expect(200);
        assert_eq!(done["article"]["first_published_at"], first);
    }
    admin.delete(&at).await.expect(409);
    // The second becomes the first.
    let done = cancel(&admin, &at, 1).await.expect(200);
    assert_eq!(done["article"]["status"], "published");
    assert_eq!(done["article"]["first_published_at"], second);
    let left = admin.get(&format!("{at}/editions/2")).await.expect(200);
    assert_eq!((&left["published_at"], &left["modified_at"]), (&json!(second), &json!(second)));
    let done = cancel(&admin, &at, 2).await.expect(200);
    let seen = &done["article"];
    assert_eq!((&seen["status"], &seen["last_edition"]), (&json!("approved"), &json!(2)));
    assert_eq!((&seen["first_published_at"], &seen["published_at"]), (&Value::Null, &Value::Null));
    let allowed = seen["allowed_actions"].as_array().unwrap();
    assert!(allowed.contains(&json!("publish")) && allowed.contains(&json!("delete")));
    app.advance(1000);
    app.anyone().get(PAGE).await.expect(404);
    let admin = app.admin().await;
    let done = step(&admin, &at, "publish", json!({})).await.expect(200);
    assert_eq!(done["edition"]["number"], 3);
    assert_eq!(done["article"]["first_published_at"], done["edition"]["valid_from"]);

    // Taken offline before it began it has no date either; deleted it takes its editions along.
    let other = draft(&admin, &world, "Never mind").await;
    let place = crate::articles::at(&other);
    for name in ["submit", "approve"] {
        step(&admin, &place, name, json!({})).await.expect(200);
    }
    step(&admin, &place, "publish", json!({"valid_from": app.in_seconds(60)})).await.expect(200);
    let offline = step(&admin, &place, "unpublish", json!({})).await.expect(200);
    assert_eq!(offline["first_published_at"], Value::Null);
    step(&admin, &place, "publish", json!({"valid_from": app.in_seconds(60)})).await.expect(200);
    cancel(&admin, &place, 2).await.expect(200);
    admin.delete(&place).await.expect(204);
    admin.get(&place).await.expect(404);
}

async fn what_was_edited_is_in_review_again_under_four_eyes(app: TestApp) {
    for (rule, edited, status) in [
        ("on", false, "approved"),
        ("on", true, "in_review"),
        ("except-corrections", true, "approved"),
    ] {
        let settings = |name: &str| (name == "FOUR_EYES").then(|| rule.to_owned());
        let app = TestApp::start_with(app.engine(), settings).await;
        let (admin, world) = (app.admin().await, section(&app, "World").await);
        let editor = app.signed_in(Role::Editor).await;
        let article = draft(&editor, &world, "The ferry sails").await;
        let at = at(&article);
        step(&editor, &at, "submit", json!({})).await.expect(200);
        step(&admin, &at, "approve", json!({})).await.expect(200);
        let later = json!({"valid_from": app.in_seconds(600)});
        step(&admin, &at, "publish", later).await.expect(200);
        if edited {
            editor.patch(&at, json!({"lead": "Nobody has seen this."})).await.expect(200);
        }
        let done = cancel(&editor, &at, 1).await.expect(200);
        assert_eq!(done["article"]["status"], status, "{rule}");
        let allowed = done["article"]["allowed_actions"].as_array().unwrap();
        assert_eq!(allowed.contains(&json!("publish")), status == "approved", "{rule}");
    }
}

async fn an_address_that_was_taken_meanwhile_is_in_the_way(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let article = draft(&admin, &world, "The ferry sails").await;
    publish(&admin, &article).await;
    let place = at(&article);
    admin.patch(&place, json!({"slug": "ferry"})).await.expect(200);
    step(&admin, &place, "publish", json!({"valid_from": app.in_seconds(600)})).await.expect(200);
    // Another gets the old address once the first has left it.
    let other = draft(&admin, &world, "Another").await;
    let beside = at(&other);
    admin.patch(&beside, json!({"slug": "the-ferry-sails"})).await.expect(200);
    for name in ["submit", "approve"] {
        step(&admin, &beside, name, json!({})).await.expect(200);
    }
    let (taken, behind) = (app.in_seconds(700), app.in_seconds(701));
    step(&admin, &beside, "publish", json!({"valid_from": taken})).await.expect(200);
    let before = admin.get(&place).await.expect(200);
    cancel(&admin, &place, 2).await.refused(409, "", "taken");
    let later = json!({"valid_from": behind});
    reschedule(&admin, &place, 2, later).await.refused(409, "/valid_from", "taken");
    let replace = json!({"valid_from": behind, "replace_scheduled": true});
    step(&admin, &place, "publish", replace).await.refused(422, "/valid_from", "taken");
    // Nothing was changed, and up to that instant it may stay.
    assert_eq!(admin.get(&place).await.expect(200), before);
    let later = json!({"valid_from": taken});
    reschedule(&admin, &place, 2, later).await.expect(200);
    cancel(&admin, &beside, 1).await.expect(200);
    cancel(&admin, &place, 2).await.expect(200);
}

async fn only_what_is_scheduled_is_cancelled_or_moved(app: TestApp) {
    let (_, at) = with_update(&app).await;
    let admin = app.admin().await;
    let times = || json!({"valid_from": app.in_seconds(900)});
    cancel(&admin, &at, 3).await.expect(404);
    reschedule(&admin, &at, 3, times()).await.expect(404);
    cancel(&admin, &at, 1).await.expect(409);
    reschedule(&admin, &at, 1, times()).await.expect(409);
    let edition = format!("{at}/editions/2");
    delete(&admin, &edition).await.expect(428);
    let stale = admin.with("if-match", "\"1\"");
    delete(&stale, &edition).await.expect(412);
    patch(&stale, &edition, &times()).await.expect(412);
    cancel(&admin, &at, 2).await.expect(200);
    cancel(&admin, &at, 2).await.expect(409);
    reschedule(&admin, &at, 2, times()).await.expect(409);
    step(&admin, &at, "publish", json!({})).await.expect(200);
    app.advance(1);
    let admin = app.admin().await;
    cancel(&admin, &at, 1).await.expect(409);
    reschedule(&admin, &at, 1, times()).await.expect(409);
}

async fn whoever_does_not_edit_the_section_changes_no_schedule(app: TestApp) {
    let (_, at) = with_update(&app).await;
    let sport = section(&app, "Sport").await;
    app.add_user("ed@example.org", &[Role::Editor], &[&sport["id"]]).await;
    let ewa = app.add_user("ewa@example.org", &[Role::Author], &[]).await;
    app.admin().await.patch(&at, json!({"authors": [ewa["id"]]})).await.expect(200);
    let etag = app.admin().await.get(&at).await.header("etag").to_owned();
    let edition = format!("{at}/editions/2");
    for (who, status) in [("ed@example.org", 404), ("ewa@example.org", 403)] {
        let client = app.sign_in(who).await.with("if-match", &etag);
        delete(&client, &edition).await.expect(status);
        patch(&client, &edition, &json!({"valid_to": null})).await.expect(status);
    }
}

async fn an_author_takes_a_submission_back(app: TestApp) {
    let world = section(&app, "World").await;
    let (author, editor) = (app.signed_in(Role::Author).await, app.signed_in(Role::Editor).await);
    let article = draft(&author, &world, "The ferry sails").await;
    let at = at(&article);
    step(&author, &at, "recall", json!({})).await.expect(409);
    let submitted = step(&author, &at, "submit", json!({})).await.expect(200);
    assert_eq!(submitted["allowed_actions"], json!(["recall"]));
    let note = json!({"note": "one more call"});
    let back = step(&author, &at, "recall", note).await.expect(200);
    assert_eq!((&back["status"], &back["note"]), (&json!("draft"), &json!("one more call")));
    author.patch(&at, json!({"lead": "Now."})).await.expect(200);
    // An editor can as well; nobody once it is approved, and nobody whose it is not.
    step(&author, &at, "submit", json!({})).await.expect(200);
    app.add_user("jan@example.org", &[Role::Author], &[]).await;
    let etag = editor.get(&at).await.header("etag").to_owned();
    let jan = app.sign_in("jan@example.org").await.with("if-match", &etag);
    jan.post(&format!("{at}/actions/recall"), json!({})).await.expect(404);
    step(&editor, &at, "recall", json!({})).await.expect(200);
    step(&author, &at, "submit", json!({})).await.expect(200);
    step(&editor, &at, "approve", json!({})).await.expect(200);
    step(&author, &at, "recall", json!({})).await.expect(409);
}

async fn a_flash_a_photo_story_and_a_film_need_no_paragraph(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let credit = json!({"credit_line": "Harbour office"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    let medium = json!({"kind": "image", "url": "https://media.example.org/a.jpg",
        "credit_id": credit["id"], "decorative": true});
    let medium = admin.post("/manage/v1/media", medium).await.expect(201);
    let image = json!({"media_id": medium["id"]});
    let film = json!([{"type": "video", "role": "main", "url": "https://media.example.org/a.mp4", "title": "A"}]);
    for (number, content) in [
        json!({"lead": "The ferry is back."}),
        json!({"main_media": image}),
        json!({"body": [{"type": "gallery", "items": [image]}]}),
        json!({"body": film}),
        json!({"body": [paragraph("One.")]}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut input = content;
        input["headline"] = json!(format!("Number {number}"));
        input["section_id"] = world["id"].clone();
        let article = admin.post(ARTICLES, input).await.expect(201);
        publish(&admin, &article).await;
        let page = format!("/v1/page?path=/world/number-{number}");
        app.anyone().get(&page).await.expect(200);
    }
    let bare = json!({"headline": "Nothing", "section_id": world["id"], "lead": "x",
        "body": [{"type": "heading", "level": 2, "text": [{"text": "A heading"}]}, {"type": "divider"}]});
    let article = admin.post(ARTICLES, bare).await.expect(201);
    let at = at(&article);
    admin.patch(&at, json!({"lead": null})).await.expect(200);
    for name in ["submit", "approve"] {
        step(&admin, &at, name, json!({})).await.expect(200);
    }
    step(&admin, &at, "publish", json!({})).await.refused(422, "/body", "no_content");
}
