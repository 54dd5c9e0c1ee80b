//! Settings: read from the environment and `.env`, checked once, at the start.
mod database;
mod four_eyes;
mod names;
mod operations;
mod proxies;
mod rates;
mod receiver;
mod secret;
mod values;

use std::{net::SocketAddr, num::NonZeroU32};

use crate::text::Language;

pub use database::DatabaseUrl;
pub use four_eyes::FourEyes;
pub use names::misspelt;
pub use operations::{LogFormat, Operations};
pub use proxies::{ClientAddressHeader, Proxies};
pub use rates::Rates;
pub use receiver::Receiver;
pub use secret::Secret;
use values::{count, origin_list, parsed, secret, secrets, site_url, switch};

/// Why the program will not start: the setting's name and what is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {problem}")]
pub struct ConfigError {
    name: &'static str,
    problem: String,
}

/// Which other origins' scripts may read the answers (Fetch, CORS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Any.
    Any,
    /// These alone; none when empty.
    Listed(Vec<String>),
}

/// Every setting. `.env.example` explains each in one line.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DATABASE_URL`
    pub database_url: DatabaseUrl,
    /// `DATABASE_READ_URL`: a replica of it that answers readers.
    pub database_read_url: Option<DatabaseUrl>,
    /// `DATABASE_POOLER`: whether a pooler lends connections for a transaction at a time.
    pub database_pooler: bool,
    /// `DATABASE_TIMEOUT`: seconds that a job may take, the wait for a connection included.
    pub database_timeout: u32,
    /// `DATABASE_CONNECTIONS`: writing connections to PostgreSQL; SQLite has one writer.
    pub database_connections: usize,
    /// `BIND_ADDR`
    pub bind_addr: SocketAddr,
    /// `SHUTDOWN_TIMEOUT`: seconds in which requests may finish once the server is told to stop.
    pub shutdown_timeout: u32,
    /// `SEND_TIMEOUT`: seconds for which a client may take nothing of an answer.
    pub send_timeout: NonZeroU32,
    /// `TRUSTED_PROXIES`: whose word on where a request comes from is taken.
    pub trusted_proxies: Proxies,
    /// `CLIENT_ADDRESS_HEADER`: the header in which they say it.
    pub client_address_header: ClientAddressHeader,
    /// `FRONTEND_TOKEN`: by any of these a site that renders on its server is known.
    pub frontend_tokens: Vec<Secret>,
    /// `SITE_URL`: where readers have the site, without a final slash.
    pub site_url: Option<String>,
    /// `JWT_SECRET`
    pub jwt_secret: Option<Secret>,
    /// `JWT_SECRET_PREVIOUS`
    pub jwt_secret_previous: Option<Secret>,
    /// `ADMIN_EMAIL`
    pub admin_email: Option<String>,
    /// `ADMIN_PASSWORD`
    pub admin_password: Option<Secret>,
    /// `CORS_ORIGINS`: who may read the delivery face.
    pub cors_origins: Origins,
    /// `MANAGE_CORS_ORIGINS`: who may use the management face.
    pub manage_cors_origins: Vec<String>,
    /// `DEFAULT_LANGUAGE`
    pub default_language: Language,
    /// `FOUR_EYES`: whether somebody else than its writers has to approve each version.
    pub four_eyes: FourEyes,
    /// `REPORTS_TO_HOLD`: from how many addresses reports send a comment back to the moderators.
    pub reports_to_hold: Option<NonZeroU32>,
    /// `COMMENTS_CLOSE_AFTER_DAYS`: how long after its publication an article takes comments, unless
    /// it or its section says otherwise.
    pub comments_close_after_days: Option<NonZeroU32>,
    /// `DELIVERY_MAX_AGE`: seconds for which readers' caches may keep an answer.
    pub delivery_max_age: u32,
    /// `DELIVERY_SHARED_MAX_AGE`: the same for caches that many readers share, where it differs.
    pub delivery_shared_max_age: Option<u32>,
    /// `DELIVERY_STALE_IF_ERROR`: for how much longer, while no server answers.
    pub delivery_stale_if_error: u32,
    /// `CACHE`: whether this server keeps ready-made answers.
    pub cache: bool,
    /// `CACHE_MAX_BYTES`: how much memory they may take.
    pub cache_max_bytes: u64,
    /// `CACHE_STALE_IF_ERROR`: seconds for which they are used while the database is away.
    pub cache_stale_if_error: Option<NonZeroU32>,
    /// `CONNECTIONS_PER_ADDRESS`: how many one party may hold open at once.
    pub connections_per_address: Option<NonZeroU32>,
    /// `HSTS_MAX_AGE`: seconds for which browsers shall come by HTTPS alone.
    pub hsts_max_age: Option<NonZeroU32>,
    /// How much one party may ask for.
    pub rates: Rates,
    /// `PURGE_URL` and `PURGE_TOKEN`: where the caches outside take purges.
    pub purge: Option<Receiver>,
    /// How the server lets itself be watched.
    pub operations: Operations,
}

/// The names of all settings, as `.env.example` lists them.
pub const NAMES: &[&str] = &[
    "DATABASE_URL",
    "DATABASE_READ_URL",
    "DATABASE_POOLER",
    "DATABASE_TIMEOUT",
    "DATABASE_CONNECTIONS",
    "BIND_ADDR",
    "SHUTDOWN_TIMEOUT",
    "SEND_TIMEOUT",
    "TRUSTED_PROXIES",
    "CLIENT_ADDRESS_HEADER",
    "FRONTEND_TOKEN",
    "SITE_URL",
    "JWT_SECRET",
    "JWT_SECRET_PREVIOUS",
    "ADMIN_EMAIL",
    "ADMIN_PASSWORD",
    "CORS_ORIGINS",
    "MANAGE_CORS_ORIGINS",
    "DEFAULT_LANGUAGE",
    "FOUR_EYES",
    "REPORTS_TO_HOLD",
    "COMMENTS_CLOSE_AFTER_DAYS",
    "DELIVERY_MAX_AGE",
    "DELIVERY_SHARED_MAX_AGE",
    "DELIVERY_STALE_IF_ERROR",
    "CACHE",
    "CACHE_MAX_BYTES",
    "CACHE_STALE_IF_ERROR",
    "HSTS_MAX_AGE",
    "CONNECTIONS_PER_ADDRESS",
    "RATE_LIMIT_READS",
    "RATE_LIMIT_POSTS",
    "RATE_LIMIT_SIGN_IN",
    "RATE_LIMIT_MANAGEMENT",
    "PURGE_URL",
    "PURGE_TOKEN",
    "METRICS_TOKEN",
    "LOG_FORMAT",
    "ACCESS_LOG",
    "SLOW_QUERY_MS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "RUST_LOG",
];

/// What settings were called before, and what to do instead: whoever still sets one is told.
const RENAMED: &[(&str, &str)] = &[(
    "PUBLIC_URL",
    "is called SITE_URL now, and is where readers have the site; links within the API are relative",
)];

/// Less memory for ready-made answers would hold next to none.
const CACHE_MIN: u64 = 1024 * 1024;

impl Config {
    /// Reads the environment, with `.env` of the working directory filling the gaps.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn from_env() -> Result<Self, ConfigError> {
        load_file()?;
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads the settings from wherever `get` finds them. An empty value counts as absent.
    pub fn read(get: impl Fn(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let get = |name| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        for &(name, problem) in RENAMED {
            if get(name).is_some() {
                return Err(ConfigError { name, problem: problem.to_owned() });
            }
        }
        let origins = |name| get(name).map(|list| origin_list(name, &list)).transpose();
        let config = Self {
            database_url: parsed(
                "DATABASE_URL",
                get("DATABASE_URL").as_deref(),
                "sqlite:broadsheet.db",
            )?,
            database_read_url: get("DATABASE_READ_URL")
                .map(|url| parsed("DATABASE_READ_URL", Some(&url), ""))
                .transpose()?,
            database_pooler: switch("DATABASE_POOLER", get("DATABASE_POOLER").as_deref(), false)?,
            database_timeout: parsed("DATABASE_TIMEOUT", get("DATABASE_TIMEOUT").as_deref(), "10")?,
            database_connections: parsed(
                "DATABASE_CONNECTIONS",
                get("DATABASE_CONNECTIONS").as_deref(),
                "8",
            )?,
            bind_addr: parsed("BIND_ADDR", get("BIND_ADDR").as_deref(), "127.0.0.1:8080")?,
            shutdown_timeout: parsed("SHUTDOWN_TIMEOUT", get("SHUTDOWN_TIMEOUT").as_deref(), "30")?,
            send_timeout: parsed("SEND_TIMEOUT", get("SEND_TIMEOUT").as_deref(), "30")?,
            trusted_proxies: parsed("TRUSTED_PROXIES", get("TRUSTED_PROXIES").as_deref(), "")?,
            client_address_header: parsed(
                "CLIENT_ADDRESS_HEADER",
                get("CLIENT_ADDRESS_HEADER").as_deref(),
                "X-Forwarded-For",
            )?,
            frontend_tokens: secrets("FRONTEND_TOKEN", get("FRONTEND_TOKEN").as_deref())?,
            site_url: site_url(get("SITE_URL").as_deref())?,
            jwt_secret: secret("JWT_SECRET", get("JWT_SECRET"))?,
            jwt_secret_previous: secret("JWT_SECRET_PREVIOUS", get("JWT_SECRET_PREVIOUS"))?,
            admin_email: get("ADMIN_EMAIL"),
            admin_password: get("ADMIN_PASSWORD").map(Secret::new),
            cors_origins: match get("CORS_ORIGINS").as_deref() {
                None | Some("*") => Origins::Any,
                Some(list) => Origins::Listed(origin_list("CORS_ORIGINS", list)?),
            },
            manage_cors_origins: origins("MANAGE_CORS_ORIGINS")?.unwrap_or_default(),
            default_language: parsed("DEFAULT_LANGUAGE", get("DEFAULT_LANGUAGE").as_deref(), "en")?,
            four_eyes: parsed("FOUR_EYES", get("FOUR_EYES").as_deref(), "off")?,
            reports_to_hold: count("REPORTS_TO_HOLD", get("REPORTS_TO_HOLD").as_deref(), "3")?,
            comments_close_after_days: count(
                "COMMENTS_CLOSE_AFTER_DAYS",
                get("COMMENTS_CLOSE_AFTER_DAYS").as_deref(),
                "off",
            )?,
            delivery_max_age: parsed("DELIVERY_MAX_AGE", get("DELIVERY_MAX_AGE").as_deref(), "60")?,
            delivery_shared_max_age: get("DELIVERY_SHARED_MAX_AGE")
                .map(|value| parsed("DELIVERY_SHARED_MAX_AGE", Some(&value), ""))
                .transpose()?,
            delivery_stale_if_error: parsed(
                "DELIVERY_STALE_IF_ERROR",
                get("DELIVERY_STALE_IF_ERROR").as_deref(),
                "0",
            )?,
            cache: switch("CACHE", get("CACHE").as_deref(), true)?,
            cache_max_bytes: parsed(
                "CACHE_MAX_BYTES",
                get("CACHE_MAX_BYTES").as_deref(),
                "67108864",
            )?,
            cache_stale_if_error: count(
                "CACHE_STALE_IF_ERROR",
                get("CACHE_STALE_IF_ERROR").as_deref(),
                "60",
            )?,
            connections_per_address: count(
                "CONNECTIONS_PER_ADDRESS",
                get("CONNECTIONS_PER_ADDRESS").as_deref(),
                "4096",
            )?,
            hsts_max_age: count("HSTS_MAX_AGE", get("HSTS_MAX_AGE").as_deref(), "off")?,
            rates: Rates::read(get)?,
            purge: Receiver::read(get("PURGE_URL"), get("PURGE_TOKEN"))?,
            operations: Operations::read(get)?,
        };
        config.check().map(|()| config)
    }

    /// What no type says, and what settings have to do with each other.
    fn check(&self) -> Result<(), ConfigError> {
        if !(1..=100).contains(&self.database_connections) {
            return Err(ConfigError {
                name: "DATABASE_CONNECTIONS",
                problem: "take a number from 1 to 100".to_owned(),
            });
        }
        if !(1..=3600).contains(&self.database_timeout) {
            return Err(ConfigError {
                name: "DATABASE_TIMEOUT",
                problem: "take a number of seconds from 1 to 3600".to_owned(),
            });
        }
        let both = (&self.database_url, &self.database_read_url);
        if !matches!(both, (_, None) | (DatabaseUrl::Postgres(_), Some(DatabaseUrl::Postgres(_)))) {
            return Err(ConfigError {
                name: "DATABASE_READ_URL",
                problem: "only PostgreSQL has replicas; set DATABASE_URL to the primary".to_owned(),
            });
        }
        if self.cache_max_bytes < CACHE_MIN {
            return Err(ConfigError {
                name: "CACHE_MAX_BYTES",
                problem: format!("take {CACHE_MIN} or more; CACHE=off keeps nothing"),
            });
        }
        if self.admin_email.is_some() != self.admin_password.is_some() {
            return Err(ConfigError {
                name: "ADMIN_EMAIL",
                problem: "set ADMIN_EMAIL and ADMIN_PASSWORD together, or neither".to_owned(),
            });
        }
        Ok(())
    }
}

/// How to log, which has to be known before anything else is read.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
pub fn log_format() -> Result<LogFormat, ConfigError> {
    let given = std::env::var("LOG_FORMAT").ok();
    operations::log_format(given.as_deref().map(str::trim).filter(|value| !value.is_empty()))
}

/// Takes what `.env` of the working directory says and the environment does not.
pub fn load_file() -> Result<(), ConfigError> {
    // Not `dotenv()`, which would take the file of any folder above as well.
    let unreadable = |err: dotenvy::Error| ConfigError { name: ".env", problem: err.to_string() };
    let file = match dotenvy::from_path_iter(".env") {
        Err(err) if err.not_found() => return Ok(()),
        file => file.map_err(unreadable)?,
    };
    for setting in file {
        names::check_of_file(&setting.map_err(unreadable)?.0)?;
    }
    dotenvy::from_path(".env").map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &'static str) -> Result<Config, ConfigError> {
        Config::read(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn an_empty_environment_is_enough() {
        let config = Config::read(|_| None).unwrap();
        assert!(
            matches!(config.database_url, DatabaseUrl::Sqlite(path) if path == "broadsheet.db")
        );
        assert_eq!(config.site_url, None);
        assert_eq!(config.cors_origins, Origins::Any);
    }

    #[test]
    fn a_wrong_value_is_refused_with_the_setting_s_name() {
        for (name, value) in [
            ("DATABASE_URL", "mysql://localhost/news"),
            ("DATABASE_READ_URL", "postgres://replica/news"),
            ("DATABASE_POOLER", "pgbouncer"),
            ("DATABASE_TIMEOUT", "0"),
            ("DATABASE_CONNECTIONS", "0"),
            ("SHUTDOWN_TIMEOUT", "soon"),
            ("SEND_TIMEOUT", "0"),
            ("TRUSTED_PROXIES", "10.0.0.0/8, nginx"),
            ("BIND_ADDR", "localhost"),
            ("CLIENT_ADDRESS_HEADER", "X Real IP"),
            ("FRONTEND_TOKEN", "short"),
            ("FRONTEND_TOKEN", "0123456789 0123456789 0123456789 0123456789"),
            ("SITE_URL", "news.example"),
            ("SITE_URL", "https://news.example/?page=1"),
            ("PUBLIC_URL", "https://news.example"),
            ("JWT_SECRET", "short"),
            ("JWT_SECRET_PREVIOUS", "short"),
            ("ADMIN_EMAIL", "alone@example.org"),
            ("CORS_ORIGINS", "https://example.org/path"),
            ("MANAGE_CORS_ORIGINS", "*"),
            ("DEFAULT_LANGUAGE", "klingon!"),
            ("FOUR_EYES", "perhaps"),
            ("REPORTS_TO_HOLD", "0"),
            ("COMMENTS_CLOSE_AFTER_DAYS", "soon"),
            ("DELIVERY_MAX_AGE", "-1"),
            ("DELIVERY_SHARED_MAX_AGE", "soon"),
            ("DELIVERY_STALE_IF_ERROR", "an hour"),
            ("CACHE", "perhaps"),
            ("CACHE_MAX_BYTES", "64 MB"),
            ("CACHE_MAX_BYTES", "1000"),
            ("CACHE_STALE_IF_ERROR", "on"),
            ("HSTS_MAX_AGE", "0"),
            ("CONNECTIONS_PER_ADDRESS", "many"),
            ("RATE_LIMIT_READS", "0"),
            ("RATE_LIMIT_POSTS", "often"),
            ("PURGE_URL", "cache.example/purge"),
            ("PURGE_TOKEN", "for nobody"),
            ("METRICS_TOKEN", "short"),
            ("LOG_FORMAT", "xml"),
            ("ACCESS_LOG", "true"),
            ("SLOW_QUERY_MS", "1 s"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector.example:4318"),
        ] {
            let refusal = with(name, value).unwrap_err().to_string();
            assert!(refusal.starts_with(name), "{refusal}");
        }
        let refusal = with("DATABASE_URL", "mysql://u:hush@h/db").unwrap_err().to_string();
        assert!(refusal.contains("`mysql`") && !refusal.contains("hush"), "{refusal}");
    }

    #[test]
    fn languages_and_addresses_are_kept_in_their_canonical_form() {
        let config = Config::read(|name| match name {
            "DEFAULT_LANGUAGE" => Some("PL".to_owned()),
            "SITE_URL" => Some("HTTPS://Żółw.example/Łódź/".to_owned()),
            "CORS_ORIGINS" => Some("https://Żółw.example/, http://a.example:80".to_owned()),
            _ => None,
        });
        let config = config.unwrap();
        assert_eq!(config.default_language.as_str(), "pl");
        let site = "https://xn--w-uga1v8h.example/%C5%81%C3%B3d%C5%BA";
        assert_eq!(config.site_url.as_deref(), Some(site));
        let origins = ["https://xn--w-uga1v8h.example", "http://a.example"];
        assert_eq!(config.cors_origins, Origins::Listed(origins.map(str::to_owned).to_vec()));
    }

    #[test]
    fn secrets_do_not_show() {
        let config = Config::read(|name| match name {
            "DATABASE_URL" => Some("postgres://u:hush@h/db".to_owned()),
            "JWT_SECRET" => Some("hush".repeat(12)),
            "FRONTEND_TOKEN" => Some(["hush".repeat(12), "hush".repeat(9)].join(",")),
            _ => None,
        });
        assert!(!format!("{config:?}").contains("hush"));
    }
}
