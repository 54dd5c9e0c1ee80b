//! Every statement about sections, and nothing else.
use diesel::prelude::*;

use super::{
    model::{Section, SectionFilter},
    tree::Tree,
};
use crate::{
    db::{
        Conn, Tx,
        schema::{ad_slots, articles, edition_keys, editions, section_redirects, sections, users},
        types::Json,
    },
    error::{Error, Refused, Result},
    http::cursor::Rows,
    ids::{AdSlotId, ArticleId, SectionId, UserId},
    tags::Facet,
    time::Instant,
};

/// All sections in sibling order. A newsroom has tens of them, never thousands.
pub fn tree(conn: &mut Conn) -> Result<Tree> {
    let order = (sections::position, sections::slug, sections::id);
    let rows = sections::table.order(order).select(Section::as_select()).load(conn)?;
    Ok(Tree::new(rows))
}

/// One section.
pub fn find(conn: &mut Conn, id: SectionId) -> Result<Section> {
    Ok(sections::table.find(id).select(Section::as_select()).first(conn)?)
}

/// Sections by path, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &SectionFilter,
    after: Option<String>,
) -> Result<Rows<Section>> {
    let filtered = || {
        let mut rows = sections::table.into_boxed();
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
pub fn set_path(conn: &mut Conn, id: SectionId, path: &str, now: Instant) -> Result<()> {
    diesel::update(sections::table.find(id))
        .set((
            sections::path.eq(path),
            sections::version.eq(sections::version + 1),
            sections::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
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

/// The most users of a section that a refusal lists.
const LISTED: i64 = 20;

/// The addresses of what stands in the way of a section's deletion.
pub fn users_of(conn: &mut Conn, id: SectionId) -> Result<Vec<String>> {
    let children: Vec<SectionId> = sections::table
        .filter(sections::parent_id.eq(id))
        .select(sections::id)
        .limit(LISTED)
        .load(conn)?;
    let working: Vec<ArticleId> = articles::table
        .filter(articles::section_id.eq(id))
        .select(articles::id)
        .limit(LISTED)
        .load(conn)?;
    let published: Vec<ArticleId> = editions::table
        .filter(editions::section_id.eq(id))
        .filter(editions::article_id.ne_all(working.clone()))
        .select(editions::article_id)
        .distinct()
        .limit(LISTED)
        .load(conn)?;
    let (people, slots) = limited_to(conn, id)?;
    let at = |collection: &str, id: &dyn std::fmt::Display| format!("/manage/v1/{collection}/{id}");
    let mut addresses: Vec<String> = children.iter().map(|id| at("sections", id)).collect();
    addresses.extend(working.iter().chain(&published).map(|id| at("articles", id)));
    addresses.extend(people.iter().map(|(id, _)| at("users", id)));
    addresses.extend(slots.iter().map(|(id, _)| at("ad-slots", id)));
    Ok(addresses)
}

type Limits<Id> = Vec<(Id, Vec<SectionId>)>;

/// The users and ad slots whose lists of sections name this one.
fn limited_to(conn: &mut Conn, id: SectionId) -> Result<(Limits<UserId>, Limits<AdSlotId>)> {
    let people: Vec<(UserId, Json<Vec<SectionId>>)> =
        users::table.select((users::id, users::sections)).load(conn)?;
    let slots: Vec<(AdSlotId, Json<Vec<SectionId>>)> =
        ad_slots::table.select((ad_slots::id, ad_slots::sections)).load(conn)?;
    Ok((naming(people, id), naming(slots, id)))
}

fn naming<Id>(rows: Vec<(Id, Json<Vec<SectionId>>)>, id: SectionId) -> Limits<Id> {
    let rows = rows.into_iter().map(|(of, list)| (of, list.0));
    rows.filter(|(_, list)| list.contains(&id)).collect()
}

diesel::alias!(const THERE: Alias<There> = editions as there);

/// An address below one section that would get two articles, or an article and a section, if
/// the content of the other moved in.
fn collision(
    conn: &mut Conn,
    from: SectionId,
    to: SectionId,
    now: Instant,
) -> Result<Option<String>> {
    let coming = editions::table
        .filter(editions::section_id.eq(from))
        .filter(editions::valid_until.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until));
    let below: Vec<String> =
        sections::table.filter(sections::parent_id.eq(to)).select(sections::slug).load(conn)?;
    let with_section = coming
        .filter(editions::slug.eq_any(below))
        .select(editions::slug)
        .first(conn)
        .optional()?;
    if with_section.is_some() {
        return Ok(with_section);
    }
    let slug = THERE.field(editions::slug);
    let with_article = coming
        .inner_join(THERE.on(slug.eq(editions::slug)))
        .filter(THERE.field(editions::section_id).eq(to))
        .filter(THERE.field(editions::valid_until).gt(editions::valid_from))
        .filter(THERE.field(editions::valid_from).lt(editions::valid_until))
        .filter(THERE.field(editions::valid_until).gt(now))
        .select(editions::slug)
        .first(conn);
    Ok(with_article.optional()?)
}

/// Hands everything but the subsections over to another section.
pub fn reassign(tx: &mut Tx<'_>, from: SectionId, to: SectionId) -> Result<()> {
    let (now, conn): (Instant, &mut Conn) = (tx.now(), tx);
    if let Some(slug) = collision(conn, from, to, now)? {
        return Err(Error::conflict(format!("Both sections have something at `{slug}`.")));
    }
    diesel::update(articles::table.filter(articles::section_id.eq(from)))
        .set((
            articles::section_id.eq(to),
            articles::version.eq(articles::version + 1),
            articles::updated_at.eq(now),
        ))
        .execute(conn)
        .or_taken(
            "",
            "An article of the other section has the same slug as one of this section.",
        )?;
    diesel::update(editions::table.filter(editions::section_id.eq(from)))
        .set(editions::section_id.eq(to))
        .execute(conn)?;
    diesel::update(
        edition_keys::table.filter(edition_keys::facet.eq(Facet::section(from).as_str())),
    )
    .set(edition_keys::facet.eq(Facet::section(to).as_str()))
    .execute(conn)?;
    diesel::update(section_redirects::table.filter(section_redirects::section_id.eq(from)))
        .set(section_redirects::section_id.eq(to))
        .execute(conn)?;
    let (people, slots) = limited_to(conn, from)?;
    for (id, list) in people {
        diesel::update(users::table.find(id))
            .set((
                users::sections.eq(handed_over(list, from, to)),
                users::version.eq(users::version + 1),
            ))
            .execute(conn)?;
    }
    for (id, list) in slots {
        diesel::update(ad_slots::table.find(id))
            .set((
                ad_slots::sections.eq(handed_over(list, from, to)),
                ad_slots::version.eq(ad_slots::version + 1),
            ))
            .execute(conn)?;
    }
    Ok(())
}

fn handed_over(mut list: Vec<SectionId>, from: SectionId, to: SectionId) -> Json<Vec<SectionId>> {
    list.retain(|id| *id != from && *id != to);
    list.push(to);
    Json(list)
}

/// Deletes a section that nothing uses any more.
pub fn delete(conn: &mut Conn, id: SectionId) -> Result<()> {
    diesel::delete(sections::table.find(id)).execute(conn)?;
    Ok(())
}
