//! Credits for readers: those of media that public articles show.
use actix_web::get;

use super::{model::PublicCredit, queries};
use crate::{
    db::Db,
    error::Result,
    http::{cache::Delivered, handlers::ServiceConfig, path::Id},
    ids::CreditId,
    media::queries::{Asked, public_use},
    tags::Tag,
    time::Now,
};

/// Hangs the credits' delivery routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_media_credit);
}

/// Get a media credit
///
/// Only while a public article uses one of its media whose rights have not expired.
#[utoipa::path(tag = "delivery", responses(
    (status = 200, description = "The credit.", body = PublicCredit),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match.")))]
#[get("/media-credits/{id}")]
async fn get_media_credit(db: Db, id: Id<CreditId>, Now(now): Now) -> Result<Delivered> {
    let (public, credit) = db
        .read(move |conn| {
            let public = public_use(conn, Asked::Credit(id.0), now)?;
            Ok((public, queries::find(conn, id.0)?))
        })
        .await?;
    let mut made = public.made(now);
    made.of([Tag::Credit(credit.id)]);
    made.modified(credit.updated_at);
    Delivered::new(&PublicCredit::from(credit), made)
}
