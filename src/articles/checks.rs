//! What keeps an article from readers, and what they would miss.
use std::collections::{HashMap, HashSet};

use validator::Validate;

use super::{
    blocks::Block,
    ground::Ground,
    input::{ArticleInput, Genre},
    model::{ArticleRow, Standing},
    references::{self, Known, Placed},
    related::model::LinkRow,
    spans::Span,
    texts::texts,
};
use crate::{
    error::{FieldError, field_errors},
    ids::{ArticleId, LinkId, SectionId},
    text,
    time::Instant,
};

/// The section and slug, where the article can stand.
pub fn place(
    ground: &Ground,
    article: &ArticleRow,
    (from, until): (Instant, Instant),
    blockers: &mut Vec<FieldError>,
) -> Option<(SectionId, String)> {
    let tree = ground.tree();
    if article.slug.is_none() {
        blockers.push(FieldError::at("/slug", "required", "is needed for publishing"));
    }
    let Some(section) = article.section_id else {
        blockers.push(FieldError::at("/section_id", "required", "is needed for publishing"));
        return None;
    };
    let shown = tree.get(section).filter(|section| tree.shows(section.id));
    let Some(at) = shown.map(|section| &section.path) else {
        blockers.push(FieldError::at("/section_id", "hidden", "is a hidden section"));
        return None;
    };
    let slug = article.slug.as_ref()?;
    let mut tenants = ground.tenants(section, slug);
    if let Some(rival) = tenants.find(|tenant| tenant.rivals(article.id, from, until)) {
        let detail = format!("is the address of article {} at that time", rival.article_id);
        blockers.push(FieldError::at("/slug", "taken", detail));
    } else if tree.at(&format!("{at}/{slug}")).is_some() {
        blockers.push(FieldError::at("/slug", "taken", "is the address of a section"));
    }
    Some((section, slug.clone()))
}

/// What keeps the text itself from readers.
pub fn text(document: &ArticleInput, blockers: &mut Vec<FieldError>) {
    if text::not_blank(&document.headline).is_err() {
        blockers.push(FieldError::at("/headline", "required", "is needed for publishing"));
    }
    if !has_content(document) {
        let detail = "has no lead, no text, no picture and no film";
        blockers.push(FieldError::at("/body", "no_content", detail));
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

/// Whether there is anything to read or to see beside the headline: a flash has its lead, a photo
/// story its pictures.
fn has_content(document: &ArticleInput) -> bool {
    let said = |spans: &[Span]| spans.iter().any(|span| text::not_blank(&span.text).is_ok());
    let shows = |block: &Block| match block {
        Block::Paragraph(block) => said(&block.text),
        Block::Quote(block) => said(&block.text),
        Block::List(_) | Block::Table(_) => texts(block).iter().any(|(_, spans)| said(spans)),
        Block::Code(block) => text::not_blank(&block.code).is_ok(),
        Block::Image(_)
        | Block::Gallery(_)
        | Block::Video(_)
        | Block::Audio(_)
        | Block::Embed(_) => true,
        Block::Heading(_)
        | Block::Related(_)
        | Block::AdSlot(_)
        | Block::Footnotes(_)
        | Block::Divider(_) => false,
    };
    document.lead.as_ref().is_some_and(|lead| text::not_blank(lead).is_ok())
        || document.main_media.is_some()
        || document.body.iter().any(shows)
}

/// What readers would miss around the text, and which media they may not get.
pub fn media(
    known: &Known,
    article: &ArticleRow,
    now: Instant,
    blockers: &mut Vec<FieldError>,
    warnings: &mut Vec<FieldError>,
) {
    let document = &article.document.0;
    if document.main_media.is_none() {
        warnings.push(FieldError::at("/main_media", "absent", "there is no main picture"));
    }
    if article.authors().is_empty() && document.byline.is_none() {
        warnings.push(FieldError::at("/authors", "absent", "no one is named as its author"));
    }
    if document.lead.is_none() {
        warnings.push(FieldError::at("/lead", "absent", "there is no lead"));
    }
    for Placed { id, place, .. } in references::media_of(document) {
        let Some(state) = known.medium(id) else { continue };
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
}

/// Which boxes and links lead nowhere.
pub fn links(
    article: &ArticleRow,
    links: &[LinkRow],
    targets: &HashMap<ArticleId, Standing>,
    blockers: &mut Vec<FieldError>,
    warnings: &mut Vec<FieldError>,
) {
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
    let public =
        |target| targets.get(&target).is_some_and(|standing| standing.live_edition.is_some());
    for (at, link) in links.iter().enumerate() {
        if link.target_article_id.is_some_and(|target| !public(target)) {
            let detail = "leads to an article that is not public; readers do not see it";
            warnings.push(FieldError::at(format!("/related_links/{at}"), "unresolved", detail));
        }
    }
    for (target, place) in references::articles_of(document) {
        if !public(target) {
            let detail = "leads to an article that is not public; readers get no link";
            warnings.push(FieldError::at(place, "unresolved", detail));
        }
    }
}
