//! Every statement about the slugs of tags.
use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use uuid::Uuid;

use crate::{
    articles::input::ArticleInput,
    db::{Conn, Tx, dialect::batch::insert_all, schema::tag_slugs},
    error::Result,
    tags::Tag,
    text::{self, Language},
};

/// Held by whoever gives new slugs.
const NEW: Uuid = Uuid::from_u128(0x7461_6773);

/// The slugs of these tags by their identities. Those that no reader has had yet have none.
pub fn slugs<'a>(
    conn: &mut Conn,
    names: impl IntoIterator<Item = &'a String>,
) -> Result<HashMap<String, String>> {
    let identities: Vec<String> = names.into_iter().map(|name| text::fold(name)).collect();
    if identities.is_empty() {
        return Ok(HashMap::new());
    }
    let known = tag_slugs::table.filter(tag_slugs::identity.eq_any(identities));
    let known: Vec<(String, String)> = known.load(conn)?;
    Ok(known.into_iter().collect())
}

/// The identity of the tag with this slug.
pub fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<String>> {
    let found = tag_slugs::table.filter(tag_slugs::slug.eq(slug)).select(tag_slugs::identity);
    Ok(found.first(conn).optional()?)
}

/// Gives slugs to those tags of the articles that have none yet: spelled as the first article's
/// language does, with a number behind it where another tag has it. What becomes stale, if there were any.
pub fn give_slugs<'a>(
    tx: &mut Tx<'_>,
    articles: impl IntoIterator<Item = &'a ArticleInput>,
) -> Result<Option<Tag>> {
    let articles: Vec<&ArticleInput> = articles.into_iter().collect();
    let names = || articles.iter().flat_map(|article| &article.tags);
    let known = slugs(tx, names())?;
    if names().all(|name| known.contains_key(&text::fold(name))) {
        return Ok(None);
    }
    tx.lock(NEW)?;
    // Somebody else may have been first.
    let mut known = slugs(tx, names())?;
    let mut given = BTreeMap::new();
    for article in articles {
        let language = article.language.as_ref().map_or("", Language::as_str);
        for name in &article.tags {
            let identity = text::fold(name);
            if known.contains_key(&identity) {
                continue;
            }
            let slug = text::tag_slug(name, language);
            let mut taken = like(tx, &slug)?;
            taken.extend(given.values().cloned());
            let slug = text::first_free(slug, &taken);
            known.insert(identity.clone(), slug.clone());
            given.insert(identity, slug);
        }
    }
    let rows = given
        .into_iter()
        .map(|(identity, slug)| (tag_slugs::identity.eq(identity), tag_slugs::slug.eq(slug)));
    let rows: Vec<_> = rows.collect();
    let stale = (!rows.is_empty()).then_some(Tag::Tags);
    let conn: &mut Conn = tx;
    insert_all!(conn, tag_slugs::table, rows)?;
    Ok(stale)
}

/// The slug, where a tag has it, and those with a number behind it.
fn like(conn: &mut Conn, slug: &str) -> Result<Vec<String>> {
    let base = text::numbered_base(slug);
    let numbered =
        tag_slugs::slug.ge(format!("{base}-0")).and(tag_slugs::slug.lt(format!("{base}-:")));
    let taken = tag_slugs::table.filter(tag_slugs::slug.eq(slug).or(numbered));
    Ok(taken.select(tag_slugs::slug).load(conn)?)
}
