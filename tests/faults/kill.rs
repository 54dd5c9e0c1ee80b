//! The program is killed, fifty times, in the middle of everything.
use std::{env, iter, sync::mpsc::channel, thread};

use fastrand::Rng;

use crate::{engines::Engine, newsroom::Newsroom};

const ROUNDS: usize = 50;
const DESKS: usize = 8;

#[test]
fn nothing_acknowledged_is_lost_on_sqlite() {
    kill_again_and_again(Engine::Sqlite);
}

#[test]
fn nothing_acknowledged_is_lost_on_postgres() {
    if Engine::postgres_is_here() {
        kill_again_and_again(Engine::Postgres);
    }
}

/// Kills after a number of acknowledgements that chance decides, at whatever moment that is.
fn kill_again_and_again(engine: Engine) {
    let seed = seed();
    let mut random = Rng::with_seed(seed);
    let mut newsroom = Newsroom::open(engine);
    let mut desks = newsroom.desks(DESKS, seed);
    let mut acknowledged = 0;
    for _ in 0..ROUNDS {
        for desk in &mut desks {
            desk.come_in(newsroom.editor());
        }
        let (done, wait) = channel();
        let enough = random.usize(1..60);
        thread::scope(|scope| {
            for desk in &mut desks {
                let done = done.clone();
                scope.spawn(move || while desk.step() && done.send(()).is_ok() {});
            }
            acknowledged += wait.iter().take(enough).count();
            newsroom.server.kill();
        });
        newsroom.restart();
        newsroom.is_whole(&mut desks);
    }
    let lost: u64 = desks.iter().map(|desk| desk.lost).sum();
    println!("{acknowledged} acknowledged, {lost} requests broken off");
    assert!(iter::zip([acknowledged as u64, lost], [1, 1]).all(|(is, least)| is >= least));
}

/// What decides what chance does: another each time, unless a run is to be repeated.
#[expect(clippy::disallowed_methods, reason = "repeats a run whose seed was printed")]
pub fn seed() -> u64 {
    let seed = env::var("SEED").map_or_else(|_| Rng::new().u64(..), |seed| seed.parse().unwrap());
    println!("SEED={seed}");
    seed
}
