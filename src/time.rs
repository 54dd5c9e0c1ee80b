//! Instants to the millisecond, and the clock that decides what is visible.
use std::{
    borrow::Cow,
    fmt,
    future::{Ready, ready},
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
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

/// An instant in UTC, a whole millisecond: what the decoders of every platform read exactly. So one
/// that was printed is the very one that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Ts)]
pub struct Instant(DateTime<Utc>);

/// Seconds by which the clocks of two servers may differ. Whatever is stored as later than that was
/// stored by a clock that was wrong, and binds nobody once it is right.
pub const SKEW: i64 = 60;

/// Microseconds from 1970 to 2000, where PostgreSQL starts counting.
const PG_EPOCH: i64 = 946_684_800_000_000;

impl Instant {
    /// The end of time, as intervals without an end keep it: 9999-12-31T23:59:59.999Z.
    pub const NEVER: Self = match DateTime::from_timestamp_millis(253_402_300_799_999) {
        Some(end) => Self(end),
        None => panic!("a constant in range"),
    };

    /// The first instant that is taken: 0001-01-01T00:00:00.000Z. Several platforms know no year 0.
    const FIRST: Self = match DateTime::from_timestamp_millis(-62_135_596_800_000) {
        Some(first) => Self(first),
        None => panic!("a constant in range"),
    };

    /// From milliseconds since 1970; `None` outside the years 1 to 9999.
    fn from_millis(millis: i64) -> Option<Self> {
        let instant = Self(DateTime::from_timestamp_millis(millis)?);
        (Self::FIRST..=Self::NEVER).contains(&instant).then_some(instant)
    }

    /// From microseconds since 1970, cut off to whole milliseconds; `None` outside the years 1 to
    /// 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        Self::from_millis(micros.div_euclid(1_000))
    }

    /// Microseconds since 1970, as SQLite keeps instants; always whole milliseconds.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Seconds since 1970, rounded down, as JSON Web Tokens count.
    pub fn seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// This instant moved on by so many seconds; the end of time, or its beginning, where that
    /// would pass it.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = TimeDelta::try_seconds(seconds).and_then(|by| self.0.checked_add_signed(by));
        let beyond = if seconds < 0 { Self::FIRST } else { Self::NEVER };
        moved.map_or(beyond, Self).clamp(Self::FIRST, Self::NEVER)
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
    read(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

/// Reads RFC 3339 with an offset, the end of time included. What is finer than a millisecond is
/// cut off. A leap second is the first of the minute that follows, as clocks count that know none:
/// settled here, before anything is compared.
fn read(text: &str) -> Result<Instant, &'static str> {
    const EXPECTED: &str =
        "expected an RFC 3339 instant with an offset, such as 2026-01-31T12:00:00Z";
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return Err(EXPECTED);
    }
    let parsed = DateTime::parse_from_rfc3339(&with_sign(text)).map_err(|_| EXPECTED)?;
    let instant = Instant::from_millis(parsed.timestamp_millis());
    instant.ok_or("expected an instant from the year 1 to 9999")
}

/// In a query, `+` stands for a space, so an offset whose sign was sent as it is comes without:
/// a space can stand for nothing else there.
fn with_sign(text: &str) -> Cow<'_, str> {
    match text.len().checked_sub("+00:00".len()) {
        Some(at) if text.as_bytes()[at] == b' ' => {
            Cow::Owned(format!("{}+{}", &text[..at], &text[at + 1..]))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Reads what [`Instant`] says it is; the end of time is for no one to send.
impl std::str::FromStr for Instant {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text)?.unless_never().ok_or("expected an instant before the end of the year 9999")
    }
}

/// RFC 3339 in UTC, always with three digits of a second: several platforms misread six.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
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
                "RFC 3339 with an offset, from the year 1 to 9999. Kept and answered in UTC with three \
                 digits of a second: what is finer is cut off, and a leap second (`:60`) is the \
                 first second of the next minute.",
            ))
            .examples(["2026-01-31T12:00:00.000Z"])
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
        let millis = || Instant::from_millis(Utc::now().timestamp_millis());
        // A clock beyond the year 9999 says nothing that could be kept.
        set.or_else(millis).unwrap_or(Instant::NEVER)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        text.parse::<Instant>().map_or_else(ToOwned::to_owned, |instant| instant.to_string())
    }

    #[test]
    fn an_instant_has_one_form() {
        for (sent, kept) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"),
            ("2026-01-31t12:00:00z", "2026-01-31T12:00:00.000Z"),
            ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500Z"),
            ("2026-01-31T12:00:00.123999Z", "2026-01-31T12:00:00.123Z"),
            ("2026-01-31T12:00:00.1239999999999Z", "2026-01-31T12:00:00.123Z"),
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00.000Z"),
            ("2026-01-31T12:00:00 01:00", "2026-01-31T11:00:00.000Z"),
            ("2026-01-31T12:00:00.000 05:30", "2026-01-31T06:30:00.000Z"),
            ("2026-01-31T12:00:00-01:00", "2026-01-31T13:00:00.000Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
            ("2017-01-01T00:59:60.999999+01:00", "2017-01-01T00:00:00.999Z"),
            ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
            ("1886-05-01T09:00:00Z", "1886-05-01T09:00:00.000Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
            ("9999-12-31T23:59:59.998Z", "9999-12-31T23:59:59.998Z"),
        ] {
            assert_eq!(said(sent), kept, "{sent}");
            assert_eq!(said(kept), kept);
        }
    }

    #[test]
    fn what_is_no_instant_or_out_of_range_is_refused() {
        for wrong in [
            "",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
            "2026-01-31T12:00:00  01:00",
            "2026-01-31T12:00:00 01:00 ",
            "2026-02-30T12:00:00Z",
            "2026-01-31T12:00:61Z",
            "0001-01-01T00:00:00+00:01",
            "0000-06-01T12:00:00Z",
            "9999-12-31T23:59:59.999Z",
            "9999-12-31T23:59:60Z",
            "9999-12-31T23:59:59-01:00",
            "\u{fe0f}2026-01 01:00",
            "2026-01-31T12:00:00Ł01:00",
        ] {
            let refusal = said(wrong);
            assert!(refusal.starts_with("expected an "), "{wrong} became {refusal}");
        }
    }

    #[test]
    fn a_leap_second_is_settled_before_it_is_compared() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        assert!(at("2016-12-31T23:59:60.500Z") > at("2017-01-01T00:00:00.200Z"));
        assert_eq!(at("2016-12-31T23:59:60.500Z").micros(), 1_483_228_800_500_000);
    }

    #[test]
    fn only_whole_milliseconds_are_kept() {
        for (micros, kept) in [(1_500, 1_000), (999, 0), (-1, -1_000), (-1_000, -1_000)] {
            assert_eq!(Instant::from_micros(micros).unwrap().micros(), kept);
        }
        assert_eq!(Instant::from_micros(i64::MIN), None);
        assert_eq!(Clock::system().now().micros() % 1_000, 0);
        assert_eq!(Clock::settable(Arc::new(AtomicI64::new(1_999))).now().micros(), 1_000);
    }

    #[test]
    fn time_ends_where_older_databases_had_it_end() {
        let old = &mut serde_json::Deserializer::from_str("\"9999-12-31T23:59:59.999999Z\"");
        assert_eq!(or_never(old).unwrap(), Instant::NEVER);
        assert_eq!(Instant::from_micros(253_402_300_799_999_999), Some(Instant::NEVER));
        assert_eq!(Instant::NEVER.plus_seconds(1), Instant::NEVER);
        assert_eq!(Instant::NEVER.plus_seconds(i64::MIN), Instant::FIRST);
    }
}
