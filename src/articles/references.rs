//! What a working copy refers to, and whether it is all there.
use std::collections::HashMap;

use diesel::prelude::*;

use super::{blocks::Block, input::ArticleInput};
use crate::{
    db::{
        Conn, Tx,
        schema::{ad_slots, media, sections, users},
        uses::Used,
    },
    error::{Error, FieldError, Result},
    ids::{AdSlotId, AnyId, LinkId, MediaId, SectionId, UserId},
};

/// A thing in use, as the tables of uses keep it.
pub type Use = (Used, AnyId);

/// Every medium, with the place that names it.
pub fn media_of(article: &ArticleInput) -> Vec<(MediaId, String)> {
    let mut found = Vec::new();
    if let Some(main) = &article.main_media {
        found.push((main.media_id, "/main_media/media_id".to_owned()));
    }
    if let Some(id) = article.social.media_id {
        found.push((id, "/social/media_id".to_owned()));
    }
    for (at, block) in article.body.iter().enumerate() {
        match block {
            Block::Image(image) => found.push((image.media_id, format!("/body/{at}/media_id"))),
            Block::Gallery(gallery) => {
                found.extend(gallery.items.iter().enumerate().map(|(item, picture)| {
                    (picture.media_id, format!("/body/{at}/items/{item}/media_id"))
                }));
            }
            Block::Video(video) => {
                found.extend(video.media_id.map(|id| (id, format!("/body/{at}/media_id"))));
            }
            _ => {}
        }
    }
    found
}

/// Every code of a pinned ad slot, with the place that names it.
pub fn ad_codes_of(article: &ArticleInput) -> Vec<(&str, String)> {
    let blocks = article.body.iter().enumerate();
    blocks
        .filter_map(|(at, block)| match block {
            Block::AdSlot(slot) => Some((slot.code.as_str(), format!("/body/{at}/code"))),
            _ => None,
        })
        .collect()
}

/// Every related link that stands in a box, with the place that names it.
pub fn links_of(article: &ArticleInput) -> Vec<(LinkId, String)> {
    let blocks = article.body.iter().enumerate();
    blocks
        .filter_map(|(at, block)| match block {
            Block::Related(related) => Some((at, &related.link_ids)),
            _ => None,
        })
        .flat_map(|(at, ids)| {
            let place = move |link| format!("/body/{at}/link_ids/{link}");
            ids.iter().enumerate().map(move |(link, id)| (*id, place(link)))
        })
        .collect()
}

fn missing(place: String, what: &str) -> FieldError {
    FieldError::at(place, "missing", format!("refers to {what} that is not there"))
}

/// The things in use, and an error for each that is not there.
pub fn resolve(conn: &mut Conn, article: &ArticleInput) -> Result<(Vec<Use>, Vec<FieldError>)> {
    let mut errors = Vec::new();
    let mut uses = Vec::new();

    if let Some(id) = article.section_id {
        let known = sections::table.find(id).select(sections::id).first::<SectionId>(conn);
        if known.optional()?.is_none() {
            errors.push(missing("/section_id".to_owned(), "a section"));
        }
    }
    let authors = article.authors.clone().unwrap_or_default();
    if !authors.is_empty() {
        let known: Vec<UserId> =
            users::table.filter(users::id.eq_any(authors.clone())).select(users::id).load(conn)?;
        let unknown = authors.iter().enumerate().filter(|(_, id)| !known.contains(id));
        errors.extend(unknown.map(|(at, _)| missing(format!("/authors/{at}"), "a user")));
    }
    let wanted = media_of(article);
    if !wanted.is_empty() {
        let ids: Vec<MediaId> = wanted.iter().map(|(id, _)| *id).collect();
        let known: Vec<MediaId> =
            media::table.filter(media::id.eq_any(ids)).select(media::id).load(conn)?;
        for (id, place) in wanted {
            if known.contains(&id) {
                uses.push((Used::Media, AnyId(id.0)));
            } else {
                errors.push(missing(place, "a medium"));
            }
        }
    }
    let wanted = ad_codes_of(article);
    if !wanted.is_empty() {
        let codes: Vec<&str> = wanted.iter().map(|(code, _)| *code).collect();
        let known: Vec<(String, AdSlotId)> = ad_slots::table
            .filter(ad_slots::code.eq_any(codes))
            .select((ad_slots::code, ad_slots::id))
            .load(conn)?;
        let known: HashMap<String, AdSlotId> = known.into_iter().collect();
        for (code, place) in wanted {
            match known.get(code) {
                Some(id) => uses.push((Used::AdSlot, AnyId(id.0))),
                None => errors.push(missing(place, "an ad slot")),
            }
        }
    }
    uses.sort_unstable();
    uses.dedup();
    Ok((uses, errors))
}

/// The things in use; 422 where one is not there. Whoever is about to delete one of them waits
/// until this transaction ends, and finds it in use then.
pub fn uses(tx: &mut Tx<'_>, article: &ArticleInput) -> Result<Vec<Use>> {
    for (_, id) in resolve(tx, article)?.0 {
        tx.lock(id)?;
    }
    let (uses, errors) = resolve(tx, article)?;
    if errors.is_empty() { Ok(uses) } else { Err(Error::Invalid(errors)) }
}
