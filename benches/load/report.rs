//! What came of it, as Markdown on standard output.
use std::{fmt::Write, fs, num::NonZero, process::Command, thread::available_parallelism};

use broadsheet::time::Clock;
use hdrhistogram::Histogram;

use super::{
    Options,
    child::Child,
    endpoints::Timing,
    newsroom::Newsroom,
    publishing::Publishing,
    rows::Figures,
    sample::Sample,
    writes::{WRITERS, Writes},
};

/// A newsroom, its servers, and all that was measured.
pub struct Measured {
    pub newsroom: Newsroom,
    pub cached: Child,
    pub plain: Child,
    pub sample: Sample,
    pub endpoints: Vec<Timing>,
    pub rows: Vec<Figures>,
    /// Resident memory after the load, in bytes: with the cache, and without.
    pub loaded: [u64; 2],
    pub publishing: Option<Publishing>,
    pub writes: Option<Writes>,
}

impl Measured {
    /// Nothing is measured yet.
    pub fn new(newsroom: Newsroom, cached: Child, plain: Child, sample: Sample) -> Self {
        let (endpoints, rows, loaded, publishing, writes) = Default::default();
        Self { newsroom, cached, plain, sample, endpoints, rows, loaded, publishing, writes }
    }
}

/// Prints it all.
pub fn print(measured: &[Measured], options: &Options, arguments: &[String]) {
    let arguments: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| *argument != "--bench").collect();
    println!("## Broadsheet under load, {}\n", &Clock::system().now().to_string()[..10]);
    println!("    cargo bench --bench load -- {}\n", secretless(&arguments.join(" "), options));
    println!("{}\n", machine());
    println!(
        "{} rounds of {} s a row, {} connections kept open, one after the other; client and server \
         share the machine. Every figure is the median of the rounds, every ratio the median of \
         the ratios within a round. CPU is the server's own processor time{}.\n",
        options.rounds,
        options.seconds,
        options.connections,
        if options.postgres.is_some() { ", without PostgreSQL's" } else { "" },
    );
    rows(measured);
    endpoints(measured);
    others(measured);
    writes(measured);
}

/// The command as it can be shown: addresses of databases hold passwords.
fn secretless(command: &str, options: &Options) -> String {
    match &options.postgres {
        Some(url) => command.replace(url.as_str(), "postgres://…"),
        None => command.to_owned(),
    }
}

fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or_else(String::new, |(_, value)| value.trim().to_owned())
    };
    let model = value(&read("/proc/cpuinfo"), "model name");
    let memory = value(&read("/proc/meminfo"), "MemTotal");
    let memory: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
    let revision = Command::new("git").args(["rev-parse", "--short", "HEAD"]).output();
    let revision = revision.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    let cores = available_parallelism().map_or(0, NonZero::get);
    format!(
        "Revision {}, on {cores} cores ({model}), {} GiB of memory.",
        revision.unwrap_or_default(),
        memory / 1024 / 1024
    )
}

fn rows(measured: &[Measured]) {
    println!(
        "| articles | row | bytes | requests/s | p50 ms | p99 ms | CPU µs | held against | requests/s | CPU |"
    );
    println!("|---:|---|---:|---:|---:|---:|---:|---|---:|---:|");
    for one in measured {
        for row in &one.rows {
            let ratio = |ratio: Option<f64>| {
                ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} ×"))
            };
            println!(
                "| {} | {} | {:.0} | {:.0} | {:.2} | {:.2} | {:.1} | {} | {} | {} |",
                one.newsroom.articles,
                row.name,
                row.bytes,
                row.rate,
                row.p50,
                row.p99,
                row.cpu,
                row.against.unwrap_or_default(),
                ratio(row.rate_ratio),
                ratio(row.cpu_ratio),
            );
        }
    }
    println!();
}

/// One line for every endpoint; where there are several sizes, the last against the first.
fn endpoints(measured: &[Measured]) {
    println!("One request at a time, medians in µs, composed (without the cache) and ready:\n");
    let sizes = measured.iter().map(|one| {
        let size = one.newsroom.articles;
        format!(" {size}: composed | {size}: ready |")
    });
    let compared = measured.len() > 1;
    let last = if compared { " composed, last : first | ready, last : first |" } else { "" };
    println!("| endpoint |{}{last}", sizes.collect::<String>());
    println!("|---|{}", "---:|".repeat(measured.len() * 2 + if compared { 2 } else { 0 }));
    let (first, rest) = (&measured[0], measured.last().unwrap_or(&measured[0]));
    for (at, timing) in first.endpoints.iter().enumerate() {
        let figures = measured.iter().map(|one| {
            let Timing { composed, ready, .. } = one.endpoints[at];
            format!(" {composed:.0} | {ready:.0} |")
        });
        let mut line = format!("| {} |{}", timing.name, figures.collect::<String>());
        if compared {
            let last = &rest.endpoints[at];
            let (composed, ready) = (last.composed / timing.composed, last.ready / timing.ready);
            let _ = write!(line, " {composed:.2} × | {ready:.2} × |");
        }
        println!("{line}");
    }
    println!();
    for one in measured {
        let [largest, smallest] = &one.sample.deep;
        println!(
            "The deepest page measured of {} articles is page {} of the largest section and page \
             {} of the smallest.",
            one.newsroom.articles, largest.number, smallest.number
        );
    }
    println!();
}

/// What is measured once.
fn others(measured: &[Measured]) {
    let sizes = measured.iter().map(|one| format!(" {} articles |", one.newsroom.articles));
    println!("| |{}", sizes.collect::<String>());
    println!("|---|{}", "---:|".repeat(measured.len()));
    let line = |name: &str, value: &dyn Fn(&Measured) -> String| {
        let values = measured.iter().map(|one| format!(" {} |", value(one)));
        println!("| {name} |{}", values.collect::<String>());
    };
    line("filling it", &|one| match one.newsroom.filled_in {
        Some(time) => {
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let articles = one.newsroom.articles as f64;
            let seconds = time.as_secs_f64();
            format!("{seconds:.0} s, {:.0} articles/s", articles / seconds)
        }
        None => "kept from before".to_owned(),
    });
    if measured.iter().any(|one| one.newsroom.file.is_some()) {
        line("its file", &|one| {
            let length = one.newsroom.file.as_ref().and_then(|file| file.metadata().ok());
            length.map_or_else(String::new, |file| mebibytes(file.len()))
        });
    }
    line("start to the first 200", &|one| format!("{} ms", one.cached.first_answer.as_millis()));
    line("resident when idle", &|one| mebibytes(one.cached.idle));
    line("resident after the load, cache on", &|one| mebibytes(one.loaded[0]));
    line("resident after the load, cache off", &|one| mebibytes(one.loaded[1]));
    let times = |pick: fn(&Publishing) -> Option<&Histogram<u64>>| {
        move |one: &Measured| match one.publishing.as_ref().and_then(pick) {
            Some(times) => format!("{} / {}", millis(times, 0.5), millis(times, 0.99)),
            None => "not measured".to_owned(),
        }
    };
    line("publishing, p50 / p99 ms", &times(|it| Some(&it.publish)));
    line("published to visible, same server, p50 / p99 ms", &times(|it| Some(&it.visible)));
    if measured.iter().any(|one| one.newsroom.is_shared()) {
        let name = "published to visible, another server, p50 / p99 ms";
        line(name, &times(|it| it.elsewhere.as_ref()));
    }
}

/// What is written, and what the disk could sync meanwhile.
fn writes(measured: &[Measured]) {
    println!("\nAcknowledged saves a second, beside bare syncs of one page on the same disk:\n");
    let writers = WRITERS.map(|writers| format!(" {writers} writing at once | to a bare sync |"));
    println!("| articles | bare syncs/s |{}", writers.concat());
    println!("|---:|---:|{}", "---:|---:|".repeat(WRITERS.len()));
    for one in measured {
        let Some(Writes { syncs, acknowledged }) = &one.writes else { continue };
        let rates = acknowledged.map(|(rate, ratio)| format!(" {rate:.0} | {ratio:.2} × |"));
        println!("| {} | {syncs:.0} |{}", one.newsroom.articles, rates.concat());
    }
}

fn millis(times: &Histogram<u64>, quantile: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let micros = times.value_at_quantile(quantile) as f64;
    format!("{:.2}", micros / 1e3)
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes / 1024 / 1024)
}
