//! Plays the cache outside: takes purges, and answers as it is told to.
use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        mpsc::{self, Sender, channel},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One request, as it arrived.
#[derive(Debug, Clone, PartialEq)]
pub struct Purge {
    pub request: String,
    headers: Vec<(String, String)>,
    pub body: Value,
}

impl Purge {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The tags, which header and body agree on.
    pub fn tags(&self) -> Vec<String> {
        let tags: Vec<String> = serde_json::from_value(self.body["tags"].clone()).unwrap();
        assert_eq!(self.header("surrogate-key"), Some(tags.join(" ").as_str()));
        tags
    }
}

/// Listens until the test ends.
pub struct Receiver {
    pub origin: String,
    arrived: mpsc::Receiver<Purge>,
    script: Arc<Mutex<Script>>,
}

/// What to answer.
#[derive(Default)]
struct Script {
    statuses: VecDeque<u16>,
    /// Where whoever follows redirects would go.
    location: String,
}

impl Receiver {
    /// Answers with 200 unless told otherwise.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::<Mutex<Script>>::default();
        let (arrive, arrived) = channel();
        let followed = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (arrive, script) = (arrive.clone(), Arc::clone(&followed));
                thread::spawn(move || talk(&stream.unwrap(), &arrive, &script));
            }
        });
        Self { origin, arrived, script }
    }

    /// Answers the next requests with these, and all after them with 200 again.
    pub fn answer(&self, statuses: &[u16]) {
        self.script.lock().unwrap().statuses = statuses.iter().copied().collect();
    }

    /// Answers the next requests with these, and names this address as the place to go to.
    pub fn redirect(&self, statuses: &[u16], location: &str) {
        self.answer(statuses);
        location.clone_into(&mut self.script.lock().unwrap().location);
    }

    /// The next purge, as soon as it is here.
    #[track_caller]
    pub fn next(&self) -> Purge {
        self.arrived.recv_timeout(PATIENCE).expect("a purge")
    }

    /// Whether nothing has arrived that was not asked for.
    pub fn is_quiet(&self) -> bool {
        self.arrived.try_recv().is_err()
    }
}

/// Answers one request after the other until the caller hangs up.
fn talk(stream: &TcpStream, arrive: &Sender<Purge>, script: &Mutex<Script>) {
    let (mut lines, mut out) = (BufReader::new(stream), stream);
    while let Some(request) = line(&mut lines) {
        let headers: Vec<(String, String)> = std::iter::from_fn(|| line(&mut lines))
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap())
            .collect();
        let mut purge = Purge { request, headers, body: Value::Null };
        let length = purge.header("content-length").expect("a length").parse().unwrap();
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        purge.body = serde_json::from_slice(&body).unwrap();
        // Asked for before it is known to have arrived, so that a test's next words come later.
        let (status, location) = {
            let mut script = script.lock().unwrap();
            (script.statuses.pop_front().unwrap_or(200), script.location.clone())
        };
        if arrive.send(purge).is_err() {
            return;
        }
        let answer =
            format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 2\r\n\r\nok");
        if out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn line(from: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    from.read_line(&mut line).ok().filter(|read| *read > 0)?;
    Some(line.trim_end().to_owned())
}
