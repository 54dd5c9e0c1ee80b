//! Links to an article that is about to be deleted, from where nobody asked whoever deletes it.
use std::collections::BTreeSet;

use diesel::prelude::*;

use super::model::LinkRow;
use crate::{
    articles::{blocks::Block, input::ArticleInput, model::ArticleRow, queries as working, texts},
    db::{
        Conn, Tx,
        journal::Entry,
        schema::{articles, related_links},
    },
    error::Result,
    ids::{ArticleId, LinkId},
};

/// Takes every link to this article out of the working copies that have one, and out of the boxes
/// and texts of their bodies. Readers lose nothing, since what was never published is shown in no
/// link.
pub fn cut(tx: &mut Tx<'_>, target: ArticleId) -> Result<()> {
    // Always in the same order, so that no two deletions wait for each other.
    for holder in holders(tx, target)? {
        tx.lock(holder)?;
        let article = working::find(tx, holder)?;
        let links: Vec<LinkRow> = related_links::table
            .filter(related_links::article_id.eq(holder))
            .filter(related_links::target_article_id.eq(target))
            .select(LinkRow::as_select())
            .load::<LinkRow>(&mut **tx)?;
        let gone: BTreeSet<LinkId> = links.iter().map(|link| link.id).collect();
        for link in &links {
            diesel::delete(related_links::table.find(link.id)).execute(&mut **tx)?;
            tx.record(Entry::new("deleted", link).note(format!("article {holder}")))?;
        }
        let before = article.document.0.clone();
        let mut without = ArticleRow {
            version: article.version + 1,
            updated_at: tx.now(),
            edited_since: article.last_edition > 0,
            ..article
        };
        unbox(&mut without.document.0, &gone);
        texts::unlink(&mut without.document.0.body, |linked| linked != target);
        working::update(tx, &without)?;
        working::forget_link(tx, holder, target)?;
        let entry = Entry::new("edited", &without).diff(&before, &without.document.0);
        tx.record(if links.is_empty() { entry } else { entry.note("related_links") })?;
    }
    Ok(())
}

fn holders(conn: &mut Conn, target: ArticleId) -> Result<Vec<ArticleId>> {
    Ok(working::linking(target).order(articles::id).select(articles::id).load(conn)?)
}

fn unbox(article: &mut ArticleInput, gone: &BTreeSet<LinkId>) {
    for block in &mut article.body {
        if let Block::Related(related) = block {
            related.link_ids.retain(|id| !gone.contains(id));
        }
    }
}
