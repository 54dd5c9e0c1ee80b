//! Somebody who speaks HTTP with a server that may be gone any moment.
use std::{io, time::Duration};

use serde_json::Value;
use ureq::{
    Agent, Error,
    http::{HeaderMap, Request},
};

/// Far more than any answer should take.
const PATIENCE: Duration = Duration::from_mins(1);

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body of an answer with this status; anything else fails the test.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }
}

#[derive(Clone)]
pub struct Caller {
    agent: Agent,
    origin: String,
    headers: Vec<(&'static str, String)>,
}

impl Caller {
    pub fn new(address: &str) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self { agent: config.into(), origin: format!("http://{address}"), headers: Vec::new() }
    }

    /// The same caller on a connection of their own, sending one more header.
    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut headers = self.headers.clone();
        headers.push((name, value.into()));
        Self { agent: self.agent.clone(), origin: self.origin.clone(), headers }
    }

    /// What the server answers; `None` where the connection was refused or broke off, so that
    /// nobody knows what became of the request.
    pub fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Answer> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.origin));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if body.is_some() {
            let merge = if method == "PATCH" { "merge-patch+" } else { "" };
            request = request.header("content-type", format!("application/{merge}json"));
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let answered = self.agent.run(request.body(text).unwrap()).and_then(|mut answer| {
            let text = answer.body_mut().read_to_string()?;
            Ok((answer, text))
        });
        let (answer, text) = match answered {
            Ok(answered) => answered,
            Err(lost) if is_loss(&lost) => return None,
            Err(err) => panic!("{method} {path}: {err}"),
        };
        let body = serde_json::from_str(&text).unwrap_or_default();
        Some(Answer {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body,
            text,
        })
    }

    #[track_caller]
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.try_send(method, path, body).expect("an answer")
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body))
    }
}

fn is_loss(err: &Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof,
    };
    match err {
        Error::Io(err) => matches!(
            err.kind(),
            BrokenPipe | ConnectionAborted | ConnectionRefused | ConnectionReset | UnexpectedEof
        ),
        Error::ConnectionFailed => true,
        _ => false,
    }
}
