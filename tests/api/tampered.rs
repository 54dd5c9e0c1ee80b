//! Exports that were changed by hand, with checksums that fit: every rule that the API keeps, an
//! import keeps as well, and says in which line of which file it is broken.
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use broadsheet::{
    auth::roles::Role,
    db::tables::TABLES,
    error::Error,
    integrity::Newsroom,
    transfer::{export::export, import::import},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    articles::{self, ARTICLES, paragraph},
    comments::{self, id},
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    what_breaks_a_rule_is_refused_with_file_and_line,
    what_is_missing_or_too_much_is_refused,
    all_that_is_wrong_is_told_at_once,
}

/// An export as files to be changed.
struct Export {
    _home: TempDir,
    folder: PathBuf,
}

/// Where a line stands, as problems name it.
struct At(String);

impl Export {
    fn of(app: &TestApp) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("export");
        export(&app.url().parse().unwrap(), &folder, app.now()).unwrap();
        Self { _home: home, folder }
    }

    fn lines(&self, table: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(table)).unwrap();
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    fn path(&self, table: &str) -> PathBuf {
        self.folder.join(format!("{table}.ndjson"))
    }

    /// Writes the lines, and a manifest to which they fit.
    fn write(&self, table: &str, lines: &[impl AsRef<[u8]>]) {
        let bytes: Vec<u8> = lines.iter().flat_map(|line| line.as_ref().to_vec()).collect();
        let path = self.folder.join("manifest.json");
        let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let files = manifest["files"].as_array_mut().unwrap();
        let name = format!("{table}.ndjson");
        let sum = files.iter_mut().find(|sum| sum["file"] == name).unwrap();
        sum["rows"] = json!(bytes.split_inclusive(|byte| *byte == b'\n').count());
        sum["bytes"] = json!(bytes.len());
        let mut hash = String::new();
        for byte in Sha256::digest(&bytes) {
            write!(hash, "{byte:02x}").unwrap();
        }
        sum["sha256"] = json!(hash);
        fs::write(self.path(table), bytes).unwrap();
        fs::write(path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
    }

    /// Changes the first line with both texts in it; answers where that is, and how to undo it.
    fn change(&self, table: &'static str, with: &str, from: &str, to: &str) -> Option<(At, Undo)> {
        let before = self.lines(table);
        let fits = |line: &String| line.contains(with) && line.contains(from);
        let number = before.iter().position(fits)?;
        let mut after = before.clone();
        after[number] = before[number].replacen(from, to, 1);
        self.write(table, &after);
        Some((At(format!("{table}.ndjson:{}: ", number + 1)), Undo { table, before }))
    }

    fn undo(&self, Undo { table, before }: Undo) {
        self.write(table, &before);
    }
}

struct Undo {
    table: &'static str,
    before: Vec<String>,
}

fn why(url: &str, folder: &Path) -> String {
    match import(&url.parse().unwrap(), folder, |exported| Newsroom::new(exported, exported)) {
        Err(Error::Internal(why)) => why.to_string(),
        other => panic!("{other:?}"),
    }
}

fn taken_in(url: &str, folder: &Path) -> u64 {
    import(&url.parse().unwrap(), folder, |exported| Newsroom::new(exported, exported)).unwrap()
}

/// Some of everything, in a newsroom where much has happened.
struct Room {
    app: TestApp,
    article: String,
    other: String,
    parent: String,
    child: String,
    admin: String,
    thread: Value,
}

async fn furnished(app: TestApp) -> Room {
    let admin = app.admin().await;
    let section = json!({"name": "World", "comments_mode": "post"});
    let parent = admin.post("/manage/v1/sections", section).await.expect(201);
    let section = json!({"name": "Asia", "parent_id": parent["id"], "comments_mode": "post"});
    let child = admin.post("/manage/v1/sections", section).await.expect(201);
    let moved = format!("/manage/v1/sections/{}", id(&child));
    admin.patch(&moved, json!({"slug": "asia-pacific"})).await.expect(200);
    app.add_user("ewa@example.org", &[Role::Editor], &[&parent["id"]]).await;

    let credit = json!({"credit_line": "Jan Lis", "license_url": "https://example.org/licence"});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    let medium = json!({
        "kind": "image", "url": "https://media.example.org/ferry.jpg", "width": 1600,
        "credit_id": credit["id"], "alt": "A ferry",
    });
    let medium = admin.post("/manage/v1/media", medium).await.expect(201);
    let slot = json!({
        "code": "middle", "name": "Middle", "placement": "in_body",
        "label": {"text": "Ad", "language": "en"},
        "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
        "provider": {"kind": "none"}, "rule": {"after_every": 5, "max": 3},
    });
    admin.post("/manage/v1/ad-slots", slot).await.expect(201);

    let other = articles::draft(&admin, &parent, "The bridge is shut").await;
    articles::publish(&admin, &other).await;
    let me = admin.get("/manage/v1/me").await.expect(200);
    let link = json!({"text": "at last", "marks": [{"type": "link", "href": "https://example.org/times"}]});
    let to_other = json!({"type": "article_link", "article_id": other["id"]});
    let to_other = json!({"text": "the bridge", "marks": [to_other]});
    let article = json!({
        "headline": "The ferry sails again", "slug": "ferry", "section_id": child["id"],
        "lead": "At last.", "tags": ["Ferries"], "authors": [me["id"]],
        "main_media": {"media_id": medium["id"]},
        "body": [paragraph("Everyone was there."), {"type": "paragraph", "text": [link, to_other]},
            {"type": "ad_slot", "code": "middle"}],
    });
    let article = admin.post(ARTICLES, article).await.expect(201);
    let links = format!("{}/related-links", articles::at(&article));
    let external =
        json!({"kind": "external", "url": "https://example.org/a", "title": "Elsewhere"});
    let link = admin.post(&links, external).await.expect(201);
    let internal = json!({"kind": "internal", "target_article_id": other["id"]});
    admin.post(&links, internal).await.expect(201);
    let mut body = admin.get(&articles::at(&article)).await.expect(200)["body"].clone();
    let related = json!({"type": "related", "link_ids": [link["id"]]});
    body.as_array_mut().unwrap().push(related);
    let patch = json!({"body": body});
    let article = admin.patch(&articles::at(&article), patch).await.expect(200);
    articles::publish(&admin, &article).await;
    app.advance(60);
    let admin = app.admin().await;
    let patch = json!({"lead": "At last, and on time."});
    admin.patch(&articles::at(&article), patch).await.expect(200);
    admin.act(&articles::at(&article), "actions/publish", json!({})).await.expect(200);
    articles::draft(&admin, &child, "Not for anyone yet").await;

    let first = comments::say(&app, &article, "I was on board.").await.expect(201);
    let reply = comments::reply(&app, &first, "So was I.").await.expect(201);
    comments::reply(&app, &reply, "Nor was I.").await.expect(201);
    let flag = json!({"kind": "flag", "reason": "spam"});
    app.anyone().post(&format!("/v1/comments/{}/reports", id(&first)), flag).await.expect(202);
    let rejected = comments::say(&app, &article, "Buy my boat.").await.expect(201);
    let decision = json!({"decision": "reject", "reason": "advertising"});
    admin.act(&comments::at(&rejected), "decisions", decision).await.expect(200);
    let word = json!({"word": "easy money", "kind": "suspect"});
    admin.post("/manage/v1/comment-words", word).await.expect(201);
    let owned = |of: &Value| id(of).to_owned();
    Room {
        article: owned(&article),
        other: owned(&other),
        parent: owned(&parent),
        child: owned(&child),
        admin: owned(&me),
        thread: first,
        app,
    }
}

const NOBODY: &str = "0190c0de-0000-7000-8000-000000000000";

#[expect(clippy::too_many_lines, reason = "a table, one line for each rule")]
async fn what_breaks_a_rule_is_refused_with_file_and_line(app: TestApp) {
    let room = furnished(app).await;
    let export = Export::of(&room.app);
    let database = room.app.engine().database();
    let Room { article, other, parent, child, admin, thread, .. } = &room;
    let in_document = "\"kicker\":null,\"headline\":\"The ferry sails again\"";
    let long = format!("\"kicker\":null,\"headline\":\"{}\"", "x".repeat(201));
    let longest = format!("\"headline\":\"{}", "x".repeat(10_000_000));
    let quoted = |name: &str, id: &str| format!("\"{name}\":\"{id}\"");
    let ferry = format!("{{\"id\":\"{article}\"");
    let live = "\"number\":2";
    let (comment, own) = (quoted("id", id(thread)), quoted("parent_id", parent));
    let of_thread = quoted("thread_id", id(thread));
    let admin_is = quoted("id", admin);

    // Table, a line's mark, what is replaced in that line, by what, and what is said to that.
    let script = "javascript:alert(1)";
    let breaches: &[(&'static str, &str, &str, &str, &str)] = &[
        ("users", &admin_is, "[\"admin\"]", "[\"sultan\"]", "/roles/0: expected one of `admin`"),
        ("users", &admin_is, "admin@example.org", "Admin@example.org", "/email: must be in lower"),
        ("users", "ewa@", "ewa@example.org", "admin@example.org", "/email: is the email of line 1"),
        ("users", &admin_is, "admin@example.org", "admin", "/email: must be an email address"),
        ("users", &admin_is, "$argon2id$", "$argon2d$", "/password_hash: must be a hash"),
        ("users", &admin_is, "m=19456", "m=4000000", "/password_hash: must be a hash"),
        ("users", &admin_is, "\"token_epoch\":1", "\"token_epoch\":0", "/token_epoch: must be"),
        ("users", "ewa@", "\"name_folded\":\"e", "\"name_folded\":\"E", "/name_folded: must be"),
        ("users", "ewa@", "_skeleton\":\"e", "_skeleton\":\"E", "/name_skeleton: must be"),
        ("users", "ewa@", parent, NOBODY, "/sections/0: refers to a section that is not there"),
        ("sections", "/asia", &own, &quoted("parent_id", child), "/parent_id: is no section"),
        ("sections", "\"/world\"", "null", &format!("\"{parent}\""), "/parent_id: is no section"),
        ("sections", "/asia", "/world/", "/worlds/", "/path: must be the path of the section"),
        (
            "sections",
            "\"/world\"",
            "\"World\"",
            "\" \"",
            "/name: must have a character that can be seen",
        ),
        ("sections", "\"/world\"", "\"post\"", "\"never\"", "/comments_mode: expected one of"),
        ("sections", "\"/world\"", "\"version\":1", "\"version\":0", "/version: must be at l"),
        ("sections", "\"/world\"", "\"hidden\":false", "\"hidden\":0", "`hidden`: invalid type"),
        ("section_redirects", "asia", child, NOBODY, "/section_id: refers to a section"),
        ("media_credits", "Jan", "https://example.org/licence", script, "/license_url: must be"),
        ("media", "ferry", "https://media.example.org/ferry.jpg", script, "/url: must be an ab"),
        ("media", "ferry", "\"width\":1600", "\"width\":0", "/width: must be from 1 to 100000"),
        ("media", "ferry", "\"A ferry\",\"decorative\":false", "\"A\",\"decorative\":true", "/dec"),
        ("ad_slots", "middle", "\"middle\"", "\"Middle!\"", "/code: must be a letter"),
        ("ad_slots", "middle", "in_body", "sidebar", "/rule: is only for the placement in_body"),
        ("articles", &ferry, in_document, &long, "/document/headl"),
        ("articles", &ferry, "\"headline\":\"The ferry sails again", &longest, "must have at most"),
        ("articles", &ferry, "\"published\"", "\"public\"", "/status: expected one of `draft`"),
        ("articles", &ferry, "https://example.org/times", script, "/document/body/1/text/0/marks"),
        ("articles", &ferry, "https://example.org/times", "#part", "/0/href: is the id of no head"),
        (
            "articles",
            &ferry,
            &quoted("article_id", other),
            &quoted("article_id", NOBODY),
            "/document/body/1/text/1/marks/0/article_id: refers to an article that is not there",
        ),
        (
            "articles",
            &ferry,
            &quoted("article_id", other),
            &quoted("article_id", article),
            "/document/body/1/text/1/marks/0/article_id: is this article itself",
        ),
        (
            "article_uses",
            "\"article\"",
            other,
            NOBODY,
            "is not what the rows that it is derived from",
        ),
        (
            "articles",
            &ferry,
            "\"type\":\"ad_slot\",\"id\"",
            "\"type\":\"ad_slot\",\"key\"",
            "/id: ",
        ),
        (
            "articles",
            &ferry,
            "\"code\":\"middle\"",
            "\"code\":\"top\"",
            "/document/body/2/code: ref",
        ),
        ("articles", &ferry, &quoted("section_id", child), &quoted("section_id", NOBODY), "/sec"),
        ("articles", &ferry, &quoted("created_by", admin), &quoted("created_by", NOBODY), "/crea"),
        ("articles", &ferry, "\"last_edition\":2", "\"last_edition\":3", "/last_edition: must be"),
        (
            "articles",
            &ferry,
            "\"language\":\"en\"",
            "\"language\":\"pl\"",
            "/language: must be what",
        ),
        ("articles", "Not for", "\"draft\"", "\"published\"", "/status: needs an edition"),
        ("articles", &ferry, "\"edited_version\":", "\"edited_version\":9", "/edited_version: mu"),
        (
            "articles",
            &ferry,
            "\"approved_version\":",
            "\"approved_version\":9",
            "/approved_version: must be a version",
        ),
        (
            "articles",
            &ferry,
            &quoted("approved_by", admin),
            &quoted("approved_by", NOBODY),
            "/appr",
        ),
        (
            "articles",
            "Not for",
            "\"approved_by\":null",
            &quoted("approved_by", admin),
            "/approved_by: must be there where",
        ),
        (
            "articles",
            "Not for",
            "\"approved_independently\":false",
            "\"approved_independently\":true",
            "/approved_independently: needs",
        ),
        ("article_contributors", article, admin, NOBODY, "/user_id: refers to a user that is not"),
        ("article_authors", article, "\"position\":0", "\"position\":1", "is not what the rows"),
        ("article_uses", "media", "\"media\"", "\"medium\"", "/kind: expected one of `media`"),
        ("related_links", "Elsewhere", "https://example.org/a", script, "/url: must be an absol"),
        ("related_links", other, other, article, "/target_article_id: is this article itself"),
        ("related_links", "internal", "\"position\":1", "\"position\":0", "/position: is the posi"),
        ("editions", live, live, "\"number\":4", "/number: must be one more than that of"),
        (
            "editions",
            "At last.",
            "\"valid_until\":\"2026",
            "\"valid_until\":\"2027",
            "editions.ndjson:3: /valid_from: is public while",
        ),
        ("editions", live, "\"valid_from\":\"2026", "\"valid_from\":\"2025", "/published_at: must"),
        ("editions", live, "\"notice\":null", "\"notice\":\"gone\"", "/notice: is for retractions"),
        ("editions", live, "\"live\"", "\"retracted\"", "/notice: must"),
        (
            "editions",
            live,
            "\"summary\":{\"kicker\":null",
            "\"summary\":{\"kicker\":\"x\"",
            "/summary: must",
        ),
        (
            "editions",
            live,
            "\"summary\":{",
            "\"summary\":{\"spare\":1,",
            "/summary/spare: is no member",
        ),
        ("editions", live, "https://example.org/a", script, "/document/related_links/0/url: must"),
        (
            "editions",
            live,
            "\"withdrawal_reason\":null",
            "\"withdrawal_reason\":\"named a witness\"",
            "/withdrawal_reason: must be there where",
        ),
        (
            "editions",
            live,
            "\"withdrawn_at\":null",
            "\"withdrawn_at\":\"2026-01-01T00:00:00.000Z\"",
            "/withdrawn_at: is for what has an end",
        ),
        ("editions", live, "\"retired\":false", "\"retired\":true", "/retired: is for what has"),
        (
            "editions",
            live,
            "The ferry sails",
            "Cafe\u{301} sails",
            "/headline: must be in Unicode's",
        ),
        (
            "editions",
            live,
            "\"text\":\"Everyone",
            "\"text\":\"\\u0000Every",
            "must not contain control",
        ),
        (
            "tag_slugs",
            "ferries",
            "\"slug\":\"ferries\"",
            "\"slug\":\"Ferries\"",
            "/slug: must be a",
        ),
        ("tag_slugs", "ferries", "\"identity\":\"f", "\"identity\":\"F", "/identity: must be the"),
        (
            "tag_slugs",
            "ferries",
            "y\":\"ferries",
            "y\":\"ferry",
            "editions.ndjson:2: /document/article/tags/0: is a tag that has no slug",
        ),
        ("edition_keys", "\"tag:ferries\"", "tag:ferries", "tag:ferry", "is not what the rows"),
        (
            "edition_uses",
            article,
            "\"kind\":\"media\"",
            "\"kind\":\"me\"",
            "/kind: expected one of `media`",
        ),
        ("comment_threads", article, "\"approved\":3", "\"approved\":4", "/approved: must be 3"),
        ("comments", &comment, "\"replies\":2", "\"replies\":3", "/replies: must be 2"),
        ("comments", &comment, "on board.", "on  board. ", "/body: must be tidy"),
        ("comments", &comment, "harbour cat", "harbour\\u0007cat", "/nickname: must not contain"),
        ("comments", "advertising", "\"advertising\"", "null", "/reason: is needed to reject"),
        ("comments", "So was I", id(thread), NOBODY, "/parent_id: is no earlier comment"),
        ("comments", "So was I", &of_thread, "\"thread_id\":null", "/thread_id: must be that of"),
        ("comments", "Nor was I", "\"replies\":0", "\"replies\":1", "/replies: must be 0"),
        (
            "comment_reports",
            "spam",
            "\"kind\":\"flag\"",
            "\"kind\":\"illegal_content\"",
            "/kind: must",
        ),
        (
            "comment_words",
            "easy",
            "\"word\":\"easy money\"",
            "\"word\":\"!\"",
            "/word: must be one to",
        ),
        ("journal", "\"seq\":3", "\"seq\":3", "\"seq\":2", "must come after the line before"),
        (
            "journal",
            "sections\"",
            "[\"sections\"]",
            "[\"weather\"]",
            "/tags/0: must be a cache tag",
        ),
        ("journal", "\"seq\":3", "\"at\":\"2026", "\"at\":\"2025", "/at: must not be earlier"),
        ("journal", "section.created", "section.created", "medium.created", "/action: must be"),
        ("journal", "\"seq\":3", "{\"seq\"", "{ \"seq\"", "is not written as an export writes it"),
        ("journal", "\"seq\":3", "{\"seq\"", "\"seq\"", "invalid type"),
    ];
    let mut passed = Vec::new();
    for (table, with, from, to, said) in breaches {
        let Some((At(at), undo)) = export.change(table, with, from, to) else {
            passed.push(format!("{table}: no line with {with} and {from}"));
            continue;
        };
        let why = why(&database.url, &export.folder);
        if !why
            .lines()
            .any(|line| line.contains(said) && (line.starts_with(&at) || said.contains(".ndjson")))
        {
            let [to, why] = [*to, &why].map(|text| text.chars().take(500).collect::<String>());
            passed.push(format!("{table}: {from} -> {to}: not {at}{said} in {why}"));
        }
        export.undo(undo);
    }
    assert!(passed.is_empty(), "{}", passed.join("\n\n"));
    // Nothing has been taken in meanwhile, and the export as it was is.
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        assert!(!Path::new(path).exists());
    }
    assert!(taken_in(&database.url, &export.folder) > 50);
}

async fn what_is_missing_or_too_much_is_refused(app: TestApp) {
    let room = furnished(app).await;
    let export = Export::of(&room.app);
    let database = room.app.engine().database();
    // Every row is either derived from others, or referred to, or told by the manifest's counts.
    for (table, said) in [
        ("article_authors", "lacks a row of article_authors.ndjson"),
        ("article_uses", "lacks a row of article_uses.ndjson"),
        ("related_links", "is not the id of a related link"),
        ("edition_keys", "lacks a row of edition_keys.ndjson"),
        ("edition_uses", "edition_uses.ndjson"),
        ("comment_threads", "has no row in comment_threads.ndjson"),
        ("editions", "edition_keys.ndjson:1: is not what the rows that it is derived from make"),
        ("users", "refers to a user that is not there"),
        ("sections", "refers to a section that is not there"),
        ("media", "refers to a medium that is not there"),
        ("ad_slots", "refers to an ad slot that is not there"),
        ("articles", "refers to an article that is not there"),
    ] {
        let before = export.lines(table);
        export.write(table, &[""]);
        let why = why(&database.url, &export.folder);
        assert!(why.contains(said), "{table}: {why}");
        // Twice the same is no order.
        let twice: Vec<&String> = before.iter().flat_map(|line| [line, line]).collect();
        export.write(table, &twice);
        let why = self::why(&database.url, &export.folder);
        let at = format!("{table}.ndjson:2: must come after the line before");
        assert!(why.contains(&at), "{table}: {why}");
        export.write(table, &before);
    }
    for table in &*TABLES {
        let before = export.lines(table.name);
        for junk in ["{}\n", "null\n", "[1]\n", "\n", "{\"id\":1}\n", "{"] {
            let mut lines = before.clone();
            lines.push(junk.to_owned());
            export.write(table.name, &lines);
            let at = format!("{}.ndjson:{}: ", table.name, lines.len());
            let why = why(&database.url, &export.folder);
            assert!(why.contains(&at), "{}: {junk}: {why}", table.name);
        }
        let mut bytes: Vec<Vec<u8>> = before.iter().map(|line| line.as_bytes().to_vec()).collect();
        bytes.push(vec![b'"', 0xff, b'"', b'\n']);
        export.write(table.name, &bytes);
        let why = why(&database.url, &export.folder);
        assert!(why.contains("invalid utf-8"), "{}: {why}", table.name);
        export.write(table.name, &before);
    }
    taken_in(&database.url, &export.folder);
}

async fn all_that_is_wrong_is_told_at_once(app: TestApp) {
    let admin = app.admin().await;
    for number in 0..30 {
        let section = json!({"name": format!("Section {number}")});
        admin.post("/manage/v1/sections", section).await.expect(201);
    }
    let export = Export::of(&app);
    let lines = export.lines("sections");
    let lines: Vec<_> = lines.iter().map(|line| line.replace("\"pre\"", "\"x\"")).collect();
    export.write("sections", &lines);
    let database = app.engine().database();
    let why = why(&database.url, &export.folder);
    assert!(why.contains("sections.ndjson:1: ") && why.contains("sections.ndjson:20: "), "{why}");
    assert!(!why.contains("sections.ndjson:21: ") && why.ends_with("and 10 more"), "{why}");
}
