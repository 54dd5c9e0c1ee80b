//! Instants are whole milliseconds: what was printed finds what is kept, ids break ties, and
//! databases that were finer are brought to it.
use std::{collections::BTreeSet, fs};

use broadsheet::{
    db::tables::{Kind, TABLES},
    time::Instant,
};
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_types::BigInt,
};
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, at, draft, publish, section},
    comments::{self, open_article},
    support::{Client, Engine, TestApp, execute, is_canonical_instant, on_both_engines},
};

on_both_engines! {
    what_was_printed_finds_what_is_kept,
    what_happened_in_the_same_instant_is_paged_without_loss,
    somebody_may_post_twice_in_the_same_instant,
    a_leap_second_is_settled_before_it_is_compared,
    dates_before_1970_are_dates,
    an_offset_is_understood_whose_plus_was_sent_as_it_is,
}

async fn what_was_printed_finds_what_is_kept(app: TestApp) {
    app.advance_micros(123_987);
    let (admin, reader) = (app.admin().await, app.anyone());
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    let published = publish(&admin, &article).await;
    let printed = published["edition"]["valid_from"].as_str().unwrap();
    let id = article["id"].as_str().unwrap();
    app.advance(60);
    let page = format!("/v1/articles/{id}?as_of={printed}");
    assert_eq!(reader.get(&page).await.expect(200)["headline"], "The ferry sails");
    let before = printed.parse::<Instant>().unwrap().micros() - 1;
    let before = Instant::from_micros(before).unwrap();
    reader.get(&format!("/v1/articles/{id}?as_of={before}")).await.expect(404);
    for filter in
        [format!("from={printed}"), format!("as_of={printed}"), "to=2027-01-01T00:00:00Z".into()]
    {
        let list = reader.get(&format!("/v1/articles?{filter}")).await.expect(200);
        assert_eq!(list["data"][0]["id"], article["id"], "{filter}");
    }
    let list = reader.get(&format!("/v1/articles?to={printed}")).await.expect(200);
    assert_eq!(list["data"], json!([]), "published before it was");
}

/// Every item of a list, one page for each.
async fn paged(client: &Client, list: &str) -> Vec<String> {
    let joint = if list.contains('?') { '&' } else { '?' };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{list}{joint}limit=1{cursor}")).await.expect(200);
        found.extend(page["data"].as_array().unwrap().iter().map(|it| comments::id(it).to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn what_happened_in_the_same_instant_is_paged_without_loss(app: TestApp) {
    let (admin, reader) = (app.admin().await, app.anyone());
    let world = section(&app, "World").await;
    let mut made = BTreeSet::new();
    for number in 0..4 {
        let article = draft(&admin, &world, &format!("Number {number}")).await;
        made.insert(comments::id(&article).to_owned());
    }
    let published_at = json!({"published_at": "2026-05-01T06:00:00Z"});
    for id in &made {
        let article = format!("{ARTICLES}/{id}");
        for step in ["submit", "approve"] {
            admin.act(&article, &format!("actions/{step}"), json!({})).await.expect(200);
        }
        admin.act(&article, "actions/publish", published_at.clone()).await.expect(200);
    }
    for list in ["/v1/articles", "/v1/articles?sort=oldest", "/v1/articles?section=/world"] {
        let found = paged(&reader, list).await;
        assert_eq!(found.len(), made.len(), "{list}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), made, "{list}");
    }
    for (list, input) in [
        (ARTICLES, json!({"headline": "x"})),
        ("/manage/v1/media", json!({"kind": "image"})),
        ("/manage/v1/media-credits", json!({"credit_line": "x"})),
    ] {
        let mut expected: BTreeSet<String> = paged(&admin, list).await.into_iter().collect();
        for _ in 0..4 {
            app.advance_micros(-1_000);
            let made = admin.post(list, input.clone()).await.expect(201);
            expected.insert(comments::id(&made).to_owned());
        }
        let found = paged(&admin, list).await;
        assert_eq!(found.len(), expected.len(), "{list}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "{list}");
    }
}

async fn somebody_may_post_twice_in_the_same_instant(app: TestApp) {
    let article = open_article(&app, "post").await;
    let reader = app.anyone().from("192.0.2.1");
    let say = async |body: &str| {
        let comment = json!({"nickname": "harbour cat", "body": body});
        reader.post(&comments::thread(&article), comment).await
    };
    let first = say("I was on board.").await.expect(201);
    for number in 2..=5 {
        // Each request moves the clock on by that much.
        app.advance_micros(-1_000);
        let comment = say(&format!("I said it {number} times.")).await.expect(201);
        assert_eq!(comment["created_at"], first["created_at"]);
    }
    app.advance_micros(-1_000);
    say("Once too often.").await.expect(429);
}

async fn a_leap_second_is_settled_before_it_is_compared(app: TestApp) {
    let admin = app.admin().await;
    let world = section(&app, "World").await;
    let article = draft(&admin, &world, "The ferry sails").await;
    for step in ["submit", "approve"] {
        admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
    }
    let plan = |until: &str| json!({"valid_from": "2026-06-30T23:59:60.5Z", "valid_to": until});
    let refused = admin.act(&at(&article), "actions/publish", plan("2026-07-01T00:00:00.2Z")).await;
    refused.refused(422, "/valid_to", "order");
    let done = admin.act(&at(&article), "actions/publish", plan("2026-07-01T00:00:00.501Z")).await;
    let edition = done.expect(200)["edition"].clone();
    assert_eq!(edition["valid_from"], "2026-07-01T00:00:00.500Z");
    let kept = admin.get(&format!("{}/editions/1", at(&article))).await.expect(200);
    for member in ["valid_from", "valid_to", "published_at"] {
        assert_eq!(kept[member], edition[member], "{member}");
    }
}

async fn dates_before_1970_are_dates(app: TestApp) {
    let (admin, reader) = (app.admin().await, app.anyone());
    let archive = section(&app, "Archive").await;
    let dates =
        ["1886-05-01T09:00:00.000Z", "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z"];
    for date in dates {
        let article = draft(&admin, &archive, &format!("Of {}", &date[..10])).await;
        for step in ["submit", "approve"] {
            admin.act(&at(&article), &format!("actions/{step}"), json!({})).await.expect(200);
        }
        let then = json!({"published_at": date});
        admin.act(&at(&article), "actions/publish", then).await.expect(200);
        let page = reader.get(&format!("/v1/articles/{}", comments::id(&article))).await;
        assert_eq!(page.expect(200)["published_at"], date);
    }
    let listed = async |query: &str| -> Vec<Value> {
        let list = reader.get(&format!("/v1/articles?{query}")).await.expect(200);
        list["data"].as_array().unwrap().iter().map(|card| card["published_at"].clone()).collect()
    };
    assert_eq!(listed("sort=oldest").await, dates);
    assert_eq!(listed("from=1900-01-01T00:00:00Z&to=1970-01-01T00:00:00Z").await, dates[1..2]);
    assert_eq!(paged(&reader, "/v1/articles?sort=oldest").await.len(), dates.len());
}

async fn an_offset_is_understood_whose_plus_was_sent_as_it_is(app: TestApp) {
    let (admin, reader) = (app.admin().await, app.anyone());
    let world = section(&app, "World").await;
    for number in 0..2 {
        let article = draft(&admin, &world, &format!("Number {number}")).await;
        publish(&admin, &article).await;
    }
    // Noon in UTC; an hour later there is nothing.
    for (from, found) in [("2026-06-01T13:00:00", 2), ("2026-06-01T14:00:00", 0)] {
        for plus in ["+", "%2B", "%20"] {
            let list = format!("/v1/articles?from={from}{plus}01:00");
            let page = reader.get(&list).await.expect(200);
            assert_eq!(page["data"].as_array().unwrap().len(), found, "{list}");
        }
    }
    let first = reader.get("/v1/articles?limit=1&from=2026-06-01T13:00:00+01:00").await;
    let next = first.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    let second = reader.get(&next).await.expect(200);
    assert_ne!(first.expect(200)["data"], second["data"]);
    assert_eq!(second["next"], Value::Null);
    let odd = reader.get("/v1/articles?from=2026-06-01T13:00:00").await;
    odd.refused(400, "from", "format");
}

#[test]
fn every_instant_in_the_document_has_the_form_of_answers() {
    fn walk(value: &Value, at: &str, seen: &mut usize) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, it)| walk(it, &format!("{at}/{name}"), seen));
            }
            Value::Array(items) => items.iter().for_each(|it| walk(it, at, seen)),
            Value::String(text) => {
                let instant = text.len() > 10 && text.as_bytes()[10] == b'T' && !text.contains(' ');
                if instant && text.starts_with(|first: char| first.is_ascii_digit()) {
                    assert!(is_canonical_instant(text), "{at}: {text}");
                    *seen += 1;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut seen = 0;
    walk(&broadsheet::app::DOCUMENT, "", &mut seen);
    assert!(seen > 0, "the document has no example of an instant");
}

#[actix_web::test]
async fn older_databases_are_brought_to_milliseconds_on_sqlite() {
    older_databases_are_brought_to_milliseconds(Engine::Sqlite).await;
}

#[actix_web::test]
async fn older_databases_are_brought_to_milliseconds_on_postgres() {
    if Engine::postgres_is_here() {
        older_databases_are_brought_to_milliseconds(Engine::Postgres).await;
    }
}

/// Every column of instants that a database has, of those that are exported.
fn columns() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLES.iter().flat_map(|table| {
        let instants = table.columns.iter().filter(|column| column.kind == Kind::Instant);
        instants.map(|column| (table.name, column.name))
    })
}

async fn older_databases_are_brought_to_milliseconds(engine: Engine) {
    let (file, micros, never, older) = match engine {
        Engine::Sqlite => ("sqlite.sql", "456", "253402300799999000", "253402300799999999"),
        Engine::Postgres => (
            "postgres.sql",
            "interval '456 microseconds'",
            "'9999-12-31 23:59:59.999+00'",
            "'9999-12-31 23:59:59.999999+00'",
        ),
    };
    let dump = fs::read_to_string(format!("tests/fixtures/0.1.0/{file}")).unwrap();
    let held = fs::read_to_string("tests/fixtures/0.1.0/pages.json").unwrap();
    let held: Value = serde_json::from_str(&held).unwrap();
    let database = engine.database();
    execute(&database.url, &dump);
    let had = |table: &str, column: &str| {
        let tables = dump.split("CREATE TABLE ").filter_map(|text| text.split_once(" ("));
        let mut columns = tables.filter(|(name, _)| *name == table).map(|(_, columns)| columns);
        let end = if engine == Engine::Sqlite { ") strict" } else { ");" };
        let columns = columns.next().and_then(|columns| columns.split_once(end));
        columns.is_some_and(|(columns, _)| columns.contains(&format!("{column} ")))
    };
    let mut moved = Vec::new();
    for (table, column) in columns().filter(|(table, column)| had(table, column)) {
        let never = format!("{column} >= {never}");
        execute(
            &database.url,
            &format!(
                "update {table} set {column} = case when {never} then {older} \
                 else {column} + {micros} end"
            ),
        );
        moved.push((table, column));
    }
    assert!(moved.len() > 30, "{moved:?}");
    // Shorter than a millisecond, in the one way and in the other.
    let short = match engine {
        Engine::Sqlite => "starts_at + 1",
        Engine::Postgres => "starts_at + interval '1 microsecond'",
    };
    execute(
        &database.url,
        &format!(
            "update ad_slots set starts_at = created_at; update ad_slots set ends_at = {short};"
        ),
    );

    let now = held["now"].as_str().unwrap().parse().unwrap();
    let app = TestApp::on(engine, database, now, |_| None).await;
    for (table, column) in columns() {
        let finer = match engine {
            Engine::Sqlite => format!("{column} % 1000 <> 0"),
            Engine::Postgres => format!("date_trunc('milliseconds', {column}) <> {column}"),
        };
        assert_eq!(count(&app, &format!("{table} where {finer}")), 0, "{table}.{column}");
    }
    assert!(count(&app, &format!("editions where valid_until = {never}")) > 0);
    assert!(count(&app, "ad_slots where starts_at < ends_at") > 0);
    assert_eq!(count(&app, "ad_slots where starts_at >= ends_at"), 0);
    // What was public at an instant is public at it, and one edition ends when the next begins.
    let torn =
        "editions a join editions b on a.article_id = b.article_id and b.number = a.number + 1
        where a.valid_from < a.valid_until and b.valid_from < b.valid_until
        and a.valid_until > b.valid_from";
    assert_eq!(count(&app, torn), 0);
    for address in held["pages"].as_object().unwrap().keys() {
        let page = app.anyone().get_unchecked(address).await.body;
        for member in ["kind", "id", "location", "type"] {
            assert_eq!(page[member], held["pages"][address][member], "{member} of {address}");
        }
    }
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

#[expect(clippy::disallowed_methods, reason = "what is stored, whatever the program makes of it")]
fn count(app: &TestApp, what: &str) -> i64 {
    let query = diesel::sql_query(format!("select count(*) as found from {what}"));
    let found: Found = match app.url().strip_prefix("sqlite:") {
        Some(path) => query.get_result(&mut SqliteConnection::establish(path).unwrap()).unwrap(),
        None => query.get_result(&mut PgConnection::establish(app.url()).unwrap()).unwrap(),
    };
    found.found
}
