//! Imports: an export's rows into an empty database, checked before, as they were, and verified by
//! reading back.
use std::{
    fs::File,
    io::{BufRead, BufReader, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{
    check::check,
    integrity::Checks,
    line,
    manifest::{Adding, Manifest, Sum},
    older,
    place::at,
};
use crate::{
    config::DatabaseUrl,
    db::{
        Conn,
        dialect::{
            long::{self, For},
            rows,
        },
        imports::{self, Import},
        migrations,
        progress::telling,
        tables::{Row, TABLES, Table},
    },
    error::{Error, Result},
    time::Instant,
};

/// How many rows go into one transaction,
const ROWS: usize = 2_000;
/// and how many bytes, unless it is one row alone.
const BYTES: usize = 4 * 1024 * 1024;

/// Takes in the export, or goes on where an interrupted run of this has stopped; returns how many
/// rows it holds. The rows bring the journal's entries about them along, so this writes none. Not
/// even the database is made unless the whole export keeps the rules that `checks` makes
/// for the instant of the export. One of an older schema is brought up to date first.
pub fn import<C: Checks>(
    url: &DatabaseUrl,
    folder: &Path,
    checks: impl FnOnce(Instant) -> C,
) -> Result<u64> {
    let (manifest, digest) = Manifest::read(folder)?;
    let is_present = manifest.is_present();
    look_first(url, is_present.then_some(&*digest))?;
    if !is_present {
        let present = older::bring_up_to_date(folder, &manifest)?;
        return import(url, &present.folder(), checks);
    }
    let step = Mutex::new(String::new());
    let line = || step.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let say = |line: String| *step.lock().unwrap_or_else(PoisonError::into_inner) = line;
    telling(line, || {
        check(folder, &manifest, &mut checks(manifest.exported_at), say)?;
        migrations::run(url)?;
        let mut conn = long::connect(url, For::Writing)?;
        let mut place = begin(&mut conn, &manifest, digest)?;
        for (table, sum) in TABLES.iter().zip(&manifest.files) {
            if sum.file == place.file {
                fill(&mut conn, table, folder, &mut place, say)?;
                place = next(&mut conn, &manifest, place)?;
            }
        }
        long::transaction(&mut conn, For::Reading, |conn| verify(conn, &manifest, say))?;
        long::transaction(&mut conn, For::Writing, |conn| imports::finish(conn, &place))?;
        Ok(manifest.rows())
    })
}

/// Refuses a database that cannot take the export in, before the long check of that. Makes none.
/// The present form of an older export has a digest that is not known yet.
fn look_first(url: &DatabaseUrl, digest: Option<&str>) -> Result<()> {
    if !long::is_there(url) {
        return Ok(());
    }
    let mut conn = long::connect(url, For::Reading)?;
    long::transaction(&mut conn, For::Reading, |conn| {
        migrations::check(conn)?.unless_ahead()?;
        begun(conn, digest).map(drop)
    })
}

/// How far this import has come that was interrupted; `None` where the database is empty. Refuses
/// every other one.
fn begun(conn: &mut Conn, digest: Option<&str>) -> Result<Option<Import>> {
    if long::has_table(conn, "imports")?
        && let Some(place) = imports::find(conn)?
    {
        if digest.is_none_or(|digest| place.digest == digest) {
            return Ok(Some(place));
        }
        return Err(Error::internal(
            "the import of another export into this database has not been finished; take that \
             export again, or an empty database",
        ));
    }
    for table in &*TABLES {
        if long::has_table(conn, table.name)? && !rows::is_empty(conn, table)? {
            return Err(Error::internal(format!(
                "the database is not empty, there are {} in it; an import needs an empty one",
                table.name
            )));
        }
    }
    Ok(None)
}

/// Where to begin: at the first row, or after the last one that is in the database already.
fn begin(conn: &mut Conn, manifest: &Manifest, digest: String) -> Result<Import> {
    long::transaction(conn, For::Writing, |conn| {
        if let Some(place) = begun(conn, Some(&digest))? {
            return Ok(place);
        }
        let first = manifest.files.first().map(|sum| sum.file.clone()).unwrap_or_default();
        let place = Import { digest, file: first, rows: 0, bytes: 0 };
        imports::begin(conn, &place)?;
        Ok(place)
    })
}

/// Inserts what is left of the place's file, batch by batch.
fn fill(
    conn: &mut Conn,
    table: &Table,
    folder: &Path,
    place: &mut Import,
    say: impl Fn(String),
) -> Result<()> {
    let path = folder.join(&place.file);
    let failed = |err| at(&path, &err);
    let mut file = BufReader::new(File::open(&path).map_err(failed)?);
    let start = u64::try_from(place.bytes).map_err(Error::internal)?;
    file.seek(SeekFrom::Start(start)).map_err(failed)?;
    loop {
        let (mut batch, mut to, mut bytes) = (Vec::<Row>::new(), place.clone(), 0);
        let mut text = String::new();
        while batch.len() < ROWS && bytes < BYTES {
            text.clear();
            let length = file.read_line(&mut text).map_err(failed)?;
            if length == 0 {
                break;
            }
            to.rows += 1;
            to.bytes += i64::try_from(length).map_err(Error::internal)?;
            bytes += length;
            batch
                .push(line::read(table, &text).map_err(|why| {
                    Error::internal(format!("{}:{}: {why}", place.file, to.rows))
                })?);
        }
        if batch.is_empty() {
            return Ok(());
        }
        long::transaction(conn, For::Writing, |conn| {
            imports::advance(conn, place, &to)?;
            rows::insert(conn, table, &batch).map_err(|err| {
                refused(err, &format!("{}:{}-{}", place.file, place.rows + 1, to.rows))
            })
        })?;
        *place = to;
        say(format!("filling {}, row {}", table.name, place.rows));
    }
}

/// What the database says to rows that it does not take, with where they stand.
pub(super) fn refused(err: Error, lines: &str) -> Error {
    match err {
        // The database is away or full, whatever the rows are.
        Error::Unavailable(_) | Error::Contended(_) | Error::Full(_) => err,
        Error::Internal(why) => Error::internal(format!("{lines}: {why}")),
        other => Error::internal(format!("{lines}: {other}")),
    }
}

/// Goes to the start of the next file, if there is one.
fn next(conn: &mut Conn, manifest: &Manifest, place: Import) -> Result<Import> {
    let mut later = manifest.files.iter().skip_while(|sum| sum.file != place.file).skip(1);
    let Some(sum) = later.next() else { return Ok(place) };
    let to = Import { file: sum.file.clone(), rows: 0, bytes: 0, digest: place.digest.clone() };
    long::transaction(conn, For::Writing, |conn| imports::advance(conn, &place, &to))?;
    Ok(to)
}

/// Reads everything back and compares it with what was written.
fn verify(conn: &mut Conn, manifest: &Manifest, say: impl Fn(String)) -> Result<()> {
    for (table, expected) in TABLES.iter().zip(&manifest.files) {
        let found = sum(conn, table, &expected.file, &say)?;
        if found != *expected {
            return Err(Error::internal(format!(
                "the database does not hold what was written: of {} there are {} rows, and there \
                 should be {}; import into an empty database again, while nothing else writes to it",
                table.name, found.rows, expected.rows
            )));
        }
    }
    Ok(())
}

fn sum(conn: &mut Conn, table: &Table, file: &str, say: impl Fn(String)) -> Result<Sum> {
    let (mut found, mut text) = (Adding::default(), Vec::new());
    rows::stream(conn, table, |row| {
        text.clear();
        line::write(table, &row, &mut text).map_err(Error::internal)?;
        found.add(&text);
        say(format!("verifying {}, row {}", table.name, found.rows));
        Ok(())
    })?;
    Ok(found.sum(file))
}
