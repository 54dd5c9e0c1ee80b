//! Single settings: from text to value, or a refusal that names the setting.
use std::{fmt, num::NonZeroU32, str::FromStr};

use url::Url;

use super::{ConfigError, Secret};
use crate::text::WebUrl;

/// The shortest secret that signs tokens: as long as HMAC-SHA256's output (RFC 7518, 3.2).
const SECRET_MIN: usize = 32;

pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(
    name: &'static str,
    value: Option<&str>,
    default: &str,
) -> Result<T, ConfigError> {
    let value = value.unwrap_or(default);
    value.parse().map_err(|err: T::Err| {
        // A database URL can hold a password, and its own refusal says enough.
        let problem = if name.starts_with("DATABASE_") && name.ends_with("URL") {
            err.to_string()
        } else {
            format!("`{value}`: {err}")
        };
        ConfigError { name, problem }
    })
}

pub(super) fn switch(
    name: &'static str,
    value: Option<&str>,
    default: bool,
) -> Result<bool, ConfigError> {
    match value {
        None => Ok(default),
        Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => {
            Err(ConfigError { name, problem: format!("`{other}` is neither on nor off") })
        }
    }
}

/// One or more, or `off`.
pub(super) fn count(
    name: &'static str,
    value: Option<&str>,
    default: &str,
) -> Result<Option<NonZeroU32>, ConfigError> {
    match value.unwrap_or(default) {
        "off" => Ok(None),
        number => parsed(name, Some(number), default).map(Some),
    }
}

pub(super) fn secret(
    name: &'static str,
    value: Option<String>,
) -> Result<Option<Secret>, ConfigError> {
    value.map(|text| long_enough(name, &text)).transpose()
}

fn long_enough(name: &'static str, text: &str) -> Result<Secret, ConfigError> {
    if text.len() < SECRET_MIN {
        let problem =
            format!("needs at least {SECRET_MIN} bytes; `openssl rand -base64 48` makes one");
        return Err(ConfigError { name, problem });
    }
    Ok(Secret::new(text))
}

/// Secrets separated by commas; the second and later ones are on their way in or out.
pub(super) fn secrets(name: &'static str, value: Option<&str>) -> Result<Vec<Secret>, ConfigError> {
    let entries = value.unwrap_or_default().split(',').map(str::trim);
    let entries = entries.filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            if !entry.bytes().all(|byte| byte.is_ascii_graphic()) {
                // It is not repeated: it is a secret.
                let problem = "expected visible ASCII characters without spaces".to_owned();
                return Err(ConfigError { name, problem });
            }
            long_enough(name, entry)
        })
        .collect()
}

pub(super) fn site_url(value: Option<&str>) -> Result<Option<String>, ConfigError> {
    let Some(text) = value else { return Ok(None) };
    match text.parse::<WebUrl>() {
        Ok(url) if !url.contains(['?', '#']) => Ok(Some(url.trim_end_matches('/').to_owned())),
        _ => Err(ConfigError {
            name: "SITE_URL",
            problem: format!("`{text}` is not an http or https URL without query and fragment"),
        }),
    }
}

pub(super) fn origin_list(name: &'static str, list: &str) -> Result<Vec<String>, ConfigError> {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| match Url::parse(entry) {
            // As browsers send it, however it is written here.
            Ok(url)
                if url.origin().is_tuple()
                    && url.as_str().trim_end_matches('/') == url.origin().ascii_serialization() =>
            {
                Ok(url.origin().ascii_serialization())
            }
            _ => Err(ConfigError {
                name,
                problem: format!("`{entry}` is not an origin such as https://example.org"),
            }),
        })
        .collect()
}
