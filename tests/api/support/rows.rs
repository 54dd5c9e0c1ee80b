//! What the database holds, row by row, to see what a request has changed.
use std::collections::BTreeMap;

use broadsheet::db::{
    dialect::rows,
    tables::{TABLES, Table, Value},
};

use super::TestApp;

/// A row of a table whose rows have versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub version: i32,
    /// Every column but the version.
    pub columns: BTreeMap<&'static str, String>,
}

/// Rows by table and id.
pub type Rows = BTreeMap<(&'static str, String), Row>;

/// Whether the rows of the table have an id and a version, which moves with every change.
pub fn has_versions(table: &Table) -> bool {
    ["id", "version"].iter().all(|name| table.columns.iter().any(|column| column.name == *name))
}

impl TestApp {
    /// Every row that has a version.
    pub async fn rows(&self) -> Rows {
        let read = self.state.db.read(|conn| {
            let mut found = Rows::new();
            for table in TABLES.iter().filter(|table| has_versions(table)) {
                rows::stream(conn, table, |row| {
                    let (id, row) = read(table, row);
                    assert!(found.insert((table.name, id), row).is_none(), "an id twice");
                    Ok(())
                })?;
            }
            Ok(found)
        });
        read.await.unwrap()
    }
}

fn read(table: &Table, values: Vec<Value>) -> (String, Row) {
    let (mut id, mut version, mut columns) = (None, None, BTreeMap::new());
    for (column, value) in table.columns.iter().zip(values) {
        match (column.name, &value) {
            ("id", Value::Id(Some(known))) => id = Some(known.to_string()),
            ("version", Value::Integer(known)) => version = *known,
            _ => drop(columns.insert(column.name, format!("{value:?}"))),
        }
    }
    (id.unwrap(), Row { version: version.unwrap(), columns })
}
