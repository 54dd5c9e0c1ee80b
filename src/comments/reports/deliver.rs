//! Reports from readers.
use actix_web::{http::StatusCode, post};

use super::{
    model::{Receipt, ReportInput, ReportRow},
    queries,
};
use crate::{
    auth::{guard::Guest, party::Party},
    comments::{decisions, queries as comments, threads},
    db::{Db, journal::Entry, types::Json},
    error::{Error, Result},
    http::{
        answer::Answer,
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        settings::Settings,
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
/// The answer confirms that it has arrived. One address reports a comment once; when it does so
/// again, the first report is confirmed again. Reports from several addresses send a comment back
/// to the moderators.
#[utoipa::path(tag = "delivery", params(IdempotencyKey), request_body = ReportInput, responses(
    (status = 202, description = "A moderator will look at it.", body = Receipt),
    (status = 404, description = "No such comment is shown, or its article is not public."),
    (status = 410, description = "The article was retracted.")))]
#[post("/comments/{id}/reports")]
async fn report_comment(
    guest: Guest,
    party: Party,
    Settings(settings): Settings,
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
        if let Some(first) = queries::by_reporter(tx, comment.id, party.0.as_deref())? {
            tx.nothing_to_record("the same address has reported this comment before");
            return Answer::with_status(StatusCode::ACCEPTED, &Receipt::from(&first));
        }
        let report = ReportRow {
            id: ReportId::new(),
            comment_id: comment.id,
            kind: input.kind(),
            notice: Json(input),
            resolved: false,
            created_at: now,
            reporter: party.0,
        };
        queries::insert(tx, &report)?;
        tx.record(Entry::new("received", &report).note(report.kind.as_str()))?;
        let reporters = queries::reporters(tx, comment.id)?;
        if settings.reports_to_hold.is_some_and(|most| reporters >= most.get().into()) {
            decisions::hold_reported(tx, &comment, reporters)?;
        }
        Answer::with_status(StatusCode::ACCEPTED, &Receipt::from(&report))
    })
    .await
}
