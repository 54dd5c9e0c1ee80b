//! The article that a thread hangs on: whether readers see it, and whether they may comment.
use crate::{
    articles::editions::{
        self,
        model::{EditionKind, EditionRow, Listed},
        queries::When,
    },
    db::Conn,
    error::{Error, FieldError, Result, Retraction},
    ids::ArticleId,
    sections::{self, model::CommentsMode},
    time::Instant,
};

/// The article, which is public now; 404 where it is not, 410 where it was retracted.
pub fn public(conn: &mut Conn, id: ArticleId, now: Instant) -> Result<Listed> {
    let when = When { at: now, now };
    let tree = sections::queries::tree(conn)?.visible();
    if let Some(listed) = editions::queries::listed(conn, &[id], when)?.pop() {
        return tree.get(listed.section_id).map(|_| listed).ok_or(Error::NotFound);
    }
    match editions::queries::public(conn, id, when)? {
        Some(edition) if tree.get(edition.section_id).is_some() => Err(gone(edition)),
        _ => Err(Error::NotFound),
    }
}

/// What happens to new comments under the article; refuses where none are taken.
pub fn open(conn: &mut Conn, id: ArticleId, now: Instant) -> Result<CommentsMode> {
    let when = When { at: now, now };
    let edition = editions::queries::public(conn, id, when)?.ok_or(Error::NotFound)?;
    let tree = sections::queries::tree(conn)?.visible();
    let section = tree.get(edition.section_id).ok_or(Error::NotFound)?;
    if edition.kind == EditionKind::Retracted {
        return Err(gone(edition));
    }
    match edition.document.0.article.comments_mode.resolved(section.comments_mode) {
        CommentsMode::Closed => {
            let detail = "This article takes no new comments.";
            let errors = vec![FieldError::at("", "closed", detail)];
            Err(Error::Conflict { detail: detail.to_owned(), errors })
        }
        open => Ok(open),
    }
}

fn gone(edition: EditionRow) -> Error {
    Error::Gone(Box::new(Retraction {
        kind: "gone",
        notice: edition.notice.unwrap_or_default(),
        retracted_at: edition.valid_from,
        article_id: edition.article_id,
    }))
}
