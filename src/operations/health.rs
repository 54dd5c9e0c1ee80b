//! Whether the process answers, and whether it has all that it needs to answer well.
use std::time::Duration;

use actix_web::{
    HttpResponse, get,
    http::header::{self, HeaderValue},
    rt::time::timeout,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    db::{
        Db, journal,
        migrations::{self, Fit},
    },
    error::{Error, Result, request_id},
    text_enum,
};

/// How long the database may take until it counts as away.
const PATIENCE: Duration = Duration::from_secs(1);

/// Seconds after which to ask again.
const RETRY_AFTER: u32 = 2;

const NO_STORE: (header::HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// That the process answers.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `alive`.
    #[schema(pattern = "^alive$")]
    status: &'static str,
}

text_enum! {
    /// Whether requests should be sent here.
    pub enum Ready {
        /// They should.
        Yes = "ready",
        /// Not now.
        No = "not_ready",
    }
}

text_enum! {
    /// How one check went.
    pub enum Verdict {
        /// Well.
        Pass = "pass",
        /// Not well; `detail` says why.
        Fail = "fail",
    }
}

/// Whether this server is ready, and what was looked at.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether requests should be sent here.
    status: Ready,
    /// What was looked at. `database`: it answers. `schema`: it is the one that this version of
    /// the program works with. `journal`: changes that other servers make are heard of in time;
    /// looked at only where answers are kept ready (`CACHE=on`).
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Serialize, ToSchema)]
pub struct Check {
    /// What: `database`, `schema` or `journal`.
    name: &'static str,
    /// How it went.
    status: Verdict,
    /// What is wrong or worth knowing, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    detail: Option<String>,
}

/// Check that the process answers
///
/// 200 whenever the process can answer at all: nothing else is looked at. For whatever restarts
/// a process that hangs.
#[utoipa::path(tag = "operations", responses((status = 200, description = "It does.", body = Health)))]
#[get("/healthz")]
pub async fn check_health() -> HttpResponse {
    HttpResponse::Ok().insert_header(NO_STORE).json(Health { status: "alive" })
}

/// Check that the server is ready
///
/// For whatever decides which servers get requests. Answers within about a second even while the
/// database hangs.
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "Requests can be sent here.", body = Readiness),
    (status = 503, description = "Something is wrong; each check says what.", body = Readiness,
        headers(("Retry-After" = u32, description = "Seconds after which to ask again.")))))]
#[get("/readyz")]
pub async fn check_readiness(db: Db) -> HttpResponse {
    let checks = look(&db).await;
    if checks.iter().all(|check| check.status == Verdict::Pass) {
        let ready = Readiness { status: Ready::Yes, checks };
        return HttpResponse::Ok().insert_header(NO_STORE).json(ready);
    }
    HttpResponse::ServiceUnavailable()
        .insert_header(NO_STORE)
        .insert_header((header::RETRY_AFTER, RETRY_AFTER.to_string()))
        .json(Readiness { status: Ready::No, checks })
}

async fn look(db: &Db) -> Vec<Check> {
    let follows = db.followed().is_some();
    let asked = db.read(|conn| Ok((migrations::check(conn)?, journal::last(conn)?)));
    let answered = match timeout(PATIENCE, asked).await {
        Ok(answered) => answered.map_err(|err| trouble(&err)),
        Err(_) => Err("does not answer in time".to_owned()),
    };
    match answered {
        Ok((fit, last)) => {
            let journal = follows.then(|| Check::of("journal", journal(db, last)));
            let checks = [Check::of("database", Ok(None)), Check::of("schema", schema(fit))];
            checks.into_iter().chain(journal).collect()
        }
        Err(trouble) => {
            let unknown = || Err("not known without the database".to_owned());
            let journal = follows.then(|| Check::of("journal", unknown()));
            let checks = [Check::of("database", Err(trouble)), Check::of("schema", unknown())];
            checks.into_iter().chain(journal).collect()
        }
    }
}

/// What is worth knowing; an error where it is wrong.
type Finding = Result<Option<String>, String>;

impl Check {
    fn of(name: &'static str, finding: Finding) -> Self {
        let (status, detail) = match finding {
            Ok(detail) => (Verdict::Pass, detail),
            Err(detail) => (Verdict::Fail, Some(detail)),
        };
        Self { name, status, detail }
    }
}

/// What strangers may know of it: what the database itself says can name hosts and users.
fn trouble(err: &Error) -> String {
    if let Some(source) = std::error::Error::source(err) {
        tracing::warn!(request_id = request_id(), error = source, "not ready");
    }
    match err {
        Error::Unavailable(_) => "cannot be reached".to_owned(),
        _ => "answers with an error, which is in the log".to_owned(),
    }
}

fn schema(fit: Fit) -> Finding {
    match fit {
        Fit::Fits => Ok(None),
        Fit::Behind(missing) => Err(format!("not applied yet: {}", missing.join(", "))),
        // While servers are replaced one after the other, those that still run must not all stop
        // at the first one's migration.
        Fit::Ahead(unknown) => {
            Ok(Some(format!("a newer version has applied: {}", unknown.join(", "))))
        }
    }
}

fn journal(db: &Db, last: i64) -> Finding {
    let behind = last.saturating_sub(db.followed().unwrap_or(last)).max(0);
    if db.clock().is_trusted() {
        return Ok(None);
    }
    Err(format!("cannot be followed, so nothing is kept ready; {behind} places behind"))
}
