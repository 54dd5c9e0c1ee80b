//! Importing: many finished articles at once, stored and published by the rules that hold for
//! each alone, with a few statements for all of them.
use validator::Validate;

use super::{
    access::Access,
    editions,
    ground::Ground,
    input::ArticleInput,
    model::ArticleRow,
    publishing::{self, PublishInput},
    queries, references,
    related::{
        self,
        model::{LINKS_MAX, LinkRow, RelatedLinkInput},
    },
    saving, tags,
    workflow::{Action, Status},
};
use crate::{
    auth::guard::Caller,
    db::{Tx, journal::Entry},
    error::{Error, Result},
    ids::{ArticleId, LinkId, SectionId},
    text::Language,
    time::Instant,
};

/// An article that was written and checked elsewhere.
#[derive(Clone)]
pub struct Finished {
    pub id: ArticleId,
    /// Has a slug that is free in its section.
    pub input: ArticleInput,
    /// Its related links, in their order; boxes of the body name them by these ids.
    pub links: Vec<(LinkId, RelatedLinkInput)>,
    pub publish: PublishInput,
}

/// Publishes new articles, all or none. They skip the steps before that, approval included, which
/// were taken elsewhere; nothing else is left out. A link leads to what is public before the import.
pub fn publish(
    tx: &mut Tx<'_>,
    caller: &Caller,
    finished: Vec<Finished>,
    default_language: &Language,
) -> Result<()> {
    let now = tx.now();
    let access = Access::of(tx, caller)?;
    let mut drafts = Vec::with_capacity(finished.len());
    for Finished { id, input, links, publish } in finished {
        publish.validate()?;
        let mut article = saving::new(id, caller, input, default_language, now);
        access.check_section(article.section_id)?;
        access.check_authors(article.authors())?;
        tx.record(Entry::new("created", &article))?;
        article.status = Status::Approved;
        drafts.push((article, rows(id, links, now)?, publish));
    }
    // Whoever publishes at one of these addresses waits, and finds the new article there. Imports
    // need not wait for each other: their articles cannot have the same slug in one section.
    let sections: Vec<SectionId> = drafts.iter().filter_map(|(it, ..)| it.section_id).collect();
    tx.share(sections)?;
    let documents: Vec<&ArticleInput> = drafts.iter().map(|(it, ..)| &it.document.0).collect();
    let known = references::hold(tx, &documents)?;
    let all_links = drafts.iter().flat_map(|(_, links, _)| links);
    let ground = Ground::of(tx, known, drafts.iter().map(|(it, ..)| it), all_links, now)?;

    let mut back = editions::retirement::go_on(tx, now)?;
    let documents = drafts.iter().map(|(article, ..)| &article.document.0);
    let mut new_tags = tags::queries::give_slugs(tx, documents)?;
    let (mut articles, mut links, mut plans) = (Vec::new(), Vec::new(), Vec::new());
    for (article, its_links, input) in drafts {
        let status = access.take(Action::Publish, &article)?;
        let plan = publishing::plan_on(&ground, tx, &article, &its_links, &input, caller.id, now)?;
        for link in &its_links {
            tx.record(Entry::new("created", link).note(format!("article {}", article.id)))?;
        }
        let article = plan.published(article, status, input.note, now);
        // What is told of all of them is told once.
        let entry = plan.entry(&article).stale(back.drain()).stale(new_tags.take());
        tx.record(entry)?;
        articles.push(article);
        links.extend(its_links);
        plans.push(plan);
    }
    let used = |(article, plan)| (article, publishing::Plan::uses(plan));
    let copies: Vec<(&ArticleRow, _)> = articles.iter().zip(&plans).map(used).collect();
    queries::insert(tx, &copies)?;
    let wrote: Vec<_> = articles.iter().map(|article| (article.id, caller.id)).collect();
    queries::add_contributors(tx, &wrote)?;
    related::queries::insert(tx, &links)?;
    let new: Vec<_> = plans.iter().map(|plan| (&plan.edition, plan.uses())).collect();
    editions::queries::insert(tx, &new)
}

/// The links of a new article in their order; each leads somewhere else.
fn rows(
    of: ArticleId,
    links: Vec<(LinkId, RelatedLinkInput)>,
    now: Instant,
) -> Result<Vec<LinkRow>> {
    if links.len() > LINKS_MAX {
        return Err(Error::conflict("An article has at most 20 related links."));
    }
    let mut rows: Vec<LinkRow> = Vec::with_capacity(links.len());
    for (position, (id, input)) in (0..).zip(links) {
        input.validate()?;
        let link = LinkRow { position, ..LinkRow::new(id, of, input, now) };
        let leads = |link: &LinkRow| (link.target_article_id, link.url.clone());
        if rows.iter().any(|other| leads(other) == leads(&link)) {
            return Err(Error::taken("/links", "Another link of this article leads there."));
        }
        rows.push(link);
    }
    Ok(rows)
}
