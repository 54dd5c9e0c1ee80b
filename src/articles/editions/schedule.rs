//! The schedule of an article: cancelling one scheduled edition, moving one to another time, and
//! what that means for the editions around it.
use actix_web::{delete, patch};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{
    manage::ChangedEdition,
    model::{EditionRow, EditionSummary},
    queries::{self, Tenant},
    timeline::{Dates, Run, Timeline},
};
use crate::{
    articles::{
        access::Access, manage::view, model::ArticleRow, publishing::stale, queries as working,
    },
    auth::{
        guard::{Allow, Caller},
        roles::PublishArticles,
    },
    config::FourEyes,
    db::{Conn, Db, Tx, journal::Entry},
    error::{Error, FieldError, Result},
    http::{
        answer::Answer,
        body::Patch,
        conditional::IfMatch,
        handlers::ServiceConfig,
        path::{Id, Number},
        settings::Settings,
    },
    ids::{ArticleId, SectionId},
    time::Instant,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(cancel_edition).service(reschedule_edition);
}

/// The editions of an article that have not ended, and the timeline that they make.
pub struct Schedule {
    /// As they are stored.
    pub editions: Vec<EditionRow>,
    /// To be changed.
    pub timeline: Timeline,
}

/// An edition whose time changes.
pub struct Move {
    /// As it was.
    pub edition: EditionRow,
    /// When it is public from now on.
    pub run: Run,
}

impl Schedule {
    /// As it is at `now`.
    pub fn of(conn: &mut Conn, id: ArticleId, now: Instant) -> Result<Self> {
        let begun = queries::last_begun(conn, id, now)?;
        let editions = queries::not_ended(conn, id, now)?;
        let timeline = Timeline::new(begun, editions.iter().map(EditionRow::run), now);
        Ok(Self { editions, timeline })
    }

    /// That of an article without editions.
    pub fn empty(now: Instant) -> Self {
        Self { editions: Vec::new(), timeline: Timeline::new(None, [], now) }
    }

    /// Those of the editions whose time is another in this arrangement.
    pub fn moves(self, arranged: &[Run]) -> Vec<Move> {
        let moved = |edition: EditionRow| {
            let old = edition.run();
            let run = *arranged.iter().find(|run| run.number == old.number)?;
            (run != old).then_some(Move { edition, run })
        };
        self.editions.into_iter().filter_map(moved).collect()
    }
}

impl Move {
    /// Who has the edition's address at some instant that it had not before.
    pub fn rival(&self, conn: &mut Conn, now: Instant) -> Result<Option<Tenant>> {
        let Self { edition, run } = self;
        let longer = run.valid_from < edition.valid_from || run.valid_until > edition.valid_until;
        if !longer || run.is_cancelled() {
            return Ok(None);
        }
        let there = queries::tenants(conn, edition.section_id, &[&edition.slug], now)?;
        let of = edition.article_id;
        let rivals = |tenant: &Tenant| tenant.rivals(of, run.valid_from, run.valid_until);
        Ok(there.into_iter().find(rivals))
    }

    /// Stores it.
    pub fn store(&self, conn: &mut Conn) -> Result<()> {
        queries::rearrange(conn, self.edition.id, &self.run)
    }
}

/// Holds the addresses that the article's editions have or may get, until the commit: of two that
/// reach for one address at once, the second finds the first there.
pub fn hold_addresses(tx: &mut Tx<'_>, article: &ArticleRow) -> Result<()> {
    let now = tx.now();
    let mut sections = queries::sections_of(tx, article.id, now)?;
    sections.extend(article.section_id);
    // Always in the same order, so that no two wait for each other.
    sections.sort_unstable();
    sections.dedup();
    sections.into_iter().try_for_each(|section: SectionId| tx.lock(section))
}

/// When a scheduled edition is to be public.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"valid_from": "2027-01-31T06:00:00.000Z", "valid_to": null})))]
pub struct ScheduleInput {
    /// When readers get it: now where it is past.
    pub valid_from: Instant,
    /// When it goes offline by itself, also where the edition behind it is cancelled; null: never.
    #[serde(default)]
    pub valid_to: Option<Instant>,
}

/// The article and its scheduled edition, for a change.
struct Opened {
    access: Access,
    article: ArticleRow,
    edition: EditionRow,
    schedule: Schedule,
}

fn opened(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: ArticleId,
    number: Number,
    expected: &IfMatch,
) -> Result<Opened> {
    let access = Access::of(tx, caller)?;
    let article = expected.current(tx, id, |conn| access.to(working::find(conn, id)?))?;
    access.check_desk(&article)?;
    let edition = queries::find(tx, id, number.0)?;
    let now = tx.now();
    edition.check_scheduled(now)?;
    hold_addresses(tx, &article)?;
    let schedule = Schedule::of(tx, id, now)?;
    Ok(Opened { access, article, edition, schedule })
}

/// Cancel a scheduled edition
///
/// No reader will get it. What is public stays public: until the end that was planned for it, or
/// until the next scheduled edition. The edition stays in the history, with the state `cancelled`,
/// and can be restored. Where nothing of the article was ever public and nothing else of it is
/// scheduled, it is `approved` again; in review, where the newsroom works with four eyes and it was
/// edited since.
///
/// `If-Match` takes the article's `ETag`.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:publish"])), params(IfMatch),
    responses((status = 200, description = "Cancelled.", body = ChangedEdition),
        (status = 409, description = "The edition is not scheduled, or what is public would stay at an address that another article gets (`taken`).")))]
#[delete("/articles/{id}/editions/{number}")]
async fn cancel_edition(
    allow: Allow<PublishArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    number: Number,
    expected: IfMatch,
) -> Result<Answer> {
    let (caller, rule) = (allow.caller.clone(), settings.0.four_eyes);
    db.write(allow.caller, move |tx| {
        let mut opened = opened(tx, &caller, id.0, number, &expected)?;
        opened.schedule.timeline.cancel(Some(number.0));
        rearrange(tx, &caller, opened, rule, "edition_cancelled", "")
    })
    .await
}

/// Move a scheduled edition
///
/// To another time, as it is: its text is the one that was published, whatever was edited since.
/// Takes a JSON merge patch (RFC 7396) of `valid_from` and `valid_to`. The editions before and
/// behind it give way: each is public until the next one begins. A `valid_from` that is past makes
/// it public now.
///
/// `If-Match` takes the article's `ETag`.
#[utoipa::path(tag = "articles", security(("bearer" = ["articles:publish"])), params(IfMatch),
    request_body(content = ScheduleInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Moved.", body = ChangedEdition),
        (status = 409, description = "The edition is not scheduled, another one is scheduled for that instant (`state`), or an address would belong to two articles at once (`taken`).")))]
#[patch("/articles/{id}/editions/{number}")]
async fn reschedule_edition(
    allow: Allow<PublishArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    number: Number,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    let (caller, rule) = (allow.caller.clone(), settings.0.four_eyes);
    db.write(allow.caller, move |tx| {
        let mut opened = opened(tx, &caller, id.0, number, &expected)?;
        let Run { valid_from, planned_until, .. } = opened.edition.run();
        let current = ScheduleInput { valid_from, valid_to: planned_until.unless_never() };
        let ScheduleInput { valid_from, valid_to } = patch.apply(&current)?;
        let from = valid_from.max(tx.now());
        let until = valid_to.unwrap_or(Instant::NEVER);
        let timeline = &mut opened.schedule.timeline;
        if until <= from {
            return Err(Error::invalid("/valid_to", "order", "must lie after valid_from and now"));
        }
        let asked = timeline.asked(number.0).and_then(|asked| asked.published_at);
        if let Some(at) = asked.filter(|at| *at > from) {
            let detail = format!("lies before the edition's published_at, {at}");
            return Err(Error::invalid("/valid_from", "order", &detail));
        }
        let other = timeline.scheduled().find(|it| it.valid_from == from && it.number != number.0);
        if let Some(other) = other {
            let detail = format!("Edition {} is scheduled for that instant.", other.number);
            let errors = vec![FieldError::at("/valid_from", "state", detail.clone())];
            return Err(Error::Conflict { detail, errors });
        }
        timeline.reschedule(number.0, (from, until));
        rearrange(tx, &caller, opened, rule, "edition_rescheduled", "/valid_from")
    })
    .await
}

/// Stores the changed timeline; `pointer` is what a taken address is laid to.
fn rearrange(
    tx: &mut Tx<'_>,
    caller: &Caller,
    opened: Opened,
    rule: FourEyes,
    did: &str,
    pointer: &str,
) -> Result<Answer> {
    let Opened { access, article, edition, schedule } = opened;
    let now = tx.now();
    let begun = schedule.timeline.begun();
    let arranged = schedule.timeline.clone().arranged();
    let moves = schedule.moves(&arranged);
    for moved in &moves {
        if let Some(rival) = moved.rival(tx, now)? {
            let (number, other) = (moved.edition.number, rival.article_id);
            let detail =
                format!("Edition {number} would be public at an address that article {other} has.");
            let errors = vec![FieldError::at(pointer, "taken", detail.clone())];
            return Err(Error::Conflict { detail, errors });
        }
    }
    for moved in &moves {
        moved.store(tx)?;
    }
    let left = arranged.iter().filter(|run| !run.is_cancelled());
    let newest = left.map(|run| (run.number, run.dates));
    let newest = newest.chain(begun.map(|begun| (begun.number, begun.dates)));
    let dates: Option<Dates> = newest.max_by_key(|(number, _)| *number).map(|(_, dates)| dates);
    let article = ArticleRow {
        status: if dates.is_some() { article.status } else { article.unscheduled(rule) },
        first_published_at: dates.map(|dates| dates.first_published_at),
        published_at: dates.map(|dates| dates.published_at),
        version: article.version + 1,
        updated_at: now,
        ..article
    };
    working::update(tx, &article)?;
    let edition = match arranged.iter().find(|run| run.number == edition.number) {
        Some(run) => edition.at(run),
        None => edition,
    };
    let entry = Entry::new(did, &article).note(format!("edition {}", edition.number));
    let entry = if edition.run().is_cancelled() {
        entry
    } else {
        entry.note(format!("valid_from {}", edition.valid_from))
    };
    tx.record(entry.stale(stale(&article, moves.iter().map(|moved| &moved.edition))))?;
    let seen = view(tx, &access, article.clone(), rule, caller.now)?;
    let edition = EditionSummary::new(&edition, now);
    Answer::resource(&article, &ChangedEdition { article: seen, edition })
}
