//! The built program as a process of its own, on a free port of this machine.
use std::{
    fs::File,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
};

use broadsheet::config;

/// The program with these arguments in this folder, and without this machine's settings.
pub fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_broadsheet"));
    command.args(arguments).current_dir(home).stdin(Stdio::null());
    for name in config::NAMES {
        command.env_remove(name);
    }
    command
}

/// A running server; ended when dropped.
pub struct Process {
    pub address: String,
    /// What it logs, line by line, until it has ended.
    pub log: Receiver<String>,
    pub child: Child,
}

impl Process {
    /// Starts it and waits until it serves. What it prints goes to the file `said`.
    pub fn start(home: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        Self::wait_for(program(home, arguments), home, settings)
    }

    /// The same by a command that is made already.
    pub fn wait_for(mut command: Command, home: &Path, settings: &[(&str, &str)]) -> Self {
        let address = free_address();
        command.env("BIND_ADDR", &address).envs(settings.iter().copied());
        let said = File::create(home.join("said")).unwrap();
        let mut child = command.stdout(said).stderr(Stdio::piped()).spawn().unwrap();
        let log = log_once_it_serves(child.stderr.take().unwrap());
        Self { address, log, child }
    }

    /// Ends it at once, without a word; its log is complete after that.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Another program could take the port in between, but none does in practice.
pub fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn log_once_it_serves(log: ChildStderr) -> Receiver<String> {
    let mut lines = BufReader::new(log).lines().map(Result::unwrap);
    let (said, heard) = channel();
    for line in lines.by_ref() {
        let serves = line.contains("serving http");
        said.send(line).unwrap();
        if serves {
            // Read on, or the program would one day wait for us.
            thread::spawn(move || {
                for line in lines {
                    let _ = said.send(line);
                }
            });
            return heard;
        }
    }
    panic!("the program ended: {}", heard.try_iter().collect::<Vec<_>>().join("\n"));
}
