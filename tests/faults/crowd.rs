//! A crowd on SQLite: 64 who write and 64 who read, for half a minute.
use std::{
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::{caller::Caller, engines::Engine, newsroom::Newsroom, shift::under_load};

const EACH: usize = 64;
const TIME: Duration = Duration::from_secs(30);
/// How long the readers are measured without the writers.
const ALONE: Duration = Duration::from_secs(5);

#[test]
fn writers_lose_nothing_and_readers_are_all_answered() {
    let newsroom = Newsroom::open(Engine::Sqlite);
    let readers: Vec<Caller> = (0..EACH).map(|_| newsroom.reader()).collect();
    let alone = read(&readers, ALONE);
    let mut desks = newsroom.desks(EACH, 2);
    let together = under_load(&mut desks, |_| read(&readers, TIME));
    newsroom.is_whole(&mut desks);
    assert!(desks.iter().all(|desk| desk.lost == 0 && desk.perhaps_counted == 0));
    let answers = |status: u16| desks.iter().filter_map(|desk| desk.answers.get(&status)).sum();
    let (made, changed, overtaken): (u64, u64, u64) = (answers(201), answers(200), answers(412));
    assert_eq!(desks.iter().flat_map(|desk| desk.answers.keys()).find(|at| **at >= 500), None);
    let counted: u64 = desks.iter().map(|desk| desk.counted).sum();
    println!("{made} made, {changed} read or changed, {counted} counted, {overtaken} overtaken");
    let p99 = |times: &Histogram<u64>| Duration::from_micros(times.value_at_quantile(0.99));
    println!(
        "readers: {} answers alone, p99 {:?}; {} beside writers, p99 {:?}: {:.1} times",
        alone.len(),
        p99(&alone),
        together.len(),
        p99(&together),
        p99(&together).div_duration_f64(p99(&alone)),
    );
}

/// Reads on so many connections at once; how long each answer took, in microseconds.
fn read(readers: &[Caller], time: Duration) -> Histogram<u64> {
    let paths = ["/v1/articles", "/v1/sections", "/v1/page?path=/world", "/v1/page?path=/"];
    let started = Instant::now();
    thread::scope(|scope| {
        let reading = |(at, reader): (usize, &Caller)| {
            let mut times = Histogram::<u64>::new(3).unwrap();
            let mut paths = paths.iter().cycle().skip(at);
            while started.elapsed() < time {
                let asked = Instant::now();
                reader.get(paths.next().unwrap()).expect(200);
                times.record(asked.elapsed().as_micros().try_into().unwrap()).unwrap();
            }
            times
        };
        let running: Vec<_> =
            readers.iter().enumerate().map(|reader| scope.spawn(move || reading(reader))).collect();
        let mut all = Histogram::new(3).unwrap();
        for reader in running {
            all += reader.join().unwrap();
        }
        all
    })
}
