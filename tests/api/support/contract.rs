//! Holds every answer against the OpenAPI document: a lie fails the test that met it.
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use actix_web::{dev::ResourceDef, http::Method};
use broadsheet::{
    app::DOCUMENT,
    error::{CODES, PROBLEM_KINDS},
};
use jsonschema::Validator;
use regex::Regex;
use serde_json::{Value, json};

use super::Answer;

static TEMPLATES: LazyLock<Vec<(ResourceDef, &str)>> = LazyLock::new(|| {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    paths.keys().map(|path| (ResourceDef::new(path.as_str()), path.as_str())).collect()
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Panics unless the document says that this request can be answered so.
#[track_caller]
pub fn check(method: &Method, path: &str, answer: &Answer) {
    check_codes(answer);
    let status = answer.status.as_u16().to_string();
    let path = path.split('?').next().unwrap();
    let template = TEMPLATES.iter().find(|(template, _)| template.is_match(path));
    let operation = template.map(|(_, template)| {
        let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
        &DOCUMENT["paths"][template][method.as_str().to_lowercase()]
    });
    let Some(operation) = operation.filter(|operation| operation.is_object()) else {
        let expected = if template.is_some() { "405" } else { "404" };
        assert_eq!(status, expected, "{method} {path} is not in the document");
        return check_body("Problem", &json!({"$ref": "#/components/schemas/Problem"}), answer);
    };
    let response = resolved(&operation["responses"][&status]);
    assert!(response.is_object(), "{method} {path}: {status} is not documented; {}", answer.text);
    let Some(content) = response["content"].as_object() else {
        assert_eq!(answer.text, "", "{method} {path}: {status} is documented without a body");
        return;
    };
    let media_type = answer.header("content-type").split(';').next().unwrap();
    let schema = content.get(media_type).map(|content| &content["schema"]);
    let schema = schema.unwrap_or_else(|| panic!("{method} {path}: {media_type} undocumented"));
    if media_type.ends_with("json") {
        let key = format!("{} {status}", operation["operationId"]);
        check_body(&key, schema, answer);
    }
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let always = resolved(header)["required"] == true;
        assert!(
            !always || answer.headers.contains_key(name.as_str()),
            "{method} {path}: {status} lacks the documented header {name}"
        );
    }
}

/// Panics where a code is not explained: on the page of its kind of problem, or as a warning.
#[track_caller]
fn check_codes(answer: &Answer) {
    let kind = answer.body["type"].as_str().and_then(|at| at.strip_prefix("/problems/"));
    let kind = kind.and_then(|name| PROBLEM_KINDS.iter().find(|kind| kind.name == name));
    let codes = |list: &str| {
        let entries = answer.body[list].as_array().cloned().unwrap_or_default();
        entries.into_iter().filter_map(|entry| Some(entry["code"].as_str()?.to_owned()))
    };
    if let Some(kind) = kind {
        for code in codes("errors") {
            let listed = kind.codes().any(|known| known.name == code);
            assert!(listed, "src/error/codes.rs: {code} is none of {}: {}", kind.name, answer.text);
        }
    }
    for code in codes("warnings") {
        let listed = CODES.iter().any(|known| known.name == code && known.kinds.is_empty());
        assert!(listed, "src/error/codes.rs: {code} is no warning: {}", answer.text);
    }
}

/// What stands there, or at the place that is referred to.
fn resolved(value: &'static Value) -> &'static Value {
    let reference = value["$ref"].as_str();
    reference.map_or(value, |at| DOCUMENT.pointer(at.trim_start_matches('#')).unwrap())
}

/// Whether an instant is written in the one form that the document promises for answers: in UTC,
/// with three digits of a second.
pub fn is_canonical_instant(text: &str) -> bool {
    static FORM: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$").unwrap());
    FORM.is_match(text)
}

#[track_caller]
fn check_body(key: &str, schema: &Value, answer: &Answer) {
    let validator = {
        let mut known = VALIDATORS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(known.entry(key.to_owned()).or_insert_with(|| {
            let schema = json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "components": DOCUMENT["components"], "allOf": [schema],
            });
            let options = jsonschema::options().should_validate_formats(true);
            let options = options.with_format("date-time", is_canonical_instant);
            Arc::new(options.build(&schema).expect("a valid schema"))
        }))
    };
    let lies: Vec<String> = validator
        .iter_errors(&answer.body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(lies.is_empty(), "{key} does not keep its schema: {lies:#?}\n{:#}", answer.body);
}
