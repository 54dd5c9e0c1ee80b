//! Comments for readers: the thread under an article, and their own voice in it.
use actix_web::{HttpRequest, get, http::StatusCode, post};

use super::{
    model::{CommentInput, CommentRow, PostedComment, PublicComment, Thread, ThreadFilter},
    posting, queries, reports, threads, tree,
};
use crate::{
    articles::editions::model::Listed,
    auth::{guard::Guest, party::Party},
    db::Db,
    error::Result,
    http::{
        answer::Answer,
        cache::{Delivered, Made},
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
        settings::Settings,
    },
    ids::{ArticleId, CommentId},
    sections,
    tags::Tag,
    time::{Instant, Now},
};

/// Hangs the room's delivery routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(get_thread).service(post_comment).service(get_comment);
    cfg.configure(tree::routes).configure(reports::deliver::routes);
}

/// What every answer about an article's comments is made of.
pub fn made(article: &Listed, now: Instant) -> Made {
    let mut made = Made::default();
    let id = article.article_id;
    made.of([Tag::Comments(id), Tag::Article(id), Tag::Sections]);
    made.changes_at(article.valid_until.unless_never(), now);
    made
}

/// Get the comments under an article
///
/// Replies stand in the same list as what they reply to, each at its own place in time: `thread_id`
/// says below which comment it belongs, `in_reply_to` whom it answers. A comment that is gone stays
/// as a stub while readers see replies to it. `GET /v1/articles/{id}/threads` answers the same as a
/// tree.
#[utoipa::path(tag = "delivery", params(ThreadFilter), responses(
    (status = 200, description = "A page of the thread.", body = Thread),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No article of this id is public."),
    (status = 410, description = "The article was retracted.")))]
#[get("/articles/{id}/comments")]
async fn get_thread(
    db: Db,
    req: HttpRequest,
    Now(now): Now,
    id: Id<ArticleId>,
    Query(filter): Query<ThreadFilter>,
) -> Result<Delivered> {
    let list = threads::list_name(id.0, filter.sort);
    let after = cursor::read(&list, filter.cursor.as_deref())?;
    let limit = filter.limit;
    let (article, tally, page) = db
        .read(move |conn| {
            let tree = sections::queries::visible(conn)?;
            let article = threads::public(conn, &tree, id.0, now)?;
            let tally = queries::tally(conn, id.0)?;
            let rows = queries::thread(conn, id.0, &filter, after)?;
            let page = Page::cut(&list, rows, limit, |last: &CommentRow| last.ordinal)?;
            Ok((article, tally, threads::shown(conn, page)?))
        })
        .await?;
    let mut made = made(&article, now);
    if let Some((_, changed_at)) = tally {
        made.modified(changed_at);
    }
    let (link, count) = (page.next_link(req.uri()), tally.map_or(0, |(approved, _)| approved));
    Ok(Delivered::new(&Thread { page, count }, made)?.link(link))
}

/// Comment on an article
///
/// Without an account, under a nickname. Where the article's comments are moderated first, or
/// the comment has a link or a suspect word, it is held (202) until a moderator has looked at it.
/// One address may post 5 comments in ten minutes under an article and 20 in an hour at all.
#[utoipa::path(tag = "delivery", params(IdempotencyKey), request_body = CommentInput, responses(
    (status = 201, description = "Everyone sees it now.", body = PostedComment,
        headers(("Location" = String, description = "Where the comment is."))),
    (status = 202, description = "Held for a moderator.", body = PostedComment,
        headers(("Location" = String, description = "Where the comment will be once approved."))),
    (status = 404, description = "No article of this id is public."),
    (status = 409, description = "The article takes no new comments (`closed`), or the same was said there within 24 hours (`repeated`)."),
    (status = 410, description = "The article was retracted."),
    (status = 422, description = "Not acceptable as it is; `errors` names the rules, among them `banned_word` and `staff_name`.")))]
#[post("/articles/{id}/comments")]
async fn post_comment(
    guest: Guest,
    party: Party,
    db: Db,
    Settings(settings): Settings,
    id: Id<ArticleId>,
    post: Posted<CommentInput>,
) -> Result<Answer> {
    post.once(&db, guest.0, move |tx, input| {
        let (party, close_after) = (party.0.as_deref(), settings.comments_close_after_days);
        let comment = posting::by_guest(tx, id.0, &input, party, close_after)?;
        let approved = comment.is_approved();
        let status = if approved { StatusCode::CREATED } else { StatusCode::ACCEPTED };
        let nicknames = threads::nicknames(tx, [&comment])?;
        let answer = Answer::with_status(status, &PostedComment::new(&comment, &nicknames))?;
        Ok(answer.at(format!("/v1/comments/{}", comment.id)))
    })
    .await
}

/// Get one comment
///
/// As it stands in its thread. `GET /v1/comments/{id}/replies` has the replies.
#[utoipa::path(tag = "delivery", responses(
    (status = 200, description = "The comment, or the stub that keeps its place.", body = PublicComment),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
    (status = 404, description = "No such comment is shown, or its article is not public."),
    (status = 410, description = "The article was retracted.")))]
#[get("/comments/{id}")]
async fn get_comment(db: Db, Now(now): Now, id: Id<CommentId>) -> Result<Delivered> {
    let (article, tally, comment) = db
        .read(move |conn| {
            let row = queries::find_shown(conn, id.0)?;
            let tree = sections::queries::visible(conn)?;
            let article = threads::public(conn, &tree, row.article_id, now)?;
            let tally = queries::tally(conn, row.article_id)?;
            let nicknames = threads::nicknames(conn, [&row])?;
            Ok((article, tally, PublicComment::new(&row, &nicknames)))
        })
        .await?;
    let mut made = made(&article, now);
    made.of([Tag::Comment(comment.id)]);
    // Its replies are counted in it, and it names whom it replies to.
    if let Some((_, changed_at)) = tally {
        made.modified(changed_at);
    }
    Delivered::new(&comment, made)
}
