//! How the server does, in figures: for Prometheus and whatever else reads its format.
use std::{fs, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, HeaderMap},
    rt::time::timeout,
};
use prometheus::{IntCounterVec, IntGaugeVec, Opts, Registry, TEXT_FORMAT, TextEncoder};
use subtle::ConstantTimeEq;

use crate::{
    config::{Config, Secret},
    db::{Db, Load, journal},
    error::{Error, Result},
    http::{cache::Answers, meter::Meter, settings::Settings},
    purge,
    time::Instant,
};

/// How long the database may take for its part of the page.
const PATIENCE: Duration = Duration::from_secs(1);

/// When this server was started.
#[derive(Debug, Clone, Copy)]
pub struct StartedAt(pub Instant);

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
) -> Result<HttpResponse> {
    if let Some(token) = &config.operations.metrics_token
        && !is_shown(token, req.headers())
    {
        return Err(Error::Unauthenticated("Send METRICS_TOKEN as Authorization: Bearer."));
    }
    let asked = ask_database(&db, &config);
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
}

async fn ask_database(db: &Db, config: &Config) -> Result<Known> {
    let purges = config.purge.is_some();
    db.read(move |conn| {
        let last_place = journal::last(conn)?;
        let to_purge = if purges { purge::pending(conn)? } else { None };
        Ok(Known { last_place, to_purge })
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
    if let Some(&Known { last_place, to_purge }) = known {
        let help = "The journal's last place.";
        page.gauge("broadsheet_journal_last_place", help, last_place)?;
        if let Some(place) = db.followed() {
            let help = "How many places lie between what was heard of and the journal's end.";
            page.gauge("broadsheet_journal_lag_places", help, (last_place - place).max(0))?;
        }
        if let Some(pending) = to_purge {
            let help = "Changes that PURGE_URL has not been told yet; 1000 stands for more, too.";
            page.gauge("broadsheet_purge_pending_changes", help, pending)?;
        }
    }
    show_process(&page, started)
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

/// Under the names that all of Prometheus' clients use.
fn show_process(page: &Page<'_>, started: Option<&StartedAt>) -> prometheus::Result<()> {
    if let Some(StartedAt(at)) = started {
        let help = "Start time of the process since unix epoch in seconds.";
        page.gauge("process_start_time_seconds", help, at.seconds())?;
    }
    // Only Linux tells it so.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = resident.and_then(|size| size.trim().trim_end_matches(" kB").parse::<u64>().ok());
    if let Some(kib) = kib {
        let help = "Resident memory size in bytes.";
        page.gauge("process_resident_memory_bytes", help, kib * 1024)?;
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        page.gauge("process_open_fds", "Number of open file descriptors.", open.count())?;
    }
    Ok(())
}

/// A page that figures are put on as they are read.
struct Page<'a>(&'a Registry);

impl Page<'_> {
    fn gauge(&self, name: &str, help: &str, value: impl TryInto<i64>) -> prometheus::Result<()> {
        let gauge = prometheus::IntGauge::new(name, help)?;
        gauge.set(value.try_into().unwrap_or(i64::MAX));
        self.0.register(Box::new(gauge))
    }

    fn labelled(
        &self,
        name: &str,
        help: &str,
        label: &str,
        values: &[(&str, u64)],
    ) -> prometheus::Result<()> {
        let gauges = IntGaugeVec::new(Opts::new(name, help), &[label])?;
        for (of, value) in values {
            gauges.with_label_values(&[of]).set(i64::try_from(*value).unwrap_or(i64::MAX));
        }
        self.0.register(Box::new(gauges))
    }

    fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: &[(Vec<&str>, u64)],
    ) -> prometheus::Result<()> {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        for (of, value) in values {
            counters.with_label_values(of).inc_by(*value);
        }
        self.0.register(Box::new(counters))
    }
}
