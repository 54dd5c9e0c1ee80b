//! Connections that are held open: endless requests are cut, and so is who takes nothing of an
//! answer; neither they nor idle ones are noticed by readers.
use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use crate::server::Server;

/// How many of each kind of endless requests.
const EACH: usize = 500;
/// When all of them have to be gone.
const LIMIT: Duration = Duration::from_secs(30);
/// How many connections do nothing, and for how long at least.
const IDLE: usize = 1_000;
const HELD: Duration = Duration::from_secs(10);
/// What readers bear. Far more than they wait: a machine may have much else to do.
const PATIENCE: Duration = Duration::from_secs(2);

/// How requests begin that never end, and what is sent on of them.
const KINDS: [(&str, &str); 7] = [
    ("", ""),
    ("GET /v1/sections HTTP/1.1\r\nHost: x\r\n", "X-Slow: yes\r\n"),
    ("GET /v1/sections HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{", " "),
    ("POST /manage/v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n{", " "),
    (
        "POST /manage/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 90000\r\n\r\n{",
        " ",
    ),
    (
        "POST /manage/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        "1\r\n \r\n",
    ),
    (
        "POST /manage/v1/sections HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        "1\r\n \r\n",
    ),
];

struct Sender {
    stream: TcpStream,
    more: &'static str,
}

impl Sender {
    /// Sends a little more; whether the server still listens.
    fn goes_on(&mut self) -> bool {
        let mut heard = [0; 4096];
        match self.stream.read(&mut heard) {
            Ok(0) => return false,
            Err(err) if err.kind() != ErrorKind::WouldBlock => return false,
            Ok(_) | Err(_) => {}
        }
        self.stream.write_all(self.more.as_bytes()).is_ok()
    }
}

/// Reads the home page, as somebody who has just come.
fn read(server: &Server) {
    let reader = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent();
    let read = reader.get(format!("{}/v1/page?path=/", server.origin)).call().unwrap();
    assert_eq!(read.status(), 200);
}

/// Room for both ends of every connection.
fn room() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
}

#[test]
fn requests_that_never_end_are_cut_and_readers_do_not_notice() {
    room();
    let unlimited = [("RATE_LIMIT_SIGN_IN", "off")];
    let server = Server::demo_with(&unlimited);
    let started = Instant::now();
    let open = |(begin, more): (&str, &'static str)| {
        let mut stream = TcpStream::connect(&server.process.address).unwrap();
        stream.write_all(begin.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Sender { stream, more }
    };
    let mut senders: Vec<Sender> =
        KINDS.iter().flat_map(|kind| (0..EACH).map(|_| open(*kind))).collect();
    while !senders.is_empty() {
        assert!(started.elapsed() < LIMIT, "{} are still listened to", senders.len());
        read(&server);
        // The pace of the senders; nothing is waited for.
        thread::sleep(Duration::from_millis(250));
        senders.retain_mut(Sender::goes_on);
    }
}

/// A connection that is kept alive after one request, for as long as the server bears it.
fn idle(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(&server.process.address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut heard = [0; 4096];
    assert!(stream.read(&mut heard).unwrap() > 0);
    stream.set_nonblocking(true).unwrap();
    stream
}

#[test]
fn a_thousand_idle_connections_are_not_noticed() {
    room();
    let server = Server::demo_with(&[]);
    let started = Instant::now();
    let mut held: Vec<TcpStream> = (0..IDLE).map(|_| idle(&server)).collect();
    while started.elapsed() < HELD {
        read(&server);
        for stream in &mut held {
            // One that the server has closed is replaced, so that there are always as many.
            if matches!(stream.read(&mut [0]), Ok(0)) {
                *stream = idle(&server);
            }
        }
    }
}

/// How many take nothing of their answers.
const DEAF: usize = 300;
/// More of them, on one connection, than the system keeps for it.
const ANSWERS: usize = 16;

/// A connection that takes little at once, and has asked for a lot.
fn asking(server: &Server) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(65_536).unwrap();
    socket.connect(&server.process.address.parse::<SocketAddr>().unwrap().into()).unwrap();
    let mut stream = TcpStream::from(socket);
    let more = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(ANSWERS - 1);
    let last = "GET /openapi.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{more}{last}").as_bytes()).unwrap();
    stream
}

/// How many files the server holds open.
fn files(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.process.child.id())).unwrap().count()
}

#[test]
fn who_takes_nothing_of_an_answer_is_cut_and_who_takes_it_slowly_gets_it_whole() {
    room();
    let patience = Duration::from_secs(4);
    let settings = [("SEND_TIMEOUT", "4"), ("CONNECTIONS_PER_ADDRESS", "off")];
    let server = Server::demo_with(&settings);
    read(&server);
    let before = files(&server);
    let deaf: Vec<TcpStream> = (0..DEAF).map(|_| asking(&server)).collect();
    let mut slow = asking(&server);
    let (mut heard, mut piece) = (Vec::new(), vec![0; 500_000]);
    // Not before the first byte has come: a server that is busy with the others gives a reader time
    // to be slow in which nothing was sent.
    assert_eq!(slow.read(&mut piece[..1]).unwrap(), 1);
    heard.push(piece[0]);
    let started = Instant::now();
    loop {
        match slow.read(&mut piece).unwrap() {
            0 => break,
            some => heard.extend_from_slice(&piece[..some]),
        }
        if heard.len() as u64 / 1_000_000 > started.elapsed().as_secs() {
            // The pace of the reader; nothing is waited for.
            thread::sleep(Duration::from_millis(500));
        }
    }
    assert!(started.elapsed() > patience * 2, "that was not slow: {:?}", started.elapsed());
    let heard = String::from_utf8(heard).unwrap();
    assert_eq!(heard.matches("HTTP/1.1 200 OK\r\n").count(), ANSWERS);
    assert!(heard.trim_end().ends_with('}'), "the last one has no end");

    while files(&server) > before + 3 {
        assert!(started.elapsed() < LIMIT, "{} files are held", files(&server));
        read(&server);
        thread::sleep(Duration::from_millis(250));
    }
    let (_, figures) = server.call("/metrics", &[]);
    let line = format!("broadsheet_http_stalled_connections_total {DEAF}");
    assert!(figures.lines().any(|figure| figure == line), "{figures}");
    drop(deaf);
}
