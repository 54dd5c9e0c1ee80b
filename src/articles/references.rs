//! What a working copy refers to, and whether it is all there.
use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;

use super::{
    blocks::Block,
    input::ArticleInput,
    queries::{self, MediaState},
};
use crate::{
    db::{
        Conn, Tx,
        schema::{ad_slots, sections, users},
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

/// What there is of everything that some articles refer to.
#[derive(Debug, Default)]
pub struct Known {
    sections: HashSet<SectionId>,
    users: HashSet<UserId>,
    media: HashMap<MediaId, MediaState>,
    ad_slots: HashMap<String, AdSlotId>,
}

impl Known {
    /// Four statements at the most, for any number of articles.
    pub fn of(conn: &mut Conn, articles: &[&ArticleInput]) -> Result<Self> {
        let mut known = Self::default();
        let wanted: BTreeSet<SectionId> = articles.iter().filter_map(|it| it.section_id).collect();
        if !wanted.is_empty() {
            let rows = sections::table.filter(sections::id.eq_any(wanted));
            known.sections = rows.select(sections::id).load(conn)?.into_iter().collect();
        }
        let wanted: BTreeSet<UserId> =
            articles.iter().flat_map(|it| it.authors.iter().flatten()).copied().collect();
        if !wanted.is_empty() {
            let rows = users::table.filter(users::id.eq_any(wanted));
            known.users = rows.select(users::id).load(conn)?.into_iter().collect();
        }
        let wanted: BTreeSet<MediaId> =
            articles.iter().flat_map(|it| media_of(it)).map(|(id, _)| id).collect();
        if !wanted.is_empty() {
            let wanted: Vec<MediaId> = wanted.into_iter().collect();
            let states = queries::media_states(conn, &wanted)?;
            known.media = states.into_iter().map(|state| (state.id, state)).collect();
        }
        let wanted: BTreeSet<&str> =
            articles.iter().flat_map(|it| ad_codes_of(it)).map(|(code, _)| code).collect();
        if !wanted.is_empty() {
            let rows = ad_slots::table.filter(ad_slots::code.eq_any(wanted));
            let rows = rows.select((ad_slots::code, ad_slots::id));
            known.ad_slots = rows.load(conn)?.into_iter().collect();
        }
        Ok(known)
    }

    /// A medium that one of the articles refers to.
    pub fn medium(&self, id: MediaId) -> Option<&MediaState> {
        self.media.get(&id)
    }

    /// What one of the articles uses, and an error for each thing that is not there.
    pub fn resolve(&self, article: &ArticleInput) -> (Vec<Use>, Vec<FieldError>) {
        let (mut uses, mut errors) = (Vec::new(), Vec::new());
        if article.section_id.is_some_and(|id| !self.sections.contains(&id)) {
            errors.push(missing("/section_id".to_owned(), "a section"));
        }
        let authors = article.authors.iter().flatten().enumerate();
        let unknown = authors.filter(|(_, id)| !self.users.contains(id));
        errors.extend(unknown.map(|(at, _)| missing(format!("/authors/{at}"), "a user")));
        for (id, place) in media_of(article) {
            match self.media.get(&id) {
                Some(_) => uses.push((Used::Media, AnyId(id.0))),
                None => errors.push(missing(place, "a medium")),
            }
        }
        for (code, place) in ad_codes_of(article) {
            match self.ad_slots.get(code) {
                Some(id) => uses.push((Used::AdSlot, AnyId(id.0))),
                None => errors.push(missing(place, "an ad slot")),
            }
        }
        uses.sort_unstable();
        uses.dedup();
        (uses, errors)
    }

    /// Every medium and ad slot.
    fn things(&self) -> Vec<AnyId> {
        let media = self.media.keys().map(|id| AnyId(id.0));
        media.chain(self.ad_slots.values().map(|id| AnyId(id.0))).collect()
    }
}

/// Holds what the articles use: whoever is about to delete one of those things waits until this
/// transaction ends, and finds it in use then.
pub fn hold(tx: &mut Tx<'_>, articles: &[&ArticleInput]) -> Result<Known> {
    let things = Known::of(tx, articles)?.things();
    tx.share(things)?;
    Known::of(tx, articles)
}

/// What the article uses, which is held; 422 where something is not there.
pub fn uses(tx: &mut Tx<'_>, article: &ArticleInput) -> Result<Vec<Use>> {
    let (uses, errors) = hold(tx, &[article])?.resolve(article);
    if errors.is_empty() { Ok(uses) } else { Err(Error::Invalid(errors)) }
}
