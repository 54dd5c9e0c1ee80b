//! What holds for the working copies and related links of an export.
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::{
    actions::StepInput,
    input::ArticleInput,
    model::ArticleRow,
    references::{self, Placed, Use},
    related::model::{LINKS_MAX, LinkRow},
    tags::integrity::Tags,
    workflow::Status,
};
use crate::{
    db::uses::Used,
    ids::{AdSlotId, AnyId, ArticleId, LinkId, MediaId, SectionId, UserId},
    text::WebUrl,
    transfer::integrity::{Derived, Ids, Line, Place, Problems},
};

/// What articles refer to.
pub struct Others<'a> {
    pub users: &'a Ids<UserId>,
    pub sections: &'a Ids<SectionId>,
    pub media: &'a Ids<MediaId>,
    pub ad_slots: &'a HashMap<String, AdSlotId>,
    pub tags: &'a Tags,
}

impl Others<'_> {
    /// What an article at `above` in the line uses; tells of each thing that is not there.
    pub fn uses(&self, line: &mut Line<'_>, above: &str, article: &ArticleInput) -> HashSet<Use> {
        let mut uses = HashSet::new();
        for Placed { id, place, .. } in references::media_of(article) {
            line.refers(&format!("{above}{place}"), id, self.media);
            uses.insert((Used::Media, AnyId(id.0)));
        }
        // Whether they are there is known at the end: articles link to each other.
        let linked = references::articles_of(article).into_iter();
        uses.extend(linked.map(|(id, _)| (Used::Article, AnyId(id.0))));
        for (code, place) in references::ad_codes_of(article) {
            if let Some(id) = self.ad_slots.get(code) {
                uses.insert((Used::AdSlot, AnyId(id.0)));
            } else {
                let detail = "refers to an ad slot that is not there";
                line.broken(&format!("{above}{place}"), detail);
            }
        }
        uses
    }

    /// Tells of authors that are not there.
    pub fn authors(&self, line: &mut Line<'_>, above: &str, article: &ArticleInput) {
        for (at, author) in article.authors.iter().flatten().enumerate() {
            line.refers(&format!("{above}/authors/{at}"), *author, self.users);
        }
    }
}

/// Tells of blocks at `body` whose id would be made anew whenever they are read.
pub fn blocks_have_ids(line: &mut Line<'_>, body: &str) {
    let blocks = line.get(body).and_then(|body| body.as_array()).into_iter().flatten();
    let without: Vec<usize> = blocks
        .enumerate()
        .filter(|(_, block)| block.get("id").is_none())
        .map(|(at, _)| at)
        .collect();
    for at in without {
        line.broken(&format!("{body}/{at}/id"), "is required");
    }
}

/// What the editions of an article have to fit to.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub place: Place,
    pub last_edition: i32,
    pub status: Status,
    /// Whether it says since when readers have it, or when they get it.
    pub dated: bool,
}

/// The working copies that there are.
#[derive(Debug)]
pub struct Articles {
    /// Their ids.
    pub ids: Ids<ArticleId>,
    /// What their editions have to fit to.
    pub heads: HashMap<ArticleId, Head>,
    slugs: HashSet<(SectionId, String)>,
    authors: Derived,
    uses: Derived,
    /// The links that boxes of bodies name, with the place that names them.
    boxes: Vec<(Place, String, ArticleId, LinkId)>,
    /// The articles that bodies link to, with the place that names them.
    linked: Vec<(Place, String, ArticleId)>,
    links: HashMap<LinkId, ArticleId>,
    leads: HashMap<ArticleId, Vec<Lead>>,
}

/// Where a related link leads, and its position among those of its article.
#[derive(Debug, PartialEq)]
struct Lead {
    target: Option<ArticleId>,
    url: Option<WebUrl>,
    position: i32,
}

impl Default for Articles {
    fn default() -> Self {
        Self {
            ids: Ids::of("an article"),
            heads: HashMap::new(),
            slugs: HashSet::new(),
            authors: Derived::of("article_authors"),
            uses: Derived::of("article_uses"),
            boxes: Vec::new(),
            linked: Vec::new(),
            links: HashMap::new(),
            leads: HashMap::new(),
        }
    }
}

/// An author's row.
#[derive(Deserialize)]
struct Author {
    article_id: ArticleId,
    user_id: UserId,
    position: i32,
}

/// The row of somebody who has written.
#[derive(Deserialize)]
struct Contributor {
    article_id: ArticleId,
    user_id: UserId,
}

/// The row of a thing in use.
#[derive(Deserialize)]
struct InUse {
    article_id: ArticleId,
    kind: Used,
    target_id: AnyId,
}

impl Articles {
    /// Checks a working copy.
    pub fn article(&mut self, line: &mut Line<'_>, others: &Others<'_>) {
        blocks_have_ids(line, "/document/body");
        let Some(row) = line.read::<ArticleRow>() else { return };
        let ArticleRow {
            id,
            slug,
            slug_chosen,
            section_id,
            language,
            genre,
            headline,
            status,
            document,
            note,
            last_edition,
            edited_since,
            first_published_at,
            published_at,
            edited_version,
            approved_version,
            approved_by,
            approved_at,
            approved_independently,
            created_by,
            version,
            created_at: _,
            updated_at: _,
        } = row;
        let (place, document) = (line.place(), document.0);
        line.named(id, &mut self.ids);
        let dated = first_published_at.is_some();
        self.heads.insert(id, Head { place, last_edition, status, dated });
        line.version(version);
        line.valid(&document, "/document");
        line.valid(&StepInput { note }, "");
        if let Some(user) = created_by {
            line.refers("/created_by", user, others.users);
        }
        if let Some(section) = section_id {
            line.refers("/section_id", section, others.sections);
        }

        // The section may be another: merging two reaches into no document.
        let as_said = "must be what the document says";
        line.must(slug == document.slug, "/slug", as_said);
        line.must(Some(&language) == document.language.as_ref(), "/language", as_said);
        line.must(genre == document.genre, "/genre", as_said);
        line.must(headline == document.headline, "/headline", as_said);
        line.must(slug.is_some() || !slug_chosen, "/slug_chosen", "needs a slug");
        if let Some((section, slug)) = section_id.zip(slug)
            && !self.slugs.insert((section, slug))
        {
            line.broken("/slug", "is the slug of an earlier line in the same section");
        }

        let published = last_edition > 0;
        line.must(last_edition >= 0, "/last_edition", "must be at least 0");
        let out = matches!(status, Status::Published | Status::Unpublished | Status::Retracted);
        line.must(published || !out, "/status", "needs an edition");
        line.must(published || !edited_since, "/edited_since", "needs an edition");
        line.must(published || !dated, "/first_published_at", "needs an edition");
        let together = "must be there where first_published_at is, and only there";
        line.must(published_at.is_some() == dated, "/published_at", together);

        let counted = "must be a version that there has been";
        line.must((1..=version).contains(&edited_version), "/edited_version", counted);
        line.must(
            approved_version.is_none_or(|it| (1..=version).contains(&it)),
            "/approved_version",
            counted,
        );
        let approved = approved_version.is_some();
        let with_approval = "must be there where there is an approval, and only there";
        line.must(approved_at.is_some() == approved, "/approved_at", with_approval);
        line.must(approved_by.is_none() || approved, "/approved_by", with_approval);
        let independent = !approved_independently || approved;
        line.must(independent, "/approved_independently", "needs an approval");
        if let Some(user) = approved_by {
            line.refers("/approved_by", user, others.users);
        }

        others.authors(line, "/document", &document);
        for (position, user) in (0_i32..).zip(document.authors.iter().flatten()) {
            self.authors.expect(place, (id, *user, position));
        }
        for used in others.uses(line, "/document", &document) {
            self.uses.expect(place, (id, used));
        }
        for (target, at) in references::articles_of(&document) {
            let at = format!("/document{at}");
            line.must(target != id, &at, "is this article itself");
            self.linked.push((place, at, target));
        }
        let boxes = references::links_of(&document).into_iter();
        self.boxes.extend(boxes.map(|(link, at)| (place, format!("/document{at}"), id, link)));
    }

    /// Checks an author of a working copy.
    pub fn author(&mut self, line: &mut Line<'_>) {
        let Some(Author { article_id, user_id, position }) = line.read() else { return };
        self.authors.found(line, (article_id, user_id, position));
    }

    /// Checks that there is the working copy that somebody has written of, and who that is.
    pub fn contributor(&self, line: &mut Line<'_>, users: &Ids<UserId>) {
        let Some(Contributor { article_id, user_id }) = line.read() else { return };
        line.refers("/article_id", article_id, &self.ids);
        line.refers("/user_id", user_id, users);
    }

    /// Checks a thing that a working copy uses.
    pub fn in_use(&mut self, line: &mut Line<'_>) {
        let Some(InUse { article_id, kind, target_id }) = line.read() else { return };
        self.uses.found(line, (article_id, (kind, target_id)));
    }

    /// Checks a related link.
    pub fn link(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<LinkRow>() else { return };
        line.version(row.version);
        if let Ok(input) = row.input() {
            line.valid(&input, "");
        }
        line.must(row.frozen().is_of_one_kind(), "/kind", "does not fit to where it leads");
        line.refers("/article_id", row.article_id, &self.ids);
        if let Some(target) = row.target_article_id {
            line.refers("/target_article_id", target, &self.ids);
            line.must(target != row.article_id, "/target_article_id", "is this article itself");
        }
        self.links.insert(row.id, row.article_id);
        let (target, url, position) = (row.target_article_id, row.url, row.position);
        let others = self.leads.entry(row.article_id).or_default();
        line.must(others.len() < LINKS_MAX, "/article_id", "has more than 20 related links");
        let again = others.iter().any(|other| (&other.target, &other.url) == (&target, &url));
        line.must(!again, "", "leads where another link of the article does");
        let taken = others.iter().any(|other| other.position == position);
        line.must(!taken, "/position", "is the position of another link of the article");
        others.push(Lead { target, url, position });
    }

    /// Checks what is derived, and what boxes name.
    pub fn finish(&self, problems: &mut Problems) {
        self.authors.finish(problems);
        self.uses.finish(problems);
        for (place, pointer, target) in &self.linked {
            self.ids.resolve(*target, *place, pointer, problems);
        }
        for (place, pointer, article, link) in &self.boxes {
            if self.links.get(link) != Some(article) {
                let detail = "is not the id of a related link of this article";
                problems.add(*place, pointer, detail);
            }
        }
    }
}
