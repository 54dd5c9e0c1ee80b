//! Manners of the whole server: addresses, methods, representations, headers, other origins.
use actix_web::http::Method;
use broadsheet::error::PROBLEM_KINDS;
use serde_json::Value;

use super::operations;
use crate::support::{Engine, TestApp};

const SECTIONS: &str = "/manage/v1/sections";

async fn app() -> TestApp {
    TestApp::start(Engine::Sqlite).await
}

#[actix_web::test]
async fn the_document_can_be_read_in_a_browser_without_another_host() {
    let app = app().await;
    let moved = app.anyone().get_unchecked("/docs").await;
    assert_eq!((moved.status.as_u16(), moved.header("location")), (307, "/docs/"));
    let page = app.anyone().get_unchecked("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(!page.text.contains("//"), "the page asks another host: {}", page.text);
    let starter = app.anyone().get_unchecked("/docs/swagger-initializer.js").await;
    assert!(starter.text.contains("/openapi.json"), "{}", starter.text);
    let document = app.anyone().get("/openapi.json").await.expect(200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[actix_web::test]
async fn an_address_that_is_not_there_says_so() {
    let app = app().await;
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v2/sections",
        "/manage/v1",
        "/v1/sections/",
        "/v1//sections",
        "/%00",
        "/v1/%FF",
    ] {
        let missing = app.anyone().get(path).await;
        assert_eq!(missing.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(missing.expect(404)["type"], "/problems/not-found", "{path}");
    }
}

#[actix_web::test]
async fn the_wrong_method_is_told_the_right_ones() {
    let app = app().await;
    let (all, admin) = (operations(), app.admin().await);
    for operation in &all {
        let here = all.iter().filter(|other| other.path == operation.path);
        let mut methods: Vec<Method> = here.map(|other| other.method.clone()).collect();
        if methods.contains(&Method::GET) {
            methods.push(Method::HEAD);
        }
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            if methods.contains(&method) {
                continue;
            }
            let refused = admin.send(method.clone(), &operation.address(), None).await;
            assert_eq!(refused.status, 405, "{method} {}", operation.path);
            let mut allowed: Vec<&str> = refused.header("allow").split(", ").collect();
            let mut expected: Vec<&str> = methods.iter().map(Method::as_str).collect();
            allowed.sort_unstable();
            expected.sort_unstable();
            assert_eq!(allowed, expected, "{}", operation.path);
        }
    }
}

#[actix_web::test]
async fn only_json_is_spoken() {
    let app = app().await;
    for path in ["/v1/sections", SECTIONS] {
        for accept in ["text/html", "image/*", "application/json;q=0", "text/xml, text/plain"] {
            let refused = app.anyone().with("accept", accept).get(path).await;
            assert_eq!(refused.status, 406, "{accept}");
        }
    }
    for accept in ["*/*", "application/*", "text/html, application/json;q=0.1", "APPLICATION/JSON"]
    {
        app.anyone().with("accept", accept).get("/v1/sections").await.expect(200);
    }
}

#[actix_web::test]
async fn head_answers_as_get_does() {
    let app = app().await;
    let admin = app.admin().await;
    for operation in operations().iter().filter(|operation| operation.method == Method::GET) {
        let (got, head) = (
            admin.send(Method::GET, &operation.address(), None).await,
            admin.send(Method::HEAD, &operation.address(), None).await,
        );
        assert_eq!(got.status, head.status, "{operation}");
        for name in ["content-type", "etag", "cache-control", "link"] {
            assert_eq!(got.headers.get(name), head.headers.get(name), "{operation}: {name}");
        }
    }
}

#[actix_web::test]
async fn every_answer_has_the_id_of_its_request() {
    let app = app().await;
    for path in ["/v1/sections", "/nowhere", "/manage/v1/me", "/openapi.json"] {
        for good in ["a", "01J-abc_D.e:f", &"x".repeat(128)] {
            let answer = app.anyone().with("x-request-id", good).get(path).await;
            assert_eq!(answer.header("x-request-id"), good, "{path}");
        }
        for bad in ["", "two words", "semi;colon", "<b>", "ż", &"x".repeat(129)] {
            let answer = app.anyone().with("x-request-id", bad).get(path).await;
            let made = answer.header("x-request-id");
            assert!(made.len() == 36 && made != bad, "{path}: {made}");
        }
        let answer = app.anyone().get(path).await;
        if answer.body["request_id"].is_string() {
            assert_eq!(answer.body["request_id"], answer.header("x-request-id"));
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[actix_web::test]
async fn nothing_from_the_newsroom_and_no_refusal_is_kept_by_caches() {
    let app = app().await;
    let admin = app.admin().await;
    for operation in operations().iter().filter(|operation| operation.is_managed()) {
        let answer = operation.send_example(&app.anyone()).await;
        assert_eq!(answer.header("cache-control"), "no-store", "{operation}");
    }
    for path in [SECTIONS, "/manage/v1/me", "/manage/v1/nowhere", "/v1/nowhere"] {
        assert_eq!(admin.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    let open = app.anyone().get("/v1/sections").await;
    assert!(open.header("cache-control").starts_with("public, max-age="));
}

#[actix_web::test]
async fn every_kind_of_problem_has_a_page() {
    let app = app().await;
    for kind in PROBLEM_KINDS {
        let page = app.anyone().get(&format!("/problems/{}", kind.name)).await;
        assert_eq!(page.status, 200, "{}", kind.name);
        assert!(page.text.contains(kind.title) && page.text.contains(kind.status.as_str()));
        assert_eq!(page.text.matches("<code>").count(), page.text.matches("</code>").count());
        for code in kind.codes() {
            let listed = format!("<dt><code>{}</code></dt>", code.name);
            assert!(page.text.contains(&listed), "{} lacks {}", kind.name, code.name);
        }
        assert_eq!(page.text.matches("<dt>").count(), kind.codes().count());
    }
    app.anyone().get("/problems/boredom").await.expect(404);
}

#[actix_web::test]
async fn readers_scripts_may_come_from_anywhere_and_the_newsroom_s_from_nowhere() {
    let app = app().await;
    let script = app.anyone().with("origin", "https://reader.example");
    for path in ["/v1/sections", "/v1/nowhere", "/v1/sections?surprise=1"] {
        let answer = script.get(path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    for path in [SECTIONS, "/manage/v1/session"] {
        let answer = script.get(path).await;
        assert!(!answer.headers.contains_key("access-control-allow-origin"), "{path}");
    }
    let ask = script.with("access-control-request-method", "PATCH");
    let refused = ask.send_unchecked(Method::OPTIONS, SECTIONS, None).await;
    assert!(!refused.headers.contains_key("access-control-allow-origin"));
    assert_eq!(refused.headers.get("access-control-allow-methods"), None);
}

#[actix_web::test]
async fn the_newsroom_s_own_origins_may_use_it_once_they_are_set() {
    let own = "https://desk.example";
    let app = TestApp::start_with(Engine::Sqlite, |name| {
        (name == "MANAGE_CORS_ORIGINS").then(|| own.to_owned())
    })
    .await;
    let answer = app.anyone().with("origin", own).get(SECTIONS).await;
    assert_eq!(answer.header("access-control-allow-origin"), own);
    assert_eq!(answer.expect(401)["type"], Value::from("/problems/unauthenticated"));
    let asking = app.anyone().with("origin", own).with("access-control-request-method", "PATCH");
    let asking = asking.with("access-control-request-headers", "authorization, if-match");
    let allowed = asking.send_unchecked(Method::OPTIONS, SECTIONS, None).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), own);
    let stranger = app.anyone().with("origin", "https://desk.example.evil").get(SECTIONS).await;
    assert!(!stranger.headers.contains_key("access-control-allow-origin"));
}
