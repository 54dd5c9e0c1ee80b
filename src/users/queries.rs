//! Every statement about users.
use diesel::prelude::*;

use super::model::{AuthorFilter, PossibleAuthor, UserFilter, UserRow};
use crate::{
    auth::roles::Role,
    db::{
        Conn, Tx,
        journal::Entry,
        schema::{articles, edition_keys, media, media_credits, sections, sessions, users},
    },
    error::{Error, FieldError, Refused, Result},
    http::cursor::Rows,
    ids::{ArticleId, CreditId, MediaId, SectionId, UserId},
    sections::readable::{Articles, written_by},
    tags::Facet,
    text,
    time::Instant,
};

const TAKEN: &str = "Another user has this email.";

/// One user.
pub fn find(conn: &mut Conn, id: UserId) -> Result<UserRow> {
    Ok(users::table.find(id).select(UserRow::as_select()).first(conn)?)
}

/// The user with this folded email.
pub fn find_by_email(conn: &mut Conn, email: &str) -> Result<UserRow> {
    let named = users::table.filter(users::email.eq(email));
    Ok(named.select(UserRow::as_select()).first(conn)?)
}

/// Users by email, one more than the limit.
pub fn page(conn: &mut Conn, filter: &UserFilter, after: Option<String>) -> Result<Rows<UserRow>> {
    let filtered = || {
        let mut rows = users::table.into_boxed();
        if let Some(active) = filter.active {
            rows = rows.filter(users::active.eq(active));
        }
        rows
    };
    let total = filter.total.then(|| filtered().count().get_result(conn)).transpose()?;
    let mut rows =
        filtered().order(users::email).limit(filter.limit.rows() + 1).select(UserRow::as_select());
    if let Some(email) = after {
        rows = rows.filter(users::email.gt(email));
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// Active users by name, one more than the limit.
pub fn authors(
    conn: &mut Conn,
    filter: &AuthorFilter,
    after: Option<(String, UserId)>,
) -> Result<Rows<PossibleAuthor>> {
    let active = || users::table.filter(users::active.eq(true));
    let total = filter.total.then(|| active().count().get_result(conn)).transpose()?;
    let mut rows = active()
        .order((users::name_folded, users::id))
        .limit(filter.limit.rows() + 1)
        .select(PossibleAuthor::as_select())
        .into_boxed();
    if let Some((name, id)) = after {
        // The first comparison alone bounds the walk over the index, on either database.
        let behind = users::name_folded.gt(name.clone()).or(users::id.gt(id));
        rows = rows.filter(users::name_folded.ge(name)).filter(behind);
    }
    Ok(Rows { rows: rows.load(conn)?, total })
}

/// Whether there is any user at all.
pub fn any(conn: &mut Conn) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(users::table.select(users::id))).get_result(conn)?)
}

/// Whether an active user has this name, or one that readers cannot tell from it.
pub fn is_named_like(conn: &mut Conn, name: &str) -> Result<bool> {
    let same = users::name_folded.eq(text::fold(name));
    let alike = users::name_skeleton.eq(text::skeleton(name));
    let named = users::table.filter(same.or(alike)).filter(users::active.eq(true));
    Ok(diesel::select(diesel::dsl::exists(named)).get_result(conn)?)
}

/// Stores a new user.
pub fn insert(conn: &mut Conn, user: &UserRow) -> Result<()> {
    diesel::insert_into(users::table).values(user).execute(conn).or_taken("/email", TAKEN)?;
    Ok(())
}

/// Stores a changed user. Where the token epoch moved, the sign-ins end.
pub fn replace(conn: &mut Conn, before: &UserRow, user: &UserRow) -> Result<()> {
    diesel::update(users::table.find(user.id)).set(user).execute(conn).or_taken("/email", TAKEN)?;
    if before.token_epoch != user.token_epoch {
        diesel::delete(sessions::table.filter(sessions::user_id.eq(user.id))).execute(conn)?;
    }
    Ok(())
}

/// Refuses if the sections are not all there.
pub fn check_sections(conn: &mut Conn, wanted: &[SectionId]) -> Result<()> {
    let known: Vec<SectionId> = sections::table
        .filter(sections::id.eq_any(wanted.to_vec()))
        .select(sections::id)
        .load(conn)?;
    let missing = wanted.iter().enumerate().filter(|(_, id)| !known.contains(id));
    let errors: Vec<FieldError> = missing
        .map(|(at, _)| {
            FieldError::at(format!("/sections/{at}"), "missing", "is not the id of a section")
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Refuses to leave the newsroom without an administrator who can sign in.
pub fn check_an_admin_remains(conn: &mut Conn) -> Result<()> {
    let active = users::table.filter(users::active.eq(true));
    let active: Vec<UserRow> = active.select(UserRow::as_select()).load(conn)?;
    if active.iter().any(|user| user.roles.0.contains(&Role::Admin)) {
        return Ok(());
    }
    Err(Error::conflict("The last active administrator must stay one."))
}

/// The articles that name a user as their author, which keeps them from being deleted: working
/// copies do, or an edition that is public now or going to be.
pub fn works_of(id: UserId, now: Instant) -> Articles {
    let published = edition_keys::table
        .filter(edition_keys::facet.eq(Facet::author(id).as_str().to_owned()))
        .filter(edition_keys::retired.eq(false))
        .filter(edition_keys::valid_until.gt(now))
        // One that was called off before it began never was an edition of theirs.
        .filter(edition_keys::valid_from.lt(edition_keys::valid_until))
        .select(edition_keys::article_id);
    let written = articles::id.eq_any(written_by(id));
    articles::table.filter(written.or(articles::id.eq_any(published))).into_boxed()
}

/// Deletes a user whom nothing refers to; what they made stays, without its maker.
pub fn delete(tx: &mut Tx<'_>, id: UserId) -> Result<()> {
    let nobody = None::<UserId>;
    let theirs: Vec<(ArticleId, i32, Option<SectionId>)> =
        diesel::update(articles::table.filter(articles::created_by.eq(id)))
            .set((articles::created_by.eq(nobody), articles::version.eq(articles::version + 1)))
            .returning((articles::id, articles::version, articles::section_id))
            .get_results(&mut **tx)?;
    for (id, version, section) in theirs {
        let entry = Entry::about("article", "changed", id, version).within(section);
        tx.record(entry.note("created_by"))?;
    }
    let approved: Vec<(ArticleId, i32, Option<SectionId>)> =
        diesel::update(articles::table.filter(articles::approved_by.eq(id)))
            .set((articles::approved_by.eq(nobody), articles::version.eq(articles::version + 1)))
            .returning((articles::id, articles::version, articles::section_id))
            .get_results(&mut **tx)?;
    for (id, version, section) in approved {
        let entry = Entry::about("article", "changed", id, version).within(section);
        tx.record(entry.note("approval"))?;
    }
    let theirs: Vec<(MediaId, i32)> = diesel::update(media::table.filter(media::created_by.eq(id)))
        .set((media::created_by.eq(nobody), media::version.eq(media::version + 1)))
        .returning((media::id, media::version))
        .get_results(&mut **tx)?;
    for (id, version) in theirs {
        tx.record(Entry::about("media", "changed", id, version).note("created_by"))?;
    }
    let theirs: Vec<(CreditId, i32)> =
        diesel::update(media_credits::table.filter(media_credits::created_by.eq(id)))
            .set((
                media_credits::created_by.eq(nobody),
                media_credits::version.eq(media_credits::version + 1),
            ))
            .returning((media_credits::id, media_credits::version))
            .get_results(&mut **tx)?;
    for (id, version) in theirs {
        tx.record(Entry::about("media_credit", "changed", id, version).note("created_by"))?;
    }
    diesel::delete(users::table.find(id)).execute(&mut **tx)?;
    Ok(())
}
