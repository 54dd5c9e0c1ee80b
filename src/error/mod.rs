//! The one error of the crate: what went wrong, by what the caller can do about it.
mod codes;
mod database;
mod field;
mod problem;
mod rate_limit;

use std::borrow::Cow;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use validator::ValidationErrors;

pub use codes::{CODES, Code};
pub use database::{Refused, commit_failed};
pub use field::{FieldError, coded, decoded, field_errors};
pub use problem::{PROBLEM_KINDS, Problem, ProblemKind, Retraction};
pub use rate_limit::RateLimit;

/// `Result` with the crate's [`enum@Error`] unless told otherwise.
pub type Result<T, E = Error> = std::result::Result<T, E>;

tokio::task_local! {
    /// The id of the request that this task is answering, for problem documents and log lines.
    pub static REQUEST_ID: String;
}

/// The id of the request being answered; empty outside of one.
pub fn request_id() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Everything that can go wrong, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 400: a path, query, header or body that cannot be read.
    #[error("{detail}")]
    Malformed {
        /// What could not be read.
        detail: String,
        /// The parameters or members at fault.
        errors: Vec<FieldError>,
    },
    /// 401: say who you are.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// 401: the password is right, but the second factor is not shown, or not right.
    #[error("{}", .0.detail)]
    SecondFactor(FieldError),
    /// 403: we know you, and no.
    #[error("{0}")]
    Forbidden(String),
    /// 404.
    #[error("There is nothing at this address, or nothing that you may see.")]
    NotFound,
    /// 405, with the methods that would do.
    #[error("This address answers to {0}.")]
    MethodNotAllowed(String),
    /// 406.
    #[error("This address answers in {0}.")]
    NotAcceptable(&'static str),
    /// 408: the body did not arrive in time.
    #[error("The body did not arrive within {0} seconds.")]
    TooSlow(u64),
    /// 408: the head of the first request did not arrive in time.
    #[error("The head of the request did not arrive in time.")]
    TooSlowHead,
    /// 409: the state of the newsroom forbids it.
    #[error("{detail}")]
    Conflict {
        /// What forbids it.
        detail: String,
        /// The fields at fault, or the resources in the way.
        errors: Vec<FieldError>,
    },
    /// 410: was public, and has been retracted for good.
    #[error("{}", .0.notice)]
    Gone(Box<Retraction>),
    /// 412: someone else was faster.
    #[error("{detail}")]
    Stale {
        /// Who changed it, and when.
        detail: String,
        /// The `ETag` that the resource has now.
        etag: String,
    },
    /// 413.
    #[error("The body may be {0} bytes at the most.")]
    TooLarge(usize),
    /// 415, with the media type that would do.
    #[error("Send the body as {0}.")]
    UnsupportedMediaType(&'static str),
    /// 415: the body came in a content coding.
    #[error("Send the body as it is, without a Content-Encoding.")]
    UnsupportedCoding,
    /// 422: read, but not acceptable.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// 428: a change without `If-Match`.
    #[error(
        "Send If-Match with the ETag of the version that you have read; * is not taken, since it \
         would overwrite whatever is there."
    )]
    PreconditionRequired,
    /// 429: slow down.
    #[error("That was too much at once; try again in {retry_after} seconds.")]
    TooManyRequests {
        /// Seconds after which to try again.
        retry_after: u32,
        /// Which limit was met: it is counted, and not told.
        limit: RateLimit,
    },
    /// 503: try again soon.
    #[error("The database cannot take this just now; try again.")]
    Unavailable(#[source] Source),
    /// 503: of two transactions that stood in each other's way, this one had to give up.
    #[error("Others were changing the same things, again and again; try again.")]
    Contended(#[source] Source),
    /// 503: the database refused, for a reason that diesel does not tell from others. Everything
    /// was undone.
    #[error("The database cannot take this just now; try again.")]
    Unrecognised(#[source] Source),
    /// 503: the database holds a row that cannot be read, or a rule in it refuses what this program
    /// takes for right. Everything was undone, and would be again.
    #[error(
        "What is in the database does not fit to this version of the program. It has been logged \
         under this request's id."
    )]
    Unfit(#[source] Source),
    /// 503: a change of which nobody knows whether it was committed.
    #[error(
        "The database has not confirmed this in time: it may have been done, or not. Send it again \
         with the same Idempotency-Key, if it had one, or read what it should have changed."
    )]
    OutcomeUnknown(#[source] Source),
    /// 507: there is no room left to write to.
    #[error("The disk is full, so nothing was changed; reading goes on.")]
    Full(#[source] Source),
    /// 431.
    #[error("The head of a request may have 128 KiB and 96 headers at the most.")]
    TooLargeHead,
    /// 500: ours; logged, never shown.
    #[error("Something went wrong on our side. It has been logged under this request's id.")]
    Internal(#[source] Source),
}

/// Where an error of ours came from.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Seconds after which to try again when the database is away.
const RETRY_AFTER: u32 = 2;

/// Seconds after which somebody may have made room on the disk.
const RETRY_WHEN_FULL: u32 = 30;

impl Error {
    /// Wraps whatever is our fault.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    /// What is behind it, for the log: the error's own text is for callers of the API.
    pub fn why(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// Whether the fault lies with the server rather than with what it was asked.
    pub fn is_fault(&self) -> bool {
        self.kind().status.is_server_error()
    }

    /// The same fault, for another whom it befalls as well.
    #[must_use]
    pub fn for_another(&self) -> Self {
        let why = self.why();
        match self {
            Self::Full(_) => Self::Full(why.into()),
            Self::Internal(_) => Self::Internal(why.into()),
            Self::OutcomeUnknown(_) => Self::OutcomeUnknown(why.into()),
            _ => Self::Unavailable(why.into()),
        }
    }

    /// 409 with a sentence.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::Conflict { detail: detail.into(), errors: Vec::new() }
    }

    /// 409 since a value at `pointer` belongs to something else.
    pub fn taken(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let errors = vec![FieldError::at(pointer, "taken", detail.clone())];
        Self::Conflict { detail, errors }
    }

    /// 409 since it is in use in `total` places, of which these may be named to the caller, by
    /// their addresses.
    pub fn in_use(by: Vec<String>, total: usize) -> Self {
        let places = match total {
            1 => "one place".to_owned(),
            several => format!("{several} places"),
        };
        let detail = match by.len() {
            0 => format!("It is in use in {places} that you may not see."),
            1 if total == 1 => format!("It is in use in {places}; `errors` names it."),
            known if known == total => format!("It is in use in {places}; `errors` lists them."),
            known => format!("It is in use in {places}; `errors` lists {known} of them."),
        };
        let errors = by.into_iter().map(|address| FieldError {
            pointer: None,
            parameter: None,
            resource: Some(address),
            code: "in_use".into(),
            detail: "uses it".to_owned(),
        });
        Self::Conflict { detail, errors: errors.collect() }
    }

    /// 400 with a sentence.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed { detail: detail.into(), errors: Vec::new() }
    }

    /// 400 because of one parameter.
    pub fn parameter(
        name: &str,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let error = FieldError::parameter(name, code, detail);
        Self::Malformed { detail: format!("{name}: {}", error.detail), errors: vec![error] }
    }

    /// 422 because of one member.
    pub fn invalid(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::at(pointer, code, detail)])
    }
}

fn summary(errors: &[FieldError]) -> String {
    match errors {
        [only] => only.detail.clone(),
        more => format!("{} things are not acceptable; `errors` lists them.", more.len()),
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    fn error_response(&self) -> HttpResponse {
        if let Some(source) = std::error::Error::source(self) {
            tracing::error!(request_id = request_id(), error = source, "{}", self.kind().title);
        }
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json");
        match self {
            Self::Unauthenticated(_) | Self::SecondFactor(_) => {
                answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"newsroom\""));
            }
            Self::MethodNotAllowed(methods) => {
                answer.insert_header((header::ALLOW, methods.as_str()));
            }
            Self::UnsupportedMediaType(accepted) if accepted.contains("patch") => {
                answer.insert_header(("Accept-Patch", *accepted));
            }
            Self::UnsupportedCoding => {
                answer.insert_header((header::ACCEPT_ENCODING, "identity"));
            }
            Self::Stale { etag, .. } => {
                answer.insert_header((header::ETAG, etag.as_str()));
            }
            Self::TooManyRequests { retry_after, .. } => {
                answer.insert_header((header::RETRY_AFTER, retry_after.to_string()));
            }
            Self::Unavailable(_)
            | Self::Contended(_)
            | Self::Unrecognised(_)
            | Self::Unfit(_)
            | Self::OutcomeUnknown(_) => {
                answer.insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()));
            }
            Self::Full(_) => {
                answer.insert_header((header::RETRY_AFTER, RETRY_WHEN_FULL.to_string()));
            }
            _ => {}
        }
        let mut answer = answer.json(self.problem());
        if let Self::TooManyRequests { limit, .. } = self {
            answer.extensions_mut().insert(*limit);
        }
        answer
    }
}

impl From<ValidationErrors> for Error {
    fn from(errors: ValidationErrors) -> Self {
        Self::Invalid(field_errors(&errors, ""))
    }
}
