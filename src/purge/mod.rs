//! Purging: tells the caches outside which tags every change has moved, so that they stay exact.
//!
//! The journal is what is read, and the place up to which it was told is kept in the database, so
//! that no crash, restart or outage loses a tag. Each may be told twice.
mod post;
mod trouble;
mod worker;

use std::{convert::Infallible, thread, time::Duration};

use crossbeam_channel::{Sender, bounded};
use tokio::{runtime, sync::oneshot, time::timeout};
use uuid::Uuid;

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

/// For how long a request under way, and then the database, is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Purges in a thread of its own, which ends with this handle.
pub struct Purger {
    stop: Sender<Infallible>,
    ended: oneshot::Receiver<Infallible>,
    db: Db,
    clock: Clock,
    server: Uuid,
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
        let server = Uuid::now_v7();
        let worker = Worker::new(post, db.clone(), clock.clone(), runtime, stopped, server);
        thread::Builder::new()
            .name("purger".to_owned())
            .spawn(move || {
                worker.run();
                drop(working);
            })
            .map_err(Error::internal)?;
        tracing::info!("changes are told to {}", receiver.origin());
        Ok(Some(Self { stop, ended, db: db.clone(), clock: clock.clone(), server }))
    }

    /// Stops, and waits for a moment until the thread has ended. If it does not, its turn is given
    /// back all the same, so that another server, or this one after it was started again, can go on
    /// at once.
    pub async fn end(self) {
        let Self { stop, ended, db, clock, server } = self;
        drop(stop);
        if timeout(LAST_WORDS, ended).await.is_ok() {
            return;
        }
        tracing::info!(
            "an outside cache is slow to answer; its purge is told after the next start"
        );
        let left = db.write(by_itself(&clock), move |tx| {
            readers::leave(tx, NAME, server)?;
            tx.nothing_to_record("what was told to whom is not the newsroom's business");
            Ok(())
        });
        if !matches!(timeout(LAST_WORDS, left).await, Ok(Ok(()))) {
            // It ends by itself, only later.
            tracing::warn!("the turn to purge could not be given back");
        }
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
