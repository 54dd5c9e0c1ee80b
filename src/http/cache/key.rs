//! The key of an answer: the request in its normal form, and the coding.
use actix_web::http::Uri;
use quick_cache::Equivalent;
use url::form_urlencoded;

use super::coding::Coding;

/// Which answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub coding: Coding,
    /// Path and query, see [`normal`].
    pub request: Box<str>,
}

/// The same, borrowed: `Hash` has to agree with [`Key`].
#[derive(Hash)]
pub struct Asked<'a> {
    pub coding: Coding,
    pub request: &'a str,
}

impl Equivalent<Key> for Asked<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.coding == key.coding && *self.request == *key.request
    }
}

/// The request in its normal form: parameters in the order of their names, and escaped in one
/// way. Requests that mean the same have the same form.
pub fn normal(uri: &Uri) -> Box<str> {
    let Some(query) = uri.query().filter(|query| !query.is_empty()) else {
        return uri.path().into();
    };
    let mut parameters: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    parameters.sort();
    let start = format!("{}?", uri.path());
    let from = start.len();
    let whole =
        form_urlencoded::Serializer::for_suffix(start, from).extend_pairs(parameters).finish();
    // Not what the text may have in reserve.
    whole.as_str().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_has_one_form() {
        let normal = |uri: &'static str| normal(&Uri::from_static(uri));
        assert_eq!(&*normal("/v1/page?path=/world/asia"), "/v1/page?path=%2Fworld%2Fasia");
        assert_eq!(&*normal("/v1/page?path=%2fworld%2Fasia"), "/v1/page?path=%2Fworld%2Fasia");
        assert_eq!(&*normal("/v1/articles?limit=5&genre=news"), "/v1/articles?genre=news&limit=5");
        assert_eq!(&*normal("/v1/articles?"), "/v1/articles");
        assert_eq!(normal("/v1/articles?tag=a+b"), normal("/v1/articles?tag=a%20b"));
        assert_ne!(normal("/v1/articles?tag=a%26b=c"), normal("/v1/articles?tag=a&b=c"));
    }

    #[test]
    fn both_forms_of_a_key_hash_alike() {
        use std::hash::BuildHasher;
        let hasher = std::collections::hash_map::RandomState::new();
        let key = Key { coding: Coding::Brotli, request: "/v1/sections".into() };
        let asked = Asked { coding: Coding::Brotli, request: "/v1/sections" };
        assert_eq!(hasher.hash_one(&key), hasher.hash_one(&asked));
        assert!(asked.equivalent(&key));
    }
}
