//! Filters: the order of parameters means nothing, an unknown one is named.
use std::fmt::Debug;

use actix_web::{http::Uri, test::TestRequest};
use arbitrary::{Result, Unstructured};
use broadsheet::{
    articles::model::ArticleFilter, error::Error, http::query::Query, pages::lists::ArticleQuery,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::given::{self, is_fair, text};

const NAMES: [&str; 15] = [
    "section_id",
    "section",
    "status",
    "author",
    "language",
    "genre",
    "total",
    "limit",
    "cursor",
    "tag",
    "sort",
    "from",
    "to",
    "fields",
    "include",
];
const VALUES: [&str; 12] = [
    "0190c0de-0000-7000-8000-000000000000",
    "draft",
    "published",
    "en",
    "pl-PL",
    "news",
    "true",
    "false",
    "20",
    "101",
    "2026-06-01T12:00:00Z",
    "id,headline",
];

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let count = u.int_in_range(0..=5)?;
    let pair = |_| Ok((text(u, &NAMES)?, text(u, &VALUES)?));
    let pairs = (0..count).map(pair).collect::<Result<Vec<_>>>()?;
    means_the_same_in_any_order::<ArticleFilter>(&pairs);
    means_the_same_in_any_order::<ArticleQuery>(&pairs);
    let bytes: Vec<u8> = u.arbitrary()?;
    let raw: String = bytes.iter().map(|byte| char::from(33 + byte % 94)).collect();
    if format!("/list?{raw}").parse::<Uri>().is_ok()
        && let Err(refusal) = filter::<ArticleFilter>(&raw)
    {
        is_fair(&refusal, &Value::Null);
    }
    Ok(())
}

fn means_the_same_in_any_order<T: DeserializeOwned + Debug + 'static>(pairs: &[(String, String)]) {
    let written = |pairs: &mut dyn Iterator<Item = &(String, String)>| {
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    };
    let forwards = written(&mut pairs.iter());
    let one = filter::<T>(&forwards);
    let other = filter::<T>(&written(&mut pairs.iter().rev()));
    match (&one, &other) {
        (Ok(one), Ok(other)) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
        (Err(one), Err(other)) => {
            is_fair(one, &Value::Null);
            is_fair(other, &Value::Null);
        }
        _ => panic!("the order of {pairs:?} matters"),
    }
    let Err(Error::Malformed { errors, .. }) = filter::<T>(&format!("nobody={forwards}")) else {
        panic!("an unknown parameter is taken");
    };
    assert_eq!(errors.len(), 1);
}

fn filter<T: DeserializeOwned + 'static>(query: &str) -> Result<T, Error> {
    let request = TestRequest::get().uri(&format!("/list?{query}"));
    given::read::<Query<T>>(request).map(|Query(filter)| filter)
}
