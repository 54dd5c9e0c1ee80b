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
    },
    ground::Ground,
    model::ArticleRow,
    queries,
    references::{Known, Use},
    related::{self, model::LinkRow},
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
    /// The edition that is public now, and the end that it gets.
    ends: Option<(EditionRow, Instant)>,
    /// Editions that were to become public and will not.
    cancels: Vec<EditionRow>,
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
    let valid_until = input.valid_to.unwrap_or(Instant::NEVER);
    // What readers have never had dates nothing.
    let (begun, standing) = match article.last_edition {
        0 => (None, Vec::new()),
        _ => (
            editions::queries::last_begun(conn, article.id, now)?,
            editions::queries::not_ended(conn, article.id, now)?,
        ),
    };
    let was_published = begun.map(|begun| begun.published_at);
    let published_at = input.published_at.or(was_published).unwrap_or(valid_from);
    let (live, cancels): (Vec<_>, Vec<_>) =
        standing.into_iter().partition(|edition| edition.valid_from <= now);
    let ends = live.into_iter().next_back().map(|edition| {
        let end = valid_from.min(edition.planned_until);
        (edition, end)
    });

    let mut blockers = Vec::new();
    if valid_until <= valid_from {
        blockers.push(FieldError::at("/valid_to", "order", "must lie after valid_from and now"));
    }
    if input.published_at.is_some_and(|at| at > valid_from) {
        blockers.push(FieldError::at("/published_at", "order", "must not lie after valid_from"));
    }
    let time = (valid_from, valid_until);
    let place = checks::place(ground, article, time, &mut blockers);
    if let Some((live, end)) = &ends {
        checks::longer(conn, live, *end, &mut blockers)?;
    }
    checks::text(document, &mut blockers);
    let (uses, missing) = ground.known().resolve(document);
    blockers.extend(missing);
    let mut warnings = Vec::new();
    checks::media(ground.known(), article, now, &mut blockers, &mut warnings);
    checks::links(article, links, ground.targets(), &mut blockers, &mut warnings);
    let (Some((section_id, slug)), true) = (place, blockers.is_empty()) else {
        blockers.dedup();
        return Err(Error::Invalid(blockers));
    };
    for scheduled in &cancels {
        let detail = format!(
            "Edition {}, scheduled for {}, will not appear: this one takes its place.",
            scheduled.number, scheduled.valid_from
        );
        warnings.push(FieldError::at("/valid_from", "replaces_scheduled", detail));
    }

    let modified_at = match begun {
        Some(begun) if !input.significant => begun.modified_at,
        Some(_) => valid_from,
        // Nothing has changed yet, also where it was published before elsewhere.
        None => published_at,
    };
    let edition = EditionRow {
        id: AnyId::new(),
        article_id: article.id,
        number: article.last_edition + 1,
        kind: EditionKind::Live,
        valid_from,
        valid_until,
        planned_until: valid_until,
        retired: false,
        section_id,
        slug,
        language: article.language.clone(),
        genre: article.genre,
        headline: article.headline.clone(),
        published_at,
        first_published_at: begun.map_or(valid_from, |begun| begun.first_published_at),
        modified_at,
        summary: Json(Summary::from(document)),
        document: Json(EditionDocument {
            article: document.clone(),
            related_links: links.iter().map(LinkRow::frozen).collect(),
        }),
        notice: None,
        created_by: Some(by),
        created_at: now,
        withdrawn_at: None,
        withdrawn_by: None,
        withdrawal_reason: None,
    };
    Ok(Plan { edition, warnings, uses, ends, cancels })
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
    for cancelled in &plan.cancels {
        editions::queries::end(tx, cancelled, cancelled.valid_from)?;
    }
    if let Some((live, end)) = &plan.ends {
        editions::queries::end(tx, live, *end)?;
    }
    editions::queries::insert(tx, &[(edition, &plan.uses)])?;
    editions::queries::retire_some(tx, now)?;
    let published = plan.published(article.clone(), status, note, now);
    queries::update(tx, &published)?;
    tx.record(plan.entry(&published))?;
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
        let live = self.ends.iter().map(|(live, _)| live);
        let stale = stale(published, self.cancels.iter().chain(live).chain([&self.edition]));
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
    let mut withdrawn = ArticleRow {
        status,
        note,
        version: article.version + 1,
        updated_at: now,
        ..article.clone()
    };
    if let Some(notice) = notice {
        // The notice stands where readers had the article last.
        let Some(begun) = editions::queries::last_begun(tx, article.id, now)? else {
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
