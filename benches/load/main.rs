//! The load: a newsroom of any size, served by a process of its own and driven over HTTP beside
//! two yardsticks, a handler of ready bytes and the bare SQL. `cargo bench --bench load --
//! --help` says how.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed run should stop")]
mod child;
mod client;
mod desk;
mod endpoints;
mod newsroom;
mod publishing;
mod report;
mod rows;
mod sample;
mod serve;
mod writes;
mod yardsticks;

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use child::Child;
use newsroom::Newsroom;
use report::Measured;
use sample::Sample;

/// Drives Broadsheet over HTTP and prints what came of it as Markdown.
#[derive(Parser)]
#[command(name = "load")]
struct Options {
    /// How many articles; several sizes, as in 10000,1000000, are measured side by side.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000])]
    articles: Vec<u64>,
    /// Keep the databases in this folder, and use them again.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Measure on this PostgreSQL server, in schemas named `load_N`, which stay there.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
    /// How long each row is driven in each round.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// How many rounds there are; medians are taken over them.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How many connections ask at once.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How many articles are published to see when readers get them.
    #[arg(long, default_value_t = 100)]
    publishes: usize,
    /// Sent by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == serve::COMMAND) {
        return serve::run(&arguments[1..]);
    }
    let options = Options::parse();
    if !options.bench {
        println!("not measured: this is run by cargo bench");
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let newsrooms: Vec<Newsroom> =
        options.articles.iter().map(|count| Newsroom::open(*count, &options)).collect();
    let mut measured = Vec::new();
    for newsroom in newsrooms {
        measured.push(runtime.block_on(async {
            let cached = Child::start(&newsroom, true).await;
            let plain = Child::start(&newsroom, false).await;
            eprintln!("{} articles: taking a sample", newsroom.articles);
            let sample = Sample::take(plain.app()).await;
            Measured::new(newsroom, cached, plain, sample)
        }));
    }
    eprintln!("every endpoint, one request at a time");
    let timings = runtime.block_on(endpoints::medians(&measured));
    eprintln!("under load");
    let round = Duration::from_secs_f64(options.seconds);
    let driven = rows::drive(&measured, options.rounds, round, options.connections);
    let figures = runtime.block_on(driven);
    for ((one, timings), figures) in measured.iter_mut().zip(timings).zip(figures) {
        one.endpoints = timings;
        one.rows = figures;
        one.loaded = [one.cached.resident(), one.plain.resident()];
    }
    eprintln!("publishing");
    for one in &mut measured {
        one.publishing = Some(runtime.block_on(publishing::measure(one, options.publishes)));
    }
    eprintln!("writing");
    for one in &mut measured {
        one.writes = Some(runtime.block_on(writes::measure(one, options.rounds, round)));
    }
    report::print(&measured, &options, &arguments);
}
