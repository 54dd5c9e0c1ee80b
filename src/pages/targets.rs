//! Where links to other articles lead: to what is public of them, at its present address.
use std::collections::{HashMap, HashSet};

use super::{compose::Composition, queries};
use crate::{
    articles::{
        editions::{self, model::Listed},
        related::model::{FrozenLink, LinkKind},
    },
    db::Conn,
    error::Result,
    http::cache::Made,
    ids::ArticleId,
    pages::parts::ResolvedLink,
    tags::Tag,
};

/// An article that a link can lead to now.
pub struct Target {
    /// Its present headline.
    pub headline: String,
    /// Its present address.
    pub path: String,
}

/// The articles that links of a page lead to, as far as readers have them.
#[derive(Default)]
pub struct Targets(HashMap<ArticleId, Target>);

impl Targets {
    /// Looks all of them up at once. The answer is made of each of them, there or not: it changes
    /// when one of them comes, goes or moves.
    pub fn of(
        conn: &mut Conn,
        ids: &HashSet<ArticleId>,
        how: &Composition<'_>,
        made: &mut Made,
    ) -> Result<Self> {
        if ids.is_empty() {
            return Ok(Self::default());
        }
        let wanted: Vec<ArticleId> = ids.iter().copied().collect();
        let mut live: HashMap<ArticleId, Listed> = HashMap::new();
        for edition in editions::queries::listed_or_coming(conn, &wanted, how.when)? {
            made.changes_at(Some(edition.valid_from), how.when.now);
            made.changes_at(Some(edition.valid_until), how.when.now);
            if edition.valid_from <= how.when.at {
                live.insert(edition.article_id, edition);
            }
        }
        if how.when.at < how.when.now {
            let shown = queries::still_shown(conn, how.tree, &wanted, how.when, made)?;
            live.retain(|id, _| shown.contains(id));
        }
        made.of(wanted.into_iter().map(Tag::target));
        let at_its_address = |(id, edition): (ArticleId, Listed)| {
            let path = format!("{}/{}", how.tree.get(edition.section_id)?.path, edition.slug);
            Some((id, Target { headline: edition.headline, path }))
        };
        Ok(Self(live.into_iter().filter_map(at_its_address).collect()))
    }

    /// The article of this id, where readers have it.
    pub fn get(&self, id: ArticleId) -> Option<&Target> {
        self.0.get(&id)
    }

    /// The related links that lead somewhere now, in their order.
    pub fn resolve(&self, links: &[FrozenLink]) -> Vec<ResolvedLink> {
        let resolve = |link: &FrozenLink| {
            let (title, path) = match (link.kind, link.target_article_id) {
                (LinkKind::Internal, Some(target)) => {
                    let target = self.get(target)?;
                    let title = link.title.clone().unwrap_or_else(|| target.headline.clone());
                    (title, Some(target.path.clone()))
                }
                _ => (link.title.clone().unwrap_or_default(), None),
            };
            Some(ResolvedLink {
                id: link.id,
                kind: link.kind,
                rel: link.rel,
                title,
                path,
                article_id: link.target_article_id,
                url: link.url.clone(),
            })
        };
        links.iter().filter_map(resolve).collect()
    }
}
