//! PostgreSQL goes away under load, and comes back or is succeeded by its standby.
#![expect(clippy::disallowed_methods, reason = "looks at the servers themselves")]
use std::{
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query, sql_types::Bool};
use serde_json::json;

use crate::{cluster::Cluster, engines::Engine, newsroom::Newsroom, shift::under_load};

const LOOK: Duration = Duration::from_millis(5);

#[test]
fn a_server_outlives_its_database() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let newsroom = Newsroom::at(&cluster.url(), &[]);
    let mut desks = newsroom.desks(8, 3);
    under_load(&mut desks, |shift| {
        for how in ["fast", "immediate"] {
            shift.goes_on();
            cluster.tool("pg_ctl", &["-D", "data", "-m", how, "stop"]);
            shift.is_refused();
            cluster.resume("");
            shift.goes_on();
        }
    });
    newsroom.reads_are_right();
    newsroom.is_whole(&mut desks);
    assert!(desks.iter().all(|desk| desk.lost == 0 && desk.answers[&503] > 0));
}

#[test]
fn a_standby_that_is_promoted_takes_over() {
    if !Engine::postgres_is_here() {
        return;
    }
    let (primary, standby) = pair();
    // From here on nothing is acknowledged that the standby does not have.
    let synchronous = "alter system set synchronous_standby_names = '*'";
    let reload = "select pg_reload_conf()";
    primary.tool("psql", &[&primary.url(), "-c", synchronous, "-c", reload]);
    let hosts = format!("{},{}", primary.host(), standby.host());
    let url = format!("postgres://tests@/postgres?host={hosts}&target_session_attrs=read-write");
    let newsroom = Newsroom::at(&url, &[]);
    let mut desks = newsroom.desks(8, 4);
    under_load(&mut desks, |shift| {
        shift.goes_on();
        primary.tool("pg_ctl", &["-D", "data", "-m", "immediate", "stop"]);
        shift.is_refused();
        standby.tool("pg_ctl", &["-D", "data", "-w", "promote"]);
        shift.goes_on();
    });
    newsroom.reads_are_right();
    newsroom.is_whole(&mut desks);
    assert!(desks.iter().all(|desk| desk.lost == 0 && desk.answers[&503] > 0));
}

/// A primary and its streaming standby.
pub fn pair() -> (Cluster, Cluster) {
    let (primary, standby) = (Cluster::start("").unwrap(), Cluster::empty().unwrap());
    let from = primary.home.to_str().unwrap();
    let copy = ["-D", "data", "-R", "-c", "fast", "-U", "tests", "-h", from];
    standby.tool("pg_basebackup", &copy);
    standby.resume("");
    (primary, standby)
}

#[test]
fn what_a_late_standby_never_got_is_forgotten() {
    if !Engine::postgres_is_here() {
        return;
    }
    let (primary, standby) = pair();
    let hosts = format!("{},{}", primary.host(), standby.host());
    let url = format!("postgres://tests@/postgres?host={hosts}&target_session_attrs=read-write");
    let newsroom = Newsroom::at(&url, &[]);
    let (editor, reader) = (newsroom.editor(), newsroom.reader());
    let section = |name: &str| editor.post("/manage/v1/sections", &json!({"name": name}));
    section("Known to both").expect(201);
    let lag = "select pg_current_wal_flush_lsn() = flush_lsn as n from pg_stat_replication";
    while !is_true(&primary, lag) {
        thread::sleep(LOOK);
    }
    let alone = "alter system set primary_conninfo = ''";
    standby.tool("psql", &[&standby.url(), "-c", alone, "-c", "select pg_reload_conf()"]);
    while is_true(&primary, "select exists (select from pg_stat_replication) as n") {
        thread::sleep(LOOK);
    }
    let thread = format!("/v1/articles/{}/comments", newsroom.shared.article);
    let comment = json!({"nickname": "gull", "body": "Never heard of."});
    section("Never heard of").expect(201);
    reader.post(&thread, &comment).expect(201);
    for list in ["/v1/sections", &format!("{thread}?sort=newest")] {
        assert!(reader.get(list).text.contains("Never heard of"));
    }
    primary.tool("pg_ctl", &["-D", "data", "-m", "immediate", "stop"]);
    standby.tool("pg_ctl", &["-D", "data", "-w", "promote"]);
    // At once, so that the journal goes on before anybody has looked where it ended.
    let credit = json!({"credit_line": "Afterwards"});
    while editor.post("/manage/v1/media-credits", &credit).status != 201 {}
    let (started, soon) = (Instant::now(), Duration::from_secs(10));
    while reader.get("/v1/sections").text.contains("Never heard of") {
        assert!(started.elapsed() < soon, "what is lost is not forgotten");
        thread::sleep(LOOK);
    }
    newsroom.reads_are_right();
    section("Afterwards").expect(201);
    newsroom.reads_are_right();
}

#[derive(QueryableByName)]
struct Truth {
    #[diesel(sql_type = Bool)]
    n: bool,
}

fn is_true(cluster: &Cluster, query: &str) -> bool {
    let mut conn = PgConnection::establish(&cluster.url()).unwrap();
    sql_query(query).get_result::<Truth>(&mut conn).unwrap().n
}
