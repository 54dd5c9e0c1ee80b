//! The program is asked to end: what it has taken on it finishes, but not for ever.
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use crate::{engines::Engine, newsroom::Newsroom, process::Process, shift::under_load};

const LOOK: Duration = Duration::from_millis(5);
/// What a busy machine may add to any time that is promised.
const GRACE: Duration = Duration::from_secs(5);

#[test]
fn what_is_in_flight_on_sqlite_is_answered() {
    end_in_the_middle(Engine::Sqlite);
}

#[test]
fn what_is_in_flight_on_postgres_is_answered() {
    if Engine::postgres_is_here() {
        end_in_the_middle(Engine::Postgres);
    }
}

/// Under load, with one request that is known to have been taken on.
fn end_in_the_middle(engine: Engine) {
    let mut newsroom = Newsroom::open_with(engine, &[("SHUTDOWN_TIMEOUT", "20")]);
    let mut idle = BufReader::new(connect(&newsroom.server));
    idle.get_mut().write_all(b"GET /v1/sections HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(line(&mut idle), "HTTP/1.1 200 OK");
    let mut desks = newsroom.desks(8, 1);
    let ended = under_load(&mut desks, |_| {
        let body = r#"{"email": "nobody@example.org", "password": "what was it"}"#;
        let mut taken_on = taken_on(&newsroom.server, body.len());
        let started = Instant::now();
        terminate(&newsroom.server);
        while TcpStream::connect(&newsroom.server.address).is_ok() {
            assert!(started.elapsed() < GRACE, "new connections are taken still");
            thread::sleep(LOOK);
        }
        taken_on.get_mut().write_all(body.as_bytes()).unwrap();
        assert_eq!(line(&mut taken_on), "HTTP/1.1 401 Unauthorized");
        drop(taken_on);
        let ended = wait(&mut newsroom.server);
        println!("{:?} with an idle connection", started.elapsed());
        assert!(started.elapsed() < Duration::from_secs(20), "the idle one held it up");
        ended
    });
    assert_eq!(ended.code(), Some(0));
    newsroom.restart();
    newsroom.is_whole(&mut desks);
}

#[test]
fn who_never_comes_to_an_end_is_not_waited_for_longer_than_promised() {
    let mut newsroom = Newsroom::open_with(Engine::Sqlite, &[("SHUTDOWN_TIMEOUT", "1")]);
    let mut dripping = taken_on(&newsroom.server, 1000);
    let started = Instant::now();
    terminate(&newsroom.server);
    thread::spawn(move || {
        while dripping.get_mut().write_all(b" ").is_ok() {
            thread::sleep(LOOK);
        }
    });
    let ended = wait(&mut newsroom.server);
    assert!(started.elapsed() < Duration::from_secs(1) + GRACE, "{:?}", started.elapsed());
    assert_eq!(ended.code(), Some(0));
}

/// How many connections are kept alive.
const KEPT: usize = 40;

/// Requests that have come while the server had no time to look, and then it is told to stop.
#[test]
fn what_has_come_on_kept_connections_is_answered_and_told_that_they_end() {
    let mut newsroom = Newsroom::open_with(Engine::Sqlite, &[("SHUTDOWN_TIMEOUT", "20")]);
    let get = b"GET /v1/sections HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let kept = || {
        let mut stream = BufReader::new(connect(&newsroom.server));
        stream.get_mut().write_all(get).unwrap();
        let (status, closes) = whole(&mut stream);
        assert!(status == "HTTP/1.1 200 OK" && !closes, "{status}");
        stream
    };
    let (mut asking, mut idle): (Vec<_>, Vec<_>) =
        ((0..KEPT).map(|_| kept()).collect(), (0..KEPT).map(|_| kept()).collect());
    let body = r#"{"email": "nobody@example.org", "password": "what was it"}"#;
    let mut taken_on = taken_on(&newsroom.server, body.len());
    signal(&newsroom.server, "-STOP");
    for stream in &mut asking {
        stream.get_mut().write_all(get).unwrap();
    }
    let started = Instant::now();
    signal(&newsroom.server, "-TERM");
    signal(&newsroom.server, "-CONT");
    for stream in &mut asking {
        assert_eq!(whole(stream).0, "HTTP/1.1 200 OK");
    }
    while TcpStream::connect(&newsroom.server.address).is_ok() {
        assert!(started.elapsed() < GRACE, "new connections are taken still");
        thread::sleep(LOOK);
    }
    taken_on.get_mut().write_all(body.as_bytes()).unwrap();
    let (status, closes) = whole(&mut taken_on);
    assert_eq!(status, "HTTP/1.1 401 Unauthorized");
    assert!(closes, "nobody says that the connection ends");
    for stream in asking.iter_mut().chain(&mut idle).chain([&mut taken_on]) {
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "it is not closed");
    }
    assert_eq!(wait(&mut newsroom.server).code(), Some(0));
    assert!(started.elapsed() < GRACE, "{:?}", started.elapsed());
}

/// Reads one answer; its status line, and whether it says that the connection ends with it.
fn whole(stream: &mut BufReader<TcpStream>) -> (String, bool) {
    let status = line(stream);
    let (mut closes, mut length) = (false, 0);
    loop {
        let header = line(stream).to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        closes |= header == "connection: close";
        if let Some(given) = header.strip_prefix("content-length: ") {
            length = given.parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
    (status, closes)
}

fn connect(server: &Process) -> TcpStream {
    TcpStream::connect(&server.address).unwrap()
}

/// A request to sign in, of which the server has read the head and waits for the body.
fn taken_on(server: &Process, length: usize) -> BufReader<TcpStream> {
    let mut stream = BufReader::new(connect(server));
    let head = format!(
        "POST /manage/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.get_mut().write_all(head.as_bytes()).unwrap();
    assert_eq!(line(&mut stream), "HTTP/1.1 100 Continue");
    assert_eq!(line(&mut stream), "");
    stream
}

fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

pub fn terminate(server: &Process) {
    signal(server, "-TERM");
}

fn signal(server: &Process, signal: &str) {
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

/// Waits until it has ended by itself.
pub fn wait(server: &mut Process) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(ended) = server.child.try_wait().unwrap() {
            return ended;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "it does not end");
        thread::sleep(LOOK);
    }
}
