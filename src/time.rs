//! Instants to the microsecond, and the clock that decides what is visible.
use std::{
    fmt,
    future::{Ready, ready},
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use chrono::{DateTime, SecondsFormat, SubsecRound, TimeDelta, Utc};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{SqlOrd, SqlType},
    sqlite::{Sqlite, SqliteValue},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The SQL type of instants: `INTEGER` microseconds since 1970 on SQLite, `TIMESTAMPTZ` on
/// PostgreSQL.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Long"))]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
pub struct Ts;
impl SqlOrd for Ts {}

/// An instant in UTC, to the microsecond: what both databases keep exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Ts)]
pub struct Instant(DateTime<Utc>);

/// Seconds by which the clocks of two servers may differ. Whatever is stored as later than that was
/// stored by a clock that was wrong, and binds nobody once it is right.
pub const SKEW: i64 = 60;

/// Microseconds from 1970 to 2000, where PostgreSQL starts counting.
const PG_EPOCH: i64 = 946_684_800_000_000;

impl Instant {
    /// The end of time, as intervals without an end keep it: 9999-12-31T23:59:59.999999Z.
    pub const NEVER: Self = match DateTime::from_timestamp_micros(253_402_300_799_999_999) {
        Some(end) => Self(end),
        None => panic!("a constant in range"),
    };

    /// From microseconds since 1970; `None` outside the years 0 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    /// Microseconds since 1970.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Seconds since 1970, rounded down, as JSON Web Tokens count.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// This instant moved on by so many seconds; the end of time where that would pass it.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = TimeDelta::try_seconds(seconds).and_then(|by| self.0.checked_add_signed(by));
        moved.map_or(Self::NEVER, Self).min(Self::NEVER)
    }

    /// The latest instant that any server can take for the present one, unless its clock is wrong.
    #[must_use]
    pub fn latest(self) -> Self {
        self.plus_seconds(SKEW)
    }

    /// The form HTTP headers take (RFC 9110, section 5.6.7), to the second.
    pub fn http_date(self) -> String {
        self.0.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// `None` for [`Self::NEVER`], which the API shows as an absent end.
    pub fn unless_never(self) -> Option<Self> {
        (self != Self::NEVER).then_some(self)
    }
}

/// Reads an instant as intervals keep their end: [`Instant::NEVER`], which nobody may send, is one.
pub fn or_never<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == Instant::NEVER.to_string() {
        return Ok(Instant::NEVER);
    }
    text.parse().map_err(de::Error::custom)
}

/// Reads RFC 3339 with an offset; finer fractions than a microsecond are cut off.
impl std::str::FromStr for Instant {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected an RFC 3339 instant with an offset, such as 2026-01-31T12:00:00Z";
        if text.as_bytes().get(10) != Some(&b'T') {
            return Err(EXPECTED);
        }
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| EXPECTED)?.to_utc();
        let instant = Self(parsed.trunc_subsecs(6));
        if instant < Self(DateTime::UNIX_EPOCH) || instant >= Self::NEVER {
            return Err("expected an instant from 1970 to 9999");
        }
        Ok(instant)
    }
}

/// RFC 3339 in UTC, always with six digits of a second.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl utoipa::PartialSchema for Instant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::KnownFormat(
                utoipa::openapi::KnownFormat::DateTime,
            )))
            .description(Some(
                "RFC 3339 with an offset, from 1970 to 9999; answered in UTC to the microsecond.",
            ))
            .examples(["2026-01-31T12:00:00.000000Z"])
            .into()
    }
}
impl utoipa::ToSchema for Instant {}

impl ToSql<Ts, Sqlite> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.micros());
        Ok(IsNull::No)
    }
}
impl FromSql<Ts, Sqlite> for Instant {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Self::from_micros(value.read_long()).ok_or_else(|| "an instant out of range".into())
    }
}
impl ToSql<Ts, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.micros() - PG_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}
impl FromSql<Ts, Pg> for Instant {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let since_2000 = i64::from_be_bytes(value.as_bytes().try_into()?);
        since_2000
            .checked_add(PG_EPOCH)
            .and_then(Self::from_micros)
            .ok_or_else(|| "an instant out of range".into())
    }
}

/// Tells the time: the system's, or one that a test sets.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands still at `micros` since 1970 until the holder of the handle moves it.
    pub fn settable(micros: Arc<AtomicI64>) -> Self {
        Self { set: Some(micros) }
    }

    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> Instant {
        let set = self.set.as_ref().and_then(|at| Instant::from_micros(at.load(Ordering::Relaxed)));
        set.unwrap_or_else(|| Instant(Utc::now().trunc_subsecs(6)))
    }
}

/// Handler argument: the one instant at which this request is decided.
#[derive(Debug, Clone, Copy)]
pub struct Now(pub Instant);

impl Now {
    /// The request's instant: read off the clock the first time anyone asks.
    pub fn of(req: &HttpRequest) -> Instant {
        if let Some(Self(now)) = req.extensions().get::<Self>() {
            return *now;
        }
        let now = req.app_data::<Clock>().cloned().unwrap_or_default().now();
        req.extensions_mut().insert(Self(now));
        now
    }
}

impl FromRequest for Now {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Self::of(req))))
    }
}
