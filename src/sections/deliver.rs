//! Sections for readers.
use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{SectionDetail, SectionNode},
    queries,
    tree::Tree,
};
use crate::{
    db::Db,
    error::{Error, Result},
    http::{
        cache::{Delivered, Made},
        handlers::ServiceConfig,
        path::Id,
    },
    ids::SectionId,
    tags::Tag,
};

/// Hangs the room's delivery routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_section_tree).service(get_section);
}

/// All public sections.
#[derive(Serialize, ToSchema)]
struct SectionTree {
    /// The sections at the top, in their order, each with those below it.
    data: Vec<SectionNode>,
}

fn made(tree: &Tree) -> Made {
    let mut made = Made::default();
    made.of([Tag::Sections]);
    made.modified(tree.modified());
    made
}

/// Get the section tree
///
/// What a site's navigation is made of: names, addresses and order.
#[utoipa::path(tag = "delivery", responses(
    (status = 200, description = "All public sections, nested.", body = SectionTree),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match.")))]
#[get("/sections")]
async fn get_section_tree(db: Db) -> Result<Delivered> {
    let tree = db.read(queries::visible).await?;
    Delivered::new(&SectionTree { data: tree.nested() }, made(&tree))
}

/// Get one section
///
/// Its name and address, the way to it from the top, and what stands directly below it.
#[utoipa::path(tag = "delivery", responses(
    (status = 200, description = "The section, the way to it, and what is directly below it.", body = SectionDetail),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match.")))]
#[get("/sections/{id}")]
async fn get_section(db: Db, id: Id<SectionId>) -> Result<Delivered> {
    let tree = db.read(queries::visible).await?;
    Delivered::new(&tree.detail(id.0).ok_or(Error::NotFound)?, made(&tree))
}
