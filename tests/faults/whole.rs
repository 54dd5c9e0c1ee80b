//! Whether a database agrees with itself: what a change consists of is all there, or none of it.
#![expect(clippy::disallowed_methods, reason = "looks behind the program's back")]
use broadsheet::{config::DatabaseUrl, db::Conn};
use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Text},
};

/// What there must be none of.
const BROKEN: [(&str, &str); 8] = [
    (
        "versions that the journal skips or repeats",
        "select count(*) as n from (
             select version - lag(version, 1, 0) over (partition by resource_id order by seq) as step
             from journal where resource_type in ('article', 'section', 'comment', 'media_credit')
         ) as steps where step <> 1",
    ),
    (
        "resources that are not as the journal says",
        "select count(*) as n from (
             select id, version from articles union all select id, version from sections
             union all select id, version from comments
             union all select id, version from media_credits
         ) as r where version <> coalesce(
             (select max(version) from journal where resource_id = r.id), 0)",
    ),
    (
        "entries about what is not there",
        "select count(*) as n from journal
         where resource_type = 'article' and resource_id not in (select id from articles)
            or resource_type = 'comment' and resource_id not in (select id from comments)
            or resource_type = 'section' and resource_id not in (select id from sections)",
    ),
    (
        "articles whose editions are not counted right",
        "select count(*) as n from articles as a where last_edition <>
             (select count(*) from editions where article_id = a.id)",
    ),
    (
        "editions that are missing in lists",
        // All are of one shape: in one section, with two tags, by nobody.
        "select count(*) as n from editions as e where
             (select count(*) from edition_keys where edition_id = e.id) <>
             (select max(n) from (select count(*) as n from edition_keys group by edition_id) as k)",
    ),
    (
        "articles with more than one public edition",
        "select count(*) as n from (
             select article_id from editions where valid_from < valid_until and valid_until =
                 (select max(valid_until) from editions)
             group by article_id having count(*) > 1
         ) as twice",
    ),
    (
        "threads that are not counted right",
        "select count(*) as n from comment_threads as t where
             approved <> (select count(*) from comments
                          where article_id = t.article_id and status = 'approved') or
             last_ordinal <> (select count(*) from comments where article_id = t.article_id)",
    ),
    (
        "articles that were made twice",
        "select count(*) as n from (
             select headline from articles group by headline having count(*) > 1) as twice",
    ),
];

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Verdict {
    #[diesel(sql_type = Text)]
    integrity_check: String,
}

pub fn check(url: &str) {
    let mut conn = connect(url);
    for (what, query) in BROKEN {
        assert_eq!(number(&mut conn, query), 0, "{what}");
    }
    if let Conn::Sqlite(conn) = &mut conn {
        let verdicts: Vec<Verdict> = sql_query("pragma integrity_check").load(conn).unwrap();
        assert_eq!(verdicts[0].integrity_check, "ok");
        let orphans = "select count(*) as n from pragma_foreign_key_check";
        assert_eq!(sql_query(orphans).get_result::<Number>(conn).unwrap().n, 0);
        // Places of what was undone are taken again.
        let gaps = "select max(seq) - count(*) as n from journal";
        assert_eq!(sql_query(gaps).get_result::<Number>(conn).unwrap().n, 0);
    }
}

pub fn connect(url: &str) -> Conn {
    match url.parse().unwrap() {
        DatabaseUrl::Postgres(url) => {
            Conn::Postgres(PgConnection::establish(url.reveal()).unwrap())
        }
        DatabaseUrl::Sqlite(path) => Conn::Sqlite(SqliteConnection::establish(&path).unwrap()),
    }
}

/// The `n` that this query asks for.
pub fn number(conn: &mut Conn, query: &str) -> i64 {
    let query = sql_query(query);
    let number: Number = match conn {
        Conn::Postgres(conn) => query.get_result(conn).unwrap(),
        Conn::Sqlite(conn) => query.get_result(conn).unwrap(),
    };
    number.n
}
