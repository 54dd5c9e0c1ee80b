//! A row as a line of JSON, the same from either database: its members stand in the order of the
//! columns, and documents in it are byte for byte as they are stored.
use std::{collections::HashMap, fmt::Display};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{
    db::{
        tables::{Column, Kind, Row, Table, Value},
        types::Json,
    },
    time::{self, Instant},
};

/// Appends the row to `out`, with its line end.
pub fn write(table: &Table, row: &Row, out: &mut Vec<u8>) -> serde_json::Result<()> {
    for (number, (column, value)) in table.columns.iter().zip(row).enumerate() {
        out.extend(if number == 0 { b"{\"" } else { b",\"" });
        out.extend(column.name.as_bytes());
        out.extend(b"\":");
        member(value, out)?;
    }
    out.extend(b"}\n");
    Ok(())
}

fn member(value: &Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
    fn put(value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
        serde_json::to_writer(out, value)
    }
    match value {
        Value::Id(id) => put(id, out),
        Value::Instant(at) => put(at, out),
        Value::Document(document) => put(document, out),
        Value::Text(text) => put(text, out),
        Value::Integer(number) => put(number, out),
        Value::Long(number) => put(number, out),
        Value::Bool(is) => put(is, out),
    }
}

/// Reads a row of the table.
pub fn read(table: &Table, line: &str) -> Result<Row, String> {
    let mut members: HashMap<&str, &RawValue> =
        serde_json::from_str(line).map_err(|err| err.to_string())?;
    let row = table.columns.iter().map(|column| {
        let name = column.name;
        let text = members.remove(name).ok_or_else(|| format!("there is no `{name}`"))?;
        value(column, text.get()).map_err(|err| format!("`{name}`: {err}"))
    });
    let row = row.collect::<Result<_, _>>()?;
    match members.keys().min() {
        Some(name) => Err(format!("there is no column for `{name}`")),
        None => Ok(row),
    }
}

fn value(column: &Column, text: &str) -> Result<Value, String> {
    if text == "null" && column.nullable {
        return Ok(Value::nothing(column.kind));
    }
    Ok(match column.kind {
        Kind::Id => Value::Id(Some(parse(text)?)),
        // The end of time is an instant here, though nobody may send it to the API.
        Kind::Instant => Value::Instant(Some(instant(text)?)),
        Kind::Document => {
            let document = RawValue::from_string(text.to_owned()).map_err(words)?;
            Value::Document(Some(Json(document)))
        }
        Kind::Text => Value::Text(Some(parse(text)?)),
        Kind::Integer => Value::Integer(Some(parse(text)?)),
        Kind::Long => Value::Long(Some(parse(text)?)),
        Kind::Bool => Value::Bool(Some(parse(text)?)),
    })
}

fn instant(text: &str) -> Result<Instant, String> {
    time::or_never(&mut serde_json::Deserializer::from_str(text)).map_err(words)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(words)
}

fn words(err: impl Display) -> String {
    err.to_string()
}
