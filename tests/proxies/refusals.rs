//! What a proxy refuses itself has the form of the API's own refusals, and what is for those who
//! run the server is not to be had through it.
use std::{fs, process::Command};

use crate::{
    process::free_address,
    proxy::{Kind, Proxy, find, nginx_around, shipped_at},
    reader::{Answer, ask},
    server::Server,
};

/// A problem document (RFC 9457) with the id of its request, which leads to a page.
#[track_caller]
fn is_problem(answer: &Answer, status: u16, server: Option<&Server>) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{answer:?}");
    assert_eq!(problem["request_id"], answer.header("x-request-id"), "{answer:?}");
    let kind = problem["type"].as_str().unwrap();
    if let Some(server) = server.filter(|_| kind != "about:blank") {
        let page = ask(&server.origin, kind, &[]);
        let title = format!("<h1>{}</h1>", problem["title"].as_str().unwrap());
        assert!(page.body.contains(&title), "{kind} is not called {title}");
    }
}

fn before(kind: Kind) -> Option<(Server, Proxy)> {
    kind.is_here().then(|| {
        let server = Server::demo_with(&[("TRUSTED_PROXIES", "127.0.0.1")]);
        let proxy = kind.start(&free_address(), &server.process.address);
        (server, proxy)
    })
}

fn refusals_have_one_form(kind: Kind) {
    let Some((mut server, proxy)) = before(kind) else { return };
    for path in ["/metrics", "/readyz"] {
        is_problem(&ask(&proxy.origin(), path, &[]), 404, Some(&server));
    }
    for path in [
        "/metrics?x=1",
        "/metrics/",
        "/%6detrics",
        "/%6Detrics",
        "//metrics",
        "/./metrics",
        "/v1/../metrics",
        "/v1/%2e%2e/metrics",
        "/%2e/metrics",
    ] {
        let answer = ask(&proxy.origin(), path, &[]);
        let hidden = !answer.body.contains("broadsheet_build_info");
        assert!(hidden && (400..500).contains(&answer.status), "{path}: {answer:?}");
    }
    // The API's own refusals come as they are.
    let missing = ask(&proxy.origin(), "/v1/nothing", &[]);
    is_problem(&missing, 404, Some(&server));
    assert_eq!(missing.header("access-control-allow-origin"), "*");
    server.process.kill();
    let away = ask(&proxy.origin(), "/v1/articles?limit=17", &[]);
    is_problem(&away, 503, None);
    assert_eq!(away.header("retry-after"), "5");
    assert_eq!(away.json()["type"], "/problems/unavailable");
}

#[test]
fn nginx_refuses_in_one_form() {
    refusals_have_one_form(Kind::Nginx);
}

#[test]
fn haproxy_refuses_in_one_form() {
    refusals_have_one_form(Kind::Haproxy);
}

#[test]
fn caddy_refuses_in_one_form() {
    refusals_have_one_form(Kind::Caddy);
}

#[test]
fn varnish_refuses_in_one_form() {
    refusals_have_one_form(Kind::Varnish);
}

#[test]
fn nginx_refuses_what_is_too_large_or_too_much_in_the_same_form() {
    let Some((server, proxy)) = before(Kind::Nginx) else { return };
    let large = proxy_file(&proxy, 4_000_000);
    let body = format!("@{large}");
    let json = ["-H", "content-type: application/json", "--data-binary", &body];
    is_problem(&ask(&proxy.origin(), "/v1/articles", &json), 413, Some(&server));
    let long = format!("/v1/articles?tag={}", "x".repeat(40_000));
    is_problem(&ask(&proxy.origin(), &long, &[]), 400, Some(&server));
    is_problem(&ask(&proxy.origin(), "/v1/articles", &["-H", "host: a b"]), 400, Some(&server));
    is_problem(&ask(&proxy.origin(), "/v1/articles", &["-X", "TRACE"]), 405, Some(&server));
    let wrong = ["-H", "content-type: application/json", "-d", "{}"];
    let mut refused = ask(&proxy.origin(), "/manage/v1/session", &wrong);
    for _ in 0..30 {
        if refused.status == 429 {
            break;
        }
        refused = ask(&proxy.origin(), "/manage/v1/session", &wrong);
    }
    is_problem(&refused, 429, Some(&server));
    assert_eq!(refused.header("retry-after"), "5");
    assert!(!refused.has("ratelimit"), "it was the server that refused");
}

/// A file of so many bytes, beside the proxy's own.
fn proxy_file(proxy: &Proxy, bytes: usize) -> String {
    let file = proxy.home().join("large");
    fs::write(&file, "x".repeat(bytes)).unwrap();
    file.display().to_string()
}

/// Not one character is another here, as whoever puts the file in its place would have it.
#[test]
fn nginx_takes_the_shipped_file_as_it_is() {
    if !Kind::Nginx.is_here() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let around = nginx_around(&shipped_at("nginx.conf"), home.path());
    let existed = fs::exists("/var/cache/broadsheet").unwrap();
    // It binds the port and makes the folder of the cache, which only root may.
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    let mut command = Command::new(if root { "env" } else { "sudo" });
    let done = command.arg(find("nginx").unwrap()).arg("-t").arg("-c").arg(around).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    if !existed {
        let mut remove = Command::new(if root { "env" } else { "sudo" });
        assert!(remove.args(["rmdir", "/var/cache/broadsheet"]).status().unwrap().success());
    }
}
