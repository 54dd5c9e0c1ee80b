//! Memory under requests that nobody has sent before: the cache keeps to its bound, and the
//! process shows that: two servers that do the same work differ by what their caches may take.
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    thread,
};

use fastrand::Rng;

use crate::process::{Process, program};

/// `CACHE_MAX_BYTES` of the two; the smaller one is the least that there can be.
const BOUND: u64 = 33 << 20;
const LEAST: u64 = 1 << 20;
/// How often the process is looked at afterwards: what it is about to give back does not count.
const LOOKS: usize = 100;
/// Connections that are kept open, and requests that each sends.
const CONNECTIONS: u64 = 8;
const REQUESTS: u64 = 6_000;

/// A request that has not been sent before, of any kind that costs a stranger nothing.
fn random_path(random: &mut Rng) -> String {
    let word: String = (0..random.usize(8..60)).map(|_| random.lowercase()).collect();
    let id = uuid::Uuid::from_u128(random.u128(..) & !(0xf << 76) | (7 << 76));
    let day = random.u32(1..28);
    let second = random.u32(..60);
    match random.u32(..16) {
        0..=6 => format!("/v1/articles?tag={word}"),
        7 | 8 => format!("/v1/articles?author={id}"),
        9 => format!("/v1/articles?from=2020-01-{day:02}T00:00:{second:02}Z&tag={word}&total=true"),
        10 => format!(
            "/v1/articles?limit=2&from=2020-01-{day:02}T00:00:{second:02}.{:06}Z",
            random.u32(..1_000_000)
        ),
        11 => format!("/v1/articles?q={word}"),
        12 => format!("/v1/articles?cursor={word}"),
        13 => format!("/v1/page?path=/{word}"),
        14 => format!("/v1/articles/{id}"),
        _ => format!("/v1/sparse/articles?fields=id&tag={word}"),
    }
}

/// Sends so many random requests on one connection; how many were answered with 200.
fn flood(address: &str, seed: u64) -> u64 {
    let mut random = Rng::with_seed(seed);
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap());
    let mut requests = stream;
    let mut found = 0;
    for _ in 0..REQUESTS {
        let path = random_path(&mut random);
        let coding = random.choice(["identity", "gzip", "br"]).unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {coding}\r\n\r\n");
        requests.write_all(request.as_bytes()).unwrap();
        found += u64::from(answer(&mut answers) == 200);
    }
    found
}

/// Reads an answer to its end; its status.
fn answer(from: &mut impl BufRead) -> u16 {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut length = 0;
    loop {
        line.clear();
        from.read_line(&mut line).unwrap();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).unwrap();
    status
}

fn figure(server: &Process, name: &str) -> u64 {
    let metrics = format!("http://{}/metrics", server.address);
    let page = ureq::get(metrics).call().unwrap().body_mut().read_to_string().unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().trim().parse().unwrap()
}

fn resident(server: &Process) -> u64 {
    let looks = (0..LOOKS).map(|_| figure(server, "process_resident_memory_bytes"));
    looks.min().unwrap()
}

/// How many bytes the process takes more, once it has been asked all that.
fn growth(server: &Process) -> u64 {
    let (before, address) = (resident(server), &*server.address);
    let found: u64 = thread::scope(|scope| {
        let floods: Vec<_> =
            (0..CONNECTIONS).map(|n| scope.spawn(move || flood(address, n))).collect();
        floods.into_iter().map(|flood| flood.join().unwrap()).sum()
    });
    assert!(found > CONNECTIONS * REQUESTS / 2, "most are answers that can be kept");
    resident(server).saturating_sub(before)
}

#[test]
fn random_requests_take_as_much_memory_as_the_cache_may() {
    let home = tempfile::tempdir().unwrap();
    assert!(program(home.path(), &["demo", "--fill-only"]).status().unwrap().success());
    let growth_of = |most: u64| {
        let server =
            Process::start(home.path(), &["serve"], &[("CACHE_MAX_BYTES", &most.to_string())]);
        let growth = growth(&server);
        let counted = figure(&server, "broadsheet_cache_bytes");
        assert!((most * 8 / 10..=most).contains(&counted), "{counted} bytes counted: not full");
        growth
    };
    let (large, small) = (growth_of(BOUND), growth_of(LEAST));
    let (differ, counted) = (large.saturating_sub(small), BOUND - LEAST);
    // Less, since what the work itself takes and gives back is used for the cache as well; weights
    // of half of what they are would make it nearly twice as much.
    assert!(
        (counted / 8..=counted * 3 / 2).contains(&differ),
        "{large} bytes with a cache of {BOUND}, {small} with one of {LEAST}: {differ} of {counted}"
    );
}
