//! What comes from broken clients, careless ones and hostile ones.
mod bodies;
mod races;
mod retries;
mod texts;

use serde_json::Value;

use crate::support::{Answer, Client};

const SECTIONS: &str = "/manage/v1/sections";
const JSON: &str = "application/json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// What there is, so that a test can see that nothing came of a refused request.
async fn sections(client: &Client) -> Value {
    client.get(&format!("{SECTIONS}?limit=100")).await.expect(200)["data"].clone()
}

fn at(resource: &Value) -> String {
    format!("{SECTIONS}/{}", resource["id"].as_str().unwrap())
}

/// Refused by the client's own fault, as a problem document.
#[track_caller]
fn is_refusal(answer: &Answer, case: &str) {
    assert!(answer.status.is_client_error(), "{case}: {} {}", answer.status, answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json", "{case}");
    assert_eq!(answer.body["status"], answer.status.as_u16(), "{case}");
}
