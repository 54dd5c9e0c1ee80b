//! Every table that a newsroom's content is in, as `schema.rs` declares it: what an export holds.
use std::sync::LazyLock;

use diesel::{
    Column as _, Expression,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use serde_json::value::RawValue;

use super::{
    schema,
    types::{Doc, Json},
};
use crate::{
    ids::{AnyId, Uid},
    time::{Instant, Ts},
};

/// A table, and the order in which its rows are written down: by columns that no two rows share,
/// and such that whatever a row refers to comes before it.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What it keeps.
    pub columns: Vec<Column>,
    /// The columns that order it.
    pub order: &'static [&'static str],
}

/// A column of a table.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may hold nothing.
    pub nullable: bool,
}

/// What a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An id.
    Id,
    /// An instant.
    Instant,
    /// A JSON document.
    Document,
    /// A text.
    Text,
    /// A number of 32 bits.
    Integer,
    /// A number of 64 bits.
    Long,
    /// Yes or no.
    Bool,
}

/// One value of a row, of the kind that its column has.
#[derive(Debug)]
pub enum Value {
    /// An id.
    Id(Option<AnyId>),
    /// An instant.
    Instant(Option<Instant>),
    /// A JSON document, byte for byte.
    Document(Option<Json<Box<RawValue>>>),
    /// A text.
    Text(Option<String>),
    /// A number of 32 bits.
    Integer(Option<i32>),
    /// A number of 64 bits.
    Long(Option<i64>),
    /// Yes or no.
    Bool(Option<bool>),
}

impl Value {
    /// Nothing, where it could be something of this kind.
    pub fn nothing(kind: Kind) -> Self {
        match kind {
            Kind::Id => Self::Id(None),
            Kind::Instant => Self::Instant(None),
            Kind::Document => Self::Document(None),
            Kind::Text => Self::Text(None),
            Kind::Integer => Self::Integer(None),
            Kind::Long => Self::Long(None),
            Kind::Bool => Self::Bool(None),
        }
    }
}

/// The values of a row, in the order of the table's columns.
pub type Row = Vec<Value>;

/// What is in a database and in no export, each with the reason.
pub const LEFT_OUT: &[(&str, &str)] = &[
    ("sessions", "whoever is signed in signs in again, with the new server's secret"),
    ("idempotency_keys", "a retry comes within seconds, and a move takes longer"),
    ("sign_in_throttle", "who has to wait before they try again to sign in here"),
    ("comment_posts", "who posted lately, by hashes with this server's secret; gone after a day"),
    ("comment_reports.reporter", "such a hash; without it a report counts all the same"),
    ("part_versions", "counted for the servers that run on one database, from 1 in each"),
    ("imports", "says how far an import into this very database has come"),
    ("backups", "when this very database was backed up"),
    ("__diesel_schema_migrations", "the migrations themselves write it"),
    ("journal_readers.held_by", "a turn of a server that runs on this very database"),
    ("journal_readers.held_until", "the end of such a turn"),
];

/// Hands every table that is exported to a macro, those that others refer to first. A path begins
/// with the paths of the sections above it, and a reply has a higher ordinal than what it replies
/// to.
macro_rules! for_each_table {
    ($then:ident) => {
        $then! {
            users by id;
            sections by path;
            section_redirects by path;
            media_credits by id;
            media by id;
            ad_slots by id;
            articles by id;
            article_authors by article_id, user_id;
            article_contributors by article_id, user_id;
            article_uses by article_id, kind, target_id;
            related_links by id;
            tag_slugs by identity;
            editions by id;
            edition_keys by edition_id, facet;
            edition_uses by article_id, number, kind, target_id;
            comment_threads by article_id;
            comments by article_id, ordinal;
            comment_reports by id;
            comment_words by id;
            second_factors by user_id;
            recovery_codes by user_id, digest;
            // The places of its readers come along, so that a cache outside is told of the last
            // changes even where that was not yet done.
            journal by seq;
            journal_readers by name;
        }
    };
}
pub(crate) use for_each_table;

macro_rules! tables {
    ($($name:ident by $first:ident $(, $next:ident)*;)+) => {
        vec![$(Table {
            name: stringify!($name),
            columns: described::<schema::$name::table>(stringify!($name)),
            order: &[schema::$name::$first::NAME $(, schema::$name::$next::NAME)*],
        }),+]
    };
}

/// Every table that is exported.
pub static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| for_each_table!(tables));

fn described<T: diesel::Table<AllColumns: Columns>>(table: &str) -> Vec<Column> {
    let mut columns = T::AllColumns::describe();
    columns.retain(|column| !is_left_out(table, column.name));
    columns
}

/// Whether the column is in no export.
pub fn is_left_out(table: &str, column: &str) -> bool {
    LEFT_OUT.iter().any(|(left_out, _)| left_out.split_once('.') == Some((table, column)))
}

/// A SQL type that columns have.
trait Stored {
    const KIND: Kind;
    const NULLABLE: bool = false;
}

macro_rules! stored {
    ($($sql:ty => $kind:ident),+) => {$(
        impl Stored for $sql {
            const KIND: Kind = Kind::$kind;
        }
        impl Stored for Nullable<$sql> {
            const KIND: Kind = Kind::$kind;
            const NULLABLE: bool = true;
        }
    )+};
}
stored!(Uid => Id, Ts => Instant, Doc => Document, Text => Text, Integer => Integer, BigInt => Long,
    Bool => Bool);

/// All columns of a table.
trait Columns {
    fn describe() -> Vec<Column>;
}

/// For tuples of every length up to that of the names.
macro_rules! columns {
    () => {};
    ($first:ident $($next:ident)*) => {
        impl<$first, $($next),*> Columns for ($first, $($next,)*)
        where
            $first: diesel::Column + Expression<SqlType: Stored>,
            $($next: diesel::Column + Expression<SqlType: Stored>,)*
        {
            fn describe() -> Vec<Column> {
                vec![column::<$first>(), $(column::<$next>()),*]
            }
        }
        columns!($($next)*);
    };
}
columns!(A B C D E F G H I J K L M N O P Q R S T U V W X Y Z);

fn column<C: diesel::Column + Expression<SqlType: Stored>>() -> Column {
    let (kind, nullable) = (C::SqlType::KIND, C::SqlType::NULLABLE);
    Column { name: C::NAME, kind, nullable }
}
