//! Whose a medium or credit is: an author changes what they created, the desk changes all.
use crate::{
    auth::{guard::Caller, roles::Role},
    error::{Error, Result},
    ids::UserId,
};

/// Refuses an author who is at something that another made.
pub fn check(caller: &Caller, created_by: Option<UserId>) -> Result<()> {
    let desk = caller.is(Role::Admin) || caller.is(Role::Editor);
    if desk || created_by == Some(caller.id) {
        return Ok(());
    }
    Err(Error::Forbidden("An author may change and delete only what they created.".to_owned()))
}
