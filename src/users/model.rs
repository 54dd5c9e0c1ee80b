//! What a user is: the row, what an administrator sends, what is shown.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    auth::{model::fold_email, passwords, roles::Role},
    db::{journal::Resource, schema::users, types::Json},
    http::query::Limit,
    ids::{SectionId, UserId},
    text,
    time::Instant,
};

/// One user, as the database keeps one.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = users)]
pub struct UserRow {
    pub id: UserId,
    pub email: String,
    pub name: String,
    /// What it is sorted and compared by: [`text::fold`].
    pub name_folded: String,
    /// What it looks like: [`text::skeleton`].
    pub name_skeleton: String,
    pub roles: Json<Vec<Role>>,
    pub sections: Json<Vec<SectionId>>,
    pub active: bool,
    pub password_hash: String,
    pub token_epoch: i32,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for UserRow {
    const TYPE: &'static str = "user";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

/// One user, without what nobody needs to see.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    pub id: UserId,
    /// Lower case; unique.
    pub email: String,
    pub name: String,
    pub roles: Vec<Role>,
    /// The sections that an editor or author is limited to; none means all.
    pub sections: Vec<SectionId>,
    /// An inactive user cannot sign in.
    pub active: bool,
    /// Moves with every change; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            name: row.name,
            roles: row.roles.0,
            sections: row.sections.0,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Someone who can be named as an author.
#[derive(Debug, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = users)]
pub struct PossibleAuthor {
    pub id: UserId,
    pub name: String,
    /// What the list is sorted by.
    #[serde(skip)]
    pub name_folded: String,
}

/// What an administrator sends to create or replace a user.
#[derive(Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"email": "ewa@example.org", "name": "Ewa Lis", "roles": ["author"], "password": "a long and quiet sentence"})))]
pub struct UserInput {
    /// Kept in lower case; unique.
    #[validate(email, length(max = 254))]
    #[schema(format = "email", max_length = 254)]
    pub email: String,
    /// As readers see an author's name.
    #[validate(length(min = 1, max = 80), custom(function = "text::one_line"))]
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    pub name: String,
    #[validate(length(min = 1, max = 5), custom(function = "distinct_roles"))]
    #[schema(value_type = BTreeSet<Role>, min_items = 1, max_items = 5)]
    pub roles: Vec<Role>,
    /// The sections that an editor or author is limited to; none means all.
    #[serde(default)]
    #[validate(length(max = 100))]
    #[schema(max_items = 100)]
    pub sections: Vec<SectionId>,
    /// An inactive user cannot sign in.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub active: bool,
    /// 12 to 128 characters of any kind, but none that would be guessed first (`common`). Required
    /// for a new user; a new one ends the user's sign-ins. Never shown.
    // Written only as the null that `UserRow::input` puts here, so that a patch finds the member.
    #[serde(default)]
    #[validate(length(min = "passwords::MIN", max = "passwords::MAX"))]
    #[schema(min_length = 12, max_length = 128, format = "password", write_only)]
    pub password: Option<String>,
}

impl UserInput {
    /// What everybody knows of them, and so no password.
    pub fn about(&self) -> [&str; 2] {
        [&self.email, &self.name]
    }
}

fn yes() -> bool {
    true
}

fn distinct_roles(roles: &[Role]) -> Result<(), ValidationError> {
    let mut seen = roles.to_vec();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() == roles.len() {
        return Ok(());
    }
    Err(text::broken("distinct", "must not name a role twice"))
}

impl UserRow {
    /// The input that would make this user as it is; passwords stay where they are.
    pub fn input(&self) -> UserInput {
        UserInput {
            email: self.email.clone(),
            name: self.name.clone(),
            roles: self.roles.0.clone(),
            sections: self.sections.0.clone(),
            active: self.active,
            password: None,
        }
    }

    /// A new user.
    pub fn new(input: UserInput, password_hash: String, now: Instant) -> Self {
        let blank = Self {
            id: UserId::new(),
            email: String::new(),
            name: String::new(),
            name_folded: String::new(),
            name_skeleton: String::new(),
            roles: Json(Vec::new()),
            sections: Json(Vec::new()),
            active: true,
            password_hash,
            token_epoch: 1,
            version: 0,
            created_at: now,
            updated_at: now,
        };
        blank.changed(input, None, now)
    }

    /// This user after the input. Older tokens end with any change of what they stand for.
    #[must_use]
    pub fn changed(&self, input: UserInput, password_hash: Option<String>, now: Instant) -> Self {
        let rights = |user: &Self| (user.roles.0.clone(), user.sections.0.clone(), user.active);
        let mut user = Self {
            email: fold_email(&input.email),
            name_folded: text::fold(&input.name),
            name_skeleton: text::skeleton(&input.name),
            name: input.name,
            roles: Json(input.roles),
            sections: Json(input.sections),
            active: input.active,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        };
        if password_hash.is_some() || (self.version > 0 && rights(&user) != rights(self)) {
            user.token_epoch += 1;
        }
        if let Some(hash) = password_hash {
            user.password_hash = hash;
        }
        user
    }
}

/// Which users to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Only active, or only inactive users.
    pub active: Option<bool>,
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

/// Which part of the list of authors.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuthorFilter {
    /// Also count all of them, as `total`.
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
