//! The headers that answers carry, each described once among the document's components.
use serde_json::{Map, Value, json};

/// A header as the document describes it.
struct Header {
    /// Its name on the wire.
    name: &'static str,
    /// Its name among the components, where that is another.
    component: &'static str,
    /// Whether every answer that promises it has it.
    always: bool,
    description: &'static str,
}

const fn always(name: &'static str, description: &'static str) -> Header {
    Header { name, component: name, always: true, description }
}

const fn sometimes(name: &'static str, description: &'static str) -> Header {
    Header { name, component: name, always: false, description }
}

const CACHE_CONTROL: Header =
    always("Cache-Control", "How long the answer may be kept (RFC 9111).");
const CACHE_STATUS: Header =
    always("Cache-Status", "Whether this server had the answer ready (RFC 9211).");
const CACHE_TAG: Header = sometimes(
    "Cache-Tag",
    "What the answer was made of, separated by commas; left out where that takes more than \
     4,000 bytes.",
);
const CONTENT_ENCODING: Header =
    sometimes("Content-Encoding", "`br`, `zstd` or `gzip`, by `Accept-Encoding`.");
const ENTITY_TAG: Header =
    always("ETag", "Send it as `If-None-Match` to get 304 while nothing changed.");
const IDEMPOTENCY_REPLAYED: Header = sometimes(
    "Idempotency-Replayed",
    "`true` where this is the answer to an earlier request with the same `Idempotency-Key`.",
);
const LAST_MODIFIED: Header =
    sometimes("Last-Modified", "When the newest part of the answer changed.");
const LINK: Header = sometimes(
    "Link",
    "The address of the next page, as `rel=\"next\"` (RFC 8288); none on the last.",
);
const LOCATION: Header = always("Location", "Where the new resource is.");
const RATE_LIMIT: Header = sometimes(
    "RateLimit",
    "How many more requests you may send at once (`r`), and after how many seconds one is fine \
     again (`t`), where the server limits such requests (draft-ietf-httpapi-ratelimit-headers).",
);
const RATE_LIMIT_POLICY: Header = sometimes(
    "RateLimit-Policy",
    "How many requests (`q`) are fine in how many seconds (`w`), where the server limits such \
     requests.",
);
const REQUEST_ID: Header =
    always("X-Request-Id", "Names the request in the server's logs; yours, if you sent one.");
const RETRY_AFTER: Header = always("Retry-After", "Seconds after which to try again.");
const SURROGATE_KEY: Header =
    sometimes("Surrogate-Key", "The same as `Cache-Tag`, separated by spaces.");
const VARY: Header = always("Vary", "Which request headers the answer depends on.");
const VERSION: Header = Header {
    component: "Version",
    ..always(
        "ETag",
        "The version it has now, for `If-Match`; of what was read also all else that the body \
             depends on, for `If-None-Match`.",
    )
};
const CHALLENGE: Header = always("WWW-Authenticate", "Asks for a bearer token (RFC 6750).");

const ALL: [&Header; 17] = [
    &CACHE_CONTROL,
    &CACHE_STATUS,
    &CACHE_TAG,
    &CHALLENGE,
    &CONTENT_ENCODING,
    &ENTITY_TAG,
    &IDEMPOTENCY_REPLAYED,
    &LAST_MODIFIED,
    &LINK,
    &LOCATION,
    &RATE_LIMIT,
    &RATE_LIMIT_POLICY,
    &REQUEST_ID,
    &RETRY_AFTER,
    &SURROGATE_KEY,
    &VARY,
    &VERSION,
];

/// What the headers of an operation's answers depend on.
pub struct Shape<'a> {
    pub path: &'a str,
    pub method: &'a str,
    /// It wants `If-Match`.
    pub versioned: bool,
    /// It takes an `Idempotency-Key`.
    pub repeatable: bool,
    /// It answers a list page by page.
    pub paged: bool,
}

impl Shape<'_> {
    /// Whether it answers one resource of the newsroom's, with its version.
    pub fn reads_one(&self) -> bool {
        self.method == "get" && self.path.starts_with("/manage/") && self.path.ends_with("id}")
    }
}

/// All of them, by their names among the components.
pub fn components() -> Map<String, Value> {
    let described = ALL.map(|header| {
        let schema = if header.name == RETRY_AFTER.name {
            json!({"type": "integer", "format": "int32", "minimum": 1})
        } else {
            json!({"type": "string"})
        };
        let mut described = json!({"description": header.description, "schema": schema});
        if header.always {
            described["required"] = true.into();
        }
        (header.component.to_owned(), described)
    });
    described.into_iter().collect()
}

/// Those of a refusal by one of the two faces.
pub fn of_problem(status: u16) -> Map<String, Value> {
    let mut headers = vec![REQUEST_ID];
    match status {
        401 => headers.push(CHALLENGE),
        412 => headers.push(VERSION),
        429 | 503 | 507 => headers.push(RETRY_AFTER),
        _ => {}
    }
    if status < 500 {
        headers.extend([RATE_LIMIT, RATE_LIMIT_POLICY]);
    }
    references(headers)
}

/// Those of any other answer of theirs.
pub fn of_answer(shape: &Shape<'_>, status: &str) -> Map<String, Value> {
    let mut headers = vec![REQUEST_ID, RATE_LIMIT, RATE_LIMIT_POLICY];
    let reads = shape.method == "get";
    if shape.path.starts_with("/v1/") && reads {
        headers.extend([
            CACHE_CONTROL,
            CACHE_STATUS,
            CACHE_TAG,
            ENTITY_TAG,
            LAST_MODIFIED,
            SURROGATE_KEY,
            VARY,
        ]);
        if status == "200" {
            headers.push(CONTENT_ENCODING);
        }
    } else if shape.path.starts_with("/manage/") {
        if status == "201" {
            headers.push(LOCATION);
        }
        let one = shape.reads_one();
        if matches!(status, "201" | "304") || status == "200" && (one || shape.versioned) {
            headers.push(VERSION);
        }
    }
    if shape.paged && status == "200" {
        headers.push(LINK);
    }
    if shape.repeatable {
        headers.push(IDEMPOTENCY_REPLAYED);
    }
    references(headers)
}

fn references(headers: Vec<Header>) -> Map<String, Value> {
    let reference = |header: Header| {
        let place = format!("#/components/headers/{}", header.component);
        (header.name.to_owned(), json!({ "$ref": place }))
    };
    headers.into_iter().map(reference).collect()
}
