//! Credits for the newsroom.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    model::{Credit, CreditFilter, CreditInput, CreditRow},
    queries,
};
use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::{ReadMedia, WriteMedia},
    },
    db::{Db, journal::Entry},
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
    ids::CreditId,
    sections::readable::InTheWay,
    tags::Tag,
};

/// Hangs the credits' management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_media_credits).service(create_media_credit).service(read_media_credit);
    cfg.service(replace_media_credit).service(patch_media_credit).service(delete_media_credit);
}

/// List media credits
///
/// The newest first.
#[utoipa::path(tag = "media", security(("bearer" = ["media:read"])), params(CreditFilter),
    responses((status = 200, description = "A page of credits.", body = Page<Credit>)))]
#[get("/media-credits")]
async fn list_media_credits(
    _: Allow<ReadMedia>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<CreditFilter>,
) -> Result<Answer> {
    let after = cursor::read("media-credits", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::page(conn, &filter, after)).await?;
    let page = Page::cut("media-credits", rows, limit, |last| (last.created_at, last.id))?;
    Answer::page(&req, &page.map(Credit::from))
}

/// Create a media credit
///
/// The credit line alone will do. Nothing keeps two credits from reading alike: look first
/// whether the one that you need is there, so that a correction reaches all of its media.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IdempotencyKey),
    request_body = CreditInput,
    responses((status = 201, description = "Created.", body = Credit)))]
#[post("/media-credits")]
async fn create_media_credit(
    allow: Allow<WriteMedia>,
    db: Db,
    post: Posted<CreditInput>,
) -> Result<Answer> {
    let by = allow.caller.id;
    post.once(&db, allow.caller, move |tx, input| {
        let credit = CreditRow::new(input, None, by, tx.now());
        queries::insert(tx, &credit)?;
        tx.record(Entry::new("created", &credit))?;
        Answer::created("/manage/v1/media-credits", &credit, &Credit::from(credit.clone()))
    })
    .await
}

/// Read a media credit
///
/// With the line as it is printed under a picture.
#[utoipa::path(tag = "media", security(("bearer" = ["media:read"])),
    responses((status = 200, description = "The credit.", body = Credit)))]
#[get("/media-credits/{id}")]
async fn read_media_credit(_: Allow<ReadMedia>, db: Db, id: Id<CreditId>) -> Result<Answer> {
    let credit = db.read(move |conn| queries::find(conn, id.0)).await?;
    Answer::resource(&credit, &Credit::from(credit.clone()))
}

/// Replace a media credit
///
/// Every page that shows one of its media shows the new credit at once. An author may replace
/// only what they created.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IfMatch),
    request_body = CreditInput,
    responses((status = 200, description = "Replaced.", body = Credit)))]
#[put("/media-credits/{id}")]
async fn replace_media_credit(
    allow: Allow<WriteMedia>,
    db: Db,
    id: Id<CreditId>,
    expected: IfMatch,
    Body(input): Body<CreditInput>,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, |_| Ok(input)).await
}

/// Change a media credit
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes. An author may change only
/// what they created.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IfMatch),
    request_body(content = CreditInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = Credit)))]
#[patch("/media-credits/{id}")]
async fn patch_media_credit(
    allow: Allow<WriteMedia>,
    db: Db,
    id: Id<CreditId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, move |credit| patch.apply(&credit.input())).await
}

/// Delete a media credit
///
/// Refused while any medium names it. An author may delete only what they created.
#[utoipa::path(tag = "media", security(("bearer" = ["media:write"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "In use; `errors` lists the addresses of its media, twenty at the most.")))]
#[delete("/media-credits/{id}")]
async fn delete_media_credit(
    allow: Allow<WriteMedia>,
    db: Db,
    id: Id<CreditId>,
    expected: IfMatch,
) -> Result<Answer> {
    let caller = allow.caller;
    db.write(caller.clone(), move |tx| {
        let credit = expected.current(tx, id.0, |conn| queries::find_own(conn, id.0, &caller))?;
        let mut in_the_way = InTheWay::default();
        in_the_way.add("media", queries::media_naming(tx, credit.id)?, true);
        in_the_way.refuse()?;
        queries::delete(tx, credit.id)?;
        tx.record(Entry::new("deleted", &credit).stale([Tag::Credit(credit.id)]))
    })
    .await?;
    Ok(Answer::nothing())
}

async fn change(
    db: &Db,
    caller: Caller,
    id: CreditId,
    expected: IfMatch,
    input: impl FnOnce(&CreditRow) -> Result<CreditInput> + Clone + Send + 'static,
) -> Result<Answer> {
    db.write(caller.clone(), move |tx| {
        let current = expected.current(tx, id, |conn| queries::find_own(conn, id, &caller))?;
        let credit = CreditRow::new(input(&current)?, Some(&current), caller.id, tx.now());
        queries::replace(tx, &credit)?;
        let entry = Entry::new("changed", &credit).diff(&current.input(), &credit.input());
        tx.record(entry.stale([Tag::Credit(credit.id)]))?;
        Answer::resource(&credit, &Credit::from(credit.clone()))
    })
    .await
}
