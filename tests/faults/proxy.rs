//! A TCP proxy before PostgreSQL, whose connections can be stalled one by one: nothing passes any
//! more, and neither side hears of it.
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use crate::cluster::Cluster;

const LOOK: Duration = Duration::from_millis(5);

pub struct Proxy {
    address: String,
    /// Of each connection so far, whether it is stalled.
    stalled: Arc<Mutex<Vec<Arc<AtomicBool>>>>,
}

impl Proxy {
    pub fn start(cluster: &Cluster) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let stalled = Arc::<Mutex<Vec<Arc<AtomicBool>>>>::default();
        let (all, socket) = (Arc::clone(&stalled), cluster.home.join(".s.PGSQL.5432"));
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(server) = UnixStream::connect(&socket) else { return };
                let client = client.unwrap();
                client.set_nodelay(true).unwrap();
                let is_stalled = Arc::<AtomicBool>::default();
                all.lock().unwrap().push(Arc::clone(&is_stalled));
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let same = Arc::clone(&is_stalled);
                thread::spawn(move || pass(client, server, &is_stalled));
                thread::spawn(move || pass(back.0, back.1, &same));
            }
        });
        Self { address, stalled }
    }

    pub fn url(&self) -> String {
        format!("postgres://tests@{}/postgres?sslmode=disable", self.address)
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.stalled.lock().unwrap().len()
    }

    /// Lets nothing more pass on this connection.
    pub fn stall(&self, number: usize) {
        self.stalled.lock().unwrap()[number].store(true, Relaxed);
    }
}

trait End {
    fn end(&self);
}

impl End for TcpStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl End for UnixStream {
    fn end(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

fn pass(mut from: impl Read + End, mut to: impl Write + End, is_stalled: &AtomicBool) {
    let mut buffer = [0; 1 << 14];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        while is_stalled.load(Relaxed) {
            thread::sleep(LOOK);
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // A stalled connection does not even end.
    while is_stalled.load(Relaxed) {
        thread::sleep(LOOK);
    }
    from.end();
    to.end();
}
