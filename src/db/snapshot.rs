//! A snapshot: one state of the database, and what is known of it beforehand.
use std::{
    any::Any,
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use diesel::prelude::*;

use super::{Conn, schema::part_versions};
use crate::{
    error::{Error, Result},
    tags::Tag,
    text_enum,
};

text_enum! {
    /// What nearly every answer needs and editors seldom change. Read once for each version.
    pub enum Part {
        /// All sections.
        Sections = "sections",
        /// All ad slots.
        AdSlots = "ad_slots",
    }
}

impl Part {
    /// The part that changes along with what the tag stands for.
    fn of(tag: &Tag) -> Option<Self> {
        match tag {
            Tag::Sections => Some(Self::Sections),
            Tag::AdSlots | Tag::AdSlot(_) => Some(Self::AdSlots),
            _ => None,
        }
    }
}

/// Gives each part that these tags touch a new version. The caller holds the journal's end.
pub(super) fn touch<'a>(conn: &mut Conn, tags: impl Iterator<Item = &'a Tag>) -> Result<()> {
    let mut parts: Vec<Part> = tags.filter_map(Part::of).collect();
    parts.sort_unstable();
    parts.dedup();
    for part in parts {
        diesel::update(part_versions::table.find(part))
            .set(part_versions::version.eq(part_versions::version + 1))
            .execute(conn)?;
    }
    Ok(())
}

/// The parts that one reading thread has read, by their versions.
#[derive(Default)]
pub(super) struct Kept(HashMap<Part, (i64, Arc<dyn Any + Send + Sync>)>);

/// One state of the database, which cannot be changed. Dereferences to its connection, so that
/// queries take it.
pub struct Snapshot<'a> {
    conn: &'a mut Conn,
    kept: &'a mut Kept,
    versions: Option<HashMap<Part, i64>>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(conn: &'a mut Conn, kept: &'a mut Kept) -> Self {
        Self { conn, kept, versions: None }
    }

    /// The part as `read` reads it, exactly as it is in this state of the database: its version
    /// is asked for in the same state.
    pub fn part<T: Any + Send + Sync>(
        &mut self,
        part: Part,
        read: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<Arc<T>> {
        let version = self.version(part)?;
        if let Some((known, value)) = self.kept.0.get(&part)
            && *known == version
            && let Ok(value) = Arc::clone(value).downcast()
        {
            return Ok(value);
        }
        let value = Arc::new(read(self.conn)?);
        let kept: Arc<dyn Any + Send + Sync> = value.clone();
        self.kept.0.insert(part, (version, kept));
        Ok(value)
    }

    fn version(&mut self, part: Part) -> Result<i64> {
        let versions = match self.versions.take() {
            Some(versions) => versions,
            None => {
                let rows: Vec<(Part, i64)> = part_versions::table.load(self.conn)?;
                rows.into_iter().collect()
            }
        };
        let version = versions.get(&part).copied();
        self.versions = Some(versions);
        version.ok_or_else(|| Error::internal(format!("no version of {part}")))
    }
}

impl Deref for Snapshot<'_> {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        self.conn
    }
}

impl DerefMut for Snapshot<'_> {
    fn deref_mut(&mut self) -> &mut Conn {
        self.conn
    }
}
