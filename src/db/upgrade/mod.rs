//! Upgrades of stored content: the part of a migration that SQL cannot do.
//!
//! A step belongs to a migration and runs right after its statements, in the same transaction. It
//! works on rows and JSON as they were at that time, never on the types of today, which move on.
mod bodies;
mod canonical;
mod identity;
mod media;

use super::Conn;
use crate::error::Result;

/// Changes rows to the form that the schema has from its migration on. Must do the same whenever
/// it is given the same rows: an import that is interrupted goes on with what it makes again.
type Step = fn(&mut Conn) -> Result<()>;

/// The steps by the names of their migrations.
const STEPS: &[(&str, Step)] = &[
    ("2026-11-25-000050_identity", identity::compare_as_they_are),
    ("2026-11-25-000051_tag_slugs", identity::give_tags_slugs),
    ("2026-11-25-000055_bodies", bodies::rewrite_bodies),
    ("2026-11-25-000056_media_types", media::forget_foreign_types),
    ("2026-11-25-000067_canonical_forms", canonical::rewrite_languages_and_addresses),
];

/// Does what the migration of this name leaves to do.
pub fn after(migration: &str, conn: &mut Conn) -> Result<()> {
    STEPS.iter().filter(|(name, _)| *name == migration).try_for_each(|(_, step)| step(conn))
}

/// The migrations that have a step.
#[cfg(test)]
pub fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, _)| *name)
}
