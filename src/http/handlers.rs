//! `ServiceConfig`: where rooms hang their handlers, for a server or for the API document.
use actix_web::{dev::HttpServiceFactory, web};
use utoipa::openapi::{Components, OpenApi, RefOr, Schema, path::Paths};
use utoipa_actix_web::OpenApiFactory;

/// Takes handlers. A server's workers only serve them; what they say about themselves is
/// gathered where the document is made, which takes time and memory that no server spends.
pub enum ServiceConfig<'a> {
    /// Serves them.
    Serving(&'a mut web::ServiceConfig),
    /// Gathers what they say about themselves.
    Describing(&'a mut Described),
}

impl ServiceConfig<'_> {
    /// Hangs in one handler.
    pub fn service<F>(&mut self, handler: F) -> &mut Self
    where
        F: HttpServiceFactory + OpenApiFactory + 'static,
    {
        match self {
            Self::Serving(config) => drop(config.service(handler)),
            Self::Describing(described) => {
                described.paths.merge(handler.paths());
                handler.schemas(&mut described.schemas);
            }
        }
        self
    }

    /// Hangs in the handlers of a room.
    pub fn configure(&mut self, routes: impl FnOnce(&mut ServiceConfig<'_>)) -> &mut Self {
        routes(self);
        self
    }
}

/// The handlers of a face or of a room.
pub type Handlers = fn(&mut ServiceConfig<'_>);

/// What handlers say about themselves.
#[derive(Default)]
pub struct Described {
    paths: Paths,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Described {
    /// What these routes say about themselves, below the prefix, goes into the document.
    pub fn add(document: &mut OpenApi, prefix: &str, routes: Handlers) {
        let mut described = Self::default();
        routes(&mut ServiceConfig::Describing(&mut described));
        let Self { mut paths, schemas } = described;
        paths.paths =
            paths.paths.into_iter().map(|(path, item)| (format!("{prefix}{path}"), item)).collect();
        document.paths.merge(paths);
        document.components.get_or_insert_with(Components::new).schemas.extend(schemas);
    }
}

/// Serves the routes: for `configure` of actix's apps and scopes.
pub fn serving(routes: Handlers) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| routes(&mut ServiceConfig::Serving(config))
}
