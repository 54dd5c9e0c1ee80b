//! Completes the OpenAPI document with what follows from an operation's shape, so that no
//! handler repeats it and none can forget it.
use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::error::PROBLEM_KINDS;

/// The finished document, for what utoipa collected from the handlers.
pub fn complete(collected: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(collected)?;
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        name_union_members(schemas);
        flatten(schemas);
        name_items(schemas);
    }
    describe_patches(&mut document);
    let responses = PROBLEM_KINDS.iter().map(|kind| {
        let mut response = json!({
            "description": format!("{}{} {}", kind.title, stop(kind.title), kind.advice),
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }},
        });
        if kind.status == StatusCode::PRECONDITION_FAILED {
            response["headers"] = json!({ "ETag": header("The version that it has now.") });
        }
        (component_name(kind.status.as_u16()), response)
    });
    document["components"]["responses"] = responses.collect::<Map<_, _>>().into();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            describe(path, method, operation);
        }
    }
    Ok(document)
}

/// A merge patch (RFC 7396) needs none of the members of the input that it is merged into, and
/// null takes one away: a schema of its own, made of the input's.
fn describe_patches(document: &mut Value) {
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

/// The full stop behind a title that does not end with a mark of its own.
fn stop(title: &str) -> &'static str {
    if title.ends_with('?') { "" } else { "." }
}

fn component_name(status: u16) -> String {
    format!("Problem{status}")
}

/// Adds the path's parameters and the refusals that every operation of this shape can answer.
fn describe(path: &str, method: &str, operation: &mut Value) {
    let in_path: Vec<Value> = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .filter(|name| !has_parameter(operation, name))
        .map(|name| {
            let schema = if name == "number" {
                json!({"type": "integer", "format": "int32", "minimum": 1})
            } else {
                json!({"type": "string", "format": "uuid"})
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema})
        })
        .collect();
    if !in_path.is_empty() {
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.splice(0..0, in_path).for_each(drop),
            None => operation["parameters"] = in_path.into(),
        }
    }

    if operation["responses"]["304"].is_object() {
        let known = json!({"name": "If-None-Match", "in": "header", "schema": {"type": "string"},
            "description": "The `ETag` of the answer that you have; 304 while it is the same."});
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(known),
            None => operation["parameters"] = json!([known]),
        }
    }

    let mut refusals = Vec::new();
    let faces = path.starts_with("/v1/") || path.starts_with("/manage/");
    if faces {
        // An unknown query parameter is unreadable wherever it stands.
        refusals.extend([400, 406, 429, 500, 503]);
        if method != "get" {
            refusals.push(507);
        }
    }
    if path.contains('{') {
        refusals.push(404);
    }
    if operation["requestBody"].is_object() {
        refusals.extend([408, 413, 415, 422]);
    }
    if let Some(permissions) = operation["security"][0]["bearer"].as_array() {
        refusals.push(401);
        if !permissions.is_empty() {
            refusals.push(403);
        }
    }
    let versioned = has_parameter(operation, "If-Match");
    if versioned {
        refusals.extend([412, 428]);
    }
    if has_parameter(operation, "Idempotency-Key") {
        refusals.extend([409, 422]);
    }
    let responses = &mut operation["responses"];
    for status in refusals {
        let name = status.to_string();
        if responses.get(&name).is_none() {
            let reference = format!("#/components/responses/{}", component_name(status));
            responses[name] = json!({ "$ref": reference });
        }
    }
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        let refusal = status.as_str() >= "400";
        if refusal && response.get("$ref").is_none() && response.get("content").is_none() {
            response["content"] = json!({"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }});
        }
        if faces && response.get("$ref").is_none() {
            add_headers(path, method, versioned, status, response);
        }
    }
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.into_iter().any(|parameter| parameter["name"] == name)
}

fn header(description: &str) -> Value {
    json!({"description": description, "schema": {"type": "string"}})
}

/// The headers that answers of this face and status carry.
fn add_headers(path: &str, method: &str, versioned: bool, status: &str, response: &mut Value) {
    let mut headers = Map::new();
    if path.starts_with("/v1/") && method == "get" && matches!(status, "200" | "304") {
        headers.extend([
            (
                "ETag".to_owned(),
                header("Send it as If-None-Match to get 304 while nothing changed."),
            ),
            ("Last-Modified".to_owned(), header("When the newest part of the answer changed.")),
            ("Cache-Control".to_owned(), header("How long the answer may be kept (RFC 9111).")),
            (
                "Cache-Tag".to_owned(),
                header(
                    "What the answer was made of, separated by commas; left out where that takes \
                     more than 4,000 bytes.",
                ),
            ),
            ("Surrogate-Key".to_owned(), header("The same, separated by spaces.")),
            ("Vary".to_owned(), header("Which request headers the answer depends on.")),
            (
                "Cache-Status".to_owned(),
                header("Whether this server had the answer ready (RFC 9211)."),
            ),
        ]);
        if status == "200" {
            let name = "Content-Encoding".to_owned();
            headers.insert(name, header("`br`, `zstd` or `gzip`, by Accept-Encoding."));
        }
    }
    if status == "201" && path.starts_with("/manage/") {
        headers.insert("Location".to_owned(), header("Where the new resource is."));
        headers.insert("ETag".to_owned(), header("Its version, for If-Match."));
    }
    let one = path.ends_with("id}") && method == "get";
    if status == "200" && path.starts_with("/manage/") && (one || versioned) {
        headers.insert("ETag".to_owned(), header("Its version, for If-Match."));
    }
    if status == "429" {
        headers.insert("Retry-After".to_owned(), header("For how many seconds to wait."));
    }
    if !headers.is_empty() && response.get("headers").is_none() {
        response["headers"] = headers.into();
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

/// utoipa writes the items of a page out once more; clients want the one type by its name.
fn name_items(schemas: &mut Map<String, Value>) {
    let known: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        let item = name.strip_prefix("Page_").filter(|item| known.iter().any(|name| name == item));
        if let (Some(item), Some(items)) = (item, schema.pointer_mut("/properties/data/items")) {
            *items = json!({"$ref": format!("#/components/schemas/{item}")});
        }
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
    let named = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    let part = named.and_then(|name| schemas.get(name)).unwrap_or(part);
    for inner in part["allOf"].as_array().into_iter().flatten() {
        gather(schemas, inner, properties, required);
    }
    properties.extend(part["properties"].as_object().cloned().into_iter().flatten());
    required.extend(part["required"].as_array().cloned().into_iter().flatten());
}
