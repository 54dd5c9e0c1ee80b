//! The second factor over HTTP: enrolling, signing in, and doing without.
use actix_web::http::Method;
use broadsheet::auth::roles::Role;
use serde_json::{Value, json};
use totp_rs::Totp;

use crate::support::{ADMIN, Answer, Client, Engine, PASSWORD, SECRET, TestApp, on_both_engines};

on_both_engines! {
    signing_in_needs_a_code_once_one_was_confirmed,
    a_code_is_good_once,
    the_code_is_asked_for_after_the_right_password_alone,
    a_recovery_code_is_good_once_and_new_ones_replace_the_old,
    codes_cannot_be_guessed,
    it_takes_the_password_to_change_anything,
    administrators_reset_what_is_lost,
    the_secret_follows_the_signing_secret,
    neither_secret_nor_codes_are_kept_in_the_clear,
}

const SESSION: &str = "/manage/v1/session";
const FACTOR: &str = "/manage/v1/me/second-factor/actions";
pub const EWA: &str = "ewa@example.org";

/// Somebody with an authenticator.
pub struct Enrolled {
    client: Client,
    authenticator: Totp,
    recovery_codes: Vec<String>,
}

impl Enrolled {
    pub async fn new(app: &TestApp) -> Self {
        app.add_user(EWA, &[Role::Editor], &[]).await;
        let client = app.sign_in(EWA).await;
        let authenticator = enrol(&client).await;
        let codes = confirm(&client, &code(app, &authenticator)).await.expect(200);
        let recovery_codes = serde_json::from_value(codes["recovery_codes"].clone()).unwrap();
        // The step that was confirmed is used up.
        app.advance(30);
        let client = Self::signed_in(app, &code(app, &authenticator)).await;
        app.advance(30);
        Self { client, authenticator, recovery_codes }
    }

    async fn signed_in(app: &TestApp, code: &str) -> Client {
        let tokens = sign_in(app, PASSWORD, Some(code)).await.expect(200);
        app.with_token(tokens["access_token"].as_str().unwrap())
    }

    pub fn code(&self, app: &TestApp) -> String {
        code(app, &self.authenticator)
    }
}

/// What the authenticator shows now.
fn code(app: &TestApp, authenticator: &Totp) -> String {
    authenticator.generate(app.now().seconds().unsigned_abs()).to_string()
}

fn own_password() -> Value {
    json!({"current_password": PASSWORD})
}

async fn enrol(client: &Client) -> Totp {
    let told = client.post(&format!("{FACTOR}/enrol"), own_password()).await.expect(200);
    let authenticator = Totp::from_url(told["uri"].as_str().unwrap()).unwrap();
    assert_eq!(authenticator.secret().to_base32(), told["secret"].as_str().unwrap());
    assert_eq!((authenticator.issuer(), authenticator.account_name()), (Some("Broadsheet"), EWA));
    authenticator
}

async fn confirm(client: &Client, code: &str) -> Answer {
    client.post(&format!("{FACTOR}/confirm"), json!({"code": code})).await
}

async fn sign_in(app: &TestApp, password: &str, code: Option<&str>) -> Answer {
    let mut who = json!({"email": EWA, "password": password});
    if let Some(code) = code {
        who["code"] = code.into();
    }
    app.anyone().post(SESSION, who).await
}

async fn signing_in_needs_a_code_once_one_was_confirmed(app: TestApp) {
    app.add_user(EWA, &[Role::Editor], &[]).await;
    let client = app.sign_in(EWA).await;
    confirm(&client, "000000").await.expect(409);
    let dropped = enrol(&client).await;
    let authenticator = enrol(&client).await;
    sign_in(&app, PASSWORD, None).await.expect(200);
    // A code of what was begun anew is none.
    confirm(&client, &code(&app, &dropped)).await.refused(422, "/code", "wrong");
    assert_eq!(client.get("/manage/v1/me").await.expect(200)["second_factor"], false);
    confirm(&client, &code(&app, &authenticator)).await.expect(200);
    confirm(&client, &code(&app, &authenticator)).await.expect(409);
    client.post(&format!("{FACTOR}/enrol"), own_password()).await.expect(409);
    let me = client.get("/manage/v1/me").await.expect(200);
    assert_eq!((&me["second_factor"], &me["recovery_codes_left"]), (&json!(true), &json!(10)));

    sign_in(&app, PASSWORD, None).await.refused(401, "/code", "required");
    sign_in(&app, PASSWORD, Some("000000")).await.refused(401, "/code", "wrong");
    app.advance(30);
    sign_in(&app, PASSWORD, Some(&code(&app, &authenticator))).await.expect(200);
    // A clock may be half a minute slow.
    app.advance(60);
    let slow = code(&app, &authenticator);
    app.advance(30);
    sign_in(&app, PASSWORD, Some(&slow)).await.expect(200);
}

async fn a_code_is_good_once(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    let shown = ewa.code(&app);
    app.advance(30);
    let next = ewa.code(&app);
    sign_in(&app, PASSWORD, Some(&next)).await.expect(200);
    for used in [next, shown] {
        sign_in(&app, PASSWORD, Some(&used)).await.refused(401, "/code", "wrong");
    }
    app.advance(30);
    let of_two_at_once: Vec<_> = (0..2)
        .map(|_| {
            let (anyone, code) = (app.anyone(), ewa.code(&app));
            let who = json!({"email": EWA, "password": PASSWORD, "code": code});
            actix_web::rt::spawn(async move { anyone.post(SESSION, who).await.status.as_u16() })
        })
        .collect();
    let mut answers = Vec::new();
    for answer in of_two_at_once {
        answers.push(answer.await.unwrap());
    }
    answers.sort_unstable();
    assert_eq!(answers, [200, 401]);
}

async fn the_code_is_asked_for_after_the_right_password_alone(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    for code in [None, Some(ewa.code(&app)), Some(ewa.recovery_codes[0].clone())] {
        let refused = sign_in(&app, "not the password", code.as_deref()).await.expect(401);
        assert_eq!(refused["detail"], "The email or the password is wrong.");
        assert_eq!(refused.get("errors"), None);
    }
    // None of them was used up.
    sign_in(&app, PASSWORD, Some(&ewa.code(&app))).await.expect(200);
    sign_in(&app, PASSWORD, Some(&ewa.recovery_codes[0])).await.expect(200);
    // Whoever has no second factor is asked for nothing.
    let who = json!({"email": ADMIN, "password": PASSWORD, "code": "000000"});
    app.anyone().post(SESSION, who).await.expect(200);
}

async fn a_recovery_code_is_good_once_and_new_ones_replace_the_old(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    let typed = ewa.recovery_codes[0].to_uppercase().replace('-', " ");
    let client = Enrolled::signed_in(&app, &typed).await;
    sign_in(&app, PASSWORD, Some(&ewa.recovery_codes[0])).await.refused(401, "/code", "wrong");
    assert_eq!(client.get("/manage/v1/me").await.expect(200)["recovery_codes_left"], 9);
    let journal = app.admin().await.get("/manage/v1/journal?limit=100").await.expect(200);
    let entries = journal["data"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["summary"] == json!(["recovery code"])));

    let renew = format!("{FACTOR}/renew-recovery-codes");
    let fresh = client.post(&renew, own_password()).await.expect(200);
    sign_in(&app, PASSWORD, Some(&ewa.recovery_codes[1])).await.refused(401, "/code", "wrong");
    let fresh = fresh["recovery_codes"][9].as_str().unwrap();
    sign_in(&app, PASSWORD, Some(fresh)).await.expect(200);
}

/// Whoever has the password has six digits to go, and many addresses.
async fn codes_cannot_be_guessed(app: TestApp) {
    let proxy = |name: &str| (name == "TRUSTED_PROXIES").then(|| "::".to_owned());
    let ewa = Enrolled::new(&app).await;
    let app = app.another(proxy).await;
    let guess = async |number: usize, code: &str| {
        let from = app.anyone().with("x-forwarded-for", &format!("203.0.113.{number}"));
        let who = json!({"email": EWA, "password": PASSWORD, "code": code});
        from.post(SESSION, who).await
    };
    for number in 0..11 {
        guess(number, "000000").await.refused(401, "/code", "wrong");
    }
    let refused = guess(11, &ewa.code(&app)).await;
    assert_eq!(refused.header("retry-after"), "1");
    refused.expect(429);
    // Where they have signed in before, nobody keeps the user waiting.
    sign_in(&app, PASSWORD, Some(&ewa.code(&app))).await.expect(200);
}

async fn it_takes_the_password_to_change_anything(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    let plain = app.signed_in(Role::Author).await;
    for action in ["renew-recovery-codes", "disable"] {
        let (path, wrong) = (format!("{FACTOR}/{action}"), json!({"current_password": "no idea"}));
        ewa.client.post(&path, wrong).await.refused(422, "/current_password", "wrong");
        plain.post(&path, own_password()).await.expect(409);
    }
    ewa.client.post(&format!("{FACTOR}/disable"), own_password()).await.expect(204);
    sign_in(&app, PASSWORD, None).await.expect(200);
    assert_eq!(ewa.client.get("/manage/v1/me").await.expect(200)["recovery_codes_left"], 0);
    // Its codes are nothing any more.
    enrol(&ewa.client).await;
    confirm(&ewa.client, &ewa.code(&app)).await.refused(422, "/code", "wrong");
}

async fn administrators_reset_what_is_lost(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    let me = ewa.client.get("/manage/v1/me").await.expect(200);
    let at = format!("/manage/v1/users/{}/second-factor", me["id"].as_str().unwrap());
    ewa.client.send(Method::DELETE, &at, None).await.expect(403);
    let admin = app.admin().await;
    admin.send(Method::DELETE, &at, None).await.expect(204);
    admin.send(Method::DELETE, &at, None).await.expect(409);
    sign_in(&app, PASSWORD, None).await.expect(200);
    let journal = admin.get("/manage/v1/journal?limit=100").await.expect(200);
    let actions: Vec<&str> = journal["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| entry["action"].as_str())
        .filter(|action| action.contains("second_factor"))
        .collect();
    assert_eq!(actions, ["user.second_factor_enabled", "user.second_factor_reset"]);
}

async fn the_secret_follows_the_signing_secret(app: TestApp) {
    const NEXT: &str = "the next secret, long enough to sign as well";
    let ewa = Enrolled::new(&app).await;
    let both = |name: &str| match name {
        "JWT_SECRET" => Some(NEXT.to_owned()),
        "JWT_SECRET_PREVIOUS" => Some(SECRET.to_owned()),
        _ => None,
    };
    let after = app.another(both).await;
    sign_in(&after, PASSWORD, Some(&ewa.code(&after))).await.expect(200);
    after.advance(30);
    // It was sealed anew: the old secret is needed no longer, and no longer of use.
    let alone = app.another(|name| (name == "JWT_SECRET").then(|| NEXT.to_owned())).await;
    sign_in(&alone, PASSWORD, Some(&ewa.code(&alone))).await.expect(200);
    alone.advance(30);
    sign_in(&app, PASSWORD, Some(&ewa.code(&app))).await.refused(401, "/code", "wrong");
    sign_in(&app, PASSWORD, Some(&ewa.recovery_codes[0])).await.expect(200);
}

async fn neither_secret_nor_codes_are_kept_in_the_clear(app: TestApp) {
    let ewa = Enrolled::new(&app).await;
    if app.engine() != Engine::Sqlite {
        return;
    }
    let secret = ewa.authenticator.secret();
    let kept = app.kept_bytes();
    let has = |what: &[u8]| kept.windows(what.len()).any(|part| part == what);
    assert!(has(EWA.as_bytes()), "these are the bytes of the database");
    assert!(!has(secret.as_bytes()) && !has(secret.to_base32().as_bytes()));
    for code in &ewa.recovery_codes {
        assert!(!has(code.as_bytes()) && !has(code.replace('-', "").as_bytes()));
    }
}
