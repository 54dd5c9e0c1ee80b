//! Threads as a tree: each comment that begins one, and the replies in it, page by page.
use actix_web::{HttpRequest, get};

use super::{
    deliver::made,
    model::{
        CommentRow, CommentSort, CommentThread, PublicComment, RepliesFilter, Threads,
        ThreadsFilter,
    },
    queries, threads,
};
use crate::{
    db::{Conn, Db},
    error::Result,
    http::{
        cache::Delivered,
        cursor::{self, Page},
        handlers::ServiceConfig,
        path::Id,
        query::Query,
    },
    ids::{ArticleId, CommentId},
    sections,
    tags::Tag,
    time::Now,
};

/// Hangs the routes into the delivery face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_threads).service(get_replies);
}

/// What the cursors of an article's threads are good for.
fn threads_of(id: ArticleId, sort: CommentSort) -> String {
    format!("threads of {id}, {sort}")
}

/// What the cursors of the replies to a comment are good for.
fn replies_to(id: CommentId) -> String {
    format!("replies to {id}")
}

/// Get the threads under an article
///
/// The comments under it as a tree: each one that begins a thread, with the oldest replies in it.
/// A thread has one level, however deep its replies answer each other: `in_reply_to` says whom. A
/// comment that is gone stays as a stub while readers see replies to it.
#[utoipa::path(tag = "delivery", params(ThreadsFilter), responses(
    (status = 200, description = "A page of threads.", body = Threads),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No article of this id is public."),
    (status = 410, description = "The article was retracted.")))]
#[get("/articles/{id}/threads")]
async fn get_threads(
    db: Db,
    req: HttpRequest,
    Now(now): Now,
    id: Id<ArticleId>,
    Query(filter): Query<ThreadsFilter>,
) -> Result<Delivered> {
    let list = threads_of(id.0, filter.sort);
    let after = cursor::read(&list, filter.cursor.as_deref())?;
    let (article, tally, page) = db
        .read(move |conn| {
            let tree = sections::queries::visible(conn)?;
            let article = threads::public(conn, &tree, id.0, now)?;
            let tally = queries::tally(conn, id.0)?;
            let rows = queries::threads(conn, id.0, &filter, after)?;
            let page = Page::cut(&list, rows, filter.limit, |last: &CommentRow| last.ordinal)?;
            Ok((article, tally, with_replies(conn, id.0, page, &filter)?))
        })
        .await?;
    let mut made = made(&article, now);
    if let Some((_, changed_at)) = tally {
        made.modified(changed_at);
    }
    let (link, count) = (page.next_link(req.uri()), tally.map_or(0, |(approved, _)| approved));
    Ok(Delivered::new(&Threads { page, count }, made)?.link(link))
}

/// The threads with the first replies of each: as many statements for any number.
fn with_replies(
    conn: &mut Conn,
    article: ArticleId,
    page: Page<CommentRow>,
    filter: &ThreadsFilter,
) -> Result<Page<CommentThread>> {
    let answered = page.data.iter().filter(|row| row.replies > 0);
    let answered: Vec<CommentId> = answered.map(|row| row.id).collect();
    let mut replies = queries::first_replies(conn, article, &answered, filter.replies)?;
    let nicknames = threads::nicknames(conn, replies.values().flatten())?;
    let Page { data, next, total } = page;
    let thread = |row: CommentRow| {
        let rows = replies.remove(&row.id).unwrap_or_default();
        let key = |last: &CommentRow| last.ordinal;
        let replies = Page::cut(&replies_to(row.id), rows, filter.replies, key)?;
        Ok(CommentThread {
            comment: PublicComment::new(&row, &nicknames),
            replies: replies.map(|row| PublicComment::new(&row, &nicknames)),
        })
    };
    let data = data.into_iter().map(thread).collect::<Result<_>>()?;
    Ok(Page { data, next, total })
}

/// Get the replies to a comment
///
/// The oldest first: all that is said in the thread that it begins; of a reply, what replies to it
/// directly.
#[utoipa::path(tag = "delivery", params(RepliesFilter), responses(
    (status = 200, description = "A page of replies.", body = Page<PublicComment>),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No such comment is shown, or its article is not public."),
    (status = 410, description = "The article was retracted.")))]
#[get("/comments/{id}/replies")]
async fn get_replies(
    db: Db,
    req: HttpRequest,
    Now(now): Now,
    id: Id<CommentId>,
    Query(filter): Query<RepliesFilter>,
) -> Result<Delivered> {
    let list = replies_to(id.0);
    let after = cursor::read(&list, filter.cursor.as_deref())?;
    let (article, tally, page) = db
        .read(move |conn| {
            let comment = queries::find_shown(conn, id.0)?;
            let tree = sections::queries::visible(conn)?;
            let article = threads::public(conn, &tree, comment.article_id, now)?;
            let tally = queries::tally(conn, comment.article_id)?;
            let rows = queries::replies(conn, &comment, &filter, after)?;
            let page = Page::cut(&list, rows, filter.limit, |last: &CommentRow| last.ordinal)?;
            Ok((article, tally, threads::shown(conn, page)?))
        })
        .await?;
    let mut made = made(&article, now);
    made.of([Tag::Comment(id.0)]);
    if let Some((_, changed_at)) = tally {
        made.modified(changed_at);
    }
    let link = page.next_link(req.uri());
    Ok(Delivered::new(&page, made)?.link(link))
}
