//! Decisions: how moderators move comments from one status to another, one or many at a time.
use std::collections::{BTreeSet, HashMap, HashSet};

use actix_web::post;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::{Validate, ValidationError};

use super::{
    model::{Comment, CommentRow, CommentStatus, Reason},
    queries, reports,
};
use crate::{
    auth::{guard::Allow, roles::ModerateComments},
    db::{Db, Tx, journal::Entry},
    error::{Error, FieldError, Result},
    http::{
        answer::Answer,
        conditional::IfMatch,
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
    },
    ids::{ArticleId, CommentId},
    text, text_enum,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(decide_comment).service(decide_comments);
}

text_enum! {
    /// What a moderator decides.
    pub enum Decision {
        /// Readers shall see it.
        Approve = "approve",
        /// Readers shall not see it.
        Reject = "reject",
        /// Someone shall look at it again.
        Hold = "hold",
    }
}

impl Decision {
    fn leads_to(self) -> CommentStatus {
        match self {
            Self::Approve => CommentStatus::Approved,
            Self::Reject => CommentStatus::Rejected,
            Self::Hold => CommentStatus::Pending,
        }
    }
}

/// A decision about one comment.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "Self::check"))]
#[schema(examples(json!({"decision": "reject", "reason": "advertising", "note": "third time today"})))]
pub struct DecisionInput {
    pub decision: Decision,
    /// Why. Required with `reject`.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// A word on it, for the newsroom.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

impl DecisionInput {
    fn check(&self) -> Result<(), ValidationError> {
        reasoned(self.decision, self.reason)
    }
}

/// A decision about one of several comments.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = "Self::check"))]
pub struct DecisionItem {
    pub comment_id: CommentId,
    /// The comment's version that you have read.
    #[validate(range(min = 1))]
    #[schema(minimum = 1)]
    pub version: i32,
    pub decision: Decision,
    /// Why. Required with `reject`.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// A word on it, for the newsroom.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

impl DecisionItem {
    fn check(&self) -> Result<(), ValidationError> {
        reasoned(self.decision, self.reason)
    }
}

/// Decisions about several comments.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"items": [
    {"comment_id": "01890a5d-ac96-774b-bcce-b302099a8057", "version": 1, "decision": "approve"},
    {"comment_id": "01890a5d-ac97-7000-8000-000000000001", "version": 2, "decision": "reject", "reason": "spam"},
]})))]
pub struct DecisionsInput {
    /// Each comment once.
    #[validate(length(min = 1, max = 100), nested, custom(function = "each_once"))]
    #[schema(min_items = 1, max_items = 100)]
    pub items: Vec<DecisionItem>,
}

/// The comments after the decisions.
#[derive(Debug, Serialize, ToSchema)]
struct Decided {
    /// In the order of the decisions.
    data: Vec<Comment>,
}

fn reasoned(decision: Decision, reason: Option<Reason>) -> Result<(), ValidationError> {
    if decision == Decision::Reject && reason.is_none() {
        return Err(text::broken_at("/reason", "required", "is needed to reject a comment"));
    }
    Ok(())
}

fn each_once(items: &[DecisionItem]) -> Result<(), ValidationError> {
    let mut seen = HashSet::new();
    match items.iter().position(|item| !seen.insert(item.comment_id)) {
        None => Ok(()),
        Some(at) => {
            let at = format!("/{at}/comment_id");
            Err(text::broken_at(&at, "distinct", "is the comment of an earlier item"))
        }
    }
}

/// Decide about a comment
///
/// Approves, rejects or holds it, and resolves the open reports about it. To dismiss reports,
/// decide for the status that the comment has already.
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    params(IfMatch, IdempotencyKey), request_body = DecisionInput,
    responses((status = 200, description = "Decided.", body = Comment),
        (status = 409, description = "The comment is deleted, or has this status already and no open reports.")))]
#[post("/comments/{id}/decisions")]
async fn decide_comment(
    allow: Allow<ModerateComments>,
    db: Db,
    id: Id<CommentId>,
    expected: IfMatch,
    post: Posted<DecisionInput>,
) -> Result<Answer> {
    post.once(&db, allow.caller, move |tx, input| {
        let comment = opened(tx, id.0, &expected)?;
        let status = input.decision.leads_to();
        let reported = !reports::queries::reported(tx, &[comment.id])?.is_empty();
        if let Some(refusal) = refusal(&comment, status, reported) {
            return Err(Error::conflict(refusal));
        }
        let decided = settle(tx, &comment, status, input.reason, input.note)?;
        Answer::resource(&decided, &Comment::from(&decided))
    })
    .await
}

/// Decide about several comments
///
/// All or nothing: where one of the decisions cannot be made, none is, and `errors` names every
/// item in the way, with the code `missing` (no such comment), `stale` (changed by someone else
/// since that version) or `state` (it is deleted, or has this status already and no open
/// reports).
#[utoipa::path(tag = "comments", security(("bearer" = ["comments:moderate"])),
    params(IdempotencyKey), request_body = DecisionsInput,
    responses((status = 200, description = "All decided.", body = Decided),
        (status = 409, description = "None decided; `errors` points at the items in the way.")))]
#[post("/comments/decisions")]
async fn decide_comments(
    allow: Allow<ModerateComments>,
    db: Db,
    post: Posted<DecisionsInput>,
) -> Result<Answer> {
    post.once(&db, allow.caller, |tx, input| {
        let ids: Vec<CommentId> = input.items.iter().map(|item| item.comment_id).collect();
        // Always in the same order, so that no two moderators wait for each other.
        let articles: BTreeSet<ArticleId> =
            queries::among(tx, &ids)?.iter().map(|comment| comment.article_id).collect();
        for article in articles {
            tx.lock(article)?;
        }
        let known = by_id(queries::among(tx, &ids)?);
        let reported = reports::queries::reported(tx, &ids)?;
        let in_the_way: Vec<FieldError> = (0..)
            .zip(&input.items)
            .filter_map(|(at, item)| {
                let reported = reported.contains(&item.comment_id);
                hindrance(at, item, known.get(&item.comment_id), reported)
            })
            .collect();
        if !in_the_way.is_empty() {
            let detail = "Nothing was decided; `errors` points at the items in the way.".to_owned();
            return Err(Error::Conflict { detail, errors: in_the_way });
        }
        for item in input.items {
            if let Some(comment) = known.get(&item.comment_id) {
                settle(tx, comment, item.decision.leads_to(), item.reason, item.note)?;
            }
        }
        // A decision moves the count of replies of another comment, which may be among them.
        let decided = by_id(queries::among(tx, &ids)?);
        let decided = ids.iter().filter_map(|id| decided.get(id)).map(Comment::from);
        Answer::ok(&Decided { data: decided.collect() })
    })
    .await
}

fn by_id(comments: Vec<CommentRow>) -> HashMap<CommentId, CommentRow> {
    comments.into_iter().map(|comment| (comment.id, comment)).collect()
}

/// What keeps one of several decisions from being made.
fn hindrance(
    at: usize,
    item: &DecisionItem,
    comment: Option<&CommentRow>,
    reported: bool,
) -> Option<FieldError> {
    let here = format!("/items/{at}");
    let Some(comment) = comment else {
        return Some(FieldError::at(here, "missing", "is about no comment that there is"));
    };
    if comment.version != item.version {
        let detail = format!("The comment is at version {} now.", comment.version);
        return Some(FieldError::at(here, "stale", detail));
    }
    let refusal = refusal(comment, item.decision.leads_to(), reported)?;
    Some(FieldError::at(here, "state", refusal))
}

/// The comment for a change, with its article's thread held.
pub fn opened(tx: &mut Tx<'_>, id: CommentId, expected: &IfMatch) -> Result<CommentRow> {
    let article = queries::find(tx, id)?.article_id;
    expected.current(tx, article, |conn| queries::find(conn, id))
}

/// Why a comment cannot be brought to this status. To leave it as it is decides about the
/// reports, where there are any.
pub fn refusal(comment: &CommentRow, to: CommentStatus, reported: bool) -> Option<String> {
    match comment.status {
        CommentStatus::Deleted => Some("The comment is deleted.".to_owned()),
        status if status == to && !reported => Some(format!("The comment is {status} already.")),
        _ => None,
    }
}

/// Brings a comment to another status, keeps the counts, and resolves the reports about it. The
/// caller holds the article's lock.
pub fn settle(
    tx: &mut Tx<'_>,
    comment: &CommentRow,
    status: CommentStatus,
    reason: Option<Reason>,
    note: Option<String>,
) -> Result<CommentRow> {
    let (decided, mut entry) = bring(tx, comment, status, reason, note)?;
    let resolved = reports::queries::resolve(tx, decided.id)?;
    if resolved > 0 {
        entry = entry.note(format!("reports resolved: {resolved}"));
    }
    tx.record(entry)?;
    Ok(decided)
}

/// Sends a comment that so many readers have reported back to the moderators, who resolve the
/// reports. The caller holds the article's lock.
pub fn hold_reported(tx: &mut Tx<'_>, comment: &CommentRow, reporters: i64) -> Result<()> {
    let note = format!("Held by the filter: {reporters} readers have reported it.");
    let (_, entry) = bring(tx, comment, CommentStatus::Pending, None, Some(note))?;
    tx.record(entry.note(format!("reports: {reporters}")))
}

fn bring(
    tx: &mut Tx<'_>,
    comment: &CommentRow,
    status: CommentStatus,
    reason: Option<Reason>,
    note: Option<String>,
) -> Result<(CommentRow, Entry)> {
    let now = tx.now();
    let version = comment.version + 1;
    let decided = CommentRow { status, reason, note, version, updated_at: now, ..comment.clone() };
    let decided = queries::decide(tx, &decided)?;
    let did = match status {
        CommentStatus::Pending => "held",
        CommentStatus::Approved => "approved",
        CommentStatus::Rejected => "rejected",
        CommentStatus::Deleted => "deleted",
    };
    let mut entry = Entry::new(did, &decided);
    if let Some(reason) = reason {
        entry = entry.note(reason.as_str());
    }
    if decided.is_approved() != comment.is_approved() {
        let by = if decided.is_approved() { 1 } else { -1 };
        queries::count(tx, &decided, by, now)?;
        entry = entry.stale(decided.tags());
    }
    Ok((decided, entry))
}
