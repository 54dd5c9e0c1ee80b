//! What hangs on a section: it keeps the section from being deleted, or another takes it over.
use diesel::prelude::*;

use super::{
    model::Section,
    readable::{Articles, InTheWay},
    scope::Scope,
};
use crate::{
    auth::{
        guard::Caller,
        roles::{ManageUsers, ReadAds},
    },
    db::{
        Conn, Tx,
        journal::Entry,
        schema::{ad_slots, articles, edition_keys, editions, section_redirects, sections, users},
        types::Json,
    },
    error::{Error, Refused, Result},
    ids::{AdSlotId, ArticleId, SectionId, UserId},
    tags::Facet,
    time::Instant,
};

/// What stands in the way of a section's deletion.
pub fn in_the_way(conn: &mut Conn, caller: &Caller, by: &Scope, id: SectionId) -> Result<InTheWay> {
    let children: Vec<SectionId> = sections::table
        .filter(sections::parent_id.eq(id))
        .order(sections::path)
        .select(sections::id)
        .load(conn)?;
    let mut found = InTheWay::default();
    found.add("sections", children, true);
    found.add_articles(conn, by, || inside(id))?;
    found.add("users", limited_users(conn, id)?, caller.may::<ManageUsers>());
    found.add("ad-slots", limited_slots(conn, id)?, caller.may::<ReadAds>());
    Ok(found)
}

/// The articles of a section: by their working copies, or by an edition that was published there.
fn inside(id: SectionId) -> Articles {
    let published = editions::table.filter(editions::section_id.eq(id));
    let published = articles::id.eq_any(published.select(editions::article_id));
    let working = articles::section_id.eq(id).assume_not_null();
    articles::table.filter(working.or(published)).into_boxed()
}

/// The users whose lists of sections name this one.
fn limited_users(conn: &mut Conn, id: SectionId) -> Result<Vec<UserId>> {
    let lists: Vec<(UserId, Json<Vec<SectionId>>)> =
        users::table.order(users::id).select((users::id, users::sections)).load(conn)?;
    Ok(naming(lists, id))
}

/// The ad slots whose lists of sections name this one.
fn limited_slots(conn: &mut Conn, id: SectionId) -> Result<Vec<AdSlotId>> {
    let lists: Vec<(AdSlotId, Json<Vec<SectionId>>)> = ad_slots::table
        .order(ad_slots::id)
        .select((ad_slots::id, ad_slots::sections))
        .load(conn)?;
    Ok(naming(lists, id))
}

fn naming<Id>(lists: Vec<(Id, Json<Vec<SectionId>>)>, id: SectionId) -> Vec<Id> {
    let naming = lists.into_iter().filter(|(_, list)| list.0.contains(&id));
    naming.map(|(of, _)| of).collect()
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

/// Hands everything but the subsections over to another section, with an entry for each resource
/// whose version moves.
pub fn hand_over(tx: &mut Tx<'_>, from: &Section, to: SectionId) -> Result<()> {
    let (now, from) = (tx.now(), from.id);
    if let Some(slug) = collision(tx, from, to, now)? {
        return Err(Error::conflict(format!("Both sections have something at `{slug}`.")));
    }
    hand_over_articles(tx, from, to)?;
    diesel::update(editions::table.filter(editions::section_id.eq(from)))
        .set(editions::section_id.eq(to))
        .execute(&mut **tx)?;
    diesel::update(
        edition_keys::table.filter(edition_keys::facet.eq(Facet::section(from).as_str())),
    )
    .set(edition_keys::facet.eq(Facet::section(to).as_str()))
    .execute(&mut **tx)?;
    diesel::update(section_redirects::table.filter(section_redirects::section_id.eq(from)))
        .set(section_redirects::section_id.eq(to))
        .execute(&mut **tx)?;
    hand_over_users(tx, from, to)?;
    hand_over_slots(tx, from, to)
}

fn hand_over_articles(tx: &mut Tx<'_>, from: SectionId, to: SectionId) -> Result<()> {
    let now = tx.now();
    let moved: Vec<(ArticleId, i32)> =
        diesel::update(articles::table.filter(articles::section_id.eq(from)))
            .set((
                articles::section_id.eq(to),
                articles::version.eq(articles::version + 1),
                articles::updated_at.eq(now),
            ))
            .returning((articles::id, articles::version))
            .get_results(&mut **tx)
            .or_taken(
                "",
                "An article of the other section has the same slug as one of this section.",
            )?;
    for (id, version) in moved {
        let entry = Entry::about("article", "moved", id, version);
        tx.record(entry.within(Some(to)).note("section_id"))?;
    }
    Ok(())
}

/// Whoever was limited to the one section is limited to the other.
fn hand_over_users(tx: &mut Tx<'_>, from: SectionId, to: SectionId) -> Result<()> {
    for id in limited_users(tx, from)? {
        // Not before nobody else changes the user is the list read that counts.
        tx.lock(id)?;
        let now = tx.now();
        let user = users::table.find(id);
        let list: Json<Vec<SectionId>> = user.select(users::sections).first(&mut **tx)?;
        let version: i32 = diesel::update(user)
            .set((
                users::sections.eq(handed_over(list.0, from, to)),
                users::version.eq(users::version + 1),
                users::updated_at.eq(now),
            ))
            .returning(users::version)
            .get_result(&mut **tx)?;
        tx.record(Entry::about("user", "changed", id, version).note("sections"))?;
    }
    Ok(())
}

/// Slots that were shown in the one section are shown in the other.
fn hand_over_slots(tx: &mut Tx<'_>, from: SectionId, to: SectionId) -> Result<()> {
    for id in limited_slots(tx, from)? {
        tx.lock(id)?;
        let now = tx.now();
        let slot = ad_slots::table.find(id);
        let list: Json<Vec<SectionId>> = slot.select(ad_slots::sections).first(&mut **tx)?;
        let version: i32 = diesel::update(slot)
            .set((
                ad_slots::sections.eq(handed_over(list.0, from, to)),
                ad_slots::version.eq(ad_slots::version + 1),
                ad_slots::updated_at.eq(now),
            ))
            .returning(ad_slots::version)
            .get_result(&mut **tx)?;
        tx.record(Entry::about("ad_slot", "changed", id, version).note("sections"))?;
    }
    Ok(())
}

fn handed_over(mut list: Vec<SectionId>, from: SectionId, to: SectionId) -> Json<Vec<SectionId>> {
    list.retain(|id| *id != from && *id != to);
    list.push(to);
    Json(list)
}
