//! What is said about sign-ins: accounts, tokens, the caller's own view of themselves.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{passwords, roles::Role, tokens::REFRESH_SECONDS};
use crate::{
    db::{
        journal::Resource,
        schema::{sessions, users},
        types::Json,
    },
    ids::{SectionId, SessionId, UserId},
    time::Instant,
};

/// The part of a user that signing in needs.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Account {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub roles: Json<Vec<Role>>,
    pub sections: Json<Vec<SectionId>>,
    pub active: bool,
    pub password_hash: String,
    pub token_epoch: i32,
    pub version: i32,
}

impl Account {
    /// What everybody knows of them, and so no password.
    pub fn about(&self) -> [&str; 2] {
        [&self.email, &self.name]
    }
}

impl Resource for Account {
    const TYPE: &'static str = "user";
    fn id(&self) -> uuid::Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

/// One sign-in.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    pub generation: i32,
    pub created_at: Instant,
    pub expires_at: Instant,
}

impl Resource for Session {
    const TYPE: &'static str = "session";
    fn id(&self) -> uuid::Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.generation
    }
}

impl Session {
    /// One that begins now.
    pub fn new(user_id: UserId, now: Instant) -> Self {
        let expires_at = now.plus_seconds(REFRESH_SECONDS);
        Self { id: SessionId::new(), user_id, generation: 1, created_at: now, expires_at }
    }
}

/// The folded form in which emails are kept and compared.
pub fn fold_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Who you are.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"email": "editor@example.org", "password": "a long and quiet sentence"})))]
pub struct SignIn {
    /// Compared without regard to case.
    #[validate(length(min = 3, max = 254))]
    #[schema(min_length = 3, max_length = 254)]
    pub email: String,
    /// The user's password.
    #[validate(length(min = 1, max = "passwords::MAX"))]
    #[schema(min_length = 1, max_length = 128, format = "password")]
    pub password: String,
    /// Of the second factor, where the user has one: six digits, or a recovery code.
    #[serde(default)]
    #[validate(length(min = 6, max = 64))]
    #[schema(min_length = 6, max_length = 64)]
    pub code: Option<String>,
}

/// A refresh token to be exchanged.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"refresh_token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"})))]
pub struct RefreshInput {
    /// The newest one you were given.
    #[validate(length(min = 1, max = 2048))]
    #[schema(min_length = 1, max_length = 2048)]
    pub refresh_token: String,
}

/// The tokens of a sign-in (RFC 6750).
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(pattern = "^Bearer$")]
    pub token_type: &'static str,
    /// Seconds for which the access token is good.
    pub expires_in: i64,
    /// Good once, for the next pair of tokens. Using one twice ends the sign-in.
    pub refresh_token: String,
    /// Seconds for which the refresh token is good.
    pub refresh_expires_in: i64,
}

/// The caller's own account.
#[derive(Serialize, ToSchema)]
pub struct Me {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub roles: Vec<Role>,
    /// The sections that an editor or author is limited to; none means all.
    pub sections: Vec<SectionId>,
    /// What the roles together allow.
    #[schema(examples("articles:read"))]
    pub permissions: Vec<&'static str>,
    /// Whether signing in needs a code as well.
    pub second_factor: bool,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
}

/// One of your sign-ins.
#[derive(Serialize, ToSchema)]
pub struct OwnSession {
    pub id: SessionId,
    /// When you signed in.
    pub created_at: Instant,
    /// When its tokens were last refreshed, or given out.
    pub refreshed_at: Instant,
    /// When it ends unless it is refreshed before.
    pub expires_at: Instant,
    /// Whether it is the one that this request came by.
    pub current: bool,
}

/// Your sign-ins.
#[derive(Serialize, ToSchema)]
pub struct OwnSessions {
    /// Those that run, the newest first; a hundred at the most.
    #[schema(max_items = 100)]
    pub data: Vec<OwnSession>,
}

/// A change of one's own password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"current_password": "a long and quiet sentence", "new_password": "another sentence, longer still"})))]
pub struct PasswordChange {
    /// The one that is in force.
    #[validate(length(min = 1, max = "passwords::MAX"))]
    #[schema(min_length = 1, max_length = 128, format = "password")]
    pub current_password: String,
    /// 12 to 128 characters of any kind, but none that would be guessed first (`common`).
    #[validate(length(min = "passwords::MIN", max = "passwords::MAX"))]
    #[schema(min_length = 12, max_length = 128, format = "password")]
    pub new_password: String,
}
