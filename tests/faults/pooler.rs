//! pgbouncer in between, which lends connections for a transaction at a time.
use std::{
    env, fs,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    caller::Caller, cluster::Cluster, engines::Engine, newsroom::Newsroom, shift::under_load,
};

const PROGRAM: &str = "/usr/sbin/pgbouncer";
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
#[expect(clippy::disallowed_methods, reason = "CI says so in the environment")]
fn servers_share_a_pooler_and_follow_each_other() {
    let here = Path::new(PROGRAM).exists();
    assert!(here || !env::var("CI").is_ok_and(|ci| ci == "true"), "CI needs pgbouncer");
    if !here || !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::start("").unwrap();
    let pooler = Pooler::start(&cluster);
    let url = format!("{}?port=6432", cluster.url());
    let newsroom = Newsroom::at(&url, &[("DATABASE_POOLER", "on")]);
    let other = newsroom.another(&[]);
    let mut desks = newsroom.desks(8, 5);
    for desk in desks.iter_mut().step_by(2) {
        desk.come_in(newsroom.editor_at(&other));
    }
    under_load(&mut desks, |shift| {
        for _ in 0..5 {
            shift.goes_on();
        }
    });
    newsroom.is_whole(&mut desks);
    let lists = [Caller::new(&other.address), newsroom.reader()];
    let started = Instant::now();
    loop {
        let [far, near] = lists.each_ref().map(|reader| reader.get("/v1/articles").expect(200));
        if far == near {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "one does not follow the other");
        thread::sleep(LOOK);
    }
    newsroom.reads_are_right();
    drop(pooler);
}

/// Ends with this process, however it ends.
struct Pooler(Child);

impl Pooler {
    fn start(cluster: &Cluster) -> Self {
        let home = cluster.home.display();
        let settings = format!(
            "[databases]\npostgres = host={home} user=tests\n[pgbouncer]\npool_mode = transaction\n\
             listen_port = 6432\nunix_socket_dir = {home}\nauth_type = any\n\
             default_pool_size = 5\nmax_client_conn = 200\n"
        );
        fs::write(cluster.home.join("pgbouncer.ini"), settings).unwrap();
        let script = "\"$0\" -q -u postgres pgbouncer.ini & cat >/dev/null; kill $!";
        let pooler = Command::new("setsid")
            .args(["sh", "-c", script, PROGRAM])
            .current_dir(&cluster.home)
            .stdin(Stdio::piped())
            .stderr(fs::File::create(cluster.home.join("pooler.log")).unwrap())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !cluster.home.join(".s.PGSQL.6432").exists() {
            assert!(started.elapsed() < PATIENCE, "the pooler does not start");
            thread::sleep(LOOK);
        }
        Self(pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
