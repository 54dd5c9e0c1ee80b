//! Bodies of articles: what readers get of each block and mark, as blocks, as HTML and as text.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    support::{Client, TestApp, on_both_engines},
};

on_both_engines! {
    every_block_comes_out_in_all_three_forms,
    links_neither_nest_nor_break,
    lists_stand_in_lists,
    media_are_shown_where_their_kind_fits,
    a_link_to_an_article_follows_it,
    links_in_texts_are_counted_and_cut,
    whoever_links_knows_the_article,
    restoring_leaves_out_links_to_what_is_gone,
    what_a_body_refers_to_in_itself_is_there,
    a_paragraph_can_have_many_spans,
}

/// A published article with this body; its address by id.
async fn shown(admin: &Client, world: &Value, body: &Value) -> String {
    let article = draft(admin, world, "The ferry sails again").await;
    admin.patch(&at(&article), json!({"body": body})).await.expect(200);
    publish(admin, &article).await;
    format!("/v1/articles/{}", article["id"].as_str().unwrap())
}

async fn forms(app: &TestApp, by_id: &str) -> (Value, String, String) {
    let sparse = by_id.replace("/v1/articles/", "/v1/sparse/articles/");
    let all = format!("{sparse}?fields=blocks,body_html,body_text");
    let all = app.anyone().get(&all).await.expect(200);
    let text = |name: &str| all[name].as_str().unwrap().to_owned();
    (all["blocks"].clone(), text("body_html"), text("body_text"))
}

/// The body as HTML, without the element around it.
fn inner(html: &str) -> &str {
    let inner = html.strip_prefix("<div lang=\"en\" dir=\"ltr\">\n");
    inner.and_then(|html| html.strip_suffix("</div>\n")).unwrap()
}

async fn medium(admin: &Client, mut input: Value) -> Value {
    let credit = json!({"credit_line": "Jan Lis", "label": "Photo"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    input["credit_id"] = credit["id"].clone();
    admin.post("/manage/v1/media", input).await.expect(201)
}

/// Makes an article's members that name a medium.
type Make<'a> = &'a dyn Fn(&Value) -> Value;

fn mark(kind: &str) -> Value {
    json!({"type": kind})
}

fn link(href: &str) -> Value {
    json!({"type": "link", "href": href})
}

fn note(id: &str) -> Value {
    json!({"type": "footnote", "note_id": id})
}

fn to(article: &Value) -> Value {
    json!({"type": "article_link", "article_id": article["id"]})
}

fn words(text: &str) -> Value {
    json!([{"text": text}])
}

#[expect(clippy::too_many_lines, reason = "one body of everything, and what becomes of it")]
async fn every_block_comes_out_in_all_three_forms(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let picture = json!({
        "kind": "image", "url": "https://media.example.org/ferry.jpg?a=1&b=2", "mime": "image/jpeg",
        "width": 1600, "height": 900, "alt": "A \"ferry\"", "caption": "At dawn.\nAnd late.",
    });
    let picture = medium(&admin, picture).await;
    let film = json!({
        "kind": "video", "url": "https://media.example.org/ferry.mp4", "width": 640, "height": 360,
    });
    let film = medium(&admin, film).await;
    let sound = json!({"kind": "audio", "url": "https://media.example.org/horn.mp3"});
    let sound = medium(&admin, sound).await;
    let body = json!([
        {"type": "paragraph", "id": "p1", "text": [
            {"text": "One\nline & "},
            {"text": "two", "marks": [mark("bold"), mark("italic")]},
            {"text": " H"}, {"text": "2", "marks": [mark("subscript")]}, {"text": "O m"},
            {"text": "3", "marks": [mark("superscript")]}, {"text": " "},
            {"text": "ls", "marks": [mark("code")]},
            {"text": " noted", "marks": [note("n2")]}, {"text": " twice", "marks": [note("n2")]},
            {"text": ", below", "marks": [link("#part")]}, {"text": "."}]},
        {"type": "heading", "id": "part", "level": 3, "text": [{"text": "A <part>"}]},
        {"type": "quote", "id": "q1", "text": words("Aye."), "attribution": "the boatswain"},
        {"type": "quote", "id": "q2", "text": words("Nay.")},
        {"type": "image", "id": "i1", "media_id": picture["id"], "link": link("/harbour")},
        {"type": "gallery", "id": "g1", "items": [
            {"media_id": picture["id"], "caption": "One."},
            {"media_id": picture["id"], "caption": "Two.", "credit_override": "Archive"}]},
        {"type": "video", "id": "v1", "role": "main", "label": "VIDEO", "title": "It sails",
            "media_id": film["id"]},
        {"type": "video", "id": "v2", "role": "promo", "title": "Elsewhere",
            "url": "https://films.example.org/7"},
        {"type": "audio", "id": "a1", "title": "The horn", "media_id": sound["id"]},
        {"type": "embed", "id": "e1", "provider": "map", "url": "https://maps.example.org/",
            "fallback_text": "A map of the harbour"},
        {"type": "table", "id": "t1", "caption": "Times", "header": true, "rows": [
            {"cells": [{"text": words("Day")}, {"text": words("First")}]},
            {"cells": [{"text": words("Sunday")},
                {"text": [{"text": "9\n"}, {"text": "am", "marks": [note("n1")]}]}]}]},
        {"type": "code", "id": "c1", "language": "c++", "code": "if (a < b)\n\tsail();"},
        {"type": "divider", "id": "d1"},
        {"type": "footnotes", "id": "f1", "items": [
            {"id": "n1", "text": words("Not at low water.")},
            {"id": "n2", "text": [{"text": "See "},
                {"text": "there", "marks": [link("https://example.org/?a&b")]}]}]},
        {"type": "paragraph", "id": "p2", "text": [{"text": "Again", "marks": [note("n2")]}]},
    ]);
    let by_id = shown(&admin, &world, &body).await;
    let (blocks, html, text) = forms(&app, &by_id).await;

    let placed = ["image", "gallery", "video", "audio"];
    let of_words = |blocks: &Value| -> Vec<Value> {
        let blocks = blocks.as_array().unwrap().iter();
        blocks.filter(|block| !placed.contains(&block["type"].as_str().unwrap())).cloned().collect()
    };
    let mut sent = of_words(&body);
    sent[3]["attribution"] = Value::Null;
    assert_eq!(of_words(&blocks), sent, "the words come as they were sent");
    assert_eq!(blocks[4]["link"], link("/harbour"));
    assert_eq!(blocks[4]["media"]["width"], 1600);
    assert_eq!(blocks[8]["media"]["kind"], "audio");
    assert_eq!(blocks[8]["title"], "The horn");

    let small = "<small>Photo. Jan Lis</small>";
    let sized = "alt=\"A &quot;ferry&quot;\" width=\"1600\" height=\"900\">";
    let image = format!("<img src=\"https://media.example.org/ferry.jpg?a=1&amp;b=2\" {sized}");
    let expected = format!(
        "<p>One<br>line &amp; <em><strong>two</strong></em> H<sub>2</sub>O m<sup>3</sup> \
         <code>ls</code> noted twice\
         <sup><a href=\"#note:n2\" id=\"ref:n2:1\" role=\"doc-noteref\">2</a></sup>\
         <a href=\"#part\">, below</a>.</p>\n\
         <h3 id=\"part\">A &lt;part&gt;</h3>\n\
         <figure><blockquote><p>Aye.</p></blockquote>\
         <figcaption>the boatswain</figcaption></figure>\n\
         <blockquote><p>Nay.</p></blockquote>\n\
         <figure><a href=\"/harbour\">{image}</a>\
         <figcaption>At dawn.<br>And late. {small}</figcaption></figure>\n\
         <figure><figure>{image}<figcaption>One. {small}</figcaption></figure>\
         <figure>{image}<figcaption>Two. <small>Archive</small></figcaption></figure></figure>\n\
         <figure><video src=\"https://media.example.org/ferry.mp4\" controls width=\"640\" \
         height=\"360\"></video><figcaption><strong>VIDEO: It sails</strong> {small}</figcaption>\
         </figure>\n\
         <p><a href=\"https://films.example.org/7\">Elsewhere</a></p>\n\
         <figure><audio src=\"https://media.example.org/horn.mp3\" controls></audio>\
         <figcaption><strong>The horn</strong> {small}</figcaption></figure>\n\
         <p><a href=\"https://maps.example.org/\">A map of the harbour</a></p>\n\
         <table><caption>Times</caption>\
         <thead><tr><th scope=\"col\">Day</th><th scope=\"col\">First</th></tr></thead>\
         <tbody><tr><td>Sunday</td><td>9<br>am\
         <sup><a href=\"#note:n1\" id=\"ref:n1:1\" role=\"doc-noteref\">1</a></sup></td></tr></tbody>\
         </table>\n\
         <pre dir=\"ltr\"><code class=\"language-c++\">if (a &lt; b)\n\tsail();</code></pre>\n\
         <hr>\n\
         <div role=\"doc-endnotes\"><ol>\
         <li id=\"note:n1\"><p>Not at low water. \
         <a href=\"#ref:n1:1\" role=\"doc-backlink\">↩</a></p></li>\
         <li id=\"note:n2\"><p>See <a href=\"https://example.org/?a&amp;b\">there</a> \
         <a href=\"#ref:n2:1\" role=\"doc-backlink\">↩</a> \
         <a href=\"#ref:n2:2\" role=\"doc-backlink\">↩<sup>2</sup></a></p></li></ol></div>\n\
         <p>Again<sup><a href=\"#note:n2\" id=\"ref:n2:2\" role=\"doc-noteref\">2</a></sup></p>\n"
    );
    assert_eq!(inner(&html), expected);

    let expected = [
        "One\nline & two H2O m3 ls noted twice[2], below.",
        "A <part>",
        "Aye.\n— the boatswain",
        "Nay.",
        "At dawn.\nAnd late.\nPhoto. Jan Lis",
        "One.\nPhoto. Jan Lis\nTwo.\nArchive",
        "VIDEO: It sails\nPhoto. Jan Lis",
        "Elsewhere",
        "The horn\nPhoto. Jan Lis",
        "A map of the harbour",
        "Times\nDay\tFirst\nSunday\t9 am[1]",
        "if (a < b)\n\tsail();",
        "[1] Not at low water.\n[2] See there",
        "Again[2]",
    ];
    assert_eq!(text, expected.join("\n\n"));
}

async fn links_neither_nest_nor_break(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let (there, bold) = (link("https://example.org/"), mark("bold"));
    let body = json!([
        {"type": "paragraph", "text": [
            {"text": "one ", "marks": [bold, there]}, {"text": "link", "marks": [there]},
            {"text": " and ", "marks": [bold]}, {"text": "another", "marks": [link("tel:112")]}]},
        {"type": "paragraph", "text": [
            {"text": "noted", "marks": [there, note("n")]}, {"text": " inside", "marks": [there]},
            {"text": " and behind"}]},
        {"type": "footnotes", "items": [{"id": "n", "text": words("Well.")}]},
    ]);
    let (_, html, text) = forms(&app, &shown(&admin, &world, &body).await).await;
    let lines: Vec<&str> = inner(&html).lines().collect();
    assert_eq!(
        lines[0],
        "<p><a href=\"https://example.org/\"><strong>one </strong>link</a><strong> and </strong>\
         <a href=\"tel:112\">another</a></p>"
    );
    assert_eq!(
        lines[1],
        "<p><a href=\"https://example.org/\">noted inside</a>\
         <sup><a href=\"#note:n\" id=\"ref:n:1\" role=\"doc-noteref\">1</a></sup> and behind</p>"
    );
    assert!(text.starts_with("one link and another\n\nnoted[1] inside and behind\n\n"), "{text}");

    // The direction follows from the language.
    let arabic = json!({"headline": "x", "slug": "arabic", "language": "ar", "lead": "x",
        "section_id": world["id"], "body": [paragraph("سلام")]});
    let arabic = admin.post(ARTICLES, arabic).await.expect(201);
    publish(&admin, &arabic).await;
    let by_id = format!("/v1/articles/{}", arabic["id"].as_str().unwrap());
    let (_, html, _) = forms(&app, &by_id).await;
    assert_eq!(html, "<div lang=\"ar\" dir=\"rtl\">\n<p>سلام</p>\n</div>\n");
}

async fn lists_stand_in_lists(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let body = json!([{"type": "list", "id": "l", "style": "ordered", "items": [
        {"text": words("Weekdays"), "list": {"style": "unordered", "items": [
            {"text": words("hourly"), "list": {"style": "ordered", "items": [
                {"text": words("from six")}]}},
            {"text": words("late")}]}},
        {"text": words("Sundays")}]}]);
    let (blocks, html, text) = forms(&app, &shown(&admin, &world, &body).await).await;
    assert_eq!(blocks, body);
    assert_eq!(
        inner(&html),
        "<ol><li>Weekdays<ul><li>hourly<ol><li>from six</li></ol></li><li>late</li></ul></li>\
         <li>Sundays</li></ol>\n"
    );
    assert_eq!(text, "1. Weekdays\n  - hourly\n    1. from six\n  - late\n2. Sundays");

    let nested = |depth: usize| {
        (1..depth).fold(
            json!([{"text": words("x")}]),
            |items, _| json!([{"text": words("x"), "list": {"style": "ordered", "items": items}}]),
        )
    };
    let list =
        |items: Value| json!({"body": [{"type": "list", "style": "ordered", "items": items}]});
    admin.post(ARTICLES, list(nested(5))).await.expect(201);
    let place = "/body/0/items/0/list/items/0/list/items/0/list/items/0/list/items/0/list";
    admin.post(ARTICLES, list(nested(6))).await.refused(422, place, "depth");
    let empty = json!([{"text": words("x"), "list": {"style": "ordered", "items": []}}]);
    admin.post(ARTICLES, list(empty)).await.refused(422, "/body/0/items/0/list/items", "length");
}

async fn media_are_shown_where_their_kind_fits(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let mut ids = Vec::new();
    for kind in ["image", "video", "audio"] {
        let url = format!("https://media.example.org/{kind}");
        ids.push(medium(&admin, json!({"kind": kind, "url": url})).await["id"].clone());
    }
    let body = |block: Value| json!({"body": [block]});
    let image = |id: &Value| body(json!({"type": "image", "media_id": id}));
    let gallery = |id: &Value| body(json!({"type": "gallery", "items": [{"media_id": id}]}));
    let video = |id: &Value| body(json!({"type": "video", "role": "main", "media_id": id}));
    let audio = |id: &Value| body(json!({"type": "audio", "media_id": id}));
    let main = |id: &Value| json!({"main_media": {"media_id": id}});
    let social = |id: &Value| json!({"social": {"media_id": id}});
    let places: [(Make<'_>, &str, [bool; 3]); 6] = [
        (&image, "/body/0/media_id", [true, false, false]),
        (&gallery, "/body/0/items/0/media_id", [true, false, false]),
        (&video, "/body/0/media_id", [false, true, false]),
        (&audio, "/body/0/media_id", [false, false, true]),
        (&main, "/main_media/media_id", [true, true, false]),
        (&social, "/social/media_id", [true, false, false]),
    ];
    for (make, place, fits) in places {
        for (id, fits) in ids.iter().zip(fits) {
            let answer = admin.post(ARTICLES, make(id)).await;
            if fits {
                answer.expect(201);
            } else {
                answer.refused(422, place, "kind");
            }
        }
    }
    // What shows it follows from its kind, which stays while it is shown.
    let at_medium = |id: &Value| format!("/manage/v1/media/{}", id.as_str().unwrap());
    for (id, other) in ids.iter().zip(["audio", "image", "video"]) {
        let refused = admin.patch(&at_medium(id), json!({"kind": other})).await.expect(409);
        assert_eq!(refused["errors"][0]["code"], "in_use");
    }
    let unused = medium(&admin, json!({"kind": "image"})).await;
    let changed = admin.patch(&at_medium(&unused["id"]), json!({"kind": "audio"})).await;
    assert_eq!(changed.expect(200)["kind"], "audio");
    let foreign = json!({"kind": "image", "mime": "audio/mpeg"});
    admin.post("/manage/v1/media", foreign).await.refused(422, "/mime", "kind");

    // A film that leads an article is no picture for social networks.
    let film = json!({"headline": "A film", "slug": "a-film", "section_id": world["id"],
        "main_media": {"media_id": ids[1]}, "body": [paragraph("See for yourself.")]});
    let film = admin.post(ARTICLES, film).await.expect(201);
    publish(&admin, &film).await;
    let page = app.anyone().get("/v1/page?path=/world/a-film").await.expect(200);
    assert_eq!(page["main_media"]["kind"], "video");
    assert_eq!(page["social"]["media"], Value::Null);
}

async fn a_link_to_an_article_follows_it(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let target = draft(&admin, &world, "The bridge is shut").await;
    let picture = json!({"kind": "image", "url": "https://media.example.org/a.jpg"});
    let picture = medium(&admin, picture).await;
    let body = json!([
        {"type": "paragraph", "id": "p", "text": [
            {"text": "See "}, {"text": "the bridge", "marks": [mark("bold"), to(&target)]}]},
        {"type": "list", "id": "l", "style": "ordered", "items": [
            {"text": [{"text": "there", "marks": [to(&target)]}]}]},
        {"type": "table", "id": "t", "rows": [{"cells": [
            {"text": [{"text": "here", "marks": [to(&target)]}]}]}]},
        {"type": "image", "id": "i", "media_id": picture["id"], "link": to(&target)},
    ]);
    let article = draft(&admin, &world, "The ferry sails again").await;
    admin.patch(&at(&article), json!({"body": body})).await.expect(200);
    let warned = {
        for step in ["submit", "approve"] {
            admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
        }
        admin.act(&at(&article), "actions/publish", json!({})).await.expect(200)
    };
    let unresolved: Vec<&str> = warned["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|warning| warning["code"] == "unresolved")
        .map(|warning| warning["pointer"].as_str().unwrap())
        .collect();
    let places = [
        "/body/0/text/1/marks/1/article_id",
        "/body/1/items/0/text/0/marks/0/article_id",
        "/body/2/rows/0/cells/0/text/0/marks/0/article_id",
        "/body/3/link/article_id",
    ];
    assert_eq!(unresolved, places);
    let by_id = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let page = "/v1/page?path=/world/the-ferry-sails-again";
    let follows = async |path: Option<&str>| {
        let (blocks, html, _) = forms(&app, &by_id).await;
        let marks = match path {
            None => json!([mark("bold")]),
            Some(path) => {
                let id = &target["id"];
                json!([mark("bold"), {"type": "article_link", "article_id": id, "path": path}])
            }
        };
        let bold = json!({"text": "the bridge", "marks": marks});
        assert_eq!(blocks[0]["text"][1], bold, "{path:?}");
        assert_eq!(blocks[3]["link"]["path"], json!(path));
        assert_eq!(blocks[3]["link"].is_null(), path.is_none());
        let (start, end) = match path {
            None => (String::new(), ""),
            Some(path) => (format!("<a href=\"{path}\">"), "</a>"),
        };
        assert!(
            inner(&html).starts_with(&format!(
                "<p>See {start}<strong>the bridge</strong>{end}</p>\n\
             <ol><li>{start}there{end}</li></ol>\n\
             <table><tbody><tr><td>{start}here{end}</td></tr></tbody></table>\n\
             <figure>{start}<img src=\"https://media.example.org/a.jpg\" alt=\"\">{end}"
            )),
            "{html}"
        );
        let whole = app.anyone().get(page).await;
        assert!(whole.header("cache-tag").contains("target:"), "{}", whole.header("cache-tag"));
        assert_eq!(whole.body["blocks"], blocks);
    };
    follows(None).await;
    publish(&admin, &target).await;
    follows(Some("/world/the-bridge-is-shut")).await;
    let moved = json!({"slug": "open-again"});
    admin.patch(&at(&target), moved).await.expect(200);
    admin.act(&at(&target), "actions/publish", json!({})).await.expect(200);
    follows(Some("/world/open-again")).await;
    let world = format!("/manage/v1/sections/{}", world["id"].as_str().unwrap());
    admin.patch(&world, json!({"slug": "globe"})).await.expect(200);
    let (blocks, _, _) = forms(&app, &by_id).await;
    assert_eq!(blocks[3]["link"]["path"], "/globe/open-again");
    admin.patch(&world, json!({"slug": "world"})).await.expect(200);
    admin.act(&at(&target), "actions/unpublish", json!({})).await.expect(200);
    follows(None).await;

    // It comes back by schedule, at its instant, whatever is kept.
    let soon = json!({"valid_from": app.in_seconds(60)});
    admin.act(&at(&target), "actions/publish", soon).await.expect(200);
    follows(None).await;
    app.advance(61);
    follows(Some("/world/open-again")).await;
}

async fn links_in_texts_are_counted_and_cut(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let author = app.signed_in(Role::Author).await;
    let target = draft(&author, &world, "Never mind").await;
    let linking = draft(&admin, &world, "The ferry sails again").await;
    let linked = json!([{"type": "paragraph", "id": "p", "text": [
        {"text": "this", "marks": [mark("italic"), to(&target)]}]}]);
    admin.patch(&at(&linking), json!({"body": linked})).await.expect(200);

    let referrers = admin.get(&format!("{}/referrers", at(&target))).await.expect(200);
    assert_eq!(referrers["data"][0]["id"], linking["id"]);
    assert_eq!(referrers["data"].as_array().unwrap().len(), 1);
    let refused = admin.delete(&at(&target)).await.expect(409);
    let address = format!("/manage/v1/articles/{}", linking["id"].as_str().unwrap());
    assert_eq!(refused["errors"][0]["resource"], json!(address));

    // The author may not know of the article that links to theirs.
    author.delete(&at(&target)).await.expect(204);
    let left = admin.get(&at(&linking)).await.expect(200);
    assert_eq!(left["body"][0]["text"], json!([{"text": "this", "marks": [mark("italic")]}]));
    crate::fixtures::moves_on(&app);
    publish(&admin, &linking).await;
    crate::fixtures::moves_on(&app);
}

async fn whoever_links_knows_the_article(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let author = app.signed_in(Role::Author).await;
    let hidden = draft(&admin, &world, "Not for authors").await;
    let body = |of: &Value| json!({"body": [{"type": "quote", "text": [{"text": "x", "marks": [to(of)]}]}]});
    let place = "/body/0/text/0/marks/0/article_id";
    author.post(ARTICLES, body(&hidden)).await.refused(422, place, "missing");
    let nowhere = json!({"id": "01890a5d-ac96-774b-bcce-b302099a8057"});
    author.post(ARTICLES, body(&nowhere)).await.refused(422, place, "missing");
    admin.post(ARTICLES, body(&nowhere)).await.refused(422, place, "missing");
    publish(&admin, &hidden).await;
    let own = author.post(ARTICLES, body(&hidden)).await.expect(201);
    author.patch(&at(&own), body(&own)).await.refused(422, place, "self");
    // What it has led to stays, whatever becomes of that.
    admin.act(&at(&hidden), "actions/unpublish", json!({})).await.expect(200);
    author.patch(&at(&own), json!({"lead": "More of it."})).await.expect(200);
    let sent = json!({"body": [{"type": "paragraph", "text": [{"text": "x", "marks": [
        {"type": "article_link", "article_id": hidden["id"], "path": "/world/x"}]}]}]});
    let place = "/body/0/text/0/marks/0/path";
    admin.post(ARTICLES, sent).await.refused(422, place, "unknown_member");
}

async fn restoring_leaves_out_links_to_what_is_gone(app: TestApp) {
    let (admin, world) = (app.admin().await, section(&app, "World").await);
    let doomed = draft(&admin, &world, "Doomed").await;
    let stays = draft(&admin, &world, "Stays").await;
    let article = draft(&admin, &world, "The ferry sails again").await;
    let marked = |of: &Value| json!([{"text": "x", "marks": [to(of)]}]);
    let body = json!([{"type": "paragraph", "id": "a", "text": marked(&doomed)},
        {"type": "paragraph", "id": "b", "text": marked(&stays)}]);
    admin.patch(&at(&article), json!({"body": body})).await.expect(200);
    publish(&admin, &article).await;
    admin.patch(&at(&article), json!({"body": [paragraph("All new.")]})).await.expect(200);
    admin.delete(&at(&doomed)).await.expect(204);
    let restored = admin.act(&at(&article), "editions/1/restore", json!({})).await.expect(200);
    assert_eq!(restored["body"][0]["text"], words("x"));
    assert_eq!(restored["body"][1]["text"], marked(&stays));
}

async fn what_a_body_refers_to_in_itself_is_there(app: TestApp) {
    let admin = app.admin().await;
    let said = |marks: Value| json!({"type": "paragraph", "text": [{"text": "x", "marks": marks}]});
    let notes = |items: Value| json!({"type": "footnotes", "items": items});
    let one = json!([{"id": "n", "text": words("y")}]);
    let heading = json!({"type": "heading", "id": "part", "level": 2, "text": words("z")});
    let place = "/body/0/text/0/marks/0";
    let at_href = format!("{place}/href");
    let at_note = format!("{place}/note_id");
    for (body, place, code) in [
        (json!([said(json!([link("#part")]))]), at_href.as_str(), "missing"),
        (json!([said(json!([link("#")]))]), &at_href, "url"),
        (json!([said(json!([note("n")]))]), &at_note, "missing"),
        (json!([said(json!([note("m")])), notes(one.clone())]), &at_note, "missing"),
        (json!([notes(one.clone()), notes(one.clone())]), "/body/1", "distinct"),
        (json!([notes(json!([one[0], one[0]]))]), "/body/0/items/1/id", "distinct"),
        (
            json!([notes(json!([{"id": "n", "text": [{"text": "y", "marks": [note("n")]}]}]))]),
            "/body/0/items/0/text/0/marks/0",
            "depth",
        ),
        (json!([notes(json!([]))]), "/body/0/items", "length"),
        (json!([notes(json!([{"text": words("y")}]))]), "/body/0/items/0/id", "required"),
        (json!([{"type": "code", "language": "C++", "code": "x"}]), "/body/0/language", "pattern"),
        (json!([{"type": "code", "code": ""}]), "/body/0/code", "length"),
        (
            json!([said(json!([link("/a"), {"type": "article_link",
                "article_id": "01890a5d-ac96-774b-bcce-b302099a8057"}]))]),
            "/body/0/text/0/marks/1",
            "distinct",
        ),
    ] {
        admin.post(ARTICLES, json!({"body": body})).await.refused(422, place, code);
    }
    let fits = json!([said(json!([link("#part"), note("n")])), heading, notes(one)]);
    admin.post(ARTICLES, json!({"body": fits})).await.expect(201);
    let foreign = json!({"body": [{"type": "code", "code": "a\r\nb\rc"}, paragraph("d\r\ne")]});
    let kept = admin.post(ARTICLES, foreign).await.expect(201);
    assert_eq!(kept["body"][0]["code"], "a\nb\nc");
    assert_eq!(kept["body"][1]["text"][0]["text"], "d\ne");
}

async fn a_paragraph_can_have_many_spans(app: TestApp) {
    let admin = app.admin().await;
    let spans = |count: usize| {
        let spans: Vec<Value> = (0..count).map(|_| json!({"text": "x"})).collect();
        json!({"body": [{"type": "paragraph", "text": spans}]})
    };
    admin.post(ARTICLES, spans(5000)).await.expect(201);
    admin.post(ARTICLES, spans(5001)).await.refused(422, "/body/0/text", "length");
}
