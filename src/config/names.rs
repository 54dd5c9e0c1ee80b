//! Names of settings: which one was meant by one that is none.
use std::env;

use super::{ConfigError, NAMES};

/// What the names of settings begin with that are not ours, but of the libraries in this program:
/// OpenTelemetry, PostgreSQL, Rust, OpenSSL.
const OTHERS: [&str; 4] = ["OTEL_", "PG", "RUST_", "SSL_CERT_"];

fn is_known(name: &str) -> bool {
    NAMES.contains(&name)
        || OTHERS.iter().any(|prefix| name.starts_with(prefix))
        || name.to_ascii_uppercase().ends_with("_PROXY")
}

/// The setting with nearly this name, if there is one: a quarter of it may be wrong.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    let distances = NAMES.iter().map(|known| (strsim::osa_distance(&name, known), *known));
    let near = distances.filter(|(distance, known)| *distance <= known.len() / 4);
    near.min().map(|(_, known)| known)
}

/// Refuses a name in `.env` that is no setting: the file is this program's own, so it is a mistake.
pub(super) fn check_of_file(name: &str) -> Result<(), ConfigError> {
    if is_known(name) {
        return Ok(());
    }
    let meant = match nearest(name) {
        Some(known) => format!("did you mean {known}?"),
        None => ".env.example has them all".to_owned(),
    };
    let problem = format!("`{name}` is no setting; {meant}");
    Err(ConfigError { name: ".env", problem })
}

/// Names in the environment that are no settings, but nearly, each with the one that may be meant
/// and is not set. The environment is everybody's, so these can only be told.
pub fn misspelt() -> Vec<(String, &'static str)> {
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    among(&names.collect::<Vec<_>>())
}

fn among(names: &[String]) -> Vec<(String, &'static str)> {
    let meant = |name: &String| {
        let known = nearest(name).filter(|known| !names.iter().any(|name| name == known))?;
        (!is_known(name)).then(|| (name.clone(), known))
    };
    names.iter().filter_map(meant).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_was_meant_is_found() {
        for (name, meant) in [
            ("DATABSE_URL", Some("DATABASE_URL")),
            ("database_url", Some("DATABASE_URL")),
            ("DATABASE_URI", Some("DATABASE_URL")),
            ("JWT_SERCET", Some("JWT_SECRET")),
            ("FOUREYES", Some("FOUR_EYES")),
            ("TRUSTED_PROXY", Some("TRUSTED_PROXIES")),
            ("CASH", None),
            ("HOME", None),
            ("POSTGRES_PASSWORD", None),
        ] {
            assert_eq!(nearest(name), meant, "{name}");
        }
    }

    #[test]
    fn every_setting_and_what_libraries_read_may_be_in_the_file() {
        let others = ["OTEL_TRACES_SAMPLER", "PGSSLROOTCERT", "RUST_BACKTRACE", "https_proxy"];
        for name in NAMES.iter().chain(&others) {
            assert!(check_of_file(name).is_ok(), "{name}");
        }
        let refusal = check_of_file("DATABSE_URL").unwrap_err().to_string();
        assert_eq!(refusal, ".env: `DATABSE_URL` is no setting; did you mean DATABASE_URL?");
        let refusal = check_of_file("COLOUR").unwrap_err().to_string();
        assert_eq!(refusal, ".env: `COLOUR` is no setting; .env.example has them all");
    }

    #[test]
    fn of_the_environment_only_near_misses_are_told() {
        let names = ["PATH", "DATABSE_URL", "JWT_SECRET", "JWT_SECRETS"].map(str::to_owned);
        let told = among(&names);
        assert_eq!(told, [("DATABSE_URL".to_owned(), "DATABASE_URL")]);
    }
}
