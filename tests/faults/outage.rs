//! PostgreSQL goes away under load, and comes back or is succeeded by its standby.
use crate::{cluster::Cluster, engines::Engine, newsroom::Newsroom, shift::under_load};

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
