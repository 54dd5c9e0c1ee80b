//! Every statement about working copies.
use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::{
    access::Access,
    model::{ArticleFilter, ArticleRow, Standing},
    references::Use,
};
use crate::{
    db::{
        Conn,
        dialect::batch::insert_all,
        schema::{
            article_authors, article_contributors, article_uses, articles, editions, media,
            related_links,
        },
        uses::Used,
    },
    error::{Refused, Result},
    http::{cursor::Rows, query::Limit},
    ids::{AnyId, ArticleId, CreditId, MediaId, SectionId, UserId},
    media::model::MediaKind,
    sections::readable::{Articles, readable, written_by},
    text,
    time::Instant,
};

const TAKEN: &str = "Another article of this section has this slug.";

/// One working copy.
pub fn find(conn: &mut Conn, id: ArticleId) -> Result<ArticleRow> {
    let mut row: ArticleRow =
        articles::table.find(id).select(ArticleRow::as_select()).first(conn)?;
    // Where a section was merged into another, all its articles moved in one statement, which
    // does not reach into their documents.
    row.document.0.section_id = row.section_id;
    Ok(row)
}

/// The working copies that the caller may read, the latest touched first, one more than the
/// limit.
pub fn page(
    conn: &mut Conn,
    access: &Access,
    filter: &ArticleFilter,
    after: Option<(Instant, ArticleId)>,
) -> Result<Rows<ArticleRow>> {
    let filtered = || {
        let mut rows = readable(articles::table.into_boxed(), &access.scope);
        if let Some(section) = filter.section_id {
            rows = rows.filter(articles::section_id.eq(section));
        }
        if let Some(status) = filter.status {
            rows = rows.filter(articles::status.eq(status));
        }
        if let Some(author) = filter.author {
            rows = rows.filter(articles::id.eq_any(written_by(author)));
        }
        if let Some(language) = &filter.language {
            // A name has nothing that would stand for something else in a pattern.
            let special = articles::language.like(format!("{language}-%"));
            rows = rows.filter(articles::language.eq(language.clone()).or(special));
        }
        if let Some(genre) = filter.genre {
            rows = rows.filter(articles::genre.eq(genre));
        }
        rows
    };
    let total = filter.total.then(|| filtered().count().get_result(conn)).transpose()?;
    let mut rows = filtered()
        .order((articles::updated_at.desc(), articles::id.desc()))
        .limit(filter.limit.rows() + 1)
        .select(ArticleRow::as_select());
    if let Some((at, id)) = after {
        // The first comparison alone bounds the walk over the index, on either database.
        let behind = articles::updated_at.lt(at).or(articles::id.lt(id));
        rows = rows.filter(articles::updated_at.le(at)).filter(behind);
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// Stores new working copies, each with what it refers to.
pub fn insert(conn: &mut Conn, new: &[(&ArticleRow, &[Use])]) -> Result<()> {
    let rows: Vec<&ArticleRow> = new.iter().map(|(article, _)| *article).collect();
    insert_all!(conn, articles::table, rows).or_taken("/slug", TAKEN)?;
    link(conn, new)
}

/// Stores a changed working copy and what it refers to.
pub fn replace(conn: &mut Conn, article: &ArticleRow, uses: &[Use]) -> Result<()> {
    update(conn, article)?;
    let id = article.id;
    diesel::delete(article_authors::table.filter(article_authors::article_id.eq(id)))
        .execute(conn)?;
    diesel::delete(article_uses::table.filter(article_uses::article_id.eq(id))).execute(conn)?;
    link(conn, &[(article, uses)])
}

/// Stores a working copy that refers to the same as before.
pub fn update(conn: &mut Conn, article: &ArticleRow) -> Result<()> {
    diesel::update(articles::table.find(article.id))
        .set(article)
        .execute(conn)
        .or_taken("/slug", TAKEN)?;
    Ok(())
}

fn link(conn: &mut Conn, copies: &[(&ArticleRow, &[Use])]) -> Result<()> {
    let authors: Vec<_> = copies
        .iter()
        .flat_map(|(article, _)| {
            (0..).zip(article.authors()).map(|(position, user)| {
                (
                    article_authors::article_id.eq(article.id),
                    article_authors::user_id.eq(*user),
                    article_authors::position.eq::<i32>(position),
                )
            })
        })
        .collect();
    insert_all!(conn, article_authors::table, authors)?;
    let uses: Vec<_> = copies
        .iter()
        .flat_map(|(article, uses)| {
            uses.iter().map(|(kind, target)| {
                (
                    article_uses::article_id.eq(article.id),
                    article_uses::kind.eq(*kind),
                    article_uses::target_id.eq(*target),
                )
            })
        })
        .collect();
    Ok(insert_all!(conn, article_uses::table, uses)?)
}

/// Who has written of a working copy since somebody else approved it last.
pub fn contributors(conn: &mut Conn, id: ArticleId) -> Result<Vec<UserId>> {
    let rows = article_contributors::table.filter(article_contributors::article_id.eq(id));
    let users = rows.order(article_contributors::user_id).select(article_contributors::user_id);
    Ok(users.load(conn)?)
}

/// Counts the user among them from now on.
pub fn add_contributor(conn: &mut Conn, id: ArticleId, user: UserId) -> Result<()> {
    if contributors(conn, id)?.contains(&user) {
        Ok(())
    } else {
        add_contributors(conn, &[(id, user)])
    }
}

/// Counts users who do not count yet.
pub fn add_contributors(conn: &mut Conn, new: &[(ArticleId, UserId)]) -> Result<()> {
    let rows = new.iter().map(|(article, user)| {
        (article_contributors::article_id.eq(*article), article_contributors::user_id.eq(*user))
    });
    Ok(insert_all!(conn, article_contributors::table, rows)?)
}

/// Counts nobody any more.
pub fn clear_contributors(conn: &mut Conn, id: ArticleId) -> Result<()> {
    diesel::delete(article_contributors::table.filter(article_contributors::article_id.eq(id)))
        .execute(conn)?;
    Ok(())
}

/// Deletes a working copy that was never published and that nothing links to.
pub fn delete(conn: &mut Conn, id: ArticleId) -> Result<()> {
    diesel::delete(articles::table.find(id)).execute(conn)?;
    Ok(())
}

/// Of a section's slugs, this one and those with a number behind it, to find a free one beside
/// them. The article's own is free for it.
pub fn slugs_like(
    conn: &mut Conn,
    id: ArticleId,
    section: Option<SectionId>,
    slug: &str,
) -> Result<Vec<String>> {
    let base = text::numbered_base(slug);
    // From `base-0` to `base-9…`: the bounds are what an index can walk between.
    let numbered =
        articles::slug.ge(format!("{base}-0")).and(articles::slug.lt(format!("{base}-:")));
    let mut rows = articles::table
        .filter(articles::slug.eq(slug).or(numbered))
        .filter(articles::id.ne(id))
        .select(articles::slug.assume_not_null())
        .into_boxed();
    rows = match section {
        Some(section) => rows.filter(articles::section_id.eq(section)),
        None => rows.filter(articles::section_id.is_null()),
    };
    Ok(rows.load(conn)?)
}

/// What readers have of each of these articles, and will have. One statement for any number.
pub fn standing(
    conn: &mut Conn,
    ids: &[ArticleId],
    now: Instant,
) -> Result<HashMap<ArticleId, Standing>> {
    let rows: Vec<(ArticleId, i32, Instant)> = editions::table
        .filter(editions::article_id.eq_any(ids.to_vec()))
        .filter(editions::valid_until.gt(now))
        .filter(editions::kind.eq("live"))
        .filter(editions::valid_from.lt(editions::valid_until))
        .order(editions::valid_from)
        .select((editions::article_id, editions::number, editions::valid_from))
        .load(conn)?;
    let mut standings: HashMap<ArticleId, Standing> = HashMap::new();
    for (id, number, from) in rows {
        let standing = standings.entry(id).or_default();
        if from <= now {
            standing.live_edition = Some(number);
        } else if standing.scheduled_edition.is_none() {
            (standing.scheduled_edition, standing.scheduled_for) = (Some(number), Some(from));
        }
    }
    Ok(standings)
}

/// The working copies that link to this article, in their texts or by a related link.
pub fn linking(target: ArticleId) -> Articles {
    let links = related_links::table
        .filter(related_links::target_article_id.eq(target))
        .select(related_links::article_id);
    let texts = article_uses::table
        .filter(article_uses::target_id.eq(AnyId(target.0)))
        .filter(article_uses::kind.eq(Used::Article))
        .select(article_uses::article_id);
    articles::table.filter(articles::id.eq_any(links).or(articles::id.eq_any(texts))).into_boxed()
}

/// Those among them that the caller may read.
pub fn referring(access: &Access, target: ArticleId) -> Articles {
    readable(linking(target), &access.scope)
}

/// Forgets that a working copy links to an article in its text.
pub fn forget_link(conn: &mut Conn, from: ArticleId, target: ArticleId) -> Result<()> {
    let links = article_uses::table
        .filter(article_uses::article_id.eq(from))
        .filter(article_uses::kind.eq(Used::Article))
        .filter(article_uses::target_id.eq(AnyId(target.0)));
    diesel::delete(links).execute(conn)?;
    Ok(())
}

/// Which of these articles there are. One statement for any number; none for none.
pub fn existing(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = ArticleId>,
) -> Result<HashSet<ArticleId>> {
    let ids: Vec<ArticleId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows = articles::table.filter(articles::id.eq_any(ids)).select(articles::id);
    let there: Vec<ArticleId> = rows.load(conn)?;
    Ok(there.into_iter().collect())
}

/// The working copies that link to this article and that the caller may read, by id, one more
/// than the limit.
pub fn referrers(
    conn: &mut Conn,
    access: &Access,
    target: ArticleId,
    after: Option<ArticleId>,
    limit: Limit,
) -> Result<Vec<ArticleRow>> {
    let mut rows = referring(access, target)
        .order(articles::id)
        .limit(limit.rows() + 1)
        .select(ArticleRow::as_select());
    if let Some(after) = after {
        rows = rows.filter(articles::id.gt(after));
    }
    Ok(rows.load(conn)?)
}

/// Whether the caller may know of the article: they may read its working copy, or readers have
/// it.
pub fn is_known(conn: &mut Conn, access: &Access, id: ArticleId, now: Instant) -> Result<bool> {
    Ok(!known(conn, access, [id], now)?.is_empty())
}

/// Of these articles, those that the caller may know of. Two statements for any number; none for
/// none.
pub fn known(
    conn: &mut Conn,
    access: &Access,
    ids: impl IntoIterator<Item = ArticleId>,
    now: Instant,
) -> Result<HashSet<ArticleId>> {
    let ids: Vec<ArticleId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let copies = articles::table.filter(articles::id.eq_any(ids.clone())).into_boxed();
    let copies = readable(copies, &access.scope).select(articles::id);
    let mut known: HashSet<ArticleId> = copies.load(conn)?.into_iter().collect();
    let public = standing(conn, &ids, now)?.into_iter();
    known.extend(public.filter(|(_, it)| it.live_edition.is_some()).map(|(id, _)| id));
    Ok(known)
}

/// What publishing must know of a medium.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = media)]
pub struct MediaState {
    pub id: MediaId,
    pub kind: MediaKind,
    pub credit_id: Option<CreditId>,
    pub rights_expires_at: Option<Instant>,
    pub alt: Option<String>,
    pub decorative: bool,
}

/// What publishing must know of these media. One statement for any number.
pub fn media_states(conn: &mut Conn, ids: &[MediaId]) -> Result<Vec<MediaState>> {
    let rows = media::table.filter(media::id.eq_any(ids.to_vec()));
    Ok(rows.select(MediaState::as_select()).load(conn)?)
}
