//! What holds for the ad slots of an export.
use std::collections::HashMap;

use super::model::AdSlotRow;
use crate::{
    ids::{AdSlotId, SectionId},
    transfer::integrity::{Ids, Line},
};

/// The ad slots that there are.
#[derive(Debug)]
pub struct AdSlots {
    ids: Ids<AdSlotId>,
    /// By what bodies name them.
    pub codes: HashMap<String, AdSlotId>,
}

impl Default for AdSlots {
    fn default() -> Self {
        Self { ids: Ids::of("an ad slot"), codes: HashMap::new() }
    }
}

impl AdSlots {
    /// Checks an ad slot.
    pub fn slot(&mut self, line: &mut Line<'_>, sections: &Ids<SectionId>) {
        let Some(row) = line.read::<AdSlotRow>() else { return };
        line.named(row.id, &mut self.ids);
        line.valid(&row.input(), "");
        line.version(row.version);
        for (at, section) in row.sections.0.iter().enumerate() {
            line.refers(&format!("/sections/{at}"), *section, sections);
        }
        if self.codes.insert(row.code, row.id).is_some() {
            line.broken("/code", "is the code of an earlier line as well");
        }
    }
}
