//! Purging: tells the caches outside which tags every change has moved, so that they stay exact.
//!
//! The journal is what is read, and the place up to which it was told is kept in the database, so
//! that no crash, restart or outage loses a tag. Each may be told twice.
mod post;
mod trouble;
mod worker;

use std::{convert::Infallible, thread};

use crossbeam_channel::{Sender, bounded};
use tokio::{runtime, sync::oneshot};

use crate::{
    config::Config,
    db::{Actor, Conn, Context, Db, journal, readers},
    error::{Error, Result},
    time::Clock,
};
use post::Post;
use worker::Worker;

/// The reader of the journal that this is.
const NAME: &str = "purge";

/// Purges in a thread of its own, which ends with this handle.
pub struct Purger {
    stop: Sender<Infallible>,
    ended: oneshot::Receiver<Infallible>,
}

impl Purger {
    /// Starts to purge, where the settings say whom to tell. At the very first start nothing
    /// outside can be stale yet, so it begins with what changes from now on.
    pub async fn start(config: &Config, db: &Db, clock: &Clock) -> Result<Option<Self>> {
        let Some(receiver) = &config.purge else { return Ok(None) };
        let post = Post::open(receiver).map_err(Error::internal)?;
        db.write(by_itself(clock), |tx| {
            readers::begin(tx, NAME)?;
            tx.nothing_to_record("what was told to whom is not the newsroom's business");
            Ok(())
        })
        .await?;
        let runtime = runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(Error::internal)?;
        let (stop, stopped) = bounded(0);
        let (working, ended) = oneshot::channel();
        let worker = Worker::new(post, db.clone(), clock.clone(), runtime, stopped);
        thread::Builder::new()
            .name("purger".to_owned())
            .spawn(move || {
                worker.run();
                drop(working);
            })
            .map_err(Error::internal)?;
        tracing::info!("changes are told to {}", receiver.origin());
        Ok(Some(Self { stop, ended }))
    }

    /// Stops and waits until the thread has ended: at the most for the request under way.
    pub async fn end(self) {
        let Self { stop, ended } = self;
        drop(stop);
        let _ = ended.await;
    }
}

/// How many of the changes to come still have to be told; only so many are looked at. `None`
/// where nobody has been told anything yet.
pub fn pending(conn: &mut Conn) -> Result<Option<usize>> {
    const LOOKED_AT: i64 = 1000;
    let reader = match readers::find(conn, NAME) {
        Ok(reader) => reader,
        Err(Error::NotFound) => return Ok(None),
        Err(err) => return Err(err),
    };
    let entries = journal::tags_after(conn, reader.seq, LOOKED_AT)?;
    Ok(Some(entries.iter().filter(|(_, tags)| !tags.is_empty()).count()))
}

fn by_itself(clock: &Clock) -> Context {
    Context { actor: Actor::System, now: clock.now(), request_id: String::new() }
}
