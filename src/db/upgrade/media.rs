//! Media: a media type of another kind than the medium says nothing of it, and goes.
use crate::{
    db::{
        Conn,
        dialect::rewrite::rewrite,
        tables::{Column, Kind, Table, Value},
    },
    error::Result,
};

/// Forgets media types that do not begin with the kind of their medium.
pub fn forget_foreign_types(conn: &mut Conn) -> Result<()> {
    let column = |name, kind, nullable| Column { name, kind, nullable };
    let columns = vec![
        column("id", Kind::Id, false),
        column("kind", Kind::Text, false),
        column("mime", Kind::Text, true),
    ];
    rewrite(conn, &Table { name: "media", columns, order: &["id"] }, |row| {
        let foreign = match &row[..] {
            [_, Value::Text(Some(kind)), Value::Text(Some(mime))] => {
                mime.split('/').next() != Some(kind)
            }
            _ => false,
        };
        if foreign && let Some(mime) = row.last_mut() {
            *mime = Value::Text(None);
        }
        Ok(foreign)
    })
}
