//! Typed ids: UUIDv7 (RFC 9562), stored in each database's native form.
use std::{fmt, io::Write, str::FromStr};

use diesel::{
    deserialize::{self, FromSql},
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{SqlOrd, SqlType},
    sqlite::{Sqlite, SqliteValue},
};
use uuid::{Uuid, fmt::Hyphenated};

/// The SQL type of ids: `BLOB` on SQLite, `UUID` on PostgreSQL.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Binary"))]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
pub struct Uid;
impl SqlOrd for Uid {}

fn uuid_schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, schema::Type};
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .into()
}

/// Declares the id types: same form, none mistaken for another.
macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord,
            serde::Serialize, serde::Deserialize,
            diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = Uid)]
        #[serde(try_from = "String", into = "Uuid")]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id; later ids sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "an id is made on purpose")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = &'static str;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                // The parser also takes braces and URNs; the contract says `format: uuid`.
                match Uuid::try_parse(text) {
                    Ok(id) if text.len() == Hyphenated::LENGTH => Ok(Self(id)),
                    _ => Err("expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057"),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                uuid_schema()
            }
        }
        impl utoipa::ToSchema for $name {}

        impl ToSql<Uid, Sqlite> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.0.as_bytes().as_slice());
                Ok(IsNull::No)
            }
        }
        impl FromSql<Uid, Sqlite> for $name {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                Ok(Self(Uuid::from_slice(value.read_blob())?))
            }
        }
        impl ToSql<Uid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.0.as_bytes())?;
                Ok(IsNull::No)
            }
        }
        impl FromSql<Uid, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(Self(Uuid::from_slice(value.as_bytes())?))
            }
        }
    )+

        /// Hands every id type to a macro, so that `db` can teach them to its connection.
        macro_rules! for_each_id {
            ($then:ident) => { $($then!($crate::ids::$name => $crate::ids::Uid);)+ };
        }
        pub(crate) use for_each_id;
    };
}

id_types! {
    /// Names a section.
    SectionId,
    /// Names a media credit.
    CreditId,
    /// Names a picture, film or recording.
    MediaId,
    /// Names an article, whichever edition is meant.
    ArticleId,
    /// Names a related link.
    LinkId,
    /// Names an ad slot.
    AdSlotId,
    /// Names a reader's comment.
    CommentId,
    /// A word that comments are held or refused for.
    CommentWordId,
    /// Names a reader's report of a comment.
    ReportId,
    /// Names a user of the newsroom.
    UserId,
    /// Names one sign-in of a user.
    SessionId,
    /// Names a thing of any type, where the type stands beside it.
    AnyId,
}
