//! The rules of what an import takes in: those that the API keeps, told with file and line.
//!
//! Each module says what holds for the rows of its tables; [`Checks`] has a method for every table
//! that is exported, so one without rules does not compile.
use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, Hash, RandomState},
};

use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

use super::manifest::file_of;
use crate::{
    db::tables::{TABLES, for_each_table},
    error::{Error, FieldError, field_errors},
    http::body,
};

/// Where a row stands in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The table that it is a row of.
    pub table: &'static str,
    /// The line of the table's file, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", file_of(self.table), self.line)
    }
}

/// How many problems are told at once,
const TOLD: usize = 20;
/// and of how many those are the first: what is wrong in one file makes much in later ones wrong.
const KEPT: usize = 10_000;

/// What is wrong with an export.
#[derive(Debug, Default)]
pub struct Problems {
    /// By file and line.
    found: Vec<(usize, u64, String)>,
    more: usize,
}

impl Problems {
    /// Something at this place is wrong; `pointer` is where in the row (RFC 6901), or empty.
    pub fn add(&mut self, place: Place, pointer: &str, detail: &str) {
        let colon = if pointer.is_empty() { "" } else { ": " };
        let Place { table, line } = place;
        self.tell(table, line, || format!("{place}: {pointer}{colon}{detail}"));
    }

    /// Something is wrong with a whole file.
    pub fn add_to_file(&mut self, table: &str, detail: &str) {
        self.tell(table, 0, || format!("{}: {detail}", file_of(table)));
    }

    fn tell(&mut self, table: &str, line: u64, text: impl FnOnce() -> String) {
        if self.found.len() < KEPT {
            let file = TABLES.iter().position(|known| known.name == table).unwrap_or_default();
            self.found.push((file, line, text()));
        } else {
            self.more += 1;
        }
    }

    /// Refuses the export if anything is wrong with it.
    pub fn or_none(mut self) -> Result<(), Error> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort();
        self.found.dedup();
        let more = self.more + self.found.len().saturating_sub(TOLD);
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        let first = self.found.into_iter().take(TOLD).map(|(.., text)| text);
        Err(Error::internal(format!(
            "the export is not taken in, nothing of it is in the database:\n{}{more}",
            first.collect::<Vec<_>>().join("\n")
        )))
    }
}

/// A row of an export, while it is checked.
#[derive(Debug)]
pub struct Line<'a> {
    place: Place,
    value: Value,
    problems: &'a mut Problems,
}

impl<'a> Line<'a> {
    /// Of a row that has the columns of its table, each of the right kind.
    pub fn new(place: Place, value: Value, problems: &'a mut Problems) -> Self {
        Self { place, value, problems }
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// What stands at a place in it.
    pub fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer)
    }

    /// The row as what the program reads it as; `None`, and told, where it cannot be that. Good
    /// once.
    pub fn read<T: DeserializeOwned>(&mut self) -> Option<T> {
        match body::read_kept(std::mem::take(&mut self.value)) {
            Ok(row) => Some(row),
            Err(Error::Invalid(errors)) => {
                self.broken_at(errors, "");
                None
            }
            Err(other) => {
                self.broken("", &other.to_string());
                None
            }
        }
    }

    /// A rule is broken there.
    pub fn broken(&mut self, pointer: &str, detail: &str) {
        self.problems.add(self.place, pointer, detail);
    }

    /// These rules are broken, at places below `above`.
    pub fn broken_at(&mut self, errors: Vec<FieldError>, above: &str) {
        for FieldError { pointer, detail, .. } in errors {
            self.broken(&format!("{above}{}", pointer.unwrap_or_default()), &detail);
        }
    }

    /// Tells where a rule does not hold.
    pub fn must(&mut self, holds: bool, pointer: &str, detail: &str) {
        if !holds {
            self.broken(pointer, detail);
        }
    }

    /// Holds an input against its own rules; it stands below `above`.
    pub fn valid(&mut self, input: &impl Validate, above: &str) {
        if let Err(errors) = input.validate() {
            self.broken_at(field_errors(&errors, ""), above);
        }
    }

    /// Tells where a version is none.
    pub fn version(&mut self, version: i32) {
        self.must(version >= 1, "/version", "must be at least 1");
    }

    /// Tells where an id names nothing that is there.
    pub fn refers<T: Copy + Eq + Hash>(&mut self, pointer: &str, id: T, to: &Ids<T>) {
        if !to.has(id) {
            self.broken(pointer, &format!("refers to {} that is not there", to.noun));
        }
    }

    /// Adds the row's id to those that there are; tells where another row has it.
    pub fn named<T: Copy + Eq + Hash>(&mut self, id: T, among: &mut Ids<T>) {
        if let Some(first) = among.places.insert(id, self.place.line) {
            self.broken("/id", &format!("is the id of line {first} as well"));
        }
    }
}

/// The ids of the rows of a table.
#[derive(Debug)]
pub struct Ids<T> {
    noun: &'static str,
    places: HashMap<T, u64>,
}

impl<T: Copy + Eq + Hash> Ids<T> {
    /// None so far; `noun` is what they name, with its article.
    pub fn of(noun: &'static str) -> Self {
        Self { noun, places: HashMap::new() }
    }

    /// Whether there is a row with this id.
    pub fn has(&self, id: T) -> bool {
        self.places.contains_key(&id)
    }

    /// Tells where an id that stands at `place` names nothing that is there.
    pub fn resolve(&self, id: T, place: Place, pointer: &str, problems: &mut Problems) {
        if !self.has(id) {
            problems.add(place, pointer, &format!("refers to {} that is not there", self.noun));
        }
    }
}

/// The rows of a table that the program derives from those of another: exactly those have to be
/// there. Only a hash of each is kept, under a key that no export can know.
#[derive(Debug)]
pub struct Derived {
    table: &'static str,
    expected: HashMap<u64, Place>,
    hasher: RandomState,
}

impl Derived {
    /// The rows of this table.
    pub fn of(table: &'static str) -> Self {
        Self { table, expected: HashMap::new(), hasher: RandomState::new() }
    }

    /// The row at `place` makes this one.
    pub fn expect(&mut self, place: Place, row: impl Hash) {
        self.expected.insert(self.hasher.hash_one(row), place);
    }

    /// Here is one; tells where no row makes it.
    pub fn found(&mut self, line: &mut Line<'_>, row: impl Hash) {
        if self.expected.remove(&self.hasher.hash_one(row)).is_none() {
            line.broken("", "is not what the rows that it is derived from make");
        }
    }

    /// Tells which are not there.
    pub fn finish(&self, problems: &mut Problems) {
        for place in self.expected.values() {
            problems.add(*place, "", &format!("lacks a row of {}", file_of(self.table)));
        }
    }
}

macro_rules! checks {
    ($($name:ident by $first:ident $(, $next:ident)*;)+) => {
        /// What holds for the rows of an export, table by table in the order of the export.
        pub trait Checks {
            $(
                #[doc = concat!("Checks a row of `", stringify!($name), "`.")]
                fn $name(&mut self, line: &mut Line<'_>);
            )+

            /// Checks what can be told only once all rows are known.
            fn finish(&mut self, problems: &mut Problems);
        }

        /// Checks a row of a table.
        pub type Check = fn(&mut dyn Checks, &mut Line<'_>);

        /// One for each table, in the order of [`crate::db::tables::TABLES`].
        pub const EACH: &[Check] = &[$(|checks, line| checks.$name(line)),+];
    };
}
for_each_table!(checks);
