//! What is given: JSON, queries and texts, more often near to what is expected than far from it.
use std::cell::RefCell;

use actix_web::{FromRequest, dev::Payload, test::TestRequest};
use arbitrary::{Result, Unstructured};
use broadsheet::error::{Error, FieldError};
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: RefCell<Runtime> =
        RefCell::new(Builder::new_current_thread().enable_time().build().unwrap());
}

/// A handler argument, as it is read from a request.
pub fn read<T: FromRequest<Error = Error>>(request: TestRequest) -> Result<T, Error> {
    let (request, mut payload): (_, Payload) = request.to_http_parts();
    RUNTIME.with_borrow_mut(|runtime| runtime.block_on(T::from_request(&request, &mut payload)))
}

/// A request with this body.
pub fn sent(media_type: &str, body: impl Into<Vec<u8>>) -> TestRequest {
    let body: Vec<u8> = body.into();
    TestRequest::post().insert_header(("content-type", media_type)).set_payload(body)
}

/// Holds a refusal to be the caller's fault, and to name places that are in what was sent, or
/// miss from a place that is.
pub fn is_fair(refusal: &Error, sent: &Value) {
    assert!(!refusal.is_fault(), "{refusal:?}");
    let (Error::Invalid(errors) | Error::Malformed { errors, .. }) = refusal else { return };
    for FieldError { pointer, .. } in errors {
        let Some(pointer) = pointer else { continue };
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        let place = sent.pointer(pointer).or_else(|| sent.pointer(parent));
        assert!(place.is_some(), "{pointer} is nowhere in {sent}");
    }
}

/// One of these texts, or now and then any other.
pub fn text(u: &mut Unstructured<'_>, known: &[&str]) -> Result<String> {
    if u.ratio(1, 4)? { u.arbitrary() } else { Ok((*u.choose(known)?).to_owned()) }
}

/// What is usually there; now and then any JSON at all.
pub fn usually(
    u: &mut Unstructured<'_>,
    make: impl FnOnce(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<Value> {
    if u.ratio(1, 24)? { json(u, 3) } else { make(u) }
}

/// Makes one value.
pub type Make = fn(&mut Unstructured<'_>) -> Result<Value>;

/// An object of some of these members, and now and then of one more.
pub fn object(u: &mut Unstructured<'_>, members: &[(&str, Make)]) -> Result<Value> {
    let mut object = Map::new();
    for (name, make) in members {
        if !u.ratio(1, 8)? {
            object.insert((*name).to_owned(), usually(u, make)?);
        }
    }
    if u.ratio(1, 24)? {
        object.insert(u.arbitrary()?, json(u, 2)?);
    }
    Ok(object.into())
}

/// Up to so many of what is made.
pub fn list(u: &mut Unstructured<'_>, most: usize, make: Make) -> Result<Value> {
    let count = u.int_in_range(0..=most)?;
    (0..count).map(|_| usually(u, make)).collect()
}

/// Any JSON, so many levels deep at most.
pub fn json(u: &mut Unstructured<'_>, depth: u8) -> Result<Value> {
    let kinds = if depth == 0 { 4 } else { 6 };
    Ok(match u.int_in_range(0..=kinds)? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => u.arbitrary::<i64>()?.into(),
        3 => u.arbitrary::<f64>()?.into(),
        4 => u.arbitrary::<String>()?.into(),
        5 => {
            let count = u.int_in_range(0..=4)?;
            (0..count).map(|_| json(u, depth - 1)).collect::<Result<Vec<_>>>()?.into()
        }
        _ => {
            let count = u.int_in_range(0..=4)?;
            let member = |_| Ok((u.arbitrary::<String>()?, json(u, depth - 1)?));
            (0..count).map(member).collect::<Result<Map<_, _>>>()?.into()
        }
    })
}
