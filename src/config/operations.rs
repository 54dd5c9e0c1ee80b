//! Settings for whoever watches the server.
use std::{str::FromStr, time::Duration};

use url::Url;

use super::{
    ConfigError, Secret,
    values::{parsed, secret, switch},
};

/// How the server lets itself be watched.
#[derive(Debug, Clone)]
pub struct Operations {
    /// `METRICS_TOKEN`: what `/metrics` wants to see; anyone may read it where there is none.
    pub metrics_token: Option<Secret>,
    /// `LOG_FORMAT`
    pub log_format: LogFormat,
    /// `ACCESS_LOG`: whether every request has a line in the log.
    pub access_log: bool,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: where traces go, as far as the path for them.
    pub traces: Option<Secret>,
    /// `SLOW_QUERY_MS`: how long a statement may take without a line in the log.
    pub slow_query: Option<Duration>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line, for programs.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("take text or json"),
        }
    }
}

impl Operations {
    pub(super) fn read(get: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let slow: u32 = parsed("SLOW_QUERY_MS", get("SLOW_QUERY_MS").as_deref(), "200")?;
        Ok(Self {
            metrics_token: secret("METRICS_TOKEN", get("METRICS_TOKEN"))?,
            log_format: log_format(get("LOG_FORMAT").as_deref())?,
            access_log: switch("ACCESS_LOG", get("ACCESS_LOG").as_deref(), false)?,
            traces: get("OTEL_EXPORTER_OTLP_ENDPOINT").map(|url| collector(&url)).transpose()?,
            slow_query: (slow > 0).then(|| Duration::from_millis(slow.into())),
        })
    }
}

/// Below the endpoint, traces have a path of their own (OTLP, 1.0).
fn collector(endpoint: &str) -> Result<Secret, ConfigError> {
    match Url::parse(endpoint) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(Secret::new(format!("{}/v1/traces", endpoint.trim_end_matches('/'))))
        }
        // It is not repeated: it may hold a secret.
        _ => Err(ConfigError {
            name: "OTEL_EXPORTER_OTLP_ENDPOINT",
            problem: "expected a URL such as http://127.0.0.1:4318".to_owned(),
        }),
    }
}

pub(super) fn log_format(value: Option<&str>) -> Result<LogFormat, ConfigError> {
    parsed("LOG_FORMAT", value, "text")
}
