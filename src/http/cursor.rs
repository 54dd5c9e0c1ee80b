//! Cursors and pages: lists by keyset, so that page 5,000 costs what page 1 does.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use super::query::Bounded;
use crate::error::{Error, Result};

/// Where a page ended: the sort key and id of its last row, opaque to clients.
#[derive(Debug, Serialize, Deserialize)]
struct Place<K> {
    /// Which list in which order, so that a cursor of another is refused.
    of: String,
    key: K,
}

/// The longest cursor that is looked at, in bytes. Lists sort by names and times, not by texts.
const MAX: usize = 2_000;

/// Reads the cursor of the list `of`.
pub fn read<K: DeserializeOwned>(of: &str, cursor: Option<&str>) -> Result<Option<K>> {
    let Some(text) = cursor else { return Ok(None) };
    let sent = Some(text).filter(|text| text.len() <= MAX);
    let place = sent
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
        .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .filter(|value| !has_nul(value))
        .and_then(|value| serde_json::from_value::<Place<K>>(value).ok())
        .filter(|place| place.of == of);
    match place {
        Some(place) => Ok(Some(place.key)),
        None => Err(Error::parameter("cursor", "cursor", "is not a cursor of this list")),
    }
}

/// Whether there is a character in it that PostgreSQL does not take in texts.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.values().any(has_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a list's statements found: the rows of one page and one more, and how many there are in
/// all where that was asked for.
#[derive(Debug)]
pub struct Rows<T> {
    /// In the order of the list.
    pub rows: Vec<T>,
    /// How many the filters leave, on all pages together.
    pub total: Option<i64>,
}

impl<T> From<Vec<T>> for Rows<T> {
    fn from(rows: Vec<T>) -> Self {
        Self { rows, total: None }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub data: Vec<T>,
    /// Send it as `cursor` to get the next page; null on the last one.
    pub next: Option<String>,
    /// How many items the filters leave on all pages together; only where `total=true` was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
}

impl<T> Page<T> {
    /// Cuts `rows`, of which one more than the limit was asked for, to a page of the list `of`.
    pub fn cut<K: Serialize, const MIN: u8, const MAX: u8, const DEFAULT: u8>(
        of: &str,
        found: impl Into<Rows<T>>,
        limit: Bounded<MIN, MAX, DEFAULT>,
        key: impl FnOnce(&T) -> K,
    ) -> Result<Self> {
        let Rows { mut rows, total } = found.into();
        let size = usize::try_from(limit.rows()).map_err(Error::internal)?;
        let more = rows.len() > size;
        rows.truncate(size);
        let next = match rows.last() {
            Some(last) if more => {
                let place = Place { of: of.to_owned(), key: key(last) };
                Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place).map_err(Error::internal)?))
            }
            _ => None,
        };
        Ok(Self { data: rows, next, total })
    }

    /// The same page of other items.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        let Self { data, next, total } = self;
        Page { data: data.into_iter().map(change).collect(), next, total }
    }

    /// The address of the next page: this one's with the cursor set (RFC 8288).
    pub fn next_link(&self, uri: &actix_web::http::Uri) -> Option<String> {
        let next = self.next.as_ref()?;
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut rest: Vec<_> = query.filter(|(name, _)| name != "cursor").collect();
        // Requests that mean the same have the same answer, headers included.
        rest.sort();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(rest)
            .append_pair("cursor", next)
            .finish();
        Some(format!("<{}?{query}>; rel=\"next\"", uri.path()))
    }
}
