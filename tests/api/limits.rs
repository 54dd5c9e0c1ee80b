//! Rate limits: everyone has their own, by what they ask for, and is told what is left.
use serde_json::json;

use crate::support::{Engine, PASSWORD, TestApp};

/// By what the site's own server is known.
const FRONTEND: &str = "the-site-renders-on-its-own-server";

async fn limited() -> TestApp {
    TestApp::start_with(Engine::Sqlite, |name| {
        let value = match name {
            "RATE_LIMIT_READS" => "3",
            "RATE_LIMIT_SIGN_IN" => "2",
            "TRUSTED_PROXIES" => "10.0.0.1",
            "FRONTEND_TOKEN" => FRONTEND,
            _ => return None,
        };
        Some(value.to_owned())
    })
    .await
}

#[actix_web::test]
async fn who_sends_too_much_is_told_when_to_go_on() {
    let app = limited().await;
    let reader = app.anyone().from("192.0.2.7");
    for left in ["2", "1", "0"] {
        let answer = reader.get("/v1/sections").await;
        assert_eq!(answer.header("ratelimit-policy"), "\"reads\";q=3;w=60");
        assert_eq!(answer.header("ratelimit"), format!("\"reads\";r={left}"));
        answer.expect(200);
    }
    let refused = reader.get("/v1/sections").await;
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(refused.header("ratelimit"), format!("\"reads\";r=0;t={wait}"));
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert_eq!(refused.expect(429)["type"], "/problems/too-many-requests");

    app.anyone().from("192.0.2.8").get("/v1/sections").await.expect(200);
}

#[actix_web::test]
async fn what_is_asked_for_is_counted_apart_and_the_process_itself_is_not() {
    let app = limited().await;
    let desk = app.anyone().from("192.0.2.7");
    let who = json!({"email": "nobody@example.org", "password": PASSWORD});
    for status in [401, 401, 429] {
        desk.post("/manage/v1/session", who.clone()).await.expect(status);
    }
    desk.get("/v1/sections").await.expect(200);
    let unlimited = desk.get("/manage/v1/me").await;
    assert!(unlimited.headers.get("ratelimit").is_none());
    unlimited.expect(401);
    for _ in 0..5 {
        app.anyone().get("/v1/sections").await.expect(200);
    }
}

#[actix_web::test]
async fn behind_a_trusted_proxy_everyone_counts_for_themselves() {
    let app = limited().await;
    let proxy = app.anyone().from("10.0.0.1");
    for status in [200, 200, 200, 429] {
        proxy.with("x-forwarded-for", "192.0.2.1").get("/v1/sections").await.expect(status);
    }
    proxy.with("x-forwarded-for", "192.0.2.2").get("/v1/sections").await.expect(200);
    // Neighbours in one IPv6 network are one.
    for (host, status) in [("::1", 200), ("::2", 200), ("::3", 200), ("::4", 429)] {
        let address = format!("2001:db8:0:7{host}");
        proxy.with("x-forwarded-for", &address).get("/v1/sections").await.expect(status);
    }
}

#[actix_web::test]
async fn no_other_header_moves_a_client_to_another_address() {
    let app = limited().await;
    let proxy = app.anyone().from("10.0.0.1").with("x-forwarded-for", "192.0.2.1");
    for (number, status) in [(1, 200), (2, 200), (3, 200), (4, 429)] {
        let made_up = format!("198.51.100.{number}");
        let spoofing = proxy
            .with("forwarded", &format!("for={made_up}"))
            .with("x-real-ip", &made_up)
            .with("reader-address", &made_up);
        spoofing.get("/v1/sections").await.expect(status);
    }
}

#[actix_web::test]
async fn a_frontend_s_readers_count_for_themselves() {
    let app = limited().await;
    let frontend = app.anyone().from("203.0.113.80").with("frontend-token", FRONTEND);
    let reader = frontend.with("reader-address", "192.0.2.1");
    for status in [200, 200, 200, 429] {
        reader.get("/v1/sections").await.expect(status);
    }
    frontend.with("reader-address", "2001:db8::7").get("/v1/sections").await.expect(200);
    // They are one with those who come by themselves.
    app.anyone().from("192.0.2.1").get("/v1/sections").await.expect(429);
    let who = json!({"email": "nobody@example.org", "password": PASSWORD});
    for status in [401, 401, 429] {
        reader.post("/manage/v1/session", who.clone()).await.expect(status);
    }
    frontend
        .with("reader-address", "192.0.2.2")
        .post("/manage/v1/session", who.clone())
        .await
        .expect(401);
}

#[actix_web::test]
async fn a_frontend_that_asks_for_no_reader_only_reads() {
    let app = limited().await;
    let frontend = app.anyone().from("203.0.113.80").with("frontend-token", FRONTEND);
    for _ in 0..5 {
        let answer = frontend.get("/v1/sections").await;
        assert!(answer.headers.get("ratelimit").is_none());
        answer.expect(200);
    }
    let who = json!({"email": "nobody@example.org", "password": PASSWORD});
    let refused = frontend.post("/manage/v1/session", who).await;
    refused.refused(400, "Reader-Address", "required");
}

#[actix_web::test]
async fn a_frontend_is_told_what_it_says_wrongly() {
    let app = limited().await;
    let reader = app.anyone().from("203.0.113.80").with("reader-address", "192.0.2.1");
    let refused = reader.with("frontend-token", &FRONTEND[1..]).get("/v1/sections").await;
    refused.refused(400, "Frontend-Token", "wrong");
    let frontend = app.anyone().with("frontend-token", FRONTEND);
    let refused = frontend.with("reader-address", "a reader").get("/v1/sections").await;
    refused.refused(400, "Reader-Address", "address");
    // Who does not know the token is whoever they are.
    let refused = reader.get("/v1/sections").await;
    assert_eq!(refused.header("ratelimit"), "\"reads\";r=2");
}

#[actix_web::test]
async fn answers_are_kept_whoever_asks_for_whom() {
    let app = limited().await;
    app.anyone().get("/v1/sections").await.expect(200);
    let frontend = app.anyone().from("203.0.113.80").with("frontend-token", FRONTEND);
    for address in ["192.0.2.1", "192.0.2.2"] {
        let answer = frontend.with("reader-address", address).get("/v1/sections").await;
        assert!(answer.was_ready());
        assert_eq!(answer.header("vary"), "accept-encoding");
    }
}
