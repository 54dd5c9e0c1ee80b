//! Guessing gets slow, and nobody is kept out by another's guesses.
use actix_web::http::Method;
use broadsheet::auth::roles::Role;
use serde_json::json;

use crate::support::{Answer, Client, Engine, PASSWORD, TestApp};

/// Runs each of these test functions on every engine, behind a proxy that tells addresses.
macro_rules! behind_a_proxy {
    ($($name:ident),+ $(,)?) => {
        mod sqlite { $(#[actix_web::test] async fn $name() {
            super::$name(super::start(crate::support::Engine::Sqlite).await).await;
        })+ }
        mod postgres { $(#[actix_web::test] async fn $name() {
            if crate::support::Engine::postgres_is_here() {
                super::$name(super::start(crate::support::Engine::Postgres).await).await;
            }
        })+ }
    };
}

behind_a_proxy! {
    guesses_at_one_account_get_slower_and_slower,
    guesses_at_many_accounts_get_slower_as_well,
    strangers_cannot_keep_an_editor_from_where_they_have_signed_in,
    strangers_cannot_keep_an_editor_from_a_new_address_for_long,
    an_unknown_account_is_treated_like_a_known_one,
    many_guesses_at_once_are_no_way_around,
    servers_share_what_they_know,
    one_s_own_password_cannot_be_guessed_from_a_stolen_token,
}

const SESSION: &str = "/manage/v1/session";
const EWA: &str = "ewa@example.org";
const HOME: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.7";

async fn start(engine: Engine) -> TestApp {
    let app =
        TestApp::start_with(engine, |name| (name == "TRUSTED_PROXIES").then(|| "::".into())).await;
    app.add_user(EWA, &[Role::Editor], &[]).await;
    app
}

async fn sign_in(app: &TestApp, email: &str, password: &str, from: &str) -> Answer {
    let who = json!({"email": email, "password": password});
    app.anyone().with("x-forwarded-for", from).post(SESSION, who).await
}

async fn guess(app: &TestApp, email: &str, from: &str) -> Answer {
    sign_in(app, email, "not the password", from).await
}

/// The seconds that a refusal asks to wait for.
#[track_caller]
fn wait(refusal: Answer) -> i64 {
    let seconds = refusal.header("retry-after").parse().unwrap();
    let problem = refusal.expect(429);
    assert_eq!(problem["type"], "/problems/too-many-requests");
    assert!((1..=900).contains(&seconds), "{seconds}");
    seconds
}

/// Guesses until a guess is refused; returns how many were not.
async fn exhaust(app: &TestApp, email: &str, from: &str) -> usize {
    for guesses in 0..100 {
        if guess(app, email, from).await.status == 429 {
            return guesses;
        }
    }
    panic!("a hundred guesses went through");
}

async fn guesses_at_one_account_get_slower_and_slower(app: TestApp) {
    assert_eq!(exhaust(&app, EWA, HOME).await, 11);
    let mut waits = Vec::new();
    while waits.len() < 12 {
        let seconds = wait(guess(&app, EWA, HOME).await);
        // Neither is the right password looked at, nor does asking make it longer.
        assert_eq!(wait(sign_in(&app, EWA, PASSWORD, HOME).await), seconds);
        app.advance(seconds);
        guess(&app, EWA, HOME).await.expect(401);
        waits.push(seconds);
    }
    assert_eq!(waits[..6], [1, 2, 4, 8, 16, 32]);
    assert!(waits.is_sorted() && waits.ends_with(&[900]), "{waits:?}");
    app.advance(900);
    sign_in(&app, EWA, PASSWORD, HOME).await.expect(200);
    // Whoever has signed in begins anew.
    assert_eq!(exhaust(&app, EWA, HOME).await, 11);
}

async fn guesses_at_many_accounts_get_slower_as_well(app: TestApp) {
    for number in 0..21 {
        guess(&app, &format!("nobody{number}@example.org"), ELSEWHERE).await.expect(401);
    }
    assert_eq!(wait(guess(&app, "somebody@example.org", ELSEWHERE).await), 1);
    assert_eq!(wait(sign_in(&app, EWA, PASSWORD, ELSEWHERE).await), 1);
    // An account of one's own is no way around.
    app.advance(1);
    sign_in(&app, EWA, PASSWORD, ELSEWHERE).await.expect(200);
    app.advance(2);
    guess(&app, "another@example.org", ELSEWHERE).await.expect(401);
    sign_in(&app, EWA, PASSWORD, ELSEWHERE).await.expect(200);
    wait(guess(&app, "one.more@example.org", ELSEWHERE).await);
    guess(&app, "one.more@example.org", HOME).await.expect(401);
}

async fn strangers_cannot_keep_an_editor_from_where_they_have_signed_in(app: TestApp) {
    sign_in(&app, EWA, PASSWORD, HOME).await.expect(200);
    for stranger in 1..=40 {
        guess(&app, EWA, &format!("203.0.113.{stranger}")).await;
    }
    sign_in(&app, EWA, PASSWORD, HOME).await.expect(200);
    // Nor by what they do to other accounts from the same office.
    for number in 0..30 {
        guess(&app, &format!("nobody{number}@example.org"), HOME).await;
    }
    wait(guess(&app, "somebody@example.org", HOME).await);
    sign_in(&app, EWA, PASSWORD, HOME).await.expect(200);
}

async fn strangers_cannot_keep_an_editor_from_a_new_address_for_long(app: TestApp) {
    for stranger in 1..=40 {
        guess(&app, EWA, &format!("203.0.113.{stranger}")).await;
    }
    let seconds = wait(sign_in(&app, EWA, PASSWORD, ELSEWHERE).await);
    assert!(seconds <= 30, "{seconds}");
    app.advance(seconds);
    // Others have not stopped meanwhile.
    for stranger in 1..=40 {
        guess(&app, EWA, &format!("203.0.113.{stranger}")).await;
    }
    sign_in(&app, EWA, PASSWORD, ELSEWHERE).await.expect(200);
}

async fn an_unknown_account_is_treated_like_a_known_one(app: TestApp) {
    let mut courses = Vec::new();
    for email in [EWA, "nobody@example.org"] {
        let mut course = Vec::new();
        for number in 0..70 {
            let answer = guess(&app, email, &format!("203.0.113.{}", number % 30)).await;
            let told = answer.body["detail"].as_str().unwrap().to_owned();
            course.push((answer.status, told));
            app.advance(i64::from(number % 7 == 0));
        }
        courses.push(course);
        app.advance(7 * 24 * 60 * 60);
    }
    assert_eq!(courses[0], courses[1]);
    assert!(courses[0].iter().any(|(status, _)| *status == 429));
}

async fn many_guesses_at_once_are_no_way_around(app: TestApp) {
    let guesses: Vec<_> = (0..24)
        .map(|_| {
            let stranger = app.anyone().with("x-forwarded-for", ELSEWHERE);
            let who = json!({"email": EWA, "password": "not the password"});
            actix_web::rt::spawn(async move { stranger.post(SESSION, who).await.status.as_u16() })
        })
        .collect();
    let mut looked_at = 0;
    for guess in guesses {
        looked_at += usize::from(guess.await.unwrap() == 401);
    }
    assert_eq!(looked_at, 11);
}

async fn servers_share_what_they_know(app: TestApp) {
    exhaust(&app, EWA, HOME).await;
    let other = app.another(|name| (name == "TRUSTED_PROXIES").then(|| "::".into())).await;
    wait(sign_in(&other, EWA, PASSWORD, HOME).await);
}

async fn one_s_own_password_cannot_be_guessed_from_a_stolen_token(app: TestApp) {
    let stolen = app.sign_in(EWA).await;
    let guess = async |client: &Client| {
        let body =
            json!({"current_password": "no idea at all", "new_password": "a sentence of mine"});
        let body = Some(("application/json", body.to_string()));
        client.send(Method::PUT, "/manage/v1/me/password", body).await
    };
    for _ in 0..11 {
        guess(&stolen).await.expect(422);
    }
    wait(guess(&stolen).await);
    // Their own sign-in is another.
    let tokens = sign_in(&app, EWA, PASSWORD, HOME).await.expect(200);
    let own = app.with_token(tokens["access_token"].as_str().unwrap());
    guess(&own).await.expect(422);
}
