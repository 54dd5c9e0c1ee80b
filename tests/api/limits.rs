//! Rate limits: everyone has their own, by what they ask for, and is told what is left.
use serde_json::json;

use crate::support::{Engine, PASSWORD, TestApp};

async fn limited() -> TestApp {
    TestApp::start_with(Engine::Sqlite, |name| {
        let value = match name {
            "RATE_LIMIT_READS" => "3",
            "RATE_LIMIT_SIGN_IN" => "2",
            "TRUSTED_PROXIES" => "10.0.0.1",
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
