//! Media for readers: those that public articles show.
use actix_web::get;

use super::{
    credits,
    model::PublicMedia,
    queries::{self, Asked},
};
use crate::{
    db::Db,
    error::{Error, Result},
    http::{cache::Delivered, handlers::ServiceConfig, path::Id},
    ids::MediaId,
    tags::Tag,
    time::Now,
};

/// Hangs the room's delivery routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(credits::deliver::routes);
    cfg.service(get_media);
}

/// Get a medium
///
/// Only while a public article uses it and its rights have not expired.
#[utoipa::path(tag = "delivery", responses(
    (status = 200, description = "The medium and its credit.", body = PublicMedia),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match.")))]
#[get("/media/{id}")]
async fn get_media(db: Db, id: Id<MediaId>, Now(now): Now) -> Result<Delivered> {
    let (public, (medium, credit)) = db
        .read(move |conn| {
            let public = queries::public_use(conn, Asked::Media(id.0), now)?;
            let found = queries::of_ids(conn, &[id.0])?.pop().ok_or(Error::NotFound)?;
            Ok((public, found))
        })
        .await?;
    let mut made = public.made(now);
    made.modified(medium.updated_at);
    if let Some(credit) = &credit {
        made.of([Tag::Credit(credit.id)]);
        made.modified(credit.updated_at);
    }
    Delivered::new(&PublicMedia::new(medium, credit), made)
}
