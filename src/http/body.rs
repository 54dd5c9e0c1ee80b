//! `Body` and `Patch`: JSON that was read, normalised and passed its own checks.
use std::{fmt::Write, future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header,
    web::{Bytes, PayloadConfig},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, error::Category};
use tokio::time::timeout;
use validator::Validate;

use super::{json::Unique, plain::plain, strict::Strict};
use crate::{
    error::{Error, FieldError, Result, decoded, field_errors},
    text,
};

/// The longest body that is read at all, in bytes: an article's 1 MiB and room around it.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;
/// How long a body may take to arrive. Actix itself waits for ever, so that anyone could hold as
/// many connections as they like.
const PATIENCE: Duration = Duration::from_secs(20);
const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// For the app: the limit that actix enforces while it reads.
pub fn limit() -> PayloadConfig {
    PayloadConfig::new(MAX_BYTES)
}

/// Handler argument: a JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

/// Handler argument: a JSON merge patch (RFC 7396), to be applied to a resource's input form.
#[derive(Debug, Clone)]
pub struct Patch(Value);

type Reading<T> = Pin<Box<dyn Future<Output = Result<T>>>>;

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = Reading<Self>;
    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = bytes(req, payload, JSON);
        Box::pin(async move { parse(&body.await?).and_then(accept).map(Self) })
    }
}

impl FromRequest for Patch {
    type Error = Error;
    type Future = Reading<Self>;
    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = bytes(req, payload, MERGE_PATCH);
        Box::pin(async move {
            match parse(&body.await?)? {
                patch @ Value::Object(_) => Ok(Self(patch)),
                _ => Err(Error::invalid("", "type", "A merge patch here is a JSON object.")),
            }
        })
    }
}

impl Patch {
    /// The input that results when this patch is merged into `current`: read and checked as a
    /// whole, as if it had been sent with PUT.
    pub fn apply<T: Serialize + DeserializeOwned + Validate>(&self, current: &T) -> Result<T> {
        let mut whole = serde_json::to_value(current).map_err(Error::internal)?;
        check_nulls::<T>(&self.0, &whole, "")?;
        json_patch::merge(&mut whole, &self.0);
        accept(whole)
    }
}

/// Refuses to take away what no form can have: merging passes over such a member in silence,
/// however it is misspelled.
fn check_nulls<T: DeserializeOwned>(patch: &Value, whole: &Value, at: &str) -> Result<()> {
    let (Value::Object(patch), Some(Value::Object(current))) = (patch, whole.pointer(at)) else {
        return Ok(());
    };
    // Inputs are written with all of their members, so that one which is not there speaks for all
    // such: its object takes none, or has names of its own choosing.
    let mut absent = patch.iter().filter(|(name, _)| !current.contains_key(*name));
    if let Some((name, _)) = absent.find(|(_, member)| member.is_null())
        && !takes::<T>(whole, at, name)
    {
        let at = format!("{at}/{}", token(name));
        return Err(Error::invalid(&at, "unknown_member", "is no member, even as null"));
    }
    for (name, member) in patch {
        check_nulls::<T>(member, whole, &format!("{at}/{}", token(name)))?;
    }
    Ok(())
}

/// Whether the object at this place can have a member of this name.
fn takes<T: DeserializeOwned>(whole: &Value, at: &str, name: &str) -> bool {
    let mut more = whole.clone();
    if let Some(Value::Object(members)) = more.pointer_mut(at) {
        members.insert(name.to_owned(), Value::Null);
    }
    match read::<T>(more) {
        Err(Error::Invalid(errors)) => errors.iter().all(|error| error.code != "unknown_member"),
        _ => true,
    }
}

/// The bytes of a body of the right media type.
pub(super) fn bytes(
    req: &HttpRequest,
    payload: &mut Payload,
    expected: &'static str,
) -> impl Future<Output = Result<Bytes>> + use<> {
    let given = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let fits = essence.eq_ignore_ascii_case(expected);
    let coded = is_coded(req);
    let read = Bytes::from_request(req, payload);
    async move {
        if !fits {
            return Err(Error::UnsupportedMediaType(expected));
        }
        if coded {
            return Err(Error::UnsupportedCoding);
        }
        let read = timeout(PATIENCE, read).await.map_err(|_| Error::TooSlow(PATIENCE.as_secs()))?;
        read.map_err(|err| match err.as_error::<PayloadError>() {
            Some(PayloadError::Overflow) => Error::TooLarge(MAX_BYTES),
            _ => Error::malformed("The body ended too early or was not encoded as announced."),
        })
    }
}

/// Whether the body was sent in a content coding. None is taken (RFC 9110, 8.4.1): a few bytes of
/// one can stand for any number.
fn is_coded(req: &HttpRequest) -> bool {
    req.headers().get_all(header::CONTENT_ENCODING).any(|given| {
        let mut codings = given.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        codings.any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
    })
}

/// What some programs begin a text with, to say that it is Unicode. It is no part of JSON, and may
/// be passed over (RFC 8259, 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads JSON (RFC 8259); its texts are brought to the form in which they are kept; characters that no
/// text may hold, and members that stand twice, are refused.
pub(super) fn parse(bytes: &[u8]) -> Result<Value> {
    let mut value = unique(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes))?;
    each_text(&mut value, &mut String::new(), &mut |text, at| {
        *text = text::kept(std::mem::take(text));
        check_characters(text, at)
    })?;
    Ok(value)
}

/// Reads JSON that is kept, and not sent: its texts have to be in normal form C already.
pub fn parse_kept(text: &str) -> Result<Value> {
    let mut value = unique(text.as_bytes())?;
    each_text(&mut value, &mut String::new(), &mut |text, at| {
        check_characters(text, at)?;
        if text::is_nfc(text) {
            return Ok(());
        }
        Err(Error::invalid(at, "nfc", "must be in Unicode's normal form C"))
    })?;
    Ok(value)
}

fn unique(bytes: &[u8]) -> Result<Value> {
    let not_json = |err: serde_json::Error| {
        Error::malformed(match err.classify() {
            Category::Eof if bytes.is_empty() => "The body is empty; it must be JSON.".to_owned(),
            _ => format!("The body is not JSON: {err}."),
        })
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader);
    let Unique(value) = read.map_err(|err| match err.inner().classify() {
        Category::Data => {
            Error::Invalid(vec![refusal(&pointer(err.path()), &err.inner().to_string())])
        }
        _ => not_json(err.into_inner()),
    })?;
    reader.end().map_err(not_json)?;
    Ok(value)
}

/// Refuses what no text may hold, wherever readers or feeds might get it.
fn check_characters(said: &str, at: &str) -> Result<()> {
    if said.chars().any(text::is_forbidden) {
        let detail = "must not contain control characters (beside tabs and line ends), U+FFFE or \
                      U+FFFF, which XML has no form for";
        return Err(Error::invalid(at, "control", detail));
    }
    Ok(())
}

/// Does `then` with every text; refuses names of members with characters that no text may hold.
fn each_text(
    value: &mut Value,
    at: &mut String,
    then: &mut impl FnMut(&mut String, &str) -> Result<()>,
) -> Result<()> {
    let length = at.len();
    match value {
        Value::String(text) => then(text, at)?,
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let _ = write!(at, "/{index}");
                each_text(item, at, then)?;
                at.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                at.push('/');
                at.push_str(&token(name));
                check_characters(name, at)?;
                each_text(member, at, then)?;
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// Makes the input out of the JSON and checks its rules.
pub(super) fn accept<T: DeserializeOwned + Validate>(value: Value) -> Result<T> {
    let input: T = read(value)?;
    input.validate().map_err(|errors| Error::Invalid(field_errors(&errors, "")))?;
    Ok(input)
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|err| {
        let at = pointer(err.path());
        Error::Invalid(vec![refusal(&at, &err.into_inner().to_string())])
    })
}

/// Reads what is kept, such as a row of a table: it has no member that the type does not know,
/// at any depth, also where the type itself would pass over one.
pub fn read_kept<T: DeserializeOwned>(value: Value) -> Result<T> {
    let mut unknown = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| unknown.push(path.to_string());
    let kept = serde_ignored::Deserializer::new(Strict(value), &mut note);
    let read = serde_path_to_error::deserialize(kept).map_err(|err| {
        let at = pointer(err.path());
        Error::Invalid(vec![refusal(&at, &err.into_inner().to_string())])
    })?;
    if unknown.is_empty() {
        return Ok(read);
    }
    let errors = unknown.iter().map(|path| {
        let at = format!("/{}", path.replace(".?.", ".").replace('.', "/"));
        FieldError::at(at, "unknown_member", "is no member")
    });
    Err(Error::Invalid(errors.collect()))
}

/// What serde's message says, with the place where it found the fault. A type that reads itself
/// in two steps prefixes its message with the inner place: see [`nested`].
fn refusal(at: &str, message: &str) -> FieldError {
    let (inner, said) = taken_apart(message);
    let (rule, cause) = decoded(said);
    let at = format!("{at}{inner}");
    let detail = plain(cause, "member");
    match member_named_in(cause) {
        // The path to an unknown member ends with it; to one that is not there it cannot.
        Some((name, code @ "unknown_member")) if at.ends_with(&format!("/{}", token(&name))) => {
            FieldError::at(at, code, detail)
        }
        Some((name, code)) => FieldError::at(format!("{at}/{}", token(&name)), code, detail),
        None => FieldError::at(at, rule.unwrap_or("type").to_owned(), detail),
    }
}

/// What the messages of such types begin with; no message of serde's does.
const NESTED: char = '\u{1}';

/// The message of an error inside a value that is read in a second step, with its place, so
/// that the body's reader can point at it.
pub fn nested(err: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let message = err.inner().to_string();
    let (deeper, cause) = taken_apart(&message);
    nested_at(&format!("{}{deeper}", pointer(err.path())), cause)
}

/// The message of an error at a place inside such a value. How long the place is stands before it:
/// the names of members may hold any character.
pub fn nested_at(place: &str, message: &str) -> String {
    format!("{NESTED}{}{NESTED}{place}{message}", place.len())
}

/// The place and the message that [`nested_at`] has put together; of any other, the message.
fn taken_apart(message: &str) -> (&str, &str) {
    let nested = || {
        let (length, rest) = message.strip_prefix(NESTED)?.split_once(NESTED)?;
        rest.split_at_checked(length.parse().ok()?)
    };
    nested().unwrap_or(("", message))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&token(key)),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

/// A member's name as a JSON Pointer writes it (RFC 6901, section 3).
fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The member that a message of serde's names, and which rule it broke.
pub(super) fn member_named_in(message: &str) -> Option<(String, &'static str)> {
    let rules = [
        ("unknown field `", "unknown_member"),
        ("missing field `", "required"),
        ("duplicate field `", "duplicate"),
    ];
    rules.iter().find_map(|(start, code)| {
        let rest = message.strip_prefix(start)?;
        // The name may hold anything, what stands behind it only what we and serde write.
        let behind = ["`, expected ", "`, there are no fields", "` at line "];
        let end = behind.iter().filter_map(|text| rest.rfind(text)).max();
        let name = end.map_or_else(|| rest.strip_suffix('`'), |end| rest.get(..end))?;
        Some((name.to_owned(), *code))
    })
}
