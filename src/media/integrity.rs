//! What holds for the media and credits of an export.
use super::{credits::model::CreditRow, model::MediaRow};
use crate::{
    ids::{CreditId, MediaId, UserId},
    transfer::integrity::{Ids, Line},
};

/// The media and credits that there are.
#[derive(Debug)]
pub struct Media {
    credits: Ids<CreditId>,
    /// The ids of the media.
    pub ids: Ids<MediaId>,
}

impl Default for Media {
    fn default() -> Self {
        Self { credits: Ids::of("a credit"), ids: Ids::of("a medium") }
    }
}

impl Media {
    /// Checks a credit.
    pub fn credit(&mut self, line: &mut Line<'_>, users: &Ids<UserId>) {
        let Some(row) = line.read::<CreditRow>() else { return };
        line.named(row.id, &mut self.credits);
        line.valid(&row.input(), "");
        line.version(row.version);
        if let Some(user) = row.created_by {
            line.refers("/created_by", user, users);
        }
    }

    /// Checks a medium.
    pub fn medium(&mut self, line: &mut Line<'_>, users: &Ids<UserId>) {
        let Some(row) = line.read::<MediaRow>() else { return };
        line.named(row.id, &mut self.ids);
        line.valid(&row.input(), "");
        line.version(row.version);
        if let Some(credit) = row.credit_id {
            line.refers("/credit_id", credit, &self.credits);
        }
        if let Some(user) = row.created_by {
            line.refers("/created_by", user, users);
        }
    }
}
