//! What a credit is: the row, what the newsroom sends, what readers get.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use crate::{
    db::{journal::Resource, schema::media_credits},
    http::query::Limit,
    ids::{CreditId, UserId},
    text::{self, WebUrl},
    text_enum,
    time::Instant,
};

text_enum! {
    /// What a creator is (schema.org `Person` or `Organization`).
    pub enum CreatorKind {
        /// A person.
        Person = "person",
        /// An agency, a company, an office.
        Organisation = "organisation",
    }
}

/// One credit, as the database keeps one.
#[derive(
    Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = media_credits, treat_none_as_null = true)]
#[schema(as = MediaCreditRow)]
pub struct CreditRow {
    pub id: CreditId,
    /// The word before the credit.
    #[schema(examples("Photo"))]
    pub label: Option<String>,
    /// Who must be credited (IPTC Credit Line; schema.org `creditText`).
    #[schema(examples("Jan Lis / North Agency"))]
    pub credit_line: String,
    /// Who made it (IPTC Creator; schema.org `creator`).
    pub creator_name: Option<String>,
    pub creator_kind: Option<CreatorKind>,
    /// Where the newsroom has it from (IPTC Source).
    pub source: Option<String>,
    /// Who holds the rights (IPTC Copyright Notice; schema.org `copyrightNotice`).
    pub copyright_notice: Option<String>,
    /// Where the licence can be read (IPTC Web Statement of Rights; schema.org `license`).
    pub license_url: Option<WebUrl>,
    /// How it may be used (IPTC Rights Usage Terms).
    pub usage_terms: Option<String>,
    /// Who made this credit; null once that user is gone.
    pub created_by: Option<UserId>,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for CreditRow {
    const TYPE: &'static str = "media_credit";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

/// One credit.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = MediaCredit)]
pub struct Credit {
    #[serde(flatten)]
    pub row: CreditRow,
    /// The credit as it stands under the picture: label, full stop, credit line.
    #[schema(examples("Photo. Jan Lis / North Agency"))]
    pub display: String,
}

impl From<CreditRow> for Credit {
    fn from(row: CreditRow) -> Self {
        Self { display: row.display(), row }
    }
}

/// What the newsroom sends to create or replace a credit. The credit line alone will do.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MediaCreditInput, examples(json!({
    "label": "Photo", "credit_line": "Jan Lis / North Agency", "creator_name": "Jan Lis",
    "creator_kind": "person", "source": "North Agency",
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
})))]
pub struct CreditInput {
    /// The word before the credit.
    #[serde(default)]
    #[validate(length(min = 1, max = 40), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 40, pattern = r"\S")]
    pub label: Option<String>,
    /// Who must be credited (IPTC Credit Line; schema.org `creditText`).
    #[validate(length(min = 1, max = 300), custom(function = "text::one_line"))]
    #[schema(min_length = 1, max_length = 300, pattern = r"\S")]
    pub credit_line: String,
    /// Who made it (IPTC Creator; schema.org `creator`).
    #[serde(default)]
    #[validate(length(min = 1, max = 200), custom(function = "text::one_line"))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub creator_name: Option<String>,
    #[serde(default)]
    pub creator_kind: Option<CreatorKind>,
    /// Where the newsroom has it from (IPTC Source).
    #[serde(default)]
    #[validate(length(min = 1, max = 200), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    pub source: Option<String>,
    /// Who holds the rights (IPTC Copyright Notice; schema.org `copyrightNotice`).
    #[serde(default)]
    #[validate(length(min = 1, max = 500), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    pub copyright_notice: Option<String>,
    /// Where the licence can be read: an absolute http or https URL (IPTC Web Statement of
    /// Rights; schema.org `license`).
    #[serde(default)]
    pub license_url: Option<WebUrl>,
    /// How it may be used (IPTC Rights Usage Terms).
    #[serde(default)]
    #[validate(length(min = 1, max = 1000), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 1000, pattern = r"\S")]
    pub usage_terms: Option<String>,
}

impl CreditRow {
    /// The credit as it stands under the picture.
    pub fn display(&self) -> String {
        match &self.label {
            // A label that brings its own mark keeps it: "Fot." needs no second full stop.
            Some(label) if label.ends_with(['.', ':']) => format!("{label} {}", self.credit_line),
            Some(label) => format!("{label}. {}", self.credit_line),
            None => self.credit_line.clone(),
        }
    }

    /// The input that would make this credit as it is.
    pub fn input(&self) -> CreditInput {
        CreditInput {
            label: self.label.clone(),
            credit_line: self.credit_line.clone(),
            creator_name: self.creator_name.clone(),
            creator_kind: self.creator_kind,
            source: self.source.clone(),
            copyright_notice: self.copyright_notice.clone(),
            license_url: self.license_url.clone(),
            usage_terms: self.usage_terms.clone(),
        }
    }

    /// The credit that the input describes: a new one, or the current one changed.
    pub fn new(input: CreditInput, current: Option<&Self>, by: UserId, now: Instant) -> Self {
        Self {
            id: current.map_or_else(CreditId::new, |current| current.id),
            label: input.label,
            credit_line: input.credit_line,
            creator_name: input.creator_name,
            creator_kind: input.creator_kind,
            source: input.source,
            copyright_notice: input.copyright_notice,
            license_url: input.license_url,
            usage_terms: input.usage_terms,
            created_by: current.map_or(Some(by), |current| current.created_by),
            version: current.map_or(1, |current| current.version + 1),
            created_at: current.map_or(now, |current| current.created_at),
            updated_at: now,
        }
    }
}

/// Which credits to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CreditFilter {
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

/// A credit as readers get it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicCredit {
    pub id: CreditId,
    /// The word before the credit.
    pub label: Option<String>,
    /// Who must be credited (IPTC Credit Line; schema.org `creditText`).
    pub credit_line: String,
    /// The credit as it stands under the picture: label, full stop, credit line.
    #[schema(examples("Photo. Jan Lis / North Agency"))]
    pub display: String,
    /// Who made it (IPTC Creator; schema.org `creator`).
    pub creator_name: Option<String>,
    pub creator_kind: Option<CreatorKind>,
    /// Where the newsroom has it from (IPTC Source).
    pub source: Option<String>,
    /// Who holds the rights (IPTC Copyright Notice; schema.org `copyrightNotice`).
    pub copyright_notice: Option<String>,
    /// Where the licence can be read (IPTC Web Statement of Rights; schema.org `license`).
    pub license_url: Option<WebUrl>,
    /// How it may be used (IPTC Rights Usage Terms).
    pub usage_terms: Option<String>,
}

impl From<CreditRow> for PublicCredit {
    fn from(row: CreditRow) -> Self {
        Self {
            display: row.display(),
            id: row.id,
            label: row.label,
            credit_line: row.credit_line,
            creator_name: row.creator_name,
            creator_kind: row.creator_kind,
            source: row.source,
            copyright_notice: row.copyright_notice,
            license_url: row.license_url,
            usage_terms: row.usage_terms,
        }
    }
}
