//! Reports for moderators.
use actix_web::{HttpRequest, get};

use super::{
    model::{Report, ReportFilter},
    queries,
};
use crate::{
    auth::{guard::Allow, roles::ModerateComments},
    db::Db,
    error::Result,
    http::{
        answer::Answer,
        cursor::{self, Page},
        handlers::ServiceConfig,
        query::Query,
    },
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_reports);
}

/// List reports
///
/// Open ones first, the longest waiting before the others. A decision about the comment, or its
/// deletion, resolves them.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    params(ReportFilter),
    responses((status = 200, description = "A page of reports.", body = Page<Report>)))]
#[get("/reports")]
async fn list_reports(
    _: Allow<ModerateComments>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<ReportFilter>,
) -> Result<Answer> {
    let after = cursor::read("reports", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db.read(move |conn| queries::page(conn, &filter, after)).await?;
    let page =
        Page::cut("reports", rows, limit, |(last, _)| (last.resolved, last.created_at, last.id))?;
    Answer::page(&req, &page.map(|(report, comment)| Report::new(report, &comment)))
}
