//! What keeps an article from readers, and what they would miss.
use std::collections::{HashMap, HashSet};

use validator::Validate;

use super::{
    blocks::Block, editions, input::Genre, model::ArticleRow, queries, references,
    related::model::LinkRow,
};
use crate::{
    db::Conn,
    error::{FieldError, Result, field_errors},
    ids::{ArticleId, LinkId, MediaId, SectionId},
    sections,
    time::Instant,
};

/// The section and slug, where the article can stand.
pub fn place(
    conn: &mut Conn,
    article: &ArticleRow,
    from: Instant,
    until: Instant,
    blockers: &mut Vec<FieldError>,
) -> Result<Option<(SectionId, String)>> {
    if article.slug.is_none() {
        blockers.push(FieldError::at("/slug", "required", "is needed for publishing"));
    }
    let Some(section) = article.section_id else {
        blockers.push(FieldError::at("/section_id", "required", "is needed for publishing"));
        return Ok(None);
    };
    let tree = sections::queries::tree(conn)?.visible();
    let Some(at) = tree.get(section).map(|section| section.path.clone()) else {
        blockers.push(FieldError::at("/section_id", "hidden", "is a hidden section"));
        return Ok(None);
    };
    let Some(slug) = article.slug.clone() else { return Ok(None) };
    let rival = editions::queries::rival_at(conn, article.id, section, &slug, from, until)?;
    if let Some(rival) = rival {
        let detail = format!("is the address of article {rival} at that time");
        blockers.push(FieldError::at("/slug", "taken", detail));
    } else if tree.at(&format!("{at}/{slug}")).is_some() {
        blockers.push(FieldError::at("/slug", "taken", "is the address of a section"));
    }
    Ok(Some((section, slug)))
}

pub fn text(article: &ArticleRow, blockers: &mut Vec<FieldError>) {
    let document = &article.document.0;
    if document.headline.trim().is_empty() {
        blockers.push(FieldError::at("/headline", "required", "is needed for publishing"));
    }
    let text = |block: &Block| {
        matches!(block, Block::Paragraph(_) | Block::List(_) | Block::Quote(_) | Block::Table(_))
    };
    if !document.body.iter().any(text) {
        blockers.push(FieldError::at("/body", "no_text", "has no block of text"));
    }
    if document.genre == Genre::Advertorial && document.sponsorship.is_none() {
        let detail = "must say who paid for an advertorial";
        blockers.push(FieldError::at("/sponsorship", "required", detail));
    }
    for (at, block) in document.body.iter().enumerate() {
        if let Block::Video(video) = block
            && video.media_id.is_none()
            && video.url.is_none()
        {
            let detail = "needs a media_id or url for publishing";
            blockers.push(FieldError::at(format!("/body/{at}"), "no_source", detail));
        }
    }
    // Rules may have become stricter since the working copy was saved.
    if let Err(errors) = document.validate() {
        blockers.extend(field_errors(&errors, ""));
    }
}

pub fn media(
    conn: &mut Conn,
    article: &ArticleRow,
    now: Instant,
    blockers: &mut Vec<FieldError>,
    warnings: &mut Vec<FieldError>,
) -> Result<()> {
    let document = &article.document.0;
    if document.main_media.is_none() {
        warnings.push(FieldError::at("/main_media", "absent", "there is no main picture"));
    }
    if document.lead.is_none() {
        warnings.push(FieldError::at("/lead", "absent", "there is no lead"));
    }
    let wanted = references::media_of(document);
    let ids: Vec<MediaId> = wanted.iter().map(|(id, _)| *id).collect();
    let known: HashMap<MediaId, queries::MediaState> =
        queries::media_states(conn, &ids)?.into_iter().map(|state| (state.id, state)).collect();
    for (id, place) in wanted {
        let Some(state) = known.get(&id) else { continue };
        if state.credit_id.is_none() {
            blockers.push(FieldError::at(&place, "no_credit", "is a medium without a credit"));
        }
        match state.rights_expires_at {
            Some(at) if at <= now => {
                let detail = format!("is a medium whose rights expired at {at}");
                blockers.push(FieldError::at(&place, "rights_expired", detail));
            }
            Some(at) => {
                let detail = format!("is a medium that is left out from {at} on: its rights end");
                warnings.push(FieldError::at(&place, "rights_expire", detail));
            }
            None => {}
        }
        if state.alt.is_none() && !state.decorative {
            warnings.push(FieldError::at(&place, "no_alt", "has no alternative text"));
        }
    }
    Ok(())
}

pub fn links(
    conn: &mut Conn,
    article: &ArticleRow,
    links: &[LinkRow],
    now: Instant,
    blockers: &mut Vec<FieldError>,
    warnings: &mut Vec<FieldError>,
) -> Result<()> {
    let document = &article.document.0;
    let known: HashSet<LinkId> = links.iter().map(|link| link.id).collect();
    for (id, place) in references::links_of(document) {
        if !known.contains(&id) {
            let detail = "refers to a related link that is not there";
            blockers.push(FieldError::at(place, "missing", detail));
        }
    }
    for (at, block) in document.body.iter().enumerate() {
        if let Block::Related(related) = block
            && related.link_ids.is_empty()
        {
            let detail = "is an empty box, which readers do not see";
            warnings.push(FieldError::at(format!("/body/{at}"), "empty", detail));
        }
    }
    let targets: Vec<ArticleId> = links.iter().filter_map(|link| link.target_article_id).collect();
    let standings = queries::standing(conn, &targets, now)?;
    for (at, link) in links.iter().enumerate() {
        let Some(target) = link.target_article_id else { continue };
        if standings.get(&target).and_then(|standing| standing.live_edition).is_none() {
            let detail = "leads to an article that is not public; readers do not see it";
            warnings.push(FieldError::at(format!("/related_links/{at}"), "unresolved", detail));
        }
    }
    Ok(())
}
