//! What articles refer to: nothing in use can be deleted, and only what is in use is public.
use diesel::prelude::*;
use uuid::Uuid;

use super::{
    MultiBackend,
    schema::{article_uses, articles, edition_uses, editions},
};
use crate::{ids::AnyId, text_enum, time::Instant};

text_enum! {
    /// What kind of thing an article refers to.
    pub enum Used {
        /// A medium: the main one, one in the body, or the one for social networks.
        Media = "media",
        /// An ad slot pinned in the body.
        AdSlot = "ad_slot",
        /// Another article that a text or a picture of the body links to.
        Article = "article",
    }
}

/// The articles that use a thing: their working copies do, or an edition that is public now or
/// going to be. Whatever was published has a working copy as well.
pub fn articles_using(
    kind: Used,
    target: impl Into<Uuid>,
    now: Instant,
) -> articles::BoxedQuery<'static, MultiBackend> {
    let target = AnyId(target.into());
    let working = article_uses::table
        .filter(article_uses::target_id.eq(target))
        .filter(article_uses::kind.eq(kind))
        .select(article_uses::article_id);
    let published = edition_uses::table
        .inner_join(
            editions::table.on(editions::article_id
                .eq(edition_uses::article_id)
                .and(editions::number.eq(edition_uses::number))),
        )
        .filter(edition_uses::target_id.eq(target))
        .filter(edition_uses::kind.eq(kind))
        .filter(editions::valid_until.gt(now))
        // One that was called off before it began never used anything.
        .filter(editions::valid_from.lt(editions::valid_until))
        .select(edition_uses::article_id);
    articles::table
        .filter(articles::id.eq_any(working).or(articles::id.eq_any(published)))
        .into_boxed()
}
