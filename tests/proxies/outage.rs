//! While no server can be reached, the last answers are shown for as long as was chosen.
use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    freshness::{Pages, shown_for},
    process::free_address,
    proxy::Kind,
    reader::ask,
    server::Server,
};

/// What a machine with much else to do may add.
const SLACK: Duration = Duration::from_secs(3);

/// How long the page was shown once the server was gone, and whether it was for longer than it was
/// fresh. Another page that nobody has read since is not shown after that either.
fn outlasts(kind: Kind, stale_if_error: &str) -> Option<Duration> {
    if !kind.is_here() {
        return None;
    }
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("DELIVERY_SHARED_MAX_AGE", "1"),
        ("DELIVERY_STALE_IF_ERROR", stale_if_error),
    ];
    let mut server = Server::demo_with(&settings);
    let proxy = kind.start(&free_address(), &server.process.address);
    let pages = Pages::of(&server);
    let [unread, read] = &pages.read;
    pages.have_kept(&proxy);
    server.process.kill();
    let since = Instant::now();
    let mut shown = Duration::ZERO;
    loop {
        let answer = ask(&proxy.origin(), read, &[]);
        let passed = since.elapsed();
        match answer.status {
            200 => shown = passed,
            503 => break,
            _ => panic!("{answer:?}"),
        }
        assert!(passed < Duration::from_mins(1), "it is shown for ever");
        // The pace of a reader; nothing is waited for.
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ask(&proxy.origin(), unread, &[]).status, 503);
    Some(shown)
}

fn answers_outlast_the_servers_for_as_long_as_was_chosen(kind: Kind) {
    let Some(shown) = outlasts(kind, "5") else { return };
    // They were fresh for a second more, which has begun before the servers went.
    assert!(shown > Duration::from_secs(4), "shown for {shown:?}");
    assert!(shown < Duration::from_secs(7) + SLACK, "shown for {shown:?}");
}

fn answers_end_with_the_servers_where_nothing_was_chosen(kind: Kind) {
    let Some(shown) = outlasts(kind, "0") else { return };
    assert!(shown < Duration::from_secs(2) + SLACK, "shown for {shown:?}");
}

#[test]
fn answers_in_nginx_outlast_the_servers_for_as_long_as_was_chosen() {
    answers_outlast_the_servers_for_as_long_as_was_chosen(Kind::Nginx);
}

#[test]
fn answers_in_varnish_outlast_the_servers_for_as_long_as_was_chosen() {
    answers_outlast_the_servers_for_as_long_as_was_chosen(Kind::Varnish);
}

#[test]
fn answers_in_nginx_end_with_the_servers_where_nothing_was_chosen() {
    answers_end_with_the_servers_where_nothing_was_chosen(Kind::Nginx);
}

#[test]
fn answers_in_varnish_end_with_the_servers_where_nothing_was_chosen() {
    answers_end_with_the_servers_where_nothing_was_chosen(Kind::Varnish);
}

/// A cache that has heard that something is gone shows it no more, also while no server answers.
fn what_is_gone_stays_gone(kind: Kind) {
    if !kind.is_here() {
        return;
    }
    let settings = [
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("DELIVERY_SHARED_MAX_AGE", "1"),
        ("DELIVERY_STALE_IF_ERROR", "600"),
    ];
    let mut server = Server::demo_with(&settings);
    let proxy = kind.start(&free_address(), &server.process.address);
    let pages = Pages::of(&server);
    pages.have_kept(&proxy);
    pages.take_back(&server);
    for (page, status) in pages.read.iter().zip([410, 404]) {
        shown_for(&proxy, page, status);
    }
    server.process.kill();
    let since = Instant::now();
    // For longer than the cache keeps in mind that it is gone, without asking.
    while since.elapsed() < Duration::from_secs(4) {
        for (page, status) in pages.read.iter().zip([410, 404]) {
            let answer = ask(&proxy.origin(), page, &[]);
            assert!([status, 503].contains(&answer.status), "{answer:?}");
        }
        // The pace of a reader; nothing is waited for.
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_gone_from_nginx_stays_gone() {
    what_is_gone_stays_gone(Kind::Nginx);
}

#[test]
fn what_is_gone_from_varnish_stays_gone() {
    what_is_gone_stays_gone(Kind::Varnish);
}
