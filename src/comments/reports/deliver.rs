//! Reports from readers.
use actix_web::{http::StatusCode, post};

use super::{
    model::{Receipt, ReportInput, ReportRow},
    queries,
};
use crate::{
    auth::guard::Guest,
    comments::{queries as comments, threads},
    db::{Db, journal::Entry, types::Json},
    error::{Error, Result},
    http::{
        answer::Answer,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        service::ServiceConfig,
    },
    ids::{CommentId, ReportId},
    sections,
};

/// Hangs the routes into the delivery face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(report_comment);
}

/// Report a comment
///
/// As a flag, or as a notice of illegal content under article 16 of the Digital Services Act.
/// The answer confirms that it has arrived.
#[utoipa::path(tag = "delivery", params(IdempotencyKey), request_body = ReportInput, responses(
    (status = 202, description = "A moderator will look at it.", body = Receipt),
    (status = 404, description = "No such comment is shown, or its article is not public."),
    (status = 410, description = "The article was retracted.")))]
#[post("/comments/{id}/reports")]
async fn report_comment(
    guest: Guest,
    db: Db,
    id: Id<CommentId>,
    post: Posted<ReportInput>,
) -> Result<Answer> {
    post.once(&db, guest.0, move |tx, input| {
        let now = tx.now();
        // A decision and a report about one comment take turns, so that the one either resolves
        // the other or is made before it.
        let article = comments::find(tx, id.0)?.article_id;
        tx.lock(article)?;
        let comment = comments::find(tx, id.0)?;
        if !comment.is_approved() {
            return Err(Error::NotFound);
        }
        let tree = sections::queries::tree(tx)?.visible();
        threads::public(tx, &tree, article, now)?;
        let report = ReportRow {
            id: ReportId::new(),
            comment_id: comment.id,
            kind: input.kind(),
            notice: Json(input),
            resolved: false,
            created_at: now,
        };
        queries::insert(tx, &report)?;
        tx.record(Entry::new("received", &report).note(report.kind.as_str()))?;
        Answer::with_status(StatusCode::ACCEPTED, &Receipt::from(&report))
    })
    .await
}
