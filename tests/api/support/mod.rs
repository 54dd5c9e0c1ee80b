//! Starts a whole newsroom per test: its own database, its own clock, no network.
mod client;
mod cluster;
mod contract;
mod engines;
mod receiver;
mod rows;

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_http::Request;
use actix_web::{
    body::{MessageBody, to_bytes},
    dev::{Service, ServiceResponse},
    test::init_service,
};
use broadsheet::{
    app::{self, State},
    auth::roles::Role,
    config::{Config, Secret},
    time::{Clock, Instant},
    users,
};
use serde_json::{Value, json};

pub use client::{Answer, Client};
pub use cluster::Cluster;
pub use contract::is_canonical_instant;
pub use engines::{Database, Engine, execute, on_postgres};
pub use receiver::{Purge, Receiver};
pub use rows::{Row, Rows, has_versions};

/// Runs each of these test functions once on every engine.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[actix_web::test]
            async fn $name() {
                super::$name(crate::support::TestApp::start(crate::support::Engine::Sqlite).await).await;
            })+
        }
        mod postgres {
            $(#[actix_web::test]
            async fn $name() {
                if crate::support::Engine::postgres_is_here() {
                    super::$name(crate::support::TestApp::start(crate::support::Engine::Postgres).await).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_engines;

type Answering = Pin<Box<dyn Future<Output = Answer>>>;
type Call = Rc<dyn Fn(Request) -> Answering>;

/// The password of everyone in the tests.
pub const PASSWORD: &str = "correct horse battery staple";
/// What tokens are signed with.
pub const SECRET: &str = "a secret for tests, long enough to sign";
pub const ADMIN: &str = "admin@example.org";

pub struct TestApp {
    call: Call,
    clock: Arc<AtomicI64>,
    signed_in: RefCell<HashMap<String, Client>>,
    users: RefCell<HashSet<String>>,
    pub state: State,
    engine: Engine,
    // Last, so that it goes when nothing uses it any more.
    database: Rc<engines::Database>,
}

impl TestApp {
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| None).await
    }

    /// With settings beside those that every test has.
    pub async fn start_with(engine: Engine, settings: impl Fn(&str) -> Option<String>) -> Self {
        Self::start_empty(engine, settings).await.with_administrator().await
    }

    async fn with_administrator(self) -> Self {
        let (db, now) = (&self.state.db, self.now());
        users::first::make_administrator(db, ADMIN, &Secret::new(PASSWORD), now).await.unwrap();
        self
    }

    /// With a database that nobody has used yet.
    pub async fn start_empty(engine: Engine, settings: impl Fn(&str) -> Option<String>) -> Self {
        Self::serve(engine, Rc::new(engine.database()), noon(), settings).await
    }

    /// On PostgreSQL, in this very cluster.
    pub async fn start_in(cluster: &Cluster) -> Self {
        let database = Rc::new(Database::of(cluster));
        let app = Self::serve(Engine::Postgres, database, noon(), |_| None).await;
        app.with_administrator().await
    }

    /// Another server on the same database, with settings of its own.
    pub async fn another(&self, settings: impl Fn(&str) -> Option<String>) -> Self {
        Self::serve(self.engine, Rc::clone(&self.database), Arc::clone(&self.clock), settings).await
    }

    /// Another server on the same database, whose own clock is so many seconds ahead.
    pub async fn another_ahead(&self, seconds: i64) -> Self {
        let clock = Arc::new(AtomicI64::new(self.now().plus_seconds(seconds).micros()));
        Self::serve(self.engine, Rc::clone(&self.database), clock, |_| None).await
    }

    /// A server on a database with content from elsewhere, at this instant.
    pub async fn on(
        engine: Engine,
        database: Database,
        now: Instant,
        settings: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let clock = Arc::new(AtomicI64::new(now.micros()));
        Self::serve(engine, Rc::new(database), clock, settings).await
    }

    async fn serve(
        engine: Engine,
        database: Rc<engines::Database>,
        clock: Arc<AtomicI64>,
        settings: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let config = Config::read(|name| match name {
            "DATABASE_URL" => Some(database.url.clone()),
            "DATABASE_CONNECTIONS" => Some("2".to_owned()),
            "JWT_SECRET" => settings(name).or_else(|| Some(SECRET.to_owned())),
            // By the real clock, which no test waits for.
            limit if limit.starts_with("RATE_LIMIT_") => {
                settings(limit).or_else(|| Some("off".to_owned()))
            }
            other => settings(other),
        })
        .expect("the test's settings are valid");
        let state = State::open(config, Clock::settable(Arc::clone(&clock))).unwrap();
        let service = Rc::new(init_service(app::build(state.clone())).await);
        let call: Call = Rc::new(move |req| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match service.call(req).await {
                    Ok(answer) => read(answer).await,
                    Err(err) => panic!("an error escaped: {err}"),
                }
            })
        });
        let (signed_in, users) = Default::default();
        Self { call, clock, signed_in, users, state, engine, database }
    }

    /// What another server holds that shares this database.
    pub fn another_server(&self) -> State {
        State::open((*self.state.config).clone(), self.state.clock.clone()).unwrap()
    }

    /// What the test runs on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where the test's database is.
    pub fn url(&self) -> &str {
        &self.database.url
    }

    /// Every byte of the database, where it is a file.
    pub fn kept_bytes(&self) -> Vec<u8> {
        let path = self.database.url.trim_start_matches("sqlite:");
        let files =
            ["", "-wal"].map(|end| std::fs::read(format!("{path}{end}")).unwrap_or_default());
        files.concat()
    }

    /// The schema of the test's tables, on PostgreSQL.
    pub fn schema(&self) -> Option<&str> {
        self.database.schema.as_deref()
    }

    /// A caller without a token.
    pub fn anyone(&self) -> Client {
        Client::new(Rc::clone(&self.call), Arc::clone(&self.clock), None)
    }

    /// A caller with this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client::new(Rc::clone(&self.call), Arc::clone(&self.clock), Some(token.to_owned()))
    }

    /// Whoever has this email, signed in.
    pub async fn sign_in(&self, email: &str) -> Client {
        if let Some(known) = self.signed_in.borrow().get(email) {
            return known.clone();
        }
        let who = json!({"email": email, "password": PASSWORD});
        let tokens = self.anyone().post("/manage/v1/session", who).await.expect(200);
        let client = self.with_token(tokens["access_token"].as_str().unwrap());
        self.signed_in.borrow_mut().insert(email.to_owned(), client.clone());
        client
    }

    pub async fn admin(&self) -> Client {
        self.sign_in(ADMIN).await
    }

    /// A user with this role alone, in all sections; the same one at each call.
    pub async fn signed_in(&self, role: Role) -> Client {
        match role {
            Role::Admin => self.admin().await,
            role => {
                let email = format!("{role}@example.org");
                if self.users.borrow_mut().insert(email.clone()) {
                    self.add_user(&email, &[role], &[]).await;
                }
                self.sign_in(&email).await
            }
        }
    }

    /// Makes a user; answers what the API answers.
    pub async fn add_user(&self, email: &str, roles: &[Role], sections: &[&Value]) -> Value {
        let name = email.split('@').next().unwrap();
        let user = json!({
            "email": email, "name": name, "roles": roles, "sections": sections,
            "password": PASSWORD,
        });
        self.admin().await.post("/manage/v1/users", user).await.expect(201)
    }

    /// The test's present instant.
    pub fn now(&self) -> Instant {
        self.state.clock.now()
    }

    /// The instant so many seconds from now, as the API writes it.
    pub fn in_seconds(&self, seconds: i64) -> String {
        self.now().plus_seconds(seconds).to_string()
    }

    /// Moves the test's clock on. Whoever is to act after that has to sign in again.
    pub fn advance(&self, seconds: i64) {
        self.signed_in.borrow_mut().clear();
        self.clock.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Moves the test's clock by so many microseconds, forwards or back.
    pub fn advance_micros(&self, micros: i64) {
        self.clock.fetch_add(micros, Ordering::Relaxed);
    }

    /// How many statements the database ran for `work`.
    pub async fn statements<T>(&self, work: impl Future<Output = T>) -> (u64, T) {
        let before = self.state.db.statements();
        let done = work.await;
        (self.state.db.statements() - before, done)
    }
}

/// When tests begin.
fn noon() -> Arc<AtomicI64> {
    Arc::new(AtomicI64::new("2026-06-01T12:00:00Z".parse::<Instant>().unwrap().micros()))
}

async fn read(answer: ServiceResponse<impl MessageBody>) -> Answer {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let Ok(bytes) = to_bytes(answer.into_body()).await else { panic!("the body broke off") };
    Answer::new(status, headers, &bytes)
}
