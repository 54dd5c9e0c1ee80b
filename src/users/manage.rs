//! Users for administrators.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    model::{AuthorFilter, PossibleAuthor, User, UserFilter, UserInput, UserRow},
    queries,
};
use crate::{
    auth::{
        guard::Allow,
        passwords,
        roles::{ManageUsers, ReadArticles},
    },
    db::{Context, Db, Tx, journal::Entry},
    error::{Error, Result},
    http::{
        answer::Answer,
        body::{Body, Patch},
        conditional::IfMatch,
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
    },
    ids::UserId,
    sections::{readable::InTheWay, scope::Scope},
    tags::Tag,
};

/// Hangs the room's management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_users).service(create_user).service(read_user);
    cfg.service(replace_user).service(patch_user).service(delete_user);
    cfg.service(list_authors);
}

/// List the possible authors
///
/// Everyone whom an article can name among its `authors`: all active users, in the order of
/// their names, without regard to case and accents.
#[utoipa::path(tag = "users", security(("bearer" = ["articles:read"])), params(AuthorFilter),
    responses((status = 200, description = "A page of authors.", body = Page<PossibleAuthor>)))]
#[get("/authors")]
async fn list_authors(
    _: Allow<ReadArticles>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<AuthorFilter>,
) -> Result<Answer> {
    let after = cursor::read("authors", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::authors(conn, &filter, after)).await?;
    let page = Page::cut("authors", rows, limit, |last| (last.name_folded.clone(), last.id))?;
    Answer::page(&req, &page)
}

/// List users
///
/// In the order of their emails.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])), params(UserFilter),
    responses((status = 200, description = "A page of users.", body = Page<User>)))]
#[get("/users")]
async fn list_users(
    _: Allow<ManageUsers>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<UserFilter>,
) -> Result<Answer> {
    let after = cursor::read("users", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::page(conn, &filter, after)).await?;
    let page = Page::cut("users", rows, limit, |last| last.email.clone())?;
    Answer::page(&req, &page.map(User::from))
}

/// Create a user
///
/// They can sign in at once. Roles add up; editors and authors can be limited to sections.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])),
    params(IdempotencyKey), request_body = UserInput,
    responses((status = 201, description = "Created.", body = User),
        (status = 409, description = "Another user has this email.")))]
#[post("/users")]
async fn create_user(
    allow: Allow<ManageUsers>,
    db: Db,
    mut post: Posted<UserInput>,
) -> Result<Answer> {
    let input = post.input_mut();
    let hash = match input.password.take() {
        Some(password) => passwords::hash(password, input.about(), "/password").await?,
        None => return Err(Error::invalid("/password", "required", "A new user needs one.")),
    };
    post.once(&db, allow.caller, move |tx, input| {
        let user = add(tx, input, hash)?;
        Answer::created("/manage/v1/users", &user, &User::from(user.clone()))
    })
    .await
}

/// Stores a new user: over HTTP, or at the command line.
pub fn add(tx: &mut Tx<'_>, input: UserInput, hash: String) -> Result<UserRow> {
    queries::check_sections(tx, &input.sections)?;
    let user = UserRow::new(input, hash, tx.now());
    queries::insert(tx, &user)?;
    tx.record(Entry::new("created", &user))?;
    Ok(user)
}

/// Read a user
///
/// Without the password, which is never shown.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])),
    responses((status = 200, description = "The user.", body = User)))]
#[get("/users/{id}")]
async fn read_user(_: Allow<ManageUsers>, db: Db, id: Id<UserId>) -> Result<Answer> {
    let user = db.read(move |conn| queries::find(conn, id.0)).await?;
    Answer::resource(&user, &User::from(user.clone()))
}

/// Replace a user
///
/// Without a password the old one stays. A change of roles, sections, activity or password ends
/// the user's sign-ins at once.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])), params(IfMatch),
    request_body = UserInput,
    responses((status = 200, description = "Replaced.", body = User),
        (status = 409, description = "The email is taken, or no administrator would remain.")))]
#[put("/users/{id}")]
async fn replace_user(
    allow: Allow<ManageUsers>,
    db: Db,
    id: Id<UserId>,
    expected: IfMatch,
    Body(input): Body<UserInput>,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, move |_| Ok(input.clone())).await
}

/// Change a user
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])), params(IfMatch),
    request_body(content = UserInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = User),
        (status = 409, description = "The email is taken, or no administrator would remain.")))]
#[patch("/users/{id}")]
async fn patch_user(
    allow: Allow<ManageUsers>,
    db: Db,
    id: Id<UserId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, move |user| patch.apply(&user.input())).await
}

/// Delete a user
///
/// Refused for authors of articles, be it of a public edition only: deactivate them instead.
#[utoipa::path(tag = "users", security(("bearer" = ["users:manage"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "An author of articles (`errors` lists them), or the last administrator.")))]
#[delete("/users/{id}")]
async fn delete_user(
    allow: Allow<ManageUsers>,
    db: Db,
    id: Id<UserId>,
    expected: IfMatch,
) -> Result<Answer> {
    let caller = allow.caller;
    db.write(caller.clone(), move |tx| {
        hold(tx, id.0)?;
        let user = expected.current(tx, id.0, |conn| queries::find(conn, id.0))?;
        let now = tx.now();
        let (by, mut in_the_way) = (Scope::of(tx, &caller)?, InTheWay::default());
        in_the_way.add_articles(tx, &by, || queries::works_of(user.id, now))?;
        in_the_way.refuse()?;
        queries::delete(tx, user.id)?;
        queries::check_an_admin_remains(tx)?;
        tx.record(Entry::new("deleted", &user).stale([Tag::Author(user.id)]))
    })
    .await?;
    Ok(Answer::nothing())
}

/// Held by whoever could take away the last administrator.
const ADMINS: uuid::Uuid = uuid::Uuid::from_u128(0x00ad_0815);

/// Holds back whoever else could take away the last administrator, change this user or sign in
/// as them. Comes before the user is read.
pub fn hold(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    tx.lock(ADMINS)?;
    tx.lock(id)
}

/// Hashing a password takes long, so it happens before the transaction begins; the input is
/// made again inside of it.
async fn change(
    db: &Db,
    by: impl Into<Context>,
    id: UserId,
    expected: IfMatch,
    input: impl Fn(&UserRow) -> Result<UserInput> + Clone + Send + Sync + 'static,
) -> Result<Answer> {
    let seen = db.read(move |conn| queries::find(conn, id)).await?;
    let mut wanted = input(&seen)?;
    let hash = match wanted.password.take() {
        Some(password) => Some(passwords::hash(password, wanted.about(), "/password").await?),
        None => None,
    };
    db.write(by, move |tx| {
        hold(tx, id)?;
        let current = expected.current(tx, id, |conn| queries::find(conn, id))?;
        let user = store(tx, &current, input(&current)?, hash)?;
        Answer::resource(&user, &User::from(user.clone()))
    })
    .await
}

/// Stores a changed user: over HTTP, or at the command line. The caller has called [`hold`].
pub fn store(
    tx: &mut Tx<'_>,
    current: &UserRow,
    input: UserInput,
    hash: Option<String>,
) -> Result<UserRow> {
    queries::check_sections(tx, &input.sections)?;
    let password = hash.is_some();
    let user = current.changed(input, hash, tx.now());
    queries::replace(tx, current, &user)?;
    queries::check_an_admin_remains(tx)?;
    // Both forms are without passwords, old or new.
    let mut entry = Entry::new("changed", &user).diff(&current.input(), &user.input());
    if password {
        entry = entry.note("password");
    }
    if user.name != current.name {
        // All that readers see of a user.
        entry = entry.stale([Tag::Author(user.id)]);
    }
    tx.record(entry)?;
    Ok(user)
}
