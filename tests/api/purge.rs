//! Caches outside are told which tags every change has moved.
use std::collections::BTreeSet;

use broadsheet::{
    app::State,
    db::{Actor, Context, Tx, readers},
    error::Result,
    purge::Purger,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    articles::{at, draft, publish, section},
    support::{Purge, Receiver, TestApp, on_both_engines},
};

on_both_engines! {
    a_publish_tells_exactly_the_tags_of_its_entry,
    a_draft_s_edit_tells_nothing,
    a_receiver_that_fails_is_told_again,
    a_receiver_that_redirects_is_not_followed,
    what_changed_meanwhile_is_told_after_a_restart,
    two_servers_tell_each_tag_once,
    another_server_takes_over_when_a_turn_ends,
    a_turn_is_one_server_s_and_for_one_place,
    a_token_goes_with_every_purge_and_is_shown_nowhere,
    what_is_still_to_be_told_is_counted,
}

/// A newsroom whose changes are told to this receiver from now on.
struct Told {
    // First, so that it stops before the database goes.
    purger: Option<Purger>,
    app: TestApp,
    receiver: Receiver,
    section: Value,
}

async fn told(app: TestApp, settings: impl Fn(&str) -> Option<String>) -> Told {
    let receiver = Receiver::start();
    let app = TestApp::start_with(app.engine(), |name| match name {
        "PURGE_URL" => Some(format!("{}/purge?from=here", receiver.origin)),
        other => settings(other),
    })
    .await;
    // Nothing of this is told, since it was before.
    let section = section(&app, "World").await;
    let purger = Some(start(&app.state).await);
    Told { purger, app, receiver, section }
}

async fn start(state: &State) -> Purger {
    let started = Purger::start(&state.config, &state.db, &state.clock).await;
    started.unwrap().expect("PURGE_URL is set")
}

impl Told {
    async fn stop(&mut self) {
        self.purger.take().unwrap().end().await;
    }

    /// Goes on with a server of its own, as after a restart.
    async fn start_again(&mut self) {
        self.purger = Some(start(&self.app.another_server()).await);
    }

    /// Publishes a new article; returns it and the tags that the journal has for that.
    async fn publish(&self, headline: &str) -> (Value, BTreeSet<String>) {
        let admin = self.app.admin().await;
        let article = draft(&admin, &self.section, headline).await;
        publish(&admin, &article).await;
        let journal = admin.get("/manage/v1/journal?limit=100").await.expect(200);
        let mut entries = journal["data"].as_array().unwrap().iter().rev();
        let of_it = |entry: &&Value| {
            entry["resource_id"] == article["id"] && entry["action"] == "article.published"
        };
        let tags = entries.find(of_it).unwrap()["tags"].clone();
        (article, serde_json::from_value(tags).unwrap())
    }

    /// Whether the very next purge has the tags of the very next publish.
    async fn is_exact(&self) {
        let (_, tags) = self.publish("The last word").await;
        assert_eq!(tags_of(&self.receiver.next()), tags);
    }

    /// The same, and nothing comes after it.
    async fn ends_exact(mut self) {
        self.is_exact().await;
        self.stop().await;
        assert!(self.receiver.is_quiet());
    }
}

fn tags_of(purge: &Purge) -> BTreeSet<String> {
    let tags = purge.tags();
    assert!((1..=30).contains(&tags.len()), "{tags:?}");
    let distinct: BTreeSet<String> = tags.iter().cloned().collect();
    assert_eq!(distinct.len(), tags.len(), "one of them stands twice: {tags:?}");
    distinct
}

fn article_tag(article: &Value) -> String {
    format!("article:{}", article["id"].as_str().unwrap())
}

async fn a_publish_tells_exactly_the_tags_of_its_entry(app: TestApp) {
    let told = told(app, |_| None).await;
    let (article, tags) = told.publish("The ferry sails").await;
    assert!(tags.contains(&article_tag(&article)) && tags.contains("list:all"), "{tags:?}");
    let purge = told.receiver.next();
    assert_eq!(purge.request, "POST /purge?from=here HTTP/1.1");
    assert_eq!(purge.header("content-type"), Some("application/json"));
    assert_eq!(purge.header("authorization"), None);
    assert_eq!(tags_of(&purge), tags);
    told.ends_exact().await;
}

async fn a_draft_s_edit_tells_nothing(app: TestApp) {
    let told = told(app, |_| None).await;
    let admin = told.app.admin().await;
    let article = draft(&admin, &told.section, "Not yet").await;
    admin.patch(&at(&article), json!({"headline": "Still not"})).await.expect(200);
    admin.delete(&at(&article)).await.expect(204);
    told.ends_exact().await;
}

async fn a_receiver_that_fails_is_told_again(app: TestApp) {
    let told = told(app, |_| None).await;
    told.receiver.answer(&[500, 403, 404]);
    let (_, tags) = told.publish("The ferry sails").await;
    let first = told.receiver.next();
    assert_eq!(tags_of(&first), tags);
    for _ in 0..3 {
        assert_eq!(told.receiver.next(), first);
    }
    told.ends_exact().await;
}

/// Neither to another host, where the credentials would go along, nor to itself.
async fn a_receiver_that_redirects_is_not_followed(app: TestApp) {
    let settings = |name: &str| (name == "PURGE_TOKEN").then(|| "a-token".to_owned());
    let (told, elsewhere) = (told(app, settings).await, Receiver::start());
    let other = format!("{}/purge", elsewhere.origin);
    for (statuses, location) in [([302, 307], other.as_str()), ([303, 308], "/elsewhere")] {
        told.receiver.redirect(&statuses, location);
        let (_, tags) = told.publish("The ferry sails").await;
        for _ in 0..=statuses.len() {
            let purge = told.receiver.next();
            assert_eq!(purge.request, "POST /purge?from=here HTTP/1.1");
            assert_eq!(tags_of(&purge), tags);
        }
    }
    told.ends_exact().await;
    assert!(elsewhere.is_quiet());
}

async fn what_changed_meanwhile_is_told_after_a_restart(app: TestApp) {
    let mut told = told(app, |_| None).await;
    told.is_exact().await;

    // Nobody tells, and more changes than one request takes.
    told.stop().await;
    let mut missed = BTreeSet::new();
    for number in 0..20 {
        missed.extend(told.publish(&format!("Missed {number}")).await.1);
    }
    assert!((31..=60).contains(&missed.len()), "two requests' worth: {}", missed.len());
    told.start_again().await;
    let (first, second) = (tags_of(&told.receiver.next()), tags_of(&told.receiver.next()));
    assert!(first.is_disjoint(&second));
    assert_eq!(&first | &second, missed);

    // Ended in the middle of an outage.
    told.receiver.answer(&[503; 100]);
    let (_, tags) = told.publish("In the dark").await;
    assert_eq!(tags_of(&told.receiver.next()), tags);
    told.stop().await;
    while !told.receiver.is_quiet() {}
    told.receiver.answer(&[]);
    told.start_again().await;
    assert_eq!(tags_of(&told.receiver.next()), tags);
    told.ends_exact().await;
}

async fn two_servers_tell_each_tag_once(app: TestApp) {
    let told = told(app, |_| None).await;
    let other = start(&told.app.another_server()).await;
    let mut articles = BTreeSet::new();
    for number in 0..10 {
        articles.insert(article_tag(&told.publish(&format!("News {number}")).await.0));
    }
    let mut seen: Vec<String> = Vec::new();
    while articles.iter().any(|tag| !seen.contains(tag)) {
        seen.extend(tags_of(&told.receiver.next()));
    }
    seen.retain(|tag| articles.contains(tag));
    assert_eq!(seen.len(), articles.len(), "{seen:?}");
    other.end().await;
    told.ends_exact().await;
}

async fn another_server_takes_over_when_a_turn_ends(app: TestApp) {
    let told = told(app, |_| None).await;
    let gone = Uuid::now_v7();
    assert!(take(&told.app, place(&told.app).await, gone, 0).await);
    let (_, tags) = told.publish("The ferry sails").await;
    assert!(told.receiver.is_quiet(), "it is another's turn");
    told.app.advance(15);
    assert_eq!(tags_of(&told.receiver.next()), tags);
    told.ends_exact().await;
}

async fn a_turn_is_one_server_s_and_for_one_place(app: TestApp) {
    let mut told = told(app, |_| None).await;
    told.stop().await;
    let app = &told.app;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    let before = place(app).await;
    assert!(take(app, before, one, 0).await);
    assert!(take(app, before, one, 1).await, "its own turn, anew");
    // The clocks of two machines never agree to the last.
    for seconds in [-4, 0, 4] {
        assert!(!take(app, before, other, seconds).await, "at {seconds}");
    }
    let by = told.app.now();
    let done = write(app, move |tx| readers::advance(tx, "purge", before + 1, one, Some(by)));
    assert!(done.await.is_some());
    assert!(!take(app, before + 1, other, 0).await, "its turn goes on");
    assert!(!take(app, before, other, 20).await, "that has been done");
    assert!(take(app, before + 1, other, 20).await);
    let late = write(app, move |tx| readers::advance(tx, "purge", before + 2, one, None));
    assert_eq!(late.await, None);
    assert_eq!(place(app).await, before + 1, "whoever was too late moves nothing");
    assert!(take(app, before + 1, one, -60).await, "the other's clock is wrong");
}

async fn place(app: &TestApp) -> i64 {
    app.state.db.read(|conn| Ok(readers::find(conn, "purge")?.seq)).await.unwrap()
}

/// Whether it is this server's turn after that place, by a clock that is so many seconds fast.
async fn take(app: &TestApp, seq: i64, server: Uuid, fast: i64) -> bool {
    let now = app.now().plus_seconds(fast);
    write(app, move |tx| readers::take(tx, "purge", seq, server, now)).await.is_some()
}

async fn write<T: Send + 'static>(
    app: &TestApp,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Clone + Send + 'static,
) -> T {
    let by = Context { actor: Actor::System, now: app.now(), request_id: String::new() };
    let done = app.state.db.write(by, move |tx| {
        tx.nothing_to_record("another server's turn");
        work(tx)
    });
    done.await.unwrap()
}

async fn a_token_goes_with_every_purge_and_is_shown_nowhere(app: TestApp) {
    let told = told(app, |name| (name == "PURGE_TOKEN").then(|| "hush-hush".to_owned())).await;
    told.receiver.answer(&[500]);
    told.publish("The ferry sails").await;
    for _ in 0..2 {
        let purge = told.receiver.next();
        assert_eq!(purge.header("authorization"), Some("Bearer hush-hush"));
        assert_eq!(purge.header("fastly-key"), Some("hush-hush"));
    }
    let shown = format!("{:?}", told.app.state.config);
    assert!(shown.contains(&told.receiver.origin) && !shown.contains("hush"), "{shown}");
    assert!(!shown.contains("from=here"), "addresses can hold secrets, too: {shown}");
    told.ends_exact().await;
}

async fn what_is_still_to_be_told_is_counted(app: TestApp) {
    let mut told = told(app, |_| None).await;
    let pending = async |told: &Told| {
        let page = told.app.anyone().get("/metrics").await.text;
        let mut lines = page.lines();
        let line = lines.find_map(|line| line.strip_prefix("broadsheet_purge_pending_changes "));
        line.unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(pending(&told).await, 0);
    told.stop().await;
    told.publish("Nobody hears of it").await;
    assert_eq!(pending(&told).await, 1, "the draft touched nothing that readers get");
}
