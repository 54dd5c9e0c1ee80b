//! `broadsheet import`: takes an export into an empty database.
use std::path::PathBuf;

use clap::Args;

use crate::{config::Config, error::Result, transfer::import};

/// From where.
#[derive(Args)]
pub struct ImportOptions {
    /// The folder that `broadsheet export` has written.
    folder: PathBuf,
}

/// Takes the export in and says how much that was.
pub fn import(config: &Config, options: &ImportOptions) -> Result<()> {
    let rows = import::import(&config.database_url, &options.folder)?;
    println!("{rows} rows, read back and compared");
    Ok(())
}
