//! Related links for authors and editors. A link is part of the article: whoever may edit the
//! article may edit its links, and the article's version moves with them.
use actix_web::{delete, get, patch, post, put};

use super::{
    model::{LinkKind, LinkOrder, LinkRow, RelatedLink, RelatedLinkInput, RelatedLinks},
    queries,
};
use crate::{
    articles::{access::Access, approval, model::ArticleRow, queries as working, workflow::Action},
    auth::{
        guard::{Allow, Caller},
        roles::{ReadArticles, WriteArticles},
    },
    config::FourEyes,
    db::{Conn, Db, Tx, journal::Entry},
    error::Result,
    http::{
        answer::Answer,
        body::{Body, Patch},
        conditional::IfMatch,
        handlers::ServiceConfig,
        idempotency::{IdempotencyKey, Posted},
        path::{Id, LinkIdOf},
        settings::Settings,
    },
    ids::{ArticleId, LinkId},
    time::Instant,
};

/// Hangs the routes into the management face.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_related_links).service(reorder_related_links).service(create_related_link);
    cfg.service(read_related_link);
    cfg.service(replace_related_link).service(patch_related_link).service(delete_related_link);
}

fn views(conn: &mut Conn, links: Vec<LinkRow>, now: Instant) -> Result<Vec<RelatedLink>> {
    let targets: Vec<ArticleId> = links.iter().filter_map(|link| link.target_article_id).collect();
    let standings = working::standing(conn, &targets, now)?;
    let hidden = |link: &LinkRow| {
        let live = link.target_article_id.and_then(|target| standings.get(&target)?.live_edition);
        link.kind == LinkKind::Internal && live.is_none()
    };
    Ok(links
        .into_iter()
        .map(|link| {
            let unresolved = hidden(&link);
            RelatedLink::new(link, unresolved)
        })
        .collect())
}

fn answer(conn: &mut Conn, link: &LinkRow, now: Instant) -> Result<Answer> {
    let views = views(conn, vec![link.clone()], now)?;
    Answer::resource(link, &views.first())
}

/// The article, for a change of its links; its version moves along.
fn opened(tx: &mut Tx<'_>, caller: &Caller, id: ArticleId) -> Result<(Access, ArticleRow)> {
    let access = Access::of(tx, caller)?;
    tx.lock(id)?;
    let article = access.to(working::find(tx, id)?)?;
    access.take(Action::Edit, &article)?;
    Ok((access, article))
}

/// A change of its links is an edit of the article.
fn touch(tx: &mut Tx<'_>, article: &ArticleRow, rule: FourEyes) -> Result<ArticleRow> {
    let touched = approval::edit(tx, article, rule)?;
    working::update(tx, &touched)?;
    tx.record(approval::entry(article, &touched).note("related_links"))?;
    Ok(touched)
}

fn entry(did: &str, link: &LinkRow) -> Entry {
    Entry::new(did, link).note(format!("article {}", link.article_id))
}

/// List an article's related links
///
/// In their order; at most 20.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:read"])),
    responses((status = 200, description = "All of them.", body = RelatedLinks)))]
#[get("/articles/{id}/related-links")]
async fn list_related_links(
    allow: Allow<ReadArticles>,
    db: Db,
    id: Id<ArticleId>,
) -> Result<Answer> {
    db.read(move |conn| {
        Access::of(conn, &allow.caller)?.to(working::find(conn, id.0)?)?;
        let links = queries::of_article(conn, id.0)?;
        Answer::ok(&RelatedLinks { data: views(conn, links, allow.caller.now)? })
    })
    .await
}

/// Add a related link
///
/// Behind the others. Put its id into a `related` block to have it shown inside the body. An
/// internal link leads to an article that you may read, or that readers have.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:write"])),
    params(IdempotencyKey), request_body = RelatedLinkInput,
    responses((status = 201, description = "Added.", body = RelatedLink),
        (status = 409, description = "Another link leads there, or there are 20 already.")))]
#[post("/articles/{id}/related-links")]
async fn create_related_link(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    post: Posted<RelatedLinkInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    post.once(&db, allow.caller, move |tx, input| {
        let link = create(tx, &caller, id.0, input, settings.0.four_eyes)?;
        let views = views(tx, vec![link.clone()], caller.now)?;
        let collection = format!("/manage/v1/articles/{}/related-links", id.0);
        Answer::created(&collection, &link, &views.first())
    })
    .await
}

/// Stores a new link of an article that this caller may edit.
pub fn create(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: ArticleId,
    input: RelatedLinkInput,
    rule: FourEyes,
) -> Result<LinkRow> {
    let (access, article) = opened(tx, caller, id)?;
    let now = tx.now();
    let link = queries::append(tx, &access, LinkRow::new(LinkId::new(), id, input, now))?;
    tx.record(entry("created", &link))?;
    touch(tx, &article, rule)?;
    Ok(link)
}

/// Read a related link
///
/// With whether readers see it: a link to an article that is not public is not shown.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:read"])),
    responses((status = 200, description = "The link.", body = RelatedLink)))]
#[get("/articles/{id}/related-links/{link_id}")]
async fn read_related_link(
    allow: Allow<ReadArticles>,
    db: Db,
    id: Id<ArticleId>,
    link: LinkIdOf<LinkId>,
) -> Result<Answer> {
    db.read(move |conn| {
        Access::of(conn, &allow.caller)?.to(working::find(conn, id.0)?)?;
        let link = queries::find(conn, id.0, link.0)?;
        answer(conn, &link, allow.caller.now)
    })
    .await
}

/// Replace a related link
///
/// The kind may change along with the target. Readers see nothing of it until the article is
/// published again.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:write"])), params(IfMatch),
    request_body = RelatedLinkInput,
    responses((status = 200, description = "Replaced.", body = RelatedLink),
        (status = 409, description = "Another link leads there.")))]
#[put("/articles/{id}/related-links/{link_id}")]
async fn replace_related_link(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    link: LinkIdOf<LinkId>,
    expected: IfMatch,
    Body(input): Body<RelatedLinkInput>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    let rule = settings.0.four_eyes;
    db.write(allow.caller, move |tx| {
        change(tx, &caller, (id.0, link.0), &expected, rule, |_| Ok(input))
    })
    .await
}

/// Change a related link
///
/// Takes a JSON merge patch (RFC 7396) of the members that PUT takes.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:write"])), params(IfMatch),
    request_body(content = RelatedLinkInput, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = RelatedLink),
        (status = 409, description = "Another link leads there.")))]
#[patch("/articles/{id}/related-links/{link_id}")]
async fn patch_related_link(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    link: LinkIdOf<LinkId>,
    expected: IfMatch,
    patch: Patch,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    let rule = settings.0.four_eyes;
    db.write(allow.caller, move |tx| {
        let patched = |current: &LinkRow| patch.apply(&current.input()?);
        change(tx, &caller, (id.0, link.0), &expected, rule, patched)
    })
    .await
}

fn change(
    tx: &mut Tx<'_>,
    caller: &Caller,
    (id, link): (ArticleId, LinkId),
    expected: &IfMatch,
    rule: FourEyes,
    input: impl FnOnce(&LinkRow) -> Result<RelatedLinkInput>,
) -> Result<Answer> {
    let (access, article) = opened(tx, caller, id)?;
    let current = queries::find(tx, id, link)?;
    expected.check(tx, &current)?;
    let input = input(&current)?;
    if input == current.input()? {
        tx.nothing_to_record("nothing was changed");
        return answer(tx, &current, caller.now);
    }
    let changed = current.changed(input, tx.now());
    queries::replace(tx, &access, &current, &changed)?;
    tx.record(entry("changed", &changed))?;
    touch(tx, &article, rule)?;
    answer(tx, &changed, caller.now)
}

/// Delete a related link
///
/// Refused while a box of the body names it.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:write"])), params(IfMatch),
    responses((status = 204, description = "Deleted."),
        (status = 409, description = "A box of the body names it; `errors` points there.")))]
#[delete("/articles/{id}/related-links/{link_id}")]
async fn delete_related_link(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    link: LinkIdOf<LinkId>,
    expected: IfMatch,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        let (_, article) = opened(tx, &caller, id.0)?;
        let current = queries::find(tx, id.0, link.0)?;
        expected.check(tx, &current)?;
        queries::delete(tx, &current, &article.document.0)?;
        tx.record(entry("deleted", &current))?;
        touch(tx, &article, settings.0.four_eyes).map(drop)
    })
    .await?;
    Ok(Answer::nothing())
}

/// Reorder an article's related links
///
/// `If-Match` takes the article's `ETag` here, and the answer has its new one.
#[utoipa::path(tag = "related links", security(("bearer" = ["articles:write"])), params(IfMatch),
    request_body = LinkOrder,
    responses((status = 200, description = "All of them, in the new order.", body = RelatedLinks),
        (status = 409, description = "The article is retracted.")))]
#[put("/articles/{id}/related-links")]
async fn reorder_related_links(
    allow: Allow<WriteArticles>,
    db: Db,
    settings: Settings,
    id: Id<ArticleId>,
    expected: IfMatch,
    Body(order): Body<LinkOrder>,
) -> Result<Answer> {
    let caller = allow.caller.clone();
    db.write(allow.caller, move |tx| {
        let (_, article) = opened(tx, &caller, id.0)?;
        expected.check(tx, &article)?;
        let article = if queries::reorder(tx, id.0, &order.link_ids)? {
            touch(tx, &article, settings.0.four_eyes)?
        } else {
            tx.nothing_to_record("nothing was changed");
            article
        };
        let links = queries::of_article(tx, id.0)?;
        let links = RelatedLinks { data: views(tx, links, caller.now)? };
        Answer::resource(&article, &links)
    })
    .await
}
