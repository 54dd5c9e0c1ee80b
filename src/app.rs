//! The whole API on one page: two faces, one line a room.
use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use actix_cors::Cors;
use actix_web::{
    App, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    get, guard,
    http::{Method, header},
    middleware::{Condition, DefaultHeaders, from_fn},
    web,
};
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_swagger_ui::Config as SwaggerConfig;

use crate::{
    ads, articles,
    auth::{self, roles::TABLE, tokens::Keys},
    comments,
    config::{Config, Origins},
    db::Db,
    error::{Error, Result},
    http::{
        body,
        cache::{self, Answers},
        chunked, connections, document,
        fixed::Fixed,
        gate::{self, Hsts},
        handlers::{Described, Handlers, ServiceConfig, serving},
        idempotency::Running,
        limits::{self, Limits},
        meter::Meter,
        problems,
        routes::{self, Routes},
        unreadable::Refusals,
    },
    journal, media,
    operations::{
        self,
        metrics::{DatabaseGauges, StartedAt},
    },
    pages, sections,
    time::Clock,
    traces::Traces,
    users,
};

/// The delivery face: what readers get.
fn delivery(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(pages::deliver::routes)
        .configure(sections::deliver::routes)
        .configure(media::deliver::routes)
        .configure(ads::deliver::routes)
        .configure(comments::deliver::routes);
}

/// The management face: what the newsroom works with.
fn management(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(auth::session::routes)
        .configure(auth::me::routes)
        .configure(auth::second_factor::manage::routes)
        .configure(sections::manage::routes)
        .configure(articles::manage::routes)
        .configure(articles::actions::routes)
        .configure(articles::editions::manage::routes)
        .configure(articles::related::manage::routes)
        .configure(pages::manage::routes)
        .configure(media::manage::routes)
        .configure(ads::manage::routes)
        .configure(comments::manage::routes)
        .configure(users::manage::routes)
        .configure(users::access::routes)
        .configure(journal::manage::routes);
}

/// What every worker of the server shares.
#[derive(Clone)]
pub struct State {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// Signs tokens.
    pub keys: Keys,
    /// Tells the time.
    pub clock: Clock,
    /// Ready-made answers for readers; `None` where `CACHE` is off.
    pub answers: Option<Answers>,
    hsts: Option<Hsts>,
    limits: Limits,
    running: Running,
    /// Sends traces; `None` where no collector is named.
    pub traces: Option<Traces>,
    /// Counts requests.
    pub meter: Meter,
    started: StartedAt,
}

impl State {
    /// Opens the database, brings it up to date, and gathers the rest.
    pub fn open(config: Config, clock: Clock) -> Result<Self> {
        let (db, keys) = (Db::open(&config)?, Keys::of(&config)?);
        let answers = Answers::open(&config, &db, &clock);
        let hsts = config.hsts_max_age.map(Hsts::new).transpose()?;
        let (limits, running) = (Limits::new(&config), Running::default());
        let (meter, started) = (Meter::open(&ROUTES)?, StartedAt(clock.now()));
        let traces = Traces::open(&config)?;
        let config = Arc::new(config);
        Ok(Self { config, db, keys, clock, answers, hsts, limits, running, traces, meter, started })
    }

    /// Refuses what cannot be read, one for each worker.
    pub fn refusals(&self) -> Refusals {
        Refusals::new(self.hsts.clone(), self.meter.clone())
    }
}

/// The description of the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Broadsheet",
        description = "A headless news CMS. `/v1` is the delivery face: public, cacheable, made of \
            published editions only. `/manage/v1` is the management face: for the newsroom, with \
            a bearer token from `POST /manage/v1/session`. Refusals are problem details \
            (RFC 9457); changes need `If-Match`; wherever GET answers, HEAD does; instants are \
            RFC 3339, answered in UTC with three digits of a second. Texts are kept in Unicode's \
            normal form C, without byte order marks around them and NUL characters behind them; \
            lengths count the characters (Unicode scalar values) of what is kept, so a text may be \
            sent in a longer form.\n\nWithin one version of the API answers may gain members, values of \
            enums, members of unions and kinds of problem. So a client ignores a member that it does \
            not know; takes a value of an enum that it does not know for none of those it does; and \
            leaves out what has a `type` or `kind` that it does not know, a block of a body for \
            example, and shows the rest. What is sent must not have unknown members: they are \
            refused.\n\nFor those who generate models: every object, enum and union is a named \
            component; every union has a discriminator; null stands for what is known to be nothing, \
            and members that are not required may be missing.",
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/", description = "The server that this document came from.")),
    tags(
        (name = "delivery", description = "What readers get: pages, articles, sections, media, ads, comments."),
        (name = "session", description = "Signing in and out, and one's own account."),
        (name = "sections", description = "The tree that every article hangs in."),
        (name = "articles", description = "Working copies, their workflow, and the editions made of them."),
        (name = "related links", description = "What an article points its readers to."),
        (name = "media", description = "Pictures, films and recordings, and whom to credit for them."),
        (name = "ads", description = "The places where advertisements stand."),
        (name = "comments", description = "What readers say, what they report, and what moderators decide."),
        (name = "users", description = "Who works in the newsroom, in which roles."),
        (name = "journal", description = "Who changed what, and when."),
        (name = "operations", description = "For whoever runs the server."),
    ),
    // The last three are named by parameters alone, from which none are gathered.
    components(schemas(
        crate::error::Problem,
        pages::compose::BodyForm,
        articles::editions::feed::Sort,
        comments::model::CommentSort,
    )),
    modifiers(&Bearer, &Frontend)
)]
struct Overview;

struct Bearer;
impl Modify for Bearer {
    fn modify(&self, doc: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.bearer_format = Some("JWT".to_owned());
        let granted = TABLE.iter().map(|(permission, roles)| {
            let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            format!("`{permission}`: {}", roles.join(", "))
        });
        scheme.description = Some(format!(
            "The access token of a sign-in, made and checked as RFC8725 asks: one algorithm, \
             pinned; issuer, audience, use and times. Operations name the permission that they need; these \
             are the roles that have each. {}.",
            granted.collect::<Vec<_>>().join("; ")
        ));
        doc.components
            .get_or_insert_default()
            .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

struct Frontend;
impl Modify for Frontend {
    fn modify(&self, doc: &mut utoipa::openapi::OpenApi) {
        let key = ApiKeyValue::with_description(
            "Frontend-Token",
            "Optional everywhere, and never given to readers: the setting `FRONTEND_TOKEN`, by \
             which a site that renders on its own server is known. It names the reader for whom \
             it asks in `Reader-Address`, an IPv4 or IPv6 address; limits then count that reader. \
             Without an address it can only read, and is not limited. A wrong token or address \
             is refused with 400; without a token nobody's `Reader-Address` is looked at.",
        );
        doc.components
            .get_or_insert_default()
            .add_security_scheme("frontend", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// The faces of the API and what stands beside them.
const PARTS: [(&str, Handlers); 3] = [("/v1", delivery), ("/manage/v1", management), ("", beside)];

/// What stands beside the faces.
fn beside(cfg: &mut ServiceConfig<'_>) {
    cfg.configure(problems::routes).configure(operations::routes).service(openapi_document);
}

/// The OpenAPI document, made from the code: what the committed one has to be.
#[expect(clippy::expect_used, reason = "made of constants; a test makes it before any user does")]
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut collected = Overview::openapi();
    for (prefix, routes) in PARTS {
        Described::add(&mut collected, prefix, routes);
    }
    document::complete(&collected).expect("the document is JSON")
});

/// The OpenAPI document as it is committed and served. Made beforehand, so that no server spends
/// time and memory on it; a test holds it to the code.
const COMMITTED: &str = include_str!("../openapi/openapi.json");

/// What the document knows of addresses: the same for every worker.
#[expect(clippy::expect_used, reason = "made of constants; a test makes it before any user does")]
static ROUTES: LazyLock<Routes> =
    LazyLock::new(|| Routes::of(COMMITTED).expect("the document has routes"));

/// The app, for the server and for the tests alike.
pub fn build(
    state: State,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    let config = state.config;
    let app = App::new();
    let app = match state.answers {
        Some(answers) => app.app_data(answers),
        None => app,
    };
    let app = match state.hsts {
        Some(hsts) => app.app_data(hsts),
        None => app,
    };
    let app = match state.traces {
        Some(traces) => app.app_data(traces),
        None => app,
    };
    let replica = state.db.preferring_replica();
    let app = app
        .app_data(state.db)
        .app_data(state.keys)
        .app_data(state.clock)
        .app_data(Arc::clone(&config))
        .app_data(state.limits)
        .app_data(state.running)
        .app_data(state.meter)
        .app_data(state.started)
        .app_data(DatabaseGauges(comments::gauges::GAUGES))
        .app_data(ROUTES.clone())
        .app_data(body::limit());
    let open = config.cors_origins == Origins::Any;
    app.service(
        web::scope("/v1")
            .app_data(replica)
            .wrap(from_fn(routes::strict))
            // What is the same for any origin is kept with the answer.
            .wrap(Condition::new(open, delivery_cors(&config)))
            .wrap(open_to_any(&config))
            .wrap(from_fn(cache::deliver))
            .wrap(from_fn(limits::hold))
            .wrap(Condition::new(!open, delivery_cors(&config)))
            .configure(serving(delivery)),
    )
    .service(
        web::scope("/manage/v1")
            .wrap(from_fn(auth::guard::identify))
            .wrap(from_fn(limits::hold))
            .wrap(management_cors(&config))
            .configure(serving(management)),
    )
    .configure(serving(beside))
    .service(web::redirect("/docs", "/docs/"))
    .service(
        web::scope("/docs")
            .wrap(DefaultHeaders::new().add((header::CONTENT_SECURITY_POLICY, DOCS)))
            .service(web::resource("/{file:.*}").guard(guard::Get()).to(docs)),
    )
    .default_service(web::to(routes::nobody_home))
    .wrap(from_fn(chunked::hold))
    .wrap(from_fn(connections::hold))
    .wrap(from_fn(gate::pass))
}

/// Read the API document
///
/// This very document: OpenAPI 3.1.
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "The document.", body = Object),
    (status = 304, description = "Nothing changed since the ETag in If-None-Match.")))]
#[get("/openapi.json")]
async fn openapi_document(req: HttpRequest) -> Result<HttpResponse> {
    static DOCUMENT: LazyLock<Fixed> = LazyLock::new(|| Fixed::new("application/json", COMMITTED));
    DOCUMENT.answer(&req).await
}

/// The files of Swagger UI, which shows the document in a browser.
async fn docs(req: HttpRequest, file: web::Path<String>) -> Result<HttpResponse> {
    static FILES: LazyLock<Mutex<HashMap<String, Fixed>>> = LazyLock::new(Mutex::default);
    let file = file.into_inner();
    let known = FILES.lock().unwrap_or_else(PoisonError::into_inner).get(&file).cloned();
    let served = if let Some(served) = known {
        served
    } else {
        let config = Arc::new(SwaggerConfig::from("/openapi.json"));
        let found = utoipa_swagger_ui::serve(&file, config);
        let found = found.map_err(|err| Error::internal(err.to_string()))?;
        let found = found.ok_or(Error::NotFound)?;
        let served = Fixed::new(found.content_type, found.bytes.into_owned());
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        files.entry(file).or_insert(served).clone()
    };
    served.answer(&req).await
}

/// What the pages under `/docs/` may load: what comes from here. Swagger UI sets styles in its
/// elements and draws with images inside its style sheets.
const DOCS: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                    frame-ancestors 'none'";

/// What scripts of other origins may read of an answer.
const EXPOSED: [&str; 9] = [
    "etag",
    "last-modified",
    "link",
    "location",
    "x-request-id",
    "idempotency-replayed",
    "retry-after",
    "ratelimit",
    "ratelimit-policy",
];

/// Where any origin may read, every answer says so, whoever asks: shared caches then keep one
/// copy for all, and none that a browser could not read.
fn open_to_any(config: &Config) -> DefaultHeaders {
    match config.cors_origins {
        Origins::Any => DefaultHeaders::new()
            .add((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .add((header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED.join(", "))),
        Origins::Listed(_) => DefaultHeaders::new(),
    }
}

fn delivery_cors(config: &Config) -> Cors {
    let cors = Cors::default()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_any_header()
        .max_age(3600);
    match &config.cors_origins {
        Origins::Any => cors.allow_any_origin().send_wildcard().disable_vary_header(),
        Origins::Listed(origins) => {
            let cors = cors.expose_headers(EXPOSED);
            origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
        }
    }
}

fn management_cors(config: &Config) -> Cors {
    let cors =
        Cors::default().allow_any_method().allow_any_header().expose_headers(EXPOSED).max_age(3600);
    let origins = config.manage_cors_origins.iter();
    origins.fold(cors, |cors, origin| cors.allowed_origin(origin))
}
