//! The first administrator, and users made at the command line.
use validator::Validate;

use super::{
    manage::add,
    model::{User, UserInput},
    queries,
};
use crate::{
    auth::{passwords, roles::Role},
    config::Secret,
    db::{Actor, Context, Db},
    error::{Error, Result},
    time::Instant,
};

/// Makes the first administrator, unless there is a user already. Returns whether it did.
pub async fn make_administrator(
    db: &Db,
    email: &str,
    password: &Secret,
    now: Instant,
) -> Result<bool> {
    if db.read(|conn| queries::any(conn)).await? {
        return Ok(false);
    }
    let input = UserInput {
        email: email.to_owned(),
        name: "Administrator".to_owned(),
        roles: vec![Role::Admin],
        sections: Vec::new(),
        active: true,
        password: Some(password.reveal().to_owned()),
    };
    input.validate()?;
    let hash = passwords::hash(password.reveal().to_owned(), input.about(), "/password").await?;
    let by = Context { actor: Actor::System, now, request_id: String::new() };
    db.write(by, move |tx| {
        // Another server may have been faster.
        tx.lock(uuid::Uuid::nil())?;
        if queries::any(tx)? {
            tx.nothing_to_record("there is a user already");
            return Ok(false);
        }
        add(tx, input, hash).map(|_| true)
    })
    .await
}

/// Adds a user at the command line.
pub async fn add_user(db: &Db, mut input: UserInput, now: Instant) -> Result<User> {
    input.validate()?;
    let password = input
        .password
        .take()
        .ok_or_else(|| Error::invalid("/password", "required", "A new user needs one."))?;
    let hash = passwords::hash(password, input.about(), "/password").await?;
    let by = Context { actor: Actor::Cli, now, request_id: String::new() };
    db.write(by, move |tx| add(tx, input, hash)).await.map(User::from)
}
