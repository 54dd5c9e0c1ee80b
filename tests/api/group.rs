//! Writes that wait together: what becomes of one is not the others' affair.
use std::sync::{
    Arc, Barrier, Once,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_web::rt::{spawn, task::JoinHandle};
use broadsheet::{
    db::{
        Actor, Context, Tx,
        journal::{self, Entry, Resource},
    },
    error::{Error, Result},
};
use serde_json::json;
use tokio::{sync::mpsc::unbounded_channel, task::yield_now};
use uuid::Uuid;

use crate::support::{Engine, TestApp, on_both_engines};

on_both_engines! {
    a_refused_or_faulty_write_leaves_no_trace_and_its_neighbours_alone,
    a_full_queue_asks_to_come_again,
    what_waited_too_long_was_not_begun,
}

/// How many writes may wait.
const QUEUE: usize = 1024;

struct Thing(Uuid);

impl Resource for Thing {
    const TYPE: &'static str = "thing";
    fn id(&self) -> Uuid {
        self.0
    }
    fn version(&self) -> i32 {
        1
    }
}

/// Spawns what puts this into the queue and waits for it.
fn write<T: Send + 'static>(
    app: &TestApp,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
) -> JoinHandle<Result<T>> {
    let by = Context { actor: Actor::System, now: app.now(), request_id: String::new() };
    let db = app.state.db.clone();
    spawn(async move { db.write(by, work).await })
}

/// Has everything that was put into the queue be there: a turn of the runtime takes only some.
async fn everything_is_queued() {
    for _ in 0..QUEUE {
        yield_now().await;
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the form of every write")]
fn nothing(tx: &mut Tx<'_>) -> Result<()> {
    tx.nothing_to_record("a test that looks at the queue alone");
    Ok(())
}

/// Has every writer wait until somebody else waits, too.
async fn hold(app: &TestApp) -> Arc<Barrier> {
    let writers = if app.engine() == Engine::Sqlite { 1 } else { 2 };
    let barrier = Arc::new(Barrier::new(writers + 1));
    let (begins, mut begun) = unbounded_channel();
    for _ in 0..writers {
        let (begins, barrier) = (begins.clone(), Arc::clone(&barrier));
        let once = Arc::new(Once::new());
        write(app, move |tx| {
            // A faulty neighbour has it done again.
            once.call_once(|| {
                begins.send(()).unwrap();
                barrier.wait();
            });
            nothing(tx)
        });
    }
    for _ in 0..writers {
        begun.recv().await.unwrap();
    }
    barrier
}

async fn a_refused_or_faulty_write_leaves_no_trace_and_its_neighbours_alone(app: TestApp) {
    let before = app.state.db.read(|conn| journal::last(conn)).await.unwrap();
    let held = hold(&app).await;
    let mut good = Vec::new();
    let mut running = Vec::new();
    for number in 0..60 {
        let id = Uuid::now_v7();
        if number % 3 == 0 {
            good.push(id);
        }
        running.push(write(&app, move |tx| {
            tx.record(Entry::new("made", &Thing(id)))?;
            // Something that only the end of the transaction, or of its savepoint, can undo.
            tx.lock(id)?;
            match number {
                20 => panic!("meant to"),
                40 => Err(Error::internal("meant to")),
                _ if number % 3 == 0 => Ok(number),
                _ => Err(Error::conflict("meant to")),
            }
        }));
    }
    everything_is_queued().await;
    held.wait();
    for (number, job) in running.into_iter().enumerate() {
        match (number, job.await.unwrap()) {
            (20 | 40, Err(Error::Internal(_))) => {}
            (_, Ok(done)) if number % 3 == 0 => assert_eq!(done, number),
            (_, Err(Error::Conflict { .. })) if number % 3 != 0 => {}
            (_, other) => panic!("{number} became {other:?}"),
        }
    }
    let entries = app.state.db.read(move |conn| journal::page(conn, before, None, 100)).await;
    let mut made: Vec<Uuid> = entries.unwrap().iter().map(|entry| entry.resource_id.0).collect();
    made.sort();
    assert_eq!(made, good);
}

async fn a_full_queue_asks_to_come_again(app: TestApp) {
    let admin = app.admin().await;
    let held = hold(&app).await;
    let waiting: Vec<_> = (0..QUEUE).map(|_| write(&app, nothing)).collect();
    everything_is_queued().await;
    match write(&app, nothing).await.unwrap() {
        Err(Error::Unavailable(why)) => assert_eq!(why.to_string(), "the queue is full"),
        other => panic!("{other:?}"),
    }
    let refused = admin.post("/manage/v1/sections", json!({"name": "World"})).await;
    assert_eq!(refused.header("retry-after"), "2");
    refused.expect(503);
    held.wait();
    for job in waiting {
        job.await.unwrap().unwrap();
    }
    admin.post("/manage/v1/sections", json!({"name": "World"})).await.expect(201);
}

async fn what_waited_too_long_was_not_begun(app: TestApp) {
    let hasty = app.another(|name| (name == "DATABASE_TIMEOUT").then(|| "1".to_owned())).await;
    let held = hold(&hasty).await;
    let begun = Arc::new(AtomicBool::new(false));
    let begins = Arc::clone(&begun);
    let late = write(&hasty, move |tx| {
        begins.store(true, Relaxed);
        nothing(tx)
    });
    assert!(matches!(late.await.unwrap(), Err(Error::Unavailable(_))));
    held.wait();
    // Whatever was queued before these has been looked at once they are done.
    for job in [write(&hasty, nothing), write(&hasty, nothing)] {
        job.await.unwrap().unwrap();
    }
    assert!(!begun.load(Relaxed));
}
