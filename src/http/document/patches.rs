//! Merge patches: schemas of their own, made of the inputs that they are merged into.
use serde_json::{Map, Value, json};

use super::names::{reference, referred};

/// A merge patch (RFC 7396) needs none of the members of the input that it is merged into, and
/// null takes one away: a schema of its own, made of the input's.
pub fn describe(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object().cloned() else { return };
    let mut patches = Patches { schemas: &schemas, made: Map::new() };
    let operations = document["paths"].as_object_mut().into_iter().flatten();
    let bodies = operations.filter_map(|(_, operations)| {
        operations.pointer_mut("/patch/requestBody/content/application~1merge-patch+json/schema")
    });
    for body in bodies {
        if let Some(input) = referred(body) {
            *body = patches.of_component(input);
        }
    }
    let made = patches.made;
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.extend(made);
    }
}

/// Makes patches of inputs, and of the objects in them.
struct Patches<'a> {
    schemas: &'a Map<String, Value>,
    /// Those that are made, by name.
    made: Map<String, Value>,
}

impl Patches<'_> {
    /// A reference to the patch of this component, which is made where it has not been yet.
    fn of_component(&mut self, input: &str) -> Value {
        let name = format!("{}Patch", input.trim_end_matches("Input"));
        if !self.made.contains_key(&name) {
            let schemas = self.schemas;
            let mut patch = self.of_object(&schemas[input]);
            patch["description"] = format!(
                "A JSON merge patch (RFC 7396) of `{input}`: a member that is left out stays as it \
                 is, null takes one away."
            )
            .into();
            self.made.insert(name.clone(), patch);
        }
        reference(&name)
    }

    fn of_object(&mut self, input: &Value) -> Value {
        if input["oneOf"].is_array() {
            return self.of_union(input);
        }
        let mut patch = input.clone();
        let required = input["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        let members = patch.get_mut("properties").and_then(Value::as_object_mut);
        for (name, member) in members.into_iter().flatten() {
            let merged = self.merged(member);
            let stays = required.contains(&name.as_str().into());
            *member = if stays { merged } else { nullable(merged) };
        }
        if let Some(members) = patch.as_object_mut() {
            members.remove("required");
        }
        patch
    }

    /// Without its tag a patch may fit several members of a union, so it takes what any of them
    /// does: which one it was for shows when it is merged.
    fn of_union(&mut self, union: &Value) -> Value {
        let schemas = self.schemas;
        let tag = union["discriminator"]["propertyName"].as_str().unwrap_or_default();
        let mut properties = Map::new();
        for member in union["oneOf"].as_array().into_iter().flatten().filter_map(referred) {
            let patch = self.of_object(&schemas[member]);
            for (name, schema) in patch["properties"].as_object().into_iter().flatten() {
                let known = properties.get(name).map(|known| either(known, schema));
                properties.insert(name.clone(), known.unwrap_or_else(|| schema.clone()));
            }
        }
        let tags: Vec<&String> = union["discriminator"]["mapping"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(tag, _)| tag)
            .collect();
        let named = schemas.iter().find(|(_, schema)| {
            let values = schema["enum"].as_array().map(Vec::as_slice).unwrap_or_default();
            values.len() == tags.len()
                && tags.iter().all(|tag| values.contains(&tag.as_str().into()))
        });
        if let Some((name, _)) = named {
            properties.insert(tag.to_owned(), reference(name));
        }
        json!({"type": "object", "properties": properties, "additionalProperties": false,
            "examples": union["examples"]})
    }

    /// What a patch may say where the input says `schema`: objects are merged in turn, all else is
    /// replaced as a whole.
    fn merged(&mut self, schema: &Value) -> Value {
        let schemas = self.schemas;
        if let Some(name) = referred(schema)
            && schemas.get(name).is_some_and(|target| target.get("properties").is_some())
        {
            let mut patch = self.of_component(name);
            if let Some(description) = schema.get("description") {
                patch["description"] = description.clone();
            }
            return patch;
        }
        let mut merged = schema.clone();
        let Some(members) = merged.as_object_mut() else { return merged };
        members.remove("default");
        if let Some(Value::Array(alternatives)) = members.get_mut("oneOf") {
            for one in alternatives {
                *one = self.merged(one);
            }
        }
        if let Some(values) = members.get_mut("additionalProperties").filter(|all| all.is_object())
        {
            *values = nullable(values.take());
        }
        merged
    }
}

/// What fits one of two schemas: the rules that both have, for the types that any has.
fn either(one: &Value, other: &Value) -> Value {
    if one == other {
        return one.clone();
    }
    let rules = one.as_object().into_iter().flatten();
    let mut both: Map<String, Value> = rules
        .filter(|(name, rule)| other.get(name) == Some(rule))
        .map(|(name, rule)| (name.clone(), rule.clone()))
        .collect();
    let types = |schema: &Value| match &schema["type"] {
        Value::Array(types) => types.clone(),
        single => vec![single.clone()],
    };
    let mut all = types(one);
    all.extend(types(other));
    all.sort_by_key(|name| *name == "null");
    all.dedup();
    both.insert("type".to_owned(), all.into());
    both.into()
}

fn nullable(mut schema: Value) -> Value {
    let nothing = json!({"type": "null"});
    let has = |list: &str, item: &Value| {
        schema.get(list).and_then(Value::as_array).is_some_and(|list| list.contains(item))
    };
    if has("type", &"null".into()) || has("oneOf", &nothing) {
        return schema;
    }
    match schema.get("type").cloned() {
        Some(kind @ Value::String(_)) if schema.get("enum").is_none() => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        _ => json!({"oneOf": [schema, nothing]}),
    }
}
