//! The pages that explain each kind of problem.
use std::{collections::HashMap, sync::LazyLock};

use actix_web::{HttpRequest, HttpResponse, get};

use super::{fixed::Fixed, handlers::ServiceConfig, path};
use crate::error::{Code, Error, PROBLEM_KINDS, ProblemKind, Result};

/// Hangs the pages into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(explain_problem);
}

/// Explain a kind of problem
///
/// The page that the `type` of a problem document leads to: what went wrong, what to do, and which
/// codes the entries of its `errors` can have.
#[utoipa::path(tag = "operations", params(("name" = String, Path, description = "The kind of problem.", example = "stale")),
    responses((status = 200, description = "The explanation.", body = String, content_type = "text/html"),
        (status = 304, description = "Nothing changed since the ETag in If-None-Match."),
        (status = 404, description = "There is no such kind of problem.")))]
#[get("/problems/{name}")]
async fn explain_problem(req: HttpRequest, path::Name(name): path::Name) -> Result<HttpResponse> {
    static PAGES: LazyLock<HashMap<&str, Fixed>> =
        LazyLock::new(|| PROBLEM_KINDS.iter().map(|kind| (kind.name, page(kind))).collect());
    PAGES.get(name.as_str()).ok_or(Error::NotFound)?.answer(&req).await
}

fn page(kind: &ProblemKind) -> Fixed {
    let codes = kind.codes().fold(String::new(), |list, Code { name, meaning, .. }| {
        list + &format!("<dt><code>{name}</code></dt><dd>{}</dd>", html(meaning))
    });
    let codes = if codes.is_empty() {
        codes
    } else {
        format!(
            "<h2>Codes</h2><p>What <code>code</code> in <code>errors</code> means:</p><dl>{codes}</dl>"
        )
    };
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{title}</h1><p>HTTP status {status}.</p><p>{advice}</p>{codes}</html>\n",
        title = kind.title,
        status = kind.status,
        advice = html(kind.advice),
    );
    Fixed::new("text/html; charset=utf-8", page)
}

/// What stands between backticks, as code. The texts are our own, and have nothing to escape.
fn html(text: &str) -> String {
    text.split('`').enumerate().fold(String::new(), |page, (index, part)| {
        page + if index == 0 {
            ""
        } else if index % 2 == 1 {
            "<code>"
        } else {
            "</code>"
        } + part
    })
}
