//! Tokens: only the very ones that were signed are taken, for their own use and their own time.
use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use broadsheet::{
    auth::tokens::{ACCESS_SECONDS, Keys, LEEWAY_SECONDS},
    config::Config,
    ids::{SessionId, UserId},
    time::Instant,
};
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};

use crate::given::{json, object};

const SECRET: &str = "a secret for properties, long enough to sign";

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let config = Config::read(|name| (name == "JWT_SECRET").then(|| SECRET.to_owned()));
    Keys::of(&config.unwrap()).unwrap()
});
static IDS: LazyLock<(UserId, SessionId)> = LazyLock::new(|| (UserId::new(), SessionId::new()));

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let now: Instant = "2026-06-01T12:00:00Z".parse().unwrap();
    let (user, session) = *IDS;
    let token = KEYS.access(user, session, u.arbitrary()?, now).unwrap();
    let later = u.int_in_range(-2 * ACCESS_SECONDS..=2 * ACCESS_SECONDS)?;
    let in_time = (-LEEWAY_SECONDS..ACCESS_SECONDS).contains(&later);
    assert_eq!(KEYS.read_access(&token, now.plus_seconds(later)).is_ok(), in_time);
    assert!(KEYS.read_refresh(&token, now).is_err());

    let mut changed = token.clone().into_bytes();
    let at = u.choose_index(changed.len())?;
    changed[at] = u.int_in_range(b' '..=b'~')?;
    let changed = String::from_utf8(changed).unwrap();
    assert_eq!(KEYS.read_access(&changed, now).is_ok(), changed == token, "{changed}");
    assert!(KEYS.read_access(&token[..at], now).is_err());
    let made_up: String = u.arbitrary()?;
    assert!(KEYS.read_access(&made_up, now).is_err() && KEYS.read_refresh(&made_up, now).is_err());

    // Claims that we never write, in a token that our own secret has signed.
    let head = token.split('.').next().unwrap();
    let claims = object(
        u,
        &[
            ("sub", |u| json(u, 1)),
            ("sid", |u| json(u, 1)),
            ("aud", |u| json(u, 1)),
            ("exp", |u| json(u, 1)),
            ("nbf", |u| json(u, 1)),
        ],
    )?;
    let said = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = sign(said.as_bytes(), &key, Algorithm::HS256).unwrap();
    assert!(KEYS.read_access(&format!("{said}.{signature}"), now).is_err());
    Ok(())
}
