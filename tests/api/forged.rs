//! Tokens forged in every way that is known (RFC 8725): each is refused, and none is told why.
use actix_web::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use broadsheet::auth::roles::Role;
use jsonwebtoken::{Algorithm, EncodingKey, crypto::sign};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, SECRET, TestApp, on_both_engines};

on_both_engines! {
    no_forged_access_token_is_taken,
    no_forged_refresh_token_is_taken,
    a_token_stands_for_its_own_user_alone,
    the_header_holds_one_token,
}

const ME: &str = "/manage/v1/me";
const REFUSED: &str = "The token is not valid, or has expired.";

/// A token taken apart, to be put together otherwise.
#[derive(Clone)]
struct Token {
    header: Value,
    claims: Value,
    signature: String,
}

impl Token {
    fn read(token: &Value) -> Self {
        let parts: Vec<&str> = token.as_str().unwrap().split('.').collect();
        let json =
            |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let (header, claims) = (json(parts[0]), json(parts[1]));
        Self { header, claims, signature: parts[2].to_owned() }
    }

    fn head(&self, member: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        set(&mut changed.header, member, value.into());
        changed
    }

    fn claim(&self, member: &str, value: impl Into<Value>) -> Self {
        let mut changed = self.clone();
        set(&mut changed.claims, member, value.into());
        changed
    }

    /// Signed as the server signs, but with any key and algorithm.
    fn signed(&self, key: &str, algorithm: Algorithm) -> String {
        signed(&format!("{}.{}", part(&self.header), part(&self.claims)), key, algorithm)
    }

    /// What only the server itself could have made.
    fn genuine(&self) -> String {
        self.signed(SECRET, Algorithm::HS256)
    }

    /// With the signature that it had before it was changed.
    fn as_it_was_signed(&self) -> String {
        format!("{}.{}.{}", part(&self.header), part(&self.claims), self.signature)
    }

    fn unsigned(&self) -> String {
        format!("{}.{}.", part(&self.header), part(&self.claims))
    }
}

/// Null takes the member away.
fn set(object: &mut Value, member: &str, value: Value) {
    let members = object.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member);
    } else {
        members.insert(member.to_owned(), value);
    }
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn signed(text: &str, key: &str, algorithm: Algorithm) -> String {
    let key = EncodingKey::from_secret(key.as_bytes());
    format!("{text}.{}", sign(text.as_bytes(), &key, algorithm).unwrap())
}

/// Every way to forge this token, each with its name; `other` is one for the other use.
fn forgeries(token: &Token, other: &Token, now: i64) -> Vec<(String, String)> {
    let mut forged: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, token: String| forged.push((name.to_owned(), token));
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let unsigned = token.head("alg", none);
        add(&format!("alg {none}, unsigned"), unsigned.unsigned());
        add(&format!("alg {none}, signed"), unsigned.as_it_was_signed());
        add(&format!("alg {none}, signed anew"), unsigned.genuine());
    }
    for alg in ["RS256", "RS512", "PS256", "ES256", "EdDSA", "HS384", "HS512", "hs256", "A128KW"] {
        add(&format!("alg {alg}, our key as theirs"), token.head("alg", alg).genuine());
    }
    add("no alg", token.head("alg", Value::Null).genuine());
    add("HS384 in earnest", token.head("alg", "HS384").signed(SECRET, Algorithm::HS384));
    add("HS512 in earnest", token.head("alg", "HS512").signed(SECRET, Algorithm::HS512));
    for key in ["", "another secret, long enough to sign as well", "secret", "broadsheet"] {
        add(&format!("foreign key {key}"), token.signed(key, Algorithm::HS256));
    }
    let kid = token.header["kid"].as_str().unwrap().to_owned();
    add("the key's id as the key", token.signed(&kid, Algorithm::HS256));
    let own = json!({"kty": "oct", "alg": "HS256", "k": URL_SAFE_NO_PAD.encode("brought along")});
    let brought = token.head("jwk", own).head("jku", "https://keys.example/").head("kid", "own");
    add("a key brought along", brought.signed("brought along", Algorithm::HS256));
    for kid in ["", "other", "../../../../dev/null", "' or 1 = 1 --", "0", &"k".repeat(500)] {
        add(&format!("kid {kid}"), token.head("kid", kid).genuine());
        add(&format!("kid {kid}, no key"), token.head("kid", kid).signed("", Algorithm::HS256));
    }
    add("no kid", token.head("kid", Value::Null).genuine());
    add("a kid that is no text", token.head("kid", json!([kid])).genuine());
    for (claim, wrong) in [
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!(-1)),
        ("exp", json!("9999999999")),
        ("exp", json!(1e300)),
        ("exp", Value::Null),
        ("nbf", json!(now + 60)),
        ("nbf", Value::Null),
        ("iss", json!("somebody")),
        ("iss", json!("")),
        ("iss", json!(["broadsheet"])),
        ("iss", Value::Null),
        ("aud", other.claims["aud"].clone()),
        ("aud", json!("somebody")),
        ("aud", json!([token.claims["aud"], other.claims["aud"]])),
        ("aud", Value::Null),
        ("sid", json!("nobody")),
        ("sid", Value::Null),
    ] {
        add(&format!("{claim} {wrong}"), token.claim(claim, wrong).genuine());
    }
    let changed = token.claim("exp", now + 1_000_000);
    add("changed behind its signature", changed.as_it_was_signed());
    add("signature stripped", changed.unsigned());
    add("no third part", changed.unsigned().trim_end_matches('.').to_owned());
    add(
        "signature of another",
        Token { signature: other.signature.clone(), ..token.clone() }.as_it_was_signed(),
    );
    let good = token.as_it_was_signed();
    add("signature cut short", good[..good.len() - 4].to_owned());
    add("more behind the signature", format!("{good}AAAA"));
    add("padding", format!("{good}="));
    add("a fourth part", format!("{good}.{}", token.signature));
    add("five parts, as if encrypted", format!("{good}.AAAA.AAAA"));
    add("extra long", token.claim("more", "x".repeat(4_000)).genuine());
    add("extra long behind", format!("{good}{}", "A".repeat(100_000)));
    let [header, claims] = [&token.header, &token.claims].map(ToString::to_string);
    let twice = |first: &str| header.replacen('{', &format!("{{{first},"), 1);
    for first in [r#""alg":"none""#, &format!(r#""kid":"{kid}""#)] {
        let text = [twice(first), claims.clone()].map(|json| URL_SAFE_NO_PAD.encode(json));
        add(&format!("{first} and again"), signed(&text.join("."), SECRET, Algorithm::HS256));
    }
    for nonsense in ["nonsense", "..", "a.b.c", "e30.e30.e30", "null", "%00.%00.%00"] {
        add(nonsense, nonsense.to_owned());
    }
    add("of the other use", other.as_it_was_signed());
    forged
}

/// Refused like all the others: the same words, but for the request's id.
#[track_caller]
fn is_refused(name: &str, answer: &Answer) {
    assert_eq!(answer.status, 401, "{name}: {}", answer.text);
    let body = answer.body.as_object().unwrap();
    assert_eq!(answer.body["detail"], REFUSED, "{name}");
    assert_eq!(body.len(), 5, "{name} is told more: {}", answer.text);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"newsroom\"", "{name}");
}

async fn sign_in(app: &TestApp, email: &str) -> Value {
    let who = json!({"email": email, "password": PASSWORD});
    app.anyone().post("/manage/v1/session", who).await.expect(200)
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.anyone().post("/manage/v1/session/refresh", json!({"refresh_token": token})).await
}

async fn no_forged_access_token_is_taken(app: TestApp) {
    app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let tokens = sign_in(&app, "ewa@example.org").await;
    let [access, refresh] =
        ["access_token", "refresh_token"].map(|name| Token::read(&tokens[name]));
    app.with_token(&access.genuine()).get(ME).await.expect(200);
    for (name, forged) in forgeries(&access, &refresh, app.now().seconds()) {
        is_refused(&name, &app.with_token(&forged).get(ME).await);
    }
    app.with_token(&access.genuine()).get(ME).await.expect(200);
}

async fn no_forged_refresh_token_is_taken(app: TestApp) {
    app.add_user("ewa@example.org", &[Role::Editor], &[]).await;
    let tokens = sign_in(&app, "ewa@example.org").await;
    let [access, token] = ["access_token", "refresh_token"].map(|name| Token::read(&tokens[name]));
    for (name, forged) in forgeries(&token, &access, app.now().seconds()) {
        // A member of the body may not be as long as that.
        if forged.len() <= 2048 {
            is_refused(&name, &refresh(&app, &forged).await);
        }
    }
    // None of them has done the true one any harm.
    refresh(&app, &token.genuine()).await.expect(200);
}

async fn a_token_stands_for_its_own_user_alone(app: TestApp) {
    for name in ["ewa", "jan"] {
        app.add_user(&format!("{name}@example.org"), &[Role::Author], &[]).await;
    }
    let (ewa, jan) =
        (sign_in(&app, "ewa@example.org").await, sign_in(&app, "jan@example.org").await);
    let [own, other] = [&ewa, &jan].map(|tokens| Token::read(&tokens["access_token"]));
    for claim in ["sub", "sid"] {
        let crossed = own.claim(claim, other.claims[claim].clone());
        is_refused(claim, &app.with_token(&crossed.as_it_was_signed()).get(ME).await);
        // Even where the server's own key has signed it.
        app.with_token(&crossed.genuine()).get(ME).await.expect(401);
    }
    app.with_token(&own.claim("epoch", 0).genuine()).get(ME).await.expect(401);
    app.with_token(&own.claim("epoch", 2).genuine()).get(ME).await.expect(401);

    let [mine, theirs] = [&ewa, &jan].map(|tokens| Token::read(&tokens["refresh_token"]));
    let crossed = mine.claim("sid", theirs.claims["sid"].clone());
    is_refused("another's sign-in", &refresh(&app, &crossed.as_it_was_signed()).await);
    // Another's refresh token gives what is that other's, whoever sends it.
    let sent = json!({"refresh_token": jan["refresh_token"]});
    let caller = app.with_token(ewa["access_token"].as_str().unwrap());
    let next = caller.post("/manage/v1/session/refresh", sent.clone()).await.expect(200);
    let me = app.with_token(next["access_token"].as_str().unwrap()).get(ME).await.expect(200);
    assert_eq!(me["email"], "jan@example.org");
    // Sent once more when an answer that was lost would have been asked for again, it ends that
    // other's sign-in, and no one else's.
    app.advance(31);
    caller.post("/manage/v1/session/refresh", sent).await.expect(401);
    app.with_token(next["access_token"].as_str().unwrap()).get(ME).await.expect(401);
    caller.get(ME).await.expect(200);
}

async fn the_header_holds_one_token(app: TestApp) {
    let good = sign_in(&app, crate::support::ADMIN).await["access_token"].clone();
    let good = good.as_str().unwrap();
    let bearer = format!("Bearer {good}");
    let anyone = app.anyone();
    anyone.with("authorization", &format!("bearer  {good}")).get(ME).await.expect(200);
    for wrong in [
        good.to_owned(),
        format!("Basic {good}"),
        format!("Bearer{good}"),
        format!("Bearer Bearer {good}"),
        format!("{bearer}, {bearer}"),
        format!("{bearer} x"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        String::new(),
    ] {
        anyone.with("authorization", &wrong).get(ME).await.expect(401);
    }
    for second in [&bearer, "Basic QTpi", ""] {
        let twice = anyone.with("authorization", &bearer).with("authorization", second);
        twice.get(ME).await.expect(401);
    }
    let elsewhere = format!("{ME}?access_token={good}");
    anyone.send(Method::GET, &elsewhere, None).await.expect(401);
}
