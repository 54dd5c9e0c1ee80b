//! Exports of older schemas: brought up to date in a database of their own, and exported again.
use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{
    export::export,
    line,
    manifest::{Adding, Manifest, Sum},
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
        migrations,
        tables::{Kind, Row, TABLES, Table},
    },
    error::{Error, Result},
};

/// How many rows are inserted at a time.
const ROWS: usize = 500;

/// What columns held that the present schema has no more, by table and name. Others are known by
/// the present column of that name.
const FORMER: &[(&str, &str, Kind)] = &[];

/// An export in the present form, as long as this lives.
pub struct Present {
    home: TempDir,
}

impl Present {
    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("export")
    }
}

/// Fills a database that has the export's schema, migrates it and exports it. Always the same way,
/// so that an interrupted import finds the very same again. All of that is in the system's folder
/// for temporary files, and gone afterwards.
pub fn bring_up_to_date(folder: &Path, manifest: &Manifest) -> Result<Present> {
    let home = TempDir::with_prefix("broadsheet-import-").map_err(Error::internal)?;
    let present = Present { home };
    let file = present.home.path().join("older.db").display().to_string();
    let url = DatabaseUrl::Sqlite(file);
    migrations::run_up_to(&url, manifest.schema())?;
    let mut conn = long::connect(&url, For::Writing)?;
    let former = FORMER.iter().map(|(table, column, kind)| ((*table, *column), *kind));
    let columns = TABLES.iter().flat_map(|table| {
        table.columns.iter().map(|column| ((table.name, column.name), column.kind))
    });
    let kinds: BTreeMap<(&str, &str), Kind> = former.chain(columns).collect();
    for sum in &manifest.files {
        let name = sum.file.strip_suffix(".ndjson").unwrap_or_default();
        let columns = rows::columns(&mut conn, name, |column, stored| {
            kinds.get(&(name, column)).copied().unwrap_or(stored)
        })?;
        if columns.is_empty() {
            return Err(Error::internal(format!("the manifest names a file {}", sum.file)));
        }
        let table = Table { name: rows::kept_name(name), columns, order: &[] };
        long::transaction(&mut conn, For::Writing, |conn| fill(conn, &table, folder, sum))?;
    }
    drop(conn);
    migrations::run(&url)?;
    export(&url, &present.folder(), manifest.exported_at)?;
    Ok(present)
}

/// Inserts the rows of a file, which has to be what was written.
fn fill(conn: &mut Conn, table: &Table, folder: &Path, sum: &Sum) -> Result<()> {
    let path = folder.join(&sum.file);
    let mut file = BufReader::new(File::open(&path).map_err(|err| at(&path, &err))?);
    let (mut found, mut batch, mut text) = (Adding::default(), Vec::<Row>::new(), String::new());
    loop {
        text.clear();
        let length = file.read_line(&mut text).map_err(|err| at(&path, &err))?;
        if length > 0 {
            found.add(text.as_bytes());
            batch.push(
                line::read(table, &text).map_err(|why| {
                    Error::internal(format!("{}:{}: {why}", sum.file, found.rows))
                })?,
            );
        }
        if batch.len() == ROWS || length == 0 {
            rows::insert(conn, table, &batch).map_err(|err| {
                super::import::refused(err, &format!("{}:{}", sum.file, found.rows))
            })?;
            batch.clear();
        }
        if length == 0 {
            break;
        }
    }
    if found.sum(&sum.file) != *sum {
        return Err(Error::internal(format!(
            "{}: it is not what was written: the checksum differs",
            sum.file
        )));
    }
    Ok(())
}
