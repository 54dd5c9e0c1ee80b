//! What stands at an address: an article, a front, or the way to where it has gone.
use super::{compose::Subject, model::Redirect, queries::still_shown};
use crate::{
    articles::editions::{self, model::EditionKind, queries::When, shown::Shown},
    db::Conn,
    error::{Error, Result, Retraction},
    http::cache::Made,
    ids::SectionId,
    sections::{self, tree::Tree},
    tags::{Facet, Tag},
    text,
};

/// The longest address that is looked up, in characters: four sections and an article.
pub const PATH_MAX: usize = 512;
/// How many moves of sections are followed for one address: one for each level of the tree.
const MOVES_MAX: usize = 4;

/// What an address leads to.
pub enum Found {
    Article(Box<Subject>),
    Section(SectionId),
    Home,
    Redirect(Redirect),
}

/// Finds what stands at the address. What is there without the final slash has moved there for
/// good, so that no page has two addresses.
pub fn find(
    conn: &mut Conn,
    tree: &Tree,
    path: &str,
    when: When,
    made: &mut Made,
) -> Result<Found> {
    let found = at(conn, tree, normal(path)?, when, made)?;
    if path == "/" || !path.ends_with('/') {
        return Ok(found);
    }
    Ok(match found {
        Found::Article(subject) => Found::Redirect(redirect(subject.path, Some(subject.id), None)),
        Found::Section(id) => {
            let section = tree.get(id).ok_or(Error::NotFound)?;
            Found::Redirect(redirect(section.path.clone(), None, Some(id)))
        }
        other @ (Found::Home | Found::Redirect(_)) => other,
    })
}

/// What stands at an address in its normal form. A live article goes before a section, both before
/// any redirect.
fn at(conn: &mut Conn, tree: &Tree, path: &str, when: When, made: &mut Made) -> Result<Found> {
    made.of([Tag::Sections]);
    if path.is_empty() {
        return Ok(Found::Home);
    }
    if let Some((section, slug)) = split(tree, path)
        && let Some(edition) = editions::queries::public_at(conn, section, slug, when)?
    {
        return shown(conn, edition, tree, when, made)
            .map(|subject| Found::Article(subject.into()));
    }
    if let Some(section) = tree.at(path) {
        return Ok(Found::Section(section.id));
    }
    moved(conn, tree, path.to_owned(), when, made).map(Found::Redirect)
}

/// Without the final slash; empty for the root.
fn normal(path: &str) -> Result<&str> {
    let refused = |why| Err(Error::parameter("path", "format", why));
    if !path.starts_with('/') || path.chars().count() > PATH_MAX {
        return refused("must begin with a slash and have at most 512 characters");
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let slugs = path.split('/').skip(1).all(|slug| text::SLUG.is_match(slug));
    if slugs { Ok(path) } else { Err(Error::NotFound) }
}

fn split<'a>(tree: &Tree, path: &'a str) -> Option<(SectionId, &'a str)> {
    let (section, slug) = path.rsplit_once('/')?;
    Some((tree.at(section)?.id, slug))
}

/// The edition as something to show, or the notice that stands in its place.
pub fn shown(
    conn: &mut Conn,
    edition: Shown,
    tree: &Tree,
    when: When,
    made: &mut Made,
) -> Result<Subject> {
    made.of([Tag::Article(edition.article_id), Tag::Sections]);
    made.changes_at(Some(edition.valid_until), when.now);
    // What was public in the past is shown while it is public still; a retraction always is.
    let of = edition.article_id;
    let gone = when.at < when.now
        && edition.kind == EditionKind::Live
        && still_shown(conn, tree, &[of], when, made)?.is_empty();
    if gone || tree.get(edition.section_id).is_none() {
        return Err(Error::NotFound);
    }
    if let Some(since) = edition.withdrawn_at {
        return Err(Error::Gone(Box::new(Retraction {
            kind: "withdrawn",
            notice: "What this article said at that time has been withdrawn.".to_owned(),
            retracted_at: since,
            article_id: edition.article_id,
        })));
    }
    match edition.kind {
        EditionKind::Live => Subject::of_edition(edition, tree).ok_or(Error::NotFound),
        EditionKind::Retracted => Err(Error::Gone(Box::new(Retraction {
            kind: "gone",
            notice: edition.notice.unwrap_or_default(),
            retracted_at: edition.valid_from,
            article_id: edition.article_id,
        }))),
    }
}

/// Where the content of an old address is now: an article that changed its slug or section, or
/// anything below a section that moved.
fn moved(
    conn: &mut Conn,
    tree: &Tree,
    mut path: String,
    when: When,
    made: &mut Made,
) -> Result<Redirect> {
    let mut section_moved = None;
    for _ in 0..MOVES_MAX {
        if let Some((section, slug)) = split(tree, &path) {
            // Whatever comes to stand here is of this section, and may be scheduled already.
            made.of([Tag::List(Facet::section(section))]);
            let next = editions::queries::next_start_at(conn, section, slug, when.now)?;
            made.changes_at(next, when.now);
            // Only an address that moved on the way here has not been looked up yet.
            let found = match section_moved {
                Some(_) => editions::queries::public_at(conn, section, slug, when)?,
                None => None,
            };
            let found = match found {
                Some(edition) => Some(edition),
                None => match editions::queries::last_at(conn, section, slug, when)? {
                    Some(id) => {
                        made.of([Tag::target(id)]);
                        editions::queries::public(conn, id, when)?
                    }
                    None => None,
                },
            };
            if let Some(edition) = found {
                let subject = shown(conn, edition, tree, when, made)?;
                return Ok(redirect(subject.path, Some(subject.id), None));
            }
        }
        if let Some(section) = tree.at(&path) {
            return Ok(redirect(section.path.clone(), None, Some(section.id)));
        }
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        let prefixes: Vec<&str> = ends.map(|end| &path[..end]).collect();
        let Some((old, to)) = sections::queries::find_redirect(conn, &prefixes)? else { break };
        let Some(section) = tree.get(to) else { break };
        path = format!("{}{}", section.path, &path[old.len()..]);
        section_moved = Some(to);
    }
    Err(Error::NotFound)
}

fn redirect(
    location: String,
    article_id: Option<crate::ids::ArticleId>,
    section_id: Option<SectionId>,
) -> Redirect {
    Redirect { location, status: 301, article_id, section_id }
}
