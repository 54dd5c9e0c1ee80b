//! What editors send.
use broadsheet::cli::demo;
use serde_json::{Value, json};

use super::{
    client::{Answer, Connection, request},
    sample::text,
};

/// Who edits: the demo's editor.
const EDITOR: &str = "editor@example.org";

/// Signs in; what to send as `Authorization`.
pub async fn sign_in(desk: &mut Connection) -> String {
    let who = json!({"email": EDITOR, "password": demo::PASSWORD}).to_string();
    let headers = [("Content-Type", "application/json")];
    let answer = desk.ask(&request("POST", "/manage/v1/session", &headers, &who)).await;
    done(&answer);
    let tokens: Value = serde_json::from_slice(&answer.body).unwrap();
    format!("Bearer {}", text(&tokens["access_token"]))
}

/// A change of what has this entity tag, ready to be sent.
pub fn send(token: &str, method: &str, path: &str, etag: &str, body: &Value) -> Vec<u8> {
    let media_type = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let headers = [("Authorization", token), ("If-Match", etag), ("Content-Type", media_type)];
    request(method, path, &headers, &body.to_string())
}

/// Stops where the answer is a refusal.
pub fn done(answer: &Answer) {
    let said = String::from_utf8_lossy(&answer.body);
    assert!((200..300).contains(&answer.status), "{}: {said}", answer.status);
}
