//! What holds for the users of an export.
use std::collections::HashMap;

use super::model::UserRow;
use crate::{
    auth::{model::fold_email, passwords},
    ids::{SectionId, UserId},
    text,
    transfer::integrity::{Ids, Line, Place, Problems},
};

/// The users that there are.
#[derive(Debug)]
pub struct Users {
    /// Their ids.
    pub ids: Ids<UserId>,
    emails: HashMap<String, u64>,
    /// What users are limited to, which comes after them.
    limits: Vec<(Place, String, SectionId)>,
}

impl Default for Users {
    fn default() -> Self {
        Self { ids: Ids::of("a user"), emails: HashMap::new(), limits: Vec::new() }
    }
}

impl Users {
    /// Checks a user.
    pub fn user(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<UserRow>() else { return };
        line.named(row.id, &mut self.ids);
        let input = row.input();
        line.valid(&input, "");
        line.version(row.version);
        line.must(row.token_epoch >= 1, "/token_epoch", "must be at least 1");
        line.must(row.email == fold_email(&row.email), "/email", "must be in lower case");
        let folded = text::fold(&row.name);
        line.must(row.name_folded == folded, "/name_folded", "must be the folded name");
        let skeleton = text::skeleton(&row.name);
        line.must(row.name_skeleton == skeleton, "/name_skeleton", "must be the name's");
        line.must(
            passwords::is_hash(&row.password_hash),
            "/password_hash",
            "must be a hash that this program makes: argon2id, of usual cost",
        );
        let place = line.place();
        if let Some(first) = self.emails.insert(row.email, place.line) {
            line.broken("/email", &format!("is the email of line {first} as well"));
        }
        for (at, section) in row.sections.0.into_iter().enumerate() {
            self.limits.push((place, format!("/sections/{at}"), section));
        }
    }

    /// Checks what users are limited to.
    pub fn finish(&self, sections: &Ids<SectionId>, problems: &mut Problems) {
        for (place, pointer, section) in &self.limits {
            sections.resolve(*section, *place, pointer, problems);
        }
    }
}
