//! Approvals: which version of a working copy was approved, who has written since, and what has
//! to come before it is published where the newsroom works with four eyes.
use serde::Serialize;
use utoipa::ToSchema;

use super::{model::ArticleRow, queries, workflow::Status};
use crate::{
    config::FourEyes,
    db::{Conn, Tx, journal::Entry},
    error::{Error, FieldError, Result},
    ids::UserId,
    time::Instant,
};

/// An approval of a working copy. It is about the version that was approved and no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Approval {
    /// The version that was approved.
    pub version: i32,
    /// Who approved it; null where the user has been deleted since.
    pub by: Option<UserId>,
    /// When.
    pub at: Instant,
    /// Whether whoever approved it had written nothing since the approval before.
    pub independent: bool,
    /// Whether the working copy, its related links included, has been edited since.
    pub edited_since: bool,
}

impl ArticleRow {
    /// The last approval.
    pub fn approval(&self) -> Option<Approval> {
        let (version, at) = self.approved_version.zip(self.approved_at)?;
        Some(Approval {
            version,
            by: self.approved_by,
            at,
            independent: self.approved_independently,
            edited_since: self.edited_version > version,
        })
    }

    /// The status of what was never public, once nothing of it is scheduled any more: approved, as
    /// it was before, unless every edit takes the approval back and there has been one since.
    pub fn unscheduled(&self, rule: FourEyes) -> Status {
        let edited = self.approval().is_some_and(|approval| approval.edited_since);
        match rule {
            FourEyes::On if edited => Status::InReview,
            FourEyes::On | FourEyes::ExceptCorrections | FourEyes::Off => Status::Approved,
        }
    }

    /// The working copy in the version that an edit makes, which nobody has approved. Where every
    /// edit takes the approval back, it is in review again; what was public goes on being so.
    fn edited(&self, rule: FourEyes, now: Instant) -> Self {
        let version = self.version + 1;
        let status = match (rule, self.status) {
            (FourEyes::On, Status::Approved) => Status::InReview,
            (_, status) => status,
        };
        Self {
            status,
            edited_since: self.last_edition > 0,
            edited_version: version,
            version,
            updated_at: now,
            ..self.clone()
        }
    }
}

/// The working copy as it is about to be edited, by whoever writes in this transaction: they
/// count as contributors from now on. Every edit of whatever goes into an edition begins here.
pub fn edit(tx: &mut Tx<'_>, current: &ArticleRow, rule: FourEyes) -> Result<ArticleRow> {
    if let Some(user) = tx.user() {
        queries::add_contributor(tx, current.id, user)?;
    }
    Ok(current.edited(rule, tx.now()))
}

/// What the journal says of the edit.
pub fn entry(before: &ArticleRow, after: &ArticleRow) -> Entry {
    let entry = Entry::new("edited", after);
    if before.status == after.status { entry } else { entry.note("approval taken back") }
}

/// What the newsroom's rule says of a working copy.
#[derive(Debug)]
pub struct Review<'a> {
    rule: FourEyes,
    article: &'a ArticleRow,
    /// Who has written since somebody else approved it last.
    pub contributors: Vec<UserId>,
}

impl<'a> Review<'a> {
    /// One statement.
    pub fn of(conn: &mut Conn, article: &'a ArticleRow, rule: FourEyes) -> Result<Self> {
        Ok(Self { rule, article, contributors: queries::contributors(conn, article.id)? })
    }

    /// Whether the user has written nothing since somebody else approved it last. As long as
    /// nobody else has, whoever is named as an author counts as one who has written.
    fn is_independent(&self, user: UserId) -> bool {
        !self.contributors.contains(&user) && !self.unapproved_authors().contains(&user)
    }

    fn unapproved_authors(&self) -> &[UserId] {
        match self.article.approval() {
            Some(approval) if approval.independent => &[],
            _ => self.article.authors(),
        }
    }

    /// Whether the very version that is there now has an approval that counts.
    fn is_settled(&self) -> bool {
        self.article.approval().is_some_and(|approval| {
            !approval.edited_since && (approval.independent || self.rule == FourEyes::Off)
        })
    }

    /// Refuses an approval by somebody who may not give it, and one that says nothing new.
    pub fn check_approval(&self, by: UserId) -> Result<()> {
        if self.article.status != Status::InReview && self.is_settled() {
            return Err(Error::conflict(
                "This version is approved already; nothing was edited since.",
            ));
        }
        if self.rule == FourEyes::Off || self.is_independent(by) {
            return Ok(());
        }
        Err(self.refusal("You have written of this version, or are named as its author."))
    }

    /// Refuses to publish what four eyes have not seen. What was edited after the approval, and
    /// may be published all the same, is told.
    pub fn check_publishing(&self) -> Result<Option<FieldError>> {
        let Some(approval) = self.article.approval() else {
            return match self.rule {
                FourEyes::Off => Ok(None),
                FourEyes::On | FourEyes::ExceptCorrections => {
                    Err(self.refusal("This version is not approved."))
                }
            };
        };
        match self.rule {
            FourEyes::On | FourEyes::ExceptCorrections if !approval.independent => {
                return Err(
                    self.refusal("This version was approved by somebody who had written of it.")
                );
            }
            FourEyes::On if approval.edited_since => {
                let approved = approval.version;
                let why = format!("Version {approved} was approved, and has been edited since.");
                return Err(self.refusal(&why));
            }
            FourEyes::Off | FourEyes::On | FourEyes::ExceptCorrections => {}
        }
        Ok(approval.edited_since.then(|| {
            let detail = format!(
                "is of version {}, at {}; the text or its links were edited since",
                approval.version, approval.at
            );
            FieldError::at("/approval", "edited_since", detail)
        }))
    }

    /// 409, with those whose approval would not do.
    fn refusal(&self, why: &str) -> Error {
        let detail = format!(
            "Four eyes: {why} It takes an editor's approval, and none of those whom `errors` names \
             can give it."
        );
        let named = self.unapproved_authors().iter().map(|id| (id, "author", "is named as author"));
        let wrote = "has written of it since somebody else approved it last";
        let wrote = self.contributors.iter().map(|id| (id, "contributor", wrote));
        let errors = named.chain(wrote).map(|(id, code, detail)| FieldError {
            pointer: None,
            parameter: None,
            resource: Some(format!("/manage/v1/users/{id}")),
            code: code.into(),
            detail: detail.to_owned(),
        });
        Error::Conflict { detail, errors: errors.collect() }
    }

    /// The working copy with this user's approval, in this status. Whoever has written until now
    /// is no contributor any more once somebody else has approved it.
    pub fn approve(self, tx: &mut Tx<'_>, by: UserId, status: Status) -> Result<ArticleRow> {
        self.check_approval(by)?;
        let independent = self.is_independent(by);
        if independent {
            queries::clear_contributors(tx, self.article.id)?;
        }
        Ok(ArticleRow {
            status,
            approved_version: Some(self.article.version),
            approved_by: Some(by),
            approved_at: Some(tx.now()),
            approved_independently: independent,
            ..self.article.clone()
        })
    }
}
