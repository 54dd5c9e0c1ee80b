//! The log: lines on standard error, for people or for programs.
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// What is logged unless `RUST_LOG` says otherwise: of the server's own stages, only troubles.
const LOGGED: &str = "info,actix_server=warn";

/// Where actix says of every connection that it could not read, and of none else, what went
/// wrong: at level ERROR, and anybody can send such. The server notes them itself.
const UNREADABLE: &str = "actix_http::h1::dispatcher";

/// Logs from now on.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    let filter = match format!("{UNREADABLE}=off").parse() {
        Ok(off) if !filter.to_string().contains("actix_http") => filter.add_directive(off),
        _ => filter,
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}
