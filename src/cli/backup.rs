//! `broadsheet backup`: a copy of the SQLite file, while servers go on writing to it.
use std::path::PathBuf;

use clap::Args;

use crate::{config::Config, error::Result, transfer::backup};

/// Where to.
#[derive(Args)]
pub struct BackupOptions {
    /// The file to write: a new one, which appears once it is complete and checked.
    file: PathBuf,
}

/// Makes the copy and says how large it is.
pub fn backup(config: &Config, options: &BackupOptions) -> Result<()> {
    let bytes = backup::backup(&config.database_url, &options.file)?;
    println!("{}: {bytes} bytes, checked", options.file.display());
    Ok(())
}
