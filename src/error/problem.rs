//! How an error looks on the wire: problem details (RFC 9457), one kind for each status.
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Error, FieldError, request_id};

/// What was public and is not to be read any more.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Retraction {
    /// `gone`: the article was retracted. `withdrawn`: what it said at the instant that `as_of`
    /// asks about was; the article itself is public.
    #[schema(pattern = "^(gone|withdrawn)$")]
    pub kind: &'static str,
    /// Why it was retracted, for readers; of what was withdrawn, that it was.
    pub notice: String,
    /// Since when.
    pub retracted_at: crate::time::Instant,
    /// The article's id.
    pub article_id: crate::ids::ArticleId,
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
        $(pub(super) const $constant: ProblemKind = ProblemKind {
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
    TOO_SLOW "too-slow" REQUEST_TIMEOUT "Too slow"
        "Send the request again, all of it without a break; nothing was changed.";
    CONFLICT "conflict" CONFLICT "The present state forbids it"
        "Read the resource again. `errors` names the field that is taken or the resources that stand in the way.";
    GONE "gone" GONE "Retracted"
        "It was public and is not to be read any more. Show the `notice` and drop your copies: where `kind` is `gone`, of the article, which was retracted for good; where it is `withdrawn`, of what the article said at the instant of `as_of`. Without `as_of` that article can be read.";
    STALE "stale" PRECONDITION_FAILED "Changed by someone else"
        "Read the resource again, apply your change to what it says now, and send it with the new `ETag`.";
    TOO_LARGE "too-large" PAYLOAD_TOO_LARGE "Too large"
        "Send less; the detail gives the limit.";
    UNSUPPORTED "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "Wrong media type or content coding"
        "Bodies are `application/json`; PATCH takes `application/merge-patch+json`. They are sent as they are: where the answer has `Accept-Encoding`, leave `Content-Encoding` out.";
    INVALID "invalid" UNPROCESSABLE_ENTITY "Not acceptable as it is"
        "Every entry of `errors` points at a member of the body and names the rule it breaks.";
    PRECONDITION_REQUIRED "precondition-required" PRECONDITION_REQUIRED "Which version do you mean?"
        "Read the resource and send its `ETag` in `If-Match`, so that no one else's change is overwritten.";
    TOO_MANY "too-many-requests" TOO_MANY_REQUESTS "Too much at once"
        "Wait for the seconds in `Retry-After`. `RateLimit-Policy` says how many requests a minute are fine, where it is a matter of their number.";
    HEAD_TOO_LARGE "head-too-large" REQUEST_HEADER_FIELDS_TOO_LARGE "Too much before the body"
        "Send fewer or shorter headers (cookies among them), or a shorter address.";
    UNAVAILABLE "unavailable" SERVICE_UNAVAILABLE "The database is away or busy"
        "Try again after the seconds in `Retry-After`; with the same `Idempotency-Key` nothing is done twice.";
    OUTCOME_UNKNOWN "outcome-unknown" SERVICE_UNAVAILABLE "It is not known whether it was done"
        "The database did not confirm the change in time: it may have been made, or be made still. Send the same request again with the same `Idempotency-Key`: what was done is answered again, and nothing is done twice. Without a key, read the resource before you try again.";
    FULL "storage-full" INSUFFICIENT_STORAGE "The disk is full"
        "Nothing was changed, and reading goes on. Whoever runs the server has to make room; try again then, with the same `Idempotency-Key`.";
    INTERNAL "internal" INTERNAL_SERVER_ERROR "A fault of ours"
        "Report it with the request id.";
}

impl Error {
    pub(super) fn kind(&self) -> &'static ProblemKind {
        match self {
            Self::Malformed { .. } => &MALFORMED,
            Self::Unauthenticated(_) | Self::SecondFactor(_) => &UNAUTHENTICATED,
            Self::Forbidden(_) => &FORBIDDEN,
            Self::NotFound => &NOT_FOUND,
            Self::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
            Self::NotAcceptable(_) => &NOT_ACCEPTABLE,
            Self::TooSlow(_) | Self::TooSlowHead => &TOO_SLOW,
            Self::Conflict { .. } => &CONFLICT,
            Self::Gone(_) => &GONE,
            Self::Stale { .. } => &STALE,
            Self::TooLarge(_) => &TOO_LARGE,
            Self::UnsupportedMediaType(_) | Self::UnsupportedCoding => &UNSUPPORTED,
            Self::Invalid(_) => &INVALID,
            Self::PreconditionRequired => &PRECONDITION_REQUIRED,
            Self::TooManyRequests { .. } => &TOO_MANY,
            Self::TooLargeHead => &HEAD_TOO_LARGE,
            Self::Unavailable(_) | Self::Contended(_) | Self::Unrecognised(_) | Self::Unfit(_) => {
                &UNAVAILABLE
            }
            Self::OutcomeUnknown(_) => &OUTCOME_UNKNOWN,
            Self::Full(_) => &FULL,
            Self::Internal(_) => &INTERNAL,
        }
    }

    pub(super) fn problem(&self) -> Problem {
        let kind = self.kind();
        let errors = match self {
            Self::Malformed { errors, .. }
            | Self::Conflict { errors, .. }
            | Self::Invalid(errors) => errors.clone(),
            Self::SecondFactor(error) => vec![error.clone()],
            Self::OutcomeUnknown(_) => vec![FieldError::parameter(
                "Idempotency-Key",
                "outcome_unknown",
                "send the request again with the same one",
            )],
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
