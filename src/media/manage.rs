//! Media for the newsroom.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    credits,
    model::{MediaFilter, MediaInput, MediaRow},
    queries,
};
use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::{ReadMedia, WriteMedia},
    },
    db::{
        Db, Tx,
        journal::Entry,
        uses::{self, Used},
    },
    error::Result,
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
    ids::MediaId,
    sections::{readable::InTheWay, scope::Scope},
    tags::Tag,
};

/// Hangs the room's management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(credits::manage::routes);
    cfg.service(list_media).service(create_media).service(read_media);
    cfg.service(replace_media).service(patch_media).service(delete_media);
}

/// List media
///
/// The newest first.
#[utoipa::path(tag = "media", security(("bearer" = ["media:read"])), params(MediaFilter),
    responses((status = 200, description = "A page of media.", body = Page<MediaRow>)))]
#[get("/media")]
async fn list_media(
    _: Allow<ReadMedia>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<MediaFilter>,
) -> Result<Answer> {
    let after = cursor::read("media", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::page(conn, &filter, after)).await?;
    let page = Page::cut("media", rows, limit, |last| (last.created_at, last.id))?;
    Answer::page(&req, &page)
}

/// Create a medium
///
/// Broadsheet keeps what is known of a medium; the file itself is wherever `url` says. The file,
/// the caption, the alt text and the credit can follow later.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IdempotencyKey),
    request_body = MediaInput,
    responses((status = 201, description = "Created.", body = MediaRow)))]
#[post("/media")]
async fn create_media(
    allow: Allow<WriteMedia>,
    db: Db,
    post: Posted<MediaInput>,
) -> Result<Answer> {
    let by = allow.caller.id;
    post.once(&db, allow.caller, move |tx, input| {
        let medium = MediaRow::new(input, None, by, tx.now());
        queries::insert(tx, &medium)?;
        tx.record(Entry::new("created", &medium))?;
        Answer::created("/manage/v1/media", &medium, &medium)
    })
    .await
}

/// Read a medium
///
/// Whether or not an article uses it.
#[utoipa::path(tag = "media", security(("bearer" = ["media:read"])),
    responses((status = 200, description = "The medium.", body = MediaRow)))]
#[get("/media/{id}")]
async fn read_media(_: Allow<ReadMedia>, db: Db, id: Id<MediaId>) -> Result<Answer> {
    let medium = db.read(move |conn| queries::find(conn, id.0)).await?;
    Answer::resource(&medium, &medium)
}

/// Replace a medium
///
/// Every page that shows it shows the new form at once. Its kind stays while an article uses it. An
/// author may replace only what they created.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IfMatch),
    request_body = MediaInput,
    responses((status = 200, description = "Replaced.", body = MediaRow),
        (status = 409, description = "Of another kind now, and in use; `errors` lists the articles among those that you may read, twenty at the most.")))]
#[put("/media/{id}")]
async fn replace_media(
    allow: Allow<WriteMedia>,
    db: Db,
    id: Id<MediaId>,
    expected: IfMatch,
    Body(input): Body<MediaInput>,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, |_| Ok(input)).await
}

/// Change a medium
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes. Its kind stays while an
/// article uses it. An author may change only what they created.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IfMatch),
    request_body(content = MediaInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = MediaRow),
        (status = 409, description = "Of another kind now, and in use; `errors` lists the articles among those that you may read, twenty at the most.")))]
#[patch("/media/{id}")]
async fn patch_media(
    allow: Allow<WriteMedia>,
    db: Db,
    id: Id<MediaId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, move |medium| patch.apply(&medium.input())).await
}

/// Delete a medium
///
/// Refused while an article uses it: in its working copy, or in an edition that is public or is
/// going to be. An author may delete only what they created.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "In use; `errors` lists the articles among those that you may read, twenty at the most.")))]
#[delete("/media/{id}")]
async fn delete_media(
    allow: Allow<WriteMedia>,
    db: Db,
    id: Id<MediaId>,
    expected: IfMatch,
) -> Result<Answer> {
    let caller = allow.caller;
    db.write(caller.clone(), move |tx| {
        let medium = expected.current(tx, id.0, |conn| queries::find_own(conn, id.0, &caller))?;
        refuse_in_use(tx, &caller, medium.id)?;
        queries::delete(tx, medium.id)?;
        tx.record(Entry::new("deleted", &medium).stale([Tag::Media(medium.id)]))
    })
    .await?;
    Ok(Answer::nothing())
}

/// Refuses what takes a medium away from where it is shown.
fn refuse_in_use(tx: &mut Tx<'_>, caller: &Caller, id: MediaId) -> Result<()> {
    let now = tx.now();
    let (by, mut in_the_way) = (Scope::of(tx, caller)?, InTheWay::default());
    in_the_way.add_articles(tx, &by, || uses::articles_using(Used::Media, id, now))?;
    in_the_way.refuse()
}

async fn change(
    db: &Db,
    caller: Caller,
    id: MediaId,
    expected: IfMatch,
    input: impl FnOnce(&MediaRow) -> Result<MediaInput> + Clone + Send + 'static,
) -> Result<Answer> {
    db.write(caller.clone(), move |tx| {
        let current = expected.current(tx, id, |conn| queries::find_own(conn, id, &caller))?;
        let medium = MediaRow::new(input(&current)?, Some(&current), caller.id, tx.now());
        if medium.kind != current.kind {
            refuse_in_use(tx, &caller, id)?;
        }
        queries::replace(tx, &medium)?;
        let entry = Entry::new("changed", &medium).diff(&current.input(), &medium.input());
        tx.record(entry.stale([Tag::Media(medium.id)]))?;
        Answer::resource(&medium, &medium)
    })
    .await
}
