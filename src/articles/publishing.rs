//! Publishing: what keeps an article from readers, and how a working copy becomes an edition.
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{
    checks,
    editions::{
        self,
        model::{EditionDocument, EditionKind, EditionRow, Summary},
        schedule::{Move, Schedule},
        timeline::{Asked, Run},
    },
    ground::Ground,
    model::ArticleRow,
    queries,
    references::{Known, Use},
    related::{self, model::LinkRow},
    tags,
    workflow::Status,
};
use crate::{
    db::{Conn, Tx, journal::Entry, types::Json},
    error::{Error, FieldError, Result},
    ids::{AnyId, UserId},
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
    /// Whether to cancel what is scheduled. Otherwise it comes all the same: of two that begin at
    /// one instant the newer counts.
    #[serde(default)]
    #[schema(default = false)]
    pub replace_scheduled: bool,
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
    /// Editions that are public or scheduled, and get another time by this.
    moves: Vec<Move>,
}

/// Plans the edition; refuses with everything that keeps the article from readers.
pub fn plan(
    conn: &mut Conn,
    article: &ArticleRow,
    input: &PublishInput,
    by: UserId,
    now: Instant,
) -> Result<Plan> {
    let known = Known::of(conn, &[&article.document.0])?;
    let links = related::queries::of_article(conn, article.id)?;
    let ground = Ground::of(conn, known, [article], &links, now)?;
    plan_on(&ground, conn, article, &links, input, by, now)
}

/// The same on a ground that is known already.
pub fn plan_on(
    ground: &Ground,
    conn: &mut Conn,
    article: &ArticleRow,
    links: &[LinkRow],
    input: &PublishInput,
    by: UserId,
    now: Instant,
) -> Result<Plan> {
    let document = &article.document.0;
    let valid_from = input.valid_from.unwrap_or(now).max(now);
    let planned_until = input.valid_to.unwrap_or(Instant::NEVER);
    let mut schedule = match article.last_edition {
        0 => Schedule::empty(now),
        _ => Schedule::of(conn, article.id, now)?,
    };
    let number = article.last_edition + 1;
    if input.replace_scheduled {
        schedule.timeline.cancel(None);
    }
    let asked = Asked { published_at: input.published_at, significant: input.significant };
    schedule.timeline.add(number, (valid_from, planned_until), asked);
    let arranged = schedule.timeline.clone().arranged();
    let Some(run) = arranged.iter().find(|run| run.number == number).copied() else {
        return Err(Error::internal("the new edition is not in its timeline"));
    };

    let mut blockers = Vec::new();
    if planned_until <= valid_from {
        blockers.push(FieldError::at("/valid_to", "order", "must lie after valid_from and now"));
    }
    if input.published_at.is_some_and(|at| at > valid_from) {
        blockers.push(FieldError::at("/published_at", "order", "must not lie after valid_from"));
    }
    let time = (run.valid_from, run.valid_until);
    let place = checks::place(ground, article, time, &mut blockers);
    let mut warnings = scheduled(&schedule.editions, &arranged, article, links, now);
    let moves = schedule.moves(&arranged);
    for moved in &moves {
        if let Some(rival) = moved.rival(conn, now)? {
            let (number, other) = (moved.edition.number, rival.article_id);
            let detail = format!("leaves edition {number} at an address that article {other} gets");
            blockers.push(FieldError::at("/valid_from", "taken", detail));
        }
    }
    checks::text(document, &mut blockers);
    let (uses, missing) = ground.known().resolve(document);
    blockers.extend(missing);
    checks::media(ground.known(), article, now, &mut blockers, &mut warnings);
    checks::links(article, links, ground.targets(), &mut blockers, &mut warnings);
    let (Some((section_id, slug)), true) = (place, blockers.is_empty()) else {
        blockers.dedup();
        return Err(Error::Invalid(blockers));
    };
    let edition = EditionRow {
        id: AnyId::new(),
        article_id: article.id,
        number,
        kind: EditionKind::Live,
        valid_from: run.valid_from,
        valid_until: run.valid_until,
        planned_until: run.planned_until,
        retired: false,
        section_id,
        slug,
        language: article.language.clone(),
        genre: article.genre,
        headline: article.headline.clone(),
        published_at: run.dates.published_at,
        first_published_at: run.dates.first_published_at,
        modified_at: run.dates.modified_at,
        summary: Json(Summary::from(document)),
        document: Json(frozen(article, links)),
        notice: None,
        created_by: Some(by),
        created_at: now,
        withdrawn_at: None,
        withdrawn_by: None,
        withdrawal_reason: None,
    };
    Ok(Plan { edition, warnings, uses, moves })
}

/// The working copy as an edition keeps it.
fn frozen(article: &ArticleRow, links: &[LinkRow]) -> EditionDocument {
    EditionDocument {
        article: article.document.0.clone(),
        related_links: links.iter().map(LinkRow::frozen).collect(),
    }
}

/// What becomes of the scheduled editions: which are cancelled, and which will show something else
/// than what is published now.
fn scheduled(
    editions: &[EditionRow],
    arranged: &[Run],
    article: &ArticleRow,
    links: &[LinkRow],
    now: Instant,
) -> Vec<FieldError> {
    let scheduled: Vec<&EditionRow> = editions.iter().filter(|it| it.valid_from > now).collect();
    if scheduled.is_empty() {
        return Vec::new();
    }
    let document = frozen(article, links);
    let warn = |edition: &EditionRow| {
        let (number, from) = (edition.number, edition.valid_from);
        let run = arranged.iter().find(|run| run.number == number)?;
        if run.is_cancelled() {
            let detail = format!(
                "Edition {number}, scheduled for {from}, will not appear: this one takes its place."
            );
            Some(FieldError::at("/valid_from", "replaces_scheduled", detail))
        } else if edition.document.0 != document {
            let detail = format!(
                "Edition {number}, scheduled for {from}, will appear without this change: cancel \
                 it, or publish with `replace_scheduled`."
            );
            Some(FieldError::at("/valid_from", "scheduled_lacks_this_change", detail))
        } else {
            None
        }
    };
    scheduled.into_iter().filter_map(warn).collect()
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
    let now = tx.now();
    for moved in &plan.moves {
        moved.store(tx)?;
    }
    editions::queries::insert(tx, &[(edition, &plan.uses)])?;
    let back = editions::retirement::go_on(tx, now)?;
    let published = plan.published(article.clone(), status, note, now);
    queries::update(tx, &published)?;
    let new_tags = tags::queries::give_slugs(tx, [&edition.document.0.article])?;
    tx.record(plan.entry(&published).stale(back).stale(new_tags))?;
    Ok(published)
}

impl Plan {
    /// What the edition uses.
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }

    /// The working copy once the plan has been carried out.
    pub fn published(
        &self,
        article: ArticleRow,
        status: Status,
        note: Option<String>,
        now: Instant,
    ) -> ArticleRow {
        ArticleRow {
            status,
            note,
            last_edition: self.edition.number,
            edited_since: false,
            first_published_at: Some(self.edition.first_published_at),
            published_at: Some(self.edition.published_at),
            version: article.version + 1,
            updated_at: now,
            ..article
        }
    }

    /// What the journal says of that.
    pub fn entry(&self, published: &ArticleRow) -> Entry {
        let word = format!("edition {}", self.edition.number);
        let moved = self.moves.iter().map(|moved| &moved.edition);
        let stale = stale(published, moved.chain([&self.edition]));
        Entry::new("published", published).note(word).stale(stale)
    }
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
    let begun = editions::queries::last_begun(tx, article.id, now)?;
    let mut withdrawn = ArticleRow {
        status,
        note,
        // What was only ever scheduled has no date.
        first_published_at: begun.map(|begun| begun.dates.first_published_at),
        published_at: begun.map(|begun| begun.dates.published_at),
        version: article.version + 1,
        updated_at: now,
        ..article.clone()
    };
    if let Some(notice) = notice {
        // The notice stands where readers had the article last.
        let Some(begun) = begun else {
            return Err(Error::conflict("The article was never public; unpublish it instead."));
        };
        let last = editions::queries::find(tx, article.id, begun.number)?;
        withdrawn.last_edition += 1;
        let notice = EditionRow {
            id: AnyId::new(),
            number: withdrawn.last_edition,
            kind: EditionKind::Retracted,
            valid_from: now,
            valid_until: Instant::NEVER,
            planned_until: Instant::NEVER,
            retired: false,
            notice: Some(notice),
            created_by: tx.user(),
            created_at: now,
            withdrawn_at: None,
            withdrawn_by: None,
            withdrawal_reason: None,
            ..last
        };
        editions::queries::insert(tx, &[(&notice, &[])])?;
    }
    queries::update(tx, &withdrawn)?;
    let entry = Entry::new(status.as_str(), &withdrawn);
    tx.record(entry.stale(stale(&withdrawn, &ended)))?;
    Ok(withdrawn)
}

/// What readers have that is made of the article: its page and the lists it stands in.
pub fn stale<'a>(
    article: &ArticleRow,
    editions: impl IntoIterator<Item = &'a EditionRow>,
) -> HashSet<Tag> {
    let mut tags = HashSet::from([Tag::Article(article.id), Tag::target(article.id)]);
    tags.extend(editions.into_iter().flat_map(EditionRow::facets).map(Tag::List));
    tags
}
