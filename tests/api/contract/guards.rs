//! The doors of the newsroom: no one passes without a token, and no change without a version.
use super::{Operation, operations};
use crate::support::{TestApp, on_both_engines};

on_both_engines! {
    strangers_get_nowhere_in_the_newsroom,
    no_change_goes_through_without_the_version_it_was_made_for,
}

/// Every operation that needs a token.
fn guarded() -> Vec<Operation> {
    let guarded: Vec<Operation> = operations().into_iter().filter(Operation::is_guarded).collect();
    assert!(guarded.len() >= 15);
    guarded
}

async fn strangers_get_nowhere_in_the_newsroom(app: TestApp) {
    for operation in guarded() {
        for stranger in [app.anyone(), app.with_token("eyJhbGciOiJub25lIn0.e30.")] {
            let refused = operation.send_example(&stranger).await;
            assert_eq!(refused.status, 401, "{operation}");
            assert!(refused.header("www-authenticate").starts_with("Bearer"), "{operation}");
            // Not even what is wrong with their request.
            let address = operation.address_with(|_| Some("x".to_owned()));
            let method = operation.method.clone();
            let refused = stranger.send(method, &address, Some(("text/plain", "x".into()))).await;
            assert_eq!(refused.status, 401, "{operation}");
        }
    }
}

async fn no_change_goes_through_without_the_version_it_was_made_for(app: TestApp) {
    let admin = app.admin().await;
    let mut checked = 0;
    for operation in guarded().iter().filter(|operation| operation.takes("If-Match")) {
        let body = operation.json_body();
        let body = || body.as_ref().map(|body| (body.media_type, body.example.to_string()));
        for client in [admin.clone(), admin.with("if-match", "*"), admin.with("if-match", " , ")] {
            let answer = client.send(operation.method.clone(), &operation.address(), body()).await;
            assert_eq!(answer.status, 428, "{operation}: {}", answer.text);
        }
        checked += 1;
    }
    assert!(checked >= 6);
}
