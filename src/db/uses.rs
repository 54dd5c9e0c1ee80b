//! What articles refer to: nothing in use can be deleted, and only what is in use is public.
use std::collections::BTreeSet;

use diesel::prelude::*;
use uuid::Uuid;

use super::{
    Conn,
    schema::{article_uses, edition_uses, editions},
};
use crate::{
    error::Result,
    ids::{AnyId, ArticleId},
    text_enum,
    time::Instant,
};

text_enum! {
    /// What kind of thing an article refers to.
    pub enum Used {
        /// A medium: the main one, one in the body, or the one for social networks.
        Media = "media",
        /// An ad slot pinned in the body.
        AdSlot = "ad_slot",
    }
}

/// The most articles that a refusal lists.
const LISTED: i64 = 20;

/// The addresses of the articles that use a thing: their working copies do, or an edition that
/// is public now or going to be.
pub fn articles_using(
    conn: &mut Conn,
    kind: Used,
    target: impl Into<Uuid>,
    now: Instant,
) -> Result<Vec<String>> {
    let target = AnyId(target.into());
    let working: Vec<ArticleId> = article_uses::table
        .filter(article_uses::target_id.eq(target))
        .filter(article_uses::kind.eq(kind))
        .select(article_uses::article_id)
        .limit(LISTED)
        .load(conn)?;
    let published: Vec<ArticleId> = edition_uses::table
        .inner_join(
            editions::table.on(editions::article_id
                .eq(edition_uses::article_id)
                .and(editions::number.eq(edition_uses::number))),
        )
        .filter(edition_uses::target_id.eq(target))
        .filter(edition_uses::kind.eq(kind))
        .filter(editions::valid_until.gt(now))
        .select(edition_uses::article_id)
        .distinct()
        .limit(LISTED)
        .load(conn)?;
    let articles: BTreeSet<ArticleId> = working.into_iter().chain(published).collect();
    Ok(articles.iter().map(|id| format!("/manage/v1/articles/{id}")).collect())
}
