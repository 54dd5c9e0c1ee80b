//! How the server does, in figures: for Prometheus and whatever else reads its format.
use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, HeaderMap},
    rt::time::timeout,
};
use prometheus::{Registry, TEXT_FORMAT, TextEncoder};
use subtle::ConstantTimeEq;

use super::{page::Page, process};
use crate::{
    config::{Config, Secret},
    db::{
        Conn, Db, Load, backups,
        dialect::about::{self, Size},
        journal,
    },
    error::{Error, Result},
    http::{cache::Answers, meter::Meter, settings::Settings},
    purge,
    time::{Instant, Now},
};

/// How long the database may take for its part of the page.
const PATIENCE: Duration = Duration::from_secs(1);

/// When this server was started.
#[derive(Debug, Clone, Copy)]
pub struct StartedAt(pub Instant);

/// A figure of another room that only the database knows. Read whenever the page is asked for, so
/// it has to be one short statement, bounded however much there is.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseGauge {
    /// Its name in Prometheus.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Reads it.
    pub read: fn(&mut Conn) -> Result<usize>,
}

/// The figures of other rooms.
#[derive(Debug, Clone, Copy)]
pub struct DatabaseGauges(pub &'static [DatabaseGauge]);

/// Read how the server does
///
/// Figures in Prometheus' text format; OPERATIONS.md says what each means and when to act. Where
/// the setting `METRICS_TOKEN` is set, it has to come as `Authorization: Bearer`. What only the
/// database knows is left out while it is away.
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "The figures.", body = String, content_type = "text/plain"),
    (status = 401, description = "The token is missing or wrong.")))]
#[get("/metrics")]
pub async fn read_metrics(
    req: HttpRequest,
    db: Db,
    Settings(config): Settings,
    Now(now): Now,
) -> Result<HttpResponse> {
    if let Some(token) = &config.operations.metrics_token
        && !is_shown(token, req.headers())
    {
        return Err(Error::Unauthenticated("Send METRICS_TOKEN as Authorization: Bearer."));
    }
    let gauges = req.app_data::<DatabaseGauges>().map_or(&[][..], |gauges| gauges.0);
    let asked = ask_database(&db, &config, gauges, now);
    let known = timeout(PATIENCE, asked).await.ok().and_then(Result::ok);
    let page = Registry::new();
    let answers = req.app_data::<Answers>();
    if let Some(meter) = req.app_data::<Meter>() {
        meter.show(&page).map_err(Error::internal)?;
    }
    let started = req.app_data::<StartedAt>();
    show(&page, &db, answers, known.as_ref(), started, &config).map_err(Error::internal)?;
    let text = TextEncoder::new().encode_to_string(&page.gather()).map_err(Error::internal)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .content_type(format!("{TEXT_FORMAT}; charset=utf-8"))
        .body(text))
}

/// Takes as long whatever was given, so that nobody can guess the token byte by byte.
fn is_shown(token: &Secret, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    given.and_then(|given| given.split_once(' ')).is_some_and(|(scheme, given)| {
        scheme.eq_ignore_ascii_case("bearer")
            && given.trim().as_bytes().ct_eq(token.reveal().as_bytes()).into()
    })
}

/// What only the database knows.
struct Known {
    last_place: i64,
    to_purge: Option<usize>,
    size: Size,
    backed_up_at: Option<Instant>,
    gauges: Vec<(DatabaseGauge, usize)>,
}

async fn ask_database(
    db: &Db,
    config: &Config,
    gauges: &'static [DatabaseGauge],
    now: Instant,
) -> Result<Known> {
    let purges = config.purge.is_some();
    db.read(move |conn| {
        let last_place = journal::last(conn)?;
        let to_purge = if purges { purge::pending(conn)? } else { None };
        let (size, backed_up_at) = (about::size(conn)?, backups::newest(conn, now)?);
        let gauges = gauges.iter().map(|gauge| Ok((*gauge, (gauge.read)(conn)?)));
        let gauges = gauges.collect::<Result<Vec<_>>>()?;
        Ok(Known { last_place, to_purge, size, backed_up_at, gauges })
    })
    .await
}

fn show(
    page: &Registry,
    db: &Db,
    answers: Option<&Answers>,
    known: Option<&Known>,
    started: Option<&StartedAt>,
    config: &Config,
) -> prometheus::Result<()> {
    let page = Page(page);
    page.labelled(
        "broadsheet_build_info",
        "Which version this is.",
        "version",
        &[(env!("CARGO_PKG_VERSION"), 1)],
    )?;
    if let Some(answers) = answers {
        page.gauge("broadsheet_cache_answers", "Answers kept ready.", answers.count())?;
        page.gauge("broadsheet_cache_bytes", "Memory that they take.", answers.bytes())?;
        let most = config.cache_max_bytes;
        page.gauge("broadsheet_cache_max_bytes", "Memory that they may take.", most)?;
        page.gauge(
            "broadsheet_cache_trusted",
            "1 while every change is heard of in time, 0 while nothing kept is used.",
            u8::from(db.clock().is_trusted()),
        )?;
    }
    show_database(&page, db)?;
    page.gauge(
        "broadsheet_db_up",
        "1 if the database answered within a second.",
        u8::from(known.is_some()),
    )?;
    if let Some(place) = db.followed() {
        let help = "Up to which place in the journal changes were heard of.";
        page.gauge("broadsheet_journal_followed_place", help, place)?;
    }
    if let Some(known) = known {
        show_known(&page, db, known)?;
    }
    process::show(&page, started)
}

fn show_known(page: &Page<'_>, db: &Db, known: &Known) -> prometheus::Result<()> {
    let Known { last_place, to_purge, size, backed_up_at, gauges } = known;
    page.gauge("broadsheet_journal_last_place", "The journal's last place.", *last_place)?;
    if let Some(place) = db.followed() {
        let help = "How many places lie between what was heard of and the journal's end.";
        page.gauge("broadsheet_journal_lag_places", help, (last_place - place).max(0))?;
    }
    if let Some(pending) = to_purge {
        let help = "Changes that PURGE_URL has not been told yet; 1000 stands for more, too.";
        page.gauge("broadsheet_purge_pending_changes", help, *pending)?;
    }
    let Size { database, write_ahead_log } = size;
    let help = "Size of the database: its tables and indexes.";
    page.gauge("broadsheet_db_size_bytes", help, *database)?;
    if let Some(bytes) = write_ahead_log {
        let help = "Size of SQLite's write-ahead log, beside the database.";
        page.gauge("broadsheet_db_wal_bytes", help, *bytes)?;
    }
    page.gauge(
        "broadsheet_backup_last_success_timestamp_seconds",
        "When the newest known backup was taken, in seconds since unix epoch; 0 where none is.",
        backed_up_at.map_or(0, Instant::seconds),
    )?;
    for (DatabaseGauge { name, help, read: _ }, value) in gauges {
        page.gauge(name, help, *value)?;
    }
    Ok(())
}

fn show_database(page: &Page<'_>, db: &Db) -> prometheus::Result<()> {
    let loads = db.loads();
    let each = |figure: fn(&Load) -> u64| -> Vec<(&str, u64)> {
        loads.iter().map(|(name, load)| (*name, figure(load))).collect()
    };
    for (name, help, figures) in [
        (
            "broadsheet_db_connections",
            "Connections there may be at once.",
            each(|load| load.threads),
        ),
        ("broadsheet_db_connections_busy", "Connections at work just now.", each(|load| load.busy)),
        (
            "broadsheet_db_connections_abandoned",
            "Connections given up, since the database never answered on them.",
            each(|load| load.abandoned),
        ),
        ("broadsheet_db_jobs_waiting", "Jobs that wait for one.", each(|load| load.waiting)),
    ] {
        page.labelled(name, help, "lane", &figures)?;
    }
    let counts = db.counts();
    page.counters(
        "broadsheet_db_jobs_refused_total",
        "Jobs turned away since too many were waiting.",
        &["lane"],
        &each(|load| load.refused)
            .into_iter()
            .map(|(name, value)| (vec![name], value))
            .collect::<Vec<_>>(),
    )?;
    for (name, help, value) in [
        ("broadsheet_db_statements_total", "Statements that were run.", counts.statements),
        (
            "broadsheet_db_slow_statements_total",
            "Statements that took SLOW_QUERY_MS or longer.",
            counts.slow,
        ),
        ("broadsheet_db_writes_total", "Writes that were acknowledged.", counts.writes),
        (
            "broadsheet_db_commits_total",
            "Commits of writes; several writes can share one.",
            counts.commits,
        ),
    ] {
        page.counters(name, help, &[], &[(vec![], value)])?;
    }
    Ok(())
}
