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
    let id = ArticleId::new();
    let language = input.language.get_or_insert_with(|| default_language.to_owned()).clone();
    let (slug, chosen) = slug(tx, id, &input, language.as_str(), None)?;
    input.slug = slug;
    let article =
        ArticleRow { slug_chosen: chosen, ..new(id, caller, input, default_language, tx.now()) };
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
        slug_chosen: input.slug.is_some(),
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

/// The slug that an input leaves an article with, and whether somebody chose it.
fn slug(
    conn: &mut Conn,
    id: ArticleId,
    input: &ArticleInput,
    language: &str,
    current: Option<&ArticleRow>,
) -> Result<(Option<String>, bool)> {
    if let Some(sent) = &input.slug {
        let current = current.filter(|current| current.slug.as_ref() == Some(sent));
        let Some(current) = current else { return Ok((Some(sent.clone()), true)) };
        // Sending back what is there chooses nothing.
        let follows = !current.slug_chosen && current.first_published_at.is_none();
        let same = (&current.headline, current.language.as_str(), current.section_id)
            == (&input.headline, language, input.section_id);
        if same || !follows {
            return Ok((Some(sent.clone()), current.slug_chosen));
        }
    }
    Ok((free_slug(conn, id, input.section_id, &input.headline, language)?, false))
}

/// The headline's slug, with a number behind it where the section has that one already. Where the
/// language has no spelling for it, the end of the article's id.
fn free_slug(
    conn: &mut Conn,
    id: ArticleId,
    section: Option<SectionId>,
    headline: &str,
    language: &str,
) -> Result<Option<String>> {
    if text::not_blank(headline).is_err() {
        return Ok(None);
    }
    let spelled = text::slugify(headline, language);
    let slug = spelled.unwrap_or_else(|| format!("{:012x}", id.0.as_u128() & 0xffff_ffff_ffff));
    let taken = queries::slugs_like(conn, id, section, &slug)?;
    Ok(Some(text::first_free(slug, &taken)))
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
    let language = input.language.get_or_insert_with(|| settings.default_language.clone()).clone();
    let (slug, slug_chosen) = slug(tx, current.id, &input, language.as_str(), Some(current))?;
    input.slug = slug;
    input.authors.get_or_insert_default();
    let same = input == current.document.0 && slug_chosen == current.slug_chosen;
    if same && !links_changed {
        tx.nothing_to_record("nothing was changed");
        return Ok(current.clone());
    }
    let article = ArticleRow {
        slug: input.slug.clone(),
        slug_chosen,
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
