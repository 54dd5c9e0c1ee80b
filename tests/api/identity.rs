//! What is the same and what only looks so: names, tags, words and what cannot be seen.
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, paragraph, publish, section},
    comments::{open_article, thread},
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    nobody_comments_under_a_name_that_looks_like_a_colleagues,
    what_cannot_be_seen_is_no_text,
    repetition_is_about_what_is_said,
    banned_words_are_found_in_every_script,
    what_looks_like_an_address_is_held,
    tags_are_told_apart_by_what_they_are,
    a_tag_is_found_by_its_slug_and_its_names,
    a_tag_that_gets_a_slug_is_found_by_it_at_once,
}

const WORDS: &str = "/manage/v1/comment-words";

async fn says(client: &Client, article: &Value, name: &str, body: &str) -> Answer {
    client.post(&thread(article), json!({"nickname": name, "body": body})).await
}

async fn nobody_comments_under_a_name_that_looks_like_a_colleagues(app: TestApp) {
    let admin = app.admin().await;
    for (name, address) in [("Carla Lis", "carla"), ("王芳", "wang"), ("Łukasz Żak", "lukasz")]
    {
        let user = json!({
            "email": format!("{address}@example.org"), "name": name, "roles": ["author"],
            "password": "a long and quiet sentence",
        });
        admin.post("/manage/v1/users", user).await.expect(201);
    }
    let article = open_article(&app, "post").await;
    for name in [
        "Carla Lis",
        "carla  LIS",
        "\u{421}arla Lis",
        "Ca\u{200b}rla Lis",
        "CarIa Lis",
        "𝓒𝓪𝓻𝓵𝓪 𝓛𝓲𝓼",
        "ᴄᴀʀʟᴀ ʟɪs",
        "Carla-Lis",
        "王芳",
        "王\u{2060}芳",
        "LUKASZ ZAK",
    ] {
        let answer = says(&app.anyone(), &article, name, "Good morning.").await;
        answer.refused(422, "/nickname", "staff_name");
    }
    for (number, name) in
        ["汪放", "Karla Lis", "Carlos", "सीता", "می\u{200c}خواهم", "👩\u{200d}🚀 Ewa"]
            .into_iter()
            .enumerate()
    {
        let reader = app.anyone().from(&format!("192.0.2.{number}"));
        let said = says(&reader, &article, name, &format!("I am {number}.")).await.expect(201);
        assert_eq!(said["author"]["nickname"], name);
    }
}

async fn what_cannot_be_seen_is_no_text(app: TestApp) {
    let admin = app.admin().await;
    let article = open_article(&app, "post").await;
    for (number, unseen) in [
        "\u{200b}\u{200b}",
        "\u{3164}\u{3164}",
        "\u{2800}\u{2800}",
        "\u{fe0f}\u{fe0f}",
        "\u{e0061}\u{e0062}",
        "\u{115f}\u{1160}",
        "\u{200d}\u{200c}",
        "\u{ad} \u{feff}",
    ]
    .into_iter()
    .enumerate()
    {
        let reader = app.anyone();
        says(&reader, &article, unseen, "Hello there").await.refused(422, "/nickname", "blank");
        says(&reader, &article, "gull", unseen).await.refused(422, "/body", "blank");
        let section = json!({"name": unseen, "slug": "unseen"});
        admin.post("/manage/v1/sections", section).await.refused(422, "/name", "blank");
        let credit = json!({"credit_line": unseen});
        admin.post("/manage/v1/media-credits", credit).await.refused(422, "/credit_line", "blank");
        let user = json!({
            "email": "unseen@example.org", "name": unseen, "roles": ["author"],
            "password": "a long and quiet sentence",
        });
        admin.post("/manage/v1/users", user).await.refused(422, "/name", "blank");
        admin.post(ARTICLES, json!({"tags": [unseen]})).await.refused(422, "/tags/0", "tag");
        let listed = json!({"word": unseen, "kind": "banned"});
        admin.post(WORDS, listed).await.refused(422, "/word", "blank");

        let draft = json!({
            "headline": unseen, "section_id": article["section_id"],
            "slug": format!("unseen-{number}"), "body": [paragraph("Text.")],
        });
        let draft = admin.post(ARTICLES, draft).await.expect(201);
        for step in ["submit", "approve"] {
            admin.act(&at(&draft), &format!("actions/{step}"), json!({})).await.expect(200);
        }
        let refused = admin.act(&at(&draft), "actions/publish", json!({})).await;
        refused.refused(422, "/headline", "required");
    }
    // A name does not turn around what stands beside it.
    let turned = json!({"name": "Sport\u{202e}", "slug": "sport"});
    admin.post("/manage/v1/sections", turned).await.refused(422, "/name", "control");
    admin.post(ARTICLES, json!({"tags": ["a\u{2067}b"]})).await.refused(422, "/tags/0", "control");
}

async fn repetition_is_about_what_is_said(app: TestApp) {
    let article = open_article(&app, "post").await;
    says(&app.anyone().from("192.0.2.1"), &article, "gull", "我爱北京").await.expect(201);
    says(&app.anyone().from("192.0.2.2"), &article, "gull", "我爱背景").await.expect(201);
    let again = says(&app.anyone().from("192.0.2.3"), &article, "tern", "我爱\u{200b}北京").await;
    again.refused(409, "/body", "repeated");
    says(&app.anyone().from("192.0.2.4"), &article, "gull", "Ёлка стоит").await.expect(201);
    let again = says(&app.anyone().from("192.0.2.5"), &article, "tern", "елка  СТОИТ").await;
    again.refused(409, "/body", "repeated");
}

async fn banned_words_are_found_in_every_script(app: TestApp) {
    let moderator = app.signed_in(Role::Moderator).await;
    for word in ["scamcoin", "赌场", "カジノ", "คาสิโน", "казино"] {
        moderator.post(WORDS, json!({"word": word, "kind": "banned"})).await.expect(201);
    }
    // Neither is spelled as the other.
    moderator.post(WORDS, json!({"word": "肚肠", "kind": "suspect"})).await.expect(201);
    let article = open_article(&app, "post").await;
    for said in [
        "Buy scam-coin now",
        "scamcoins for all",
        "𝓼𝓬𝓪𝓶𝓬𝓸𝓲𝓷 is the future",
        "ꜱᴄᴀᴍᴄᴏɪɴ is the future",
        "ｓｃａｍｃｏｉｎ",
        "\u{455}camcoin",
        "我们去赌场吧",
        "オンラインｶｼﾞﾉへようこそ",
        "เล่นคาสิโนออนไลน์",
        "Лучшее КАЗИНО",
    ] {
        let answer = says(&app.anyone(), &article, "gull", said).await;
        answer.refused(422, "/body", "banned_word");
    }
    for (number, said) in
        ["scam coin? No.", "The scamcoiner", "A casino", "我的场所"].iter().enumerate()
    {
        let reader = app.anyone().from(&format!("192.0.2.{number}"));
        says(&reader, &article, "gull", said).await.expect(201);
    }
    says(&app.anyone(), &article, "gull", "我的肚肠不好").await.expect(202);
}

async fn what_looks_like_an_address_is_held(app: TestApp) {
    let article = open_article(&app, "post").await;
    for (number, said) in [
        "cheap-pills.com?x=1",
        "evil.example:8080",
        "xn--e1afmkfd.xn--p1ai/x",
        "ｅｖｉｌ．ｅｘａｍｐｌｅ／ｘ",
        "203.0.113.9:8080",
    ]
    .iter()
    .enumerate()
    {
        let reader = app.anyone().from(&format!("192.0.2.{number}"));
        says(&reader, &article, "gull", said).await.expect(202);
    }
}

/// The slugs of an article's tags, as readers get them.
async fn published_tags(
    app: &TestApp,
    world: &Value,
    language: &str,
    tags: &[&str],
) -> Vec<String> {
    let admin = app.admin().await;
    let article = json!({
        "headline": format!("About {}", tags.len()), "section_id": world["id"],
        "language": language, "tags": tags, "body": [paragraph("Text.")],
    });
    let article = admin.post(ARTICLES, article).await.expect(201);
    publish(&admin, &article).await;
    let path = format!("/v1/articles/{}", article["id"].as_str().unwrap());
    let seen = app.anyone().get(&path).await.expect(200);
    let slugs = seen["tags"].as_array().unwrap().iter();
    slugs.map(|tag| tag["slug"].as_str().unwrap().to_owned()).collect()
}

async fn tags_are_told_apart_by_what_they_are(app: TestApp) {
    let world = section(&app, "World").await;
    let admin = app.admin().await;
    for (one, other) in [("Wrocław", "WROCLAW"), ("night buses", "Night-Buses"), ("Ёлка", "елка")]
    {
        let tags = json!({"tags": [one, other]});
        admin.post(ARTICLES, tags).await.refused(422, "/tags/1", "distinct");
    }
    let of =
        async |language: &str, tags: &[&str]| published_tags(&app, &world, language, tags).await;
    assert_eq!(of("en", &["C++", "C#", "C"]).await, ["c-plus-plus", "c-sharp", "c"]);
    assert_eq!(of("zh", &["北京", "背景"]).await, ["bei-jing", "bei-jing-2"]);
    assert_eq!(of("ja", &["背景", "北京"]).await, ["bei-jing-2", "bei-jing"], "once and for all");
    assert_eq!(of("de", &["Käse"]).await, ["kaese"]);
    assert_eq!(of("fi", &["Käsi", "käse"]).await, ["kasi", "kaese"]);
    assert_eq!(of("en", &["C-Sharp"]).await, ["c-sharp-2"]);
    let unspelled = of("ja", &["東京", "☕"]).await;
    assert!(unspelled.iter().all(|slug| slug.len() == 12), "{unspelled:?}");
    assert_eq!(of("ja", &["東京"]).await, unspelled[..1]);
}

async fn a_tag_is_found_by_its_slug_and_its_names(app: TestApp) {
    let world = section(&app, "World").await;
    published_tags(&app, &world, "en", &["C++"]).await;
    published_tags(&app, &world, "en", &["C#", "Night buses"]).await;
    published_tags(&app, &world, "zh", &["北京"]).await;
    published_tags(&app, &world, "zh", &["背景", "C", "Ferry"]).await;
    for (asked, headline) in [
        ("c-plus-plus", "About 1"),
        ("C%2B%2B", "About 1"),
        ("c-sharp", "About 2"),
        ("c%23", "About 2"),
        ("night-buses", "About 2"),
        ("NIGHT%20buses", "About 2"),
        ("c", "About 3"),
        ("bei-jing-2", "About 3"),
        ("%E8%83%8C%E6%99%AF", "About 3"),
        ("bei-jing", "About 1"),
        ("%E5%8C%97%E4%BA%AC", "About 1"),
    ] {
        let list = app.anyone().get(&format!("/v1/articles?tag={asked}")).await.expect(200);
        let found = list["data"].as_array().unwrap();
        assert_eq!((found.len(), &found[0]["headline"]), (1, &json!(headline)), "{asked}");
    }
    app.anyone().get("/v1/articles?tag=%E2%80%A6").await.refused(400, "tag", "tag");
    // Caches outside part tags by spaces and commas.
    let answer = app.anyone().get_unchecked("/v1/articles?tag=%E5%8C%97%E4%BA%AC").await;
    assert_eq!(answer.header("surrogate-key"), answer.header("cache-tag").replace(',', " "));
    assert!(answer.header("cache-tag").contains("list:tag:%E5%8C%97%E4%BA%AC"));
}

async fn a_tag_that_gets_a_slug_is_found_by_it_at_once(app: TestApp) {
    let world = section(&app, "World").await;
    let reader = app.anyone();
    let count = async |asked: &str| {
        let list = reader.get(&format!("/v1/articles?tag={asked}")).await.expect(200);
        list["data"].as_array().unwrap().len()
    };
    for asked in ["c-plus-plus", "bei-jing", "bei-jing-2", "kaese", "ferry"] {
        assert_eq!(count(asked).await, 0, "{asked}");
    }
    published_tags(&app, &world, "en", &["C++"]).await;
    assert_eq!(count("c-plus-plus").await, 1);
    published_tags(&app, &world, "zh", &["北京"]).await;
    published_tags(&app, &world, "zh", &["背景"]).await;
    assert_eq!((count("bei-jing").await, count("bei-jing-2").await), (1, 1));
    // What was found by its name is another tag's slug now.
    published_tags(&app, &world, "en", &["Kase"]).await;
    assert_eq!(count("kase").await, 1);
    published_tags(&app, &world, "de", &["Käse!"]).await;
    assert_eq!((count("kase").await, count("kaese").await), (1, 1));
    let draft = draft(&app.admin().await, &world, "No tags").await;
    app.admin().await.patch(&at(&draft), json!({"tags": ["Ferry"]})).await.expect(200);
    assert_eq!(count("ferry").await, 0, "a draft's tag has no readers");
}
