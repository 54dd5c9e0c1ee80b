//! Ad slots for ad managers.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    model::{AdSlotFilter, AdSlotInput, AdSlotRow},
    queries,
};
use crate::{
    auth::{
        guard::Allow,
        roles::{ReadAds, WriteAds},
    },
    db::{
        Conn, Context, Db,
        journal::Entry,
        uses::{self, Used},
    },
    error::{Error, FieldError, Result},
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
    ids::{AdSlotId, SectionId},
    sections::{self, readable::InTheWay, scope::Scope},
    tags::Tag,
};

/// Hangs the room's management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_ad_slots).service(create_ad_slot).service(read_ad_slot);
    cfg.service(replace_ad_slot).service(patch_ad_slot).service(delete_ad_slot);
}

/// List ad slots
///
/// In the order of their codes.
#[utoipa::path(tag = "ads", security(("bearer" = ["ads:read"])), params(AdSlotFilter),
    responses((status = 200, description = "A page of ad slots.", body = Page<AdSlotRow>)))]
#[get("/ad-slots")]
async fn list_ad_slots(
    _: Allow<ReadAds>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<AdSlotFilter>,
) -> Result<Answer> {
    let after = cursor::read("ad-slots", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::page(conn, &filter, after)).await?;
    let page = Page::cut("ad-slots", rows, limit, |last| last.code.clone())?;
    Answer::page(&req, &page)
}

/// Create an ad slot
///
/// A slot pinned in a body is named by its `code`; the others place themselves, by placement or rule.
#[utoipa::path(tag = "ads", security(("bearer" = ["ads:write"])), params(IdempotencyKey),
    request_body = AdSlotInput,
    responses((status = 201, description = "Created.", body = AdSlotRow),
        (status = 409, description = "Another slot has this code.")))]
#[post("/ad-slots")]
async fn create_ad_slot(
    allow: Allow<WriteAds>,
    db: Db,
    post: Posted<AdSlotInput>,
) -> Result<Answer> {
    post.once(&db, allow.caller, |tx, input| {
        check_sections(tx, &input.sections)?;
        let slot = AdSlotRow::new(input, None, tx.now());
        queries::insert(tx, &slot)?;
        tx.record(Entry::new("created", &slot).stale([Tag::AdSlots]))?;
        Answer::created("/manage/v1/ad-slots", &slot, &slot)
    })
    .await
}

/// Read an ad slot
///
/// As it was set up, whether or not readers see it now.
#[utoipa::path(tag = "ads", security(("bearer" = ["ads:read"])),
    responses((status = 200, description = "The ad slot.", body = AdSlotRow)))]
#[get("/ad-slots/{id}")]
async fn read_ad_slot(_: Allow<ReadAds>, db: Db, id: Id<AdSlotId>) -> Result<Answer> {
    let slot = db.read(move |conn| queries::find(conn, id.0)).await?;
    Answer::resource(&slot, &slot)
}

/// Replace an ad slot
///
/// Every page shows the new form at once. The code is fixed while an article pins the slot.
#[utoipa::path(tag = "ads", security(("bearer" = ["ads:write"])), params(IfMatch),
    request_body = AdSlotInput,
    responses((status = 200, description = "Replaced.", body = AdSlotRow),
        (status = 409, description = "Another slot has this code, or an article pins the slot by its old one.")))]
#[put("/ad-slots/{id}")]
async fn replace_ad_slot(
    allow: Allow<WriteAds>,
    db: Db,
    id: Id<AdSlotId>,
    expected: IfMatch,
    Body(input): Body<AdSlotInput>,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, |_| Ok(input)).await
}

/// Change an ad slot
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes.
#[utoipa::path(tag = "ads", security(("bearer" = ["ads:write"])), params(IfMatch),
    request_body(content = AdSlotInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = AdSlotRow),
        (status = 409, description = "Another slot has this code, or an article pins the slot by its old one.")))]
#[patch("/ad-slots/{id}")]
async fn patch_ad_slot(
    allow: Allow<WriteAds>,
    db: Db,
    id: Id<AdSlotId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, move |slot| patch.apply(&slot.input())).await
}

/// Delete an ad slot
///
/// Refused while the body of an article pins it: in a working copy, or in an edition that is
/// public or is going to be. Make it inactive instead.
#[utoipa::path(tag = "ads", security(("bearer" = ["ads:write"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "In use; `errors` lists the articles among those that you may read, twenty at the most.")))]
#[delete("/ad-slots/{id}")]
async fn delete_ad_slot(
    allow: Allow<WriteAds>,
    db: Db,
    id: Id<AdSlotId>,
    expected: IfMatch,
) -> Result<Answer> {
    let caller = allow.caller;
    db.write(caller.clone(), move |tx| {
        let slot = expected.current(tx, id.0, |conn| queries::find(conn, id.0))?;
        let now = tx.now();
        let (by, mut in_the_way) = (Scope::of(tx, &caller)?, InTheWay::default());
        let using = || uses::articles_using(Used::AdSlot, slot.id, now);
        in_the_way.add_articles(tx, &by, using)?;
        in_the_way.refuse()?;
        queries::delete(tx, slot.id)?;
        tx.record(Entry::new("deleted", &slot).stale([Tag::AdSlot(slot.id), Tag::AdSlots]))
    })
    .await?;
    Ok(Answer::nothing())
}

async fn change(
    db: &Db,
    by: impl Into<Context>,
    id: AdSlotId,
    expected: IfMatch,
    input: impl FnOnce(&AdSlotRow) -> Result<AdSlotInput> + Clone + Send + 'static,
) -> Result<Answer> {
    db.write(by, move |tx| {
        let current = expected.current(tx, id, |conn| queries::find(conn, id))?;
        let input = input(&current)?;
        check_sections(tx, &input.sections)?;
        let now = tx.now();
        // Bodies name it by its code, frozen editions too.
        if input.code != current.code && queries::is_pinned(tx, id, now)? {
            let detail = "The code is fixed while an article pins the slot by it.";
            let errors = vec![FieldError::at("/code", "in_use", detail)];
            return Err(Error::Conflict { detail: detail.to_owned(), errors });
        }
        let slot = AdSlotRow::new(input, Some(&current), now);
        queries::replace(tx, &slot)?;
        let entry = Entry::new("changed", &slot).diff(&current.input(), &slot.input());
        tx.record(entry.stale(current.stale(&slot)))?;
        Answer::resource(&slot, &slot)
    })
    .await
}

fn check_sections(conn: &mut Conn, wanted: &[SectionId]) -> Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let tree = sections::queries::tree(conn)?;
    let missing = wanted.iter().enumerate().filter(|(_, id)| tree.get(**id).is_none());
    let errors: Vec<FieldError> = missing
        .map(|(at, _)| {
            FieldError::at(format!("/sections/{at}"), "missing", "is not the id of a section")
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}
