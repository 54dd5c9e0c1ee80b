//! The list of words, for moderators.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    model::{CommentWord, CommentWordInput, WordFilter},
    queries,
};
use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::ModerateComments,
    },
    db::{Db, journal::Entry},
    error::{Error, Result},
    http::{
        answer::Answer,
        body::{Body, Patch},
        conditional::IfMatch,
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
    },
    ids::CommentWordId,
};

/// How long the list may grow: all of it is looked at for every comment.
const MOST: i64 = 5000;

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_comment_words).service(create_comment_word).service(read_comment_word);
    cfg.service(replace_comment_word).service(patch_comment_word).service(delete_comment_word);
}

/// List the words that comments are held or refused for
///
/// The newest first.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])), params(WordFilter),
    responses((status = 200, description = "A page of words.", body = Page<CommentWord>)))]
#[get("/comment-words")]
async fn list_comment_words(
    _: Allow<ModerateComments>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<WordFilter>,
) -> Result<Answer> {
    let after = cursor::read("comment-words", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::page(conn, &filter, after)).await?;
    let page = Page::cut("comment-words", rows, limit, |last| (last.created_at, last.id))?;
    Answer::page(&req, &page)
}

/// List a word
///
/// Holds for comments from now on; those that are there already stay as they are.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    params(IdempotencyKey), request_body = CommentWordInput,
    responses((status = 201, description = "Listed.", body = CommentWord),
        (status = 409, description = "The list has the word, or one that looks the same (`taken`), or is full: it takes 5000.")))]
#[post("/comment-words")]
async fn create_comment_word(
    allow: Allow<ModerateComments>,
    db: Db,
    post: Posted<CommentWordInput>,
) -> Result<Answer> {
    post.once(&db, allow.caller, move |tx, input| {
        if queries::count(tx)? >= MOST {
            return Err(Error::conflict("The list is full; take words off that are not needed."));
        }
        let word = CommentWord::new(input, None, tx.now());
        queries::insert(tx, &word)?;
        tx.record(Entry::new("created", &word))?;
        Answer::created("/manage/v1/comment-words", &word, &word)
    })
    .await
}

/// Read a listed word
///
/// With what becomes of comments that have it.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    responses((status = 200, description = "The word.", body = CommentWord)))]
#[get("/comment-words/{id}")]
async fn read_comment_word(
    _: Allow<ModerateComments>,
    db: Db,
    id: Id<CommentWordId>,
) -> Result<Answer> {
    let word = db.read(move |conn| queries::find(conn, id.0)).await?;
    Answer::resource(&word, &word)
}

/// Replace a listed word
///
/// Holds for comments from now on.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])), params(IfMatch),
    request_body = CommentWordInput,
    responses((status = 200, description = "Replaced.", body = CommentWord),
        (status = 409, description = "The list has the word, or one that looks the same (`taken`).")))]
#[put("/comment-words/{id}")]
async fn replace_comment_word(
    allow: Allow<ModerateComments>,
    db: Db,
    id: Id<CommentWordId>,
    expected: IfMatch,
    Body(input): Body<CommentWordInput>,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, |_| Ok(input)).await
}

/// Change a listed word
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])), params(IfMatch),
    request_body(content = CommentWordInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = CommentWord),
        (status = 409, description = "The list has the word, or one that looks the same (`taken`).")))]
#[patch("/comment-words/{id}")]
async fn patch_comment_word(
    allow: Allow<ModerateComments>,
    db: Db,
    id: Id<CommentWordId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    change(&db, allow.caller, id.0, expected, move |word| patch.apply(&word.input())).await
}

/// Take a word off the list
///
/// Comments may have it from now on; those that were refused stay refused.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])), params(IfMatch),
    responses((status = 204, description = "Off the list.")))]
#[delete("/comment-words/{id}")]
async fn delete_comment_word(
    allow: Allow<ModerateComments>,
    db: Db,
    id: Id<CommentWordId>,
    expected: IfMatch,
) -> Result<Answer> {
    db.write(allow.caller, move |tx| {
        let word = expected.current(tx, id.0, |conn| queries::find(conn, id.0))?;
        queries::delete(tx, word.id)?;
        tx.record(Entry::new("deleted", &word))
    })
    .await?;
    Ok(Answer::nothing())
}

async fn change(
    db: &Db,
    caller: Caller,
    id: CommentWordId,
    expected: IfMatch,
    input: impl FnOnce(&CommentWord) -> Result<CommentWordInput> + Clone + Send + 'static,
) -> Result<Answer> {
    db.write(caller, move |tx| {
        let current = expected.current(tx, id, |conn| queries::find(conn, id))?;
        let word = CommentWord::new(input(&current)?, Some(&current), tx.now());
        queries::replace(tx, &word)?;
        tx.record(Entry::new("changed", &word).diff(&current.input(), &word.input()))?;
        Answer::resource(&word, &word)
    })
    .await
}
