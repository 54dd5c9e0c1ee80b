//! Settings for whoever watches the server.
use super::{ConfigError, Secret, values::secret};

/// How the server lets itself be watched.
#[derive(Debug, Clone)]
pub struct Operations {
    /// `METRICS_TOKEN`: what `/metrics` wants to see; anyone may read it where there is none.
    pub metrics_token: Option<Secret>,
}

impl Operations {
    pub(super) fn read(get: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        Ok(Self { metrics_token: secret("METRICS_TOKEN", get("METRICS_TOKEN"))? })
    }
}
