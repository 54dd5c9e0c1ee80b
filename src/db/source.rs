//! Where a database is, and how to treat it.
use std::time::Duration;

use diesel::connection::{CacheSize, Connection};

use super::{Conn, dialect};
use crate::{
    config::{Config, DatabaseUrl},
    error::Result,
};

/// What a connection is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read only.
    Read,
    /// To change things.
    Write,
}

/// A database that connections can be opened to.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it is.
    pub url: DatabaseUrl,
    /// Whether a pooler stands in between, which lends connections for a transaction at a time.
    pub pooler: bool,
    /// For how long a job may take, and wait for a connection before.
    pub timeout: Duration,
}

impl Source {
    /// The database that everything is written to.
    pub fn primary(config: &Config) -> Self {
        Self {
            url: config.database_url.clone(),
            pooler: config.database_pooler,
            timeout: Duration::from_secs(config.database_timeout.into()),
        }
    }

    /// Its replica, if one is set.
    pub fn replica(&self, config: &Config) -> Option<Self> {
        config.database_read_url.clone().map(|url| Self { url, ..self.clone() })
    }

    /// For how long whoever wants to write to SQLite waits for another process.
    pub fn busy(&self) -> Duration {
        self.timeout.min(dialect::BUSY)
    }

    /// Opens a connection.
    pub fn connect(&self, access: Access) -> Result<Conn> {
        let mut conn = dialect::connect(&self.url, access, self.busy())?;
        if self.pooler {
            // What is prepared on one of the pooler's connections is not known to the next.
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        Ok(conn)
    }
}
