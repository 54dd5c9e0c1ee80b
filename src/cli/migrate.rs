//! `broadsheet migrate`: brings the database up to date.
use crate::{config::Config, db::migrations, error::Result};

/// Applies what is missing and says what that was.
pub fn migrate(config: &Config) -> Result<()> {
    let applied = migrations::run(&config.database_url)?;
    for name in &applied {
        println!("applied {name}");
    }
    println!("{} migrations applied; the database is up to date", applied.len());
    Ok(())
}
