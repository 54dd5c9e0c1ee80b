//! Sections for editors.
use actix_web::{HttpRequest, delete, get, patch, post, put};

use super::{
    merge,
    model::{Reassign, Section, SectionFilter, SectionInput},
    queries,
    scope::Scope,
    tree::{DEPTH_MAX, Tree},
};
use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::{ReadSections, WriteSections},
    },
    db::{Db, Tx, journal::Entry},
    error::{Error, FieldError, Result},
    http::{
        answer::Answer,
        body::{Body, Patch},
        conditional::IfMatch,
        cursor::{self, Page},
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::Id,
        query::Query,
        settings::Settings,
    },
    ids::SectionId,
    tags::{Facet, Tag},
    text,
};

/// Held by whoever changes the shape of the tree.
const TREE: uuid::Uuid = uuid::Uuid::from_u128(0x0f00_7265_6573);

/// Hangs the room's management routes into the app.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_sections).service(create_section).service(read_section);
    cfg.service(replace_section).service(patch_section).service(delete_section);
}

/// List sections
///
/// In the order of their paths, so that a section comes right before those below it. Whoever is
/// limited to some sections gets the hidden ones among these, and of the others what readers see.
#[utoipa::path(tag = "sections", security(("bearer" = ["sections:read"])), params(SectionFilter),
    responses((status = 200, description = "A page of sections.", body = Page<Section>)))]
#[get("/sections")]
async fn list_sections(
    allow: Allow<ReadSections>,
    db: Db,
    req: HttpRequest,
    Query(filter): Query<SectionFilter>,
) -> Result<Answer> {
    let after = cursor::read("sections", filter.cursor.as_deref())?;
    let limit = filter.limit;
    let rows = db
        .read(move |conn| {
            let tree = queries::tree(conn)?;
            let readable = Scope::in_tree(&tree, &allow.caller).reads(&tree);
            queries::page(conn, readable.as_deref(), &filter, after)
        })
        .await?;
    let page = Page::cut("sections", rows, limit, |last| last.path.clone())?;
    Answer::page(&req, &page)
}

/// Create a section
///
/// Readers see it at once, unless it is hidden; its address is made of the slugs from the top
/// down. Whoever is limited to some sections creates others below these.
#[utoipa::path(tag = "sections", security(("bearer" = ["sections:write"])),
    params(IdempotencyKey), request_body = SectionInput,
    responses((status = 201, description = "Created.", body = Section),
        (status = 409, description = "The slug is taken among its siblings, or the address by an article.")))]
#[post("/sections")]
async fn create_section(
    allow: Allow<WriteSections>,
    db: Db,
    settings: Settings,
    post: Posted<SectionInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input: SectionInput| {
        tx.lock(TREE)?;
        let tree = queries::tree(tx)?;
        Scope::in_tree(&tree, &caller).check_place(input.parent_id)?;
        let language = settings.0.default_language.as_str();
        let section = placed(tx, &tree, SectionId::new(), input, None, language)?;
        queries::insert(tx, &section)?;
        tx.record(Entry::new("created", &section).stale([Tag::Sections]))?;
        Answer::created("/manage/v1/sections", &section, &section)
    })
    .await
}

/// Read a section
///
/// Hidden ones, too, except for those outside of the sections that you are limited to.
#[utoipa::path(tag = "sections", security(("bearer" = ["sections:read"])),
    responses((status = 200, description = "The section.", body = Section)))]
#[get("/sections/{id}")]
async fn read_section(allow: Allow<ReadSections>, db: Db, id: Id<SectionId>) -> Result<Answer> {
    let section = db
        .read(move |conn| {
            let tree = queries::tree(conn)?;
            Scope::in_tree(&tree, &allow.caller).to(&tree, id.0).cloned()
        })
        .await?;
    Answer::resource(&section, &section)
}

/// Replace a section
///
/// A new slug or parent moves the section and everything below it to new addresses; the old
/// ones lead there from then on. Whoever is limited to some sections changes what these say, and
/// arranges what stands below them: a section that their account names keeps its parent and
/// position.
#[utoipa::path(tag = "sections", security(("bearer" = ["sections:write"])), params(IfMatch),
    request_body = SectionInput,
    responses((status = 200, description = "Replaced.", body = Section),
        (status = 409, description = "The slug is taken, or the section would stand below itself.")))]
#[put("/sections/{id}")]
async fn replace_section(
    allow: Allow<WriteSections>,
    db: Db,
    settings: Settings,
    id: Id<SectionId>,
    expected: IfMatch,
    Body(input): Body<SectionInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        change(tx, &caller, id.0, &expected, settings.0.default_language.as_str(), |_| Ok(input))
    })
    .await
}

/// Change a section
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes, within the same limits.
#[utoipa::path(tag = "sections", security(("bearer" = ["sections:write"])), params(IfMatch),
    request_body(content = SectionInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = Section),
        (status = 409, description = "The slug is taken, or the section would stand below itself.")))]
#[patch("/sections/{id}")]
async fn patch_section(
    allow: Allow<WriteSections>,
    db: Db,
    settings: Settings,
    id: Id<SectionId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        let language = settings.0.default_language.as_str();
        change(tx, &caller, id.0, &expected, language, |current| patch.apply(&current.input()))
    })
    .await
}

/// Delete a section
///
/// Refused while anything uses it, unless `reassign_to` names a section that takes over its
/// articles and subsections; old addresses then lead there. Whoever is limited to some sections
/// deletes what stands below these, in favour of one that is theirs.
#[utoipa::path(tag = "sections", security(("bearer" = ["sections:write"])),
    params(IfMatch, Reassign),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "In use; `errors` lists by what, as far as you may read it, twenty at the most."),
        (status = 400, description = "`reassign_to` is no section, or stands below this one."),
        (status = 422, description = "The subsections would make more than four levels there.")))]
#[delete("/sections/{id}")]
async fn delete_section(
    allow: Allow<WriteSections>,
    db: Db,
    id: Id<SectionId>,
    expected: IfMatch,
    Query(reassign): Query<Reassign>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        tx.lock(TREE)?;
        let tree = queries::tree(tx)?;
        let by = Scope::in_tree(&tree, &caller);
        let section = own(tx, &tree, &by, id.0, &expected)?;
        by.check_place(section.parent_id)?;
        let mut stale = vec![Tag::Sections];
        // Whoever reads the journal of where it stood, or of what took over, reads of its end.
        let mut heir = section.parent_id;
        match reassign.reassign_to {
            None => merge::in_the_way(tx, &caller, &by, section.id)?.refuse()?,
            Some(to) => {
                by.check(to)?;
                hand_over(tx, &tree, &section, to)?;
                heir = Some(to);
                let lists = [section.id, to].map(|id| Tag::List(Facet::section(id)));
                stale.extend(lists.into_iter().chain([Tag::AdSlots]));
            }
        }
        queries::delete(tx, section.id)?;
        tx.record(Entry::new("deleted", &section).within(heir).stale(stale))
    })
    .await?;
    Ok(Answer::nothing())
}

/// The section for a change, which is the caller's to make. The caller holds the tree.
fn own(
    tx: &mut Tx<'_>,
    tree: &Tree,
    by: &Scope,
    id: SectionId,
    expected: &IfMatch,
) -> Result<Section> {
    expected.current(tx, id, |_| {
        let section = by.to(tree, id)?;
        by.check(section.id)?;
        Ok(section.clone())
    })
}

fn hand_over(tx: &mut Tx<'_>, tree: &Tree, section: &Section, to: SectionId) -> Result<()> {
    let refused = |why| Error::Malformed {
        detail: format!("reassign_to: {why}"),
        errors: vec![FieldError::parameter("reassign_to", "reference", why)],
    };
    let taker = tree.get(to).ok_or_else(|| refused("is not a section"))?;
    if tree.above(to).any(|above| above.id == section.id) {
        return Err(refused("is this section or stands below it"));
    }
    for child in tree.iter().filter(|child| child.parent_id == Some(section.id)) {
        let input = SectionInput { parent_id: Some(to), ..child.input() };
        // Each move is seen by the next one.
        let tree = queries::tree(tx)?;
        // It keeps its slug, in whatever language.
        let moved = placed(tx, &tree, child.id, input, Some(child), "")?;
        store(tx, &tree, child, &moved)?;
    }
    merge::hand_over(tx, section, taker.id)?;
    let now = tx.now();
    queries::redirect(tx, &section.path, taker.id, now)
}

/// The way of every change: lock, find, compare versions, make the new form, store, record.
fn change(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: SectionId,
    expected: &IfMatch,
    language: &str,
    input: impl FnOnce(&Section) -> Result<SectionInput>,
) -> Result<Answer> {
    tx.lock(TREE)?;
    let tree = queries::tree(tx)?;
    let by = Scope::in_tree(&tree, caller);
    let current = own(tx, &tree, &by, id, expected)?;
    let input = input(&current)?;
    if (input.parent_id, input.position) != (current.parent_id, current.position) {
        by.check_place(current.parent_id)?;
        by.check_place(input.parent_id)?;
    }
    let changed = placed(tx, &tree, id, input, Some(&current), language)?;
    store(tx, &tree, &current, &changed)?;
    Answer::resource(&changed, &changed)
}

fn store(tx: &mut Tx<'_>, tree: &Tree, current: &Section, changed: &Section) -> Result<()> {
    let now = tx.now();
    queries::replace(tx, changed)?;
    if changed.path != current.path {
        for id in tree.subtree(current.id) {
            if let Some(below) = tree.get(id).filter(|below| below.id != current.id) {
                let path = format!("{}{}", changed.path, &below.path[current.path.len()..]);
                let moved = queries::set_path(tx, id, &path, now)?;
                tx.record(Entry::new("changed", &moved).note("path"))?;
            }
        }
        queries::redirect(tx, &current.path, current.id, now)?;
    }
    let entry = Entry::new("changed", changed).diff(&current.input(), &changed.input());
    tx.record(entry.stale([Tag::Sections]))
}

/// The section that the input describes, at its place in the tree; a name is spelled as the language
/// does.
fn placed(
    tx: &mut Tx<'_>,
    tree: &Tree,
    id: SectionId,
    input: SectionInput,
    current: Option<&Section>,
    language: &str,
) -> Result<Section> {
    let SectionInput {
        parent_id,
        slug,
        name,
        description,
        position,
        hidden,
        comments_mode,
        comments_close_after_days,
    } = input;
    let Some(slug) = slug.or_else(|| text::slugify(&name, language)) else {
        return Err(Error::invalid("/slug", "required", "cannot be made from the name; send one"));
    };
    let mut path = format!("/{slug}");
    if let Some(parent_id) = parent_id {
        tx.lock(parent_id)?;
        let parent = tree
            .get(parent_id)
            .ok_or_else(|| Error::invalid("/parent_id", "missing", "is not the id of a section"))?;
        let above = tree.above(parent_id).count();
        if tree.above(parent_id).any(|section| section.id == id) {
            let detail = "A section cannot stand below itself.";
            let errors = vec![FieldError::at("/parent_id", "cycle", detail)];
            return Err(Error::Conflict { detail: detail.to_owned(), errors });
        }
        if above + current.map_or(1, |current| tree.height(current.id)) > DEPTH_MAX {
            return Err(Error::invalid("/parent_id", "depth", "makes more than four levels"));
        }
        path = format!("{}{path}", parent.path);
        let now = tx.now();
        let moved = current.is_none_or(|current| current.path != path);
        if moved && queries::has_article_at(tx, parent_id, &slug, now)? {
            return Err(Error::taken("/slug", "An article is public at this address."));
        }
    }
    let now = tx.now();
    Ok(Section {
        id,
        parent_id,
        slug,
        name,
        path,
        description,
        position,
        hidden,
        comments_mode,
        comments_close_after_days,
        version: current.map_or(1, |current| current.version + 1),
        created_at: current.map_or(now, |current| current.created_at),
        updated_at: now,
    })
}
