//! The article that a thread hangs on: whether readers see it, and whether they may comment.
use std::{collections::HashMap, num::NonZeroU32};

use super::{
    closing::Openness,
    model::{CommentRow, CommentSort, CommentedArticle, Nicknames, PublicComment, ThreadFilter},
    queries,
};
use crate::{
    articles::editions::{
        self,
        model::{EditionKind, Listed},
        queries::When,
        shown::Shown,
    },
    db::Conn,
    error::{Error, FieldError, Result, Retraction},
    http::cursor::Page,
    ids::{ArticleId, CommentId},
    sections::{self, model::CommentsMode, tree::Tree},
    time::Instant,
};

/// The article, which is public now in this tree of visible sections; 404 where it is not, 410
/// where it was retracted.
pub fn public(conn: &mut Conn, tree: &Tree, id: ArticleId, now: Instant) -> Result<Listed> {
    let when = When { at: now, now };
    if let Some(listed) = editions::queries::listed(conn, &[id], when)?.pop() {
        return tree.get(listed.section_id).map(|_| listed).ok_or(Error::NotFound);
    }
    match editions::queries::public(conn, id, when)? {
        Some(edition) if tree.get(edition.section_id).is_some() => Err(gone(edition)),
        _ => Err(Error::NotFound),
    }
}

/// The beginning of an article's thread.
pub struct Beginning {
    /// How many comments readers see in all.
    pub count: i32,
    /// When that last changed; `None` where nobody has written any.
    pub changed_at: Option<Instant>,
    /// The oldest comments; `next` goes on in `GET /v1/articles/{id}/comments`.
    pub page: Page<PublicComment>,
}

/// The beginning of the thread, for the article's page: one statement, and one for its replies.
pub fn beginning(conn: &mut Conn, id: ArticleId) -> Result<Beginning> {
    let filter = ThreadFilter::default();
    let (count, changed_at, rows) = queries::beginning(conn, id, &filter)?;
    let page = Page::cut(&list_name(id, filter.sort), rows, filter.limit, |last: &CommentRow| {
        last.ordinal
    })?;
    Ok(Beginning { count, changed_at, page: shown(conn, page)? })
}

/// The comments as readers see them: one statement more where there are replies among them.
pub fn shown(conn: &mut Conn, page: Page<CommentRow>) -> Result<Page<PublicComment>> {
    let nicknames = nicknames(conn, &page.data)?;
    Ok(page.map(|row| PublicComment::new(&row, &nicknames)))
}

/// Who wrote what these comments reply to, as far as readers see it.
pub fn nicknames<'a>(
    conn: &mut Conn,
    rows: impl IntoIterator<Item = &'a CommentRow>,
) -> Result<Nicknames> {
    let parents: Vec<CommentId> = rows.into_iter().filter_map(|row| row.parent_id).collect();
    queries::nicknames(conn, &parents)
}

/// What the cursors of a thread are good for.
pub fn list_name(id: ArticleId, sort: CommentSort) -> String {
    format!("comments of {id}, {sort}")
}

/// What these comments' articles are called and where they are, as far as they are public. Two
/// statements for any number.
pub fn subjects(
    conn: &mut Conn,
    ids: &[ArticleId],
    now: Instant,
) -> Result<HashMap<ArticleId, CommentedArticle>> {
    let tree = sections::queries::tree(conn)?.visible();
    let public = editions::queries::listed(conn, ids, When { at: now, now })?;
    let subject = |edition: Listed| {
        let path = format!("{}/{}", tree.get(edition.section_id)?.path, edition.slug);
        Some((edition.article_id, CommentedArticle { headline: edition.headline, path }))
    };
    Ok(public.into_iter().filter_map(subject).collect())
}

/// What happens to new comments under the article, where the newsroom has them close after so many
/// days; refuses where none are taken.
pub fn open(
    conn: &mut Conn,
    id: ArticleId,
    close_after: Option<NonZeroU32>,
    now: Instant,
) -> Result<CommentsMode> {
    let when = When { at: now, now };
    let edition = editions::queries::public(conn, id, when)?.ok_or(Error::NotFound)?;
    let tree = sections::queries::tree(conn)?.visible();
    let section = tree.get(edition.section_id).ok_or(Error::NotFound)?;
    if edition.kind == EditionKind::Retracted {
        return Err(gone(edition));
    }
    let (article, published_at) = (&edition.document.0.article, edition.published_at);
    let Openness { mode, closes_at } =
        Openness::of(article, published_at, Some(section), close_after, now);
    match mode {
        CommentsMode::Closed => {
            let detail = match closes_at {
                Some(at) => format!("The comments under this article have closed at {at}."),
                None => "This article takes no new comments.".to_owned(),
            };
            let errors = vec![FieldError::at("", "closed", detail.clone())];
            Err(Error::Conflict { detail, errors })
        }
        CommentsMode::Pre | CommentsMode::Post => Ok(mode),
    }
}

fn gone(edition: Shown) -> Error {
    Error::Gone(Box::new(Retraction {
        kind: "gone",
        notice: edition.notice.unwrap_or_default(),
        retracted_at: edition.valid_from,
        article_id: edition.article_id,
    }))
}
