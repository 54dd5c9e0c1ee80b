//! Shapes that generators of clients understand: what made TypeScript see `unknown`, Kotlin and
//! Dart lose a page, or one thing have two types is found here, and not by those who write apps.
use std::collections::{BTreeMap, BTreeSet};

use broadsheet::app::DOCUMENT;
use serde_json::{Value, json};

/// What generators would make nothing good of, by place.
fn faults(document: &Value) -> Vec<String> {
    let mut judge = Judge { document, at: Vec::new(), enums: BTreeMap::new(), faults: Vec::new() };
    let mut names = BTreeMap::new();
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        judge.at = vec![name.clone()];
        judge.component(name, schema);
        let alike = names.insert(name.to_lowercase(), name);
        judge.hold(alike.is_none(), "differs from another component only in case");
    }
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            judge.at = vec![format!("{method} {path}")];
            judge.operation(operation);
        }
    }
    judge.faults
}

struct Judge<'a> {
    document: &'a Value,
    at: Vec<String>,
    /// By their values: the components that are enums.
    enums: BTreeMap<String, String>,
    faults: Vec<String>,
}

impl Judge<'_> {
    fn hold(&mut self, holds: bool, fault: &str) {
        if !holds {
            self.faults.push(format!("{}: {fault}", self.at.join("/")));
        }
    }

    fn inside(&mut self, part: &str, judge: impl FnOnce(&mut Self)) {
        self.at.push(part.to_owned());
        judge(self);
        self.at.pop();
    }

    fn operation(&mut self, operation: &Value) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            self.inside(parameter["name"].as_str().unwrap_or_default(), |judge| {
                let schema = &parameter["schema"];
                judge.hold(!nullable(schema), "is a parameter, and those cannot be null");
                judge.schema(schema);
            });
        }
        let bodies = operation["responses"].as_object().into_iter().flatten();
        let bodies = bodies.map(|(_, response)| response).chain([&operation["requestBody"]]);
        for (kind, content) in bodies.filter_map(|body| body["content"].as_object()).flatten() {
            self.inside(kind, |judge| {
                let schema = &content["schema"];
                let named = schema["$ref"].is_string() || !kind.ends_with("json");
                let free = *schema == json!({"type": "object"});
                judge.hold(named || free, "is a body without a named type");
                judge.schema(schema);
            });
        }
    }

    /// What stands by a name: an object, an enum, a union, or another word for a text or number.
    fn component(&mut self, name: &str, schema: &Value) {
        let pascal = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        self.hold(pascal, "is no name of a type");
        self.hold(!nullable(schema), "is a named type, and only uses of it can be null");
        if schema["oneOf"].is_array() {
            self.union(schema);
        } else if let Some(values) = schema["enum"].as_array() {
            self.hold(schema["type"] == "string", "is an enum of something else than texts");
            let values = Value::from(values.clone()).to_string();
            let other = self.enums.insert(values, name.to_owned());
            self.hold(other.is_none(), &format!("has the values of {other:?}"));
        } else {
            self.own(schema);
        }
    }

    /// A union of named objects, told apart by a member that each has with one value of its own.
    fn union(&mut self, union: &Value) {
        let tag = union["discriminator"]["propertyName"].as_str().unwrap_or_default();
        self.hold(!tag.is_empty(), "is a union without a discriminator");
        let mapping = union["discriminator"]["mapping"].as_object().cloned().unwrap_or_default();
        let members: Vec<&Value> = union["oneOf"].as_array().into_iter().flatten().collect();
        self.hold(members.len() == mapping.len(), "maps not every member of the union");
        for member in members {
            let Some(place) = member["$ref"].as_str() else {
                self.hold(false, "has a member without a name");
                continue;
            };
            let target = self.document.pointer(place.trim_start_matches('#')).unwrap();
            let value = mapping.iter().find(|(_, target)| *target == place).map(|(tag, _)| tag);
            self.hold(value.is_some(), &format!("does not map {place}"));
            let expected = json!({"type": "string", "enum": [value]});
            let tagged = target["properties"][tag] == expected;
            let required =
                target["required"].as_array().is_some_and(|all| all.contains(&tag.into()));
            self.hold(tagged && required, &format!("{place} has no `{tag}` of one value"));
        }
    }

    /// What stands where it is used: no object, enum or union of its own.
    fn schema(&mut self, schema: &Value) {
        self.hold(schema["properties"].is_null(), "is an object without a name");
        self.hold(schema["discriminator"].is_null(), "is a union without a name");
        let tag = schema["type"] == "string"
            && schema["enum"].as_array().is_some_and(|values| values.len() == 1);
        self.hold(schema["enum"].is_null() || tag, "is an enum without a name");
        self.own(schema);
    }

    fn own(&mut self, schema: &Value) {
        if schema["$ref"].is_string() {
            return;
        }
        for keyword in ["anyOf", "allOf", "not", "if", "prefixItems", "patternProperties"] {
            self.hold(schema[keyword].is_null(), &format!("has `{keyword}`"));
        }
        if let Some(either) = schema["oneOf"].as_array() {
            let null = |schema: &&Value| **schema == json!({"type": "null"});
            let one = either.iter().filter(|one| one["$ref"].is_string()).count() == 1;
            let or_null = either.len() == 2 && either.iter().any(|one| null(&one));
            self.hold(one && or_null, "is neither a named type nor one or null");
            return;
        }
        let types = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match types[..] {
            [one] | [one, "null"] => match one {
                "integer" => {
                    let formats = ["int32", "int64"].map(Value::from);
                    self.hold(formats.contains(&schema["format"]), "is an integer of no size");
                }
                "number" => {
                    let formats = ["float", "double"].map(Value::from);
                    self.hold(formats.contains(&schema["format"]), "is a number of no size");
                }
                "array" => self.inside("items", |judge| judge.schema(&schema["items"])),
                "object" => self.object(schema),
                "null" => self.hold(false, "is never anything"),
                _ => {}
            },
            [] => self.hold(false, "is of no type"),
            _ => self.hold(false, "is of several types"),
        }
    }

    fn object(&mut self, schema: &Value) {
        let mut words = BTreeSet::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let snake = name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            self.inside(name, |judge| {
                judge.hold(snake, "is not in snake case");
                judge.hold(words.insert(name.replace('_', "")), "is another member in camel case");
                judge.schema(member);
            });
        }
        let values = &schema["additionalProperties"];
        if values.is_object() {
            self.hold(schema["properties"].is_null(), "has members of any name beside its own");
            self.inside("values", |judge| judge.schema(values));
        }
    }
}

fn nullable(schema: &Value) -> bool {
    let null = |one: &Value| one == "null" || one["type"] == "null";
    [&schema["type"], &schema["oneOf"]]
        .iter()
        .any(|list| list.as_array().is_some_and(|list| list.iter().any(null)))
}

#[test]
fn generators_understand_every_shape() {
    let faults = faults(&DOCUMENT);
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn whatever_may_get_more_values_or_members_says_what_to_do_with_them() {
    let (mut enums, mut unions) = (0, 0);
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    let answers: String = DOCUMENT["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .map(|operation| operation["responses"].to_string())
        .collect();
    let mut answered: BTreeSet<&String> = BTreeSet::new();
    let mut rest = vec![answers];
    while let Some(text) = rest.pop() {
        for (name, schema) in schemas {
            let refers = text.contains(&format!("\"#/components/schemas/{name}\""));
            if refers && answered.insert(name) {
                rest.push(schema.to_string());
            }
        }
    }
    for name in answered {
        let said = schemas[name]["description"].as_str().unwrap_or_default();
        if schemas[name]["enum"].is_array() {
            assert!(said.contains("Values may be added"), "{name}: {said}");
            enums += 1;
        }
        if schemas[name]["discriminator"].is_object() {
            assert!(said.contains("Members may be added"), "{name}: {said}");
            unions += 1;
        }
    }
    assert!(enums > 15 && unions >= 4, "{enums} enums, {unions} unions");
    let overview = DOCUMENT["info"]["description"].as_str().unwrap();
    assert!(overview.contains("does not know"), "{overview}");
}

/// A document with this schema among its components, beside those that it refers to.
fn with(name: &str, schema: Value) -> Value {
    let variant = |tag: &str| {
        json!({"type": "object", "required": ["type"],
            "properties": {"type": {"type": "string", "enum": [tag]}}})
    };
    let mut document = json!({"components": {"schemas": {
        "Cat": variant("cat"), "Dog": variant("dog"),
        "Colour": {"type": "string", "enum": ["red", "blue"]},
    }}});
    document["components"]["schemas"][name] = schema;
    document
}

fn object(member: &Value) -> Value {
    json!({"type": "object", "properties": {"member": member}})
}

#[test]
fn what_generators_lost_before_is_found() {
    let (cat, dog) =
        (json!({"$ref": "#/components/schemas/Cat"}), json!({"$ref": "#/components/schemas/Dog"}));
    let nothing = json!({"type": "null"});
    let told = |mapping: Value| {
        json!({"oneOf": [cat, dog],
            "discriminator": {"propertyName": "type", "mapping": mapping}})
    };
    let both = json!({"cat": cat["$ref"], "dog": dog["$ref"]});
    let mut parts = told(both.clone());
    parts["oneOf"][1] = json!({"type": "object", "properties": {}});
    let cases = [
        (json!({"anyOf": [cat, dog]}), "has `anyOf`"),
        (json!({"oneOf": [cat, dog]}), "without a discriminator"),
        (json!({"oneOf": [{"type": "string"}, cat]}), "without a discriminator"),
        (parts, "has a member without a name"),
        (told(json!({"cat": cat["$ref"]})), "maps not every member"),
        (told(json!({"cat": cat["$ref"], "cow": dog["$ref"]})), "has no `type` of one value"),
        (json!({"allOf": [cat, {"type": "object"}]}), "has `allOf`"),
        (object(&json!({"type": "object", "properties": {}})), "is an object without a name"),
        (
            object(&json!({"type": "array", "items": {"type": "object", "properties": {}}})),
            "Planted/member/items: is an object without a name",
        ),
        (object(&told(both.clone())), "is a union without a name"),
        (object(&json!({"oneOf": [cat, dog]})), "neither a named type nor one or null"),
        (
            object(&json!({"oneOf": [{"type": "string"}, nothing]})),
            "neither a named type nor one or null",
        ),
        (object(&json!({"type": "string", "enum": ["a", "b"]})), "is an enum without a name"),
        (object(&json!({"type": "boolean", "enum": [true]})), "is an enum without a name"),
        (json!({"type": "string", "enum": ["red", "blue"]}), "has the values of"),
        (json!({"type": "integer", "enum": [1, 2]}), "an enum of something else than texts"),
        (object(&json!({"type": ["string", "integer"]})), "is of several types"),
        (object(&json!({"description": "Anything."})), "is of no type"),
        (object(&json!({"type": "integer"})), "is an integer of no size"),
        (object(&json!({"type": "number"})), "is a number of no size"),
        (json!({"type": ["object", "null"]}), "only uses of it can be null"),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}},
                "additionalProperties": {"type": "string"}}),
            "members of any name beside its own",
        ),
        (
            json!({"type": "object", "properties": {
                "a_b": {"type": "string"}, "ab": {"type": "string"}}}),
            "is another member in camel case",
        ),
    ];
    for (schema, fault) in cases {
        let found = faults(&with("Planted", schema.clone()));
        assert!(found.iter().any(|found| found.contains(fault)), "{schema} has {found:?}");
    }
    for name in ["Page_Cat", "page", "CAT"] {
        assert_eq!(faults(&with(name, json!({"type": "string"}))).len(), 1, "{name}");
    }
    let sound = [
        told(both),
        object(&json!({"oneOf": [cat, nothing]})),
        object(&json!({"type": ["string", "null"]})),
        object(&json!({"type": "object", "additionalProperties": {"type": "string"}})),
        json!({"type": "string", "format": "uuid"}),
    ];
    for schema in sound {
        assert_eq!(faults(&with("Planted", schema.clone())), [""; 0], "{schema}");
    }
}

#[test]
fn bodies_and_parameters_have_named_types() {
    let document = |operation: Value| json!({"paths": {"/pets": {"get": operation}}});
    let body = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
    let cases = [
        (json!({"responses": {"200": body(json!({"type": "array"}))}}), "without a named type"),
        (json!({"requestBody": body(object(&json!({"type": "string"})))}), "without a named type"),
        (
            json!({"parameters": [{"name": "colour", "schema": {"enum": ["red", "blue"]}}]}),
            "is an enum without a name",
        ),
        (
            json!({"parameters": [{"name": "key", "schema": {"type": ["string", "null"]}}]}),
            "those cannot be null",
        ),
    ];
    for (operation, fault) in cases {
        let found = faults(&document(operation));
        assert!(found.iter().any(|found| found.contains(fault)), "{fault}: {found:?}");
    }
}
