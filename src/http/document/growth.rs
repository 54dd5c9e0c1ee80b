//! What may be added to answers later, said where clients meet it: values of enums, members of
//! unions.
use std::collections::BTreeSet;

use serde_json::Value;

use super::names::referred;

/// Tells what a client has to do with a value, or with a member of a union, that it does not know:
/// wherever one can come in an answer.
pub fn announce(document: &mut Value) {
    let mut answered = BTreeSet::new();
    let responses = document["paths"].as_object().into_iter().flatten().flat_map(|(_, item)| {
        item.as_object().into_iter().flatten().map(|(_, operation)| &operation["responses"])
    });
    for response in responses.chain([&document["components"]["responses"]]) {
        gather(document, response, &mut answered);
    }
    for name in answered {
        let schema = &mut document["components"]["schemas"][&name];
        let note = match (
            schema["enum"].as_array(),
            schema["discriminator"]["propertyName"].as_str(),
        ) {
            (Some(values), _) if values.len() > 1 => {
                "Values may be added: take one that you do not know for none of these.".to_owned()
            }
            (None, Some(tag)) => format!(
                "Members may be added: leave out what has a `{tag}` that you do not know, and show \
                 the rest."
            ),
            _ => continue,
        };
        let said = schema["description"].as_str().unwrap_or_default();
        schema["description"] = format!("{said}\n\n{note}").trim_start().into();
    }
}

/// The names of all schemas that a part of the document refers to, or that those refer to.
fn gather(document: &Value, part: &Value, found: &mut BTreeSet<String>) {
    if let Some(name) = referred(part)
        && found.insert(name.to_owned())
    {
        gather(document, &document["components"]["schemas"][name], found);
    }
    match part {
        Value::Object(members) => {
            members.values().for_each(|member| gather(document, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(document, item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
