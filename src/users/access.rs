//! What administrators take away from users: their sign-ins, and a second factor that is lost.
use actix_web::{delete, get};

use super::queries;
use crate::{
    auth::{guard::Allow, model::SignIns, roles::ManageUsers, second_factor, session},
    db::Db,
    error::Result,
    http::{answer::Answer, handlers::ServiceConfig, path::Id},
    ids::UserId,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_user_sessions).service(end_sessions).service(reset_second_factor);
}

/// List a user's sign-ins
///
/// Wherever they are signed in now. `DELETE /manage/v1/sessions/{id}` ends one of them.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])),
    responses((status = 200, description = "Their sign-ins.", body = SignIns)))]
#[get("/users/{id}/sessions")]
async fn list_user_sessions(allow: Allow<ManageUsers>, db: Db, id: Id<UserId>) -> Result<Answer> {
    let (current, now) = (allow.caller.session, allow.caller.now);
    let listed = db.read(move |conn| {
        queries::find(conn, id.0)?;
        session::sign_ins(conn, id.0, current, now)
    });
    Answer::ok(&listed.await?)
}

/// End a user's sign-ins
///
/// All of them, wherever they are signed in; their tokens are refused from now on.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])),
    responses((status = 204, description = "Ended.")))]
#[delete("/users/{id}/sessions")]
async fn end_sessions(allow: Allow<ManageUsers>, db: Db, id: Id<UserId>) -> Result<Answer> {
    db.write(allow.caller, move |tx| session::end_all(tx, id.0)).await?;
    Ok(Answer::nothing())
}

/// Reset a user's second factor
///
/// For somebody who has lost authenticator and recovery codes: they sign in with the password
/// alone again.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])),
    responses((status = 204, description = "Reset."),
        (status = 409, description = "The user has no second factor.")))]
#[delete("/users/{id}/second-factor")]
async fn reset_second_factor(allow: Allow<ManageUsers>, db: Db, id: Id<UserId>) -> Result<Answer> {
    db.write(allow.caller, move |tx| second_factor::reset(tx, id.0)).await?;
    Ok(Answer::nothing())
}
