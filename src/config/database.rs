//! Which database to use.
use std::{fmt, str::FromStr};

use super::Secret;

/// Which database the URL names. The URL can hold a password, so it is kept out of `Debug`.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(String),
    /// A PostgreSQL server.
    Postgres(Secret),
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{path}"),
            Self::Postgres(_) => f.write_str("postgres (secret)"),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://").map_or_else(|| text.split_once(':'), Some) {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(Secret::new(text))),
            Some(("sqlite", "" | ":memory:")) => {
                Err("sqlite needs a file, such as sqlite:broadsheet.db".to_owned())
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(path.to_owned())),
            Some((scheme, _)) => Err(format!(
                "`{scheme}` is not a database this program can use; take sqlite:FILE or postgres://…"
            )),
            None => Ok(Self::Sqlite(text.to_owned())),
        }
    }
}
