//! Signing in and out over HTTP.
use serde_json::{Value, json};

use crate::support::{ADMIN, Client, PASSWORD, TestApp, on_both_engines};

on_both_engines! {
    a_sign_in_gives_tokens_that_work_for_a_while,
    wrong_passwords_and_unknown_users_look_the_same,
    a_refresh_token_is_good_once,
    signing_out_ends_the_tokens,
    a_new_password_ends_every_other_sign_in,
    forged_tokens_are_refused,
}

const SESSION: &str = "/manage/v1/session";
const ME: &str = "/manage/v1/me";

async fn sign_in(app: &TestApp) -> Value {
    let who = json!({"email": ADMIN.to_uppercase(), "password": PASSWORD});
    app.anyone().post(SESSION, who).await.expect(200)
}

fn bearer(app: &TestApp, tokens: &Value) -> Client {
    app.with_token(tokens["access_token"].as_str().unwrap())
}

async fn refresh(app: &TestApp, tokens: &Value) -> crate::support::Answer {
    let token = json!({"refresh_token": tokens["refresh_token"]});
    app.anyone().post("/manage/v1/session/refresh", token).await
}

async fn a_sign_in_gives_tokens_that_work_for_a_while(app: TestApp) {
    let tokens = sign_in(&app).await;
    let me = bearer(&app, &tokens).get(ME).await.expect(200);
    assert_eq!(me["email"], ADMIN);
    assert!(me["permissions"].as_array().unwrap().contains(&json!("users:manage")));
    app.advance(tokens["expires_in"].as_i64().unwrap());
    let late = bearer(&app, &tokens).get(ME).await;
    assert!(late.header("www-authenticate").starts_with("Bearer"));
    late.expect(401);
    let next = refresh(&app, &tokens).await.expect(200);
    bearer(&app, &next).get(ME).await.expect(200);
    app.advance(tokens["refresh_expires_in"].as_i64().unwrap());
    refresh(&app, &next).await.expect(401);
}

async fn wrong_passwords_and_unknown_users_look_the_same(app: TestApp) {
    let wrong = json!({"email": ADMIN, "password": "not the password"});
    let unknown = json!({"email": "nobody@example.org", "password": "not the password"});
    let wrong = app.anyone().post(SESSION, wrong).await.expect(401);
    let unknown = app.anyone().post(SESSION, unknown).await.expect(401);
    assert_eq!(wrong["detail"], unknown["detail"]);
}

async fn a_refresh_token_is_good_once(app: TestApp) {
    let first = sign_in(&app).await;
    let second = refresh(&app, &first).await.expect(200);
    // Someone else has the first one: nobody keeps the sign-in.
    refresh(&app, &first).await.expect(401);
    refresh(&app, &second).await.expect(401);
    bearer(&app, &second).get(ME).await.expect(401);
}

async fn signing_out_ends_the_tokens(app: TestApp) {
    let tokens = sign_in(&app).await;
    let other = sign_in(&app).await;
    let caller = bearer(&app, &tokens);
    caller.send(actix_web::http::Method::DELETE, SESSION, None).await.expect(204);
    caller.get(ME).await.expect(401);
    refresh(&app, &tokens).await.expect(401);
    bearer(&app, &other).get(ME).await.expect(200);
}

async fn a_new_password_ends_every_other_sign_in(app: TestApp) {
    let (here, there) = (sign_in(&app).await, sign_in(&app).await);
    let path = "/manage/v1/me/password";
    let send = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new}).to_string();
        (path.to_owned(), body)
    };
    let caller = bearer(&app, &here);
    let put = actix_web::http::Method::PUT;
    let (path, body) = send("not the password", "another long sentence");
    let refused = caller.send(put.clone(), &path, Some(("application/json", body))).await;
    refused.refused(422, "/current_password", "wrong");
    let (path, body) = send(PASSWORD, "short");
    let refused = caller.send(put.clone(), &path, Some(("application/json", body))).await;
    refused.refused(422, "/new_password", "length");
    let (path, body) = send(PASSWORD, "another long sentence");
    let tokens = caller.send(put, &path, Some(("application/json", body))).await.expect(200);
    bearer(&app, &there).get(ME).await.expect(401);
    refresh(&app, &there).await.expect(401);
    bearer(&app, &here).get(ME).await.expect(401);
    bearer(&app, &tokens).get(ME).await.expect(200);
}

async fn forged_tokens_are_refused(app: TestApp) {
    let tokens = sign_in(&app).await;
    let good = tokens["access_token"].as_str().unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let forged = [
        format!("{}.{}.", parts[0], parts[1]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}x", parts[0], parts[1], parts[2]),
        format!("{good}{}", "A".repeat(5000)),
        tokens["refresh_token"].as_str().unwrap().to_owned(),
        "nonsense".to_owned(),
    ];
    for token in forged {
        app.with_token(&token).get(ME).await.expect(401);
    }
    let twice = bearer(&app, &tokens).with("authorization", &format!("Bearer {good}"));
    twice.get(ME).await.expect(401);
}
