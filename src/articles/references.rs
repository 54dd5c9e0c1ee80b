//! What a working copy refers to, and whether it is all there.
use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::prelude::*;
use uuid::Uuid;

use super::{
    access::Access,
    blocks::{Block, VideoBlock},
    input::ArticleInput,
    queries::{self, MediaState},
    texts,
};
use crate::{
    db::{
        Conn, Tx,
        schema::{ad_slots, sections, users},
        uses::Used,
    },
    error::{Error, FieldError, Result},
    ids::{AdSlotId, AnyId, ArticleId, LinkId, MediaId, SectionId, UserId},
    media::model::MediaKind,
    time::Instant,
};

/// A thing in use, as the tables of uses keep it.
pub type Use = (Used, AnyId);

/// A medium that is named somewhere, and what can stand there.
pub struct Placed {
    /// The medium.
    pub id: MediaId,
    /// The place that names it.
    pub place: String,
    /// Of which kinds it can be.
    takes: &'static [MediaKind],
}

/// Every medium that an article names.
pub fn media_of(article: &ArticleInput) -> Vec<Placed> {
    const PICTURE: &[MediaKind] = &[MediaKind::Image];
    let mut found = Vec::new();
    let mut put = |id, place, takes| found.push(Placed { id, place, takes });
    if let Some(main) = &article.main_media {
        let takes = &[MediaKind::Image, MediaKind::Video];
        put(main.media_id, "/main_media/media_id".to_owned(), takes);
    }
    if let Some(id) = article.social.media_id {
        put(id, "/social/media_id".to_owned(), PICTURE);
    }
    for (at, block) in article.body.iter().enumerate() {
        let place = format!("/body/{at}/media_id");
        match block {
            Block::Image(image) => put(image.media_id, place, PICTURE),
            Block::Gallery(gallery) => {
                for (item, picture) in gallery.items.iter().enumerate() {
                    let place = format!("/body/{at}/items/{item}/media_id");
                    put(picture.media_id, place, PICTURE);
                }
            }
            Block::Video(VideoBlock { media_id: Some(id), .. }) => {
                put(*id, place, &[MediaKind::Video]);
            }
            Block::Audio(audio) => put(audio.media_id, place, &[MediaKind::Audio]),
            Block::Video(_)
            | Block::Paragraph(_)
            | Block::Heading(_)
            | Block::List(_)
            | Block::Quote(_)
            | Block::Embed(_)
            | Block::Related(_)
            | Block::AdSlot(_)
            | Block::Table(_)
            | Block::Code(_)
            | Block::Footnotes(_)
            | Block::Divider(_) => {}
        }
    }
    found
}

/// Every article that the body links to, with the place that names it.
pub fn articles_of(article: &ArticleInput) -> Vec<(ArticleId, String)> {
    let mut found = texts::linked_articles(&article.body);
    for (_, place) in &mut found {
        place.insert_str(0, "/body");
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

fn of_wrong_kind(place: String, is: MediaKind, takes: &[MediaKind]) -> FieldError {
    let takes: Vec<&str> = takes.iter().map(|kind| kind.as_str()).collect();
    let detail = format!("is a medium of the kind {is}; one of {} fits here", takes.join(" or "));
    FieldError::at(place, "kind", detail)
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
    articles: HashSet<ArticleId>,
}

impl Known {
    /// Five statements at the most, for any number of articles.
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
            articles.iter().flat_map(|it| media_of(it)).map(|medium| medium.id).collect();
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
        let wanted: BTreeSet<ArticleId> =
            articles.iter().flat_map(|it| articles_of(it)).map(|(id, _)| id).collect();
        known.articles = queries::existing(conn, wanted)?;
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
        for Placed { id, place, takes } in media_of(article) {
            match self.media.get(&id) {
                Some(medium) if takes.contains(&medium.kind) => {
                    uses.push((Used::Media, AnyId(id.0)));
                }
                Some(medium) => errors.push(of_wrong_kind(place, medium.kind, takes)),
                None => errors.push(missing(place, "a medium")),
            }
        }
        for (code, place) in ad_codes_of(article) {
            match self.ad_slots.get(code) {
                Some(id) => uses.push((Used::AdSlot, AnyId(id.0))),
                None => errors.push(missing(place, "an ad slot")),
            }
        }
        for (id, place) in articles_of(article) {
            if self.articles.contains(&id) {
                uses.push((Used::Article, AnyId(id.0)));
            } else {
                errors.push(missing(place, "an article"));
            }
        }
        uses.sort_unstable();
        uses.dedup();
        (uses, errors)
    }

    /// What to hold of every medium, ad slot and article.
    fn things(&self) -> Vec<AnyId> {
        let media = self.media.keys().map(|id| AnyId(id.0));
        let slots = self.ad_slots.values().map(|id| AnyId(id.0));
        media.chain(slots).chain(self.articles.iter().map(|id| being(*id))).collect()
    }
}

/// Names the lock of an article's being there at all. It is another than that of its working copy,
/// which whoever edits it holds: they keep nobody from linking to it.
pub fn being(id: ArticleId) -> AnyId {
    AnyId(Uuid::from_u128(!id.0.as_u128()))
}

/// Refuses links to the article itself, and new ones to what whoever links may not know of.
pub fn check_links(
    conn: &mut Conn,
    access: &Access,
    id: ArticleId,
    before: Option<&ArticleInput>,
    after: &ArticleInput,
    now: Instant,
) -> Result<()> {
    let linked = articles_of(after);
    if linked.is_empty() {
        return Ok(());
    }
    let led_there: HashSet<ArticleId> =
        before.map(articles_of).unwrap_or_default().into_iter().map(|(id, _)| id).collect();
    let new = linked.iter().map(|(target, _)| *target).filter(|it| !led_there.contains(it));
    let known = queries::known(conn, access, new, now)?;
    let mut errors = Vec::new();
    for (target, place) in linked {
        if target == id {
            errors.push(FieldError::at(place, "self", "is this article itself"));
        } else if !led_there.contains(&target) && !known.contains(&target) {
            let detail = "is not the id of an article that you may read, or that readers have";
            errors.push(FieldError::at(place, "missing", detail));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
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
