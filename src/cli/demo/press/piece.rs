//! One generated article: its words, blocks, pictures and links.
use super::{
    desk::{Desk, Section},
    dice::Dice,
    words::Phrases,
};
use crate::{
    articles::{
        blocks::{
            AdSlotBlock, Block, BlockId, HeadingBlock, ImageBlock, MediaUse, ParagraphBlock,
            QuoteBlock, RelatedBlock,
        },
        importing::Finished,
        input::{Ads, ArticleComments, ArticleInput, Genre, Seo, Social},
        lists::{ListBlock, ListItem, ListStyle},
        marks::{BoldMark, ItalicMark, LinkMark, Mark},
        publishing::PublishInput,
        related::model::{ExternalLink, InternalLink, Rel, RelatedLinkInput},
        spans::Span,
    },
    ids::{ArticleId, LinkId, MediaId},
    text,
    time::Instant,
};

/// The code of the ad slot that some articles pin.
const PINNED: &str = "press_pin";

/// Writes the article of this number, which readers see as published at `at`.
pub fn write(
    number: u64,
    at: Instant,
    desk: &Desk,
    section: &Section,
    dice: &mut Dice,
) -> Finished {
    let words = desk.words.of(section.language.as_str());
    let headline = words.headline(dice);
    let links = links(desk, section, words, dice);
    let body = body(desk, &links, words, dice);
    let tag_count = dice.between(2, 4);
    let author_count = if dice.chance(80) { 1 } else { 2 };
    let input = ArticleInput {
        // The number keeps apart what the same words would bring together.
        slug: Some(match text::slugify(&headline, section.language.as_str()) {
            Some(slug) => format!("{}-{number}", short(&slug)),
            None => number.to_string(),
        }),
        section_id: Some(section.id),
        language: Some(section.language.clone()),
        genre: genre(dice),
        kicker: dice.chance(60).then(|| dice.one(&words.kickers).clone()),
        headline,
        lead: Some(words.sentences(dice, 2)),
        byline: None,
        authors: Some(dice.some(&desk.authors, author_count).into_iter().copied().collect()),
        tags: dice.some(&words.tags, tag_count).into_iter().cloned().collect(),
        main_media: desk.picture(dice).filter(|_| dice.chance(95)).map(|media_id| MediaUse {
            media_id,
            caption: dice.chance(50).then(|| dice.one(&words.captions).clone()),
            credit_override: None,
            alt: None,
        }),
        body,
        ..blank()
    };
    let publish = PublishInput {
        replace_scheduled: false,
        valid_from: None,
        valid_to: None,
        published_at: Some(at),
        significant: true,
        note: None,
    };
    Finished { id: ArticleId::new(), input, links, publish }
}

fn blank() -> ArticleInput {
    ArticleInput {
        slug: None,
        section_id: None,
        language: None,
        genre: Genre::News,
        kicker: None,
        headline: String::new(),
        lead: None,
        byline: None,
        authors: None,
        tags: Vec::new(),
        main_media: None,
        body: Vec::new(),
        seo: Seo::default(),
        social: Social::default(),
        sponsorship: None,
        ads: Ads::default(),
        comments_mode: ArticleComments::default(),
        comments_close_after_days: None,
        canonical_url: None,
    }
}

/// Cut between words, so that there is room for a number.
fn short(slug: &str) -> &str {
    const ROOM: usize = text::SLUG_MAX - 12;
    match slug.get(..ROOM) {
        Some(start) => start.rsplit_once('-').map_or(start, |(words, _)| words),
        None => slug,
    }
}

fn genre(dice: &mut Dice) -> Genre {
    match dice.below(20) {
        0 | 1 => Genre::Report,
        2 => Genre::Interview,
        3 => Genre::Analysis,
        4 => Genre::Opinion,
        5 => Genre::Background,
        _ => Genre::News,
    }
}

/// What it points to: articles that were published a while before, and now and then another
/// site.
fn links(
    desk: &Desk,
    section: &Section,
    words: &Phrases,
    dice: &mut Dice,
) -> Vec<(LinkId, RelatedLinkInput)> {
    let mut links = Vec::new();
    if dice.chance(45) {
        let count = dice.between(1, 3);
        let rel = if dice.chance(80) { Rel::ReadAlso } else { Rel::Background };
        links.extend(desk.earlier(section.language.as_str(), dice, count).into_iter().map(
            |target| {
                let link = InternalLink { target_article_id: target, title: None, rel };
                (LinkId::new(), RelatedLinkInput::Internal(link))
            },
        ));
    }
    if dice.chance(12)
        && let Ok(url) = format!("https://example.org/documents/{}", dice.below(10_000)).parse()
    {
        let link = ExternalLink { url, title: dice.one(&words.sources).clone(), rel: Rel::Source };
        links.push((LinkId::new(), RelatedLinkInput::External(link)));
    }
    links
}

/// About 6 KB of JSON: paragraphs under headings, with a picture or two, a quotation, a list and
/// a box of links between them.
fn body(
    desk: &Desk,
    links: &[(LinkId, RelatedLinkInput)],
    words: &Phrases,
    dice: &mut Dice,
) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(24);
    let parts = dice.between(3, 5);
    for part in 0..parts {
        if part > 0 {
            blocks.push(heading(words, dice));
        }
        for _ in 0..dice.between(2, 4) {
            blocks.push(paragraph(words, dice));
        }
        match part {
            0 => blocks.extend(desk.picture(dice).map(|id| image(id, words, dice))),
            1 => blocks.extend([quote(words, dice), paragraph(words, dice)]),
            2 => blocks.push(list(words, dice)),
            _ if dice.chance(40) => {
                blocks.extend(desk.picture(dice).map(|id| image(id, words, dice)));
            }
            _ => {}
        }
        if part == 1 && dice.chance(20) {
            blocks.push(Block::AdSlot(AdSlotBlock {
                id: BlockId::default(),
                code: PINNED.to_owned(),
            }));
        }
        if part == parts / 2 && !links.is_empty() {
            blocks.push(Block::Related(RelatedBlock {
                id: BlockId::default(),
                title: Some(dice.one(&words.related).clone()),
                link_ids: links.iter().map(|(id, _)| *id).collect(),
            }));
        }
    }
    blocks
}

fn plain(text: String) -> Vec<Span> {
    vec![Span { text, marks: Vec::new() }]
}

fn heading(words: &Phrases, dice: &mut Dice) -> Block {
    let text = plain(dice.one(&words.headings).clone());
    Block::Heading(HeadingBlock { id: BlockId::default(), level: 2, text })
}

fn paragraph(words: &Phrases, dice: &mut Dice) -> Block {
    let count = dice.between(2, 4);
    let mut text = plain(words.sentences(dice, count));
    if dice.chance(25) {
        let mark = match dice.below(3) {
            0 => Some(Mark::Italic(ItalicMark {})),
            1 => {
                let href = format!("https://example.org/notes/{}", dice.below(10_000)).parse();
                href.ok().map(|href| Mark::Link(LinkMark { href }))
            }
            _ => Some(Mark::Bold(BoldMark {})),
        };
        let marks = mark.into_iter().collect();
        let marked = Span { text: words.sentences(dice, 1), marks };
        text.extend([Span { text: " ".to_owned(), marks: Vec::new() }, marked]);
    }
    Block::Paragraph(ParagraphBlock { id: BlockId::default(), text })
}

fn quote(words: &Phrases, dice: &mut Dice) -> Block {
    Block::Quote(QuoteBlock {
        id: BlockId::default(),
        text: plain(dice.one(&words.sayings).clone()),
        attribution: Some(words.speaker(dice)),
    })
}

fn list(words: &Phrases, dice: &mut Dice) -> Block {
    let count = dice.between(3, 6);
    let items = dice.some(&words.items, count);
    let style = if dice.chance(70) { ListStyle::Unordered } else { ListStyle::Ordered };
    let item = |item: &String| ListItem { text: plain(item.clone()), list: None };
    let items = items.into_iter().map(item).collect();
    Block::List(ListBlock { id: BlockId::default(), style, items })
}

fn image(media_id: MediaId, words: &Phrases, dice: &mut Dice) -> Block {
    Block::Image(ImageBlock {
        id: BlockId::default(),
        media_id,
        caption: dice.chance(50).then(|| dice.one(&words.captions).clone()),
        credit_override: None,
        alt: None,
        link: None,
    })
}
