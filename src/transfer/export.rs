//! Exports: every table as lines of JSON, all of one state of the database.
use std::{
    fs,
    io::{BufWriter, ErrorKind, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use super::{
    line,
    manifest::{self, Adding, Manifest, Sum, file_of},
    place::{Partial, at, must_be_free, partial, sync},
};
use crate::{
    config::DatabaseUrl,
    db::{
        Conn,
        dialect::{
            long::{self, For},
            rows, wal,
        },
        imports, migrations,
        progress::telling,
        tables::{TABLES, Table},
    },
    error::{Error, Result},
    private,
    time::Instant,
};

/// Writes the export into a new folder, which appears once it is complete; returns how many rows
/// it holds.
pub fn export(url: &DatabaseUrl, folder: &Path, now: Instant) -> Result<u64> {
    must_be_free(folder)?;
    let mut conn = long::connect_to_existing(url, For::Reading)?;
    let at_first = partial(folder);
    tidy(&at_first)?;
    private::create_folder(&at_first).map_err(|err| at(&at_first, &err))?;
    let workshop = Partial::new(at_first)?;
    let written = long::transaction(&mut conn, For::Reading, |conn| {
        migrations::check(conn)?.or_refused()?;
        imports::unless_unfinished(conn)?;
        write(conn, workshop.path(), now)
    });
    let rows = written?;
    wal::empty(&mut conn)?;
    workshop.settle(folder)?;
    Ok(rows)
}

/// Clears away what an interrupted export has left.
fn tidy(workshop: &Path) -> Result<()> {
    match fs::remove_dir_all(workshop) {
        Err(err) if err.kind() != ErrorKind::NotFound => Err(at(workshop, &err)),
        _ => Ok(()),
    }
}

fn write(conn: &mut Conn, workshop: &Path, now: Instant) -> Result<u64> {
    let step = Mutex::new(String::new());
    let line = || step.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let say = |line: String| *step.lock().unwrap_or_else(PoisonError::into_inner) = line;
    let files = telling(line, || {
        let each = TABLES.iter().map(|table| write_table(conn, table, workshop, say));
        each.collect::<Result<Vec<Sum>>>()
    })?;
    let manifest = Manifest::new(files, now);
    let text = serde_json::to_string_pretty(&manifest).map_err(Error::internal)?;
    let path = workshop.join(manifest::NAME);
    let mut file = private::create_new(&path).map_err(|err| at(&path, &err))?;
    file.write_all((text + "\n").as_bytes()).map_err(|err| at(&path, &err))?;
    file.sync_all().map_err(|err| at(&path, &err))?;
    sync(workshop)?;
    Ok(manifest.rows())
}

fn write_table(
    conn: &mut Conn,
    table: &Table,
    workshop: &Path,
    say: impl Fn(String),
) -> Result<Sum> {
    let name = file_of(table.name);
    let path = workshop.join(&name);
    let failed = |err| at(&path, &err);
    let mut file = BufWriter::new(private::create_new(&path).map_err(failed)?);
    let (mut sum, mut text) = (Adding::default(), Vec::new());
    rows::stream(conn, table, |row| {
        text.clear();
        line::write(table, &row, &mut text).map_err(Error::internal)?;
        sum.add(&text);
        say(format!("writing {name}, row {}", sum.rows));
        file.write_all(&text).map_err(failed)
    })?;
    let file = file.into_inner().map_err(|err| failed(err.into_error()))?;
    file.sync_all().map_err(failed)?;
    Ok(sum.sum(&name))
}
