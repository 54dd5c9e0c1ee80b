//! Slow senders: whoever holds connections open with requests that never end loses them.
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use crate::server::Server;

/// How many of each kind.
const EACH: usize = 60;
/// When all of them have to be gone.
const LIMIT: Duration = Duration::from_secs(30);

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

#[test]
fn requests_that_never_end_are_cut_and_readers_do_not_notice() {
    let unlimited = [("RATE_LIMIT_SIGN_IN", "off")];
    let server = Server::demo_with(&unlimited);
    let address = server.origin.trim_start_matches("http://").to_owned();
    let started = Instant::now();
    let open = |(begin, more): (&str, &'static str)| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(begin.as_bytes()).unwrap();
        stream.set_nonblocking(true).unwrap();
        Sender { stream, more }
    };
    let mut senders: Vec<Sender> =
        KINDS.iter().flat_map(|kind| (0..EACH).map(|_| open(*kind))).collect();
    while !senders.is_empty() {
        assert!(started.elapsed() < LIMIT, "{} are still listened to", senders.len());
        let read = ureq::get(format!("{}/v1/page?path=/", server.origin)).call().unwrap();
        assert_eq!(read.status(), 200);
        // The pace of the senders; nothing is waited for.
        thread::sleep(Duration::from_millis(250));
        senders.retain_mut(Sender::goes_on);
    }
}
