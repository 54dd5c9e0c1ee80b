//! What must hold for every operation, read off the OpenAPI document itself, so that an
//! operation added later is judged without being named here.
mod audit;
mod conditional;
mod document;
mod guards;
mod lengths;
mod manners;
mod matrix;
mod mutations;
mod parameters;
mod rules;
mod scopes;
mod shapes;
mod targets;

use std::fmt;

use actix_web::http::Method;
use broadsheet::app::DOCUMENT;
use serde_json::Value;

use crate::support::{Answer, Client};

/// An id of nothing.
pub const NOBODY: &str = "0190c0de-0000-7000-8000-000000000000";

/// One operation of the document.
#[derive(Clone)]
pub struct Operation {
    pub method: Method,
    pub path: &'static str,
    pub spec: &'static Value,
}

/// A JSON body as the document describes it.
pub struct JsonBody {
    pub media_type: &'static str,
    pub schema: &'static Value,
    pub example: Value,
}

/// Every operation there is.
pub fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let operations: Vec<Operation> = paths
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, spec)| {
                let method = method.to_uppercase().parse().unwrap();
                Operation { method, path, spec }
            })
        })
        .collect();
    assert!(operations.len() >= 20, "the document lost its operations");
    operations
}

/// Follows a reference to where the schema, response or parameter is written.
pub fn resolve(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            let target = DOCUMENT.pointer(reference.trim_start_matches('#'));
            resolve(target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
        }
        None => schema,
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Operation {
    pub fn is(&self, method: &Method, path: &str) -> bool {
        self.method == *method && self.path == path
    }

    pub fn is_managed(&self) -> bool {
        self.path.starts_with("/manage/")
    }

    /// Whether the document asks for a token.
    pub fn is_guarded(&self) -> bool {
        self.spec["security"].as_array().is_some_and(|schemes| !schemes.is_empty())
    }

    /// The permission it needs; none where being signed in is enough.
    pub fn permission(&self) -> Option<&'static str> {
        self.spec["security"][0]["bearer"][0].as_str()
    }

    pub fn parameters(&self) -> impl Iterator<Item = &'static Value> + use<> {
        self.spec["parameters"].as_array().map(Vec::as_slice).unwrap_or_default().iter()
    }

    /// Whether it has this header among its parameters.
    pub fn takes(&self, header: &str) -> bool {
        self.parameters()
            .any(|parameter| parameter["in"] == "header" && parameter["name"] == header)
    }

    /// Its address, with ids of nothing and whatever the query must have.
    pub fn address(&self) -> String {
        self.address_with(|_| None)
    }

    /// The same, with some path parameters of the caller's choice.
    pub fn address_with(&self, chosen: impl Fn(&str) -> Option<String>) -> String {
        let (mut address, mut query) = (self.path.to_owned(), Vec::new());
        for parameter in self.parameters() {
            let name = parameter["name"].as_str().unwrap();
            match parameter["in"].as_str().unwrap() {
                "path" => {
                    let value = chosen(name).unwrap_or_else(|| example_of(parameter));
                    address = address.replace(&format!("{{{name}}}"), &value);
                }
                "query" if parameter["required"] == true => {
                    query.push(format!("{name}={}", example_of(parameter)));
                }
                _ => {}
            }
        }
        if !query.is_empty() {
            address = format!("{address}?{}", query.join("&"));
        }
        address
    }

    /// Its JSON body, where it has one.
    pub fn json_body(&self) -> Option<JsonBody> {
        let content = self.spec["requestBody"]["content"].as_object()?;
        let (media_type, body) = content.iter().find(|(name, _)| name.ends_with("json"))?;
        let schema = &body["schema"];
        let example = resolve(schema)["examples"][0].clone();
        assert!(!example.is_null(), "{self}: its body has no example");
        Some(JsonBody { media_type, schema, example })
    }

    /// Sends this body to `address`, and `If-Match` where it is asked for.
    pub async fn send(&self, client: &Client, address: &str, body: Option<&Value>) -> Answer {
        let client = if self.takes("If-Match") && !client.sends("if-match") {
            client.with("if-match", "\"1\"")
        } else {
            client.clone()
        };
        let media_type = self.json_body().map(|body| body.media_type);
        let body = media_type.zip(body).map(|(kind, body)| (kind, body.to_string()));
        client.send(self.method.clone(), address, body).await
    }

    /// Sends its own example.
    pub async fn send_example(&self, client: &Client) -> Answer {
        let body = self.json_body().map(|body| body.example);
        self.send(client, &self.address(), body.as_ref()).await
    }
}

fn example_of(parameter: &'static Value) -> String {
    let schema = resolve(&parameter["schema"]);
    let given = [&parameter["example"], &schema["examples"][0], &schema["enum"][0]];
    match given.into_iter().find(|value| !value.is_null()) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None if schema["format"] == "uuid" => NOBODY.to_owned(),
        None if schema["type"] == "integer" => schema["minimum"].as_i64().unwrap_or(1).to_string(),
        None => "x".to_owned(),
    }
}
