//! The manifest: what an export holds, and by what to know it again.
use std::{fmt::Write as _, fs, io::ErrorKind, path::Path};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place::at;
use crate::{
    db::{migrations, tables::TABLES},
    error::{Error, Result},
    time::Instant,
};

/// The form of the lines and of the manifest that this program writes and reads.
const FORMAT: u32 = 1;

/// The manifest's name in the export's folder.
pub const NAME: &str = "manifest.json";

/// What an export holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// Which version of this program wrote it.
    version: String,
    /// The last migration of the database it came from.
    schema: String,
    /// Of which instant it is.
    pub exported_at: Instant,
    /// One for each table, in the order in which they can be taken in.
    pub files: Vec<Sum>,
}

/// What is in a file, or in a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sum {
    /// The file.
    pub file: String,
    /// How many rows there are.
    pub rows: u64,
    /// How many bytes their lines have.
    pub bytes: u64,
    sha256: String,
}

/// A sum that is being made.
#[derive(Default)]
pub struct Adding {
    /// How many rows there are so far.
    pub rows: u64,
    bytes: u64,
    hash: Sha256,
}

impl Adding {
    /// Adds a row's line.
    pub fn add(&mut self, line: &[u8]) {
        self.rows += 1;
        self.bytes += line.len() as u64;
        self.hash.update(line);
    }

    /// The sum of all of them.
    pub fn sum(self, file: &str) -> Sum {
        let Self { rows, bytes, hash } = self;
        Sum { file: file.to_owned(), rows, bytes, sha256: hex(&hash.finalize()) }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The name of the file that a table's rows are in.
pub fn file_of(table: &str) -> String {
    format!("{table}.ndjson")
}

impl Manifest {
    /// For these files, written now.
    pub fn new(files: Vec<Sum>, exported_at: Instant) -> Self {
        let (version, schema) = (env!("CARGO_PKG_VERSION").to_owned(), migrations::newest());
        Self { format: FORMAT, version, schema: schema.to_owned(), exported_at, files }
    }

    /// The name of the schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Whether it is the schema that this program has, and not an older one.
    pub fn is_present(&self) -> bool {
        self.schema == migrations::newest()
    }

    /// How many rows there are in all.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|sum| sum.rows).sum()
    }

    /// Reads the manifest of an export that this program can take in; with what tells it from
    /// every other one.
    pub fn read(folder: &Path) -> Result<(Self, String)> {
        let path = folder.join(NAME);
        let text = fs::read(&path).map_err(|err| match err.kind() {
            ErrorKind::NotFound => Error::internal(format!(
                "{} is no complete export: it has no {NAME}",
                folder.display()
            )),
            _ => at(&path, &err),
        })?;
        let unreadable = |err| Error::internal(format!("{}: {err}", path.display()));
        let wrong = |why: String| Err(Error::internal(format!("{}: {why}", folder.display())));

        // Another format may have other members.
        let any: serde_json::Value = serde_json::from_slice(&text).map_err(unreadable)?;
        if any["format"] != FORMAT {
            return wrong(format!(
                "the export's format is {}; this program reads format {FORMAT}",
                any["format"]
            ));
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(unreadable)?;
        if !migrations::is_known(&manifest.schema) {
            return wrong(format!(
                "the export was written by Broadsheet {} from a database with the schema {}, which \
                 this program, {}, does not know; take a later one",
                manifest.version,
                manifest.schema,
                env!("CARGO_PKG_VERSION"),
            ));
        }
        let files = manifest.files.iter().map(|sum| sum.file.clone());
        if manifest.is_present() && !files.eq(TABLES.iter().map(|table| file_of(table.name))) {
            return wrong("the manifest does not name one file for each table".to_owned());
        }
        Ok((manifest, hex(&Sha256::digest(&text))))
    }
}

impl Sum {
    /// Why a file of this many bytes is not what was written, where that tells.
    pub fn fits(&self, length: u64) -> Option<String> {
        if length == self.bytes {
            return None;
        }
        let how = if length < self.bytes { "cut short" } else { "too long" };
        Some(format!("{how}: it has {length} bytes, and {} were written", self.bytes))
    }
}
