//! The yardsticks: ready bytes, which nothing can beat, and the bare SQL, which nothing that asks
//! the database can beat.
use std::{cell::RefCell, num::NonZero, thread::available_parallelism};

use actix_web::{App, HttpResponse, HttpServer, dev::Server, web};
use broadsheet::{
    config::DatabaseUrl,
    db::{
        schema::{edition_keys, editions},
        types::Doc,
    },
    ids::{AnyId, ArticleId, SectionId},
    time::{Clock, Instant},
};
use diesel::{
    Connection, PgConnection, SqliteConnection,
    connection::SimpleConnection,
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    prelude::*,
    sqlite::{Sqlite, SqliteValue},
};
use uuid::Uuid;

/// A document as the database keeps it, not taken apart.
#[derive(Debug, FromSqlRow)]
struct Raw(String);

impl FromSql<Doc, Sqlite> for Raw {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(value.read_text().to_owned()))
    }
}
impl FromSql<Doc, Pg> for Raw {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(String::from_utf8(value.as_bytes().to_vec())?))
    }
}
enum Bare {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Compiles the body once for each database.
macro_rules! on {
    ($bare:expr, |$conn:ident| $body:expr) => {
        match $bare {
            Bare::Sqlite($conn) => $body,
            Bare::Postgres($conn) => $body,
        }
    };
}

impl Bare {
    fn open(url: &DatabaseUrl) -> Self {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                let settings = "pragma busy_timeout = 5000; pragma query_only = on;";
                conn.batch_execute(settings).unwrap();
                Self::Sqlite(conn)
            }
            DatabaseUrl::Postgres(url) => {
                Self::Postgres(PgConnection::establish(url.reveal()).unwrap())
            }
        }
    }

    /// The document of the edition that is public now.
    fn document(&mut self, id: ArticleId, now: Instant) -> String {
        let document: Raw = on!(self, |conn| {
            editions::table
                .filter(editions::article_id.eq(id))
                .filter(editions::valid_until.gt(now))
                .filter(editions::valid_from.le(now))
                .order(editions::number.desc())
                .select(editions::document)
                .first(conn)
                .unwrap()
        });
        document.0
    }

    /// What a list of 20 shows of its articles.
    fn list(&mut self, section: SectionId, now: Instant) -> String {
        type Row = (String, String, AnyId, Raw);
        let rows: Vec<Row> = on!(self, |conn| {
            edition_keys::table
                .inner_join(editions::table.on(editions::id.eq(edition_keys::edition_id)))
                .filter(edition_keys::facet.eq(format!("section:{section}")))
                .filter(edition_keys::retired.eq(false))
                .filter(edition_keys::valid_from.le(now))
                .filter(edition_keys::valid_until.gt(now))
                .order((edition_keys::published_at.desc(), edition_keys::article_id.desc()))
                .limit(20)
                .select((editions::slug, editions::headline, editions::id, editions::summary))
                .load(conn)
                .unwrap()
        });
        let each =
            rows.into_iter().map(|(slug, headline, _, summary)| slug + &headline + &summary.0);
        each.collect()
    }
}

thread_local! {
    static CONNECTION: RefCell<Option<Bare>> = const { RefCell::new(None) };
}

/// Runs `work` on a blocking thread, with the connection that the thread keeps.
async fn query(
    url: &DatabaseUrl,
    work: impl FnOnce(&mut Bare, Instant) -> String + Send + 'static,
) -> HttpResponse {
    let url = url.clone();
    let text = web::block(move || {
        CONNECTION.with_borrow_mut(|kept| {
            work(kept.get_or_insert_with(|| Bare::open(&url)), Clock::system().now())
        })
    });
    HttpResponse::Ok().content_type("application/json").body(text.await.unwrap())
}

/// Binds the yardsticks to their address, without any middleware.
pub fn bind(address: &str, url: &DatabaseUrl) -> Server {
    let url = url.clone();
    let server = HttpServer::new(move || {
        let (documents, lists) = (url.clone(), url.clone());
        // Ready before anyone asks.
        let bytes = web::Bytes::from(vec![b'x'; 1024 * 1024]);
        App::new()
            .route(
                "/bytes/{length}",
                web::get().to(move |length: web::Path<usize>| {
                    let ready = bytes.slice(..length.into_inner());
                    async move {
                        HttpResponse::Ok().content_type("application/json").body(ready)
                    }
                }),
            )
            .route(
                "/sql/document/{id}",
                web::get().to(move |id: web::Path<Uuid>| {
                    let url = documents.clone();
                    async move {
                        query(&url, move |bare, now| bare.document(ArticleId(*id), now)).await
                    }
                }),
            )
            .route(
                "/sql/list/{id}",
                web::get().to(move |id: web::Path<Uuid>| {
                    let url = lists.clone();
                    async move {
                        query(&url, move |bare, now| bare.list(SectionId(*id), now)).await
                    }
                }),
            )
    });
    // Each worker has blocking threads of its own: together as many as there are cores.
    let cores = available_parallelism().map_or(2, NonZero::get);
    server.workers(cores).worker_max_blocking_threads(1).bind(address).unwrap().run()
}
