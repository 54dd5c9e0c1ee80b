//! A PostgreSQL that does not speak English: what its refusals mean is not read from their words.
use std::{
    env, fs,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use actix_web::rt::spawn;
use broadsheet::db::{Actor, Context};
use uuid::Uuid;

use crate::support::{Cluster, Engine, TestApp};

#[actix_web::test]
#[expect(clippy::disallowed_methods, reason = "CI says so in the environment")]
async fn deadlocks_are_taken_up_again_in_any_language() {
    if !Engine::postgres_is_here() {
        return;
    }
    let cluster = Cluster::speaking("de_DE");
    assert!(cluster.is_some() || !env::var("CI").is_ok_and(|ci| ci == "true"), "CI needs locales");
    let Some(cluster) = cluster else { return };
    let app = TestApp::start_in(&cluster).await;
    let (both, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicUsize::new(0)));
    let locks = [Uuid::now_v7(), Uuid::now_v7()];
    let write = |first: Uuid, second: Uuid| {
        let (both, tries) = (Arc::clone(&both), Arc::clone(&tries));
        let by = Context { actor: Actor::System, now: app.now(), request_id: String::new() };
        let db = app.state.db.clone();
        spawn(async move {
            db.write(by, move |tx| {
                tx.lock(first)?;
                // Each has its first lock before either asks for the other's.
                if tries.fetch_add(1, Relaxed) < 2 {
                    both.wait();
                }
                tx.lock(second)?;
                tx.nothing_to_record("a test of two that stand in each other's way");
                Ok(())
            })
            .await
        })
    };
    let (one, other) = (write(locks[0], locks[1]), write(locks[1], locks[0]));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(tries.load(Relaxed), 3, "one of them was undone, and tried again");
    let said = fs::read_to_string(cluster.home.join("server.log")).unwrap();
    assert!(said.contains("Verklemmung"), "it does speak English: {said}");
}
