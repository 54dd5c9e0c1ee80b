//! The press: generates articles by the thousand and publishes them in batches, by the same rules
//! as one that is written by hand.
mod desk;
mod dice;
mod piece;
mod setting;
mod words;

use std::{
    collections::VecDeque,
    thread,
    time::{Duration, Instant as Timer},
};

use actix_web::rt;
use tokio::sync::mpsc;

use super::{fill::Filler, newsroom::Newsroom};
use crate::{
    app::State,
    articles::importing,
    auth::guard::Caller,
    comments::{decisions, model::CommentStatus, posting},
    db::{Actor, Context, journal::Entry},
    error::{Error, Result},
    ids::SessionId,
    media::{self, model::MediaRow},
    users,
};
use desk::{Batch, Desk, Remark, SETTLED};
use words::Words;

/// Where half of all generated articles are.
pub const LARGEST: &str = "/kraj";
/// Where five of them are.
pub const SMALLEST: &str = "/sport-i-ruch/szachy";

/// What everything generated follows from, beside the number of articles and the present instant.
const SEED: u64 = 0x6b75_7269_6572;
/// How many batches may lie ready while others are being stored.
const READY: usize = 1;
/// How often the progress is told.
const TOLD: Duration = Duration::from_secs(1);

/// Generates this many published articles in a demo newsroom, and tells how far it is.
pub async fn print(state: &State, count: u64, say: impl Fn(&str)) -> Result<()> {
    let newsroom = Newsroom::read()?;
    let mut filler = Filler::new(state).await;
    let made = setting::make(&mut filler, &newsroom.users).await?;
    drop(filler);
    let now = state.clock.now().plus_seconds(-60);
    let order = (SEED, count);
    let desk = Desk::new(Words::read()?, made.authors, made.credits, made.sections, order, now);
    let editor = editor(state, &newsroom).await?;

    let (ready, mut batches) = mpsc::channel(READY);
    // Writing takes one core while the database takes the other. It ends with the receiver.
    thread::Builder::new()
        .name("press".to_owned())
        .spawn(move || {
            let mut desk = desk;
            while let Some(batch) = desk.next_batch()
                && ready.blocking_send(batch).is_ok()
            {}
        })
        .map_err(Error::internal)?;

    let (started, mut told) = (Timer::now(), Timer::now());
    let (mut done, mut running) = (0, VecDeque::new());
    loop {
        let batch = batches.recv().await;
        let more = batch.is_some();
        if let Some(batch) = batch {
            let (state, editor) = (state.clone(), editor.clone());
            running.push_back(rt::spawn(async move { store(&state, editor, batch).await }));
        }
        // In their order, so that what is linked to has been published before.
        while running.len() >= SETTLED || (!more && !running.is_empty()) {
            let Some(first) = running.pop_front() else { break };
            done += first.await.map_err(Error::internal)??;
        }
        if told.elapsed() >= TOLD || !more {
            told = Timer::now();
            say(&progress(done, count, started.elapsed()));
        }
        if !more {
            return Ok(());
        }
    }
}

fn progress(done: u64, count: u64, elapsed: Duration) -> String {
    let rate = u128::from(done) * 1000 / elapsed.as_millis().max(1);
    format!("{done} of {count} generated articles, {rate}/s")
}

/// The demo's editor, as whose work the articles are taken in.
async fn editor(state: &State, newsroom: &Newsroom) -> Result<Caller> {
    let email = newsroom.users.iter().find(|person| person.key == "editor");
    let email = email.ok_or_else(|| Error::internal("the demo has no editor"))?.email.clone();
    let user = state.db.read(move |conn| users::queries::find_by_email(conn, &email)).await?;
    Ok(Caller {
        id: user.id,
        name: user.name,
        roles: user.roles.0,
        sections: user.sections.0,
        session: SessionId::new(),
        now: state.clock.now(),
        request_id: String::new(),
    })
}

/// Stores a batch; returns how many articles it had.
async fn store(state: &State, editor: Caller, batch: Batch) -> Result<u64> {
    let Batch { media, articles, remarks } = batch;
    let count = articles.len() as u64;
    let by = |actor| Context { actor, now: state.clock.now(), request_id: String::new() };
    let language = state.config.default_language.clone();
    state
        .db
        .write(by(Actor::Cli), move |tx| {
            for (id, input) in media {
                validator::Validate::validate(&input)?;
                let medium = MediaRow { id, ..MediaRow::new(input, None, editor.id, tx.now()) };
                media::queries::insert(tx, &medium)?;
                tx.record(Entry::new("created", &medium))?;
            }
            importing::publish(tx, &editor, articles, &language)
        })
        .await?;
    if remarks.is_empty() {
        return Ok(count);
    }
    let posted = state
        .db
        .write(by(Actor::Guest), move |tx| {
            let mut posted = Vec::with_capacity(remarks.len());
            for Remark { article, input } in &remarks {
                validator::Validate::validate(input)?;
                posted.push(posting::by_guest(tx, *article, input, None, None)?);
            }
            Ok(posted)
        })
        .await?;
    let held: Vec<_> = posted.into_iter().filter(|comment| !comment.is_approved()).collect();
    if !held.is_empty() {
        state
            .db
            .write(by(Actor::Cli), move |tx| {
                for comment in &held {
                    tx.lock(comment.article_id)?;
                    decisions::settle(tx, comment, CommentStatus::Approved, None, None)?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(count)
}
