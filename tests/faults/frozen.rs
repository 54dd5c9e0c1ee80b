//! What is stopped but not gone: PostgreSQL, one connection to it, the disk, or another server.
use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    caller::{Answer, Caller},
    cluster::Cluster,
    disk::Faults,
    engines::Engine,
    newsroom::{Newsroom, id},
    process::Process,
    proxy::Proxy,
    shift::under_load,
    stop,
};

const LOOK: Duration = Duration::from_millis(5);
/// What a busy machine may add to any time that is promised.
const SLACK: Duration = Duration::from_secs(3);
/// `DATABASE_TIMEOUT`, with the half second in which the database may say itself that it gave up.
const TIMEOUT: (&str, &str) = ("DATABASE_TIMEOUT", "2");
const IN_TIME: Duration = Duration::from_millis(2500);
/// Far more than anything here should take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Processes that are stopped until this is dropped.
pub struct Frozen(Vec<String>);

impl Frozen {
    /// All of a cluster's, the one that would start others first.
    pub fn cluster(cluster: &Cluster) -> Self {
        let pid = fs::read_to_string(cluster.home.join("data/postmaster.pid")).unwrap();
        let mut frozen = Self(vec![pid.lines().next().unwrap().to_owned()]);
        frozen.send("STOP");
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &frozen.0[0]]).output();
        let children = String::from_utf8(children.unwrap().stdout).unwrap();
        frozen.0.extend(children.split_whitespace().map(str::to_owned));
        frozen.send("STOP");
        frozen
    }

    fn server(server: &Process) -> Self {
        let frozen = Self(vec![server.child.id().to_string()]);
        frozen.send("STOP");
        frozen
    }

    fn send(&self, signal: &str) {
        // One that has ended by itself needs no signal.
        let _ = Command::new("kill").arg(format!("-{signal}")).args(&self.0).status();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.send("CONT");
    }
}

/// What the server answers, which takes no longer than promised.
#[track_caller]
fn in_time(ask: impl FnOnce() -> Answer) -> Answer {
    let started = Instant::now();
    let answer = ask();
    assert!(started.elapsed() < IN_TIME + SLACK, "{:?}: {}", started.elapsed(), answer.text);
    answer
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(LOOK);
    }
}

/// A figure of the server, of all lanes together.
fn figure(reader: &Caller, name: &str) -> u64 {
    let page = reader.get("/metrics").text;
    let lines = page.lines().filter(|line| line.starts_with(name) && !line.starts_with('#'));
    lines.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

const ABANDONED: &str = "broadsheet_db_connections_abandoned";

#[test]
fn a_frozen_postgres_is_not_waited_for() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let newsroom = Newsroom::at(&cluster.url(), &[TIMEOUT]);
    let (editor, reader) = (newsroom.editor(), newsroom.reader());
    let mut desks = newsroom.desks(8, 7);
    for _ in 0..2 {
        under_load(&mut desks, |shift| {
            shift.goes_on();
            let frozen = Frozen::cluster(&cluster);
            for round in 0..4 {
                in_time(|| editor.get("/manage/v1/users")).expect(503);
                let path = format!("/v1/articles?limit={}", round + 1);
                in_time(|| reader.get(&path)).expect(503);
                let section = json!({"name": "Nowhere"});
                in_time(|| editor.post("/manage/v1/sections", &section)).expect(503);
                in_time(|| reader.get("/readyz")).expect(503);
                reader.get("/healthz").expect(200);
            }
            assert!(figure(&reader, ABANDONED) > 0);
            drop(frozen);
            shift.goes_on();
        });
        until("it is ready again", || reader.get("/readyz").status == 200);
        until("no thread is stuck", || figure(&reader, ABANDONED) == 0);
        newsroom.reads_are_right();
        newsroom.is_whole(&mut desks);
    }
    assert!(desks.iter().all(|desk| desk.lost == 0 && desk.answers[&503] > 0));
}

#[test]
fn a_server_ends_in_time_while_its_database_is_frozen() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let mut newsroom = Newsroom::at(&cluster.url(), &[TIMEOUT, ("SHUTDOWN_TIMEOUT", "10")]);
    let _frozen = Frozen::cluster(&cluster);
    for _ in 0..3 {
        newsroom.reader().get("/v1/articles?limit=3").expect(503);
    }
    let started = Instant::now();
    stop::terminate(&newsroom.server);
    let ended = stop::wait(&mut newsroom.server);
    assert_eq!(ended.code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

/// PostgreSQL commits, and does not say so while it waits for a standby that is not there.
#[test]
fn a_commit_that_comes_through_late_is_said_to_be_unknown_and_moves_what_readers_get() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let newsroom = Newsroom::at(&cluster.url(), &[TIMEOUT]);
    let (editor, reader) = (newsroom.editor(), newsroom.reader());
    let waits_for = |standby: &str| {
        let set = format!("alter system set synchronous_standby_names = '{standby}'");
        let reload = "select pg_reload_conf()";
        cluster.tool("psql", &[&cluster.url(), "-c", &set, "-c", reload]);
    };
    for round in 0..4 {
        waits_for("nobody");
        let section = json!({"name": format!("Late {round}")});
        let keyed = editor.with("idempotency-key", format!("late-{round}"));
        let post = || in_time(|| keyed.post("/manage/v1/sections", &section));
        // The setting may reach the connection a moment later.
        let mut unknown = post();
        until("a commit hangs", || {
            if unknown.status == 201 {
                let other = json!({"name": fastrand::u64(..).to_string()});
                unknown = in_time(|| editor.post("/manage/v1/sections", &other));
            }
            unknown.status != 201
        });
        assert_eq!(unknown.header("retry-after"), Some("2"));
        let problem = unknown.expect(503);
        assert_eq!(problem["type"], "/problems/outcome-unknown");
        assert_eq!(problem["errors"][0]["code"], "outcome_unknown");
        assert_eq!(problem["errors"][0]["parameter"], "Idempotency-Key");
        // Every other time, it is done only after its thread has been given up.
        if round % 2 == 1 {
            until("it is given up", || figure(&reader, ABANDONED) > 0);
        }
        reader.get("/v1/sections").expect(200);
        waits_for("");
        until("its key is known", || keyed.post("/manage/v1/sections", &section).status == 201);
        let again = keyed.post("/manage/v1/sections", &section);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        let made = again.expect(201);
        let sections = reader.get("/v1/sections").expect(200)["data"].as_array().unwrap().clone();
        let found: Vec<&Value> =
            sections.iter().filter(|section| section["name"] == made["name"]).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(id(found[0]), id(&made));
        until("no thread is stuck", || figure(&reader, ABANDONED) == 0);
        newsroom.reads_are_right();
        until("it is ready", || reader.get("/readyz").status == 200);
    }
}

#[test]
fn connections_that_are_stalled_are_replaced() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let proxy = Proxy::start(&cluster);
    let newsroom = Newsroom::at(&proxy.url(), &[TIMEOUT, ("SHUTDOWN_TIMEOUT", "10")]);
    let (editor, reader) = (newsroom.editor(), newsroom.reader());
    let mut desks = newsroom.desks(8, 9);
    under_load(&mut desks, |shift| {
        shift.goes_on();
        // Whichever lane's they are: the readers', a writer's, the follower's.
        for number in 0..proxy.connections() {
            proxy.stall(number);
            shift.goes_on();
        }
        until("all are replaced", || {
            in_time(|| editor.get("/manage/v1/users"));
            in_time(|| reader.get("/readyz")).status == 200
        });
        shift.goes_on();
    });
    assert!(figure(&reader, ABANDONED) > 0);
    newsroom.reads_are_right();
    newsroom.is_whole(&mut desks);
    let mut newsroom = newsroom;
    let started = Instant::now();
    stop::terminate(&newsroom.server);
    assert_eq!(stop::wait(&mut newsroom.server).code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_frozen_disk_is_not_waited_for() {
    let faults = Faults::compile();
    let (library, folder) = (faults.path("disk.so"), faults.path(""));
    let settings = [("LD_PRELOAD", &*library), ("FAULTS", &*folder), TIMEOUT];
    let newsroom = Newsroom::open_with(Engine::Sqlite, &settings);
    let (editor, reader) = (newsroom.editor(), newsroom.reader());
    let mut desks = newsroom.desks(8, 8);
    let section = json!({"name": "Frozen"});
    let keyed = editor.with("idempotency-key", "frozen");
    under_load(&mut desks[..0], |_| {
        faults.begin("frozen");
        let unknown = in_time(|| keyed.post("/manage/v1/sections", &section)).expect(503);
        assert_eq!(unknown["type"], "/problems/outcome-unknown");
        // There cannot be another writer, so all others are refused at once.
        let started = Instant::now();
        for _ in 0..20 {
            let refused = in_time(|| editor.post("/manage/v1/sections", &section)).expect(503);
            assert_eq!(refused["type"], "/problems/unavailable");
        }
        assert!(started.elapsed() < IN_TIME + SLACK, "{:?}", started.elapsed());
        for path in ["/v1/articles", "/v1/page?path=/world", "/v1/articles?limit=7"] {
            in_time(|| reader.get(path)).expect(200);
        }
        faults.end("frozen");
        until("its key is known", || keyed.post("/manage/v1/sections", &section).status == 201);
    });
    let again = keyed.post("/manage/v1/sections", &section);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    newsroom.reads_are_right();
    for _ in 0..3 {
        under_load(&mut desks, |shift| {
            shift.goes_on();
            faults.begin("frozen");
            shift.is_refused();
            faults.end("frozen");
            shift.goes_on();
        });
        newsroom.reads_are_right();
        newsroom.is_whole(&mut desks);
    }
    assert!(desks.iter().all(|desk| desk.lost == 0));
}

#[test]
fn a_frozen_server_does_not_keep_another_from_writing() {
    if !Engine::postgres_is_here() {
        return;
    }
    let newsroom = Newsroom::open(Engine::Postgres);
    let other = newsroom.another(&[]);
    let editor = newsroom.editor_at(&other);
    let mut desks = newsroom.desks(8, 10);
    let section = || json!({"name": fastrand::u64(..).to_string()});
    under_load(&mut desks, |shift| {
        thread::scope(|scope| {
            // All of them wait for one lock: were it given to one after the other while they are
            // frozen, it would never be free in time.
            for frozen in (0..8).map(|_| newsroom.editor()) {
                scope.spawn(move || {
                    while !shift.is_over() {
                        let answer = frozen.post("/manage/v1/sections", &section());
                        assert!(matches!(answer.status, 201 | 503), "{}", answer.text);
                    }
                });
            }
            let end = shift.end();
            for _ in 0..8 {
                shift.goes_on();
                let frozen = Frozen::server(&newsroom.server);
                in_time(|| editor.post("/manage/v1/sections", &section())).expect(201);
                drop(frozen);
            }
            shift.goes_on();
            drop(end);
        });
    });
    newsroom.is_whole(&mut desks);
    newsroom.reads_are_right();
}

#[test]
fn a_sqlite_file_that_another_process_holds_is_not_waited_for() {
    let newsroom = Newsroom::open_with(Engine::Sqlite, &[]);
    let editor = newsroom.editor();
    let section = json!({"name": "Later"});
    let other = Holder::start(newsroom.url());
    for _ in 0..3 {
        let refused = in_time(|| editor.post("/manage/v1/sections", &section));
        assert_eq!(refused.header("retry-after"), Some("2"));
        assert_eq!(refused.expect(503)["type"], "/problems/unavailable");
    }
    newsroom.reader().get("/v1/articles?limit=9").expect(200);
    drop(other);
    editor.post("/manage/v1/sections", &section).expect(201);
}

/// Somebody who writes to the file and does not come to an end.
struct Holder(diesel::SqliteConnection);

impl Holder {
    fn start(url: &str) -> Self {
        use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
        let mut conn = SqliteConnection::establish(url.strip_prefix("sqlite:").unwrap()).unwrap();
        conn.batch_execute("begin immediate").unwrap();
        Self(conn)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        use diesel::connection::SimpleConnection;
        self.0.batch_execute("rollback").unwrap();
    }
}
