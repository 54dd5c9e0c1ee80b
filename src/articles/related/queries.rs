//! Every statement about related links.
use diesel::prelude::*;

use super::model::{FrozenLink, LINKS_MAX, LinkKind, LinkRow};
use crate::{
    articles::{
        access::Access, input::ArticleInput, model::ArticleRow, queries as working, references,
    },
    db::{
        Conn, Tx, columns,
        dialect::batch::insert_all,
        journal::Entry,
        schema::{articles, related_links},
    },
    error::{Error, FieldError, Result},
    ids::{ArticleId, LinkId},
};

/// The related links of a working copy, in their order.
pub fn of_article(conn: &mut Conn, article: ArticleId) -> Result<Vec<LinkRow>> {
    let links = related_links::table.filter(related_links::article_id.eq(article));
    let order = (related_links::position, related_links::id);
    Ok(links.order(order).select(LinkRow::as_select()).load(conn)?)
}

/// One related link of this article.
pub fn find(conn: &mut Conn, article: ArticleId, id: LinkId) -> Result<LinkRow> {
    let links = related_links::table.find(id).filter(related_links::article_id.eq(article));
    Ok(links.select(LinkRow::as_select()).first(conn)?)
}

/// Refuses a link to itself, to nothing that whoever links may know of, or to where another link
/// of the article leads.
fn check(conn: &mut Conn, access: &Access, before: Option<&LinkRow>, link: &LinkRow) -> Result<()> {
    if link.target_article_id == Some(link.article_id) {
        return Err(Error::invalid("/target_article_id", "self", "is this article itself"));
    }
    let led_there = before.map(|before| before.target_article_id);
    if let Some(target) = link.target_article_id
        && led_there != Some(link.target_article_id)
        && !working::is_known(conn, access, target, link.updated_at)?
    {
        let detail = "is not the id of an article that you may read, or that readers have";
        return Err(Error::invalid("/target_article_id", "missing", detail));
    }
    let others = of_article(conn, link.article_id)?;
    let leads = |link: &LinkRow| (link.target_article_id, link.url.clone());
    let mut others = others.iter().filter(|other| other.id != link.id).peekable();
    if others.any(|other| leads(other) == leads(link)) {
        let place = match link.kind {
            LinkKind::Internal => "/target_article_id",
            LinkKind::External => "/url",
        };
        return Err(Error::taken(place, "Another link of this article leads there."));
    }
    Ok(())
}

/// Stores a new link behind the others.
pub fn append(conn: &mut Conn, access: &Access, link: LinkRow) -> Result<LinkRow> {
    check(conn, access, None, &link)?;
    let others = of_article(conn, link.article_id)?;
    if others.len() >= LINKS_MAX {
        return Err(Error::conflict("An article has at most 20 related links."));
    }
    let position = others.last().map_or(0, |last| last.position + 1);
    let link = LinkRow { position, ..link };
    diesel::insert_into(related_links::table).values(link.clone()).execute(conn)?;
    Ok(link)
}

/// Stores links of new articles, whose targets are known to be there.
pub fn insert(conn: &mut Conn, links: &[LinkRow]) -> Result<()> {
    Ok(insert_all!(conn, related_links::table, links.iter())?)
}

/// Stores a changed link.
pub fn replace(conn: &mut Conn, access: &Access, before: &LinkRow, link: &LinkRow) -> Result<()> {
    check(conn, access, Some(before), link)?;
    diesel::update(related_links::table.find(link.id)).set(link.clone()).execute(conn)?;
    Ok(())
}

/// Deletes a link, unless a box of the body names it.
pub fn delete(conn: &mut Conn, link: &LinkRow, article: &ArticleInput) -> Result<()> {
    let named = references::links_of(article).into_iter().filter(|(id, _)| *id == link.id);
    let errors: Vec<FieldError> = named
        .map(|(_, place)| FieldError::at(place, "in_use", "a box of the body names the link"))
        .collect();
    if !errors.is_empty() {
        let detail = "The link stands in a box of the article's body.".to_owned();
        return Err(Error::Conflict { detail, errors });
    }
    diesel::delete(related_links::table.find(link.id)).execute(conn)?;
    Ok(())
}

/// Puts the links into this order, with an entry for each that moves; whether any did.
pub fn reorder(tx: &mut Tx<'_>, article: ArticleId, order: &[LinkId]) -> Result<bool> {
    let mut known: Vec<LinkId> = of_article(tx, article)?.iter().map(|link| link.id).collect();
    if known == order {
        return Ok(false);
    }
    let mut wanted = order.to_vec();
    known.sort_unstable();
    wanted.sort_unstable();
    if known != wanted {
        return Err(Error::invalid(
            "/link_ids",
            "permutation",
            "must name every related link of the article, each once",
        ));
    }
    for (position, id) in (0..).zip(order) {
        let now = tx.now();
        let moved = related_links::table.find(*id).filter(related_links::position.ne(position));
        let moved: Option<LinkRow> = diesel::update(moved)
            .set((
                related_links::position.eq(position),
                related_links::version.eq(related_links::version + 1),
                related_links::updated_at.eq(now),
            ))
            .returning(columns::<LinkRow>())
            .get_result(&mut **tx)
            .optional()?;
        if let Some(link) = moved {
            let entry = Entry::new("changed", &link).note("position");
            tx.record(entry.note(format!("article {article}")))?;
        }
    }
    Ok(true)
}

/// Refuses boxes that name links which the article does not have.
pub fn check_boxes(conn: &mut Conn, id: ArticleId, article: &ArticleInput) -> Result<()> {
    let wanted = references::links_of(article);
    if wanted.is_empty() {
        return Ok(());
    }
    let known: Vec<LinkId> = of_article(conn, id)?.iter().map(|link| link.id).collect();
    let unknown = wanted.into_iter().filter(|(id, _)| !known.contains(id));
    let errors: Vec<FieldError> = unknown
        .map(|(_, place)| {
            FieldError::at(place, "missing", "is not the id of a related link of this article")
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Makes the links what they were when an edition was made, with an entry for each that was
/// something else; whether any was. Links to articles that are gone stay away.
pub fn restore(tx: &mut Tx<'_>, of: &ArticleRow, links: &[FrozenLink]) -> Result<bool> {
    let (article, now) = (of.id, tx.now());
    // The article's version has moved with every change of a link, so this one is above all that
    // its links ever had: no entity tag comes back.
    let version = of.version + 1;
    let targets: Vec<ArticleId> = links.iter().filter_map(|link| link.target_article_id).collect();
    let there: Vec<ArticleId> = articles::table
        .filter(articles::id.eq_any(targets))
        .select(articles::id)
        .load(&mut **tx)?;
    let kept: Vec<&FrozenLink> = links
        .iter()
        .filter(|link| link.target_article_id.is_none_or(|target| there.contains(&target)))
        .collect();
    let present = of_article(tx, article)?;
    let frozen: Vec<FrozenLink> = present.iter().map(LinkRow::frozen).collect();
    if frozen.iter().eq(kept.iter().copied()) {
        return Ok(false);
    }
    diesel::delete(related_links::table.filter(related_links::article_id.eq(article)))
        .execute(&mut **tx)?;
    let note = format!("article {article}");
    for gone in present.iter().filter(|link| kept.iter().all(|kept| kept.id != link.id)) {
        tx.record(Entry::new("deleted", gone).note(&note))?;
    }
    for (position, link) in (0..).zip(kept) {
        let before = present.iter().find(|before| before.id == link.id);
        let row = LinkRow {
            id: link.id,
            article_id: article,
            position,
            kind: link.kind,
            target_article_id: link.target_article_id,
            url: link.url.clone(),
            title: link.title.clone(),
            rel: link.rel,
            version,
            created_at: before.map_or(now, |before| before.created_at),
            updated_at: now,
        };
        let as_before =
            before.filter(|before| before.frozen() == *link && before.position == position);
        let row = match (as_before, before) {
            (Some(as_before), _) => as_before.clone(),
            (None, Some(_)) => {
                tx.record(Entry::new("changed", &row).note(&note))?;
                row
            }
            (None, None) => {
                tx.record(Entry::new("created", &row).note(&note))?;
                row
            }
        };
        diesel::insert_into(related_links::table).values(row).execute(&mut **tx)?;
    }
    Ok(true)
}
