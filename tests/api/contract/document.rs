//! The document as a document: committed as it is served, and complete.
use std::{collections::BTreeSet, env, fs};

use actix_web::http::Method;
use broadsheet::{app::DOCUMENT, auth::roles::TABLE};
use serde_json::{Value, json};

use super::{Operation, operations, resolve};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
const SIGN_IN: &str = "/manage/v1/session";
const REFRESH: &str = "/manage/v1/session/refresh";
/// Taken away whatever it has become.
const WHOLE: [&str; 2] = ["/manage/v1/users/{id}/sessions", "/manage/v1/users/{id}/second-factor"];

#[test]
fn the_committed_document_is_the_served_one() {
    let served = serde_json::to_string_pretty(&*DOCUMENT).unwrap() + "\n";
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::write(COMMITTED, &served).unwrap();
    }
    let committed = fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(served == committed, "the API changed: run UPDATE_OPENAPI=1 cargo test, and commit");
}

#[test]
fn every_operation_introduces_itself() {
    let known: Vec<&Value> =
        DOCUMENT["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let (mut ids, mut used) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations() {
        let spec = operation.spec;
        let id = spec["operationId"].as_str().unwrap_or_default();
        let snake = id.contains('_') && id.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        assert!(snake, "{operation}: `{id}` is no verb_noun");
        assert!(ids.insert(id), "{operation}: {id} is taken");
        let summary = spec["summary"].as_str().unwrap_or_default();
        assert!((4..=60).contains(&summary.len()), "{operation}: no summary of one line");
        let description = spec["description"].as_str().unwrap_or_default();
        assert!(description.len() > 10, "{operation}: no description");
        let tags = spec["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert!(tags.len() == 1 && known.contains(&&tags[0]), "{operation}: {tags:?}");
        used.insert(tags[0].as_str().unwrap());
    }
    for tag in known {
        assert!(used.contains(tag.as_str().unwrap()), "nothing is tagged {tag}");
    }
}

#[test]
fn every_parameter_is_described() {
    for operation in operations() {
        let mut seen = BTreeSet::new();
        for parameter in operation.parameters() {
            let (name, place) = (&parameter["name"], &parameter["in"]);
            assert!(seen.insert((name.as_str(), place.as_str())), "{operation}: {name} twice");
            let schema = resolve(&parameter["schema"]);
            assert!(schema.is_object(), "{operation}: {name} has no schema");
            let described = parameter["description"].as_str().is_some_and(|text| text.len() > 8);
            let evident = place == "path" && (schema["format"] == "uuid" || name == "number");
            assert!(described || evident, "{operation}: {name} is not described");
            assert!(place != "path" || parameter["required"] == true, "{operation}: {name}");
        }
        for part in operation.path.split('/').filter(|part| part.starts_with('{')) {
            let name = part.trim_matches(['{', '}']);
            assert!(seen.contains(&(Some(name), Some("path"))), "{operation}: no {part}");
        }
    }
}

#[test]
fn the_newsroom_s_operations_name_their_permissions_and_the_others_none() {
    let open = |operation: &Operation| {
        operation.is(&Method::POST, SIGN_IN) || operation.is(&Method::POST, REFRESH)
    };
    for operation in operations() {
        let guarded = operation.is_managed() && !open(&operation);
        assert_eq!(operation.is_guarded(), guarded, "{operation}");
        if !guarded {
            continue;
        }
        let named = operation.spec["security"][0]["bearer"].as_array();
        let named = named.unwrap_or_else(|| panic!("{operation}: not by bearer token"));
        assert!(named.len() <= 1, "{operation}: {named:?}");
        if let Some(name) = operation.permission() {
            assert!(TABLE.iter().any(|(known, _)| *known == name), "{operation}: {name}?");
        }
    }
}

#[test]
fn every_body_has_an_example_that_keeps_its_own_schema() {
    for operation in operations() {
        if let Some(body) = operation.json_body() {
            let lies: Vec<String> = validator(body.schema)
                .iter_errors(&body.example)
                .map(|lie| format!("{}: {lie}", lie.instance_path()))
                .collect();
            assert!(lies.is_empty(), "{operation}: {lies:?}");
        }
        let body = &operation.spec["requestBody"];
        assert!(body.is_null() || body["required"] == true, "{operation}: is the body required?");
    }
}

#[test]
fn every_change_in_the_newsroom_is_safe_from_lost_updates_and_from_retries() {
    for operation in operations().iter().filter(|operation| operation.is_managed()) {
        // What is said of one's own sign-in is kept for no retry, and lost to no other editor.
        let own = operation.spec["tags"][0] == "session";
        let changes = [Method::PUT, Method::PATCH, Method::DELETE].contains(&operation.method);
        if changes {
            let whole = own || WHOLE.contains(&operation.path);
            assert_eq!(operation.takes("If-Match"), !whole, "{operation}: If-Match");
        }
        let posts = operation.method == Method::POST;
        assert_eq!(operation.takes("Idempotency-Key"), posts && !own, "{operation}: the key");
        if operation.method == Method::PATCH {
            let body = operation.json_body().map(|body| body.media_type);
            assert_eq!(body, Some("application/merge-patch+json"), "{operation}");
        }
        if posts && operation.spec["responses"]["201"].is_object() {
            let headers = &operation.spec["responses"]["201"]["headers"];
            assert!(headers["Location"].is_object(), "{operation}: 201 without Location");
        }
    }
}

#[test]
fn the_document_is_openapi_3_1_and_every_reference_in_it_leads_somewhere() {
    assert!(DOCUMENT["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut rest = vec![&*DOCUMENT];
    while let Some(value) = rest.pop() {
        if value["$ref"].is_string() {
            resolve(value);
        }
        match value {
            Value::Object(members) => rest.extend(members.values()),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
}

#[test]
fn every_example_and_every_default_keeps_its_own_schema() {
    let (mut rest, mut judged) = (vec![&*DOCUMENT], 0);
    while let Some(value) = rest.pop() {
        let examples = value["examples"].as_array().into_iter().flatten();
        let given: Vec<&Value> = examples.chain(value.get("default")).collect();
        for example in given.iter().filter(|_| value["type"] != Value::Null) {
            assert!(validator(value).is_valid(example), "{example} does not keep {value:#}");
            judged += 1;
        }
        match value {
            Value::Object(members) => rest.extend(members.values()),
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    for operation in operations() {
        for parameter in operation.parameters() {
            let (schema, example) = (&parameter["schema"], &parameter["example"]);
            let given = [example, &resolve(schema)["default"]];
            for example in given.into_iter().filter(|given| !given.is_null()) {
                let keeps = validator(schema).is_valid(example);
                assert!(keeps, "{operation}: {example} does not keep {parameter:#}");
                judged += 1;
            }
        }
    }
    assert!(judged > 100, "{judged} judged");
}

#[test]
fn every_object_that_is_sent_says_that_it_takes_no_other_member() {
    let bodies = operations().into_iter().filter_map(|operation| operation.json_body());
    let mut rest: Vec<&Value> = bodies.map(|body| body.schema).collect();
    let mut seen = BTreeSet::new();
    while let Some(schema) = rest.pop().map(resolve) {
        if !seen.insert(schema.to_string()) {
            continue;
        }
        let members = schema["properties"].as_object();
        assert!(members.is_none() || schema["additionalProperties"] == false, "{schema:#}");
        rest.extend(members.into_iter().flat_map(|members| members.values()));
        for union in ["oneOf", "anyOf", "allOf"] {
            rest.extend(schema[union].as_array().into_iter().flatten());
        }
        rest.extend(schema.get("items"));
    }
    assert!(seen.len() > 50, "{} schemas", seen.len());
}

#[test]
fn every_component_is_used() {
    let text = DOCUMENT.to_string();
    for kind in ["schemas", "responses"] {
        for name in DOCUMENT["components"][kind].as_object().unwrap().keys() {
            let reference = format!("\"#/components/{kind}/{name}\"");
            assert!(text.contains(&reference), "nothing refers to {reference}");
        }
    }
}

#[test]
fn every_link_leads_to_an_operation_and_fills_its_address() {
    let operations = operations();
    let mut followed = 0;
    for operation in &operations {
        for (_, response) in operation.spec["responses"].as_object().unwrap() {
            for (name, link) in response["links"].as_object().into_iter().flatten() {
                let target = operations.iter().find(|target| target.spec["operationId"] == *name);
                let target = target.unwrap_or_else(|| panic!("{operation}: {name}?"));
                let needed = target.parameters().filter(|parameter| parameter["required"] == true);
                let needed: BTreeSet<&str> =
                    needed.filter_map(|parameter| parameter["name"].as_str()).collect();
                let given = link["parameters"].as_object().unwrap();
                let given: BTreeSet<&str> = given.keys().map(String::as_str).collect();
                assert_eq!(given, needed, "{operation}: {name}");
                followed += 1;
            }
        }
    }
    assert!(followed > 80, "{followed} links");
}

/// Judges a value by a schema of the document.
pub fn validator(schema: &Value) -> jsonschema::Validator {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": DOCUMENT["components"], "allOf": [schema],
    });
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a valid schema")
}
