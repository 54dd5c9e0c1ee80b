//! Checks an export before anything of it is taken in: what was written, and every rule.
use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use uuid::Uuid;

use super::{
    integrity::{Check, Checks, EACH, Line, Place, Problems},
    line,
    manifest::{Adding, Manifest},
    place::at,
};
use crate::{
    db::tables::{Row, TABLES, Table, Value},
    error::{Error, Result},
    http::body,
};

/// The longest line, in bytes: a row with an article of 1 MiB, and much room around it.
const LINE_MAX: u64 = 8 * 1024 * 1024;
/// How many rows are checked between two words on the progress.
const SAID: u64 = 1_000;

/// Reads every file to its end, and refuses the export with the first things that are wrong.
pub fn check(
    folder: &Path,
    manifest: &Manifest,
    checks: &mut dyn Checks,
    say: impl Fn(String),
) -> Result<()> {
    let mut problems = Problems::default();
    let each = TABLES.iter().zip(EACH).zip(&manifest.files);
    for ((table, check), sum) in each {
        let path = folder.join(&sum.file);
        let file = File::open(&path).map_err(|err| at(&path, &err))?;
        let length = file.metadata().map_err(|err| at(&path, &err))?.len();
        if let Some(why) = sum.fits(length) {
            problems.add_to_file(table.name, &why);
        }
        let mut reading = Reading { table, check: *check, checks, problems: &mut problems };
        let found = reading.file(file, &say).map_err(|err| at(&path, &err))?;
        if found.is_some_and(|found| found.sum(&sum.file) != *sum) && length == sum.bytes {
            problems.add_to_file(table.name, "it is not what was written: the checksum differs");
        }
    }
    checks.finish(&mut problems);
    problems.or_none()
}

/// A table whose rows are being checked.
struct Reading<'a> {
    table: &'static Table,
    check: Check,
    checks: &'a mut dyn Checks,
    problems: &'a mut Problems,
}

impl Reading<'_> {
    /// Checks every line; `None` where the file was not read to its end.
    fn file(&mut self, file: File, say: &impl Fn(String)) -> std::io::Result<Option<Adding>> {
        let (mut file, mut bytes) = (BufReader::new(file), Vec::new());
        let (mut found, mut last) = (Adding::default(), None);
        loop {
            bytes.clear();
            if file.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(Some(found));
            }
            found.add(&bytes);
            let place = Place { table: self.table.name, line: found.rows };
            if bytes.len() as u64 > LINE_MAX {
                let detail = format!("must have at most {LINE_MAX} bytes");
                self.problems.add(place, "", &detail);
                return Ok(None);
            }
            if let Err(why) = self.line(place, &bytes, &mut last) {
                self.problems.add(place, "", &why);
            }
            if found.rows % SAID == 0 {
                say(format!("checking {}, row {}", self.table.name, found.rows));
            }
        }
    }

    /// Checks a line: its form here, what it says by the rules of its table.
    fn line(
        &mut self,
        place: Place,
        bytes: &[u8],
        last: &mut Option<Vec<Key>>,
    ) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).map_err(|err| err.to_string())?;
        let row = line::read(self.table, text)?;
        let mut written = Vec::with_capacity(bytes.len());
        line::write(self.table, &row, &mut written).map_err(|err| err.to_string())?;
        if written != bytes {
            return Err("is not written as an export writes it".to_owned());
        }
        let key = key(self.table, &row);
        if last.as_ref().is_some_and(|last| *last >= key) {
            let order = self.table.order.join(", ");
            return Err(format!("must come after the line before, by {order}, each once"));
        }
        *last = Some(key);
        match body::parse_kept(text) {
            Ok(value) => {
                (self.check)(self.checks, &mut Line::new(place, value, self.problems));
                Ok(())
            }
            Err(Error::Invalid(errors)) => {
                let mut line = Line::new(place, serde_json::Value::Null, self.problems);
                line.broken_at(errors, "");
                Ok(())
            }
            Err(other) => Err(other.to_string()),
        }
    }
}

/// A value that rows are ordered by, as both databases order them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Id(Option<Uuid>),
    Text(Option<String>),
    Number(Option<i64>),
}

fn key(table: &Table, row: &Row) -> Vec<Key> {
    let columns = table.order.iter();
    let values = columns.filter_map(|name| {
        let at = table.columns.iter().position(|column| column.name == *name)?;
        row.get(at)
    });
    values
        .map(|value| match value {
            Value::Id(id) => Key::Id(id.map(|id| id.0)),
            Value::Text(text) => Key::Text(text.clone()),
            Value::Document(text) => Key::Text(text.as_ref().map(|text| text.0.get().to_owned())),
            Value::Instant(at) => Key::Number(at.map(crate::time::Instant::micros)),
            Value::Integer(number) => Key::Number(number.map(i64::from)),
            Value::Long(number) => Key::Number(*number),
            Value::Bool(is) => Key::Number(is.map(i64::from)),
        })
        .collect()
}
