//! What answers where no handler does, and the pages that explain each kind of problem.
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, dev::ResourceDef, get, http::Method};
use utoipa_actix_web::service_config::ServiceConfig;

use super::path;
use crate::error::{Error, PROBLEM_KINDS, Result};

/// Which methods each address of the document answers to.
#[derive(Clone)]
pub struct Routes(Arc<Vec<(ResourceDef, Vec<Method>)>>);

impl Routes {
    /// Reads them off the document.
    pub fn of(document: &serde_json::Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let routes = paths.map(|(template, operations)| {
            let methods = operations.as_object().into_iter().flatten();
            let methods = methods.filter_map(|(method, _)| method.to_uppercase().parse().ok());
            (ResourceDef::new(template.as_str()), methods.collect())
        });
        Self(Arc::new(routes.collect()))
    }

    fn methods_at(&self, path: &str) -> Vec<&Method> {
        let here = self.0.iter().filter(|(template, _)| template.is_match(path));
        here.flat_map(|(_, methods)| methods).collect()
    }
}

/// The default service: 405 where the address exists for another method, 404 elsewhere.
pub async fn nobody_home(req: HttpRequest) -> Result<HttpResponse> {
    let methods = req.app_data::<Routes>().map(|routes| routes.methods_at(req.path()));
    let methods = methods.unwrap_or_default();
    if methods.is_empty() {
        return Err(Error::NotFound);
    }
    let mut names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    Err(Error::MethodNotAllowed(names.join(", ")))
}

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
