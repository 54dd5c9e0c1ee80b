//! What holds for the section tree of an export.
use std::collections::HashMap;

use serde::Deserialize;

use super::{model::Section, tree::DEPTH_MAX};
use crate::{
    ids::SectionId,
    text,
    time::Instant,
    transfer::integrity::{Ids, Line},
};

/// The sections that there are.
#[derive(Debug)]
pub struct Sections {
    /// Their ids.
    pub ids: Ids<SectionId>,
    /// By path, so that a section comes after the one that it stands in.
    paths: HashMap<SectionId, String>,
    by_path: HashMap<String, SectionId>,
}

impl Default for Sections {
    fn default() -> Self {
        Self { ids: Ids::of("a section"), paths: HashMap::new(), by_path: HashMap::new() }
    }
}

/// A redirect's row.
#[derive(Deserialize)]
struct Redirect {
    path: String,
    section_id: SectionId,
    #[serde(rename = "created_at")]
    _created_at: Instant,
}

/// How many levels a path has; `None` where it is none.
fn levels(path: &str) -> Option<usize> {
    let slugs: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let fits = |slug: &&str| slug.len() <= text::SLUG_MAX && text::slug_form(slug).is_ok();
    slugs.iter().all(fits).then_some(slugs.len())
}

impl Sections {
    /// Checks a section, which comes after the one that it stands in: a cycle cannot be written.
    pub fn section(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<Section>() else { return };
        line.valid(&row.input(), "");
        line.version(row.version);
        let above = match row.parent_id {
            None => Some(""),
            Some(parent) => self.paths.get(&parent).map(String::as_str),
        };
        match above {
            None => line.broken("/parent_id", "is no section whose path begins this one's"),
            Some(above) if row.path != format!("{above}/{}", row.slug) => {
                line.broken("/path", "must be the path of the section above, and the slug");
            }
            Some(_) => {}
        }
        let fits = levels(&row.path).is_some_and(|levels| levels <= DEPTH_MAX);
        line.must(fits, "/path", "must have one to four slugs");
        line.named(row.id, &mut self.ids);
        self.by_path.insert(row.path.clone(), row.id);
        self.paths.insert(row.id, row.path);
    }

    /// Checks where a section used to be.
    pub fn redirect(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<Redirect>() else { return };
        line.must(levels(&row.path).is_some(), "/path", "must be made of slugs");
        line.refers("/section_id", row.section_id, &self.ids);
    }

    /// Whether a section is at this address below another.
    pub fn is_at(&self, above: SectionId, slug: &str) -> bool {
        let path = self.paths.get(&above).map(|above| format!("{above}/{slug}"));
        path.is_some_and(|path| self.by_path.contains_key(&path))
    }
}
