//! The header fields of a kept answer, in as little memory as they need: a `HeaderMap` takes four
//! kilobytes for a dozen, since each of its places has room for four values.
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use super::weight::allocated;

/// How many more fields an answer has when it is sent: room for them is made at once.
const ADDED_LATER: usize = 12;

/// Header fields, by name, in no order.
#[derive(Debug)]
pub struct Headers(Box<[(HeaderName, HeaderValue)]>);

impl From<HeaderMap> for Headers {
    fn from(map: HeaderMap) -> Self {
        Self(map.into_iter().collect())
    }
}

impl Headers {
    /// The fields as an answer takes them, with room for those that are added later.
    pub fn to_map(&self) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.0.len() + ADDED_LATER);
        for (name, value) in &self.0 {
            map.append(name.clone(), value.clone());
        }
        map
    }

    /// How many bytes of memory they take. Each value counts as memory of its own, with what
    /// counts its users; some are constants and take none.
    pub fn weight(&self) -> usize {
        let values = self.0.iter().map(|(_, value)| allocated(value.len()) + 32);
        allocated(size_of_val(&*self.0)) + values.sum::<usize>()
    }
}
