//! What is said about sign-ins: accounts, tokens, the caller's own view of themselves.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::{client::Client, passwords, roles::Role, tokens::REFRESH_SECONDS};
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
    /// When the present refresh token was given out for the one before; `None` where it was given
    /// out for a password.
    pub exchanged_at: Option<Instant>,
    /// What was last seen of whoever is signed in, when tokens were given out.
    pub device: Option<String>,
    pub network: Option<String>,
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
    /// One that begins now, there.
    pub fn new(user_id: UserId, client: Client, now: Instant) -> Self {
        let Client { device, network } = client;
        Self {
            id: SessionId::new(),
            user_id,
            generation: 1,
            created_at: now,
            expires_at: now.plus_seconds(REFRESH_SECONDS),
            exchanged_at: None,
            device,
            network,
        }
    }

    /// What a refresh token of this sign-in is good for now.
    pub fn presented(&self, generation: i32, now: Instant) -> Presented {
        let since = |at: Instant| now.micros().abs_diff(at.micros());
        match self.exchanged_at {
            _ if generation == self.generation => Presented::Next,
            // By a clock that goes back, or by another server's, it may lie ahead.
            Some(at) if generation == self.generation - 1 && since(at) <= GRACE => {
                Presented::Again(at)
            }
            _ => Presented::Reused,
        }
    }

    /// As it is listed, to whoever came by the sign-in `current`.
    pub fn listed(self, current: SessionId) -> SignInEntry {
        SignInEntry {
            id: self.id,
            created_at: self.created_at,
            refreshed_at: self.expires_at.plus_seconds(-REFRESH_SECONDS),
            expires_at: self.expires_at,
            device: self.device,
            network: self.network,
            current: self.id == current,
        }
    }
}

/// For how long a refresh token that was used brings its successor again, in microseconds: 30
/// seconds. Two tabs of a browser refresh within one, and whoever lost the answer on the way asks
/// again as soon as they notice. A longer time would be one in which a stolen token passes unseen.
const GRACE: u64 = 30_000_000;

/// What a refresh token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The next one: it is the newest, and was not used.
    Next,
    /// The very successor that it has brought at this instant, which nobody has used yet.
    Again(Instant),
    /// Nothing: it was used before, so somebody else has it.
    Reused,
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
    /// Good once, for the next pair of tokens. Where that got lost on the way it brings the same
    /// one again, for 30 seconds; after that, using one twice ends the sign-in.
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

/// One sign-in of a user.
#[derive(Serialize, ToSchema)]
pub struct SignInEntry {
    pub id: SessionId,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, as far as that is kept: when its tokens were last given out.
    pub refreshed_at: Instant,
    /// When it ends unless it is refreshed before.
    pub expires_at: Instant,
    /// The program and system that tokens were last given out to, as they say themselves.
    #[schema(max_length = 60, examples("Firefox on Windows"))]
    pub device: Option<String>,
    /// The network that they were last given out to: an IPv4 /24 or an IPv6 /48.
    #[schema(max_length = 43, examples("192.0.2.0/24"))]
    pub network: Option<String>,
    /// Whether it is the one that this request came by.
    pub current: bool,
}

/// Somebody's sign-ins.
#[derive(Serialize, ToSchema)]
pub struct SignIns {
    /// Those that run, the newest first; a hundred at the most.
    #[schema(max_items = 100)]
    pub data: Vec<SignInEntry>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        "2026-06-01T12:00:00Z".parse::<Instant>().unwrap().plus_seconds(seconds)
    }

    #[test]
    fn a_used_refresh_token_brings_its_successor_for_a_while_and_no_other_does() {
        let mut session = Session::new(UserId::new(), Client::default(), at(0));
        assert_eq!(session.presented(1, at(9)), Presented::Next);
        assert_eq!(session.presented(0, at(0)), Presented::Reused, "there was none before it");
        session.generation = 5;
        session.exchanged_at = Some(at(100));
        for (generation, seconds, good_for) in [
            (5, 100, Presented::Next),
            (5, 1_000_000, Presented::Next),
            (4, 100, Presented::Again(at(100))),
            (4, 130, Presented::Again(at(100))),
            (4, 131, Presented::Reused),
            // The clock went back by so much.
            (4, 70, Presented::Again(at(100))),
            (4, 69, Presented::Reused),
            (4, -100_000, Presented::Reused),
            (3, 100, Presented::Reused),
            (6, 100, Presented::Reused),
        ] {
            assert_eq!(session.presented(generation, at(seconds)), good_for, "{generation}");
        }
        // A new password was set: what was before that is good for nothing.
        session.exchanged_at = None;
        assert_eq!(session.presented(4, at(100)), Presented::Reused);
    }
}
