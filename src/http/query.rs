//! `Query`: parameters after the question mark; an unknown one is refused, never ignored.
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};

use super::{body::member_named_in, plain::plain};
use crate::error::{Error, Result, decoded};

/// Handler argument: the query, read into a struct that denies unknown fields.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req.query_string()).map(Self))
    }
}

/// A parameter that stands beside the others, and is none of theirs.
pub trait OfItsOwn: DeserializeOwned {
    /// Its name.
    const NAME: &'static str;
}

/// Handler argument: the query, of which one parameter is read by itself and the others into a
/// struct that does not know it. Both deny unknown fields.
#[derive(Debug)]
pub struct QueryBeside<P, T>(pub P, pub T);

impl<P: OfItsOwn, T: DeserializeOwned> FromRequest for QueryBeside<P, T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_own = |pair: &&str| {
            url::form_urlencoded::parse(pair.as_bytes()).any(|(name, _)| name == P::NAME)
        };
        let (own, others): (Vec<&str>, Vec<&str>) = req.query_string().split('&').partition(is_own);
        let others = || read(&others.join("&"));
        ready(read(&own.join("&")).and_then(|own| Ok(Self(own, others()?))))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T> {
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    let broken = |text: &str| text.contains(['\0', char::REPLACEMENT_CHARACTER]);
    if let Some((name, _)) = pairs.clone().find(|(name, value)| broken(name) || broken(value)) {
        return Err(Error::parameter(&name, "format", "has broken UTF-8 or a NUL character"));
    }
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|err| {
        let said = err.inner().to_string();
        let (rule, cause) = decoded(&said);
        if let Some((name, code)) = member_named_in(cause) {
            let code = if code == "unknown_member" { "unknown_parameter" } else { code };
            return Error::parameter(&name, code, plain(cause, "parameter"));
        }
        let rule = rule.unwrap_or("format").to_owned();
        Error::parameter(&err.path().to_string(), rule, plain(cause, "parameter"))
    })
}

/// How many items are answered at once: from `MIN` to `MAX`, `DEFAULT` unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounded<const MIN: u8, const MAX: u8, const DEFAULT: u8>(u8);

/// How many items a list answers at once: 1 to 100, 20 unless told.
pub type Limit = Bounded<1, 100, 20>;

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Bounded<MIN, MAX, DEFAULT> {
    /// As statements take it.
    pub fn rows(self) -> i64 {
        i64::from(self.0)
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> Default for Bounded<MIN, MAX, DEFAULT> {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl<'de, const MIN: u8, const MAX: u8, const DEFAULT: u8> Deserialize<'de>
    for Bounded<MIN, MAX, DEFAULT>
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(limit) if digits && (MIN..=MAX).contains(&limit) => Ok(Self(limit)),
            _ => {
                let expected = format!("expected a whole number from {MIN} to {MAX}");
                Err(de::Error::custom(expected))
            }
        }
    }
}

impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> utoipa::PartialSchema
    for Bounded<MIN, MAX, DEFAULT>
{
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(MIN))
            .maximum(Some(MAX))
            .default(Some(DEFAULT.into()))
            .into()
    }
}
impl<const MIN: u8, const MAX: u8, const DEFAULT: u8> utoipa::ToSchema
    for Bounded<MIN, MAX, DEFAULT>
{
}

/// Values separated by commas, such as `id,headline`: a shape for queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commas<T>(pub Vec<T>);

impl<'de, T: std::str::FromStr<Err: std::fmt::Display>> Deserialize<'de> for Commas<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let values = text.split(',').map(|value| value.parse().map_err(de::Error::custom));
        values.collect::<Result<_, _>>().map(Self)
    }
}
