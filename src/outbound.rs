//! How this program calls others over HTTP.
use std::time::Duration;

use ureq::{
    Agent,
    tls::{RootCerts, TlsConfig, TlsProvider},
};

/// Whoever calls, with so much time for everything together. Statuses are for the caller to judge.
pub fn agent(patience: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_connect(Some(patience))
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        // Tokens are for nobody else.
        .max_redirects(0)
        // Only the settings say where anything goes, and no variable meant for others.
        .proxy(None)
        .user_agent(concat!("broadsheet/", env!("CARGO_PKG_VERSION")))
        .build();
    config.into()
}
