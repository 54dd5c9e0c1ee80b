//! What holds for the slugs of tags in an export.
use std::collections::HashMap;

use serde::Deserialize;

use crate::{text, transfer::integrity::Line};

/// The tags that there are.
#[derive(Debug, Default)]
pub struct Tags {
    slugs: HashMap<String, u64>,
    identities: HashMap<String, u64>,
}

#[derive(Deserialize)]
struct TagSlug {
    identity: String,
    slug: String,
}

impl Tags {
    /// Checks the slug of a tag.
    pub fn slug(&mut self, line: &mut Line<'_>) {
        let Some(TagSlug { identity, slug }) = line.read() else { return };
        let folded = text::fold(&identity) == identity && text::is_tag(&identity);
        line.must(folded, "/identity", "must be the folded name of a tag");
        let fits = slug.len() <= text::SLUG_MAX && text::slug_form(&slug).is_ok();
        line.must(fits, "/slug", "must be a slug");
        let number = line.place().line;
        if let Some(first) = self.slugs.insert(slug, number) {
            line.broken("/slug", &format!("is the slug of line {first} as well"));
        }
        if let Some(first) = self.identities.insert(identity, number) {
            line.broken("/identity", &format!("is the identity of line {first} as well"));
        }
    }

    /// Tells of tags that have no slug.
    pub fn have(&self, line: &mut Line<'_>, above: &str, names: &[String]) {
        for (at, name) in names.iter().enumerate() {
            let there = self.identities.contains_key(&text::fold(name));
            line.must(there, &format!("{above}/tags/{at}"), "is a tag that has no slug");
        }
    }
}
