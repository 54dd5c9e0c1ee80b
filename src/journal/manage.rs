//! The journal for administrators, and for editors as far as their sections go.
use actix_web::{HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    auth::{
        guard::{Allow, Caller},
        roles::{ReadJournal, Role},
    },
    db::{
        Conn, Db,
        journal::{self, Change},
    },
    error::Result,
    http::{
        answer::Answer,
        cursor::{self, Page, Rows},
        handlers::ServiceConfig,
        query::{Limit, Query},
    },
    ids::SectionId,
    sections::{self, scope::Scope},
};

/// Hangs the route into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_changes);
}

/// Which changes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangeQuery {
    /// Only changes after this one: the `seq` of the last one you have.
    #[serde(default)]
    #[param(required = false, value_type = i64, default = 0, minimum = 0, maximum = 4_294_967_295_i64)]
    since: u32,
    /// Also count what the filters leave, as `total`. Takes the longer the more there is.
    #[serde(default)]
    #[param(required = false, default = false)]
    total: bool,
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    /// The `next` of the page before; goes before `since`.
    cursor: Option<String>,
}

/// Read the journal
///
/// Every change, the oldest first. Administrators read all of it, editors what happened in their
/// sections.
#[utoipa::path(tag = "journal", security(("bearer" = ["journal:read"])), params(ChangeQuery),
    responses((status = 200, description = "A page of changes.", body = Page<Change>)))]
#[get("/journal")]
async fn list_changes(
    allow: Allow<ReadJournal>,
    db: Db,
    req: HttpRequest,
    Query(query): Query<ChangeQuery>,
) -> Result<Answer> {
    let after: Option<i64> = cursor::read("journal", query.cursor.as_deref())?;
    let since = after.unwrap_or_else(|| i64::from(query.since));
    let limit = query.limit;
    let rows = db
        .read(move |conn| {
            let sections = sections_of(conn, &allow.caller)?;
            let count = || journal::count(conn, sections.as_deref());
            let total = query.total.then(count).transpose()?;
            let rows = journal::page(conn, since, sections.as_deref(), limit.rows() + 1)?;
            Ok(Rows { rows, total })
        })
        .await?;
    Answer::page(&req, &Page::cut("journal", rows, limit, |last| last.seq)?)
}

/// The sections whose changes the caller may read; `None` means all changes.
fn sections_of(conn: &mut Conn, caller: &Caller) -> Result<Option<Vec<SectionId>>> {
    if caller.is(Role::Admin) {
        return Ok(None);
    }
    let tree = sections::queries::tree(conn)?;
    let by = Scope::in_tree(&tree, caller);
    let all = || tree.iter().map(|section| section.id).collect();
    Ok(Some(by.sections().map_or_else(all, <[SectionId]>::to_vec)))
}
