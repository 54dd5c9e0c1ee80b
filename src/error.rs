//! The one error of the crate and how it looks on the wire: problem details (RFC 9457).
use std::{borrow::Cow, fmt::Write as _};

use actix_web::{HttpResponse, ResponseError, http::StatusCode, http::header};
use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use validator::{ValidationErrors, ValidationErrorsKind};

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
    /// 503: try again soon; nothing was changed.
    #[error("The database cannot be reached just now. Nothing was changed; try again.")]
    Unavailable(#[source] Source),
    /// 500: ours; logged, never shown.
    #[error("Something went wrong on our side. It has been logged under this request's id.")]
    Internal(#[source] Source),
}

/// Where an error of ours came from.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// The state of a retracted article.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Retraction {
    /// Always `gone`.
    #[schema(pattern = "^gone$")]
    pub kind: &'static str,
    /// Why it was retracted, for readers.
    pub notice: String,
    /// Since when.
    pub retracted_at: crate::time::Instant,
    /// The article's id.
    pub article_id: crate::ids::ArticleId,
}

/// One field, parameter or resource at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the body: a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pointer: Option<String>,
    /// Which path, query or header parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parameter: Option<String>,
    /// Which rule was broken. Stable, for programs.
    #[schema(examples("length", "unknown_member", "taken"))]
    pub code: Cow<'static, str>,
    /// What is wrong, for people. May change.
    pub detail: String,
}

impl FieldError {
    /// A member of the body at fault.
    pub fn at(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// A path, query or header parameter at fault.
    pub fn parameter(
        name: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: None,
            parameter: Some(name.into()),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// Problem details (RFC 9457): the body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Address of a page that explains this kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", examples("/problems/invalid"))]
    kind: String,
    /// The kind of problem in a few words, always the same for one `type`.
    title: &'static str,
    /// The HTTP status code again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this very request, for people.
    detail: String,
    /// Quote it when you ask for help; also in the `X-Request-Id` header.
    request_id: String,
    /// The members, parameters or resources at fault, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// Members that only some kinds of problem have.
    #[serde(flatten)]
    #[schema(ignore)]
    more: Map<String, Value>,
}

/// A kind of problem, as its page explains it.
pub struct ProblemKind {
    /// The last part of the `type` address.
    pub name: &'static str,
    /// The status code it comes with.
    pub status: StatusCode,
    /// Its title.
    pub title: &'static str,
    /// What a client should do about it.
    pub advice: &'static str,
}

macro_rules! problem_kinds {
    ($($constant:ident $name:literal $status:ident $title:literal $advice:literal;)+) => {
        $(const $constant: ProblemKind = ProblemKind {
            name: $name, status: StatusCode::$status, title: $title, advice: $advice,
        };)+
        /// Every kind of problem there is.
        pub const PROBLEM_KINDS: &[ProblemKind] = &[$($constant),+];
    };
}

problem_kinds! {
    MALFORMED "malformed" BAD_REQUEST "The request cannot be read"
        "Correct the path, query parameter, header or JSON that `errors` and `detail` name. An unknown query parameter, a limit out of range and a cursor of another list count as unreadable.";
    UNAUTHENTICATED "unauthenticated" UNAUTHORIZED "Who are you?"
        "Send `Authorization: Bearer` with an access token. When it has expired, use the refresh token; when that is refused too, sign in again.";
    FORBIDDEN "forbidden" FORBIDDEN "You may not do this"
        "The detail names the permission that is missing. An administrator can grant a role that has it.";
    NOT_FOUND "not-found" NOT_FOUND "Not found"
        "Nothing is at this address, or nothing that you may see.";
    METHOD_NOT_ALLOWED "method-not-allowed" METHOD_NOT_ALLOWED "Wrong method"
        "The `Allow` header lists the methods that this address answers to.";
    NOT_ACCEPTABLE "not-acceptable" NOT_ACCEPTABLE "No such representation"
        "Ask for `application/json`, or leave the `Accept` header out.";
    CONFLICT "conflict" CONFLICT "The present state forbids it"
        "Read the resource again. `errors` names the field that is taken or the resources that stand in the way.";
    GONE "gone" GONE "Retracted"
        "The article was public and has been retracted for good. Show the `notice` and drop your copies.";
    STALE "stale" PRECONDITION_FAILED "Changed by someone else"
        "Read the resource again, apply your change to what it says now, and send it with the new `ETag`.";
    TOO_LARGE "too-large" PAYLOAD_TOO_LARGE "Too large"
        "Send less; the detail gives the limit.";
    UNSUPPORTED "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "Wrong media type"
        "Bodies are `application/json`; PATCH takes `application/merge-patch+json`.";
    INVALID "invalid" UNPROCESSABLE_ENTITY "Not acceptable as it is"
        "Every entry of `errors` points at a member of the body and names the rule it breaks.";
    PRECONDITION_REQUIRED "precondition-required" PRECONDITION_REQUIRED "Which version do you mean?"
        "Read the resource and send its `ETag` in `If-Match`, so that no one else's change is overwritten.";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE "The database is away"
        "Nothing was changed. Try again after the seconds in `Retry-After`.";
    INTERNAL "internal" INTERNAL_SERVER_ERROR "A fault of ours"
        "Report it with the request id.";
}

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
        let detail = format!("It is in use in {} places; `errors` lists them.", by.len());
        let errors = by.into_iter().map(|address| FieldError {
            pointer: None,
            parameter: None,
            code: "in_use".into(),
            detail: address,
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

    fn kind(&self) -> &'static ProblemKind {
        match self {
            Self::Malformed { .. } => &MALFORMED,
            Self::Unauthenticated(_) => &UNAUTHENTICATED,
            Self::Forbidden(_) => &FORBIDDEN,
            Self::NotFound => &NOT_FOUND,
            Self::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
            Self::NotAcceptable(_) => &NOT_ACCEPTABLE,
            Self::Conflict { .. } => &CONFLICT,
            Self::Gone(_) => &GONE,
            Self::Stale { .. } => &STALE,
            Self::TooLarge(_) => &TOO_LARGE,
            Self::UnsupportedMediaType(_) => &UNSUPPORTED,
            Self::Invalid(_) => &INVALID,
            Self::PreconditionRequired => &PRECONDITION_REQUIRED,
            Self::Unavailable(_) => &UNAVAILABLE,
            Self::Internal(_) => &INTERNAL,
        }
    }

    fn problem(&self) -> Problem {
        let kind = self.kind();
        let errors = match self {
            Self::Malformed { errors, .. }
            | Self::Conflict { errors, .. }
            | Self::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let more = match self {
            Self::Gone(retraction) => match serde_json::to_value(retraction) {
                Ok(Value::Object(members)) => members,
                _ => Map::new(),
            },
            _ => Map::new(),
        };
        Problem {
            kind: format!("/problems/{}", kind.name),
            title: kind.title,
            status: kind.status.as_u16(),
            detail: self.to_string(),
            request_id: request_id(),
            errors,
            more,
        }
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

impl From<Diesel> for Error {
    fn from(err: Diesel) -> Self {
        match err {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(Kind::ClosedConnection, _) | Diesel::BrokenTransactionManager => {
                Self::Unavailable(err.into())
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

/// The rules that were broken, each with its place. `validator` would also echo the values
/// sent, passwords among them, so only rule names and bounds are taken over.
pub fn field_errors(errors: &ValidationErrors, above: &str) -> Vec<FieldError> {
    let mut found = Vec::new();
    for (name, kind) in errors.errors() {
        let here = if name == "__all__" { above.to_owned() } else { format!("{above}/{name}") };
        match kind {
            ValidationErrorsKind::Struct(inner) => found.extend(field_errors(inner, &here)),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    found.extend(field_errors(inner, &format!("{here}/{index}")));
                }
            }
            ValidationErrorsKind::Field(rules) => found.extend(rules.iter().map(|rule| {
                // A rule that looks into a list says itself where: its `at` parameter.
                let inner = rule.params.get("at").and_then(Value::as_str).unwrap_or_default();
                FieldError::at(format!("{here}{inner}"), rule.code.clone(), explain(rule))
            })),
        }
    }
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

fn explain(rule: &validator::ValidationError) -> String {
    if let Some(message) = &rule.message {
        return message.to_string();
    }
    let mut text = format!("must keep the rule `{}`", rule.code);
    for bound in ["min", "max", "equal"] {
        if let Some(value) = rule.params.get(bound) {
            let _ = write!(text, ", {bound} {value}");
        }
    }
    text
}
