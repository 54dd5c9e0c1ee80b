//! Merge patches (RFC 7396): they change what they name and nothing else, and twice is once.
use actix_web::test::TestRequest;
use arbitrary::{Result, Unstructured};
use broadsheet::{
    articles::input::ArticleInput,
    http::body::{Body, Patch},
};
use serde_json::{Value, json};

use crate::{
    blocks,
    given::{self, is_fair, json, object, read, text, usually},
};

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let first = article(u)?;
    let Ok(Body(current)) =
        read::<Body<ArticleInput>>(given::sent("application/json", first.to_string()))
    else {
        return Ok(());
    };
    let sent = usually(u, article)?;
    let patch = match read::<Patch>(patching(&sent)) {
        Ok(patch) => patch,
        Err(refusal) => {
            is_fair(&refusal, &sent);
            return Ok(());
        }
    };
    let nothing = read::<Patch>(patching(&json!({}))).unwrap();
    assert_eq!(nothing.apply(&current).unwrap(), current);
    let before = serde_json::to_value(&current).unwrap();
    let changed = match patch.apply(&current) {
        Ok(changed) => changed,
        Err(refusal) => {
            let mut merged = before;
            json_patch::merge(&mut merged, &sent);
            is_fair(&refusal, &merged);
            return Ok(());
        }
    };
    let after = serde_json::to_value(&changed).unwrap();
    for (name, member) in before.as_object().unwrap() {
        assert!(sent.get(name).is_some() || after[name] == *member, "{name} has changed");
    }
    // A null for what is no member is passed over in an object that was not there before.
    if let Ok(twice) = patch.apply(&changed) {
        assert_eq!(without_ids(serde_json::to_value(twice).unwrap()), without_ids(after));
    }
    Ok(())
}

fn patching(patch: &Value) -> TestRequest {
    given::sent("application/merge-patch+json", patch.to_string())
}

/// Blocks that were sent without an id are given another each time.
fn without_ids(mut article: Value) -> Value {
    for block in article["body"].as_array_mut().into_iter().flatten() {
        block["id"].take();
    }
    article
}

fn article(u: &mut Unstructured<'_>) -> Result<Value> {
    object(
        u,
        &[
            ("headline", words),
            ("lead", words),
            ("slug", |u| or_null(u, &["the-ferry", "ferry-2", "Ferry"])),
            ("language", |u| or_null(u, &["en", "pl", "sr-Latn", "EN"])),
            ("tags", |u| Ok(vec![words(u)?].into())),
            ("body", blocks::body),
            ("seo", |u| object(u, &[("title", words), ("noindex", |u| json(u, 0))])),
            ("ads", |u| object(u, &[("mode", |u| or_null(u, &["on", "off"])), ("reason", words)])),
            ("sponsorship", |u| object(u, &[("sponsor_name", words), ("disclosure", words)])),
        ],
    )
}

fn words(u: &mut Unstructured<'_>) -> Result<Value> {
    or_null(u, &["Ferry", "Łódź", "e\u{301}", "a~b/c"])
}

fn or_null(u: &mut Unstructured<'_>, known: &[&str]) -> Result<Value> {
    Ok(if u.ratio(1, 8)? { Value::Null } else { text(u, known)?.into() })
}
