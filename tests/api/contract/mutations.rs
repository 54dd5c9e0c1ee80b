//! Bodies that break one rule of a schema each, or that go just as far as it allows.
use serde_json::{Value, json};

use super::{NOBODY, document::validator, resolve};

/// One change of an example, at one place.
#[derive(Debug)]
pub struct Mutation {
    /// Where: a JSON Pointer.
    pub at: String,
    /// What stands there now; nothing when it was taken away.
    pub put: Option<Value>,
    /// Forbidden by a number's format, which JSON Schema does not judge.
    out_of_format: bool,
}

impl Mutation {
    /// The whole body after the change.
    pub fn applied_to(&self, example: &Value) -> Value {
        let mut body = example.clone();
        let (parent, name) = self.at.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        match (parent, &self.put) {
            (Value::Object(members), Some(value)) => {
                members.insert(name.to_owned(), value.clone());
            }
            (Value::Object(members), None) => {
                members.remove(name);
            }
            (Value::Array(items), Some(value)) => {
                items[name.parse::<usize>().unwrap()] = value.clone();
            }
            other => panic!("{}: {other:?}", self.at),
        }
        body
    }

    /// Whether the whole body may be sent so, by its schema.
    pub fn is_allowed(&self, judge: &jsonschema::Validator, body: &Value) -> bool {
        !self.out_of_format && judge.is_valid(body)
    }

    /// The member of the body that the change is in.
    pub fn top(&self) -> &str {
        self.at.split('/').nth(1).unwrap()
    }
}

/// Every change of an example that its schema suggests.
pub fn of(schema: &'static Value, example: &Value) -> Vec<Mutation> {
    let mut found = Vec::new();
    object(chosen(schema, example), Some(example), "", &mut found);
    found
}

/// Every text of the body whose form does not matter, with how many characters it may have.
pub fn longest_texts(schema: &'static Value, example: &Value) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    gather_texts(schema, Some(example), "", &mut found);
    found
}

fn gather_texts(
    schema: &'static Value,
    value: Option<&Value>,
    at: &str,
    found: &mut Vec<(String, usize)>,
) {
    let schema = chosen(schema, value.unwrap_or(&Value::Null));
    let formless =
        schema["format"].is_null() && (schema["pattern"].is_null() || schema["pattern"] == r"\S");
    if is(schema, "string") && formless {
        let longest = schema["maxLength"].as_u64().and_then(|it| usize::try_from(it).ok());
        found.extend(longest.map(|longest| (at.to_owned(), longest)));
    }
    if let Some(members) = value.and_then(Value::as_object) {
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            let member = members.get(name).filter(|member| !member.is_null());
            gather_texts(schema, member, &format!("{at}/{name}"), found);
        }
    }
    if let Some(items) = value.and_then(Value::as_array) {
        for (number, item) in items.iter().enumerate() {
            gather_texts(&schema["items"], Some(item), &format!("{at}/{number}"), found);
        }
    }
}

/// Every place of a schema that holds a text: a JSON Pointer, and a value with this text there and
/// nothing else.
pub fn texts(schema: &'static Value, text: &str) -> Vec<(String, Value)> {
    let mut found = texts_below(schema, text, &mut Vec::new());
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found.dedup();
    found
}

fn texts_below(
    schema: &'static Value,
    text: &str,
    above: &mut Vec<*const Value>,
) -> Vec<(String, Value)> {
    let schema = resolve(schema);
    let this: *const Value = schema;
    if above.contains(&this) {
        return Vec::new();
    }
    above.push(this);
    let mut found = Vec::new();
    if is(schema, "string") || schema["enum"].is_array() || schema["const"].is_string() {
        found.push((String::new(), json!(text)));
    }
    for name in ["oneOf", "anyOf", "allOf"] {
        for part in schema[name].as_array().into_iter().flatten() {
            found.extend(texts_below(part, text, above));
        }
    }
    let members = schema["properties"].as_object().into_iter().flatten();
    let named = members.map(|(name, member)| (name.as_str(), member));
    let others = &schema["additionalProperties"];
    for (name, member) in named.chain(others.is_object().then_some(("any", others))) {
        for (at, value) in texts_below(member, text, above) {
            found.push((format!("/{name}{at}"), json!({name: value})));
        }
    }
    if schema["items"].is_object() {
        for (at, value) in texts_below(&schema["items"], text, above) {
            found.push((format!("/0{at}"), json!([value])));
        }
    }
    above.pop();
    found
}

/// The schema that a value is held against: behind references, and of alternatives the one that
/// is meant.
fn chosen(schema: &'static Value, value: &Value) -> &'static Value {
    let schema = resolve(schema);
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|name| schema[*name].as_array());
    let Some(alternatives) = alternatives else { return schema };
    let some = || alternatives.iter().filter(|schema| schema["type"] != "null");
    let fitting = some().find(|schema| !value.is_null() && validator(schema).is_valid(value));
    fitting.or_else(|| some().next()).map_or(schema, |schema| chosen(schema, value))
}

fn is(schema: &Value, kind: &str) -> bool {
    let given = &schema["type"];
    *given == kind || given.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

fn walk(schema: &'static Value, value: Option<&Value>, at: &str, found: &mut Vec<Mutation>) {
    let schema = chosen(schema, value.unwrap_or(&Value::Null));
    let mut put = |value: Value| {
        found.push(Mutation { at: at.to_owned(), put: Some(value), out_of_format: false });
    };
    put(Value::Null);
    if is(schema, "object") || schema["properties"].is_object() {
        put(json!("text"));
        put(json!([]));
        object(schema, value, at, found);
    } else if is(schema, "array") {
        put(json!("text"));
        put(json!({}));
        array(schema, value, at, found);
    } else if is(schema, "string") || schema["enum"].is_array() {
        [json!(12), json!(true), json!([]), json!({})].into_iter().for_each(&mut put);
        text(schema).into_iter().map(Value::from).for_each(put);
    } else if is(schema, "integer") || is(schema, "number") {
        [json!("1"), json!(true), json!([1]), json!(1.5)].into_iter().for_each(&mut put);
        for bound in [&schema["minimum"], &schema["maximum"]] {
            if let Some(bound) = bound.as_i64() {
                [bound - 1, bound, bound + 1].map(Value::from).into_iter().for_each(&mut put);
            }
        }
        let beyond: &[Value] = match schema["format"].as_str() {
            Some("int32") => &[json!(1e300), json!(i64::from(i32::MAX) + 1), json!(-1e10)],
            Some("int64") => &[json!(1e300), json!(u64::MAX)],
            _ => &[],
        };
        for value in beyond {
            let put = Some(value.clone());
            found.push(Mutation { at: at.to_owned(), put, out_of_format: true });
        }
    } else if is(schema, "boolean") {
        [json!("true"), json!(0), json!([])].into_iter().for_each(put);
    }
}

fn object(schema: &'static Value, value: Option<&Value>, at: &str, found: &mut Vec<Mutation>) {
    let Some(members) = value.and_then(Value::as_object) else { return };
    if schema["additionalProperties"] == false {
        let at = format!("{at}/surprise");
        found.push(Mutation { at, put: Some(json!(1)), out_of_format: false });
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        let at = format!("{at}/{}", name.as_str().unwrap());
        found.push(Mutation { at, put: None, out_of_format: false });
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        walk(schema, members.get(name), &format!("{at}/{name}"), found);
    }
}

fn array(schema: &'static Value, value: Option<&Value>, at: &str, found: &mut Vec<Mutation>) {
    let items = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of_items = &schema["items"];
    let one = items.first().cloned().unwrap_or_else(|| made_up(of_items));
    let bounds = [&schema["minItems"], &schema["maxItems"]];
    for bound in bounds.iter().filter_map(|bound| usize::try_from(bound.as_u64()?).ok()) {
        for size in [bound.saturating_sub(1), bound, bound + 1] {
            let put = Some(Value::Array(vec![one.clone(); size]));
            found.push(Mutation { at: at.to_owned(), put, out_of_format: false });
        }
    }
    for (index, item) in items.iter().take(12).enumerate() {
        walk(of_items, Some(item), &format!("{at}/{index}"), found);
    }
}

/// Something that an empty list of such items could hold.
fn made_up(schema: &'static Value) -> Value {
    let schema = chosen(schema, &Value::Null);
    let given = [&schema["examples"][0], &schema["enum"][0]];
    match given.into_iter().find(|value| !value.is_null()) {
        Some(value) => value.clone(),
        None if schema["format"] == "uuid" => NOBODY.into(),
        None if is(schema, "string") => "x".into(),
        None if is(schema, "integer") => 1.into(),
        None => {
            let required = schema["required"].as_array().into_iter().flatten();
            let names = required.filter_map(Value::as_str);
            names.map(|name| (name, made_up(&schema["properties"][name]))).collect()
        }
    }
}

/// Texts around the bounds, and of many forms. Characters count, not bytes.
fn text(schema: &Value) -> Vec<String> {
    let mut texts = ["", "   ", "none_of_these", "No Form!", "~", "ż"].map(str::to_owned).to_vec();
    for bound in [&schema["minLength"], &schema["maxLength"]] {
        if let Some(bound) = bound.as_u64().and_then(|bound| usize::try_from(bound).ok()) {
            for size in [bound.saturating_sub(1), bound, bound + 1] {
                texts.extend(["x", "ż", "😀"].map(|c| c.repeat(size)));
            }
        }
    }
    texts
}
