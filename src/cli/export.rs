//! `broadsheet export`: the whole newsroom as files that either database can take in.
use std::path::PathBuf;

use clap::Args;

use super::backup::note;
use crate::{
    config::Config, db::backups::BackupKind, error::Result, time::Clock, transfer::export,
};

/// Where to.
#[derive(Args)]
pub struct ExportOptions {
    /// The folder to write: a new one, which appears once it is complete.
    folder: PathBuf,
}

/// Writes the export and says how much is in it.
pub fn export(config: &Config, options: &ExportOptions) -> Result<()> {
    let (url, now) = (&config.database_url, Clock::system().now());
    let rows = export::export(url, &options.folder, now)?;
    note(url, BackupKind::Export, now);
    println!("{}: {rows} rows", options.folder.display());
    Ok(())
}
