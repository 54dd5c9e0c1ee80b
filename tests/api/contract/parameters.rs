//! Parameters: those that the document does not know are refused, never ignored.
use super::{operations, resolve};
use crate::support::{TestApp, on_both_engines};

on_both_engines! {
    every_list_counts_when_asked_to,
    an_unknown_query_parameter_is_refused_everywhere,
    a_query_parameter_of_the_wrong_form_is_refused,
    a_malformed_id_is_refused_everywhere,
}

async fn an_unknown_query_parameter_is_refused_everywhere(app: TestApp) {
    let admin = app.admin().await;
    for operation in operations() {
        let api = operation.is_managed() || operation.path.starts_with("/v1/");
        if !api {
            continue;
        }
        let address = operation.address();
        let joint = if address.contains('?') { '&' } else { '?' };
        let body = operation.json_body().map(|body| body.example);
        let address = format!("{address}{joint}surprise=1");
        let answer = operation.send(&admin, &address, body.as_ref()).await;
        assert_eq!(answer.status, 400, "{operation} takes ?surprise=1: {}", answer.text);
        answer.refused(400, "surprise", "unknown_parameter");
    }
}

async fn a_query_parameter_of_the_wrong_form_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let mut checked = 0;
    for operation in operations() {
        let queries = operation.parameters().filter(|parameter| parameter["in"] == "query");
        for parameter in queries {
            let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
            let schema = resolve(schema);
            let kind = &schema["type"];
            let mut wrong = Vec::new();
            let is = |name: &str| {
                *kind == name || kind.as_array().is_some_and(|kinds| kinds.contains(&name.into()))
            };
            if is("boolean")
                || is("integer")
                || ["uuid", "date-time"].iter().any(|format| schema["format"] == *format)
            {
                wrong.extend(["x".to_owned(), String::new(), "%F0%9F%98%80".to_owned()]);
            }
            if schema["enum"].is_array() {
                wrong.push("none_of_these".to_owned());
            }
            let bounds = [(&schema["maximum"], 1), (&schema["minimum"], -1)];
            let beyond = bounds.iter().filter_map(|(bound, by)| Some(bound.as_i64()? + by));
            wrong.extend(beyond.map(|value| value.to_string()));
            for value in wrong {
                let address = operation.address();
                let joint = if address.contains('?') { '&' } else { '?' };
                let address = format!("{address}{joint}{name}={value}");
                let body = operation.json_body().map(|body| body.example);
                let answer = operation.send(&admin, &address, body.as_ref()).await;
                assert_eq!(answer.status, 400, "{operation} takes ?{name}={value}");
                assert!(answer.text.contains(name), "{operation}: {}", answer.text);
                checked += 1;
            }
        }
    }
    assert!(checked >= 12);
}

async fn a_malformed_id_is_refused_everywhere(app: TestApp) {
    let admin = app.admin().await;
    for operation in operations() {
        let ids = operation.parameters().filter(|parameter| {
            let schema = resolve(&parameter["schema"]);
            parameter["in"] == "path" && (schema["format"] == "uuid" || schema["type"] == "integer")
        });
        for id in ids {
            let name = id["name"].as_str().unwrap();
            for wrong in ["x", "0", "%00", "%FF", "{0190c0de-0000-7000-8000-000000000000}"] {
                let address = operation.address_with(|given| {
                    (given == name).then(|| wrong.replace('{', "%7B").replace('}', "%7D"))
                });
                let body = operation.json_body().map(|body| body.example);
                let answer = operation.send(&admin, &address, body.as_ref()).await;
                assert_eq!(answer.status, 400, "{operation} takes {wrong}: {}", answer.text);
                answer.refused(
                    400,
                    name,
                    if wrong == "0" && name == "number" { "range" } else { "format" },
                );
            }
        }
    }
}

async fn every_list_counts_when_asked_to(app: TestApp) {
    let admin = app.admin().await;
    let mut lists = 0;
    for operation in operations() {
        if operation.parameters().any(|parameter| parameter["name"] == "total") {
            let answer = operation.send(&admin, &operation.address(), None).await;
            // Lists below one article need one.
            if answer.status == 200 {
                assert_eq!(answer.body.get("total"), None, "{operation} counts unasked");
                let joint = if operation.address().contains('?') { '&' } else { '?' };
                let counted = format!("{}{joint}total=true", operation.address());
                let answer = operation.send(&admin, &counted, None).await.expect(200);
                let here = answer["data"].as_array().unwrap().len();
                assert_eq!(answer["total"], here, "{operation}");
                lists += 1;
            }
        }
    }
    assert!(lists >= 9, "{lists} lists");
}
