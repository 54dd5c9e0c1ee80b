//! For whoever runs the server: whether it lives, whether it is ready, and how it does.
pub mod health;
pub mod metrics;
mod page;
mod process;

use crate::http::handlers::ServiceConfig;

/// Hangs the handlers in.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(health::check_health)
        .service(health::check_readiness)
        .service(metrics::read_metrics);
}
