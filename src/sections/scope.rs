//! Which sections are a caller's, and so how far they may go: with articles, with the tree
//! itself, and in the journal.
use super::{model::Section, queries, tree::Tree};
use crate::{
    auth::{
        guard::Caller,
        roles::{ReadArticles, Role},
    },
    db::Conn,
    error::{Error, Result},
    ids::{SectionId, UserId},
};

/// How far one caller may go. Administrators are limited to no sections, whatever their account
/// names.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Who.
    pub user: UserId,
    /// Whether they edit what others write.
    edits: bool,
    /// Whether they read working copies at all.
    reads_articles: bool,
    /// The sections that they are limited to, with all that stands below; `None` means all.
    sections: Option<Vec<SectionId>>,
}

impl Scope {
    /// The caller's. Reads the tree only where they are limited to a part of it.
    pub fn of(conn: &mut Conn, caller: &Caller) -> Result<Self> {
        let limited = Self::limits(caller).is_some();
        let tree = if limited { queries::tree(conn)? } else { Tree::new(Vec::new()) };
        Ok(Self::in_tree(&tree, caller))
    }

    /// The caller's in this tree of all sections.
    pub fn in_tree(tree: &Tree, caller: &Caller) -> Self {
        let below = |ids: &[SectionId]| ids.iter().flat_map(|id| tree.subtree(*id)).collect();
        Self {
            user: caller.id,
            edits: caller.is(Role::Admin) || caller.is(Role::Editor),
            reads_articles: caller.may::<ReadArticles>(),
            sections: Self::limits(caller).map(below),
        }
    }

    fn limits(caller: &Caller) -> Option<&[SectionId]> {
        let limits = caller.sections.as_slice();
        (!limits.is_empty() && !caller.is(Role::Admin)).then_some(limits)
    }

    /// The sections that are theirs; `None` means all.
    pub fn sections(&self) -> Option<&[SectionId]> {
        self.sections.as_deref()
    }

    /// The sections whose articles they edit; `None` means all.
    pub fn edits(&self) -> Option<&[SectionId]> {
        if self.edits { self.sections() } else { Some(&[]) }
    }

    /// Whether they read working copies, be it only their own.
    pub fn reads_articles(&self) -> bool {
        self.reads_articles
    }

    /// Whether this section is theirs. What is above all sections is theirs only where all are.
    pub fn has(&self, section: Option<SectionId>) -> bool {
        self.sections().is_none_or(|own| section.is_some_and(|id| own.contains(&id)))
    }

    /// Refuses a change of a section outside of theirs.
    pub fn check(&self, section: SectionId) -> Result<()> {
        if self.has(Some(section)) {
            return Ok(());
        }
        Err(Error::Forbidden("This section is outside of yours.".to_owned()))
    }

    /// Refuses to put a section below this one, to take one away from there, or to arrange those
    /// that stand there. Where a section stands decides who may do what in it, so both ends of a
    /// move have to be theirs, and a section that their account names stays where it is.
    pub fn check_place(&self, parent: Option<SectionId>) -> Result<()> {
        if self.has(parent) {
            return Ok(());
        }
        Err(Error::Forbidden(
            "You may add, move, reorder and delete sections below your own only.".to_owned(),
        ))
    }

    /// The sections that they may read: theirs and what these stand in, and what readers see.
    /// `None` means all.
    pub fn reads(&self, tree: &Tree) -> Option<Vec<SectionId>> {
        let own = self.sections()?;
        let leads_there = |id: SectionId| tree.subtree(id).iter().any(|below| own.contains(below));
        let read = tree.iter().map(|section| section.id);
        Some(read.filter(|id| tree.shows(*id) || leads_there(*id)).collect())
    }

    /// The section, unless the caller may not even know of it.
    pub fn to<'t>(&self, tree: &'t Tree, id: SectionId) -> Result<&'t Section> {
        let known = self.reads(tree).is_none_or(|read| read.contains(&id));
        tree.get(id).filter(|_| known).ok_or(Error::NotFound)
    }
}
