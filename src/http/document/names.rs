//! Names: every shape stands once among the components, and all else refers to it. What is written
//! out where it stands becomes one more type in clients that are made from the document.
use std::{
    collections::{BTreeMap, HashMap},
    mem,
};

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// A reference to the schema of this name.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": place(name) })
}

/// The name of the schema that is referred to; `None` where none is.
pub fn referred(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)
}

fn place(name: &str) -> String {
    format!("{SCHEMAS}{name}")
}

/// utoipa names a page of cards `Page_Card`, and writes the card out in it: the page becomes
/// `CardPage`, and the card a component.
pub fn name_pages(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let pages: Vec<String> =
        schemas.keys().filter_map(|name| Some(name.strip_prefix("Page_")?.to_owned())).collect();
    let mut renamed = BTreeMap::new();
    for item in pages {
        let (old, new) = (format!("Page_{item}"), format!("{item}Page"));
        let Some(mut page) = schemas.remove(&old) else { continue };
        if let Some(items) = page.pointer_mut("/properties/data/items") {
            let shape = mem::replace(items, reference(&item));
            if referred(&shape).is_none() {
                schemas.entry(item).or_insert(shape);
            }
        }
        renamed.insert(place(&old), place(&new));
        schemas.insert(new, page);
    }
    rename(document, &renamed);
}

fn rename(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| rename(member, renamed)),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, renamed)),
        Value::String(text) => {
            if let Some(new) = renamed.get(&*text) {
                text.clone_from(new);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts a reference in the place of every copy of a component that is an object.
pub fn refer_to_components(schemas: &mut Map<String, Value>) {
    let objects = schemas.iter().filter(|(_, schema)| schema["properties"].is_object());
    let names: HashMap<String, String> =
        objects.map(|(name, schema)| (schema.to_string(), name.clone())).collect();
    for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
        schema.values_mut().for_each(|part| refer(part, &names));
    }
}

fn refer(value: &mut Value, names: &HashMap<String, String>) {
    if value.get("properties").is_some()
        && let Some(name) = names.get(&value.to_string())
    {
        *value = reference(name);
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| refer(member, names)),
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
