//! `broadsheet export`: the whole newsroom as files that either database can take in.
use std::path::PathBuf;

use clap::Args;

use crate::{config::Config, error::Result, time::Clock, transfer::export};

/// Where to.
#[derive(Args)]
pub struct ExportOptions {
    /// The folder to write: a new one, which appears once it is complete.
    folder: PathBuf,
}

/// Writes the export and says how much is in it.
pub fn export(config: &Config, options: &ExportOptions) -> Result<()> {
    let rows = export::export(&config.database_url, &options.folder, Clock::system().now())?;
    println!("{}: {rows} rows", options.folder.display());
    Ok(())
}
