//! Completes the OpenAPI document with what follows from an operation's shape, so that no
//! handler repeats it and none can forget it.
use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{links, schemas};
use crate::error::PROBLEM_KINDS;

/// The finished document, for what utoipa collected from the handlers.
pub fn complete(collected: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(collected)?;
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas::mend(schemas);
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
    links::add(&mut document);
    schemas::drop_unused(&mut document);
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

/// What utoipa leaves half said: a `default` becomes a second schema, of an object, which no text
/// could ever keep as well; and a parameter with a schema of its own has no description beside it.
fn complete_parameter(parameter: &mut Value) {
    if let Some([said, more]) = parameter["schema"]["allOf"].as_array().map(Vec::as_slice) {
        let mut joined = said.clone();
        joined["default"] = more["default"].clone();
        parameter["schema"] = joined;
    }
    if parameter.get("description").is_none()
        && let Some(description) = parameter["schema"].get("description").cloned()
    {
        parameter["description"] = description;
    }
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

    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        complete_parameter(parameter);
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
    } else {
        // Open to everyone, and not by an oversight.
        operation["security"] = json!([]);
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
