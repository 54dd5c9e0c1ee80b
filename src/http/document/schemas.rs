//! Mends the schemas that utoipa collected, for those who check requests by them or make clients.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::names::{refer_to_components, referred};
use crate::error::{CODES, Code};

/// Says what utoipa leaves half said.
pub fn mend(schemas: &mut Map<String, Value>) {
    refer_to_components(schemas);
    name_union_members(schemas);
    flatten(schemas);
    explain_codes(schemas);
}

/// What each code of a single error means. No enum: a client that knows today's would refuse an
/// answer with one of tomorrow's.
fn explain_codes(schemas: &mut Map<String, Value>) {
    let Some(code) = schemas.get_mut("FieldError").map(|schema| &mut schema["properties"]["code"])
    else {
        return;
    };
    let known = CODES.iter().map(|Code { name, meaning, .. }| format!("\n- `{name}`: {meaning}"));
    code["description"] = format!(
        "Which rule was broken. Stable, for programs. Others may be added, so take one that you do \
         not know for what `detail` says. Known are:\n{}",
        known.collect::<String>()
    )
    .into();
    code["examples"] = CODES.iter().map(|code| code.name).collect();
}

/// Schemas, responses and headers that only others were made of, and nothing refers to any more.
pub fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        gather_references(document, &mut used);
        let mut dropped = false;
        for kind in ["schemas", "responses", "headers"] {
            if let Some(components) = document["components"][kind].as_object_mut() {
                let before = components.len();
                components.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
                dropped |= components.len() < before;
            }
        }
        if !dropped {
            return;
        }
    }
}

fn gather_references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            members.values().for_each(|member| gather_references(member, used));
        }
        Value::Array(items) => items.iter().for_each(|item| gather_references(item, used)),
        // Discriminators name schemas in plain text.
        Value::String(text) if text.starts_with('#') => drop(used.insert(text.clone())),
        _ => {}
    }
}

/// utoipa writes an internally tagged enum as a `oneOf` of `allOf`s. Generators of clients want
/// named members and a discriminator: the tag moves into the member's own schema.
fn name_union_members(schemas: &mut Map<String, Value>) {
    let unions: Vec<String> = schemas
        .iter()
        .filter(|(_, schema)| schema["oneOf"][0]["allOf"].is_array())
        .map(|(name, _)| name.clone())
        .collect();
    for union in unions {
        let members = schemas[&union]["oneOf"].take();
        let mut mapping = BTreeMap::new();
        let mut references = Vec::new();
        let mut tag_name = String::new();
        for member in members.as_array().into_iter().flatten() {
            let reference = member["allOf"][0]["$ref"].clone();
            let Some(name) = reference.as_str().and_then(|text| text.rsplit('/').next()) else {
                continue;
            };
            let tags = member["allOf"][1]["properties"].as_object().into_iter().flatten();
            for (property, schema) in tags {
                if let Some(value) = schema["enum"][0].as_str() {
                    mapping.insert(value.to_owned(), reference.clone());
                }
                tag_name.clone_from(property);
                let target = &mut schemas[name];
                // Another union has this member under the same tag already.
                if !target["properties"][property].is_null() {
                    continue;
                }
                target["properties"][property] = schema.clone();
                match target["required"].as_array_mut() {
                    Some(required) => required.insert(0, property.as_str().into()),
                    None => target["required"] = json!([property]),
                }
            }
            references.push(json!({ "$ref": reference }));
        }
        let schema = &mut schemas[&union];
        schema["oneOf"] = references.into();
        schema["discriminator"] = json!({"propertyName": tag_name, "mapping": mapping});
    }
}

/// utoipa writes a flattened member as an `allOf` with the member's schema. Where that one closes
/// itself to further members nothing could ever keep both, so the parts become one object.
fn flatten(schemas: &mut Map<String, Value>) {
    let composed: Vec<String> = schemas
        .iter()
        .filter(|(_, schema)| schema["allOf"].is_array())
        .map(|(name, _)| name.clone())
        .collect();
    for name in composed {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        gather(schemas, &schemas[&name], &mut properties, &mut required);
        let schema = &mut schemas[&name];
        if let Some(members) = schema.as_object_mut() {
            members.remove("allOf");
        }
        schema["type"] = "object".into();
        schema["properties"] = properties.into();
        schema["required"] = required.into();
    }
}

fn gather(
    schemas: &Map<String, Value>,
    part: &Value,
    properties: &mut Map<String, Value>,
    required: &mut Vec<Value>,
) {
    let part = referred(part).and_then(|name| schemas.get(name)).unwrap_or(part);
    for inner in part["allOf"].as_array().into_iter().flatten() {
        gather(schemas, inner, properties, required);
    }
    properties.extend(part["properties"].as_object().cloned().into_iter().flatten());
    required.extend(part["required"].as_array().cloned().into_iter().flatten());
}
