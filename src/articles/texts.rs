//! All texts of a body with their places, for whoever looks at what is in them.
use super::{
    blocks::Block,
    lists::ListItem,
    marks::{ArticleLinkMark, Mark, PictureLink},
    spans::Span,
};
use crate::ids::ArticleId;

/// The texts of a block, each with its place in the block.
pub fn texts(block: &Block) -> Vec<(String, &[Span])> {
    let mut found: Vec<(String, &[Span])> = Vec::new();
    match block {
        Block::Paragraph(block) => found.push(("/text".to_owned(), &block.text)),
        Block::Heading(block) => found.push(("/text".to_owned(), &block.text)),
        Block::Quote(block) => found.push(("/text".to_owned(), &block.text)),
        Block::List(block) => of_items(&block.items, "", &mut found),
        Block::Table(block) => {
            for (row, cells) in block.rows.iter().enumerate() {
                let cells = cells.cells.iter().enumerate();
                found
                    .extend(cells.map(|(at, cell)| {
                        (format!("/rows/{row}/cells/{at}/text"), &cell.text[..])
                    }));
            }
        }
        Block::Footnotes(block) => {
            let notes = block.items.iter().enumerate();
            found.extend(notes.map(|(at, note)| (format!("/items/{at}/text"), &note.text[..])));
        }
        Block::Image(_)
        | Block::Gallery(_)
        | Block::Video(_)
        | Block::Audio(_)
        | Block::Embed(_)
        | Block::Related(_)
        | Block::AdSlot(_)
        | Block::Code(_)
        | Block::Divider(_) => {}
    }
    found
}

fn of_items<'a>(items: &'a [ListItem], above: &str, found: &mut Vec<(String, &'a [Span])>) {
    for (at, item) in items.iter().enumerate() {
        let place = format!("{above}/items/{at}");
        found.push((format!("{place}/text"), &item.text));
        if let Some(inner) = &item.list {
            of_items(&inner.items, &format!("{place}/list"), found);
        }
    }
}

/// The same texts, to be changed.
pub fn texts_mut(block: &mut Block) -> Vec<&mut Vec<Span>> {
    match block {
        Block::Paragraph(block) => vec![&mut block.text],
        Block::Heading(block) => vec![&mut block.text],
        Block::Quote(block) => vec![&mut block.text],
        Block::List(block) => {
            let mut found = Vec::new();
            of_items_mut(&mut block.items, &mut found);
            found
        }
        Block::Table(block) => {
            let cells = block.rows.iter_mut().flat_map(|row| &mut row.cells);
            cells.map(|cell| &mut cell.text).collect()
        }
        Block::Footnotes(block) => block.items.iter_mut().map(|note| &mut note.text).collect(),
        Block::Image(_)
        | Block::Gallery(_)
        | Block::Video(_)
        | Block::Audio(_)
        | Block::Embed(_)
        | Block::Related(_)
        | Block::AdSlot(_)
        | Block::Code(_)
        | Block::Divider(_) => Vec::new(),
    }
}

fn of_items_mut<'a>(items: &'a mut [ListItem], found: &mut Vec<&'a mut Vec<Span>>) {
    for item in items {
        found.push(&mut item.text);
        if let Some(inner) = &mut item.list {
            of_items_mut(&mut inner.items, found);
        }
    }
}

/// Every mark of a body, with its place there.
pub fn marks(body: &[Block]) -> impl Iterator<Item = (String, &Mark)> {
    body.iter().enumerate().flat_map(|(block_at, block)| {
        texts(block).into_iter().flat_map(move |(text_at, spans)| {
            spans.iter().enumerate().flat_map(move |(span_at, span)| {
                let above = format!("/{block_at}{text_at}/{span_at}/marks");
                let marks = span.marks.iter().enumerate();
                marks.map(move |(at, mark)| (format!("{above}/{at}"), mark))
            })
        })
    })
}

/// Every article that a text or a picture of a body links to, with the place that names it there.
pub fn linked_articles(body: &[Block]) -> Vec<(ArticleId, String)> {
    let mut found = Vec::new();
    for (at, mark) in marks(body) {
        if let Mark::ArticleLink(link) = mark {
            found.push((link.article_id, format!("{at}/article_id")));
        }
    }
    for (at, block) in body.iter().enumerate() {
        if let Block::Image(image) = block
            && let Some(PictureLink::Article(link)) = &image.link
        {
            found.push((link.article_id, format!("/{at}/link/article_id")));
        }
    }
    found
}

/// Takes every link to an article that `keep` refuses out of a body: what was linked stays.
pub fn unlink(body: &mut [Block], keep: impl Fn(ArticleId) -> bool) {
    for block in body {
        retain_article_links(block, |link| keep(link.article_id));
    }
}

/// Looks at every link of a block to an article, and takes away those that `keep` refuses: what was
/// linked stays, without a link.
pub fn retain_article_links(block: &mut Block, mut keep: impl FnMut(&mut ArticleLinkMark) -> bool) {
    for spans in texts_mut(block) {
        for span in spans {
            span.marks.retain_mut(|mark| match mark {
                Mark::ArticleLink(link) => keep(link),
                _ => true,
            });
        }
    }
    if let Block::Image(image) = block
        && let Some(PictureLink::Article(link)) = &mut image.link
        && !keep(link)
    {
        image.link = None;
    }
}
