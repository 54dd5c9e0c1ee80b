//! Completes the OpenAPI document with what follows from an operation's shape, so that no
//! handler repeats it and none can forget it.
mod growth;
mod headers;
mod links;
mod names;
mod patches;
mod schemas;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use headers::Shape;

use crate::error::PROBLEM_KINDS;

/// The finished document, for what utoipa collected from the handlers.
pub fn complete(collected: &utoipa::openapi::OpenApi) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(collected)?;
    names::name_pages(&mut document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas::mend(schemas);
    }
    patches::describe(&mut document);
    // Several kinds of problem can come with one status.
    let mut advice = BTreeMap::<u16, Vec<String>>::new();
    for kind in PROBLEM_KINDS {
        let line = format!("{}{} {}", kind.title, stop(kind.title), kind.advice);
        advice.entry(kind.status.as_u16()).or_default().push(line);
    }
    let responses = advice.into_iter().map(|(status, lines)| {
        let response = json!({
            "description": lines.join(" "),
            "headers": headers::of_problem(status),
            "content": {"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }},
        });
        (component_name(status), response)
    });
    document["components"]["responses"] = responses.collect::<Map<_, _>>().into();
    document["components"]["headers"] = headers::components().into();
    for (path, operations) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            describe(path, method, operation);
        }
    }
    drop_unused_responses(&mut document);
    links::add(&mut document);
    schemas::drop_unused(&mut document);
    growth::announce(&mut document);
    Ok(document)
}

/// Takes out the kinds of problem that no operation answers with: requests that are refused before
/// anybody knows which operation they ask for.
fn drop_unused_responses(document: &mut Value) {
    let operations = document["paths"].to_string();
    if let Some(responses) = document["components"]["responses"].as_object_mut() {
        responses
            .retain(|name, _| operations.contains(&format!("\"#/components/responses/{name}\"")));
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
/// could ever keep as well; a parameter with a schema of its own has no description beside it; and
/// one that may be left out takes null, which no address and no header can say.
fn complete_parameter(parameter: &mut Value) {
    if let Some([said, more]) = parameter["schema"]["allOf"].as_array().map(Vec::as_slice) {
        let mut joined = said.clone();
        joined["default"] = more["default"].clone();
        parameter["schema"] = joined;
    }
    if let Some([kind, null]) = parameter["schema"]["type"].as_array().map(Vec::as_slice)
        && null == "null"
    {
        parameter["schema"]["type"] = kind.clone();
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
            let (schema, description) = if name == "number" {
                let schema = json!({"type": "integer", "format": "int32", "minimum": 1});
                (schema, "The number, from 1.")
            } else {
                (json!({"type": "string", "format": "uuid"}), "The id, in lower case.")
            };
            json!({"name": name, "in": "path", "required": true, "schema": schema,
                "description": description})
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

    if is_counted_by_reader(path, method) {
        let reader = json!({"name": "Reader-Address", "in": "header", "schema": {"type": "string"},
            "description": "From a frontend with a `Frontend-Token`: the address of the reader \
                who sends this, IPv4 or IPv6. Nobody else's is looked at."});
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(reader),
            None => operation["parameters"] = json!([reader]),
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
    let shape = Shape {
        path,
        method,
        versioned: has_parameter(operation, "If-Match"),
        repeatable: has_parameter(operation, "Idempotency-Key"),
        paged: has_parameter(operation, "cursor"),
    };
    if shape.reads_one() {
        operation["responses"]["304"] =
            json!({"description": "Nothing changed since the ETag in If-None-Match."});
    }
    describe_known_answers(operation);
    if shape.versioned {
        refusals.extend([412, 428]);
    }
    if shape.repeatable {
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
        if response.get("$ref").is_some() {
            continue;
        }
        let refusal = status.parse().ok().filter(|status| *status >= 400);
        if refusal.is_some() && response.get("content").is_none() {
            response["content"] = json!({"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
            }});
        }
        if faces {
            let mut promised =
                refusal.map_or_else(|| headers::of_answer(&shape, status), headers::of_problem);
            // The operation's own description says more.
            promised.extend(response["headers"].as_object().cloned().unwrap_or_default());
            response["headers"] = promised.into();
        }
    }
}

/// Comments, reports and sign-ins: what is refused where one address sends too much of it, even
/// without any rate limit.
fn is_counted_by_reader(path: &str, method: &str) -> bool {
    method == "post" && (path.starts_with("/v1/") || path.starts_with("/manage/v1/session"))
}

/// Adds the header by which a client says which answers it has.
fn describe_known_answers(operation: &mut Value) {
    if operation["responses"]["304"].is_object() {
        let known = json!({"name": "If-None-Match", "in": "header", "schema": {"type": "string"},
            "description": "The `ETag` of the answer that you have, a list of such, or `*`; 304 \
                while it is the same."});
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(known),
            None => operation["parameters"] = json!([known]),
        }
    }
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.into_iter().any(|parameter| parameter["name"] == name)
}
