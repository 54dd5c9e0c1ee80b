//! What a second factor is: a shared secret that makes codes (RFC 6238), and recovery codes.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Totp};
use utoipa::ToSchema;
use validator::Validate;

use crate::{
    auth::passwords,
    db::schema::second_factors,
    error::{Error, Result},
    ids::UserId,
    time::Instant,
};

/// As authenticators show where a code belongs.
const ISSUER: &str = "Broadsheet";

/// A user's second factor, as the database keeps one.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = second_factors)]
pub struct Factor {
    pub user_id: UserId,
    /// The secret, encrypted for this user.
    pub sealed: String,
    /// The time step of the last code that was taken, which is taken no second time.
    pub last_step: i64,
    /// Not before a first code was shown does signing in need one.
    pub confirmed: bool,
    pub created_at: Instant,
}

/// What makes and checks the codes of a secret: six digits, a new one every 30 seconds, and one
/// step early or late is still taken. Authenticators that know of other forms are few.
pub fn codes(secret: &[u8], email: &str) -> Result<Totp> {
    let codes = Builder::new().with_secret(secret).with_account_name(email);
    codes.with_issuer(Some(ISSUER)).build().map_err(Error::internal)
}

/// Your own password.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"current_password": "a long and quiet sentence"})))]
pub struct Confirmation {
    /// The one that is in force: a token alone is not enough for this.
    #[validate(length(min = 1, max = "passwords::MAX"))]
    #[schema(min_length = 1, max_length = 128, format = "password")]
    pub current_password: String,
}

/// What an authenticator has to be told.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// The secret in Base32, to be typed in. Never shown again.
    #[schema(pattern = "^[A-Z2-7]+$")]
    pub secret: String,
    /// The same as an address, to be shown as a QR code.
    #[schema(
        format = "uri",
        examples(
            "otpauth://totp/Broadsheet:ewa%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Broadsheet"
        )
    )]
    pub uri: String,
}

/// A code of the authenticator.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"code": "492039"})))]
pub struct Code {
    /// Six digits.
    #[validate(length(min = 6, max = 6))]
    #[schema(min_length = 6, max_length = 6)]
    pub code: String,
}

/// Codes that are good once each, where the authenticator is not at hand.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    /// Never shown again.
    #[schema(min_items = 10, max_items = 10, examples("k3vq-7wna-2xtd-p5ji"))]
    pub recovery_codes: Vec<String>,
}
