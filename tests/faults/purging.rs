//! The server ends while an outside cache is slow to answer: whoever comes next purges soon.
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{engines::Engine, newsroom::Newsroom, stop};

/// For how long a server that was killed keeps its turn.
const TURN: Duration = Duration::from_secs(5);
/// What a busy machine may add to any time that is promised.
const SLACK: Duration = Duration::from_millis(2500);
/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A cache that answers, or does not.
struct Cache {
    address: String,
    hangs: Arc<AtomicBool>,
    /// For each purge, whether it was left without an answer.
    purges: Receiver<bool>,
}

impl Cache {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/purge", listener.local_addr().unwrap());
        let (hangs, (tell, purges)) = (Arc::<AtomicBool>::default(), channel());
        let hanging = Arc::clone(&hangs);
        thread::spawn(move || {
            let mut unanswered: Vec<TcpStream> = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if stream.read(&mut [0; 1 << 14]).unwrap_or(0) == 0 {
                    continue;
                }
                let hangs = hanging.load(Relaxed);
                if hangs {
                    unanswered.push(stream);
                } else {
                    let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
                    let _ = stream.write_all(answer);
                }
                if tell.send(hangs).is_err() {
                    return;
                }
            }
        });
        Self { address, hangs, purges }
    }

    fn until(&self, hung: bool) {
        while self.purges.recv_timeout(PATIENCE).unwrap() != hung {}
    }
}

/// How long it takes until the next server purges, once it serves.
fn next_purge_after(engine: Engine, end: impl Fn(&mut Newsroom)) -> Duration {
    let cache = Cache::start();
    let mut newsroom = Newsroom::open_with(engine, &[("PURGE_URL", &*cache.address)]);
    cache.hangs.store(true, Relaxed);
    newsroom.editor().post("/manage/v1/sections", &json!({"name": "Purged late"})).expect(201);
    cache.until(true);
    end(&mut newsroom);
    cache.purges.try_iter().for_each(drop);
    cache.hangs.store(false, Relaxed);
    newsroom.restart();
    let started = Instant::now();
    cache.until(false);
    started.elapsed()
}

fn soon_after_it_was_told_to_stop(engine: Engine) {
    let took = next_purge_after(engine, |newsroom| {
        stop::terminate(&newsroom.server);
        stop::wait(&mut newsroom.server);
    });
    assert!(took < SLACK, "{took:?}");
}

fn not_long_after_it_was_killed(engine: Engine) {
    let took = next_purge_after(engine, |newsroom| newsroom.server.kill());
    assert!(took < TURN + SLACK, "{took:?}");
}

#[test]
fn on_sqlite_the_turn_is_given_back_at_the_stop_and_short_otherwise() {
    soon_after_it_was_told_to_stop(Engine::Sqlite);
    not_long_after_it_was_killed(Engine::Sqlite);
}

#[test]
fn on_postgres_the_turn_is_given_back_at_the_stop_and_short_otherwise() {
    if Engine::postgres_is_here() {
        soon_after_it_was_told_to_stop(Engine::Postgres);
        not_long_after_it_was_killed(Engine::Postgres);
    }
}
