//! What the demo says when it is ready: which addresses to open, and who can sign in.
use std::net::SocketAddr;

use super::{
    caller::Caller,
    newsroom::{Newsroom, PASSWORD},
};
use crate::{
    app::State,
    error::{Error, Result},
    users,
};

/// Prints the addresses, and the people where they are the demo's.
pub async fn print(state: &State, newsroom: &Newsroom, address: SocketAddr) -> Result<()> {
    let origin = format!("http://{address}");
    let reader = Caller::of(state).await;
    println!("\nPages, as a frontend gets them:");
    for address in &newsroom.addresses {
        let page = format!("/v1/page?path={}", address.path);
        let answer = reader.get(&page).await.map_err(Error::internal)?;
        // A newsroom that was there before has pages of its own.
        if answer.status != 404 {
            println!("  {:<52} {origin}{page}", address.label);
        }
    }
    println!("\nMore to open:");
    for (what, path) in [
        ("all articles, the newest first", "/v1/articles"),
        ("the API explained, to try it out", "/docs/"),
        ("the same for programs (OpenAPI 3.1)", "/openapi.json"),
    ] {
        println!("  {what:<52} {origin}{path}");
    }
    if everyone_is_there(state, newsroom).await? {
        println!("\nThe newsroom signs in with POST {origin}/manage/v1/session:");
        println!("  {:<14} {:<24} {:<24} password", "role", "email", "name");
        for person in &newsroom.users {
            let roles: Vec<&str> = person.roles.iter().map(|role| role.as_str()).collect();
            let roles = roles.join(", ");
            println!("  {roles:<14} {:<24} {:<24} {PASSWORD}", person.email, person.name);
        }
        println!(
            "\nThese passwords are known to everyone: keep this database on your own machine."
        );
    }
    println!("Ctrl-C ends the demo; what you changed is kept, and the next start serves it.\n");
    Ok(())
}

async fn everyone_is_there(state: &State, newsroom: &Newsroom) -> Result<bool> {
    let emails: Vec<String> = newsroom.users.iter().map(|person| person.email.clone()).collect();
    state
        .db
        .read(move |conn| {
            for email in &emails {
                match users::queries::find_by_email(conn, email) {
                    Err(Error::NotFound) => return Ok(false),
                    found => found.map(drop)?,
                }
            }
            Ok(true)
        })
        .await
}
