//! From the desk to the readers: how long after publishing a page is new.
use std::time::Instant;

use hdrhistogram::Histogram;
use serde_json::json;

use super::{
    child::Child,
    client::{Connection, get},
    desk::{done, send, sign_in},
    report::Measured,
    sample::page,
};

/// How long it took, in microseconds.
pub struct Publishing {
    /// From sending the request to its answer.
    pub publish: Histogram<u64>,
    /// From then until the same server has the new page.
    pub visible: Histogram<u64>,
    /// From then until another server on the same database has it.
    pub elsewhere: Option<Histogram<u64>>,
}

/// Changes and publishes so many articles, whose pages readers have just asked for.
pub async fn measure(one: &Measured, count: usize) -> Publishing {
    let other =
        if one.newsroom.is_shared() { Some(Child::start(&one.newsroom, true).await) } else { None };
    let times = || Histogram::new_with_bounds(1, 60_000_000, 3).unwrap();
    let (mut publish, mut visible) = (times(), times());
    let mut elsewhere = other.as_ref().map(|_| times());
    let mut desk = Connection::open(one.cached.app()).await;
    let mut reader = Connection::open(one.cached.app()).await;
    let mut far = match &other {
        Some(other) => Some(Connection::open(other.app()).await),
        None => None,
    };
    let token = sign_in(&mut desk).await;
    for (number, piece) in one.sample.pieces.iter().take(count).enumerate() {
        let readers = page(&piece.path);
        reader.get(&readers).await;
        if let Some(far) = &mut far {
            far.get(&readers).await;
        }
        let headline = format!("Changed for the {number}th time, at {}", one.newsroom.articles);
        let edited = edit(&mut desk, &token, &piece.id, &headline).await;

        let path = format!("/manage/v1/articles/{}/actions/publish", piece.id);
        let publishing = send(&token, "POST", &path, &edited, &json!({"significant": false}));
        let sent = Instant::now();
        let answer = desk.ask(&publishing).await;
        let answered = Instant::now();
        done(&answer);
        record(&mut publish, answered - sent);
        wait_for(&mut reader, &readers, &headline).await;
        record(&mut visible, answered.elapsed());
        if let (Some(far), Some(elsewhere)) = (&mut far, &mut elsewhere) {
            wait_for(far, &readers, &headline).await;
            record(elsewhere, answered.elapsed());
        }
    }
    Publishing { publish, visible, elsewhere }
}

fn record(times: &mut Histogram<u64>, took: std::time::Duration) {
    times.saturating_record(u64::try_from(took.as_micros()).unwrap());
}

/// Changes the headline; returns the entity tag of the changed article.
async fn edit(desk: &mut Connection, token: &str, id: &str, headline: &str) -> String {
    let path = format!("/manage/v1/articles/{id}");
    let article = desk.ask(&get(&path, &[("Authorization", token)])).await;
    done(&article);
    let change = json!({"headline": headline});
    let etag = article.etag.expect("an entity tag");
    let answer = desk.ask(&send(token, "PATCH", &path, &etag, &change)).await;
    done(&answer);
    answer.etag.expect("an entity tag")
}

/// Asks until the page has this headline.
async fn wait_for(reader: &mut Connection, path: &str, headline: &str) {
    loop {
        let body = reader.get(path).await;
        if body.windows(headline.len()).any(|window| window == headline.as_bytes()) {
            return;
        }
    }
}
