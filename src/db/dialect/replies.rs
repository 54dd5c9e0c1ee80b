//! The first replies of several threads of comments at once. As SQL, since only a `union all` of
//! limited branches makes both databases read so many rows of each thread and no more.
use std::fmt::Write;

use diesel::RunQueryDsl;

use super::statement::{Bind, Statement};
use crate::{
    db::Conn,
    error::Result,
    ids::{AnyId, ArticleId, CommentId, Uid},
};

/// The oldest replies that readers see in each of these threads of an article, up to `limit` of
/// each, in no order.
pub fn first_of_each(
    conn: &mut Conn,
    article: ArticleId,
    threads: &[CommentId],
    limit: i64,
) -> Result<Vec<CommentId>> {
    let mut statement = Statement::<Uid>::new(false);
    for (number, thread) in threads.iter().enumerate() {
        let joint = if number == 0 { "" } else { " union all " };
        statement.push_sql(joint);
        statement.push_sql("select id from (select id from comments");
        statement.push(" where article_id = ", Bind::Id(AnyId(article.0)));
        statement.push(" and thread_id = ", Bind::Id(AnyId(thread.0)));
        statement.push(" and shown = ", Bind::Bool(true));
        statement.push(" order by ordinal limit ", Bind::Count(limit));
        let _ = write!(statement.end, ") branch{number}");
    }
    Ok(statement.load(conn)?)
}
