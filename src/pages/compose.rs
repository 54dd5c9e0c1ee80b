//! Composes an article: the edition's own words, and everything shared as it is now.
use std::{
    collections::{HashMap, HashSet},
    hash::BuildHasher,
    num::NonZeroU32,
};

use super::{
    ads::Ads,
    blocks::{BodyBlock, Gallery, PageBlock, resolved},
    html,
    model::{ArticleDocument, PageComments},
    parts::{Author, PlacedMedia, PublicSeo, PublicSocial, PublicSponsorship, PublicTag},
    plain, queries,
    targets::Targets,
};
use crate::{
    ads::{self, queries::Showing},
    articles::{
        blocks::Block,
        editions::{
            queries::When,
            shown::{Shown, ShownDocument, StoredBlock},
        },
        input::{AdsMode, Sponsorship},
        tags,
    },
    comments::{
        closing::Openness,
        threads::{self, Beginning},
    },
    db::{Conn, snapshot::Snapshot},
    error::{Error, Result},
    http::cache::Made,
    ids::{ArticleId, SectionId, UserId},
    media::{self, model::MediaKind},
    sections::tree::Tree,
    tags::Tag,
    text::{self, Language},
    text_enum,
    time::Instant,
};

text_enum! {
    /// In which form the body is answered.
    #[derive(Default)]
    pub enum BodyForm {
        /// As typed blocks, with ads in place.
        #[default]
        Blocks = "blocks",
        /// As HTML, without ads in it.
        Html = "html",
        /// As plain text, without ads in it.
        Text = "text",
    }
}

/// The forms in which the body is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct BodyForms {
    /// As typed blocks.
    pub blocks: bool,
    /// As HTML.
    pub html: bool,
    /// As plain text.
    pub text: bool,
}

impl From<BodyForm> for BodyForms {
    fn from(form: BodyForm) -> Self {
        Self {
            blocks: form == BodyForm::Blocks,
            html: form == BodyForm::Html,
            text: form == BodyForm::Text,
        }
    }
}

/// What is to be composed: an edition, or a working copy that is looked at beforehand.
pub struct Subject {
    pub id: ArticleId,
    pub section: Option<SectionId>,
    pub path: String,
    pub published_at: Instant,
    pub first_published_at: Instant,
    pub modified_at: Instant,
    /// Since when it has been just so.
    pub since: Instant,
    pub document: ShownDocument,
}

impl Subject {
    /// A public edition at its address in the tree.
    pub fn of_edition(edition: Shown, tree: &Tree) -> Option<Self> {
        let path = format!("{}/{}", tree.get(edition.section_id)?.path, edition.slug);
        Some(Self {
            id: edition.article_id,
            section: Some(edition.section_id),
            path,
            published_at: edition.published_at,
            first_published_at: edition.first_published_at,
            modified_at: edition.modified_at,
            since: edition.valid_from,
            document: edition.document.0,
        })
    }
}

/// How to compose it.
pub struct Composition<'a> {
    pub tree: &'a Tree,
    pub when: When,
    pub body: BodyForms,
    /// Whether the page's ads are wanted.
    pub ads: bool,
    /// Whether the beginning of the thread is wanted.
    pub comments: bool,
    /// Where readers have the site, where that is known.
    pub site_url: Option<&'a str>,
    /// After how many days comments close, where the article and its section do not say.
    pub comments_close_after: Option<NonZeroU32>,
}

/// The article as readers get it: as many statements however long it is.
pub fn article(
    conn: &mut Snapshot<'_>,
    subject: Subject,
    how: &Composition<'_>,
    made: &mut Made,
) -> Result<ArticleDocument> {
    made.modified(subject.since);
    let Subject { id, section, path, published_at, first_published_at, modified_at, .. } = subject;
    let ShownDocument { article, related_links } = subject.document;
    let now = how.when.now;
    made.of([Tag::Article(id), Tag::Sections]);

    let gallery = Gallery::new(media::queries::of_ids(conn, &article.media())?, now);
    let mut linked: HashSet<ArticleId> = article.linked_articles().into_iter().collect();
    linked.extend(related_links.iter().filter_map(|link| link.target_article_id));
    let targets = Targets::of(conn, &linked, how, made)?;
    let related = targets.resolve(&related_links);
    let authors = named(conn, article.authors.iter().flatten().copied(), made)?;

    let within = section.and_then(|id| how.tree.get(id));
    let close_after = how.comments_close_after;
    let openness = Openness::of(&article, published_at, within, close_after, now);
    let boxed = article.boxed_links();
    let shows_ads = how.ads && article.ads.mode == AdsMode::On;
    let showing = if shows_ads { showing(conn, now, made)? } else { Showing::default() };
    let above = section.iter().flat_map(|id| how.tree.above(*id)).map(|above| above.id).collect();
    let ads = Ads::new(&showing, above);

    let mut place = |block| match block {
        Block::AdSlot(pin) => ads.pinned(pin.id, &pin.code, made),
        other => resolved(other, &gallery, &related, &targets, made),
    };
    let (mut blocks, mut body_html, mut body_text) = (None, None, None);
    if how.body.html || how.body.text {
        let typed = article.body.iter().cloned().map(StoredBlock::typed);
        let typed = typed.collect::<Result<Vec<Block>>>()?;
        let placed: Vec<PageBlock> = typed.into_iter().filter_map(&mut place).collect();
        let language = article.language.as_ref().map_or("", Language::as_str);
        body_html = how.body.html.then(|| html::render(&placed, language));
        body_text = how.body.text.then(|| plain::render(&placed));
    }
    if how.body.blocks {
        let placed = article.body.into_iter().filter_map(|block| match block {
            StoredBlock::Plain(stored) => Some(BodyBlock::Stored(stored)),
            StoredBlock::Referring(block) => {
                place(block).map(|block| BodyBlock::Placed(block.into()))
            }
        });
        let placed = placed.collect();
        blocks = Some(if shows_ads { ads.spread(placed, made)? } else { placed });
    }

    let comments = if how.comments {
        openness.tell(now, made);
        Some(thread(conn, id, openness, made)?)
    } else {
        None
    };
    let main_media = article.main_media.as_ref().and_then(|used| gallery.place(used, made));
    let social_media = article.social.media_id.and_then(|id| gallery.place_plain(id, made));
    let slugs = tags::queries::slugs(conn, &article.tags)?;
    let language = article.language.ok_or_else(no_language)?;
    let seo_title = article.seo.title.unwrap_or_else(|| article.headline.clone());
    let seo_description = article.seo.description.or_else(|| article.lead.clone());
    Ok(ArticleDocument {
        id,
        breadcrumbs: section.map(|id| how.tree.breadcrumbs(id)).unwrap_or_default(),
        tags: public_tags(&article.tags, &slugs, language.as_str()),
        language,
        genre: article.genre,
        kicker: article.kicker,
        social: PublicSocial {
            title: article.social.title.unwrap_or_else(|| seo_title.clone()),
            description: article.social.description.or_else(|| seo_description.clone()),
            media: social_media.or_else(|| main_media.clone().filter(is_picture)),
        },
        seo: PublicSeo {
            title: seo_title,
            description: seo_description,
            noindex: article.seo.noindex,
            canonical_url: article
                .canonical_url
                .map(String::from)
                .or_else(|| how.site_url.map(|site| format!("{site}{path}"))),
        },
        path,
        headline: article.headline,
        lead: article.lead,
        byline: article.byline,
        authors,
        sponsorship: article.sponsorship.map(public_sponsorship),
        main_media,
        blocks,
        body_html,
        body_text,
        related: related.into_iter().filter(|link| !boxed.contains(&link.id)).collect(),
        ads: how.ads.then(|| ads.around(made)),
        comments,
        published_at,
        first_published_at,
        modified_at,
    })
}

/// Whatever is stored has the newsroom's own, where nobody has chosen another.
fn no_language() -> Error {
    Error::internal("an article has no language")
}

fn thread(
    conn: &mut Conn,
    id: ArticleId,
    Openness { mode, closes_at }: Openness,
    made: &mut Made,
) -> Result<PageComments> {
    made.of([Tag::Comments(id)]);
    let Beginning { count, changed_at, page } = threads::beginning(conn, id)?;
    made.modified(changed_at);
    Ok(PageComments { mode, closes_at, count, data: page.data, next: page.next })
}

/// The ad slots that are shown now.
pub fn showing(snapshot: &mut Snapshot<'_>, now: Instant, made: &mut Made) -> Result<Showing> {
    made.of([Tag::AdSlots]);
    let showing = ads::queries::showing(snapshot, now)?;
    made.changes_at(showing.changes_at, now);
    Ok(showing)
}

/// Tags as readers get them. Those of a working copy may have no slug yet, and get the one that they
/// would be spelled as.
pub fn public_tags(
    names: &[String],
    slugs: &HashMap<String, String, impl BuildHasher>,
    language: &str,
) -> Vec<PublicTag> {
    let tag = |name: &String| {
        let given = slugs.get(&text::fold(name)).cloned();
        PublicTag {
            name: name.clone(),
            slug: given.unwrap_or_else(|| text::tag_slug(name, language)),
        }
    };
    names.iter().map(tag).collect()
}

fn is_picture(placed: &PlacedMedia) -> bool {
    placed.media.kind == MediaKind::Image
}

fn public_sponsorship(by: Sponsorship) -> PublicSponsorship {
    let Sponsorship { sponsor_name, sponsor_url, disclosure } = by;
    PublicSponsorship { sponsor_name, sponsor_url, disclosure }
}

/// These authors by their present names, in their order.
fn named(
    conn: &mut Conn,
    ids: impl Iterator<Item = UserId>,
    made: &mut Made,
) -> Result<Vec<Author>> {
    let ids: Vec<UserId> = ids.collect();
    let names = queries::author_names(conn, &ids)?;
    made.of(ids.iter().map(|id| Tag::Author(*id)));
    let author = |id: &UserId| Some(Author { id: *id, name: names.get(id)?.clone() });
    Ok(ids.iter().filter_map(author).collect())
}
