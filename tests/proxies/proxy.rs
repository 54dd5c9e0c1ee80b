//! A proxy with the file of `deploy/`, in which only ports and folders are others.
use std::{
    env, fs,
    io::{self, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::process::free_address;

/// Far more than a proxy needs to start.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Haproxy,
    Caddy,
    Varnish,
}

/// A running proxy. Its keeper is held by its standard input: when this process ends, however it
/// ends, the keeper reads the end of the file and ends the proxy.
pub struct Proxy {
    /// Host and port.
    pub address: String,
    keeper: Child,
    home: TempDir,
}

impl Kind {
    fn program(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Caddy => "caddy",
            Self::Varnish => "varnishd",
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::Nginx => "nginx.conf",
            Self::Haproxy => "haproxy.cfg",
            Self::Caddy => "Caddyfile",
            Self::Varnish => "varnish.vcl",
        }
    }

    /// Whether it can be started. Under `CI=true` it must.
    #[expect(clippy::disallowed_methods, reason = "CI is no setting of the program")]
    pub fn is_here(self) -> bool {
        let found = find(self.program()).is_some();
        let ci = env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(found || !ci, "CI needs {}: install it", self.program());
        if !found {
            // Written past the test runner, which would keep it to itself.
            let _ = writeln!(
                io::stderr(),
                "{} is not installed: what is tested with it did NOTHING",
                self.program()
            );
        }
        found
    }

    /// Starts it at this address before this server, and waits until it hands requests on.
    pub fn start(self, address: &str, server: &str) -> Proxy {
        let home = tempfile::tempdir().unwrap();
        // Some give up root for users of their own.
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let file = home.path().join(self.file());
        fs::write(&file, self.substituted(address, server, home.path())).unwrap();
        let proxy = self.command(&file, home.path(), address);
        let keeper = Command::new("sh")
            .args(["-c", "\"$@\" & proxy=$!; cat >/dev/null; kill -TERM $proxy; wait $proxy"])
            .arg("keeper")
            .arg(proxy.get_program())
            .args(proxy.get_args())
            .current_dir(home.path())
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(fs::File::create(home.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let proxy = Proxy { address: address.to_owned(), keeper, home };
        proxy.wait();
        proxy
    }

    /// The shipped file, listening here and asking there. Where it names a second server, none is:
    /// whatever goes there has to be asked of the first.
    fn substituted(self, address: &str, server: &str, home: &Path) -> String {
        let (listens, port) = (address.to_owned(), server.rsplit_once(':').unwrap().1);
        let other = free_address();
        let cache = home.join("cache").display().to_string();
        let replacements: Vec<(&str, String)> = match self {
            Self::Nginx => vec![
                ("listen 80;", format!("listen {listens};")),
                ("127.0.0.1:8081", server.to_owned()),
                ("127.0.0.1:8082", other),
                ("/var/cache/broadsheet", cache),
            ],
            Self::Haproxy => vec![
                ("bind :80", format!("bind {listens}")),
                ("127.0.0.1:8081", server.to_owned()),
                ("127.0.0.1:8082", other),
            ],
            Self::Caddy => vec![
                ("\n:80 {", format!("\nhttp://{listens} {{")),
                ("127.0.0.1:8081", server.to_owned()),
                ("127.0.0.1:8082", other),
            ],
            Self::Varnish => vec![(".port = \"8080\"", format!(".port = \"{port}\""))],
        };
        let mut text = shipped(self.file());
        for (from, to) in replacements {
            assert_eq!(text.matches(from).count(), 1, "{} has one {from:?}", self.file());
            text = text.replace(from, &to);
        }
        text
    }

    fn command(self, file: &Path, home: &Path, address: &str) -> Command {
        let mut command = Command::new(find(self.program()).expect("asked whether it is here"));
        match self {
            Self::Nginx => command.arg("-c").arg(nginx_around(file, home)),
            Self::Haproxy => command.arg("-db").arg("-f").arg(file),
            Self::Caddy => {
                // Its interface for administrators has a port of its own.
                let around = home.join("around.Caddyfile");
                let text = format!("{{\n\tadmin off\n}}\nimport {}\n", file.display());
                fs::write(&around, text).unwrap();
                command.args(["run", "--adapter", "caddyfile", "--config"]).arg(around)
            }
            Self::Varnish => command
                .args(["-F", "-j", "none", "-T", "none", "-s", "malloc,32m", "-a", address, "-n"])
                .arg(home.join("varnish"))
                .arg("-f")
                .arg(file),
        };
        command
    }
}

/// The file, included by a configuration that keeps to this folder.
pub fn nginx_around(file: &Path, home: &Path) -> PathBuf {
    let around = home.join("around.conf");
    let folder = home.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {folder}/{name};"))
        .join(" ");
    let text = format!(
        "daemon off; pid {folder}/pid; error_log stderr;\nevents {{}}\n\
         http {{ access_log off; {temporary}\ninclude {}; }}\n",
        file.display()
    );
    fs::write(&around, text).unwrap();
    around
}

/// A file of `deploy/`.
pub fn shipped(name: &str) -> String {
    fs::read_to_string(shipped_at(name)).unwrap()
}

pub fn shipped_at(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

/// Debian has servers where only root's path leads.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

impl Proxy {
    /// Its folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until somebody listens; then the file has been read.
    fn wait(&self) {
        let started = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            assert!(started.elapsed() < PATIENCE, "it does not start: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home().join("log")).unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
