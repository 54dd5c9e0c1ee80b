//! The server as a process of its own, and what the kernel says of it.
use std::{
    env, fs,
    net::TcpListener,
    process::{self, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    client::Connection,
    newsroom::{Newsroom, SECRET},
    serve,
};

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running server; ended when dropped.
pub struct Child {
    process: process::Child,
    app: u16,
    yardsticks: u16,
    /// From the start of the process to its first 200.
    pub first_answer: Duration,
    /// Resident memory then, in bytes.
    pub idle: u64,
}

impl Child {
    /// Starts a server on this newsroom, with or without the cache of answers.
    pub async fn start(newsroom: &Newsroom, cache: bool) -> Self {
        let (app, yardsticks) = (free_port(), free_port());
        let cache = if cache { "on" } else { "off" };
        let settings = [
            format!("DATABASE_URL={}", newsroom.url),
            format!("JWT_SECRET={SECRET}"),
            format!("BIND_ADDR=127.0.0.1:{app}"),
            // The same for all, since pages name it.
            "SITE_URL=https://news.example.org".to_owned(),
            format!("CACHE={cache}"),
            format!("{}=127.0.0.1:{yardsticks}", serve::YARDSTICKS),
        ];
        let started = Instant::now();
        let process = Command::new(env::current_exe().unwrap())
            .arg(serve::COMMAND)
            .args(settings)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = Self { process, app, yardsticks, first_answer: Duration::ZERO, idle: 0 };
        child.await_first_answer(started).await;
        child
    }

    async fn await_first_answer(&mut self, started: Instant) {
        while std::net::TcpStream::connect(("127.0.0.1", self.app)).is_err() {
            assert!(started.elapsed() < PATIENCE, "the server does not start");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Connection::open(self.app).await.get("/v1/page?path=/").await;
        self.first_answer = started.elapsed();
        self.idle = self.resident();
    }

    /// The port of the app.
    pub fn app(&self) -> u16 {
        self.app
    }

    /// The port of the yardsticks.
    pub fn yardsticks(&self) -> u16 {
        self.yardsticks
    }

    /// The processor time that it has used, in its own code and in the kernel.
    pub fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        // The name before may have spaces in it; `utime` and `stime` are fields 14 and 15.
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks: u32 = fields[11..13].iter().map(|ticks| ticks.parse::<u32>().unwrap()).sum();
        // Linux counts a hundred ticks a second for everyone who asks this way.
        Duration::from_millis(10) * ticks
    }

    /// The memory that it has resident, in bytes.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Another program could take the port in between, but none does in practice.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
