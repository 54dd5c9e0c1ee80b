//! The rows of the table: what is driven, beside which yardstick, and the medians of the rounds.
use std::{rc::Rc, time::Duration};

use super::{
    child::Child,
    client::{self, Connection, get},
    report::Measured,
    sample::{self, Sample},
};

/// How many different pages the cached rows ask for.
const HOT: usize = 100;

/// Something to drive.
pub struct Row {
    pub name: &'static str,
    /// Whether the server with the cache is driven.
    cached: bool,
    /// Whether a yardstick of that server is, rather than the app.
    is_yardstick: bool,
    requests: Rc<Vec<Vec<u8>>>,
    status: u16,
    /// What it is held against: the row of this name.
    against: Option<&'static str>,
}

/// What came of a row: medians over the rounds.
pub struct Figures {
    pub name: &'static str,
    pub against: Option<&'static str>,
    /// Answers a second.
    pub rate: f64,
    /// In milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// Processor time of the server for one answer, in microseconds.
    pub cpu: f64,
    /// Bytes of one answer's body.
    pub bytes: f64,
    /// Of the yardstick's, in the same round.
    pub rate_ratio: Option<f64>,
    pub cpu_ratio: Option<f64>,
}

const READY_PAGE: &str = "ready bytes, a page's";
const READY_LIST: &str = "ready bytes, a list's";
const SQL_DOCUMENT: &str = "bare SQL, a document";
const SQL_LIST: &str = "bare SQL, a list of 20";

/// What is driven in one newsroom.
pub fn rows(one: &Measured) -> Vec<Row> {
    let Sample { pieces, leaves, .. } = &one.sample;
    let hot = || pieces.iter().take(HOT);
    let page = |path: &str, headers: &[(&str, &str)]| get(&sample::page(path), headers);
    let coded = |coding: &'static str| {
        hot().map(move |it| page(&it.path, &[("Accept-Encoding", coding)])).collect()
    };
    let yardstick = |name, requests: Vec<Vec<u8>>| Row {
        name,
        cached: true,
        is_yardstick: true,
        requests: Rc::new(requests),
        status: 200,
        against: None,
    };
    let app = |name, cached, status, against, requests: Vec<Vec<u8>>| Row {
        name,
        cached,
        is_yardstick: false,
        requests: Rc::new(requests),
        status,
        against: Some(against),
    };
    let bytes = |length: usize| get(&format!("/bytes/{length}"), &[]);
    let lists = || leaves.iter().map(|leaf| get(&sample::list(&leaf.path), &[])).collect();
    vec![
        yardstick(READY_PAGE, hot().map(|it| bytes(it.length)).collect()),
        app("cached page", true, 200, READY_PAGE, hot().map(|it| page(&it.path, &[])).collect()),
        app(
            "cached page, not modified (304)",
            true,
            304,
            READY_PAGE,
            hot().map(|it| page(&it.path, &[("If-None-Match", &it.etag)])).collect(),
        ),
        app("cached page, gzip accepted", true, 200, READY_PAGE, coded("gzip")),
        app("cached page, br accepted", true, 200, READY_PAGE, coded("br")),
        yardstick(READY_LIST, leaves.iter().map(|leaf| bytes(leaf.length)).collect()),
        app("cached list of 20", true, 200, READY_LIST, lists()),
        Row {
            cached: false,
            ..yardstick(
                SQL_DOCUMENT,
                pieces.iter().map(|it| get(&format!("/sql/document/{}", it.id), &[])).collect(),
            )
        },
        app(
            "uncached page",
            false,
            200,
            SQL_DOCUMENT,
            pieces.iter().map(|it| page(&it.path, &[])).collect(),
        ),
        Row {
            cached: false,
            ..yardstick(
                SQL_LIST,
                leaves.iter().map(|it| get(&format!("/sql/list/{}", it.id), &[])).collect(),
            )
        },
        app("uncached list of 20", false, 200, SQL_LIST, lists()),
    ]
}

impl Row {
    fn child<'a>(&self, of: &'a Measured) -> &'a Child {
        if self.cached { &of.cached } else { &of.plain }
    }

    fn port(&self, of: &Measured) -> u16 {
        let child = self.child(of);
        if self.is_yardstick { child.yardsticks() } else { child.app() }
    }

    /// Asks for everything once, so that caches hold what they can.
    async fn warm(&self, of: &Measured) {
        let mut connection = Connection::open(self.port(of)).await;
        for request in self.requests.iter() {
            let answer = connection.ask(request).await;
            assert_eq!(answer.status, self.status, "{}", String::from_utf8_lossy(request));
        }
    }

    async fn round(&self, of: &Measured, time: Duration, connections: usize) -> Round {
        let before = self.child(of).processor_time();
        let run =
            client::drive(self.port(of), &self.requests, self.status, connections, time).await;
        let used = self.child(of).processor_time().saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let answers = run.answers as f64;
        let millis = |quantile| {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let micros = run.latencies.value_at_quantile(quantile) as f64;
            micros / 1e3
        };
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let bytes = run.bytes as f64;
        Round {
            rate: answers / run.elapsed.as_secs_f64(),
            p50: millis(0.5),
            p99: millis(0.99),
            cpu: used.as_secs_f64() * 1e6 / answers,
            bytes: bytes / answers,
        }
    }
}

#[derive(Clone, Copy)]
struct Round {
    rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    bytes: f64,
}

/// Drives every row of every newsroom in short rounds, one after the other, so that noise meets
/// all alike.
pub async fn drive(
    of: &[Measured],
    rounds: usize,
    time: Duration,
    connections: usize,
) -> Vec<Vec<Figures>> {
    let rows: Vec<Vec<Row>> = of.iter().map(rows).collect();
    for (one, rows) in of.iter().zip(&rows) {
        for row in rows {
            row.warm(one).await;
        }
    }
    let mut seen: Vec<Vec<Vec<Round>>> =
        rows.iter().map(|rows| rows.iter().map(|_| Vec::new()).collect()).collect();
    for number in 1..=rounds {
        eprintln!("  round {number} of {rounds}");
        for at in 0..rows[0].len() {
            for (newsroom, one) in of.iter().enumerate() {
                let round = rows[newsroom][at].round(one, time, connections).await;
                seen[newsroom][at].push(round);
            }
        }
    }
    rows.iter().zip(&seen).map(|(rows, seen)| figures(rows, seen)).collect()
}

fn figures(rows: &[Row], seen: &[Vec<Round>]) -> Vec<Figures> {
    let all = rows.iter().zip(seen).map(|(row, rounds)| {
        let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure));
        let yardstick = row.against.and_then(|name| rows.iter().position(|it| it.name == name));
        let ratio = |figure: fn(&Round) -> f64| {
            let pairs = rounds.iter().zip(&seen[yardstick?]);
            Some(median(pairs.map(|(own, yardstick)| figure(own) / figure(yardstick))))
        };
        Figures {
            name: row.name,
            against: row.against,
            rate: of(|round| round.rate),
            p50: of(|round| round.p50),
            p99: of(|round| round.p99),
            cpu: of(|round| round.cpu),
            bytes: of(|round| round.bytes),
            rate_ratio: ratio(|round| round.rate),
            cpu_ratio: ratio(|round| round.cpu),
        }
    });
    all.collect()
}

/// The middle one of them.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
