//! The pages that explain each kind of problem.
use actix_web::{HttpResponse, get};

use super::handlers::ServiceConfig;
use super::path;
use crate::error::{Error, PROBLEM_KINDS, Result};

/// Hangs the pages into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(explain_problem);
}

/// Explain a kind of problem
///
/// The page that the `type` of a problem document leads to: what went wrong and what to do.
#[utoipa::path(tag = "operations", params(("name" = String, Path, description = "The kind of problem.", example = "stale")),
    responses((status = 200, description = "The explanation.", body = String, content_type = "text/html"),
        (status = 404, description = "There is no such kind of problem.")))]
#[get("/problems/{name}")]
async fn explain_problem(path::Name(name): path::Name) -> Result<HttpResponse> {
    let kind = PROBLEM_KINDS.iter().find(|kind| kind.name == name).ok_or(Error::NotFound)?;
    let advice = kind.advice.split('`').enumerate().fold(String::new(), |page, (index, part)| {
        page + if index == 0 {
            ""
        } else if index % 2 == 1 {
            "<code>"
        } else {
            "</code>"
        } + part
    });
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><p>HTTP status {status}.</p><p>{advice}</p></html>\n",
        title = kind.title,
        status = kind.status,
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}
