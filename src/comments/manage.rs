//! Comments for moderators.
use actix_web::{HttpRequest, delete, get, post};

use super::{
    decisions,
    model::{
        Comment, CommentFilter, CommentRow, CommentStatus, InReplyTo, ListedComment,
        StaffCommentInput,
    },
    posting, queries, reports, threads, words,
};
use crate::{
    auth::{guard::Allow, roles::ModerateComments},
    db::Db,
    error::{Error, Result},
    http::{
        answer::Answer,
        conditional::IfMatch,
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
        settings::Settings,
    },
    ids::{ArticleId, CommentId},
};

/// Hangs the room's management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_comments).service(create_comment);
    cfg.service(read_comment).service(delete_comment);
    cfg.configure(decisions::routes).configure(reports::manage::routes);
    cfg.configure(words::manage::routes);
}

/// List comments
///
/// Of any status, the newest first.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    params(CommentFilter),
    responses((status = 200, description = "A page of comments.", body = Page<ListedComment>)))]
#[get("/comments")]
async fn list_comments(
    allow: Allow<ModerateComments>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<CommentFilter>,
) -> Result<Answer> {
    let after = cursor::read("comments", filter.cursor.as_deref())?;
    let page = db
        .read(move |conn| {
            let rows = queries::page(conn, &filter, after)?;
            let page = Page::cut("comments", rows, filter.limit, |last: &CommentRow| {
                (last.created_at, last.id)
            })?;
            let ids: Vec<ArticleId> = page.data.iter().map(|row| row.article_id).collect();
            let articles = threads::subjects(conn, &ids, allow.caller.now)?;
            let nicknames = threads::nicknames(conn, &page.data)?;
            Ok(page.map(|row| ListedComment {
                in_reply_to: InReplyTo::of(&row, &nicknames),
                article: articles.get(&row.article_id).cloned(),
                comment: Comment::from(&row),
            }))
        })
        .await?;
    Answer::page(&req, &page)
}

/// Comment as the newsroom
///
/// Under your own name, shown at once.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    params(IdempotencyKey), request_body = StaffCommentInput,
    responses((status = 201, description = "Created.", body = Comment),
        (status = 409, description = "The article takes no new comments.")))]
#[post("/comments")]
async fn create_comment(
    allow: Allow<ModerateComments>,
    db: Db,
    Settings(settings): Settings,
    post: Posted<StaffCommentInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let comment = posting::by_staff(tx, &caller, &input, settings.comments_close_after_days)?;
        Answer::created("/manage/v1/comments", &comment, &Comment::from(&comment))
    })
    .await
}

/// Read a comment
///
/// Whatever its status, with the reason of the last decision.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    responses((status = 200, description = "The comment.", body = Comment)))]
#[get("/comments/{id}")]
async fn read_comment(_: Allow<ModerateComments>, db: Db, id: Id<CommentId>) -> Result<Answer> {
    let comment = db.read(move |conn| queries::find(conn, id.0)).await?;
    Answer::resource(&comment, &Comment::from(&comment))
}

/// Delete a comment
///
/// For good. Where readers see replies to it, a stub keeps its place; moderators still read it,
/// with the status `deleted`. Resolves the open reports about it. To refuse a comment with a
/// reason, decide to `reject` it instead.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "It is deleted already.")))]
#[delete("/comments/{id}")]
async fn delete_comment(
    allow: Allow<ModerateComments>,
    db: Db,
    id: Id<CommentId>,
    expected: IfMatch,
) -> Result<Answer> {
    db.write(allow.caller, move |tx| {
        let comment = decisions::opened(tx, id.0, &expected)?;
        if let Some(refusal) = decisions::refusal(&comment, CommentStatus::Deleted, false) {
            return Err(Error::conflict(refusal));
        }
        let (reason, note) = (comment.reason, comment.note.clone());
        decisions::settle(tx, &comment, CommentStatus::Deleted, reason, note)
    })
    .await?;
    Ok(Answer::nothing())
}
