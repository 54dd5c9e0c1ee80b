//! What holds for the second factors of an export.
use std::collections::HashMap;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;

use super::second_factor::{RECOVERY_CODES, model::Factor};
use crate::{
    ids::UserId,
    transfer::integrity::{Ids, Line},
};

/// The second factors that there are.
#[derive(Debug)]
pub struct Factors {
    confirmed: Ids<UserId>,
    codes: HashMap<UserId, usize>,
}

impl Default for Factors {
    fn default() -> Self {
        Self { confirmed: Ids::of("a second factor in force"), codes: HashMap::new() }
    }
}

/// A recovery code's row.
#[derive(Deserialize)]
struct RecoveryCode {
    user_id: UserId,
    digest: String,
}

impl Factors {
    /// Checks a second factor. Whether it can be opened is told by the secret of the server alone.
    pub fn factor(&mut self, line: &mut Line<'_>, users: &Ids<UserId>) {
        let Some(row) = line.read::<Factor>() else { return };
        let Factor { user_id, sealed, last_step, confirmed, created_at: _ } = row;
        line.refers("/user_id", user_id, users);
        line.must(last_step >= 0, "/last_step", "must be at least 0");
        let fits = sealed.len() <= 256 && STANDARD_NO_PAD.decode(&sealed).is_ok();
        line.must(fits, "/sealed", "must be Base64 of at most 256 characters");
        if confirmed {
            line.named(user_id, &mut self.confirmed);
        }
    }

    /// Checks a recovery code.
    pub fn recovery_code(&mut self, line: &mut Line<'_>) {
        let Some(RecoveryCode { user_id, digest }) = line.read() else { return };
        line.refers("/user_id", user_id, &self.confirmed);
        let fits = URL_SAFE_NO_PAD.decode(&digest).is_ok_and(|bytes| bytes.len() == 32);
        line.must(fits, "/digest", "must be the Base64 of a SHA-256 digest");
        let many = self.codes.entry(user_id).or_default();
        *many += 1;
        line.must(*many <= RECOVERY_CODES, "/user_id", "has more codes than are given out");
    }
}
