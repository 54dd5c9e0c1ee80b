//! Every statement about listed words.
use diesel::prelude::*;

use super::model::{CommentWord, WordFilter, WordKind};
use crate::{
    db::{Conn, schema::comment_words},
    error::{Refused, Result},
    http::cursor::Rows,
    ids::CommentWordId,
    time::Instant,
};

/// One word.
pub fn find(conn: &mut Conn, id: CommentWordId) -> Result<CommentWord> {
    Ok(comment_words::table.find(id).select(CommentWord::as_select()).first(conn)?)
}

/// Words, the newest first, one more than the limit.
pub fn page(
    conn: &mut Conn,
    filter: &WordFilter,
    after: Option<(Instant, CommentWordId)>,
) -> Result<Rows<CommentWord>> {
    let total = filter.total.then(|| count(conn)).transpose()?;
    let mut rows = comment_words::table
        .order((comment_words::created_at.desc(), comment_words::id.desc()))
        .limit(filter.limit.rows() + 1)
        .select(CommentWord::as_select())
        .into_boxed();
    if let Some((at, id)) = after {
        let rest = comment_words::created_at.lt(at).or(comment_words::id.lt(id));
        rows = rows.filter(comment_words::created_at.le(at).and(rest));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// How many there are.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Ok(comment_words::table.count().get_result(conn)?)
}

/// All of them, as they are compared.
pub fn likenesses(conn: &mut Conn) -> Result<Vec<(String, WordKind)>> {
    Ok(comment_words::table.select((comment_words::likeness, comment_words::kind)).load(conn)?)
}

/// Stores a new word.
pub fn insert(conn: &mut Conn, word: &CommentWord) -> Result<()> {
    let done = diesel::insert_into(comment_words::table).values(word).execute(conn);
    done.or_taken("/word", LISTED).map(drop)
}

/// Stores a changed word.
pub fn replace(conn: &mut Conn, word: &CommentWord) -> Result<()> {
    let done = diesel::update(comment_words::table.find(word.id)).set(word).execute(conn);
    done.or_taken("/word", LISTED).map(drop)
}

const LISTED: &str = "is in the list already, or cannot be told from a word that is";

/// Takes a word off the list.
pub fn delete(conn: &mut Conn, id: CommentWordId) -> Result<()> {
    diesel::delete(comment_words::table.find(id)).execute(conn)?;
    Ok(())
}
