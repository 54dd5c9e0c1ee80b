//! What holds for the editions of an export.
use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::model::{EditionKind, EditionRow, Summary};
use crate::{
    articles::{
        actions::RetractInput,
        checks,
        editions::manage::WithdrawalInput,
        integrity::{Articles, Head, Others, blocks_have_ids},
        references,
        related::model::LINKS_MAX,
        workflow::Status,
    },
    db::uses::Used,
    ids::{AnyId, ArticleId, SectionId},
    sections::integrity::Sections,
    time::{self, Instant},
    transfer::integrity::{Derived, Line, Place, Problems},
};

/// The editions that there are.
#[derive(Debug)]
pub struct Editions {
    /// What had ended by then may use what is gone since.
    at: Instant,
    of: HashMap<ArticleId, Vec<Interval>>,
    addresses: HashMap<(SectionId, String), Vec<(ArticleId, Interval)>>,
    keys: Derived,
    uses: Derived,
    /// Of editions that have ended: how many ad slots they use, which may have other codes by now.
    ended_slots: HashMap<(ArticleId, i32), (Place, usize)>,
}

/// When an edition is public.
#[derive(Debug, Clone, Copy)]
struct Interval {
    place: Place,
    number: i32,
    kind: EditionKind,
    from: Instant,
    until: Instant,
}

/// The row of a place in a list.
#[derive(Deserialize)]
struct ListKey {
    edition_id: AnyId,
    facet: String,
    retired: bool,
    published_at: Instant,
    article_id: ArticleId,
    valid_from: Instant,
    #[serde(deserialize_with = "time::or_never")]
    valid_until: Instant,
}

/// The row of a thing in use.
#[derive(Deserialize)]
struct InUse {
    article_id: ArticleId,
    number: i32,
    kind: Used,
    target_id: AnyId,
}

impl Editions {
    /// None so far. What was public at `at`, or was to become so, must not lack anything.
    pub fn at(at: Instant) -> Self {
        Self {
            at,
            of: HashMap::new(),
            addresses: HashMap::new(),
            keys: Derived::of("edition_keys"),
            uses: Derived::of("edition_uses"),
            ended_slots: HashMap::new(),
        }
    }

    /// Checks an edition.
    pub fn edition(&mut self, line: &mut Line<'_>, articles: &Articles, others: &Others<'_>) {
        blocks_have_ids(line, "/document/article/body");
        let Some(row) = line.read::<EditionRow>() else { return };
        line.refers("/article_id", row.article_id, &articles.ids);
        line.refers("/section_id", row.section_id, others.sections);
        times(line, &row);
        says(line, &row);
        if row.kind == EditionKind::Live {
            self.derive(line, &row, others);
        }
        withdrawal(line, &row);
        let EditionRow {
            id: _,
            article_id,
            number,
            kind,
            valid_from: from,
            valid_until: until,
            planned_until: _,
            retired: _,
            section_id,
            slug,
            language: _,
            genre: _,
            headline: _,
            published_at: _,
            first_published_at: _,
            modified_at: _,
            summary: _,
            document: _,
            notice: _,
            // Who made or withdrew it may be gone since.
            created_by: _,
            created_at: _,
            withdrawn_at: _,
            withdrawn_by: _,
            withdrawal_reason: _,
        } = row;
        let interval = Interval { place: line.place(), number, kind, from, until };
        self.of.entry(article_id).or_default().push(interval);
        if kind == EditionKind::Live && until > self.at.max(from) {
            let there = self.addresses.entry((section_id, slug)).or_default();
            there.push((article_id, interval));
        }
    }

    /// What has to stand in other tables, since readers get this edition.
    fn derive(&mut self, line: &mut Line<'_>, row: &EditionRow, others: &Others<'_>) {
        let (place, article) = (line.place(), &row.document.0.article);
        others.tags.have(line, "/document/article", &article.tags);
        // What was withdrawn stands in no list.
        let facets = if row.withdrawn_at.is_some() { Vec::new() } else { row.facets() };
        for facet in facets {
            let EditionRow { id, retired, published_at, article_id, .. } = row;
            let times = (row.valid_from, row.valid_until);
            let facet = facet.as_str();
            self.keys.expect(place, (id, facet, retired, published_at, article_id, times));
        }
        let uses = if row.valid_until > self.at {
            others.authors(line, "/document/article", article);
            others.uses(line, "/document/article", article)
        } else {
            let codes = references::ad_codes_of(article).into_iter().map(|(code, _)| code);
            let codes: HashSet<&str> = codes.collect();
            if !codes.is_empty() {
                self.ended_slots.insert((row.article_id, row.number), (place, codes.len()));
            }
            let media = references::media_of(article).into_iter();
            let media = media.map(|medium| (Used::Media, AnyId(medium.id.0)));
            let linked = references::articles_of(article).into_iter();
            media.chain(linked.map(|(id, _)| (Used::Article, AnyId(id.0)))).collect()
        };
        for used in uses {
            self.uses.expect(place, (row.article_id, row.number, used));
        }
    }

    /// Checks an edition's place in a list.
    pub fn key(&mut self, line: &mut Line<'_>) {
        let Some(row) = line.read::<ListKey>() else { return };
        let ListKey {
            edition_id,
            facet,
            retired,
            published_at,
            article_id,
            valid_from,
            valid_until,
        } = row;
        let times = (valid_from, valid_until);
        self.keys
            .found(line, (edition_id, facet.as_str(), retired, published_at, article_id, times));
    }

    /// Checks a thing that an edition uses.
    pub fn in_use(&mut self, line: &mut Line<'_>) {
        let Some(InUse { article_id, number, kind, target_id }) = line.read() else { return };
        if kind == Used::AdSlot
            && let Some((_, left)) = self.ended_slots.get_mut(&(article_id, number))
            && *left > 0
        {
            *left -= 1;
            return;
        }
        self.uses.found(line, (article_id, number, (kind, target_id)));
    }

    /// Checks what editions are to each other, and to their articles.
    pub fn finish(&mut self, articles: &Articles, sections: &Sections, problems: &mut Problems) {
        self.keys.finish(problems);
        self.uses.finish(problems);
        for (place, left) in self.ended_slots.values().filter(|(_, left)| *left > 0) {
            let detail = format!("lacks {left} rows of edition_uses.ndjson about ad slots");
            problems.add(*place, "", &detail);
        }
        for (article, head) in &articles.heads {
            fit(head, self.of.get(article).map_or(&[][..], Vec::as_slice), problems);
        }
        for ((section, slug), there) in &mut self.addresses {
            there.sort_unstable_by_key(|(_, interval)| interval.from);
            for (one, other) in there.iter().zip(there.iter().skip(1)) {
                if one.0 != other.0 && other.1.from < one.1.until {
                    let detail = format!("is the address of {} at the same time", one.1.place);
                    problems.add(other.1.place, "/slug", &detail);
                }
            }
            if let Some((_, interval)) = there.first()
                && sections.is_at(*section, slug)
            {
                problems.add(interval.place, "/slug", "is the address of a section");
            }
        }
    }
}

/// When it is public comes before it ends, and dates lie before it begins.
fn times(line: &mut Line<'_>, row: &EditionRow) {
    let (from, until) = (row.valid_from, row.valid_until);
    line.must(from <= until, "/valid_until", "must not lie before valid_from");
    line.must(until <= row.planned_until, "/planned_until", "must not lie before valid_until");
    line.must(from < row.planned_until, "/planned_until", "must lie after valid_from");
    // By a clock that was ahead, it may have been retired before it ends.
    line.must(!row.retired || until < Instant::NEVER, "/retired", "is for what has an end");
    let dated = "must not lie after valid_from";
    line.must(row.published_at <= from, "/published_at", dated);
    line.must(row.first_published_at <= from, "/first_published_at", dated);
    line.must(row.modified_at <= from, "/modified_at", dated);
}

/// What has been withdrawn is over, and says why.
fn withdrawal(line: &mut Line<'_>, row: &EditionRow) {
    let withdrawn = row.withdrawn_at.is_some();
    let told = "must be there where it was withdrawn, and only there";
    line.must(row.withdrawal_reason.is_some() == withdrawn, "/withdrawal_reason", told);
    line.must(row.withdrawn_by.is_none() || withdrawn, "/withdrawn_by", told);
    if let Some(reason) = row.withdrawal_reason.clone() {
        line.valid(&WithdrawalInput { reason }, "");
    }
    // By a clock that was ahead, it may have been over before it ends.
    let over = row.kind == EditionKind::Live && row.valid_until < Instant::NEVER;
    line.must(over || !withdrawn, "/withdrawn_at", "is for what has an end");
}

/// What the edition says to readers.
fn says(line: &mut Line<'_>, row: &EditionRow) {
    let (above, document) = ("/document/article", &row.document.0);
    let article = &document.article;
    let mut broken = Vec::new();
    checks::text(article, &mut broken);
    line.broken_at(broken, above);
    let as_said = "must be what the document says";
    line.must(Some(&row.slug) == article.slug.as_ref(), "/slug", as_said);
    line.must(Some(&row.language) == article.language.as_ref(), "/language", as_said);
    line.must(row.genre == article.genre, "/genre", as_said);
    line.must(row.headline == article.headline, "/headline", as_said);
    line.must(row.summary.0 == Summary::from(article), "/summary", as_said);

    let links = &document.related_links;
    let at = "/document/related_links";
    line.must(links.len() <= LINKS_MAX, at, "must have at most 20 items");
    let mut ids = HashSet::new();
    for (number, link) in links.iter().enumerate() {
        let at = format!("{at}/{number}");
        line.must(ids.insert(link.id), &at, "is the link of an earlier item");
        line.must(link.is_of_one_kind(), &at, "does not fit to where it leads");
        if let Ok(input) = link.input() {
            line.valid(&input, &at);
        }
    }
    for (link, place) in references::links_of(article) {
        let there = ids.contains(&link);
        let detail = "is not the id of a related link of this edition";
        line.must(there, &format!("{above}{place}"), detail);
    }
    match (row.kind, &row.notice) {
        (EditionKind::Live, None) => {}
        (EditionKind::Live, Some(_)) => line.broken("/notice", "is for retractions"),
        (EditionKind::Retracted, notice) => {
            let notice = notice.clone().unwrap_or_default();
            line.valid(&RetractInput { notice }, "");
        }
    }
}

/// Whether the editions are those of their article, one at a time.
fn fit(article: &Head, editions: &[Interval], problems: &mut Problems) {
    let mut by_number = editions.to_vec();
    by_number.sort_unstable_by_key(|edition| edition.number);
    let mut expected = 1..;
    if let Some(odd) = by_number.iter().find(|it| expected.next() != Some(it.number)) {
        problems.add(odd.place, "/number", "must be one more than that of the edition before");
    } else if i32::try_from(editions.len()) != Ok(article.last_edition) {
        problems.add(article.place, "/last_edition", "must be the number of the last edition");
    }
    let retracted = editions.iter().find(|edition| edition.kind == EditionKind::Retracted);
    match (retracted, article.status) {
        (None, Status::Retracted) => {
            problems.add(article.place, "/status", "needs an edition with the retraction");
        }
        (Some(edition), status) if status != Status::Retracted => {
            problems.add(edition.place, "/kind", "is for articles that are retracted");
        }
        _ => {}
    }
    let mut by_time: Vec<&Interval> = editions.iter().filter(|it| it.from < it.until).collect();
    if !by_time.is_empty() && !article.dated {
        let detail = "must be there: an edition is or was public, or is to become so";
        problems.add(article.place, "/first_published_at", detail);
    }
    by_time.sort_unstable_by_key(|edition| edition.from);
    for (one, other) in by_time.iter().zip(by_time.iter().skip(1)) {
        if other.from < one.until {
            let detail = format!("is public while the edition of {} is", one.place);
            problems.add(other.place, "/valid_from", &detail);
        }
    }
}
