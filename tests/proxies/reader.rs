//! A reader who comes through a proxy, from an address of their own.
use std::{collections::HashMap, process::Command};

use serde_json::Value;

/// Not the proxy's own: that one is trusted.
pub const ADDRESS: &str = "127.0.0.2";

/// What a proxy answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: HashMap<String, String>,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|err| panic!("{err}: {self:?}"))
    }
}

/// Asks an origin for a path exactly as it is spelled, with these arguments for `curl`.
pub fn ask(origin: &str, path: &str, arguments: &[&str]) -> Answer {
    let done = Command::new("curl")
        .args(["-sS", "-i", "--http1.1", "--path-as-is", "--interface", ADDRESS])
        .args(["--max-time", "30", "-H", "Expect:"])
        .args(arguments)
        .arg(format!("{origin}{path}"))
        .output()
        .unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    let (head, body) = said
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{path}: {}", String::from_utf8_lossy(&done.stderr)));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Answer { status, headers: headers.collect(), body: body.to_owned() }
}
