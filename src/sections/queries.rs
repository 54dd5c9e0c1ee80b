//! Every statement about sections, and nothing else.
use std::sync::Arc;

use diesel::prelude::*;

use super::{
    model::{Section, SectionFilter},
    tree::Tree,
};
use crate::{
    db::{
        Conn, columns,
        schema::{editions, section_redirects, sections},
        snapshot::{Part, Snapshot},
    },
    error::{Refused, Result},
    http::cursor::Rows,
    ids::SectionId,
    time::Instant,
};

/// All sections in sibling order. A newsroom has tens of them, never thousands.
pub fn tree(conn: &mut Conn) -> Result<Tree> {
    let order = (sections::position, sections::slug, sections::id);
    let rows = sections::table.order(order).select(Section::as_select()).load(conn)?;
    Ok(Tree::new(rows))
}

/// The sections that readers see.
pub fn visible(snapshot: &mut Snapshot<'_>) -> Result<Arc<Tree>> {
    snapshot.part(Part::Sections, |conn| tree(conn).map(Tree::visible))
}

/// Sections by path, one more than the limit; only those of `readable` where given.
pub fn page(
    conn: &mut Conn,
    readable: Option<&[SectionId]>,
    filter: &SectionFilter,
    after: Option<String>,
) -> Result<Rows<Section>> {
    let filtered = || {
        let mut rows = sections::table.into_boxed();
        if let Some(readable) = readable {
            rows = rows.filter(sections::id.eq_any(readable.to_vec()));
        }
        if let Some(parent) = filter.parent_id {
            rows = rows.filter(sections::parent_id.eq(parent));
        }
        rows
    };
    let total = filter.total.then(|| filtered().count().get_result(conn)).transpose()?;
    let mut rows = filtered()
        .order(sections::path)
        .limit(filter.limit.rows() + 1)
        .select(Section::as_select());
    if let Some(path) = after {
        rows = rows.filter(sections::path.gt(path));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

const TAKEN: &str = "Another section has this slug here.";

/// Stores a new section.
pub fn insert(conn: &mut Conn, section: &Section) -> Result<()> {
    diesel::insert_into(sections::table).values(section).execute(conn).or_taken("/slug", TAKEN)?;
    Ok(())
}

/// Stores a changed section.
pub fn replace(conn: &mut Conn, section: &Section) -> Result<()> {
    diesel::update(sections::table.find(section.id))
        .set(section)
        .execute(conn)
        .or_taken("/slug", TAKEN)?;
    Ok(())
}

/// Gives a section that hangs below a moved one its new path. Its version moves, as what it
/// says of itself does.
pub fn set_path(conn: &mut Conn, id: SectionId, path: &str, now: Instant) -> Result<Section> {
    Ok(diesel::update(sections::table.find(id))
        .set((
            sections::path.eq(path),
            sections::version.eq(sections::version + 1),
            sections::updated_at.eq(now),
        ))
        .returning(columns::<Section>())
        .get_result(conn)?)
}

/// Remembers that a section, with all below it, used to be at `path`.
pub fn redirect(conn: &mut Conn, path: &str, to: SectionId, now: Instant) -> Result<()> {
    diesel::delete(section_redirects::table.find(path)).execute(conn)?;
    diesel::insert_into(section_redirects::table)
        .values((
            section_redirects::path.eq(path),
            section_redirects::section_id.eq(to),
            section_redirects::created_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The redirect of the longest of these paths that has one.
pub fn find_redirect(conn: &mut Conn, paths: &[&str]) -> Result<Option<(String, SectionId)>> {
    let rows: Vec<(String, SectionId)> = section_redirects::table
        .filter(section_redirects::path.eq_any(paths))
        .select((section_redirects::path, section_redirects::section_id))
        .load(conn)?;
    Ok(rows.into_iter().max_by_key(|(path, _)| path.len()))
}

/// Whether an article is, or is going to be, public at this address.
pub fn has_article_at(
    conn: &mut Conn,
    parent: SectionId,
    slug: &str,
    now: Instant,
) -> Result<bool> {
    let here = editions::section_id.eq(parent).and(editions::slug.eq(slug));
    let public = editions::table
        .filter(here)
        .filter(editions::valid_until.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until));
    Ok(diesel::select(diesel::dsl::exists(public)).get_result(conn)?)
}

/// Deletes a section that nothing uses any more.
pub fn delete(conn: &mut Conn, id: SectionId) -> Result<()> {
    diesel::delete(sections::table.find(id)).execute(conn)?;
    Ok(())
}
