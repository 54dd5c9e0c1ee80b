//! Rows rewritten in place, as upgrades do it: every row comes once, and only what changed moves.
use broadsheet::db::{
    dialect::{
        long::{self, For},
        rewrite::rewrite,
        rows,
    },
    tables::{Column, Kind, Row, Table, Value},
    types::Json,
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::support::{Engine, TestApp, execute, on_both_engines};

on_both_engines! {
    every_row_is_handed_out_once_and_changed_where_that_is_said,
}

/// More than one page, with keys of two columns of which the first is shared.
const ROWS: u128 = 450;

fn table() -> Table {
    let column = |name, kind, nullable| Column { name, kind, nullable };
    let columns = vec![
        column("word", Kind::Text, false),
        column("id", Kind::Id, false),
        column("document", Kind::Document, false),
        column("said", Kind::Bool, true),
    ];
    Table { name: "rewritten", columns, order: &["word", "id"] }
}

fn row(number: u128, document: &str, said: Option<bool>) -> Row {
    // A quote, letters that sort otherwise in a locale, and ids that do not come in order.
    let word = ["a'b", "B", "ł"][(number % 3) as usize];
    let id = Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    vec![
        Value::Text(Some(word.to_owned())),
        Value::Id(Some(broadsheet::ids::AnyId(id))),
        Value::Document(Some(Json(RawValue::from_string(document.to_owned()).unwrap()))),
        Value::Bool(said),
    ]
}

async fn every_row_is_handed_out_once_and_changed_where_that_is_said(app: TestApp) {
    let (id, json, strict, boolean, order) = match app.engine() {
        Engine::Sqlite => ("blob", "text", "strict", "integer", ""),
        Engine::Postgres => ("uuid", "json", "", "boolean", "collate \"C\""),
    };
    execute(
        app.url(),
        &format!(
            "create table rewritten (word text {order} not null, id {id} not null,
             document {json} not null, said {boolean}, other integer not null default 7,
             primary key (word, id)) {strict}"
        ),
    );
    let (url, table) = (app.url().parse().unwrap(), table());
    let mut conn = long::connect(&url, For::Writing).unwrap();
    let before: Vec<Row> = (0..ROWS).map(|number| row(number, "[1, 2]", None)).collect();
    rows::insert(&mut conn, &table, &before).unwrap();

    let (mut seen, mut changed) = (0, 0);
    let mut last = String::new();
    rewrite(&mut conn, &table, |row| {
        let key = format!("{:?} {:?}", row[0], row[1]);
        assert!(key > last, "{key} comes after {last}");
        last = key;
        seen += 1;
        if seen % 2 == 0 {
            // What is not said to have changed is not stored, whatever became of it.
            row[3] = Value::Bool(Some(false));
            return Ok(false);
        }
        changed += 1;
        row[2] = Value::Document(Some(Json(RawValue::from_string("{}".to_owned()).unwrap())));
        row[3] = Value::Bool(Some(true));
        Ok(true)
    })
    .unwrap();
    assert_eq!((seen, changed), (ROWS, ROWS / 2));

    let (mut kept, mut rewritten) = (0, 0);
    rows::stream(&mut conn, &table, |row| {
        match (&row[2], &row[3]) {
            (Value::Document(Some(document)), Value::Bool(Some(true))) => {
                assert_eq!(document.0.get(), "{}");
                rewritten += 1;
            }
            (Value::Document(Some(document)), Value::Bool(None)) => {
                assert_eq!(document.0.get(), "[1, 2]");
                kept += 1;
            }
            other => panic!("{other:?}"),
        }
        Ok(())
    })
    .unwrap();
    assert_eq!((kept, rewritten), (ROWS / 2, ROWS / 2));
}
