//! `broadsheet migrate`: brings the database up to date, or tells whether it is.
use clap::Args;

use crate::{config::Config, db::migrations, error::Result};

/// Whether to change anything.
#[derive(Args)]
pub struct MigrateOptions {
    /// Change nothing: say whether the database is up to date, and fail where it is not.
    #[arg(long)]
    check: bool,
}

/// Applies what is missing and says what that was.
pub fn migrate(config: &Config, options: &MigrateOptions) -> Result<()> {
    if options.check {
        let fit = migrations::check_at(&config.database_url)?;
        fit.clone().or_refused()?;
        println!("{fit}");
        return Ok(());
    }
    let applied = migrations::run(&config.database_url)?;
    for name in &applied {
        println!("applied {name}");
    }
    println!("{} migrations applied; the database is up to date", applied.len());
    Ok(())
}
