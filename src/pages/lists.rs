//! Lists of articles for readers, and what one article looks like in them.
use serde::Deserialize;
use utoipa::IntoParams;

use super::{blocks::Gallery, compose::public_tags, model::ArticleCard, parts::Author, queries};
use crate::{
    articles::{
        editions::{
            self,
            feed::{self, Feed, Sort},
            model::Listed,
            queries::When,
        },
        input::Genre,
        tags,
    },
    comments,
    db::{Conn, Db},
    error::{Error, Result},
    http::{
        cache::Made,
        cursor::{self, Page},
        query::{Commas, Limit},
    },
    ids::{ArticleId, MediaId, SectionId, UserId},
    media,
    sections::{self, model::Crumb, tree::Tree},
    tags::{Facet, Tag},
    text::{self, Language},
    text_enum,
    time::Instant,
};

/// Which articles to list.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ArticleQuery {
    /// Only articles of this section and those below it: its id or its path.
    #[param(example = "/world/asia")]
    pub section: Option<String>,
    /// Only articles with this tag: its slug or its name. Where one tag has as its slug what another
    /// has as its name, the slug counts.
    #[param(example = "transport")]
    pub tag: Option<String>,
    /// Only articles by this author.
    pub author: Option<UserId>,
    /// Only articles of this genre.
    pub genre: Option<Genre>,
    /// Only articles in this language, its regional forms and other special cases included (basic
    /// filtering of RFC 4647): `en` finds `en-GB`.
    #[param(example = "pl")]
    pub language: Option<Language>,
    /// Published at this instant or later.
    pub from: Option<Instant>,
    /// Published before this instant.
    pub to: Option<Instant>,
    /// The order.
    #[serde(default)]
    #[param(required = false, default = "newest")]
    pub sort: Sort,
    /// Also count what the filters leave, as `total`; 10000 stands for that many or more.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub total: bool,
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before.
    pub cursor: Option<String>,
    /// What should come along with each, separated by commas: `comment_count`.
    #[param(value_type = Option<String>, pattern = "^comment_count(,comment_count)*$",
        example = "comment_count")]
    pub include: Option<Commas<CardInclude>>,
    /// As the articles were at this instant; sections, media and addresses are today's. Only what
    /// is public today is shown as it was, and what an editor has withdrawn of it is left out.
    pub as_of: Option<Instant>,
}

text_enum! {
    /// What may come along with an article in a list.
    pub enum CardInclude {
        /// How many comments readers see under it.
        CommentCount = "comment_count",
    }
}

/// The page that is asked for, and what it was made of.
pub async fn answer(
    db: &Db,
    query: ArticleQuery,
    now: Instant,
) -> Result<(Page<ArticleCard>, Made)> {
    let when = When::asked(query.as_of, now)?;
    query.check()?;
    db.read(move |conn| {
        let mut made = Made::default();
        let tree = sections::queries::visible(conn)?;
        made.modified(tree.modified());
        let page = page(conn, &tree, &query, when, &mut made)?;
        Ok((page, made))
    })
    .await
}

/// One page of a list: as many statements for any section, page and number of articles.
pub fn page(
    conn: &mut Conn,
    tree: &Tree,
    query: &ArticleQuery,
    when: When,
    made: &mut Made,
) -> Result<Page<ArticleCard>> {
    let list = format!("articles:{}", query.sort);
    let after: Option<(Instant, ArticleId)> = cursor::read(&list, query.cursor.as_deref())?;
    let scope = scope(tree, query.section.as_deref(), made)?;
    let tag = match &query.tag {
        Some(named) => Some(tag_list(conn, named, made)?),
        None => None,
    };
    let (any_of, all_of, within) = drive(query, tag, scope);
    // Whatever enters or leaves the page enters or leaves one of the lists that are walked.
    made.of(any_of.iter().cloned().map(Tag::List));
    let feed = Feed {
        any_of,
        all_of,
        within,
        from: query.from,
        to: query.to,
        sort: query.sort,
        after,
        when,
        limit: query.limit.rows() + 1,
        total: query.total,
    };
    let rows = feed::rows(conn, &feed)?;
    made.changes_at(editions::queries::next_start(conn, when.now)?, when.now);
    if query.total {
        made.changes_at(editions::queries::next_end(conn, when.now)?, when.now);
    }
    // The row behind the page counts, too: it decides whether there is a next one.
    for row in &rows.rows {
        made.changes_at(Some(row.valid_until), when.now);
    }
    let shown = if when.at < when.now {
        // What has been taken offline since may have moved to other lists before.
        made.of([Tag::List(Facet::all())]);
        let ids: Vec<ArticleId> = rows.rows.iter().map(|row| row.article_id).collect();
        Some(queries::still_shown(conn, tree, &ids, when, made)?)
    } else {
        None
    };
    let mut page =
        Page::cut(&list, rows, query.limit, |last: &Listed| (last.published_at, last.article_id))?;
    if let Some(shown) = shown {
        page.data.retain(|row| shown.contains(&row.article_id));
    }
    let mut page = cards(conn, tree, page, when, made)?;
    if query.wants(CardInclude::CommentCount) {
        count_comments(conn, &mut page.data, made)?;
    }
    Ok(page)
}

/// Says of each article how many comments readers see under it: one statement for any number.
fn count_comments(conn: &mut Conn, cards: &mut [ArticleCard], made: &mut Made) -> Result<()> {
    let ids: Vec<ArticleId> = cards.iter().map(|card| card.id).collect();
    let tallies = comments::queries::tallies(conn, &ids)?;
    for card in cards {
        made.of([Tag::Comments(card.id)]);
        let tally = tallies.get(&card.id);
        made.modified(tally.map(|(_, changed_at)| *changed_at));
        card.comment_count = Some(tally.map_or(0, |(count, _)| *count));
    }
    Ok(())
}

/// The list of the tag that goes by this slug or, where none does, by this name.
fn tag_list(conn: &mut Conn, named: &str, made: &mut Made) -> Result<Facet> {
    if text::SLUG.is_match(named) {
        if let Some(identity) = tags::queries::by_slug(conn, named)? {
            return Ok(Facet::tag(&identity));
        }
        // A tag that is to come may get it.
        made.of([Tag::Tags]);
    }
    Ok(Facet::tag(&text::fold(named)))
}

/// The lists of the sections in question; `None` where every article is in question.
fn scope(tree: &Tree, section: Option<&str>, made: &mut Made) -> Result<Option<Vec<Facet>>> {
    made.of([Tag::Sections]);
    let Some(named) = section else {
        let visible = || tree.iter().map(|section| Facet::section(section.id)).collect();
        return Ok(tree.has_hidden().then(visible));
    };
    let section = match named.parse::<SectionId>() {
        Ok(id) => tree.get(id),
        Err(_) => tree.at(named),
    };
    let subtree = tree.subtree(section.ok_or(Error::NotFound)?.id);
    Ok(Some(subtree.into_iter().map(Facet::section).collect()))
}

/// Up to how many lists are merged; beyond, one list of all is walked and each article asked.
const MERGED_MAX: usize = 100;

/// Which lists to walk, and which to ask about each article met on the way: the walk goes over
/// what is likely to be the shortest. No section at all is a list of nothing.
fn drive(
    query: &ArticleQuery,
    tag: Option<Facet>,
    scope: Option<Vec<Facet>>,
) -> (Vec<Facet>, Vec<Facet>, Vec<Facet>) {
    if scope.as_ref().is_some_and(Vec::is_empty) {
        return (Vec::new(), Vec::new(), Vec::new());
    }
    let narrow = [tag, query.author.map(Facet::author)];
    let wide = [
        query.genre.map(Facet::genre),
        query.language.as_ref().map(|it| Facet::language(it.as_str())),
    ];
    let mut facets = narrow.into_iter().chain(wide).flatten().peekable();
    let narrow = query.tag.is_some() || query.author.is_some();
    match scope {
        Some(sections) if query.section.is_some() && !narrow && sections.len() <= MERGED_MAX => {
            (sections, facets.collect(), Vec::new())
        }
        scope => {
            let first = facets.next().unwrap_or_else(Facet::all);
            (vec![first], facets.collect(), scope.unwrap_or_default())
        }
    }
}

/// The rows as readers see them: three statements for any number.
fn cards(
    conn: &mut Conn,
    tree: &Tree,
    page: Page<Listed>,
    when: When,
    made: &mut Made,
) -> Result<Page<ArticleCard>> {
    let summaries = || page.data.iter().map(|row| &row.summary.0);
    let mut authors: Vec<UserId> = summaries().flat_map(|s| s.authors.clone()).collect();
    authors.sort_unstable();
    authors.dedup();
    let names = queries::author_names(conn, &authors)?;
    made.of(authors.into_iter().map(Tag::Author));
    let mut wanted: Vec<MediaId> =
        summaries().filter_map(|s| Some(s.main_media.as_ref()?.media_id)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let gallery = Gallery::new(media::queries::of_ids(conn, &wanted)?, when.now);
    let slugs = tags::queries::slugs(conn, summaries().flat_map(|s| &s.tags))?;

    let mut shown = Vec::with_capacity(page.data.len());
    for row in page.data {
        made.modified(row.created_at);
        let Some(section) = tree.get(row.section_id) else { continue };
        let summary = row.summary.0;
        let author = |id: &UserId| Some(Author { id: *id, name: names.get(id)?.clone() });
        shown.push(ArticleCard {
            id: row.article_id,
            path: format!("{}/{}", section.path, row.slug),
            section: Crumb {
                section_id: section.id,
                name: section.name.clone(),
                path: section.path.clone(),
            },
            tags: public_tags(&summary.tags, &slugs, row.language.as_str()),
            language: row.language,
            genre: row.genre,
            kicker: summary.kicker,
            headline: row.headline,
            lead: summary.lead,
            byline: summary.byline,
            authors: summary.authors.iter().filter_map(author).collect(),
            sponsor_name: summary.sponsor_name,
            main_media: summary.main_media.as_ref().and_then(|used| gallery.place(used, made)),
            published_at: row.published_at,
            modified_at: row.modified_at,
            comment_count: None,
        });
    }
    Ok(Page { data: shown, next: page.next, total: page.total })
}

impl ArticleQuery {
    /// Whether this is to come along with each article.
    fn wants(&self, what: CardInclude) -> bool {
        self.include.as_ref().is_some_and(|list| list.0.contains(&what))
    }

    /// Refuses what no list can have.
    pub fn check(&self) -> Result<()> {
        let no_tag = |tag: &str| !text::is_tag(tag) && !text::SLUG.is_match(tag);
        if self.tag.as_deref().is_some_and(no_tag) {
            let rule =
                "must have letters, digits or signs that mean something, and at most 50 characters";
            return Err(Error::parameter("tag", "tag", rule));
        }
        Ok(())
    }
}
