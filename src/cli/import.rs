//! `broadsheet import`: takes an export into an empty database.
use std::path::PathBuf;

use clap::Args;

use crate::{config::Config, error::Result, integrity::Newsroom, time::Clock, transfer::import};

/// From where.
#[derive(Args)]
pub struct ImportOptions {
    /// The folder that `broadsheet export` has written.
    folder: PathBuf,
}

/// Takes the export in and says how much that was.
pub fn import(config: &Config, options: &ImportOptions) -> Result<()> {
    let now = Clock::system().now();
    let checks = |exported| Newsroom::new(exported, now);
    let rows = import::import(&config.database_url, &options.folder, checks)?;
    println!("{rows} rows, read back and compared");
    Ok(())
}
