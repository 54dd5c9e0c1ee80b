//! What an editor takes away is gone from the caches in front within the time that was chosen.
use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    process::free_address,
    proxy::{Kind, Proxy},
    reader::ask,
    server::{Server, post},
};

/// What a machine with much else to do may add.
const SLACK: Duration = Duration::from_secs(3);

const RETRACTION: &str = r#"{"notice": "It was wrong."}"#;

/// Two pages that are public: their addresses, and where the newsroom has them.
pub struct Pages {
    pub read: [String; 2],
    articles: [String; 2],
    token: String,
}

impl Pages {
    pub fn of(server: &Server) -> Self {
        let (status, list) = server.call("/v1/articles?limit=2", &[]);
        assert_eq!(status, 200);
        let list: Value = serde_json::from_str(&list).unwrap();
        let member = |at: usize, name: &str| list["data"][at][name].as_str().unwrap().to_owned();
        let who = r#"{"email": "editor@example.org", "password": "demo-newsroom"}"#;
        let tokens = post(&server.origin, "/manage/v1/session", "", who);
        let tokens: Value = serde_json::from_str(&tokens).unwrap();
        Self {
            read: [0, 1].map(|at| format!("/v1/page?path={}", member(at, "path"))),
            articles: [0, 1].map(|at| format!("/manage/v1/articles/{}", member(at, "id"))),
            token: tokens["access_token"].as_str().unwrap().to_owned(),
        }
    }

    /// Retracts both, at the server itself.
    pub fn retract(&self, server: &Server) {
        for article in &self.articles {
            self.act(server, article, "retract", RETRACTION);
        }
    }

    /// Retracts the first, and takes the second offline.
    pub fn take_back(&self, server: &Server) {
        self.act(server, &self.articles[0], "retract", RETRACTION);
        self.act(server, &self.articles[1], "unpublish", "{}");
    }

    fn act(&self, server: &Server, article: &str, action: &str, body: &str) {
        let bearer = format!("authorization: Bearer {}", self.token);
        let head = ask(&server.origin, article, &["-H", &bearer]);
        let version = format!("if-match: {}", head.header("etag"));
        let json = "content-type: application/json";
        let done = ask(
            &server.origin,
            &format!("{article}/actions/{action}"),
            &["-H", &bearer, "-H", &version, "-H", json, "-d", body],
        );
        assert_eq!(done.status, 200, "{done:?}");
    }

    /// Has the proxy keep both.
    pub fn have_kept(&self, proxy: &Proxy) {
        for page in &self.read {
            for _ in 0..2 {
                assert_eq!(ask(&proxy.origin(), page, &[]).status, 200);
            }
        }
    }
}

/// Reads until the page is answered so; for how long it was still shown.
pub fn shown_for(proxy: &Proxy, page: &str, gone: u16) -> Duration {
    let since = Instant::now();
    loop {
        let answer = ask(&proxy.origin(), page, &[]);
        let passed = since.elapsed();
        match answer.status {
            status if status == gone => return passed,
            200 => assert!(passed < Duration::from_mins(1), "it is never gone"),
            _ => panic!("{answer:?}"),
        }
        // The pace of a reader; nothing is waited for.
        thread::sleep(Duration::from_millis(50));
    }
}

/// A page that nobody has read since is gone as well: its first reader does not get what the cache
/// had, while it asks for what is true now.
fn what_is_gone_is_gone_in_time(kind: Kind, rounding: Duration) {
    if !kind.is_here() {
        return;
    }
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("DELIVERY_MAX_AGE", "60"),
        ("DELIVERY_SHARED_MAX_AGE", "2"),
        // What is shown while no server answers has nothing to do with it.
        ("DELIVERY_STALE_IF_ERROR", "600"),
    ];
    let server = Server::demo_with(&settings);
    let proxy = kind.start(&free_address(), &server.process.address);
    let pages = Pages::of(&server);
    let [unread, read] = &pages.read;
    pages.have_kept(&proxy);
    pages.retract(&server);
    let shown = shown_for(&proxy, read, 410);
    assert!(shown < Duration::from_secs(2) + rounding + SLACK, "shown for {shown:?}");
    assert_eq!(ask(&proxy.origin(), unread, &[]).status, 410);
}

#[test]
fn what_is_gone_is_gone_from_nginx_in_time() {
    what_is_gone_is_gone_in_time(Kind::Nginx, Duration::from_secs(1));
}

#[test]
fn what_is_gone_is_gone_from_varnish_in_time() {
    what_is_gone_is_gone_in_time(Kind::Varnish, Duration::ZERO);
}

#[test]
fn what_is_purged_is_gone_from_varnish_at_once() {
    if !Kind::Varnish.is_here() {
        return;
    }
    let address = free_address();
    let purge = format!("http://{address}/purge");
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("DELIVERY_MAX_AGE", "0"),
        ("DELIVERY_SHARED_MAX_AGE", "86400"),
        ("PURGE_URL", &purge),
    ];
    let server = Server::demo_with(&settings);
    let proxy = Kind::Varnish.start(&address, &server.process.address);
    let pages = Pages::of(&server);
    pages.have_kept(&proxy);
    let kept = ask(&proxy.origin(), &pages.read[0], &[]);
    assert_eq!(kept.header("x-varnish").split(' ').count(), 2, "a hit names two transactions");
    assert!(!kept.has("xkey"));
    pages.retract(&server);
    for page in &pages.read {
        let shown = shown_for(&proxy, page, 410);
        assert!(shown < SLACK, "shown for {shown:?}");
    }
    // Strangers cannot.
    let purge = ask(&proxy.origin(), "/purge", &["-X", "POST", "-H", "surrogate-key: list:all"]);
    assert_eq!(purge.status, 403);
}
