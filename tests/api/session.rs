//! Signing in and out over HTTP.
use actix_web::{http::Method, rt};
use broadsheet::{auth::roles::Role, db::schema::sessions};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use serde_json::{Value, json};

use crate::support::{ADMIN, Client, PASSWORD, TestApp, on_both_engines};

on_both_engines! {
    a_sign_in_gives_tokens_that_work_for_a_while,
    a_token_works_where_the_clock_is_a_little_behind,
    wrong_passwords_and_unknown_users_look_the_same,
    a_refresh_token_is_good_once,
    an_answer_that_was_lost_can_be_asked_for_again,
    two_tabs_that_refresh_at_once_get_the_same,
    a_thief_within_the_grace_is_found_out_at_the_next_refresh,
    a_new_password_leaves_no_grace,
    a_clock_that_goes_back_ends_no_sign_in,
    no_token_is_in_the_database,
    a_sign_in_shows_device_and_network,
    one_sign_in_is_ended_alone,
    signing_out_ends_the_tokens,
    one_s_own_sign_ins_are_listed,
    signing_out_everywhere_ends_every_sign_in,
    administrators_end_the_sign_ins_of_others,
    a_common_password_is_refused_wherever_one_is_set,
    a_new_password_ends_every_other_sign_in,
    no_sign_in_under_way_outlives_a_new_password,
    of_two_new_passwords_at_once_one_is_set,
}

const SESSION: &str = "/manage/v1/session";
const SESSIONS: &str = "/manage/v1/sessions";
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

async fn a_token_works_where_the_clock_is_a_little_behind(app: TestApp) {
    let who = json!({"email": ADMIN, "password": PASSWORD});
    for (ahead, accepted) in [(1, true), (30, true), (31, false)] {
        let other = app.another_ahead(ahead).await;
        let tokens = other.anyone().post("/manage/v1/session", who.clone()).await.expect(200);
        let token = tokens["access_token"].as_str().unwrap();
        let status = if accepted { 200 } else { 401 };
        app.with_token(token).get("/manage/v1/me").await.expect(status);
        let refresh = json!({"refresh_token": tokens["refresh_token"]});
        app.anyone().post("/manage/v1/session/refresh", refresh).await.expect(status);
    }
    // No server takes one for longer than its caller was told.
    let tokens = app.anyone().post("/manage/v1/session", who).await.expect(200);
    let (token, lifetime) = (&tokens["access_token"], tokens["expires_in"].as_i64().unwrap());
    let client = app.with_token(token.as_str().unwrap());
    app.advance(lifetime - 1);
    client.get("/manage/v1/me").await.expect(200);
    app.advance(1);
    client.get("/manage/v1/me").await.expect(401);
}

async fn wrong_passwords_and_unknown_users_look_the_same(app: TestApp) {
    let wrong = json!({"email": ADMIN, "password": "not the password"});
    let unknown = json!({"email": "nobody@example.org", "password": "not the password"});
    let wrong = app.anyone().post(SESSION, wrong).await.expect(401);
    let unknown = app.anyone().post(SESSION, unknown).await.expect(401);
    assert_eq!(wrong["detail"], unknown["detail"]);
}

/// Longer than a used refresh token brings its successor again.
const GRACE: i64 = 31;

async fn a_refresh_token_is_good_once(app: TestApp) {
    let first = sign_in(&app).await;
    let second = refresh(&app, &first).await.expect(200);
    app.advance(GRACE);
    // Someone else has the first one: nobody keeps the sign-in.
    refresh(&app, &first).await.expect(401);
    refresh(&app, &second).await.expect(401);
    bearer(&app, &second).get(ME).await.expect(401);
}

async fn an_answer_that_was_lost_can_be_asked_for_again(app: TestApp) {
    let first = sign_in(&app).await;
    app.advance(600);
    let lost = refresh(&app, &first).await.expect(200);
    app.advance(GRACE - 2);
    // Also where another server answers.
    let again = refresh(&app.another(|_| None).await, &first).await.expect(200);
    assert_eq!(again["refresh_token"], lost["refresh_token"]);
    let day = 24 * 60 * 60;
    assert_eq!(again["refresh_expires_in"], 30 * day - (GRACE - 2));
    bearer(&app, &again).get(ME).await.expect(200);
    // The successor goes on as if nothing had been lost, and once it was used, grace is over.
    let second = refresh(&app, &again).await.expect(200);
    assert_ne!(second["refresh_token"], again["refresh_token"]);
    let journal = changes(&bearer(&app, &second)).await;
    assert!(journal.iter().all(|change| change["action"] != "session.ended"));
    refresh(&app, &first).await.expect(401);
    bearer(&app, &second).get(ME).await.expect(401);
    assert_eq!(last_change(&app.admin().await).await["action"], "session.started");
    let ended = change_before_last(&app.admin().await).await;
    assert_eq!(
        (&ended["action"], &ended["summary"]),
        (&json!("session.ended"), &json!(["refresh token used twice"]),)
    );
}

async fn two_tabs_that_refresh_at_once_get_the_same(app: TestApp) {
    let other = app.another(|_| None).await;
    let mut tokens = sign_in(&app).await;
    for _ in 0..4 {
        let token = json!({"refresh_token": tokens["refresh_token"]});
        let tabs: Vec<_> = (0..8)
            .map(|tab| {
                let server = if tab % 2 == 0 { app.anyone() } else { other.anyone() };
                let token = token.clone();
                rt::spawn(async move { server.post("/manage/v1/session/refresh", token).await })
            })
            .collect();
        let mut answers = Vec::new();
        for tab in tabs {
            answers.push(tab.await.unwrap().expect(200));
        }
        for answer in &answers {
            assert_eq!(answer["refresh_token"], answers[0]["refresh_token"]);
            bearer(&app, answer).get(ME).await.expect(200);
        }
        tokens = answers.remove(0);
        app.advance(900);
    }
}

async fn a_thief_within_the_grace_is_found_out_at_the_next_refresh(app: TestApp) {
    let stolen = sign_in(&app).await;
    let own = refresh(&app, &stolen).await.expect(200);
    let thief = refresh(&app, &stolen).await.expect(200);
    app.advance(800);
    // Whoever of the two refreshes first, the other one's token was used by then.
    refresh(&app, &own).await.expect(200);
    app.advance(GRACE);
    refresh(&app, &thief).await.expect(401);
    bearer(&app, &thief).get(ME).await.expect(401);
}

async fn a_new_password_leaves_no_grace(app: TestApp) {
    let stolen = sign_in(&app).await;
    let own = refresh(&app, &stolen).await.expect(200);
    let body = json!({"current_password": PASSWORD, "new_password": "another long sentence"});
    let sent = Some(("application/json", body.to_string()));
    let put = bearer(&app, &own).send(Method::PUT, "/manage/v1/me/password", sent).await;
    let new = put.expect(200);
    refresh(&app, &own).await.expect(401);
    // It was the last one before the password: somebody else has it.
    refresh(&app, &new).await.expect(401);
}

async fn a_clock_that_goes_back_ends_no_sign_in(app: TestApp) {
    let first = sign_in(&app).await;
    app.advance(100);
    let second = refresh(&app, &first).await.expect(200);
    app.advance(-20);
    let again = refresh(&app, &first).await.expect(200);
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    app.advance(20);
    refresh(&app, &again).await.expect(200);
}

async fn no_token_is_in_the_database(app: TestApp) {
    let first = sign_in(&app).await;
    let second = refresh(&app, &first).await.expect(200);
    let again = refresh(&app, &first).await.expect(200);
    let kept = app.kept_bytes();
    for tokens in [&first, &second, &again] {
        for name in ["access_token", "refresh_token"] {
            let signature = tokens[name].as_str().unwrap().rsplit('.').next().unwrap().as_bytes();
            assert!(!kept.windows(signature.len()).any(|bytes| bytes == signature), "{name}");
        }
    }
}

async fn a_sign_in_shows_device_and_network(app: TestApp) {
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let who = json!({"email": ADMIN, "password": PASSWORD});
    let desk = app.anyone().from("203.0.113.9").with("user-agent", firefox);
    let tokens = desk.post(SESSION, who).await.expect(200);
    let own = async |app: &TestApp, tokens: &Value| {
        let listed = bearer(app, tokens).get(SESSIONS).await.expect(200);
        let mut listed = listed["data"].as_array().unwrap().clone().into_iter();
        listed.find(|one| one["current"] == true).unwrap()
    };
    let one = own(&app, &tokens).await;
    assert_eq!(one["device"], "Firefox on Linux");
    assert_eq!(one["network"], "203.0.113.0/24");
    app.advance(60);
    // Where it was used last, not where it began.
    let curl = app.anyone().from("2001:db8:1:2::7").with("user-agent", "curl/8.14.1");
    let token = json!({"refresh_token": tokens["refresh_token"]});
    let tokens = curl.post("/manage/v1/session/refresh", token).await.expect(200);
    let one = own(&app, &tokens).await;
    assert_eq!((&one["device"], &one["network"]), (&json!("curl"), &json!("2001:db8:1::/48")));
    assert!(one["refreshed_at"].as_str() > one["created_at"].as_str());
    let rows = app.state.db.read(|conn| {
        let seen = sessions::table.order(sessions::created_at.desc());
        Ok(seen.select((sessions::device, sessions::network)).first(&mut **conn)?)
    });
    let kept: (Option<String>, Option<String>) = rows.await.unwrap();
    assert_eq!(kept, (Some("curl".to_owned()), Some("2001:db8:1::/48".to_owned())));
    let kept = app.kept_bytes();
    for gone in ["203.0.113.9", "Gecko", "8.14.1", "2001:db8:1:2"] {
        let gone = gone.as_bytes();
        assert!(!kept.windows(gone.len()).any(|bytes| bytes == gone), "it is kept whole");
    }
}

async fn one_sign_in_is_ended_alone(app: TestApp) {
    let (here, there) = (sign_in(&app).await, sign_in(&app).await);
    let user = app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let ewa = app.sign_in("ewa@example.org").await;
    let listed = bearer(&app, &there).get(SESSIONS).await.expect(200);
    let listed = listed["data"].as_array().unwrap();
    let current = listed.iter().find(|one| one["current"] == true).unwrap();
    let at = format!("{SESSIONS}/{}", current["id"].as_str().unwrap());
    // Nobody hears of others' sign-ins.
    ewa.send(Method::DELETE, &at, None).await.expect(404);
    bearer(&app, &here).send(Method::DELETE, &at, None).await.expect(204);
    refresh(&app, &there).await.expect(401);
    bearer(&app, &there).get(ME).await.expect(401);
    let here = bearer(&app, &here);
    here.send(Method::DELETE, &at, None).await.expect(404);
    assert_eq!(last_change(&here).await["action"], "session.ended");

    let theirs = format!("/manage/v1/users/{}/sessions", user["id"].as_str().unwrap());
    ewa.get(&theirs).await.expect(403);
    let listed = here.get(&theirs).await.expect(200);
    let one = &listed["data"][0];
    assert_eq!(
        (one["current"].as_bool(), listed["data"].as_array().unwrap().len()),
        (Some(false), 1)
    );
    let at = format!("{SESSIONS}/{}", one["id"].as_str().unwrap());
    here.send(Method::DELETE, &at, None).await.expect(204);
    ewa.get(ME).await.expect(401);
    let nobody = "/manage/v1/users/0190c0de-0000-7000-8000-000000000000/sessions";
    here.get(nobody).await.expect(404);
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

async fn one_s_own_sign_ins_are_listed(app: TestApp) {
    let (first, _) = (sign_in(&app).await, sign_in(&app).await);
    app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    app.sign_in("ewa@example.org").await;
    app.advance(60);
    let first = refresh(&app, &first).await.expect(200);
    let listed = bearer(&app, &first).get(SESSIONS).await.expect(200);
    // One more has made the other user.
    let own = listed["data"].as_array().unwrap();
    assert_eq!(own.len(), 3);
    assert_eq!(own.iter().filter(|one| one["current"] == true).count(), 1);
    let current = &own[2];
    assert_eq!(current["current"], true, "the newest come first");
    assert!(current["refreshed_at"].as_str() > current["created_at"].as_str());
    assert_eq!(own[0]["refreshed_at"], own[0]["created_at"]);
}

async fn signing_out_everywhere_ends_every_sign_in(app: TestApp) {
    let (here, there) = (sign_in(&app).await, sign_in(&app).await);
    app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let ewa = app.sign_in("ewa@example.org").await;
    bearer(&app, &here).send(Method::DELETE, SESSIONS, None).await.expect(204);
    for tokens in [&here, &there] {
        bearer(&app, tokens).get(ME).await.expect(401);
        refresh(&app, tokens).await.expect(401);
    }
    ewa.get(ME).await.expect(200);
    let again = bearer(&app, &sign_in(&app).await);
    assert_eq!(last_change(&again).await["action"], "session.started");
    assert_eq!(change_before_last(&again).await["action"], "user.signed_out_everywhere");
}

async fn administrators_end_the_sign_ins_of_others(app: TestApp) {
    let user = app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let at = format!("/manage/v1/users/{}/sessions", user["id"].as_str().unwrap());
    let ewa = app.sign_in("ewa@example.org").await;
    ewa.send(Method::DELETE, &at, None).await.expect(403);
    let admin = app.admin().await;
    admin.send(Method::DELETE, &at, None).await.expect(204);
    ewa.get(ME).await.expect(401);
    admin.get(ME).await.expect(200);
    let entry = last_change(&admin).await;
    assert_eq!(entry["action"], "user.signed_out_everywhere");
    assert_eq!(
        (&entry["resource_id"], &entry["actor_name"]),
        (&user["id"], &json!("Administrator"))
    );
    let nobody = "/manage/v1/users/0190c0de-0000-7000-8000-000000000000/sessions";
    admin.send(Method::DELETE, nobody, None).await.expect(404);
}

async fn changes(admin: &Client) -> Vec<Value> {
    admin.get("/manage/v1/journal?limit=100").await.expect(200)["data"].as_array().unwrap().clone()
}

async fn last_change(admin: &Client) -> Value {
    changes(admin).await.last().unwrap().clone()
}

async fn change_before_last(admin: &Client) -> Value {
    changes(admin).await.iter().rev().nth(1).unwrap().clone()
}

async fn a_common_password_is_refused_wherever_one_is_set(app: TestApp) {
    let admin = app.admin().await;
    let user = |password: &str| {
        json!({"email": "ewa.lis@example.org", "name": "Ewa Lis-Nowakowska", "roles": ["author"],
            "password": password})
    };
    for common in ["password12345", "ewa.lis@example.org", "nowakowska123", "aaaaaaaaaaaaaaaa"] {
        let made = admin.post("/manage/v1/users", user(common)).await;
        made.refused(422, "/password", "common");
    }
    let ewa = admin.post("/manage/v1/users", user(PASSWORD)).await.expect(201);
    let at = format!("/manage/v1/users/{}", ewa["id"].as_str().unwrap());
    let patch = json!({"password": "nowakowska123"});
    admin.patch(&at, patch).await.refused(422, "/password", "common");
    let own = json!({"current_password": PASSWORD, "new_password": "ewalisewalis"}).to_string();
    let ewa = app.sign_in("ewa.lis@example.org").await;
    let put =
        ewa.send(Method::PUT, "/manage/v1/me/password", Some(("application/json", own))).await;
    put.refused(422, "/new_password", "common");
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

async fn no_sign_in_under_way_outlives_a_new_password(app: TestApp) {
    let user = app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let at = format!("/manage/v1/users/{}", user["id"].as_str().unwrap());
    let admin = app.admin().await.freshly(&at).await;
    let who = json!({"email": "ewa@example.org", "password": PASSWORD});
    let sign_ins: Vec<_> = (0..8)
        .map(|_| {
            let (anyone, who) = (app.anyone(), who.clone());
            rt::spawn(async move { anyone.post(SESSION, who).await })
        })
        .collect();
    let new = json!({"password": "another long sentence"}).to_string();
    let patch = Some(("application/merge-patch+json", new));
    admin.send(Method::PATCH, &at, patch).await.expect(200);
    for sign_in in sign_ins {
        let answer = sign_in.await.unwrap();
        if answer.status == 401 {
            continue;
        }
        // It was through before the password changed, so it has been ended.
        refresh(&app, &answer.expect(200)).await.expect(401);
    }
    app.anyone().post(SESSION, who).await.expect(401);
}

async fn of_two_new_passwords_at_once_one_is_set(app: TestApp) {
    let (here, there) = (sign_in(&app).await, sign_in(&app).await);
    let new = ["one more long sentence", "another long sentence"];
    let changes: Vec<_> = [&here, &there]
        .into_iter()
        .zip(new)
        .map(|(tokens, new)| {
            let caller = bearer(&app, tokens);
            let body = json!({"current_password": PASSWORD, "new_password": new}).to_string();
            rt::spawn(async move {
                let sent = Some(("application/json", body));
                caller.send(Method::PUT, "/manage/v1/me/password", sent).await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for change in changes {
        answers.push(change.await.unwrap());
    }
    for (answer, password) in answers.into_iter().zip(new) {
        let set = answer.status == 200;
        if !set {
            // The other one ended this sign-in, or came between reading and verifying.
            assert!([401, 422].contains(&answer.status.as_u16()), "{}", answer.text);
        }
        let who = json!({"email": ADMIN, "password": password});
        let in_force = app.anyone().post(SESSION, who).await.status == 200;
        assert_eq!(set, in_force, "{password}");
    }
}
