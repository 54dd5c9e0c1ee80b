//! Every statement about media.
use diesel::prelude::*;

use super::{
    credits::model::CreditRow,
    model::{MediaFilter, MediaRow},
    own,
};
use crate::{
    auth::guard::Caller,
    db::{
        Conn,
        any_of::any_of,
        schema::{edition_uses, editions, media, media_credits},
        snapshot::Snapshot,
        uses::Used,
    },
    error::{Refused, Result},
    http::cache::Made,
    http::cursor::Rows,
    ids::{ArticleId, CreditId, MediaId, SectionId},
    sections,
    tags::Tag,
    time::Instant,
};

/// One medium.
pub fn find(conn: &mut Conn, id: MediaId) -> Result<MediaRow> {
    Ok(media::table.find(id).select(MediaRow::as_select()).first(conn)?)
}

/// One medium, for a caller who wants to change it.
pub fn find_own(conn: &mut Conn, id: MediaId, caller: &Caller) -> Result<MediaRow> {
    let medium = find(conn, id)?;
    own::check(caller, medium.created_by)?;
    Ok(medium)
}

/// These media with their credits, in one statement and in no order; those that are not there
/// are left out.
pub fn of_ids(conn: &mut Conn, ids: &[MediaId]) -> Result<Vec<(MediaRow, Option<CreditRow>)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(media::table
        .left_join(media_credits::table)
        .filter(any_of(media::id, ids.iter().copied()))
        .select((MediaRow::as_select(), Option::<CreditRow>::as_select()))
        .load(conn)?)
}

/// Media, newest first, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &MediaFilter,
    after: Option<(Instant, MediaId)>,
) -> Result<Rows<MediaRow>> {
    let filtered = || {
        let mut rows = media::table.into_boxed();
        if let Some(kind) = filter.kind {
            rows = rows.filter(media::kind.eq(kind));
        }
        if let Some(credit) = filter.credit_id {
            rows = rows.filter(media::credit_id.eq(credit));
        }
        rows
    };
    let total = filter.total.then(|| filtered().count().get_result(conn)).transpose()?;
    let mut rows = filtered()
        .order((media::created_at.desc(), media::id.desc()))
        .limit(filter.limit.rows() + 1)
        .select(MediaRow::as_select());
    if let Some((at, id)) = after {
        // The first half alone is what an index can start at, on either database.
        let rest = media::created_at.lt(at).or(media::id.lt(id));
        rows = rows.filter(media::created_at.le(at).and(rest));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

const NO_CREDIT: &str = "is not the id of a media credit";

/// Stores a new medium.
pub fn insert(conn: &mut Conn, medium: &MediaRow) -> Result<()> {
    diesel::insert_into(media::table)
        .values(medium)
        .execute(conn)
        .or_missing("/credit_id", NO_CREDIT)?;
    Ok(())
}

/// Stores a changed medium.
pub fn replace(conn: &mut Conn, medium: &MediaRow) -> Result<()> {
    diesel::update(media::table.find(medium.id))
        .set(medium)
        .execute(conn)
        .or_missing("/credit_id", NO_CREDIT)?;
    Ok(())
}

/// Deletes a medium that no article uses.
pub fn delete(conn: &mut Conn, id: MediaId) -> Result<()> {
    diesel::delete(media::table.find(id)).execute(conn)?;
    Ok(())
}

/// What a reader asks for: a medium, or a credit by way of its media.
#[derive(Debug, Clone, Copy)]
pub enum Asked {
    /// A medium.
    Media(MediaId),
    /// A credit.
    Credit(CreditId),
}

/// Why a medium or credit is public: one article that shows it now.
#[derive(Debug, Queryable)]
pub struct PublicUse {
    article: ArticleId,
    medium: MediaId,
    until: Instant,
    rights_expire_at: Option<Instant>,
}

impl PublicUse {
    /// What an answer is made of that stands on this use: it has to be asked for again once the
    /// use ends, whether or not another article goes on.
    pub fn made(&self, now: Instant) -> Made {
        let mut made = Made::default();
        made.of([Tag::Article(self.article), Tag::Media(self.medium), Tag::Sections]);
        made.changes_at(Some(self.until), now);
        made.changes_at(self.rights_expire_at, now);
        made
    }
}

/// Any one use by a public article of a visible section; nothing is found where there is none,
/// or where the rights have expired. Without an order, so that the first use found will do
/// however many there are.
pub fn public_use(snapshot: &mut Snapshot<'_>, asked: Asked, now: Instant) -> Result<PublicUse> {
    let tree = sections::queries::visible(snapshot)?;
    let visible: Vec<SectionId> = tree.iter().map(|section| section.id).collect();
    let mut uses = media::table
        .inner_join(edition_uses::table.on(edition_uses::target_id.eq(media::id)))
        .inner_join(
            editions::table.on(editions::article_id
                .eq(edition_uses::article_id)
                .and(editions::number.eq(edition_uses::number))),
        )
        .filter(edition_uses::kind.eq(Used::Media))
        .filter(editions::kind.eq("live"))
        .filter(editions::valid_from.le(now).and(editions::valid_until.gt(now)))
        .filter(editions::section_id.eq_any(visible))
        .filter(media::rights_expires_at.is_null().or(media::rights_expires_at.gt(now)))
        .select((editions::article_id, media::id, editions::valid_until, media::rights_expires_at))
        .into_boxed();
    uses = match asked {
        Asked::Media(id) => uses.filter(media::id.eq(id)),
        Asked::Credit(id) => uses.filter(media::credit_id.eq(id)),
    };
    let conn: &mut Conn = snapshot;
    Ok(uses.first(conn)?)
}
