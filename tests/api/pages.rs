//! Pages and lists over HTTP, as frontends read them.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    contract::NOBODY,
    support::{Client, TestApp, on_both_engines},
};

on_both_engines! {
    a_whole_news_page_comes_out_in_page_order,
    drafts_and_edits_are_invisible_until_published,
    a_scheduled_edition_appears_on_time_and_not_before,
    a_postponed_edition_does_not_appear_in_between,
    dates_come_from_what_readers_had,
    merged_sections_keep_their_articles_alive,
    the_past_hides_what_is_hidden_today,
    a_draft_that_is_linked_to_leaves_no_trace,
    an_edition_goes_offline_when_its_time_is_over,
    unpublished_is_gone_for_every_instant,
    a_retracted_article_leaves_its_notice,
    old_addresses_lead_to_where_the_article_is,
    hidden_sections_hide_their_articles,
    a_live_address_cannot_be_taken,
    lists_can_be_filtered_and_paged,
    a_text_published_before_elsewhere_keeps_its_date,
    a_page_is_nine_statements_however_long_the_article,
    a_list_of_many_is_as_many_statements_as_a_list_of_one,
    corrected_credits_and_renamed_sections_show_at_once,
    expired_rights_take_the_picture_off_the_page,
    readers_are_spared_what_they_have,
    members_can_be_chosen,
    every_member_that_is_named_comes,
    a_page_has_one_address,
    canonical_links_lead_to_the_site,
    a_related_link_stands_in_one_place,
    a_body_comes_as_html_or_text,
    a_preview_shows_what_would_be_published,
    nonsense_is_refused_plainly,
}

async fn page(reader: &Client, path: &str) -> Value {
    reader.get(&format!("/v1/page?path={path}")).await.expect(200)
}

async fn canonical_links_lead_to_the_site(app: TestApp) {
    let news = section(&app, "News").await;
    let path = published(&app, &news, "Bridge closed").await["path"].clone();
    let path = path.as_str().unwrap();
    let canonical =
        async |app: &TestApp| page(&app.anyone(), path).await["seo"]["canonical_url"].clone();
    assert_eq!(canonical(&app).await, Value::Null, "nobody said where the site is");
    let site = |name: &str| (name == "SITE_URL").then(|| "https://news.example/".to_owned());
    let settled = app.another(site).await;
    assert_eq!(canonical(&settled).await, json!(format!("https://news.example{path}")));
}

async fn published(app: &TestApp, section: &Value, headline: &str) -> Value {
    let admin = app.admin().await;
    let article = draft(&admin, section, headline).await;
    publish(&admin, &article).await["article"].clone()
}

async fn ad_slot(admin: &Client, code: &str, placement: &str) -> Value {
    let slot = json!({
        "code": code, "name": code, "placement": placement,
        "label": {"text": "Reklama", "language": "pl"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
        "provider": {"kind": "none"},
    });
    admin.post("/manage/v1/ad-slots", slot).await.expect(201)
}

fn types(blocks: &Value) -> Vec<&str> {
    blocks.as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect()
}

async fn a_whole_news_page_comes_out_in_page_order(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "Świat").await;
    for (code, placement) in [
        ("top", "before_headline"),
        ("first", "in_body"),
        ("second", "in_body"),
        ("end", "after_body"),
        ("foot", "after_comments"),
    ] {
        ad_slot(&admin, code, placement).await;
    }
    let credit = json!({"label": "Autor", "credit_line": "port.example"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    let photo = json!({"kind": "image", "credit_id": credit["id"], "url": "https://media.example.org/prom.jpg"});
    let photo = admin.post("/manage/v1/media", photo).await.expect(201);
    let other = published(&app, &world, "Most wraca po remoncie").await;
    let third = published(&app, &world, "Nowy rozkład tramwajów").await;

    let headline = "Prom znów pływa";
    let article = json!({"headline": headline, "section_id": world["id"], "language": "pl"});
    let article = admin.post(ARTICLES, article).await.expect(201);
    let links = format!("{}/related-links", at(&article));
    let mut ids = Vec::new();
    for target in [&other, &third] {
        let link = json!({"kind": "internal", "target_article_id": target["id"]});
        ids.push(admin.post(&links, link).await.expect(201)["id"].clone());
    }
    let heading = |text: &str| json!({"type": "heading", "level": 2, "text": [{"text": text}]});
    let body = json!({
        "lead": "Po wiosennej powodzi.",
        "main_media": {"media_id": photo["id"]},
        "body": [
            paragraph("Pierwszy akapit."),
            {"type": "ad_slot", "code": "first"},
            heading("Rozkład"), paragraph("Drugi."),
            {"type": "related", "title": "Czytaj też", "link_ids": [ids[0]]},
            heading("Bilety"), paragraph("Trzeci."),
            {"type": "ad_slot", "code": "second"},
            paragraph("Czwarty."),
            heading("Co dalej"), paragraph("Piąty."),
            {"type": "related", "title": "Czytaj też", "link_ids": [ids[1]]},
            paragraph("Szósty."),
            {"type": "video", "role": "promo", "label": "WIDEO", "title": "Nocna próba",
             "url": "https://media.example.org/proba.mp4"},
        ],
    });
    admin.patch(&at(&article), body).await.expect(200);
    publish(&admin, &article).await;

    let seen = page(&app.anyone(), "/swiat/prom-znow-plywa").await;
    assert_eq!(seen["kind"], "article");
    assert_eq!(seen["ads"]["before_headline"][0]["code"], "top");
    assert_eq!(seen["headline"], headline);
    assert_eq!(seen["main_media"]["credit_display"], "Autor. port.example");
    assert_eq!(
        types(&seen["blocks"]),
        [
            "paragraph",
            "ad_slot",
            "heading",
            "paragraph",
            "related",
            "heading",
            "paragraph",
            "ad_slot",
            "paragraph",
            "heading",
            "paragraph",
            "related",
            "paragraph",
            "video",
        ]
    );
    assert_eq!(seen["blocks"][1]["slot"]["label"]["text"], "Reklama");
    assert_eq!(seen["blocks"][4]["links"][0]["title"], "Most wraca po remoncie");
    assert_eq!(seen["blocks"][4]["links"][0]["path"], other["path"]);
    assert_eq!(seen["ads"]["after_body"][0]["code"], "end");
    assert_eq!(seen["ads"]["after_comments"][0]["code"], "foot");
    assert_eq!(seen["breadcrumbs"][0]["name"], "Świat");
    assert_eq!(seen["comments"]["count"], 0);

    // The wall holds both ways: without ads none is left, pinned ones included.
    let off = json!({"ads": {"mode": "off", "reason": "mourning"}});
    admin.patch(&at(&article), off).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let seen = page(&app.anyone(), "/swiat/prom-znow-plywa").await;
    assert!(!types(&seen["blocks"]).contains(&"ad_slot"));
    assert_eq!(seen["ads"]["before_headline"], json!([]));
}

async fn drafts_and_edits_are_invisible_until_published(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    let path = "/v1/page?path=/world/the-ferry-sails";
    let by_id = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let reader = app.anyone();
    for address in [path, &by_id] {
        reader.get(address).await.expect(404);
    }
    assert_eq!(reader.get("/v1/articles").await.expect(200)["data"], json!([]));
    publish(&admin, &article).await;
    for address in [path, &by_id] {
        assert_eq!(reader.get(address).await.expect(200)["headline"], "The ferry sails");
    }
    admin.patch(&at(&article), json!({"headline": "SECRET"})).await.expect(200);
    for address in [path, &by_id, "/v1/articles", "/v1/page?path=/world", "/v1/page?path=/"] {
        let answer = reader.get(address).await;
        assert!(!answer.text.contains("SECRET"), "{address} leaks a draft");
        assert!(answer.text.contains("The ferry sails"), "{address} lacks the edition");
    }
}

async fn a_scheduled_edition_appears_on_time_and_not_before(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    for step in ["submit", "approve"] {
        admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let later = json!({"valid_from": app.in_seconds(3600)});
    let done = admin.act(&at(&article), "actions/publish", later.clone()).await.expect(200);
    assert_eq!(done["edition"]["state"], "scheduled");
    assert_eq!(done["article"]["scheduled_edition"], 1);
    let (reader, path) = (app.anyone(), "/v1/page?path=/world/the-ferry-sails");
    reader.get(path).await.expect(404);
    let list = reader.get("/v1/articles").await;
    assert_eq!(list.body["data"], json!([]));
    let early = format!("{path}&as_of={}", app.in_seconds(7200));
    reader.get(&early).await.refused(400, "as_of", "future");

    app.advance(3590);
    let list = reader.get("/v1/articles").await;
    let fresh = list.header("cache-control").to_owned();
    assert!(fresh.contains("max-age=8") || fresh.contains("max-age=9"), "{fresh}");
    app.advance(11);
    reader.get(path).await.expect(200);
    assert_eq!(reader.get("/v1/articles").await.body["data"][0]["headline"], "The ferry sails");

    // Publishing again takes the place of what is scheduled, where that is asked for.
    let admin = app.admin().await;
    admin.patch(&at(&article), json!({"headline": "Second"})).await.expect(200);
    let later = json!({"valid_from": app.in_seconds(3600)});
    admin.act(&at(&article), "actions/publish", later).await.expect(200);
    admin.patch(&at(&article), json!({"headline": "Third"})).await.expect(200);
    let replace = json!({"replace_scheduled": true});
    let now = admin.act(&at(&article), "actions/publish", replace).await.expect(200);
    let replaced = |warning: &Value| warning["code"] == "replaces_scheduled";
    assert!(now["warnings"].as_array().unwrap().iter().any(replaced), "{now:#}");
    app.advance(7200);
    assert_eq!(reader.get(path).await.expect(200)["headline"], "Third");
}

async fn approved(app: &TestApp, section: &Value, headline: &str) -> Value {
    let admin = app.admin().await;
    let article = draft(&admin, section, headline).await;
    for step in ["submit", "approve"] {
        admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    article
}

async fn a_postponed_edition_does_not_appear_in_between(app: TestApp) {
    let world = section(&app, "World").await;
    let article = approved(&app, &world, "First").await;
    let reader = app.anyone();
    let path = "/v1/page?path=/world/first";
    let postpone = async |seconds: i64| {
        let later = json!({"valid_from": app.in_seconds(seconds), "replace_scheduled": true});
        app.admin().await.act(&at(&article), "actions/publish", later).await.expect(200)
    };
    postpone(600).await;
    postpone(1200).await;
    app.advance(700);
    reader.get(path).await.expect(404);
    app.advance(600);
    assert_eq!(reader.get(path).await.expect(200)["headline"], "First");

    // What is public gets back the time that a cancelled successor had taken, but not more than
    // was asked for.
    let admin = app.admin().await;
    let until = json!({"valid_to": app.in_seconds(3000)});
    admin.act(&at(&article), "actions/publish", until).await.expect(200);
    admin.patch(&at(&article), json!({"headline": "Second"})).await.expect(200);
    postpone(1000).await;
    postpone(5000).await;
    app.advance(2000);
    assert_eq!(reader.get(path).await.expect(200)["headline"], "First");
    app.advance(1500);
    reader.get(path).await.expect(404);
    app.advance(2000);
    assert_eq!(reader.get(path).await.expect(200)["headline"], "Second");
}

async fn dates_come_from_what_readers_had(app: TestApp) {
    let world = section(&app, "World").await;
    let article = approved(&app, &world, "First").await;
    let admin = app.admin().await;
    let tomorrow = json!({"valid_from": app.in_seconds(86_400)});
    admin.act(&at(&article), "actions/publish", tomorrow).await.expect(200);
    let notice = json!({"notice": "Never mind."});
    admin.act(&at(&article), "actions/retract", notice).await.expect(409);
    let done = admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let now = done["edition"]["valid_from"].clone();
    let seen = page(&app.anyone(), "/world/first").await;
    for date in ["published_at", "first_published_at", "modified_at"] {
        assert_eq!(seen[date], now, "{date}");
    }
    app.advance(60);
    let admin = app.admin().await;
    admin.act(&at(&article), "actions/unpublish", json!({})).await.expect(200);
    let again = json!({"significant": false});
    admin.act(&at(&article), "actions/publish", again).await.expect(200);
    assert_eq!(page(&app.anyone(), "/world/first").await["modified_at"], now);
}

async fn merged_sections_keep_their_articles_alive(app: TestApp) {
    let (world, globe) = (section(&app, "World").await, section(&app, "Globe").await);
    let article = published(&app, &world, "First").await;
    let admin = app.admin().await;
    let over = format!(
        "/manage/v1/sections/{}?reassign_to={}",
        world["id"].as_str().unwrap(),
        globe["id"].as_str().unwrap()
    );
    let rival = published(&app, &globe, "First").await;
    admin.delete(&over).await.expect(409);
    admin.patch(&at(&rival), json!({"slug": "second"})).await.expect(200);
    admin.delete(&over).await.expect(409);
    admin.act(&at(&rival), "actions/publish", json!({})).await.expect(200);
    admin.delete(&over).await.expect(204);
    let moved = page(&app.anyone(), "/world/first").await;
    assert_eq!(moved["location"], "/globe/first");
    let changed = admin.patch(&at(&article), json!({"lead": "New."})).await.expect(200);
    assert_eq!((&changed["section_id"], &changed["path"]), (&globe["id"], &json!("/globe/first")));
    admin.act(&at(&article), "editions/1/restore", json!({})).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let listed = app.anyone().get("/v1/articles?section=/globe").await.expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
}

async fn the_past_hides_what_is_hidden_today(app: TestApp) {
    let (world, sport) = (section(&app, "World").await, section(&app, "Sport").await);
    let article = published(&app, &world, "First").await;
    app.advance(60);
    let then = app.in_seconds(0);
    app.advance(60);
    let admin = app.admin().await;
    admin.patch(&at(&article), json!({"section_id": sport["id"]})).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let by_id = format!("/v1/articles/{}?as_of={then}", article["id"].as_str().unwrap());
    let list = format!("/v1/articles?as_of={then}");
    let reader = app.anyone();
    assert_eq!(reader.get(&by_id).await.expect(200)["path"], "/world/first");
    let sport_at = format!("/manage/v1/sections/{}", sport["id"].as_str().unwrap());
    admin.patch(&sport_at, json!({"hidden": true})).await.expect(200);
    reader.get(&by_id).await.expect(404);
    assert_eq!(reader.get(&list).await.expect(200)["data"], json!([]));
}

async fn a_draft_that_is_linked_to_leaves_no_trace(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    let hidden = draft(&admin, &world, "SECRET").await;
    let article = draft(&admin, &world, "First").await;
    let link = json!({"kind": "internal", "target_article_id": hidden["id"]});
    admin.post(&format!("{}/related-links", at(&article)), link).await.expect(201);
    publish(&admin, &article).await;
    let answer = app.anyone().get("/v1/page?path=/world/first").await;
    let id = hidden["id"].as_str().unwrap();
    assert!(!answer.text.contains(id));
    for (name, value) in &answer.headers {
        assert!(!value.to_str().unwrap().contains(id), "{name} names the draft");
    }
    assert!(answer.header("cache-tag").contains("target:"));
    publish(&admin, &hidden).await;
    let journal = admin.get("/manage/v1/journal?limit=100").await.expect(200);
    let last = journal["data"].as_array().unwrap().last().unwrap()["tags"].clone();
    let stale = |tag: &Value| answer.header("cache-tag").contains(tag.as_str().unwrap());
    assert!(last.as_array().unwrap().iter().any(stale), "{last} leaves the page as it is");
}

async fn an_edition_goes_offline_when_its_time_is_over(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let until = json!({"valid_to": app.in_seconds(60)});
    admin.act(&at(&article), "actions/publish", until).await.expect(200);
    let reader = app.anyone();
    page(&reader, "/world/the-ferry-sails").await;
    app.advance(60);
    reader.get("/v1/page?path=/world/the-ferry-sails").await.expect(404);
    assert_eq!(reader.get("/v1/articles").await.body["data"], json!([]));
}

async fn unpublished_is_gone_for_every_instant(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    app.advance(60);
    let then = app.in_seconds(0);
    app.advance(60);
    admin.patch(&at(&article), json!({"headline": "The ferry sails on"})).await.expect(200);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let reader = app.anyone();
    let past = format!("/v1/page?path=/world/the-ferry-sails&as_of={then}");
    assert_eq!(reader.get(&past).await.expect(200)["headline"], "The ferry sails");
    let list = format!("/v1/articles?as_of={then}");
    assert_eq!(reader.get(&list).await.body["data"][0]["headline"], "The ferry sails");

    // Long enough for the first edition to have been retired from the lists of today.
    app.advance(2 * 24 * 60 * 60);
    published(&app, &world, "Another one").await;
    assert_eq!(reader.get(&list).await.body["data"][0]["headline"], "The ferry sails");

    let admin = app.admin().await;
    admin.act(&at(&article), "actions/unpublish", json!({})).await.expect(200);
    reader.get(&past).await.expect(404);
    assert_eq!(reader.get(&list).await.body["data"], json!([]));
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    page(&reader, "/world/the-ferry-sails").await;
}

async fn a_retracted_article_leaves_its_notice(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let notice = json!({"notice": "We confused two rivers."});
    admin.act(&at(&article), "actions/retract", notice).await.expect(200);
    let reader = app.anyone();
    for address in [
        "/v1/page?path=/world/the-ferry-sails".to_owned(),
        format!("/v1/articles/{}", article["id"].as_str().unwrap()),
    ] {
        let gone = reader.get(&address).await.expect(410);
        assert_eq!(
            (&gone["kind"], &gone["notice"]),
            (&json!("gone"), &json!("We confused two rivers."))
        );
    }
    assert_eq!(reader.get("/v1/articles").await.body["data"], json!([]));
}

async fn old_addresses_lead_to_where_the_article_is(app: TestApp) {
    let admin = app.admin().await;
    let reader = app.anyone();
    let world = section(&app, "World").await;
    let asia = json!({"name": "Asia", "parent_id": world["id"]});
    let asia = admin.post("/manage/v1/sections", asia).await.expect(201);
    let article = published(&app, &asia, "The ferry sails").await;

    // A new slug moves readers only once it is published.
    admin.patch(&at(&article), json!({"slug": "ferry"})).await.expect(200);
    page(&reader, "/world/asia/the-ferry-sails").await;
    reader.get("/v1/page?path=/world/asia/ferry").await.expect(404);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let moved = page(&reader, "/world/asia/the-ferry-sails").await;
    assert_eq!(
        (&moved["kind"], &moved["location"]),
        (&json!("redirect"), &json!("/world/asia/ferry"))
    );
    let by_path = "/v1/articles/by-path?path=/world/asia/the-ferry-sails";
    assert_eq!(reader.get(by_path).await.expect(200)["path"], "/world/asia/ferry");

    // Sections move, one after the other; every old address still leads home.
    let asia_at = format!("/manage/v1/sections/{}", asia["id"].as_str().unwrap());
    let world_at = format!("/manage/v1/sections/{}", world["id"].as_str().unwrap());
    admin.patch(&world_at, json!({"slug": "globe"})).await.expect(200);
    admin.patch(&asia_at, json!({"parent_id": null, "slug": "far-east"})).await.expect(200);
    for old in ["/world/asia/the-ferry-sails", "/world/asia/ferry", "/globe/asia/ferry"] {
        assert_eq!(page(&reader, old).await["location"], "/far-east/ferry", "{old}");
    }
    assert_eq!(page(&reader, "/world/asia").await["location"], "/far-east");
    assert_eq!(page(&reader, "/far-east/ferry").await["kind"], "article");

    // What lives at an address goes before any redirect.
    let again = section(&app, "World").await;
    assert_eq!(page(&reader, "/world").await["kind"], "section");
    published(&app, &again, "New here").await;
    assert_eq!(page(&reader, "/world/new-here").await["kind"], "article");
    reader.get("/v1/page?path=/world/asia/never-was").await.expect(404);
}

async fn hidden_sections_hide_their_articles(app: TestApp) {
    let admin = app.admin().await;
    let (world, sport) = (section(&app, "World").await, section(&app, "Sport").await);
    let article = published(&app, &world, "The ferry sails").await;
    published(&app, &sport, "The match is on").await;
    let world_at = format!("/manage/v1/sections/{}", world["id"].as_str().unwrap());
    admin.patch(&world_at, json!({"hidden": true})).await.expect(200);
    let reader = app.anyone();
    reader.get("/v1/page?path=/world/the-ferry-sails").await.expect(404);
    reader.get("/v1/page?path=/world").await.expect(404);
    let by_id = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    reader.get(&by_id).await.expect(404);
    for list in ["/v1/articles", "/v1/articles?genre=news", "/v1/articles?language=en"] {
        let listed = reader.get(list).await.expect(200);
        assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(listed["data"][0]["headline"], "The match is on");
    }
}

async fn a_live_address_cannot_be_taken(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let first = published(&app, &world, "The ferry sails").await;
    // The working copy makes room for the slug, its edition does not.
    admin.patch(&at(&first), json!({"slug": "elsewhere"})).await.expect(200);
    let second = draft(&admin, &world, "The ferry sails").await;
    assert_eq!(second["slug"], "the-ferry-sails");
    for step in ["submit", "approve"] {
        admin.act(&at(&second), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let refused = admin.act(&at(&second), "actions/publish", json!({})).await;
    refused.refused(422, "/slug", "taken");
    let asia = json!({"name": "x", "slug": "the-ferry-sails", "parent_id": world["id"]});
    admin.post("/manage/v1/sections", asia).await.refused(409, "/slug", "taken");
    admin.act(&at(&first), "actions/publish", json!({})).await.expect(200);
    admin.act(&at(&second), "actions/publish", json!({})).await.expect(200);
    let seen = page(&app.anyone(), "/world/the-ferry-sails").await;
    assert_eq!(seen["id"], second["id"], "a live article goes before the way to another");
}

async fn lists_can_be_filtered_and_paged(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let asia = json!({"name": "Asia", "parent_id": world["id"]});
    let asia = admin.post("/manage/v1/sections", asia).await.expect(201);
    let sport = section(&app, "Sport").await;
    let author = app.add_user("ewa@example.org", &[Role::Author], &[]).await;
    for (number, section) in [&world, &asia, &sport, &world, &asia].into_iter().enumerate() {
        let article = json!({
            "headline": format!("Number {number}"), "section_id": section["id"],
            "body": [paragraph("Text.")], "tags": if number % 2 == 0 { json!(["Kolej i tramwaj"]) } else { json!([]) },
            "genre": if number == 3 { "opinion" } else { "news" },
            "authors": if number == 4 { json!([author["id"]]) } else { json!([]) },
        });
        let article = admin.post(ARTICLES, article).await.expect(201);
        publish(&admin, &article).await;
        app.advance(10);
    }
    let reader = app.anyone();
    let headlines = async |query: &str| {
        let list = reader.get(&format!("/v1/articles?{query}")).await.expect(200);
        let cards = list["data"].as_array().unwrap().clone();
        cards
            .iter()
            .map(|card| card["headline"].as_str().unwrap()[7..].to_owned())
            .collect::<String>()
    };
    let author = author["id"].as_str().unwrap();
    assert_eq!(headlines("").await, "43210");
    assert_eq!(headlines("sort=oldest").await, "01234");
    assert_eq!(headlines("section=/world").await, "4310");
    assert_eq!(headlines(&format!("section={}", asia["id"].as_str().unwrap())).await, "41");
    assert_eq!(headlines("tag=Kolej%20i%20Tramwaj").await, "420");
    assert_eq!(headlines("tag=kolej-i-tramwaj&section=/world").await, "40");
    assert_eq!(headlines("section=/world&genre=opinion").await, "3");
    assert_eq!(headlines(&format!("author={author}&tag=kolej-i-tramwaj")).await, "4");
    assert_eq!(headlines("language=pl").await, "");
    assert_eq!(headlines("genre=opinion&language=en").await, "3");

    let first = reader.get("/v1/articles?section=/world&limit=3").await;
    let link = first.header("link").to_owned();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let first = first.expect(200);
    assert_eq!(first["data"][2]["headline"], "Number 1");
    let second = reader.get(next).await.expect(200);
    assert_eq!(
        (&second["data"][0]["headline"], &second["next"]),
        (&json!("Number 0"), &Value::Null)
    );

    assert_eq!(first.get("total"), None);
    for (query, total) in
        [("", 5), ("section=/world&limit=1", 4), ("tag=kolej-i-tramwaj&section=/world", 2)]
    {
        let list = reader.get(&format!("/v1/articles?total=true&{query}")).await.expect(200);
        assert_eq!(list["total"], total, "{query}");
    }

    let middle = first["data"][1]["published_at"].as_str().unwrap();
    assert_eq!(headlines(&format!("from={middle}")).await, "43");
    assert_eq!(headlines(&format!("to={middle}")).await, "210");
    reader.get("/v1/articles?section=/nowhere").await.expect(404);
    let cursor = first["next"].as_str().unwrap();
    let other = format!("/v1/articles?sort=oldest&cursor={cursor}");
    reader.get(&other).await.refused(400, "cursor", "cursor");
}

async fn a_text_published_before_elsewhere_keeps_its_date(app: TestApp) {
    let admin = app.admin().await;
    let archive = section(&app, "Archive").await;
    let article = draft(&admin, &archive, "The bridge opens").await;
    for step in ["submit", "approve"] {
        admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let then = json!({"published_at": "2019-05-01T08:00:00.000Z"});
    let done = admin.act(&at(&article), "actions/publish", then.clone()).await.expect(200);
    let seen = page(&app.anyone(), "/archive/the-bridge-opens").await;
    assert_eq!(seen["published_at"], then["published_at"]);
    assert_eq!(seen["modified_at"], then["published_at"], "nothing has changed since");
    assert_eq!(seen["first_published_at"], done["edition"]["valid_from"]);
    admin.patch(&at(&article), json!({"headline": "The bridge opened"})).await.expect(200);
    let done = admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    let seen = page(&app.anyone(), "/archive/the-bridge-opens").await;
    assert_eq!(seen["published_at"], then["published_at"]);
    assert_eq!(seen["modified_at"], done["edition"]["valid_from"]);
}

async fn a_page_is_nine_statements_however_long_the_article(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    ad_slot(&admin, "pin", "in_body").await;
    let credit =
        admin.post("/manage/v1/media-credits", json!({"credit_line": "x"})).await.expect(201);
    let target = published(&app, &world, "A target").await;
    let author = app.add_user("ewa@example.org", &[Role::Author], &[]).await;
    let article = json!({
        "headline": "Long", "section_id": world["id"], "authors": [author["id"]],
        "tags": ["Ferries", "Harbour"],
    });
    let article = admin.post(ARTICLES, article).await.expect(201);
    let link = json!({"kind": "internal", "target_article_id": target["id"]});
    let link = admin.post(&format!("{}/related-links", at(&article)), link).await.expect(201);
    let mut body = vec![
        json!({"type": "related", "link_ids": [link["id"]]}),
        json!({"type": "ad_slot", "code": "pin"}),
    ];
    for number in 0..30 {
        let photo = json!({"kind": "image", "credit_id": credit["id"]});
        let photo = admin.post("/manage/v1/media", photo).await.expect(201);
        body.push(json!({"type": "image", "media_id": photo["id"]}));
        body.push(paragraph(&format!("Paragraph {number}.")));
    }
    admin.patch(&at(&article), json!({"body": body})).await.expect(200);
    publish(&admin, &article).await;
    let reader = app.anyone();
    let comment = json!({"nickname": "Reader", "body": "I was on board."});
    let thread = format!("/v1/articles/{}/comments", article["id"].as_str().unwrap());
    let comment = reader.post(&thread, comment).await.expect(202);
    let comment = format!("/manage/v1/comments/{}", comment["id"].as_str().unwrap());
    admin.act(&comment, "decisions", json!({"decision": "approve"})).await.expect(200);
    let (statements, seen) = app.statements(page(&reader, "/world/long")).await;
    assert_eq!(seen["comments"]["count"], 1);
    assert_eq!(seen["blocks"].as_array().unwrap().len(), 62);
    assert!(statements <= 9, "{statements} statements");
}

async fn a_list_of_many_is_as_many_statements_as_a_list_of_one(app: TestApp) {
    let world = section(&app, "World").await;
    let reader = app.anyone();
    published(&app, &world, "One").await;
    // Sections are read once for each version of them.
    reader.get("/v1/sections").await.expect(200);
    let (for_one, _) = app.statements(reader.get("/v1/articles?limit=100")).await;
    for number in 0..30 {
        published(&app, &world, &format!("Number {number}")).await;
    }
    let (for_many, list) = app.statements(reader.get("/v1/articles?limit=100")).await;
    assert_eq!(list.expect(200)["data"].as_array().unwrap().len(), 31);
    assert!(for_many == for_one && for_many <= 6, "{for_one} for one, {for_many} for many");
}

async fn corrected_credits_and_renamed_sections_show_at_once(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let credit = json!({"label": "Photo", "credit_line": "Jan Lis"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    let photo = json!({"kind": "image", "credit_id": credit["id"], "alt": "A ferry"});
    let photo = admin.post("/manage/v1/media", photo).await.expect(201);
    let article = json!({
        "headline": "Ferry", "section_id": world["id"], "body": [paragraph("Text.")],
        "main_media": {"media_id": photo["id"]},
    });
    let article = admin.post(ARTICLES, article).await.expect(201);
    publish(&admin, &article).await;
    let media = format!("/v1/media/{}", photo["id"].as_str().unwrap());
    assert_eq!(app.anyone().get(&media).await.expect(200)["alt"], "A ferry");

    let credit_at = format!("/manage/v1/media-credits/{}", credit["id"].as_str().unwrap());
    admin.patch(&credit_at, json!({"credit_line": "Jan Lis / North"})).await.expect(200);
    let world_at = format!("/manage/v1/sections/{}", world["id"].as_str().unwrap());
    admin.patch(&world_at, json!({"name": "The World"})).await.expect(200);
    let seen = page(&app.anyone(), "/world/ferry").await;
    assert_eq!(seen["main_media"]["credit_display"], "Photo. Jan Lis / North");
    assert_eq!(seen["breadcrumbs"][0]["name"], "The World");
    let card = &app.anyone().get("/v1/articles").await.body["data"][0];
    assert_eq!(card["main_media"]["credit_display"], "Photo. Jan Lis / North");
    let photo_at = format!("/manage/v1/media/{}", photo["id"].as_str().unwrap());
    let used = admin.delete(&photo_at).await.expect(409);
    assert_eq!(used["errors"][0]["resource"], at(&article));
}

async fn expired_rights_take_the_picture_off_the_page(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let credit =
        admin.post("/manage/v1/media-credits", json!({"credit_line": "x"})).await.expect(201);
    let photo = json!({"kind": "image", "credit_id": credit["id"], "rights_expires_at": app.in_seconds(90)});
    let photo = admin.post("/manage/v1/media", photo).await.expect(201);
    let article = json!({
        "headline": "Ferry", "section_id": world["id"],
        "main_media": {"media_id": photo["id"]},
        "body": [paragraph("Text."), {"type": "image", "media_id": photo["id"]}],
    });
    let article = admin.post(ARTICLES, article).await.expect(201);
    publish(&admin, &article).await;
    let media = format!("/v1/media/{}", photo["id"].as_str().unwrap());
    let reader = app.anyone();
    reader.get(&media).await.expect(200);
    let seen = page(&reader, "/world/ferry").await;
    assert_eq!(types(&seen["blocks"]), ["paragraph", "image"]);
    app.advance(90);
    let seen = page(&reader, "/world/ferry").await;
    assert_eq!((&seen["main_media"], types(&seen["blocks"])), (&Value::Null, vec!["paragraph"]));
    reader.get(&media).await.expect(404);
}

async fn readers_are_spared_what_they_have(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let path = "/v1/page?path=/world/the-ferry-sails";
    let first = app.anyone().get(path).await;
    let etag = first.header("etag").to_owned();
    let named = first.header("cache-tag").to_owned();
    assert!(named.contains(&format!("article:{}", article["id"].as_str().unwrap())), "{named}");
    assert!(first.header("cache-control").starts_with("public, max-age="));
    let again = app.anyone().with("if-none-match", &etag).get(path).await;
    again.expect(304);
    let weak = format!("\"other\", W/{etag}");
    app.anyone().with("if-none-match", &weak).get(path).await.expect(304);
    admin.patch(&at(&article), json!({"lead": "New."})).await.expect(200);
    app.anyone().with("if-none-match", &etag).get(path).await.expect(304);
    admin.act(&at(&article), "actions/publish", json!({})).await.expect(200);
    app.anyone().with("if-none-match", &etag).get(path).await.expect(200);
}

async fn members_can_be_chosen(app: TestApp) {
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let reader = app.anyone();
    let list = reader.get("/v1/sparse/articles?fields=headline,path").await.expect(200);
    let card = json!({"id": article["id"], "headline": "The ferry sails", "path": article["path"]});
    assert_eq!(list["data"], json!([card]));
    let by_id = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let few = json!({"id": article["id"], "lead": "What it is about."});
    let path = article["path"].as_str().unwrap();
    let sparse = by_id.replace("/v1/", "/v1/sparse/");
    for own in [format!("{sparse}?"), format!("/v1/sparse/articles/by-path?path={path}&")] {
        let some = async |names: &str| reader.get(&format!("{own}fields={names}")).await;
        assert_eq!(some("lead").await.expect(200), few);
        assert_eq!(some("lead,lead,id").await.expect(200), few);
        some("colour").await.refused(400, "fields", "format");
        some("kind").await.refused(400, "fields", "format");
        some("").await.refused(400, "fields", "format");
        some("lead&fields=id").await.refused(400, "fields", "duplicate");
        some("lead&body=html").await.refused(400, "body", "unknown_parameter");
        reader.get(&own).await.refused(400, "fields", "required");
    }
    reader.get("/v1/articles?fields=id").await.refused(400, "fields", "unknown_parameter");
    reader.get(&format!("/v1/sparse/articles/{NOBODY}?fields=lead")).await.expect(404);
    assert_eq!(reader.get(&by_id).await.body.get("ads"), None);
    let with_ads = reader.get(&format!("{by_id}?include=ads")).await.expect(200);
    assert_eq!(with_ads["ads"]["sidebar"], json!([]));
}

/// The members that the document gives the object at this place among its schemas.
fn members(place: &str) -> Vec<&'static str> {
    let place = format!("/components/schemas/{place}/properties");
    let members = broadsheet::app::DOCUMENT.pointer(&place).unwrap().as_object().unwrap();
    members.keys().map(String::as_str).collect()
}

async fn every_member_that_is_named_comes(app: TestApp) {
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let by_id = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let reader = app.anyone();
    let whole = reader.get(&format!("{by_id}?include=ads,comments")).await.expect(200);
    let sparse = by_id.replace("/v1/", "/v1/sparse/");
    for name in members("SparseArticle") {
        let some = reader.get(&format!("{sparse}?fields={name}")).await.expect(200);
        let some = some.as_object().unwrap();
        assert!(some.contains_key(name), "{name}: {some:?}");
        assert!(some.keys().all(|given| [name, "id"].contains(&given.as_str())));
        assert!(whole.get(name).is_none_or(|whole| *whole == some[name]), "{name}");
    }
    let known = members("ArticleDocument").into_iter().filter(|name| *name != "kind");
    assert_eq!(members("SparseArticle"), known.collect::<Vec<_>>());
    let forms =
        reader.get(&format!("{sparse}?fields=blocks,body_html,body_text")).await.expect(200);
    assert_eq!(forms["blocks"], whole["blocks"]);
    assert_eq!(
        forms["body_html"],
        "<div lang=\"en\" dir=\"ltr\">\n<p>The first paragraph.</p>\n</div>\n"
    );
    assert_eq!(forms["body_text"], "The first paragraph.");
    let card =
        reader.get("/v1/articles?include=comment_count").await.expect(200)["data"][0].clone();
    assert_eq!(members("SparseArticleCard"), members("ArticleCard"));
    for name in members("ArticleCard") {
        let list = format!("/v1/sparse/articles?fields={name}&total=true&limit=1");
        let list = reader.get(&list).await.expect(200);
        assert_eq!(list["data"][0][name], card[name], "{name}: {list}");
        assert_eq!(list["total"], 1);
    }
    reader.get("/v1/sparse/articles?fields=kind").await.refused(400, "fields", "format");
}

async fn a_page_has_one_address(app: TestApp) {
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let reader = app.anyone();
    for (address, id, of) in [
        ("/world", "section_id", &world["id"]),
        ("/world/the-ferry-sails", "article_id", &article["id"]),
    ] {
        assert_ne!(page(&reader, address).await["kind"], "redirect");
        let moved = page(&reader, &format!("{address}/")).await;
        assert_eq!((&moved["kind"], &moved["location"]), (&json!("redirect"), &json!(address)));
        assert_eq!((&moved[id], &moved["status"]), (of, &json!(301)));
    }
    reader.get("/v1/page?path=/nowhere/").await.expect(404);
    reader.get("/v1/page?path=/world//").await.expect(404);
    // The article itself is answered at any address that leads to it; `path` says which is its own.
    let by_path = "/v1/articles/by-path?path=/world/the-ferry-sails/";
    assert_eq!(reader.get(by_path).await.expect(200)["path"], "/world/the-ferry-sails");
}

async fn a_related_link_stands_in_one_place(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    let links = format!("{}/related-links", at(&article));
    let mut ids = Vec::new();
    for title in ["In a box", "Below"] {
        let link = json!({"kind": "external", "url": format!("https://example.org/{}", ids.len()),
            "title": title});
        let link = admin.post(&links, link).await;
        ids.push(link.expect(201)["id"].clone());
    }
    assert_eq!(admin.get(&links).await.expect(200)["data"].as_array().unwrap().len(), 2);
    let body = json!({"body": [paragraph("Text."), {"type": "related", "link_ids": [ids[0]]}]});
    admin.patch(&at(&article), body).await.expect(200);
    publish(&admin, &article).await;
    let seen = page(&app.anyone(), "/world/the-ferry-sails").await;
    let in_box = &seen["blocks"][1]["links"];
    assert_eq!((&in_box[0]["title"], in_box.as_array().unwrap().len()), (&json!("In a box"), 1));
    let below = &seen["related"];
    assert_eq!((&below[0]["title"], below.as_array().unwrap().len()), (&json!("Below"), 1));
    let by_id = format!("/v1/articles/{}?body=html", article["id"].as_str().unwrap());
    let html = app.anyone().get(&by_id).await.expect(200);
    assert_eq!(html["related"], *below);
    assert!(html["body_html"].as_str().unwrap().contains("In a box"));
}

async fn a_body_comes_as_html_or_text(app: TestApp) {
    let world = section(&app, "World").await;
    let article = published(&app, &world, "The ferry sails").await;
    let by_id = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let reader = app.anyone();
    let html = reader.get(&format!("{by_id}?body=html")).await.expect(200);
    assert_eq!(
        html["body_html"],
        "<div lang=\"en\" dir=\"ltr\">\n<p>The first paragraph.</p>\n</div>\n"
    );
    assert_eq!(html.get("blocks"), None);
    let text = reader.get(&format!("{by_id}?body=text")).await.expect(200);
    assert_eq!(text["body_text"], "The first paragraph.");
    reader.get(&format!("{by_id}?body=pdf")).await.refused(400, "body", "format");
}

async fn a_preview_shows_what_would_be_published(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let bare = admin.post(ARTICLES, json!({})).await.expect(201);
    admin.get(&format!("{}/preview", at(&bare))).await.expect(200);
    let article = draft(&admin, &world, "The ferry sails").await;
    let preview = admin.get(&format!("{}/preview", at(&article))).await.expect(200);
    publish(&admin, &article).await;
    let page = page(&app.anyone(), "/world/the-ferry-sails").await;
    for member in ["kind", "id", "path", "headline", "blocks", "breadcrumbs", "seo", "ads"] {
        assert_eq!(preview[member], page[member], "{member}");
    }
}

async fn nonsense_is_refused_plainly(app: TestApp) {
    let reader = app.anyone();
    reader.get("/v1/page").await.refused(400, "path", "required");
    reader.get("/v1/page?path=world").await.refused(400, "path", "format");
    reader.get("/v1/page?path=/World!").await.expect(404);
    reader.get("/v1/page?path=//").await.expect(404);
    reader.get("/v1/articles/nonsense").await.refused(400, "id", "format");
    reader.get("/v1/articles?genre=poetry").await.refused(400, "genre", "format");
    reader.get("/v1/articles?from=yesterday").await.refused(400, "from", "format");
    reader.get("/v1/articles?language=Polish").await.refused(400, "language", "pattern");
    let home = page(&reader, "/").await;
    assert_eq!((&home["kind"], &home["articles"]["data"]), (&json!("home"), &json!([])));
}
