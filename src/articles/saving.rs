//! Saving working copies: what is filled in, what is checked, what is recorded.
use super::{
    access::Access, approval, input::ArticleInput, model::ArticleRow, queries, references, related,
    workflow::Status,
};
use crate::{
    auth::{guard::Caller, roles::Role},
    config::Config,
    db::{Conn, Tx, journal::Entry, types::Json},
    error::Result,
    ids::{ArticleId, SectionId},
    text::{self, Language},
    time::Instant,
};

/// Stores a new working copy for this caller.
pub fn create(
    tx: &mut Tx<'_>,
    caller: &Caller,
    mut input: ArticleInput,
    default_language: &Language,
) -> Result<ArticleRow> {
    let access = Access::of(tx, caller)?;
    if input.slug.is_none() {
        input.slug = free_slug(tx, input.section_id, &input.headline)?;
    }
    let article = new(ArticleId::new(), caller, input, default_language, tx.now());
    access.check_section(article.section_id)?;
    access.check_authors(article.authors())?;
    related::queries::check_boxes(tx, article.id, &article.document.0)?;
    let now = tx.now();
    references::check_links(tx, &access, article.id, None, &article.document.0, now)?;
    let uses = references::uses(tx, &article.document.0)?;
    queries::insert(tx, &[(&article, &uses)])?;
    queries::add_contributors(tx, &[(article.id, caller.id)])?;
    tx.record(Entry::new("created", &article))?;
    Ok(article)
}

/// A new working copy of this caller's, with what is left open filled in.
pub fn new(
    id: ArticleId,
    caller: &Caller,
    mut input: ArticleInput,
    default_language: &Language,
    now: Instant,
) -> ArticleRow {
    let writes = caller.is(Role::Author);
    input.authors.get_or_insert_with(|| if writes { vec![caller.id] } else { Vec::new() });
    let language = input.language.get_or_insert_with(|| default_language.clone()).clone();
    ArticleRow {
        id,
        slug: input.slug.clone(),
        section_id: input.section_id,
        language,
        genre: input.genre,
        headline: input.headline.clone(),
        status: Status::Draft,
        document: Json(input),
        note: None,
        last_edition: 0,
        edited_since: false,
        first_published_at: None,
        published_at: None,
        edited_version: 1,
        approved_version: None,
        approved_by: None,
        approved_at: None,
        approved_independently: false,
        created_by: Some(caller.id),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// The headline's slug, with a number behind it where the section has that one already.
fn free_slug(
    conn: &mut Conn,
    section: Option<SectionId>,
    headline: &str,
) -> Result<Option<String>> {
    let slug = text::slugify(headline);
    if slug.is_empty() {
        return Ok(None);
    }
    let base = slug[..slug.len().min(text::SLUG_MAX - 6)].trim_end_matches('-');
    let taken = queries::slugs_like(conn, section, &slug, base)?;
    if !taken.contains(&slug) {
        return Ok(Some(slug));
    }
    let numbered = (2..100_000).map(|number| format!("{base}-{number}"));
    Ok(numbered.into_iter().find(|slug| !taken.contains(slug)))
}

/// Stores an edited working copy. Whoever has changed its related links along with it says so.
pub fn store(
    tx: &mut Tx<'_>,
    access: &Access,
    current: &ArticleRow,
    mut input: ArticleInput,
    links_changed: bool,
    settings: &Config,
) -> Result<ArticleRow> {
    if input.slug.is_none() {
        input.slug = match &current.slug {
            Some(slug) => Some(slug.clone()),
            None => free_slug(tx, input.section_id, &input.headline)?,
        };
    }
    let language = input.language.get_or_insert_with(|| settings.default_language.clone()).clone();
    input.authors.get_or_insert_default();
    if input == current.document.0 && !links_changed {
        tx.nothing_to_record("nothing was changed");
        return Ok(current.clone());
    }
    let article = ArticleRow {
        slug: input.slug.clone(),
        section_id: input.section_id,
        language,
        genre: input.genre,
        headline: input.headline.clone(),
        document: Json(input),
        ..approval::edit(tx, current, settings.four_eyes)?
    };
    if article.section_id != current.section_id {
        access.check_section(article.section_id)?;
    }
    access.check_authors(article.authors())?;
    related::queries::check_boxes(tx, article.id, &article.document.0)?;
    let (before, after, now) = (&current.document.0, &article.document.0, tx.now());
    references::check_links(tx, access, article.id, Some(before), after, now)?;
    let uses = references::uses(tx, &article.document.0)?;
    queries::replace(tx, &article, &uses)?;
    let entry = approval::entry(current, &article).diff(&current.document.0, &article.document.0);
    tx.record(if links_changed { entry.note("related_links") } else { entry })?;
    Ok(article)
}
