//! Which working copies a caller may read, and what they hear of those that stand in their way.
use diesel::{IntoSql, prelude::*, sql_types::Bool};

use super::scope::Scope;
use crate::{
    db::{
        Conn, MultiBackend,
        schema::{article_authors, articles},
    },
    error::{Error, Result},
    ids::{ArticleId, UserId},
};

/// A selection of working copies.
pub type Articles = articles::BoxedQuery<'static, MultiBackend>;

/// The ids of the working copies that name this user as an author.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn written_by(user: UserId) -> _ {
    let by_them = article_authors::user_id.eq(user);
    article_authors::table.filter(by_them).select(article_authors::article_id)
}

/// Those of the working copies that the caller may read: the ones of sections that they edit, and
/// their own, which they wrote or made.
pub fn readable(articles: Articles, by: &Scope) -> Articles {
    if !by.reads_articles() {
        return articles.filter(false.into_sql::<Bool>());
    }
    let Some(sections) = by.edits() else { return articles };
    let own = articles::id
        .eq_any(written_by(by.user))
        .or(articles::created_by.eq(by.user).assume_not_null());
    let edited = articles::section_id.eq_any(sections.to_vec()).assume_not_null();
    articles.filter(own.or(edited))
}

/// The most resources that a refusal lists.
pub const LISTED: usize = 20;

/// What stands in the way of a deletion: the addresses that the caller may know, and how many
/// there are in all.
#[derive(Debug, Default)]
pub struct InTheWay {
    addresses: Vec<String>,
    total: usize,
}

impl InTheWay {
    /// Adds resources of a collection, of which the caller may read all or none.
    pub fn add<I: std::fmt::Display>(
        &mut self,
        collection: &str,
        ids: impl IntoIterator<Item = I>,
        reads: bool,
    ) {
        for id in ids {
            self.total += 1;
            if reads && self.addresses.len() < LISTED {
                self.addresses.push(format!("/manage/v1/{collection}/{id}"));
            }
        }
    }

    /// Adds working copies. Those that the caller may not read are counted and not named.
    pub fn add_articles(
        &mut self,
        conn: &mut Conn,
        by: &Scope,
        articles: impl Fn() -> Articles,
    ) -> Result<()> {
        let total: i64 = articles().count().get_result(conn)?;
        self.total += usize::try_from(total).map_err(Error::internal)?;
        let known: Vec<ArticleId> = readable(articles(), by)
            .order(articles::id)
            .limit(i64::try_from(LISTED - self.addresses.len()).map_err(Error::internal)?)
            .select(articles::id)
            .load(conn)?;
        self.addresses.extend(known.iter().map(|id| format!("/manage/v1/articles/{id}")));
        Ok(())
    }

    /// Refuses where there is anything.
    pub fn refuse(self) -> Result<()> {
        if self.total == 0 { Ok(()) } else { Err(Error::in_use(self.addresses, self.total)) }
    }
}
