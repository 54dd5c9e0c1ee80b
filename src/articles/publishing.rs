//! Publishing: what keeps an article from readers, and how a working copy becomes an edition.
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{
    blocks::Block,
    editions::{
        self,
        model::{EditionDocument, EditionKind, EditionRow, Summary},
    },
    model::{ArticleRow, Genre},
    queries,
    references::{self, Use},
    related::{self, model::LinkRow},
    workflow::Status,
};
use crate::{
    db::{Conn, Tx, journal::Entry, types::Json},
    error::{Error, FieldError, Result, field_errors},
    ids::{AnyId, ArticleId, LinkId, MediaId, SectionId, UserId},
    sections,
    tags::Tag,
    time::Instant,
};

/// How to publish.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"significant": true, "note": "checked with the harbour office"})))]
pub struct PublishInput {
    /// When readers get it: now when absent or past; ahead, it is scheduled.
    #[serde(default)]
    pub valid_from: Option<Instant>,
    /// When it goes offline by itself; never when absent.
    #[serde(default)]
    pub valid_to: Option<Instant>,
    /// The date that readers see and lists are sorted by, for texts that were published before
    /// elsewhere. Not after `valid_from`. When absent: as it was, or `valid_from`.
    #[serde(default)]
    pub published_at: Option<Instant>,
    /// Whether the change matters to those who have read it: moves `modified_at`.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub significant: bool,
    /// A word on the step, for the newsroom.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

fn yes() -> bool {
    true
}

/// Whether to publish at all.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PublishOptions {
    /// Only say what would happen: the same blockers and warnings, no change.
    #[serde(default)]
    #[param(default = false, required = false)]
    pub dry_run: bool,
}

/// An edition that could be made, with everything that goes with it.
pub struct Plan {
    pub edition: EditionRow,
    pub warnings: Vec<FieldError>,
    uses: Vec<Use>,
    /// Editions that end when this one begins.
    replaces: Vec<EditionRow>,
}

/// Plans the edition; refuses with everything that keeps the article from readers.
pub fn plan(
    conn: &mut Conn,
    article: &ArticleRow,
    input: &PublishInput,
    by: UserId,
    now: Instant,
) -> Result<Plan> {
    let document = &article.document.0;
    let valid_from = input.valid_from.unwrap_or(now).max(now);
    let valid_until = input.valid_to.unwrap_or(Instant::NEVER);
    let published_at = input.published_at.or(article.published_at).unwrap_or(valid_from);
    let links = related::queries::of_article(conn, article.id)?;
    let replaces = editions::queries::not_ended(conn, article.id, valid_from)?;

    let mut blockers = Vec::new();
    if valid_until <= valid_from {
        blockers.push(FieldError::at("/valid_to", "order", "must lie after valid_from and now"));
    }
    if input.published_at.is_some_and(|at| at > valid_from) {
        blockers.push(FieldError::at("/published_at", "order", "must not lie after valid_from"));
    }
    let place = check_place(conn, article, valid_from, valid_until, &mut blockers)?;
    check_text(article, &mut blockers);
    let (uses, missing) = references::resolve(conn, document)?;
    blockers.extend(missing);
    let mut warnings = Vec::new();
    check_media(conn, article, now, &mut blockers, &mut warnings)?;
    check_links(conn, article, &links, now, &mut blockers, &mut warnings)?;
    let (Some((section_id, slug)), true) = (place, blockers.is_empty()) else {
        blockers.dedup();
        return Err(Error::Invalid(blockers));
    };
    for scheduled in replaces.iter().filter(|edition| edition.valid_from > now) {
        let detail = format!(
            "Edition {}, scheduled for {}, will not appear: this one takes its place.",
            scheduled.number, scheduled.valid_from
        );
        warnings.push(FieldError::at("/valid_from", "replaces_scheduled", detail));
    }

    let before = replaces.iter().rfind(|edition| edition.kind == EditionKind::Live);
    let modified_at = match before {
        Some(before) if !input.significant => before.modified_at,
        // Nothing has changed yet, also where it was published before elsewhere.
        None if article.last_edition == 0 => published_at,
        _ => valid_from,
    };
    let edition = EditionRow {
        id: AnyId::new(),
        article_id: article.id,
        number: article.last_edition + 1,
        kind: EditionKind::Live,
        valid_from,
        valid_until,
        retired: false,
        section_id,
        slug,
        language: article.language.clone(),
        genre: article.genre,
        headline: article.headline.clone(),
        published_at,
        first_published_at: article.first_published_at.unwrap_or(valid_from),
        modified_at,
        summary: Json(Summary::from(document)),
        document: Json(EditionDocument {
            article: document.clone(),
            related_links: links.iter().map(LinkRow::frozen).collect(),
        }),
        notice: None,
        created_by: Some(by),
        created_at: now,
    };
    Ok(Plan { edition, warnings, uses, replaces })
}

/// The section and slug, where the article can stand.
fn check_place(
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

fn check_text(article: &ArticleRow, blockers: &mut Vec<FieldError>) {
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

fn check_media(
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

fn check_links(
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

/// Makes the planned edition: one step for readers, whatever it replaces.
pub fn publish(
    tx: &mut Tx<'_>,
    article: &ArticleRow,
    plan: &Plan,
    status: Status,
    note: Option<String>,
) -> Result<ArticleRow> {
    let edition = &plan.edition;
    // Two articles that reach for one address at once: the second finds the first one's edition.
    tx.lock(edition.section_id)?;
    let rival = editions::queries::rival_at(
        tx,
        article.id,
        edition.section_id,
        &edition.slug,
        edition.valid_from,
        edition.valid_until,
    )?;
    if rival.is_some() {
        return Err(Error::taken("/slug", "Another article has just been published there."));
    }
    let now = tx.now();
    for replaced in &plan.replaces {
        editions::queries::end(tx, replaced, edition.valid_from)?;
    }
    editions::queries::insert(tx, edition, &plan.uses)?;
    editions::queries::retire_some(tx, now)?;
    let published = ArticleRow {
        status,
        note,
        last_edition: edition.number,
        edited_since: false,
        first_published_at: Some(edition.first_published_at),
        published_at: Some(edition.published_at),
        version: article.version + 1,
        updated_at: now,
        ..article.clone()
    };
    queries::update(tx, &published)?;
    let word = format!("edition {}", edition.number);
    let stale = stale(&published, plan.replaces.iter().chain([edition]));
    tx.record(Entry::new("published", &published).note(word).stale(stale))?;
    Ok(published)
}

/// Takes everything offline that is public or will be; where it is for good, a notice stays.
pub fn withdraw(
    tx: &mut Tx<'_>,
    article: &ArticleRow,
    status: Status,
    note: Option<String>,
    notice: Option<String>,
) -> Result<ArticleRow> {
    let now = tx.now();
    let ended = editions::queries::not_ended(tx, article.id, now)?;
    for edition in &ended {
        editions::queries::end(tx, edition, now)?;
    }
    let mut withdrawn = ArticleRow {
        status,
        note,
        version: article.version + 1,
        updated_at: now,
        ..article.clone()
    };
    if let Some(notice) = notice {
        let last = editions::queries::find(tx, article.id, article.last_edition)?;
        withdrawn.last_edition += 1;
        let notice = EditionRow {
            id: AnyId::new(),
            number: withdrawn.last_edition,
            kind: EditionKind::Retracted,
            valid_from: now,
            valid_until: Instant::NEVER,
            retired: false,
            notice: Some(notice),
            created_at: now,
            ..last
        };
        editions::queries::insert(tx, &notice, &[])?;
    }
    queries::update(tx, &withdrawn)?;
    let entry = Entry::new(status.as_str(), &withdrawn);
    tx.record(entry.stale(stale(&withdrawn, &ended)))?;
    Ok(withdrawn)
}

/// What readers have that is made of the article: its page and the lists of its sections.
fn stale<'a>(
    article: &ArticleRow,
    editions: impl IntoIterator<Item = &'a EditionRow>,
) -> HashSet<Tag> {
    let mut tags = HashSet::from([Tag::Article(article.id), Tag::Lists]);
    tags.extend(editions.into_iter().map(|edition| Tag::List(edition.section_id)));
    tags
}
