//! Calls the API in process, as a client would over HTTP, so that every rule holds here too.
use std::{future::Future, pin::Pin, rc::Rc};

use actix_web::{
    body::to_bytes,
    dev::Service,
    http::{Method, StatusCode, header},
    test::{TestRequest, init_service},
};
use serde_json::Value;

use crate::app::{self, State};

/// Why the API did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl Refusal {
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// What the API answered.
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
    etag: Option<String>,
}

type Answering = Pin<Box<dyn Future<Output = Result<Answer, Refusal>>>>;

/// Someone who calls the API: a stranger, or whoever has signed in.
#[derive(Clone)]
pub struct Caller {
    call: Rc<dyn Fn(TestRequest) -> Answering>,
    token: Option<String>,
}

impl Caller {
    /// Starts the app, without a network, and calls it as a stranger.
    pub async fn of(state: &State) -> Self {
        let service = Rc::new(init_service(app::build(state.clone())).await);
        let call = Rc::new(move |request: TestRequest| -> Answering {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let answer = service
                    .call(request.to_request())
                    .await
                    .map_err(|err| Refusal::new(err.to_string()))?;
                let status = answer.status();
                let etag = answer.headers().get(header::ETAG);
                let etag = etag.and_then(|etag| etag.to_str().ok()).map(str::to_owned);
                let bytes = to_bytes(answer.into_body())
                    .await
                    .map_err(|_| Refusal::new("the answer broke off"))?;
                let body = serde_json::from_slice(&bytes).unwrap_or_default();
                Ok(Answer { status, body, etag })
            })
        });
        Self { call, token: None }
    }

    /// Signs in.
    pub async fn signed_in(&self, email: &str, password: &str) -> Result<Self, Refusal> {
        let who = serde_json::json!({"email": email, "password": password});
        let tokens = self.post("/manage/v1/session", &who).await?.body;
        let token = tokens["access_token"].as_str().map(str::to_owned);
        Ok(Self { call: Rc::clone(&self.call), token })
    }

    /// Asks for what stands at the address, whatever the answer is.
    pub async fn get(&self, path: &str) -> Result<Answer, Refusal> {
        (self.call)(self.request(Method::GET, path)).await
    }

    /// Posts, and wants it done.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, Refusal> {
        self.send(Method::POST, path, None, body).await
    }

    /// Changes what is there now.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Answer, Refusal> {
        let etag = self.get(path).await?.etag;
        self.send(Method::PATCH, path, etag, body).await
    }

    /// Does something to what is there now.
    pub async fn act(&self, path: &str, action: &str, body: &Value) -> Result<Answer, Refusal> {
        let etag = self.get(path).await?.etag;
        self.send(Method::POST, &format!("{path}/{action}"), etag, body).await
    }

    fn request(&self, method: Method, path: &str) -> TestRequest {
        let request = TestRequest::with_uri(path).method(method);
        match &self.token {
            Some(token) => {
                request.insert_header((header::AUTHORIZATION, format!("Bearer {token}")))
            }
            None => request,
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        etag: Option<String>,
        body: &Value,
    ) -> Result<Answer, Refusal> {
        let media_type = match method {
            Method::PATCH => "application/merge-patch+json",
            _ => "application/json",
        };
        let mut request = self
            .request(method.clone(), path)
            .insert_header((header::CONTENT_TYPE, media_type))
            .set_payload(body.to_string());
        if let Some(etag) = etag {
            request = request.insert_header((header::IF_MATCH, etag));
        }
        let answer = (self.call)(request).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(Refusal(format!("{method} {path}: {}: {}", answer.status, reasons(&answer.body))))
    }
}

/// What a problem document says, in one line.
fn reasons(problem: &Value) -> String {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let reasons =
        errors.iter().map(|error| text(&error["pointer"]) + " " + &text(&error["detail"]));
    let reasons: Vec<String> = reasons.collect();
    if reasons.is_empty() { text(&problem["detail"]) } else { reasons.join("; ") }
}
