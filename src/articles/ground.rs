//! The ground that plans stand on: read once for all articles that are published together.
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    editions::{self, queries::Tenant},
    model::{ArticleRow, Standing},
    queries,
    references::{self, Known},
    related::model::LinkRow,
};
use crate::{
    db::Conn,
    error::Result,
    ids::{ArticleId, SectionId},
    sections::{self, tree::Tree},
    time::Instant,
};

/// What plans stand on beside the articles themselves.
pub struct Ground {
    tree: Tree,
    known: Known,
    /// Who has, or will have, the addresses that the articles reach for.
    tenants: HashMap<SectionId, Vec<Tenant>>,
    /// What readers have of the articles that are linked to.
    targets: HashMap<ArticleId, Standing>,
}

impl Ground {
    /// Two statements and one for every section, for any number of articles.
    pub fn of<'a>(
        conn: &mut Conn,
        known: Known,
        articles: impl IntoIterator<Item = &'a ArticleRow>,
        links: impl IntoIterator<Item = &'a LinkRow>,
        now: Instant,
    ) -> Result<Self> {
        let mut addresses: BTreeMap<SectionId, Vec<&str>> = BTreeMap::new();
        let mut targets: BTreeSet<ArticleId> =
            links.into_iter().filter_map(|link| link.target_article_id).collect();
        for article in articles {
            let linked = references::articles_of(&article.document.0);
            targets.extend(linked.into_iter().map(|(target, _)| target));
            if let (Some(section), Some(slug)) = (article.section_id, &article.slug) {
                addresses.entry(section).or_default().push(slug);
            }
        }
        let mut tenants = HashMap::new();
        for (section, slugs) in addresses {
            tenants.insert(section, editions::queries::tenants(conn, section, &slugs, now)?);
        }
        let targets: Vec<ArticleId> = targets.into_iter().collect();
        let targets = queries::standing(conn, &targets, now)?;
        Ok(Self { tree: sections::queries::tree(conn)?, known, tenants, targets })
    }

    /// What there is of everything that the articles refer to.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// What readers have of the articles that are linked to.
    pub fn targets(&self) -> &HashMap<ArticleId, Standing> {
        &self.targets
    }

    /// The section tree, hidden sections included.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Who has, or will have, one of the addresses.
    pub fn tenants(&self, section: SectionId, slug: &str) -> impl Iterator<Item = &Tenant> {
        let there = self.tenants.get(&section).into_iter().flatten();
        there.filter(move |tenant| tenant.slug == slug)
    }
}
