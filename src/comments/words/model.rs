//! What a listed word is.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    db::{journal::Resource, schema::comment_words},
    http::query::Limit,
    ids::CommentWordId,
    text::{self, likeness},
    text_enum,
    time::Instant,
};

text_enum! {
    /// What becomes of a comment with the word in it. Of several, the last one here.
    pub enum WordKind {
        /// It is held until a moderator has looked at it.
        Suspect = "suspect",
        /// It is refused.
        Banned = "banned",
    }
}

/// One word that comments are held or refused for.
#[derive(
    Debug, Clone, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = comment_words)]
pub struct CommentWord {
    pub id: CommentWordId,
    /// The word or phrase, as it was listed.
    pub word: String,
    /// As it is compared; no other word of the list is compared by the same.
    #[serde(skip_serializing)]
    #[schema(ignore)]
    pub likeness: String,
    pub kind: WordKind,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for CommentWord {
    const TYPE: &'static str = "comment_word";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

/// What the newsroom sends to list a word.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"word": "easy money", "kind": "suspect"}), json!({"word": "gambl*", "kind": "banned"})))]
pub struct CommentWordInput {
    /// A word, or a phrase of up to eight; a star at the end stands for any ending. Case, marks,
    /// characters that look alike and signs in the place of letters make no difference, neither here
    /// nor in comments, where a word is also found in parts (`scam-coin`), as a plural (`s`, `es`) and
    /// with a number behind it. It is not found within a longer word, unless it is of a script that
    /// puts no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese, Tibetan).
    #[validate(length(min = 1, max = 100), custom(function = "comparable"))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub word: String,
    pub kind: WordKind,
}

fn comparable(word: &str) -> Result<(), ValidationError> {
    text::not_blank(word)?;
    match likeness::of_listed(word) {
        Some(_) => Ok(()),
        None => Err(text::broken("word", "must be one to eight words of letters or digits")),
    }
}

impl CommentWord {
    /// The word that this input makes, of the one that it replaces.
    pub fn new(input: CommentWordInput, current: Option<&Self>, now: Instant) -> Self {
        Self {
            id: current.map_or_else(CommentWordId::new, |current| current.id),
            likeness: likeness::of_listed(&input.word).unwrap_or_default(),
            word: input.word,
            kind: input.kind,
            version: current.map_or(1, |current| current.version + 1),
            created_at: current.map_or(now, |current| current.created_at),
            updated_at: now,
        }
    }

    /// The input that would make this word as it is.
    pub fn input(&self) -> CommentWordInput {
        CommentWordInput { word: self.word.clone(), kind: self.kind }
    }
}

/// Which words to list, the newest first.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WordFilter {
    /// Also count them all, as `total`.
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
