//! The journal: every change, appended in the change's own transaction.
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Actor, Conn, Context, MultiBackend,
    dialect::{self, batch::insert_all},
    schema::journal,
    snapshot,
    types::Json,
};
use crate::{
    error::Result,
    ids::{AnyId, SectionId},
    tags::Tag,
    text_enum,
    time::Instant,
};

text_enum! {
    /// Who was behind a change.
    pub enum ActorKind {
        /// A user of the newsroom.
        User = "user",
        /// A reader.
        Guest = "guest",
        /// The program itself.
        System = "system",
        /// Someone at the command line.
        Cli = "cli",
    }
}

/// What the journal, `ETag` and `If-Match` need to know of a resource.
pub trait Resource {
    /// Its type's name, singular.
    const TYPE: &'static str;
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its version: starts at 1, moves with every change.
    fn version(&self) -> i32;
    /// The section it belongs to, for editors who may read the journal of theirs.
    fn section(&self) -> Option<SectionId> {
        None
    }
}

/// One change, about to be recorded.
#[derive(Debug)]
pub struct Entry {
    action: String,
    resource_type: &'static str,
    resource_id: Uuid,
    section: Option<SectionId>,
    version: i32,
    summary: Vec<String>,
    tags: Vec<Tag>,
}

impl Entry {
    /// `did` is a past participle: the action becomes `section.created`.
    pub fn new<R: Resource>(did: &str, resource: &R) -> Self {
        let entry = Self::about(R::TYPE, did, resource.id(), resource.version());
        Self { section: resource.section(), ..entry }
    }

    /// The same of a resource that another module keeps, of which only this much is at hand.
    pub fn about(
        resource_type: &'static str,
        did: &str,
        id: impl Into<Uuid>,
        version: i32,
    ) -> Self {
        Self {
            action: format!("{resource_type}.{did}"),
            resource_type,
            resource_id: id.into(),
            section: None,
            version,
            summary: Vec::new(),
            tags: Vec::new(),
        }
    }

    /// For the editors of this section to read.
    #[must_use]
    pub fn within(mut self, section: Option<SectionId>) -> Self {
        self.section = section;
        self
    }

    /// What the change makes stale.
    #[must_use]
    pub fn stale(mut self, tags: impl IntoIterator<Item = Tag>) -> Self {
        self.tags.extend(tags);
        self
    }

    /// What the change makes stale.
    pub(super) fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Which members differ between two forms of the resource.
    #[must_use]
    pub fn diff(mut self, before: &impl Serialize, after: &impl Serialize) -> Self {
        use serde_json::Value::Object;
        let forms = (serde_json::to_value(before), serde_json::to_value(after));
        if let (Ok(Object(before)), Ok(Object(after))) = forms {
            let differ = |name: &&String| before.get(*name) != after.get(*name);
            self.summary.extend(after.keys().filter(differ).cloned());
        }
        self
    }

    /// A word on the change: a reason code, a note's presence, an edition's number.
    #[must_use]
    pub fn note(mut self, word: impl Into<String>) -> Self {
        self.summary.push(word.into());
        self
    }
}

#[derive(Insertable)]
#[diesel(table_name = journal)]
struct NewRow {
    at: Instant,
    actor_kind: ActorKind,
    actor_id: Option<AnyId>,
    actor_name: String,
    action: String,
    resource_type: &'static str,
    resource_id: AnyId,
    section_id: Option<SectionId>,
    version: i32,
    summary: Json<Vec<String>>,
    tags: Json<Vec<String>>,
    request_id: String,
}

/// Held by whoever appends, until the commit: places in the journal are taken in the order in
/// which they become visible, so that a reader who has seen one has seen all before it.
const END: Uuid = Uuid::from_u128(0x006a_6f75_726e);

/// Appends the entries; returns their places.
pub(super) fn append(conn: &mut Conn, by: &Context, entries: &[Entry]) -> Result<Vec<i64>> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    dialect::lock(conn, END)?;
    snapshot::touch(conn, entries.iter().flat_map(Entry::tags))?;
    let at = last_at(conn)?.map_or(by.now, |last| last.max(by.now));
    let rows: Vec<NewRow> = entries.iter().map(|entry| NewRow::new(by, at, entry)).collect();
    let places = insert_all!(conn, journal::table, rows, returning journal::seq => i64)?;
    dialect::call(conn)?;
    Ok(places)
}

/// When the last entry was made. The next one is no earlier, whatever the clock says: the clocks
/// of several servers differ, and a request that had to wait knew its instant before.
fn last_at(conn: &mut Conn) -> Result<Option<Instant>> {
    let newest = journal::table.order(journal::seq.desc()).select(journal::at);
    Ok(newest.first(conn).optional()?)
}

impl NewRow {
    fn new(by: &Context, at: Instant, entry: &Entry) -> Self {
        let (actor_kind, actor_id, actor_name) = match &by.actor {
            Actor::User { id, name, .. } => (ActorKind::User, Some(AnyId(id.0)), name.clone()),
            Actor::Guest => (ActorKind::Guest, None, "a reader".to_owned()),
            Actor::System => (ActorKind::System, None, "the system".to_owned()),
            Actor::Cli => (ActorKind::Cli, None, "the command line".to_owned()),
        };
        Self {
            at,
            actor_kind,
            actor_id,
            actor_name,
            action: entry.action.clone(),
            resource_type: entry.resource_type,
            resource_id: AnyId(entry.resource_id),
            section_id: entry.section,
            version: entry.version,
            summary: Json(entry.summary.clone()),
            tags: Json(entry.tags.iter().map(ToString::to_string).collect()),
            request_id: by.request_id.clone(),
        }
    }
}

/// One recorded change.
#[derive(Debug, Queryable, Selectable, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = journal)]
pub struct Change {
    /// The place in the journal: grows, never reused. Gaps are possible.
    pub seq: i64,
    /// When. Never before the entry before it.
    pub at: Instant,
    /// What kind of actor.
    pub actor_kind: ActorKind,
    /// The user's id, where a user was behind it.
    pub actor_id: Option<AnyId>,
    /// The actor's name at the time.
    pub actor_name: String,
    /// What happened.
    #[schema(examples("article.published"))]
    pub action: String,
    /// The type of the resource.
    #[schema(examples("article"))]
    pub resource_type: String,
    /// The resource's id.
    pub resource_id: AnyId,
    /// The resource's section, where it has one.
    pub section_id: Option<SectionId>,
    /// The version that the change made.
    pub version: i32,
    /// Which members changed, or a word on the change.
    #[schema(value_type = Vec<String>)]
    pub summary: Json<Vec<String>>,
    /// Which cached answers the change made stale.
    #[schema(value_type = Vec<String>)]
    pub tags: Json<Vec<String>>,
    /// The request that asked for it; empty at the command line.
    pub request_id: String,
}

/// The last place; 0 where nothing has been recorded.
pub fn last(conn: &mut Conn) -> Result<i64> {
    let last: Option<i64> = journal::table.select(diesel::dsl::max(journal::seq)).first(conn)?;
    Ok(last.unwrap_or(0))
}

/// What was made stale after `since`, oldest first, with the place of each entry.
pub fn tags_after(conn: &mut Conn, since: i64, limit: i64) -> Result<Vec<(i64, Vec<String>)>> {
    let rows: Vec<(i64, Json<Vec<String>>)> = journal::table
        .filter(journal::seq.gt(since))
        .order(journal::seq)
        .limit(limit)
        .select((journal::seq, journal::tags))
        .load(conn)?;
    Ok(rows.into_iter().map(|(place, tags)| (place, tags.0)).collect())
}

/// The newest change of a resource: who else was at it.
pub fn last_change(conn: &mut Conn, resource: Uuid) -> Result<Option<Change>> {
    let changes = journal::table.filter(journal::resource_id.eq(AnyId(resource)));
    Ok(changes.order(journal::seq.desc()).select(Change::as_select()).first(conn).optional()?)
}

/// Changes after `since`, oldest first; only those of `sections` where given.
pub fn page(
    conn: &mut Conn,
    since: i64,
    sections: Option<&[SectionId]>,
    limit: i64,
) -> Result<Vec<Change>> {
    let after = of_sections(sections).filter(journal::seq.gt(since));
    Ok(after.order(journal::seq).limit(limit).select(Change::as_select()).load(conn)?)
}

/// How many changes there are in all; only those of `sections` where given.
pub fn count(conn: &mut Conn, sections: Option<&[SectionId]>) -> Result<i64> {
    Ok(of_sections(sections).count().get_result(conn)?)
}

fn of_sections<'a>(sections: Option<&[SectionId]>) -> journal::BoxedQuery<'a, MultiBackend> {
    match sections {
        Some(sections) => {
            journal::table.filter(journal::section_id.eq_any(sections.to_vec())).into_boxed()
        }
        None => journal::table.into_boxed(),
    }
}
