//! `Posted`: the body of a POST, done once however often it is sent (Idempotency-Key draft).
use std::{
    collections::HashSet,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use validator::Validate;

use super::{
    answer::Answer,
    body::{accept, bytes, parse},
};
use crate::{
    db::{Actor, Conn, Context, Db, Tx, schema::idempotency_keys, types::Json},
    error::{Error, Result},
    time::Instant,
};

/// How long an answer is kept for retries: 24 hours, in seconds.
const KEPT: i64 = 24 * 60 * 60;
const HEADER: &str = "Idempotency-Key";

/// The header of every POST that changes something.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the document alone")]
pub struct IdempotencyKey {
    /// A value of your own making, best a UUID: the same key and request get the same answer
    /// again for 24 hours (with `Idempotency-Replayed: true`), and nothing is done twice. The
    /// same key with another request is refused with 422, while the first is running with 409.
    /// Readers, who have no account, share no keys: theirs are good for the same request alone,
    /// and with another request the same key is another key.
    #[param(rename = "Idempotency-Key", value_type = Option<String>, min_length = 1,
        max_length = 255, pattern = "^[\\x21-\\x7e]+$")]
    key: Option<String>,
}

/// The keys whose requests this server is working on right now.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashSet<(String, String)>>>);

/// Handler argument: a JSON body, and the key under which its answer is kept.
pub struct Posted<T> {
    input: T,
    key: Option<Key>,
}

#[derive(Clone)]
struct Key {
    /// A digest of the key as it was sent.
    name: String,
    /// Of key, method, path, query and body: what makes two requests the same. Passwords stand in
    /// some bodies. What is kept of them cannot be held against a list of passwords, since the
    /// key as it was sent goes into the fingerprint and is not kept.
    fingerprint: String,
    running: Running,
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Posted<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;
    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = bytes(req, payload, "application/json");
        let key = key(req);
        let running = req.app_data::<Running>().cloned().unwrap_or_default();
        let address = format!("{} {}\n", req.method(), req.uri());
        Box::pin(async move {
            let key = key?;
            let body = body.await?;
            let input = parse(&body).and_then(accept)?;
            let key = key.map(|key| {
                let name = digest(&[key.as_bytes()]);
                let fingerprint = digest(&[key.as_bytes(), b"\n", address.as_bytes(), &body]);
                Key { name, fingerprint, running }
            });
            Ok(Self { input, key })
        })
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let digest = parts.iter().fold(Sha256::new(), Digest::chain_update);
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

fn key(req: &HttpRequest) -> Result<Option<String>> {
    let mut given = req.headers().get_all(HEADER);
    let Some(value) = given.next() else { return Ok(None) };
    let plain = value.as_bytes().iter().all(u8::is_ascii_graphic) && given.next().is_none();
    match value.to_str() {
        Ok(key) if plain && (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Error::parameter(
            HEADER,
            "format",
            "expected one, of 1 to 255 visible ASCII characters",
        )),
    }
}

impl<T: Clone + Send + 'static> Posted<T> {
    /// The body, for requests that change nothing.
    pub fn into_input(self) -> T {
        self.input
    }

    /// The body, for what has to be done before the transaction begins.
    pub fn input_mut(&mut self) -> &mut T {
        &mut self.input
    }

    /// Does `work` in one write transaction, which also keeps the answer; or, when the key was
    /// used before, says again what was said then. Refusals are not kept: they changed nothing.
    pub async fn once(
        self,
        db: &Db,
        by: impl Into<Context>,
        work: impl FnOnce(&mut Tx<'_>, T) -> Result<Answer> + Clone + Send + 'static,
    ) -> Result<Answer> {
        let by = by.into();
        let Self { input, key } = self;
        let Some(key) = key else {
            return db.write(by, move |tx| work(tx, input)).await;
        };
        let (caller, key) = key.of(&by.actor);
        let _turn = Turn::take(&key.running, &caller, &key.name)?;
        db.write(by, move |tx| {
            if let Some(answer) = kept(tx, &caller, &key)? {
                tx.nothing_to_record("the same answer again");
                return Ok(answer);
            }
            let answer = work(tx, input)?;
            keep(tx, &caller, &key, &answer)?;
            Ok(answer)
        })
        .await
    }
}

impl Key {
    /// Whose key it is, and the key among theirs. What tells one reader from another is nothing
    /// that lasts: an address is shared by many, and changes on the way home, when a retry is
    /// needed most. So a reader's key is known by all of the request, and no stranger's request
    /// can meet it.
    fn of(self, actor: &Actor) -> (String, Self) {
        match actor {
            Actor::User { id, .. } => (format!("user:{id}"), self),
            Actor::Guest => ("guest".to_owned(), Self { name: self.fingerprint.clone(), ..self }),
            Actor::System => ("system".to_owned(), self),
            Actor::Cli => ("cli".to_owned(), self),
        }
    }
}

/// The right to work under a key, given back when dropped.
struct Turn {
    running: Running,
    entry: (String, String),
}

impl Turn {
    fn take(running: &Running, caller: &str, key: &str) -> Result<Self> {
        let entry = (caller.to_owned(), key.to_owned());
        let mut keys = running.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !keys.insert(entry.clone()) {
            return Err(Error::conflict("A request with this Idempotency-Key is still running."));
        }
        Ok(Self { running: running.clone(), entry })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut keys = self.running.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.entry);
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
struct Row {
    caller: String,
    key: String,
    fingerprint: String,
    answer: Json<Answer>,
    created_at: Instant,
}

fn kept(tx: &mut Tx<'_>, caller: &str, key: &Key) -> Result<Option<Answer>> {
    let now = tx.now();
    let conn: &mut Conn = tx;
    let old = idempotency_keys::created_at.lt(now.plus_seconds(-KEPT));
    diesel::delete(idempotency_keys::table.filter(old)).execute(conn)?;
    // Stored by a clock that was ahead: kept from now on, and no longer than others.
    let to_come = idempotency_keys::created_at.gt(now.latest());
    diesel::update(idempotency_keys::table.filter(to_come))
        .set(idempotency_keys::created_at.eq(now))
        .execute(conn)?;
    let found = idempotency_keys::table
        .find((caller, &key.name))
        .select(Row::as_select())
        .first(conn)
        .optional()?;
    match found {
        None => Ok(None),
        Some(row) if row.fingerprint == key.fingerprint => Ok(Some(row.answer.0.again())),
        Some(_) => Err(Error::Invalid(vec![crate::error::FieldError::parameter(
            HEADER,
            "key_reused",
            "This Idempotency-Key was used for another request; take a new one.",
        )])),
    }
}

fn keep(tx: &mut Tx<'_>, caller: &str, key: &Key, answer: &Answer) -> Result<()> {
    let row = Row {
        caller: caller.to_owned(),
        key: key.name.clone(),
        fingerprint: key.fingerprint.clone(),
        answer: Json(answer.clone()),
        created_at: tx.now(),
    };
    // Another server was faster with the same key: its answer is on the next try.
    diesel::insert_into(idempotency_keys::table).values(row).execute(&mut **tx).map_err(|err| {
        match err {
            diesel::result::Error::DatabaseError(
                diesel::result::DatabaseErrorKind::UniqueViolation,
                _,
            ) => Error::conflict("A request with this Idempotency-Key was still running."),
            other => other.into(),
        }
    })?;
    Ok(())
}
