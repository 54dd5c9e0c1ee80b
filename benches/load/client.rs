//! A small HTTP client that keeps its connections, and the load that many of them make.
use std::{
    cell::RefCell,
    fmt::Write,
    rc::Rc,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

/// One kept connection.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub etag: Option<String>,
    pub body: Vec<u8>,
}

/// Where the answer's parts are.
struct Parts {
    status: u16,
    etag: Option<String>,
    head: usize,
    body: usize,
}

impl Connection {
    pub async fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server is up");
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends a request and reads its answer, which stays in the buffer.
    async fn exchange(&mut self, request: &[u8]) -> Parts {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let mut head = None;
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server hung up: {}", String::from_utf8_lossy(request));
            let parts = match head.take() {
                Some(parts) => parts,
                None => match parse(&self.buffer) {
                    Some(parts) => parts,
                    None => continue,
                },
            };
            if self.buffer.len() >= parts.head + parts.body {
                return parts;
            }
            head = Some(parts);
        }
    }

    pub async fn ask(&mut self, request: &[u8]) -> Answer {
        let Parts { status, etag, head, body } = self.exchange(request).await;
        Answer { status, etag, body: self.buffer[head..head + body].to_vec() }
    }

    /// The body of a GET that is to be answered with 200.
    pub async fn get(&mut self, path: &str) -> Vec<u8> {
        let answer = self.ask(&get(path, &[])).await;
        let said = || String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{path}: {}", said());
        answer.body
    }

    pub async fn json(&mut self, path: &str) -> Value {
        serde_json::from_slice(&self.get(path).await).expect("JSON")
    }
}

/// `None` while the head has not arrived whole.
fn parse(buffer: &[u8]) -> Option<Parts> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = response.parse(buffer).expect("HTTP") else {
        return None;
    };
    let status = response.code.unwrap();
    let value = |name: &str| {
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let bodiless = status == 304 || status == 204;
    let length = value("content-length").map(|length| length.parse().unwrap());
    let body = if bodiless { 0 } else { length.expect("an answer that says its length") };
    Some(Parts { status, etag: value("etag").map(str::to_owned), head, body })
}

/// A GET, ready to be sent.
pub fn get(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    request("GET", path, headers, "")
}

/// Any request, ready to be sent.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(text, "Content-Length: {}\r\n", body.len());
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// What came of driving a server for a while.
pub struct Run {
    pub answers: u64,
    pub bytes: u64,
    pub elapsed: Duration,
    /// In microseconds.
    pub latencies: Histogram<u64>,
}

/// Sends these requests in turn over so many connections, each as fast as it is answered.
pub async fn drive(
    port: u16,
    requests: &Rc<Vec<Vec<u8>>>,
    status: u16,
    connections: usize,
    time: Duration,
) -> Run {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(port).await);
    }
    let latencies = Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
    let run = Rc::new(RefCell::new(Run { answers: 0, bytes: 0, elapsed: time, latencies }));
    let tasks = LocalSet::new();
    let started = Instant::now();
    for (number, mut connection) in open.into_iter().enumerate() {
        let (run, requests) = (Rc::clone(&run), Rc::clone(requests));
        tasks.spawn_local(async move {
            // Each begins elsewhere, so that they do not all ask for the same at once.
            let mut at = number * requests.len() / connections;
            while started.elapsed() < time {
                let asked = Instant::now();
                let head = connection.exchange(&requests[at % requests.len()]).await;
                assert_eq!(
                    head.status,
                    status,
                    "{}",
                    String::from_utf8_lossy(&requests[at % requests.len()])
                );
                at += 1;
                let mut run = run.borrow_mut();
                run.answers += 1;
                run.bytes += head.body as u64;
                let took = u64::try_from(asked.elapsed().as_micros()).unwrap();
                run.latencies.saturating_record(took);
            }
        });
    }
    tasks.await;
    let mut run = Rc::try_unwrap(run).ok().expect("every connection is done").into_inner();
    run.elapsed = started.elapsed();
    run
}
