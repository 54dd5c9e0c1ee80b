//! A PostgreSQL cluster of the tests' own, made with the installed binaries.
use std::{
    env, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use uuid::Uuid;

/// What has to be installed.
const PROGRAMS: [&str; 4] = ["initdb", "pg_ctl", "pg_basebackup", "psql"];

/// A cluster whose socket is in its folder. Its keeper is held by its standard input: when this
/// process ends, however it ends, the keeper reads the end of the file, takes the cluster down and
/// the folder away.
pub struct Cluster {
    pub home: PathBuf,
    bin: PathBuf,
    keeper: Child,
}

impl Cluster {
    /// Makes a cluster and starts it with these settings; `None` where nothing is installed.
    pub fn start(settings: &str) -> Option<Self> {
        let cluster = Self::empty()?;
        let how = ["-D", "data", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale"];
        cluster.tool("initdb", &[&how[..], &["--no-sync"]].concat());
        cluster.resume(settings);
        Some(cluster)
    }

    /// The same, whose messages are in this language, as `localedef` knows it; `None` also where
    /// that cannot be made.
    pub fn speaking(locale: &str) -> Option<Self> {
        let cluster = Self::start("")?;
        let name = format!("{locale}.UTF-8");
        let made = Command::new("localedef")
            .args(["-i", locale, "-f", "UTF-8"])
            .arg(cluster.home.join(&name))
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
        cluster.tool("pg_ctl", &["-D", "data", "-m", "fast", "stop"]);
        // Deadlocks are to be noticed before anybody's wait for a lock ends by itself.
        let settings = format!("-c lc_messages={name} -c deadlock_timeout=50ms");
        cluster.start_with(&settings, &[("LOCPATH", &cluster.home)]);
        Some(cluster)
    }

    /// A folder for a cluster, and its keeper.
    pub fn empty() -> Option<Self> {
        let bin = binaries()?;
        let home = env::temp_dir().join(format!("broadsheet-test-{}", Uuid::now_v7().simple()));
        fs::create_dir(&home).unwrap();
        if root() {
            assert!(Command::new("chown").arg("postgres").arg(&home).status().unwrap().success());
        }
        let stop = command(&bin.join("pg_ctl"), &["-D", "data", "-m", "immediate", "stop"]);
        let stop: Vec<_> = [stop.get_program()].into_iter().chain(stop.get_args()).collect();
        let keeper = Command::new("setsid")
            .args(["sh", "-c", "cat >/dev/null; \"$@\"; rm -rf \"$PWD\"", "keeper"])
            .args(stop)
            .current_dir(&home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { home, bin, keeper })
    }

    /// Starts the server, and waits until it takes connections.
    pub fn resume(&self, settings: &str) {
        self.start_with(settings, &[]);
    }

    fn start_with(&self, settings: &str, environment: &[(&str, &Path)]) {
        let home = self.home.display();
        let settings =
            format!("-c listen_addresses='' -c unix_socket_directories={home} {settings}");
        let start = ["-D", "data", "-w", "-l", "server.log", "-o", &settings, "start"];
        self.tool_in(environment, "pg_ctl", &start);
    }

    /// Runs one of PostgreSQL's own programs in the cluster's folder.
    pub fn tool(&self, name: &str, arguments: &[&str]) {
        self.tool_in(&[], name, arguments);
    }

    fn tool_in(&self, environment: &[(&str, &Path)], name: &str, arguments: &[&str]) {
        let said = || fs::File::options().append(true).create(true).open(self.home.join("log"));
        let mut tool = command(&self.bin.join(name), arguments);
        tool.current_dir(&self.home).stdin(Stdio::null()).envs(environment.iter().copied());
        let done = tool.stdout(said().unwrap()).stderr(said().unwrap()).status().unwrap();
        assert!(done.success(), "{name} {arguments:?}: {}", self.said());
    }

    /// How to reach it, as a URL writes it.
    pub fn host(&self) -> String {
        self.home.display().to_string().replace('/', "%2F")
    }

    pub fn url(&self) -> String {
        format!("postgres://tests@{}/postgres", self.host())
    }

    fn said(&self) -> String {
        let files = ["log", "server.log"].map(|name| fs::read_to_string(self.home.join(name)));
        files.map(Result::unwrap_or_default).concat()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// PostgreSQL refuses to run as root.
fn command(program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(if root() { "runuser" } else { "env" });
    if root() {
        command.args(["-u", "postgres", "--"]);
    }
    command.arg(program).args(arguments);
    command
}

fn root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0)
}

/// The folder of the newest installed PostgreSQL.
fn binaries() -> Option<PathBuf> {
    let mut homes: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .chain(env::var_os("PATH").iter().flat_map(env::split_paths))
        .filter(|bin: &PathBuf| PROGRAMS.iter().all(|name| bin.join(name).is_file()))
        .collect();
    homes.sort();
    homes.into_iter().next_back()
}
