//! A snapshot: one state of the database, and what is known of it beforehand.
use std::{
    any::Any,
    collections::HashMap,
    ops::{Deref, DerefMut},
    sync::{Arc, PoisonError, RwLock},
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
///
/// Versions grow by a width that chance decides: a database that was put back to an older state
/// does not come by a version again that has stood for something else.
pub(super) fn touch<'a>(conn: &mut Conn, tags: impl Iterator<Item = &'a Tag>) -> Result<()> {
    let mut parts: Vec<Part> = tags.filter_map(Part::of).collect();
    parts.sort_unstable();
    parts.dedup();
    for part in parts {
        let width = i64::from(getrandom::u32().map_err(Error::internal)?) + 1;
        diesel::update(part_versions::table.find(part))
            .set(part_versions::version.eq(part_versions::version + width))
            .execute(conn)?;
    }
    Ok(())
}

/// The parts that have been read, by their versions.
#[derive(Default)]
pub(super) struct Kept(RwLock<HashMap<Part, (i64, Value)>>);

type Value = Arc<dyn Any + Send + Sync>;

impl Kept {
    fn get(&self, part: Part, version: i64) -> Option<Value> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.get(&part).filter(|(known, _)| *known == version).map(|(_, value)| Arc::clone(value))
    }

    /// Keeps the newest: a slow reader may still look at an older state.
    fn put(&self, part: Part, version: i64, value: Value) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.get(&part).is_none_or(|(known, _)| *known < version) {
            kept.insert(part, (version, value));
        }
    }
}

/// One state of the database, which cannot be changed. Dereferences to its connection, so that
/// queries take it.
pub struct Snapshot<'a> {
    conn: &'a mut Conn,
    kept: &'a Kept,
    versions: HashMap<Part, i64>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(conn: &'a mut Conn, kept: &'a Kept) -> Self {
        Self { conn, kept, versions: HashMap::new() }
    }

    /// The part as `read` reads it, exactly as it is in this state of the database: its version
    /// is asked for in the same state.
    pub fn part<T: Any + Send + Sync>(
        &mut self,
        part: Part,
        read: impl FnOnce(&mut Conn) -> Result<T>,
    ) -> Result<Arc<T>> {
        let version = self.version(part)?;
        if let Some(value) = self.kept.get(part, version)
            && let Ok(value) = value.downcast()
        {
            return Ok(value);
        }
        let value = Arc::new(read(self.conn)?);
        self.kept.put(part, version, value.clone());
        Ok(value)
    }

    fn version(&mut self, part: Part) -> Result<i64> {
        if self.versions.is_empty() {
            let rows: Vec<(Part, i64)> = part_versions::table.load(self.conn)?;
            self.versions.extend(rows);
        }
        let version = self.versions.get(&part).copied();
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
