//! Languages, named as BCP 47 (RFC 5646) does, in its canonical form.
use std::{fmt, str::FromStr};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use language_tags::LanguageTag;
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::error::coded;

/// The longest name of a language, in characters: what RFC 5646 (4.4.1) asks everyone to have room
/// for.
const LANGUAGE_MAX: usize = 35;

/// What a language may look like before it is brought to its canonical form: the case means
/// nothing. Matches what [`Language`] takes, but for old names such as `i-klingon`, which are taken
/// for what they are called now.
const PATTERN: &str = "^[A-Za-z]{2,3}(-[A-Za-z]{3})?(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?\
    (-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$";

/// The language of a text: language, script, region and variants, such as `pl`, `en-GB`, `sr-Latn`
/// or `ca-valencia`, in the canonical form of RFC 5646 (4.5). Extensions and private use say how to
/// treat a text and not what language it is in, and are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// What the program itself speaks, where nobody has chosen.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// As it is kept and answered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language itself and what it is a special case of, the most general first: `sr`,
    /// `sr-Latn`, `sr-Latn-RS`. These are the ranges that find it (RFC 4647, 3.3.1).
    pub fn ranges(&self) -> impl Iterator<Item = &str> {
        let inner = self.0.match_indices('-').map(|(at, _)| &self.0[..at]);
        inner.chain([self.as_str()])
    }
}

impl FromStr for Language {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        canonical(text).map(Self).ok_or(
            "must be a BCP 47 language such as pl, en-GB, sr-Latn or ca-valencia, without \
             extensions, of at most 35 characters",
        )
    }
}

fn canonical(text: &str) -> Option<String> {
    if text.len() > LANGUAGE_MAX {
        return None;
    }
    // Whoever was replaced by another may have been replaced by one that is spelled shorter.
    let tag = LanguageTag::parse(text).ok()?.canonicalize().ok()?;
    let tag = tag.canonicalize().ok()?;
    let plain = tag.is_language_range() && (2..=3).contains(&tag.primary_language().len());
    (plain && tag.as_str().len() <= LANGUAGE_MAX).then(|| tag.into_string())
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|why| de::Error::custom(coded("pattern", why)))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl utoipa::PartialSchema for Language {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(LANGUAGE_MAX))
            .pattern(Some(PATTERN))
            .description(Some(
                "A language (BCP 47): language, script, region and variants. Any case is taken; \
                 kept and answered in the canonical form of RFC 5646.",
            ))
            .examples(["en-GB", "ca-valencia"])
            .into()
    }
}
impl utoipa::ToSchema for Language {}

impl<DB: Backend> ToSql<Text, DB> for Language
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for Language
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    fn kept(text: &str) -> Option<String> {
        text.parse::<Language>().ok().map(|language| language.0)
    }

    #[test]
    fn a_language_has_one_form() {
        for (sent, expected) in [
            ("EN", "en"),
            ("en-us", "en-US"),
            ("EN-gb", "en-GB"),
            ("sr-latn-rs", "sr-Latn-RS"),
            ("ZH-HANT-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("CA-Valencia", "ca-valencia"),
            ("de-1996", "de-1996"),
            ("sl-IT-Nedis-Nedis", "sl-IT-nedis"),
            ("haw", "haw"),
            // Replaced, as the registry says.
            ("iw", "he"),
            ("in", "id"),
            ("zh-yue", "yue"),
            ("i-klingon", "tlh"),
            ("zh-min-nan", "nan"),
            ("en-Latn-US", "en-US"),
        ] {
            assert_eq!(kept(sent).as_deref(), Some(expected), "{sent}");
            assert_eq!(kept(expected).as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_no_language_is_refused() {
        let pattern = Regex::new(PATTERN).unwrap();
        for wrong in [
            "",
            "e",
            "english",
            "Polish",
            "klingon!",
            "en_US",
            "en-",
            "-en",
            "en--GB",
            "en-GB-",
            "pł",
            "en-ł",
            "en-U",
            "x-own",
            "en-x-own",
            "en-u-ca-gregory",
            "i-default",
            "en US",
            " en",
            "*",
            "en-*",
            "de-1901-1996-aaaaaaaa-bbbbbbbb-cccccccc",
        ] {
            assert_eq!(kept(wrong), None, "{wrong}");
            let short = wrong.len() <= LANGUAGE_MAX;
            assert!(!short || !pattern.is_match(wrong), "the document allows {wrong}");
        }
    }

    #[test]
    fn a_language_is_found_by_what_it_is_a_special_case_of() {
        let language: Language = "sr-Latn-RS".parse().unwrap();
        assert_eq!(language.ranges().collect::<Vec<_>>(), ["sr", "sr-Latn", "sr-Latn-RS"]);
        assert_eq!("pl".parse::<Language>().unwrap().ranges().collect::<Vec<_>>(), ["pl"]);
    }
}
