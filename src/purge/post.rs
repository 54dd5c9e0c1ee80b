//! One purge over HTTP, in the forms that caches take.
use std::{io, time::Duration};

use serde_json::json;
use ureq::{
    Agent,
    http::{HeaderName, HeaderValue, StatusCode, header},
};

use crate::{config::Receiver, error::Source, outbound::agent};

/// How many tags Cloudflare takes at once; others take more.
pub const AT_ONCE: usize = 30;
/// How long to wait for a connection, and for everything together.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of an answer is read, so that the connection can be used again.
const ANSWER: u64 = 64 * 1024;

/// Whom to tell, and the connection to it.
pub struct Post {
    agent: Agent,
    receiver: Receiver,
    credentials: Vec<(&'static str, HeaderValue)>,
}

/// Why a purge is not done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("it answered {0}")]
    Status(StatusCode),
    #[error("{0}")]
    Http(#[from] ureq::Error),
}

impl Post {
    /// Gets ready; connects when there is something to tell.
    pub fn open(receiver: &Receiver) -> Result<Self, Source> {
        let credentials = receiver.credentials().iter().map(|(name, secret)| {
            let mut value = HeaderValue::from_str(secret.reveal())?;
            value.set_sensitive(true);
            Ok((*name, value))
        });
        let credentials = credentials.collect::<Result<_, Source>>()?;
        Ok(Self { agent: agent(PATIENCE), receiver: receiver.clone(), credentials })
    }

    /// Where it goes, as far as that may be shown.
    pub fn origin(&self) -> &str {
        self.receiver.origin()
    }

    /// Has these tags purged: in the body as Cloudflare takes them, in a header as Fastly and
    /// Varnish's xkey do.
    pub fn send(&self, tags: &[String]) -> Result<(), Refusal> {
        const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
        let post = self.agent.post(self.receiver.address().reveal());
        let post = post
            .header(header::CONTENT_TYPE, "application/json")
            .header(SURROGATE_KEY, tags.join(" "));
        let credentials = self.credentials.iter();
        let post = credentials.fold(post, |post, (name, value)| post.header(*name, value));
        let mut answer = post.send(json!({ "tags": tags }).to_string())?;
        // Whatever it says beside the status, and even if it breaks off there.
        let mut rest = answer.body_mut().with_config().limit(ANSWER).reader();
        let _ = io::copy(&mut rest, &mut io::sink());
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(Refusal::Status(status)),
        }
    }
}
