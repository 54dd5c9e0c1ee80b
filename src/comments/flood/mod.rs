//! Floods: who posts more than people do, and articles under which more is posted than is read.
mod queries;

use crate::{
    db::Tx,
    error::{Error, RateLimit, Result},
    ids::ArticleId,
    time::Instant,
};

/// So many comments within so many seconds.
struct Pace {
    most: usize,
    seconds: i64,
}

/// What one party may post under one article.
const UNDER_ONE: Pace = Pace { most: 5, seconds: 10 * 60 };
/// What one party may post anywhere.
const ANYWHERE: Pace = Pace { most: 20, seconds: 60 * 60 };
/// What all parties together may post under an article before more of it is held.
const FROM_ALL: Pace = Pace { most: 60, seconds: 10 * 60 };
/// For how long posts are remembered, in seconds.
const KEPT: i64 = 24 * 60 * 60;

/// Refuses a party that has posted too much lately, and counts this post. Parties are known by
/// pseudonyms for their addresses.
pub fn check(tx: &mut Tx<'_>, article: ArticleId, party: &str) -> Result<()> {
    let now = tx.now();
    let posts = queries::of_party(tx, party, lately(now, ANYWHERE.seconds))?;
    let here = posts.iter().filter(|(under, _)| *under == article).map(|(_, at)| *at);
    let anywhere = posts.iter().map(|(_, at)| *at);
    if let Some(retry_after) = UNDER_ONE.wait(here, now).max(ANYWHERE.wait(anywhere, now)) {
        return Err(Error::TooManyRequests { retry_after, limit: RateLimit::Comments });
    }
    queries::insert(tx, party, article, now, now.plus_seconds(-KEPT))
}

/// Whether so much was posted under the article lately that people cannot have read it.
pub fn is_on(tx: &mut Tx<'_>, article: ArticleId) -> Result<bool> {
    let lately = lately(tx.now(), FROM_ALL.seconds);
    let posts = queries::under(tx, article, lately)?;
    Ok(usize::try_from(posts).is_ok_and(|posts| posts > FROM_ALL.most))
}

/// The last so many seconds, by any server's clock.
fn lately(now: Instant, seconds: i64) -> (Instant, Instant) {
    (now.plus_seconds(-seconds), now.latest())
}

impl Pace {
    /// The seconds after which one more is fine; `None` where it is now. The newest come first.
    fn wait(&self, mut posts: impl Iterator<Item = Instant>, now: Instant) -> Option<u32> {
        let in_the_way = posts.nth(self.most - 1)?;
        let left = in_the_way.min(now).seconds() + self.seconds - now.seconds();
        u32::try_from(left).ok().filter(|left| *left > 0)
    }
}
