//! Every statement about who posted lately.
use diesel::prelude::*;

use crate::{
    db::{Conn, schema::comment_posts},
    error::Result,
    ids::{AnyId, ArticleId},
    time::Instant,
};

/// Where and when a party has posted in this time, the newest first.
pub fn of_party(
    conn: &mut Conn,
    party: &str,
    (since, until): (Instant, Instant),
) -> Result<Vec<(ArticleId, Instant)>> {
    let posts = comment_posts::table
        .filter(comment_posts::party.eq(party))
        .filter(comment_posts::posted_at.gt(since).and(comment_posts::posted_at.le(until)))
        .order(comment_posts::posted_at.desc())
        .select((comment_posts::article_id, comment_posts::posted_at));
    Ok(posts.load(conn)?)
}

/// How much was posted under an article in this time.
pub fn under(
    conn: &mut Conn,
    article: ArticleId,
    (since, until): (Instant, Instant),
) -> Result<i64> {
    let lately = comment_posts::posted_at.gt(since).and(comment_posts::posted_at.le(until));
    let posts = comment_posts::table.filter(comment_posts::article_id.eq(article).and(lately));
    Ok(posts.count().get_result(conn)?)
}

/// Remembers a post, and forgets those up to `over`.
pub fn insert(
    conn: &mut Conn,
    party: &str,
    article: ArticleId,
    now: Instant,
    over: Instant,
) -> Result<()> {
    diesel::delete(comment_posts::table.filter(comment_posts::posted_at.le(over))).execute(conn)?;
    let post = (
        comment_posts::id.eq(AnyId::new()),
        comment_posts::party.eq(party),
        comment_posts::article_id.eq(article),
        comment_posts::posted_at.eq(now),
    );
    diesel::insert_into(comment_posts::table).values(post).execute(conn)?;
    Ok(())
}
