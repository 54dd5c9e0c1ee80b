//! Addresses: taken as people paste them, kept and answered as URIs.
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, publish, section},
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    an_address_is_kept_as_a_uri_wherever_it_is_taken,
    an_address_that_leads_nowhere_is_refused_at_its_place,
}

const SENT: &str = " HTTPS://PL.Wikipedia.org/wiki/Łódź";
const KEPT: &str = "https://pl.wikipedia.org/wiki/%C5%81%C3%B3d%C5%BA";

/// An article that has an address at every place where one can stand.
fn article(section: &Value, url: &str) -> Value {
    json!({
        "headline": "The ferry sails", "section_id": section["id"], "canonical_url": url,
        "sponsorship": {"sponsor_name": "Port", "sponsor_url": url, "disclosure": "Paid for."},
        "body": [
            {"type": "paragraph", "text": [{"text": "Here", "marks": [{"type": "link", "href": url}]}]},
            {"type": "video", "role": "main", "url": url},
            {"type": "embed", "provider": "map", "url": url},
        ],
    })
}

async fn an_address_is_kept_as_a_uri_wherever_it_is_taken(app: TestApp) {
    let admin = app.admin().await;
    let credit = json!({"credit_line": "Jan Lis", "license_url": SENT});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    assert_eq!(credit["license_url"], KEPT);
    let photo = json!({"kind": "image", "url": SENT, "credit_id": credit["id"]});
    let photo = admin.post("/manage/v1/media", photo).await.expect(201);
    assert_eq!(photo["url"], KEPT);

    let world = section(&app, "World").await;
    let made = admin.post(ARTICLES, article(&world, SENT)).await.expect(201);
    let link = json!({"kind": "external", "url": SENT, "title": "Elsewhere"});
    let links = format!("{}/related-links", at(&made));
    let first = admin.post(&links, link.clone()).await.expect(201);
    assert_eq!(first["url"], KEPT);
    let again = json!({"kind": "external", "url": KEPT, "title": "The same"});
    admin.post(&links, again).await.refused(409, "/url", "taken");
    let main = json!({"main_media": {"media_id": photo["id"]}});
    admin.patch(&at(&made), main).await.expect(200);
    publish(&admin, &made).await;
    let shown = format!("/v1/media/{}", photo["id"].as_str().unwrap());
    let shown = app.anyone().get(&shown).await.expect(200);
    assert_eq!((&shown["url"], &shown["credit"]["license_url"]), (&json!(KEPT), &json!(KEPT)));
    let page = app.anyone().get("/v1/page?path=/world/the-ferry-sails").await.expect(200);
    let whole = page.to_string();
    assert!(whole.matches(KEPT).count() >= 6, "{page:#}");
    assert!(!whole.contains("Łódź") && !whole.contains("PL.Wiki"), "{page:#}");
    for member in ["/seo/canonical_url", "/sponsorship/sponsor_url", "/related/0/url"] {
        assert_eq!(page.pointer(member), Some(&json!(KEPT)), "{member}");
    }
}

async fn an_address_that_leads_nowhere_is_refused_at_its_place(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let places = [
        "/canonical_url",
        "/sponsorship/sponsor_url",
        "/body/0/text/0/marks/0/href",
        "/body/1/url",
        "/body/2/url",
    ];
    let good = article(&world, KEPT);
    for place in places {
        for (wrong, rule) in [
            ("javascript:alert(1)", "url"),
            ("https://", "url"),
            ("https://a.b/100%", "url"),
            ("//a.b", "url"),
            ("a\u{7}b", "control"),
        ] {
            let mut body = good.clone();
            *body.pointer_mut(place).unwrap() = json!(wrong);
            admin.post(ARTICLES, body).await.refused(422, place, rule);
        }
    }
    for (collection, input) in [
        ("/manage/v1/media", json!({"kind": "image", "url": "ftp://a.b"})),
        ("/manage/v1/media-credits", json!({"credit_line": "x", "license_url": "//a.b"})),
    ] {
        let place = if collection.ends_with("media") { "/url" } else { "/license_url" };
        admin.post(collection, input).await.refused(422, place, "url");
    }
}
