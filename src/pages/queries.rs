//! The one statement of pages that is no other room's: what readers see of authors.
use std::collections::HashMap;

use diesel::prelude::*;

use crate::{
    db::{Conn, schema::users},
    error::Result,
    ids::UserId,
};

/// The names of these users. One statement for any number; none for nobody.
pub fn author_names(conn: &mut Conn, ids: &[UserId]) -> Result<HashMap<UserId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let named = users::table.filter(users::id.eq_any(ids.to_vec()));
    let rows: Vec<(UserId, String)> = named.select((users::id, users::name)).load(conn)?;
    Ok(rows.into_iter().collect())
}
