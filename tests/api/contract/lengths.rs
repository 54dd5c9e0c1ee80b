//! Lengths count characters (Unicode scalar values) of the form in which a text is kept, at every
//! limit that the document has.
use actix_web::http::Method;
use serde_json::Value;

use super::{JsonBody, mutations, operations};
use crate::support::{Answer, TestApp, on_both_engines};

on_both_engines! {
    a_text_is_as_long_as_the_form_in_which_it_is_kept,
}

/// One character of each kind, as it is sent. All are kept as one character.
const CHARACTERS: [(&str, &str); 5] = [
    ("plain", "x"),
    ("of two bytes", "ż"),
    ("beyond the basic plane", "\u{1d518}"),
    ("sent in two", "e\u{301}"),
    ("sent in three", "\u{1112}\u{1161}\u{11ab}"),
];

/// Whether the answer says that the text at this place is too long.
fn is_too_long(answer: &Answer, at: &str) -> bool {
    let mut errors = answer.body["errors"].as_array().into_iter().flatten();
    errors.any(|error| error["pointer"] == at && error["code"] == "length")
}

async fn a_text_is_as_long_as_the_form_in_which_it_is_kept(app: TestApp) {
    let (admin, anyone) = (app.admin().await, app.anyone());
    let mut limits = 0;
    for operation in operations() {
        if ![Method::POST, Method::PUT].contains(&operation.method) {
            continue;
        }
        let Some(JsonBody { schema, example, .. }) = operation.json_body() else { continue };
        let client = if operation.is_managed() { &admin } else { &anyone };
        // How long a tag may be is a part of a rule of its own.
        let texts = mutations::longest_texts(schema, &example);
        for (at, longest) in texts.into_iter().filter(|(at, _)| !at.starts_with("/tags/")) {
            limits += 1;
            for (kind, character) in CHARACTERS {
                let full = character.repeat(longest);
                let cases = [
                    (full.clone(), false),
                    (format!("\u{feff}{full}\0\0"), false),
                    (format!("{full}{character}"), true),
                ];
                for (text, too_long) in cases {
                    let mut body = example.clone();
                    *place(&mut body, &at) = text.into();
                    let answer = operation.send(client, &operation.address(), Some(&body)).await;
                    let said = is_too_long(&answer, &at);
                    assert_eq!(
                        said, too_long,
                        "{operation}: {longest} characters at {at}, {kind}: {}",
                        answer.text
                    );
                }
            }
        }
    }
    assert!(limits >= 25, "{limits} limits");
}

/// The place, which may be empty in the example.
fn place<'a>(body: &'a mut Value, at: &str) -> &'a mut Value {
    let (parent, name) = at.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        object => &mut object[name],
    }
}
