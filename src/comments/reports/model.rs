//! What a report is: a reader's flag, or a notice of illegal content (DSA, article 16).
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    comments::model::{Comment, CommentRow, Reason},
    db::{journal::Resource, schema::comment_reports, types::Json},
    http::query::Limit,
    ids::{CommentId, ReportId},
    tagged_union, text, text_enum,
    time::Instant,
};

text_enum! {
    /// What kind of report.
    pub enum ReportKind {
        /// Someone should look at this.
        Flag = "flag",
        /// A notice under article 16 of the Digital Services Act, Regulation (EU) 2022/2065.
        IllegalContent = "illegal_content",
    }
}

/// Someone should look at this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What seems to be wrong.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// More about it.
    #[serde(default)]
    #[validate(length(min = 1, max = 1000))]
    #[schema(min_length = 1, max_length = 1000)]
    pub note: Option<String>,
}

/// A notice of illegal content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IllegalContentNotice {
    /// Why the comment is against the law.
    #[validate(length(min = 1, max = 4000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 4000, pattern = r"\S")]
    pub explanation: String,
    /// The name of whoever gives the notice.
    #[validate(length(min = 1, max = 200), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub reporter_name: String,
    /// Where they can be reached.
    #[validate(email, length(max = 254))]
    #[schema(format = "email", max_length = 254)]
    pub reporter_email: String,
    /// That they believe in good faith that what they state is accurate and complete: true.
    #[validate(custom(function = "confirmed"))]
    pub good_faith: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "validator hands over references")]
fn confirmed(good_faith: &bool) -> Result<(), ValidationError> {
    if *good_faith {
        return Ok(());
    }
    Err(text::broken("confirmed", "must be true: a notice is given in good faith"))
}

tagged_union! {
    /// What a reader sends.
    #[schema(examples(
        json!({"kind": "flag", "reason": "spam"}),
        json!({"kind": "illegal_content", "explanation": "It names a minor who is a witness.", "reporter_name": "Ewa Lis", "reporter_email": "ewa@example.org", "good_faith": true})))]
    pub enum ReportInput by "kind" {
        /// Someone should look at this.
        Flag(Flag) = "flag",
        /// A notice of illegal content.
        IllegalContent(IllegalContentNotice) = "illegal_content",
    }
}

impl ReportInput {
    /// Which kind it is.
    pub fn kind(&self) -> ReportKind {
        match self {
            Self::Flag(_) => ReportKind::Flag,
            Self::IllegalContent(_) => ReportKind::IllegalContent,
        }
    }
}

/// One report, as the database keeps it.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = comment_reports)]
pub struct ReportRow {
    pub id: ReportId,
    pub comment_id: CommentId,
    pub kind: ReportKind,
    pub notice: Json<ReportInput>,
    pub resolved: bool,
    pub created_at: Instant,
    /// A pseudonym for where it came from, for a month.
    pub reporter: Option<String>,
}

impl Resource for ReportRow {
    const TYPE: &'static str = "report";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        1
    }
}

/// The confirmation that a report has arrived.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// Quote it when you ask what became of the report.
    pub id: ReportId,
    pub comment_id: CommentId,
    pub kind: ReportKind,
    pub created_at: Instant,
}

impl From<&ReportRow> for Receipt {
    fn from(row: &ReportRow) -> Self {
        let ReportRow { id, comment_id, kind, created_at, .. } = *row;
        Self { id, comment_id, kind, created_at }
    }
}

/// A report as moderators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Report {
    pub id: ReportId,
    /// What the reader sent.
    pub notice: ReportInput,
    /// Whether the comment was decided about since. Deciding about it is how to resolve a report.
    pub resolved: bool,
    pub created_at: Instant,
    /// The comment that it is about, as it is now.
    pub comment: Comment,
}

impl Report {
    /// Of a report and its comment.
    pub fn new(report: ReportRow, comment: &CommentRow) -> Self {
        let ReportRow { id, notice, resolved, created_at, .. } = report;
        Self { id, notice: notice.0, resolved, created_at, comment: comment.into() }
    }
}

/// Which reports to list: open ones first, the oldest of each first.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportFilter {
    /// Only those of this kind.
    pub kind: Option<ReportKind>,
    /// Only resolved, or only open ones.
    pub resolved: Option<bool>,
    /// Also count what the filters leave, as `total`. Takes the longer the more there is.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub total: bool,
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}
