//! Merge patches: schemas of their own, made of the inputs that they are merged into.
use serde_json::{Map, Value, json};

/// A merge patch (RFC 7396) needs none of the members of the input that it is merged into, and
/// null takes one away: a schema of its own, made of the input's.
pub fn describe(document: &mut Value) {
    let Some(mut schemas) = document["components"]["schemas"].as_object().cloned() else { return };
    let operations = document["paths"].as_object_mut().into_iter().flatten();
    let patches = operations.filter_map(|(_, operations)| {
        operations.pointer_mut("/patch/requestBody/content/application~1merge-patch+json/schema")
    });
    for body in patches {
        let Some(input) = body["$ref"].as_str().and_then(|text| text.rsplit('/').next()) else {
            continue;
        };
        let name = format!("{}Patch", input.trim_end_matches("Input"));
        let mut patch = patch_of(&schemas, &schemas[input]);
        patch["description"] = format!(
            "A JSON merge patch (RFC 7396) of `{input}`: a member that is left out stays as it is, \
             null takes one away."
        )
        .into();
        *body = json!({"$ref": format!("#/components/schemas/{name}")});
        schemas.insert(name, patch);
    }
    document["components"]["schemas"] = schemas.into();
}

fn patch_of(schemas: &Map<String, Value>, input: &Value) -> Value {
    if let Some(alternatives) = input["oneOf"].as_array() {
        // Without its tag a patch may fit several members of a union.
        let patches: Vec<Value> = alternatives.iter().map(|one| merged(schemas, one)).collect();
        return json!({ "anyOf": patches, "examples": input["examples"] });
    }
    let mut patch = input.clone();
    let required = input["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let members = patch.get_mut("properties").and_then(Value::as_object_mut);
    for (name, member) in members.into_iter().flatten() {
        let merged = merged(schemas, member);
        let stays = required.contains(&name.as_str().into());
        *member = if stays { merged } else { nullable(merged) };
    }
    if let Some(members) = patch.as_object_mut() {
        members.remove("required");
    }
    patch
}

/// What a patch may say where the input says `schema`: objects are merged in turn, all else is
/// replaced as a whole.
fn merged(schemas: &Map<String, Value>, schema: &Value) -> Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|at| at.rsplit('/').next());
    let target = target.and_then(|name| schemas.get(name)).unwrap_or(schema);
    if target.get("properties").is_some() {
        return patch_of(schemas, target);
    }
    let mut merged = schema.clone();
    let Some(members) = merged.as_object_mut() else { return merged };
    members.remove("default");
    if let Some(Value::Array(alternatives)) = members.get_mut("oneOf") {
        for one in alternatives {
            *one = self::merged(schemas, one);
        }
    }
    if let Some(values) = members.get_mut("additionalProperties").filter(|all| all.is_object()) {
        *values = nullable(values.take());
    }
    merged
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
