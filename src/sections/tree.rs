//! The section tree in memory: tens of sections, read in one statement, asked many questions.
use std::collections::HashMap;

use super::model::{Crumb, PublicSection, Section, SectionDetail, SectionNode};
use crate::{ids::SectionId, time::Instant};

/// How many levels the tree may have.
pub const DEPTH_MAX: usize = 4;

/// All sections, siblings in their order.
#[derive(Debug)]
pub struct Tree {
    sections: Vec<Section>,
    by_id: HashMap<SectionId, usize>,
    /// Whether sections were left out of it.
    has_hidden: bool,
}

impl Tree {
    /// Of rows in sibling order.
    pub fn new(sections: Vec<Section>) -> Self {
        let by_id = sections.iter().enumerate().map(|(at, section)| (section.id, at)).collect();
        Self { sections, by_id, has_hidden: false }
    }

    /// The same tree without hidden sections and what stands below them: what readers see.
    #[must_use]
    pub fn visible(self) -> Self {
        let kept: Vec<Section> =
            self.sections.iter().filter(|section| self.shows(section.id)).cloned().collect();
        let has_hidden = kept.len() < self.sections.len();
        Self { has_hidden, ..Self::new(kept) }
    }

    /// Whether this is what readers see of a tree with hidden sections.
    pub fn has_hidden(&self) -> bool {
        self.has_hidden
    }

    /// The section with this id.
    pub fn get(&self, id: SectionId) -> Option<&Section> {
        self.by_id.get(&id).map(|at| &self.sections[*at])
    }

    /// The section at this address.
    pub fn at(&self, path: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.path == path)
    }

    /// Whether readers see the section: it is there, and neither it nor one above is hidden.
    pub fn shows(&self, id: SectionId) -> bool {
        self.get(id).is_some() && self.above(id).all(|section| !section.hidden)
    }

    /// Every section.
    pub fn iter(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter()
    }

    /// The section itself and those it stands in, innermost first.
    pub fn above(&self, id: SectionId) -> impl Iterator<Item = &Section> {
        let parent = |section: &&Section| section.parent_id.and_then(|id| self.get(id));
        // A tree has no cycles; the bound keeps a damaged one from hanging a request.
        std::iter::successors(self.get(id), parent).take(self.sections.len())
    }

    /// The section itself and everything below it.
    pub fn subtree(&self, id: SectionId) -> Vec<SectionId> {
        let below = |section: &&Section| self.above(section.id).any(|above| above.id == id);
        self.sections.iter().filter(below).map(|section| section.id).collect()
    }

    /// How many levels hang on a section, itself included.
    pub fn height(&self, id: SectionId) -> usize {
        let below = self.children(Some(id)).map(|child| self.height(child.id)).max();
        1 + below.unwrap_or(0)
    }

    fn children(&self, parent: Option<SectionId>) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(move |section| section.parent_id == parent)
    }

    /// From the top down to the section.
    pub fn breadcrumbs(&self, id: SectionId) -> Vec<Crumb> {
        let mut crumbs: Vec<Crumb> = self
            .above(id)
            .map(|section| Crumb {
                section_id: section.id,
                name: section.name.clone(),
                path: section.path.clone(),
            })
            .collect();
        crumbs.reverse();
        crumbs
    }

    /// One section with its surroundings.
    pub fn detail(&self, id: SectionId) -> Option<SectionDetail> {
        let section = self.get(id)?;
        Some(SectionDetail {
            section: section.into(),
            breadcrumbs: self.breadcrumbs(id),
            children: self.children(Some(id)).map(PublicSection::from).collect(),
        })
    }

    /// The whole tree, nested.
    pub fn nested(&self) -> Vec<SectionNode> {
        self.nested_below(None)
    }

    fn nested_below(&self, parent: Option<SectionId>) -> Vec<SectionNode> {
        let node = |section: &Section| SectionNode {
            section: section.into(),
            children: self.nested_below(Some(section.id)),
        };
        self.children(parent).map(node).collect()
    }

    /// When a section was last changed.
    pub fn modified(&self) -> Option<Instant> {
        self.sections.iter().map(|section| section.updated_at).max()
    }
}
