//! The permission table, enforced: who is turned away where, and who is not.
use actix_web::http::Method;
use broadsheet::auth::roles::{Role, TABLE};

use super::{Operation, operations};
use crate::support::{TestApp, on_both_engines};

on_both_engines! {
    strangers_get_nowhere_in_the_newsroom,
    every_role_may_do_what_the_table_grants_and_nothing_else,
    no_change_goes_through_without_the_version_it_was_made_for,
}

/// Every operation that needs a token; what ends the token comes last.
fn guarded() -> Vec<Operation> {
    let mut guarded: Vec<Operation> =
        operations().into_iter().filter(Operation::is_guarded).collect();
    guarded.sort_by_key(|operation| ends_tokens(operation));
    assert!(guarded.len() >= 15);
    guarded
}

/// The operations that end the caller's own token.
fn ends_tokens(operation: &Operation) -> bool {
    operation.method == Method::DELETE && operation.path.starts_with("/manage/v1/session")
}

fn is_granted(operation: &Operation, role: Role) -> bool {
    operation.permission().is_none_or(|permission| {
        TABLE.iter().any(|(name, roles)| *name == permission && roles.contains(&role))
    })
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

async fn every_role_may_do_what_the_table_grants_and_nothing_else(app: TestApp) {
    let mut everyone = Vec::new();
    for role in Role::ALL {
        everyone.push((role, app.signed_in(*role).await));
    }
    for (role, mut client) in everyone {
        for operation in guarded() {
            let answer = operation.send_example(&client).await;
            if ends_tokens(&operation) {
                app.advance(0);
                client = app.signed_in(*role).await;
            }
            if is_granted(&operation, *role) {
                let passed = ![401, 403].contains(&answer.status.as_u16());
                assert!(passed, "{operation} as {role}: {}", answer.text);
            } else {
                let missing = operation.permission().unwrap();
                assert_eq!(answer.status, 403, "{operation} as {role}");
                assert!(answer.text.contains(missing), "{operation}: the refusal hides {missing}");
            }
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
