//! What the API document knows of addresses: it answers where no handler does.
use std::{collections::BTreeSet, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ResourceDef, ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};
use serde_json::Value;

use crate::error::{Error, Result};

/// Which methods each address of the document answers to, and the query parameters of each.
#[derive(Clone)]
pub struct Routes(Arc<Vec<(ResourceDef, Vec<Operation>)>>);

type Operation = (Method, Vec<String>);

impl Routes {
    /// Reads them off the document.
    pub fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let routes = paths.map(|(template, operations)| {
            let operations = operations.as_object().into_iter().flatten();
            let operations = operations.filter_map(|(method, operation)| {
                Some((method.to_uppercase().parse().ok()?, query_parameters(operation)))
            });
            (ResourceDef::new(template.as_str()), operations.collect())
        });
        Self(Arc::new(routes.collect()))
    }

    fn at(&self, path: &str) -> impl Iterator<Item = &Operation> {
        let here = self.0.iter().filter(move |(template, _)| template.is_match(path));
        here.flat_map(|(_, operations)| operations)
    }
}

fn query_parameters(operation: &Value) -> Vec<String> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let queries = parameters.filter(|parameter| parameter["in"] == "query");
    queries.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned)).collect()
}

/// Refuses a query parameter that the document does not know here, whether or not the handler
/// reads its query: what is ignored today would come to mean something tomorrow, and makes
/// caches keep one answer many times.
pub fn check_query(req: &HttpRequest) -> Result<()> {
    let query = req.query_string();
    let Some(routes) = req.app_data::<Routes>().filter(|_| !query.is_empty()) else {
        return Ok(());
    };
    let here = routes.at(req.path()).find(|(method, _)| method == req.method());
    let Some((_, known)) = here else { return Ok(()) };
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        if !known.iter().any(|known| *known == name) {
            let expected = match known.as_slice() {
                [] => "there are none here".to_owned(),
                known => format!("expected one of `{}`", known.join("`, `")),
            };
            let detail = format!("unknown parameter `{name}`, {expected}");
            return Err(Error::parameter(&name, "unknown_parameter", detail));
        }
    }
    Ok(())
}

/// Middleware of the delivery face: refuses unknown query parameters. In the newsroom the guard
/// does, so that it can find out who asks first.
pub async fn strict<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    if let Err(refusal) = check_query(req.request()) {
        return Ok(req.into_response(refusal.error_response()).map_into_right_body());
    }
    next.call(req).await.map(ServiceResponse::map_into_left_body)
}

/// The default service: 405 where the address exists for another method, 404 elsewhere.
pub async fn nobody_home(req: HttpRequest) -> Result<HttpResponse> {
    let here = req.app_data::<Routes>().into_iter().flat_map(|routes| routes.at(req.path()));
    Err(match methods_of_literal(&req).or_else(|| listed(here)) {
        Some(methods) => Error::MethodNotAllowed(methods),
        None => Error::NotFound,
    })
}

/// The methods of an address without parameters that another one with an `{id}` would take in.
pub fn methods_of_literal(req: &HttpRequest) -> Option<String> {
    let routes = req.app_data::<Routes>()?;
    let here = routes.0.iter().find(|(template, _)| template.pattern() == Some(req.path()));
    listed(here?.1.iter())
}

/// The methods as the `Allow` header lists them; `None` where there are none.
fn listed<'a>(operations: impl Iterator<Item = &'a Operation>) -> Option<String> {
    let names: BTreeSet<&str> = operations.map(|(method, _)| method.as_str()).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    (!names.is_empty()).then(|| names.join(", "))
}
