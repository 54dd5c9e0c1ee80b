//! `broadsheet openapi`: prints the API document.
use crate::{
    app::DOCUMENT,
    error::{Error, Result},
};

/// The document as it is committed: indented, with a final line end.
pub fn print() -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&*DOCUMENT).map_err(Error::internal)?);
    Ok(())
}
