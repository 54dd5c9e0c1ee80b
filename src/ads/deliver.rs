//! Ad slots for readers: those that are shown now.
use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{PublicAdSlot, PublicAdSlotFilter},
    queries,
};
use crate::{
    db::{Db, snapshot::Snapshot},
    error::{Error, Result},
    http::{
        cache::{Delivered, Made},
        handlers::ServiceConfig,
        query::Query,
    },
    ids::SectionId,
    sections,
    tags::Tag,
    time::Now,
};

/// Hangs the room's delivery routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_ad_slots);
}

/// The ad slots that are shown now.
#[derive(Serialize, ToSchema)]
struct PublicAdSlots {
    /// In the order of their codes.
    data: Vec<PublicAdSlot>,
}

/// Get the ad slots
///
/// Those that are shown now, for pages that are not composed by `GET /v1/page`. A slot that is
/// limited to sections is shown in these and in all below them.
#[utoipa::path(tag = "delivery", params(PublicAdSlotFilter), responses(
    (status = 200, description = "All slots that the filters leave.", body = PublicAdSlots),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No such section, or a hidden one.")))]
#[get("/ad-slots")]
async fn get_ad_slots(
    db: Db,
    Now(now): Now,
    Query(filter): Query<PublicAdSlotFilter>,
) -> Result<Delivered> {
    let PublicAdSlotFilter { section, placement } = filter;
    let mut made = Made::default();
    made.of([Tag::AdSlots]);
    if section.is_some() {
        made.of([Tag::Sections]);
    }
    let (above, showing) = db
        .read(move |conn| {
            let above = section.map(|named| way_to(conn, &named)).transpose()?;
            Ok((above, queries::showing(conn, now)?))
        })
        .await?;
    made.changes_at(showing.changes_at, now);
    let mut slots = showing.slots;
    slots.retain(|slot| {
        placement.is_none_or(|placement| slot.placement == placement)
            && above.as_ref().is_none_or(|above| slot.applies_to(above))
    });
    for slot in &slots {
        made.of([Tag::AdSlot(slot.id)]);
        made.modified(slot.updated_at);
    }
    Delivered::new(
        &PublicAdSlots { data: slots.iter().map(|slot| PublicAdSlot::from(&**slot)).collect() },
        made,
    )
}

/// The section that an id or a path names, with all those that it stands in.
fn way_to(conn: &mut Snapshot<'_>, named: &str) -> Result<Vec<SectionId>> {
    let tree = sections::queries::visible(conn)?;
    let section = match named.parse() {
        Ok(id) => tree.get(id),
        Err(_) => tree.at(named),
    };
    let section = section.ok_or(Error::NotFound)?;
    Ok(tree.above(section.id).map(|above| above.id).collect())
}
