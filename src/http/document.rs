//! Completes the OpenAPI document with what follows from an operation's shape, so that no
//! handler repeats it and none can forget it.
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::error::PROBLEM_KINDS;

/// The finished document, for what utoipa collected from the handlers.
pub fn complete(collected: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(collected)?;
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        name_union_members(schemas);
    }
    let responses = PROBLEM_KINDS.iter().map(|kind| {
        let body = json!({
            "description": format!("{}. {}", kind.title, kind.advice),
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }},
        });
        (component_name(kind.status.as_u16()), body)
    });
    document["components"]["responses"] = responses.collect::<Map<_, _>>().into();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            describe(path, method, operation);
        }
    }
    Ok(document)
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

    let mut refusals = Vec::new();
    let faces = path.starts_with("/v1/") || path.starts_with("/manage/");
    if faces {
        // An unknown query parameter is unreadable wherever it stands.
        refusals.extend([400, 406, 500, 503]);
    }
    if path.contains('{') {
        refusals.push(404);
    }
    if operation["requestBody"].is_object() {
        refusals.extend([413, 415, 422]);
    }
    if let Some(permissions) = operation["security"][0]["bearer"].as_array() {
        refusals.push(401);
        if !permissions.is_empty() {
            refusals.push(403);
        }
    }
    if has_parameter(operation, "If-Match") {
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
            add_headers(path, method, status, response);
        }
    }
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.into_iter().any(|parameter| parameter["name"] == name)
}

/// The headers that answers of this face and status carry.
fn add_headers(path: &str, method: &str, status: &str, response: &mut Value) {
    let header =
        |description: &str| json!({"description": description, "schema": {"type": "string"}});
    let mut headers = Map::new();
    if path.starts_with("/v1/") && method == "get" && matches!(status, "200" | "304") {
        headers.extend([
            (
                "ETag".to_owned(),
                header("Send it as If-None-Match to get 304 while nothing changed."),
            ),
            ("Last-Modified".to_owned(), header("When the newest part of the answer changed.")),
            ("Cache-Control".to_owned(), header("How long the answer may be kept (RFC 9111).")),
            ("Cache-Tag".to_owned(), header("What the answer was made of, separated by commas.")),
            ("Surrogate-Key".to_owned(), header("The same, separated by spaces.")),
        ]);
    }
    if status == "201" && path.starts_with("/manage/") {
        headers.insert("Location".to_owned(), header("Where the new resource is."));
        headers.insert("ETag".to_owned(), header("Its version, for If-Match."));
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
