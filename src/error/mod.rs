//! The one error of the crate: what went wrong, by what the caller can do about it.
mod field;
mod problem;

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
use validator::ValidationErrors;

pub use field::{FieldError, field_errors};
pub use problem::{PROBLEM_KINDS, Problem, ProblemKind, Retraction};

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
    /// 422: read, but not acceptable.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// 428: a change without `If-Match`.
    #[error(
        "Send If-Match with the ETag of the version that you have read; * is not taken, since it \
         would overwrite whatever is there."
    )]
    PreconditionRequired,
    /// 503: try again soon.
    #[error("The database cannot be reached just now; try again.")]
    Unavailable(#[source] Source),
    /// 500: ours; logged, never shown.
    #[error("Something went wrong on our side. It has been logged under this request's id.")]
    Internal(#[source] Source),
}

/// Where an error of ours came from.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Seconds after which to try again when the database is away.
const RETRY_AFTER: u32 = 2;

impl Error {
    /// Wraps whatever is our fault.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
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

    /// 409 since these resources, given by their addresses, use it.
    pub fn in_use(by: Vec<String>) -> Self {
        let detail = match by.len() {
            1 => "It is in use in one place; `errors` names it.".to_owned(),
            places => format!("It is in use in {places} places; `errors` lists them."),
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
    pub fn parameter(name: &str, code: &'static str, detail: impl Into<String>) -> Self {
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
        if let Self::Internal(source) | Self::Unavailable(source) = self {
            tracing::error!(request_id = request_id(), error = source, "{}", self.kind().title);
        }
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json");
        match self {
            Self::Unauthenticated(_) => {
                answer.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"newsroom\""));
            }
            Self::MethodNotAllowed(methods) => {
                answer.insert_header((header::ALLOW, methods.as_str()));
            }
            Self::UnsupportedMediaType(accepted) if accepted.contains("patch") => {
                answer.insert_header(("Accept-Patch", *accepted));
            }
            Self::Stale { etag, .. } => {
                answer.insert_header((header::ETAG, etag.as_str()));
            }
            Self::Unavailable(_) => {
                answer.insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()));
            }
            _ => {}
        }
        answer.json(self.problem())
    }
}

/// What the databases say of faults that pass by themselves and have no kind of their own: a lost
/// race, a server that went away or is starting.
const PASSING: [&str; 7] = [
    "deadlock detected",
    "database is locked",
    "server closed the connection",
    "terminating connection",
    "no connection to the server",
    "the database system is",
    "could not receive data from server",
];

impl From<Diesel> for Error {
    fn from(err: Diesel) -> Self {
        match err {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(Kind::ClosedConnection | Kind::SerializationFailure, _)
            | Diesel::BrokenTransactionManager => Self::Unavailable(err.into()),
            Diesel::DatabaseError(_, info)
                if PASSING.iter().any(|said| info.message().contains(said)) =>
            {
                Self::Unavailable(Diesel::DatabaseError(Kind::Unknown, info).into())
            }
            Diesel::DatabaseError(Kind::UniqueViolation, _) => {
                Self::conflict("Another resource has one of these values already.")
            }
            Diesel::DatabaseError(Kind::ForeignKeyViolation, _) => {
                Self::conflict("It refers to something that is not there, or is still in use.")
            }
            other => Self::internal(other),
        }
    }
}

/// What a statement's refusal means to the caller.
pub trait Refused<T> {
    /// A unique index refused the value at `pointer`.
    fn or_taken(self, pointer: &str, detail: &str) -> Result<T>;
    /// A foreign key refused the reference at `pointer`.
    fn or_missing(self, pointer: &str, detail: &str) -> Result<T>;
}

impl<T> Refused<T> for Result<T, Diesel> {
    fn or_taken(self, pointer: &str, detail: &str) -> Result<T> {
        self.map_err(|err| match err {
            Diesel::DatabaseError(Kind::UniqueViolation, _) => Error::taken(pointer, detail),
            other => other.into(),
        })
    }

    fn or_missing(self, pointer: &str, detail: &str) -> Result<T> {
        self.map_err(|err| match err {
            Diesel::DatabaseError(Kind::ForeignKeyViolation, _) => {
                Error::Invalid(vec![FieldError::at(pointer, "missing", detail)])
            }
            other => other.into(),
        })
    }
}

impl From<ValidationErrors> for Error {
    fn from(errors: ValidationErrors) -> Self {
        Self::Invalid(field_errors(&errors, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_the_database_that_pass_ask_to_try_again() {
        let refused = |kind, said: &str| Diesel::DatabaseError(kind, Box::new(said.to_owned()));
        for err in [
            refused(Kind::Unknown, "deadlock detected"),
            refused(Kind::Unknown, "database is locked"),
            refused(Kind::SerializationFailure, "could not serialize access"),
            refused(Kind::Unknown, "server closed the connection unexpectedly"),
            refused(Kind::Unknown, "terminating connection due to administrator command"),
        ] {
            let answer = Error::from(err).error_response();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert!(answer.headers().contains_key(header::RETRY_AFTER));
        }
        let ours = Error::from(refused(Kind::Unknown, "no such table"));
        assert_eq!(ours.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
