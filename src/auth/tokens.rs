//! Tokens: JSON Web Tokens (RFC 7519, RFC 8725) signed with HMAC-SHA256 and nothing else.
use std::{
    fs,
    future::{Ready, ready},
    io::Write,
    path::Path,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::derived::Derived;
use crate::{
    config::{Config, DatabaseUrl, Secret},
    error::{Error, Result},
    ids::{AnyId, SessionId, UserId},
    private,
    time::Instant,
};

/// How long an access token lives, in seconds.
pub const ACCESS_SECONDS: i64 = 15 * 60;
/// How long a refresh token lives, in seconds.
pub const REFRESH_SECONDS: i64 = 30 * 24 * 60 * 60;
/// By how many seconds the clocks of two servers may differ.
pub const LEEWAY_SECONDS: i64 = 30;
/// The longest token that is looked at, in bytes.
const TOKEN_MAX: usize = 2048;
const ISSUER: &str = "broadsheet";
const ACCESS: &str = "broadsheet:manage";
const REFRESH: &str = "broadsheet:refresh";
const REFUSED: Error = Error::Unauthenticated("The token is not valid, or has expired.");

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The user.
    pub sub: UserId,
    /// The sign-in.
    pub sid: SessionId,
    /// The user's token epoch when it was issued.
    pub epoch: i32,
    #[serde(flatten)]
    registered: Registered,
}

/// What a refresh token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// The sign-in.
    pub sid: SessionId,
    /// Which of the sign-in's refresh tokens this is.
    pub generation: i32,
    #[serde(flatten)]
    registered: Registered,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Registered {
    iss: String,
    aud: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Registered {
    fn new(audience: &str, now: Instant, lifetime: i64) -> Self {
        let iat = now.seconds();
        Self {
            iss: ISSUER.to_owned(),
            aud: audience.to_owned(),
            iat,
            nbf: iat,
            exp: iat + lifetime,
        }
    }

    /// Judged by the request's clock, not by the library's. It began a little earlier than it
    /// says, since the clock of the server that issued it may be ahead (RFC 7519, 4.1.5), but ends
    /// when its caller was told.
    fn is_current(&self, now: Instant) -> bool {
        (self.nbf.saturating_sub(LEEWAY_SECONDS)..self.exp).contains(&now.seconds())
    }
}

/// Handler argument: signs and reads tokens, names and seals. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Pair>);

struct Pair {
    current: Key,
    previous: Option<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    derived: Derived,
}

impl Key {
    fn new(secret: &Secret) -> Self {
        let secret = secret.reveal().as_bytes();
        let digest =
            Sha256::new().chain_update("broadsheet key id").chain_update(secret).finalize();
        Self {
            id: STANDARD_NO_PAD.encode(&digest[..6]),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            derived: Derived::new(secret),
        }
    }
}

impl Keys {
    /// The configured secret; on SQLite, where none is configured, one that is made once and
    /// kept beside the database, readable by its owner alone.
    pub fn of(config: &Config) -> Result<Self> {
        let secret = match (&config.jwt_secret, &config.database_url) {
            (Some(secret), _) => secret.clone(),
            (None, DatabaseUrl::Sqlite(path)) => kept_beside(Path::new(path))?,
            (None, DatabaseUrl::Postgres(_)) => {
                return Err(Error::internal(
                    "JWT_SECRET: set it, the same on every server; `openssl rand -base64 48` \
                     makes one",
                ));
            }
        };
        Ok(Self(Arc::new(Pair {
            current: Key::new(&secret),
            previous: config.jwt_secret_previous.as_ref().map(Key::new),
        })))
    }

    /// Signs an access token.
    pub fn access(&self, sub: UserId, sid: SessionId, epoch: i32, now: Instant) -> Result<String> {
        let registered = Registered::new(ACCESS, now, ACCESS_SECONDS);
        self.sign(&AccessClaims { sub, sid, epoch, registered })
    }

    /// Signs a refresh token.
    pub fn refresh(&self, sid: SessionId, generation: i32, now: Instant) -> Result<String> {
        let registered = Registered::new(REFRESH, now, REFRESH_SECONDS);
        self.sign(&RefreshClaims { sid, generation, registered })
    }

    /// Reads an access token.
    pub fn read_access(&self, token: &str, now: Instant) -> Result<AccessClaims> {
        let claims: AccessClaims = self.read(token, ACCESS)?;
        if claims.registered.is_current(now) { Ok(claims) } else { Err(REFUSED) }
    }

    /// Reads a refresh token.
    pub fn read_refresh(&self, token: &str, now: Instant) -> Result<RefreshClaims> {
        let claims: RefreshClaims = self.read(token, REFRESH)?;
        if claims.registered.is_current(now) { Ok(claims) } else { Err(REFUSED) }
    }

    /// A name for the parts that tells nothing of them.
    pub fn pseudonym(&self, parts: &[&str]) -> AnyId {
        self.0.current.derived.pseudonym(parts)
    }

    /// Encrypts what is to be kept for this user.
    pub fn seal(&self, plain: &[u8], owner: UserId) -> Result<String> {
        self.0.current.derived.seal(plain, owner.0)
    }

    /// What was sealed for this user, under the present secret or the one before.
    pub fn open(&self, sealed: &str, owner: UserId) -> Option<Vec<u8>> {
        self.each().find_map(|key| key.derived.open(sealed, owner.0))
    }

    fn each(&self) -> impl Iterator<Item = &Key> {
        [Some(&self.0.current), self.0.previous.as_ref()].into_iter().flatten()
    }

    fn sign(&self, claims: &impl Serialize) -> Result<String> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.0.current.id.clone());
        encode(&header, claims, &self.0.current.encoding).map_err(Error::internal)
    }

    /// The key id chooses between our two keys; the algorithm is never taken from the token.
    fn read<C: DeserializeOwned>(&self, token: &str, audience: &str) -> Result<C> {
        if token.len() > TOKEN_MAX {
            return Err(REFUSED);
        }
        let kid = decode_header(token).map_err(|_| REFUSED)?.kid;
        let key = self.each().find(|key| Some(&key.id) == kid.as_ref()).ok_or(REFUSED)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[audience]);
        rules.set_required_spec_claims(&["iss", "aud", "exp", "nbf"]);
        rules.validate_exp = false;
        decode(token, &key.decoding, &rules).map(|data| data.claims).map_err(|_| REFUSED)
    }
}

impl FromRequest for Keys {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let keys = req.app_data::<Self>().cloned();
        ready(keys.ok_or_else(|| Error::internal("no Keys in app_data")))
    }
}

fn kept_beside(database: &Path) -> Result<Secret> {
    let mut name = database.as_os_str().to_owned();
    name.push(".secret");
    let file = Path::new(&name);
    if let Ok(mut new) = private::create_new(file) {
        let mut bytes = [0; 48];
        getrandom::fill(&mut bytes).map_err(|err| Error::internal(err.to_string()))?;
        let secret = STANDARD_NO_PAD.encode(bytes);
        new.write_all(secret.as_bytes()).and_then(|()| new.sync_all()).map_err(Error::internal)?;
        return Ok(Secret::new(secret));
    }
    let kept = fs::read_to_string(file)
        .map_err(|err| Error::internal(format!("{}: {err}", file.display())))?;
    if kept.trim().len() < 32 {
        return Err(Error::internal(format!("{} holds no secret; remove it", file.display())));
    }
    private::warn_if_open(file);
    Ok(Secret::new(kept.trim()))
}
