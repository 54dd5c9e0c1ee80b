//! Every statement about editions. None of them reads a working copy.
use diesel::{dsl::exists, prelude::*};

use super::{
    model::{EditionFilter, EditionHead, EditionKind, EditionRow, Listed},
    shown::Shown,
    timeline::{Begun, Dates, Run},
};
use crate::{
    articles::references::Use,
    db::{
        Conn,
        any_of::any_of,
        dialect::batch::insert_all,
        schema::{edition_keys, edition_uses, editions},
    },
    error::{Error, Result},
    http::cursor::Rows,
    ids::{AnyId, ArticleId, SectionId},
    time::Instant,
};

/// For which instant an answer is made, and at which instant it was asked for.
///
/// Only what is public now is shown as it was in the past: whatever has been taken offline since
/// stays offline for every instant.
#[derive(Debug, Clone, Copy)]
pub struct When {
    /// The instant that is asked about; never ahead of `now` for readers.
    pub at: Instant,
    /// The request's instant.
    pub now: Instant,
}

impl When {
    /// The instant that a reader asks about. The future is not for readers: what is embargoed
    /// must not leak by asking early.
    pub fn asked(as_of: Option<Instant>, now: Instant) -> Result<Self> {
        match as_of {
            Some(at) if at > now => {
                Err(Error::parameter("as_of", "future", "must not lie in the future"))
            }
            other => Ok(Self { at: other.unwrap_or(now), now }),
        }
    }
}

diesel::alias!(const CURRENT: Alias<Current> = editions as current);

/// The edition of an article that was public at the instant, live or retracted.
pub fn public(conn: &mut Conn, id: ArticleId, when: When) -> Result<Option<Shown>> {
    let found = editions::table
        .filter(editions::article_id.eq(id))
        .filter(editions::valid_until.gt(when.at))
        .filter(editions::valid_from.le(when.at))
        .order(editions::number.desc())
        .select(Shown::as_select())
        .first(conn)
        .optional()?;
    still_public(conn, found, when)
}

/// The edition that was public at the instant at this address.
pub fn public_at(
    conn: &mut Conn,
    section: SectionId,
    slug: &str,
    when: When,
) -> Result<Option<Shown>> {
    let found = editions::table
        .filter(editions::section_id.eq(section))
        .filter(editions::slug.eq(slug))
        .filter(editions::valid_until.gt(when.at))
        .filter(editions::valid_from.le(when.at))
        .order((editions::kind, editions::number.desc()))
        .select(Shown::as_select())
        .first(conn)
        .optional()?;
    still_public(conn, found, when)
}

/// Drops what was public in the past and is not any more; a retraction since speaks instead.
fn still_public(conn: &mut Conn, found: Option<Shown>, when: When) -> Result<Option<Shown>> {
    match found {
        Some(edition) if when.at < when.now => {
            let now = When { at: when.now, ..when };
            Ok(public(conn, edition.article_id, now)?.map(|current| match current.kind {
                EditionKind::Live => edition,
                EditionKind::Retracted => current,
            }))
        }
        other => Ok(other),
    }
}

/// The article that was last public at this address, wherever it is now.
pub fn last_at(
    conn: &mut Conn,
    section: SectionId,
    slug: &str,
    when: When,
) -> Result<Option<ArticleId>> {
    let found = editions::table
        .filter(editions::section_id.eq(section))
        .filter(editions::slug.eq(slug))
        .filter(editions::valid_from.le(when.at))
        .filter(editions::valid_from.lt(editions::valid_until))
        .order((editions::valid_from.desc(), editions::kind, editions::id.desc()))
        .select(editions::article_id)
        .first(conn);
    Ok(found.optional()?)
}

/// Of these articles, the editions that were public at the instant. One statement for any number.
pub fn listed(conn: &mut Conn, ids: &[ArticleId], when: When) -> Result<Vec<Listed>> {
    let mut rows = listed_or_coming(conn, ids, when)?;
    rows.retain(|edition| edition.valid_from <= when.at);
    Ok(rows)
}

/// The same, and the editions that are to become public later: for those alone who must know
/// when an answer changes.
pub fn listed_or_coming(conn: &mut Conn, ids: &[ArticleId], when: When) -> Result<Vec<Listed>> {
    let mut rows = editions::table
        .filter(any_of(editions::article_id, ids.iter().copied()))
        .filter(editions::valid_until.gt(when.at))
        .filter(editions::valid_from.lt(editions::valid_until))
        .filter(editions::kind.eq(EditionKind::Live))
        .filter(editions::withdrawn_at.is_null())
        .select(Listed::as_select())
        .into_boxed();
    if when.at < when.now {
        rows = rows.filter(exists(
            CURRENT
                .filter(CURRENT.field(editions::article_id).eq(editions::article_id))
                .filter(CURRENT.field(editions::kind).eq(EditionKind::Live))
                .filter(CURRENT.field(editions::valid_from).le(when.now))
                .filter(CURRENT.field(editions::valid_until).gt(when.now)),
        ));
    }
    Ok(rows.load(conn)?)
}

/// When the next edition becomes public that is not yet: any list may change by itself then.
pub fn next_start(conn: &mut Conn, now: Instant) -> Result<Option<Instant>> {
    let next = editions::table
        .filter(editions::valid_from.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until))
        .order(editions::valid_from)
        .select(editions::valid_from)
        .first(conn);
    Ok(next.optional()?)
}

/// When the next public edition ends, of those that are or will be: any count may change then.
pub fn next_end(conn: &mut Conn, now: Instant) -> Result<Option<Instant>> {
    let next = editions::table
        .filter(editions::retired.eq(false))
        .filter(editions::valid_until.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until))
        .order(editions::valid_until)
        .select(editions::valid_until)
        .first(conn);
    Ok(next.optional()?)
}

/// When the next edition becomes public at this address.
pub fn next_start_at(
    conn: &mut Conn,
    section: SectionId,
    slug: &str,
    now: Instant,
) -> Result<Option<Instant>> {
    let next = editions::table
        .filter(editions::section_id.eq(section))
        .filter(editions::slug.eq(slug))
        .filter(editions::valid_from.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until))
        .order(editions::valid_from)
        .select(editions::valid_from)
        .first(conn);
    Ok(next.optional()?)
}

/// One edition.
pub fn find(conn: &mut Conn, id: ArticleId, number: i32) -> Result<EditionRow> {
    let rows = editions::table.filter(editions::article_id.eq(id));
    Ok(rows.filter(editions::number.eq(number)).select(EditionRow::as_select()).first(conn)?)
}

/// The editions of an article, newest first, without their documents.
pub fn page(
    conn: &mut Conn,
    id: ArticleId,
    filter: &EditionFilter,
    before: Option<i32>,
) -> Result<Rows<EditionHead>> {
    let all = || editions::table.filter(editions::article_id.eq(id));
    let total = filter.total.then(|| all().count().get_result(conn)).transpose()?;
    let mut rows = all()
        .order(editions::number.desc())
        .limit(filter.limit.rows() + 1)
        .select(EditionHead::as_select())
        .into_boxed();
    if let Some(before) = before {
        rows = rows.filter(editions::number.lt(before));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// The last edition that readers had or have; what was only ever scheduled does not count.
pub fn last_begun(conn: &mut Conn, id: ArticleId, now: Instant) -> Result<Option<Begun>> {
    let begun: Option<(i32, Instant, Instant, Instant)> = editions::table
        .filter(editions::article_id.eq(id))
        .filter(editions::kind.eq(EditionKind::Live))
        .filter(editions::valid_from.le(now))
        .filter(editions::valid_from.lt(editions::valid_until))
        .order((editions::valid_from.desc(), editions::number.desc()))
        .select((
            editions::number,
            editions::published_at,
            editions::first_published_at,
            editions::modified_at,
        ))
        .first(conn)
        .optional()?;
    Ok(begun.map(|(number, published_at, first_published_at, modified_at)| Begun {
        number,
        dates: Dates { published_at, first_published_at, modified_at },
    }))
}

/// The editions of an article that are public or are to become so.
pub fn not_ended(conn: &mut Conn, id: ArticleId, now: Instant) -> Result<Vec<EditionRow>> {
    let rows = editions::table
        .filter(editions::article_id.eq(id))
        .filter(editions::valid_until.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until));
    Ok(rows.order(editions::number).select(EditionRow::as_select()).load(conn)?)
}

/// The sections in which editions of an article are public, or are to become so.
pub fn sections_of(conn: &mut Conn, id: ArticleId, now: Instant) -> Result<Vec<SectionId>> {
    let rows = editions::table
        .filter(editions::article_id.eq(id))
        .filter(editions::valid_until.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until));
    Ok(rows.select(editions::section_id).load(conn)?)
}

/// An edition that is or will be public at an address.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = editions)]
pub struct Tenant {
    pub slug: String,
    pub article_id: ArticleId,
    pub valid_from: Instant,
    pub valid_until: Instant,
}

impl Tenant {
    /// Whether another article than this one has the address at some instant within the time.
    pub fn rivals(&self, article: ArticleId, from: Instant, until: Instant) -> bool {
        self.article_id != article && self.valid_until > from && self.valid_from < until
    }
}

/// Who is or will be public at these addresses of a section.
pub fn tenants(
    conn: &mut Conn,
    section: SectionId,
    slugs: &[&str],
    now: Instant,
) -> Result<Vec<Tenant>> {
    let tenants = editions::table
        .filter(editions::section_id.eq(section))
        .filter(editions::slug.eq_any(slugs))
        .filter(editions::valid_until.gt(now))
        .filter(editions::valid_from.lt(editions::valid_until))
        .filter(editions::kind.eq(EditionKind::Live));
    Ok(tenants.select(Tenant::as_select()).load(conn)?)
}

/// Stores new editions, each with its places in the lists and what it uses.
pub fn insert(conn: &mut Conn, new: &[(&EditionRow, &[Use])]) -> Result<()> {
    let rows: Vec<&EditionRow> = new.iter().map(|(edition, _)| *edition).collect();
    insert_all!(conn, editions::table, rows)?;
    // A retraction stands at its address, but in no list. (Nor does what was withdrawn later.)
    let live = new.iter().map(|(edition, _)| edition).filter(|row| row.kind == EditionKind::Live);
    let keys: Vec<_> = live
        .flat_map(|edition| {
            edition.facets().into_iter().map(|facet| {
                (
                    edition_keys::edition_id.eq(edition.id),
                    edition_keys::facet.eq(facet.as_str().to_owned()),
                    edition_keys::retired.eq(false),
                    edition_keys::published_at.eq(edition.published_at),
                    edition_keys::article_id.eq(edition.article_id),
                    edition_keys::valid_from.eq(edition.valid_from),
                    edition_keys::valid_until.eq(edition.valid_until),
                )
            })
        })
        .collect();
    insert_all!(conn, edition_keys::table, keys)?;
    let uses: Vec<_> = new
        .iter()
        .flat_map(|(edition, uses)| {
            uses.iter().map(|(kind, target)| {
                (
                    edition_uses::article_id.eq(edition.article_id),
                    edition_uses::number.eq(edition.number),
                    edition_uses::kind.eq(*kind),
                    edition_uses::target_id.eq(*target),
                )
            })
        })
        .collect();
    Ok(insert_all!(conn, edition_uses::table, uses)?)
}

/// Ends an edition at `at`, but not later than it was asked for; before it began where it has
/// not begun by then.
pub fn end(conn: &mut Conn, edition: &EditionRow, at: Instant) -> Result<()> {
    let until = at.min(edition.planned_until).max(edition.valid_from);
    diesel::update(editions::table.find(edition.id))
        .set(editions::valid_until.eq(until))
        .execute(conn)?;
    diesel::update(edition_keys::table.filter(edition_keys::edition_id.eq(edition.id)))
        .set(edition_keys::valid_until.eq(until))
        .execute(conn)?;
    Ok(())
}

/// Stores when an edition is public from now on, and the dates that go with it.
pub fn rearrange(conn: &mut Conn, id: AnyId, run: &Run) -> Result<()> {
    let Run { number: _, valid_from, valid_until, planned_until, dates } = *run;
    let Dates { published_at, first_published_at, modified_at } = dates;
    diesel::update(editions::table.find(id))
        .set((
            editions::valid_from.eq(valid_from),
            editions::valid_until.eq(valid_until),
            editions::planned_until.eq(planned_until),
            editions::published_at.eq(published_at),
            editions::first_published_at.eq(first_published_at),
            editions::modified_at.eq(modified_at),
        ))
        .execute(conn)?;
    diesel::update(edition_keys::table.filter(edition_keys::edition_id.eq(id)))
        .set((
            edition_keys::valid_from.eq(valid_from),
            edition_keys::valid_until.eq(valid_until),
            edition_keys::published_at.eq(published_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes the editions of an article that no reader ever had, along with the article.
pub fn delete_of(conn: &mut Conn, id: ArticleId) -> Result<()> {
    diesel::delete(editions::table.filter(editions::article_id.eq(id))).execute(conn)?;
    Ok(())
}

/// Takes an edition that ended out of history: out of all lists, and out of readers' sight.
pub fn withdraw(conn: &mut Conn, edition: &EditionRow) -> Result<()> {
    diesel::update(editions::table.find(edition.id))
        .set((
            editions::withdrawn_at.eq(edition.withdrawn_at),
            editions::withdrawn_by.eq(edition.withdrawn_by),
            editions::withdrawal_reason.eq(&edition.withdrawal_reason),
        ))
        .execute(conn)?;
    diesel::delete(edition_keys::table.filter(edition_keys::edition_id.eq(edition.id)))
        .execute(conn)?;
    Ok(())
}
