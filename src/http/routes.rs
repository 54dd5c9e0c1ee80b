//! What the API document knows of addresses: it answers where no handler does.
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::Method,
    middleware::Next,
};
use matchit::{InsertError, Router};
use serde::Deserialize;

use crate::error::{Error, Result};

/// Which methods each address of the document answers to, and the query parameters of each.
#[derive(Clone)]
pub struct Routes {
    router: Arc<Router<Route>>,
    /// The template and the method of each operation.
    operations: Arc<[(String, Method)]>,
}

struct Route {
    template: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: Method,
    /// The names of its query parameters.
    parameters: Vec<String>,
    served: Served,
}

/// Which operation of the document a request asks for: its place among [`Routes::operations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served(pub usize);

/// As much of the document as is needed here.
#[derive(Deserialize)]
struct Document {
    paths: BTreeMap<String, BTreeMap<String, Described>>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    r#in: String,
}

/// Why no routes can be read off a document.
#[derive(Debug, thiserror::Error)]
pub enum NoRoutes {
    /// It is not what this program writes.
    #[error("the API document: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// Two templates stand in each other's way.
    #[error("the API document: {0}")]
    Ambiguous(#[from] InsertError),
}

impl Routes {
    /// Reads them off the document.
    pub fn of(document: &str) -> Result<Self, NoRoutes> {
        let Document { paths } = serde_json::from_str(document)?;
        let (mut router, mut all) = (Router::new(), Vec::new());
        for (template, operations) in paths {
            let operations = operations.into_iter().filter_map(|(method, operation)| {
                let method: Method = method.to_uppercase().parse().ok()?;
                let parameters = operation.parameters.into_iter();
                let in_query = parameters.filter(|parameter| parameter.r#in == "query");
                let parameters = in_query.map(|parameter| parameter.name).collect();
                let served = Served(all.len());
                all.push((template.clone(), method.clone()));
                Some(Operation { method, parameters, served })
            });
            let operations = operations.collect();
            router.insert(template.clone(), Route { template, operations })?;
        }
        Ok(Self { router: Arc::new(router), operations: all.into() })
    }

    fn at(&self, path: &str) -> Option<&Route> {
        self.router.at(path).ok().map(|found| found.value)
    }

    /// Template and method of each operation, in one order for good.
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.operations.iter().map(|(template, method)| (template.as_str(), method.as_str()))
    }

    /// What the address of this operation looks like.
    pub fn template(&self, Served(at): Served) -> &str {
        self.operations.get(at).map_or("", |(template, _)| template)
    }

    /// Which operation this is.
    pub fn served(&self, method: &Method, path: &str) -> Option<Served> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        self.at(path)?.operation(method).map(|operation| operation.served)
    }
}

/// Refuses a query parameter that the document does not know here, whether or not the handler
/// reads its query: what is ignored today would come to mean something tomorrow, and makes
/// caches keep one answer many times.
pub fn check_query(req: &HttpRequest) -> Result<()> {
    let query = req.query_string();
    let Some(routes) = req.app_data::<Routes>().filter(|_| !query.is_empty()) else {
        return Ok(());
    };
    let here = routes.at(req.path()).and_then(|route| route.operation(req.method()));
    let Some(Operation { parameters: known, .. }) = here else { return Ok(()) };
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
    let route = req.app_data::<Routes>().and_then(|routes| routes.at(req.path()));
    Err(match route.and_then(Route::methods) {
        Some(methods) => Error::MethodNotAllowed(methods),
        None => Error::NotFound,
    })
}

/// The methods of an address without parameters that another one with an `{id}` would take in.
pub fn methods_of_literal(req: &HttpRequest) -> Option<String> {
    let route = req.app_data::<Routes>()?.at(req.path())?;
    route.methods().filter(|_| route.template == req.path())
}

impl Route {
    fn operation(&self, method: &Method) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.method == *method)
    }

    /// The methods as the `Allow` header lists them; `None` where there are none.
    fn methods(&self) -> Option<String> {
        let names: BTreeSet<&str> =
            self.operations.iter().map(|operation| operation.method.as_str()).collect();
        let mut names: Vec<&str> = names.into_iter().collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        (!names.is_empty()).then(|| names.join(", "))
    }
}
