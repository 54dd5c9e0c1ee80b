//! Acknowledged writes, beside what the disk can sync.
use std::{
    cell::Cell,
    io::Write,
    rc::Rc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::LocalSet;

use super::{
    client::{Connection, get},
    desk::{done, send, sign_in},
    report::Measured,
    rows::median,
};

/// How many editors save at once.
pub const WRITERS: [usize; 2] = [1, 64];
/// What is written before each bare sync: a page of the database.
const PAGE: [u8; 4096] = [0x5a; 4096];

/// Medians over the rounds.
pub struct Writes {
    /// Bare syncs of one page a second, one after the other.
    pub syncs: f64,
    /// For each number of writers: acknowledged writes a second, and how many to a bare sync of
    /// the same round.
    pub acknowledged: [(f64, f64); WRITERS.len()],
}

/// Has editors save articles, each their own, as fast as the answers come.
pub async fn measure(one: &Measured, rounds: usize, time: Duration) -> Writes {
    let mut measured = Vec::new();
    for _ in 0..rounds {
        let mut round = Round { syncs: syncs(one, time), saves: [0.0; WRITERS.len()] };
        for (rate, writers) in round.saves.iter_mut().zip(WRITERS) {
            *rate = saves(one, writers, time).await;
        }
        measured.push(round);
    }
    let rate = |of: &dyn Fn(&Round) -> f64| median(measured.iter().map(of));
    Writes {
        syncs: rate(&|round| round.syncs),
        acknowledged: std::array::from_fn(|at| {
            (rate(&|round| round.saves[at]), rate(&|round| round.saves[at] / round.syncs))
        }),
    }
}

/// Rates of one round, a second.
struct Round {
    syncs: f64,
    saves: [f64; WRITERS.len()],
}

/// How often a page can be appended and synced, on the disk that the database is on.
fn syncs(one: &Measured, time: Duration) -> f64 {
    let folder = one.newsroom.file.as_ref().and_then(|file| file.parent());
    let mut file = folder.map_or_else(tempfile::tempfile, tempfile::tempfile_in).unwrap();
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < time {
        file.write_all(&PAGE).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

async fn saves(one: &Measured, writers: usize, time: Duration) -> f64 {
    let mut editors = Vec::new();
    let mut desk = Connection::open(one.plain.app()).await;
    let token: Rc<str> = sign_in(&mut desk).await.into();
    for piece in one.sample.pieces.iter().take(writers) {
        let mut desk = Connection::open(one.plain.app()).await;
        let path = format!("/manage/v1/articles/{}", piece.id);
        let article = desk.ask(&get(&path, &[("Authorization", &*token)])).await;
        done(&article);
        editors.push((desk, path, article.etag.expect("an entity tag")));
    }
    assert_eq!(editors.len(), writers, "an article for each");
    let saved = Rc::new(Cell::new(0_u32));
    let tasks = LocalSet::new();
    let started = Instant::now();
    for (mut desk, path, mut etag) in editors {
        let (token, saved) = (Rc::clone(&token), Rc::clone(&saved));
        tasks.spawn_local(async move {
            while started.elapsed() < time {
                let change = json!({"headline": format!("Saved as version {etag}")});
                let answer = desk.ask(&send(&token, "PATCH", &path, &etag, &change)).await;
                done(&answer);
                etag = answer.etag.expect("an entity tag");
                saved.set(saved.get() + 1);
            }
        });
    }
    tasks.await;
    f64::from(saved.get()) / started.elapsed().as_secs_f64()
}
