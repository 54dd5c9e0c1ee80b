//! What the log says of requests and statements, and what it never says.
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
};

use serde_json::Value;

use crate::{engines::Engine, process::Process, server::Server};

/// A demo that logs as much as it can, with secrets wherever there can be some.
fn talkative(engine: Engine, more: &[(&str, &str)]) -> Server {
    let mut database = engine.database();
    // Nobody asks for it here, but it is there to be given away.
    database.url = database.url.replace("//tests@", "//tests:hush-database@");
    let mut settings = vec![
        ("RUST_LOG", "trace"),
        ("ACCESS_LOG", "on"),
        ("SLOW_QUERY_MS", "1"),
        ("JWT_SECRET", "hush-hush-hush-hush-hush-hush-hush-hush"),
        ("METRICS_TOKEN", "hush-metrics-hush-metrics-hush-metrics"),
    ];
    settings.extend(more);
    Server::demo_at(database, &settings)
}

fn json(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|err| panic!("{err}: {body}"))
}

fn member<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}"))
}

const JSON: [&str; 2] = ["-H", "content-type: application/json"];

/// Signs in and out in every way, well and badly; returns everything that is nobody's business.
fn whisper(server: &Server) -> Vec<String> {
    let post = |path: &str, body: &str| server.call(path, &[&JSON[..], &["-d", body]].concat());
    let who = r#"{"email": "admin@example.org", "password": "demo-newsroom"}"#;
    let (status, tokens) = post("/manage/v1/session", who);
    assert_eq!(status, 200);
    let (access, refresh) = {
        let tokens = json(&tokens);
        (member(&tokens, "access_token").to_owned(), member(&tokens, "refresh_token").to_owned())
    };
    let wrong = r#"{"email": "hush@example.org", "password": "hush-hush-password"}"#;
    assert_eq!(post("/manage/v1/session", wrong).0, 401);
    let bearer = format!("authorization: Bearer {access}");
    let user = r#"{"email": "hush.new@example.org", "name": "New", "roles": ["author"],
        "password": "hush-hush-of-the-new"}"#;
    let made = [&JSON[..], &["-H", &bearer, "-d", user]].concat();
    assert_eq!(server.call("/manage/v1/users", &made).0, 201);
    let again = format!(r#"{{"refresh_token": "{refresh}"}}"#);
    assert_eq!(post("/manage/v1/session/refresh", &again).0, 200);
    assert_eq!(server.call("/manage/v1/users?token=hush-query", &["-H", &bearer]).0, 400);
    assert_eq!(server.call("/v1/sections?key=hush-query", &[]).0, 400);
    let metrics = "authorization: Bearer hush-metrics-hush-metrics-hush-metrics";
    assert_eq!(server.call("/metrics", &["-H", metrics]).0, 200);
    assert_eq!(server.call("/metrics", &["-H", "authorization: Bearer hush-guess"]).0, 401);
    assert_eq!(server.call("/manage/v1/me", &["-H", "authorization: Bearer hush-token"]).0, 401);
    let secrets = ["hush", "example.org", "demo-newsroom", "$argon2"].map(str::to_owned);
    secrets.into_iter().chain([access, refresh]).collect()
}

fn nothing_secret_is_logged(engine: Engine) {
    let mut server = talkative(engine, &[]);
    let secrets = whisper(&server);
    server.process.kill();
    let log: Vec<String> = server.process.log.iter().collect();
    assert!(log.iter().any(|line| line.contains("TRACE")), "nothing was traced");
    assert!(log.iter().any(|line| line.contains("a sign-in was refused")), "no word of a refusal");
    for secret in secrets {
        let given_away = log.iter().find(|line| line.contains(&secret));
        assert_eq!(given_away, None, "the log gives {secret} away");
    }
    let slow = log.iter().filter(|line| line.contains("slow statement"));
    for line in slow {
        assert!(!line.contains("binds"), "{line}");
    }
}

#[test]
fn nothing_secret_is_logged_on_sqlite() {
    nothing_secret_is_logged(Engine::Sqlite);
}

#[test]
fn nothing_secret_is_logged_on_postgres() {
    if Engine::postgres_is_here() {
        nothing_secret_is_logged(Engine::Postgres);
    }
}

#[test]
fn every_request_has_a_line_that_programs_can_read() {
    let settings = [("LOG_FORMAT", "json"), ("RUST_LOG", "info,actix_server=warn")];
    let mut server = talkative(Engine::Sqlite, &settings);
    let who = r#"{"email": "editor@example.org", "password": "demo-newsroom"}"#;
    let (_, tokens) = server.call("/manage/v1/session", &[&JSON[..], &["-d", who]].concat());
    let bearer = format!("authorization: Bearer {}", member(&json(&tokens), "access_token"));
    let (_, me) = server.call("/manage/v1/me", &["-H", &bearer, "-H", "x-request-id: one"]);
    let section = "/v1/sections/0190c0de-0000-7000-8000-000000000000";
    assert_eq!(server.call(section, &["-H", "x-request-id: two"]).0, 404);
    assert_eq!(server.call("/v1/sections", &["-I", "-H", "x-request-id: three"]).0, 200);
    server.process.kill();
    let log: Vec<Value> = server.process.log.iter().map(|line| json(&line)).collect();
    let line = |id: &str| {
        let access = |line: &&Value| line["target"] == "broadsheet::access";
        let mut lines = log.iter().filter(access).filter(|line| line["request_id"] == id);
        let line = lines.next().unwrap_or_else(|| panic!("no line for {id}"));
        assert_eq!(lines.next(), None, "{id} has one line");
        line
    };
    let one = line("one");
    assert_eq!(one["user_id"], json(&me)["id"]);
    assert_eq!((&one["method"], &one["status"]), (&Value::from("GET"), &Value::from(200)));
    assert!(one["duration_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(one["client_address"], "127.0.0.1");
    let two = line("two");
    assert_eq!((&two["path"], &two["route"]), (&section.into(), &"/v1/sections/{id}".into()));
    assert_eq!((&two["status"], &two["user_id"]), (&404.into(), &Value::Null));
    let three = line("three");
    assert_eq!(
        (&three["method"], &three["cache"]),
        (&"HEAD".into(), &"broadsheet; fwd=miss".into())
    );
    // The demo's password and the sessions are written with commits that reach the disk, and a
    // statement's line says for whom it was run.
    let slow = log.iter().find(|line| line["message"] == "slow statement").expect("a slow one");
    assert!(slow["duration_ms"].as_f64().unwrap() >= 1.0);
    assert!(!member(slow, "sql").is_empty() && slow["request_id"].is_string());
}

/// A server of an empty newsroom that logs for programs, on a port that the system chooses.
fn serve(home: &Path, settings: &[(&str, &str)]) -> Process {
    let mut all = vec![
        ("BIND_ADDR", "127.0.0.1:0"),
        ("SITE_URL", "https://news.example"),
        ("LOG_FORMAT", "json"),
        ("SHUTDOWN_TIMEOUT", "1"),
        ("JWT_SECRET", "hush-hush-hush-hush-hush-hush-hush-hush"),
    ];
    all.extend(settings);
    Process::start(home, &["serve"], &all)
}

/// The line that begins with this message.
fn line_of(log: &[Value], message: &str) -> Value {
    let begins = |line: &&Value| member(line, "message").starts_with(message);
    log.iter().find(begins).unwrap_or_else(|| panic!("no {message} in {log:#?}")).clone()
}

/// What it has logged so far; the start line is the last of that.
fn start_line(server: &Process) -> Value {
    let log: Vec<Value> = server.log.try_iter().map(|line| json(&line)).collect();
    line_of(&log, "serving ")
}

/// Sends the signal and waits until the server has ended; what it logged from then on.
fn end(mut server: Process, signal: &str) -> Vec<Value> {
    let pid = server.child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    server.log.iter().map(|line| json(&line)).collect()
}

fn begin_and_end_are_in_the_log(engine: Engine, database: &str, signal: &str) {
    let (home, at) = (tempfile::tempdir().unwrap(), engine.database());
    let url = at.url.replace("//tests@", "//tests:hush-database@");
    let server = serve(home.path(), &[("DATABASE_URL", &url)]);
    let start = start_line(&server);
    assert_eq!(member(&start, "version"), env!("CARGO_PKG_VERSION"));
    assert!(member(&start, "database").starts_with(database), "{start}");
    assert!(!start.to_string().contains("hush"), "{start}");
    let address = member(&start, "message").split(['/', ' ']).nth(3).unwrap();
    assert!(!address.ends_with(":0"), "{address}");
    assert!(TcpStream::connect(address).is_ok(), "it listens where it says");
    let log = end(server, &format!("-{signal}"));
    let stopping = line_of(&log, "stopping");
    assert_eq!((&stopping["signal"], &stopping["in_flight"]), (&signal.into(), &0.into()));
    let stopped = log.last().unwrap();
    assert_eq!(member(stopped, "message"), "stopped");
    assert_eq!((&stopped["signal"], &stopped["unanswered"]), (&signal.into(), &0.into()));
    assert!(stopped["duration_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn begin_and_end_are_in_the_log_on_sqlite() {
    begin_and_end_are_in_the_log(Engine::Sqlite, "SQLite 3.", "SIGTERM");
    begin_and_end_are_in_the_log(Engine::Sqlite, "SQLite 3.", "SIGINT");
}

#[test]
fn begin_and_end_are_in_the_log_on_postgres() {
    if Engine::postgres_is_here() {
        begin_and_end_are_in_the_log(Engine::Postgres, "PostgreSQL ", "SIGTERM");
    }
}

#[test]
fn what_the_end_cuts_off_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let server = serve(home.path(), &[]);
    let start = start_line(&server);
    let address = member(&start, "message").split(['/', ' ']).nth(3).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /manage/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                Content-Length: 100\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    // It waits for the body from now on, and for as long as it may.
    assert!(stream.read(&mut [0; 100]).unwrap() > 0);
    let log = end(server, "-SIGTERM");
    assert_eq!(line_of(&log, "stopping")["in_flight"], 1);
    let stopped = line_of(&log, "stopped");
    assert_eq!(stopped["unanswered"], 1);
    assert!(stopped["duration_ms"].as_f64().unwrap() >= 1000.0, "{stopped}");
}
