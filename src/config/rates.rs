//! How many requests one party may send in a minute.
use std::num::NonZeroU32;

use super::{ConfigError, values::count};

/// Requests a minute, by what they ask for; `None` sets no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// `RATE_LIMIT_READS`: what readers fetch.
    pub reads: Option<NonZeroU32>,
    /// `RATE_LIMIT_POSTS`: comments and reports.
    pub posts: Option<NonZeroU32>,
    /// `RATE_LIMIT_SIGN_IN`: signing in, and refreshing tokens.
    pub sign_in: Option<NonZeroU32>,
    /// `RATE_LIMIT_MANAGEMENT`: everything else of the newsroom's.
    pub management: Option<NonZeroU32>,
}

impl Rates {
    pub(super) fn read(get: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let rate = |name, default| count(name, get(name).as_deref(), default);
        Ok(Self {
            reads: rate("RATE_LIMIT_READS", "off")?,
            posts: rate("RATE_LIMIT_POSTS", "30")?,
            sign_in: rate("RATE_LIMIT_SIGN_IN", "30")?,
            management: rate("RATE_LIMIT_MANAGEMENT", "off")?,
        })
    }
}
