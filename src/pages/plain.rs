//! A body as plain text: all that a reader can read, in the order of the page.
use std::{collections::HashMap, fmt::Write};

use super::{blocks::PageBlock, notes, parts::PlacedMedia};
use crate::articles::{
    blocks::{BlockId, FootnotesBlock, TableBlock},
    lists::{ListItem, ListStyle},
    spans::Span,
};

type Numbers<'a> = HashMap<&'a BlockId, usize>;

/// The body's words, a blank line between blocks, ads left out. Footnotes are numbered in brackets;
/// the cells of a table stand apart by tabs.
pub fn render(blocks: &[PageBlock]) -> String {
    let numbers = notes::numbers(blocks);
    let texts = blocks.iter().map(|block| words(block, &numbers));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn words(block: &PageBlock, numbers: &Numbers<'_>) -> String {
    let said = |spans: &[Span]| plain(spans, numbers);
    match block {
        PageBlock::Paragraph(block) => said(&block.text),
        PageBlock::Heading(block) => said(&block.text),
        PageBlock::Quote(block) => {
            let by = block.attribution.as_ref().map(|by| format!("— {by}"));
            joined([Some(said(&block.text)), by])
        }
        PageBlock::List(block) => list(block.style, &block.items, "", numbers).join("\n"),
        PageBlock::Image(block) => under(None, Some(&block.media)),
        PageBlock::Gallery(block) => {
            joined(block.items.iter().map(|placed| Some(under(None, Some(placed)))))
        }
        PageBlock::Video(block) => {
            let title = [&block.label, &block.title];
            let title = title.into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
            let text = under(Some(title.join(": ")), block.media.as_ref());
            if text.is_empty() { block.url.as_deref().unwrap_or_default().to_owned() } else { text }
        }
        PageBlock::Audio(block) => under(block.title.clone(), Some(&block.media)),
        PageBlock::Embed(block) => {
            block.fallback_text.clone().unwrap_or_else(|| block.url.to_string())
        }
        PageBlock::Related(block) => {
            let links = block.links.iter().map(|link| Some(format!("- {}", link.title)));
            joined([block.title.clone()].into_iter().chain(links))
        }
        PageBlock::Table(block) => table(block, numbers),
        PageBlock::Code(block) => block.code.clone(),
        PageBlock::Footnotes(block) => footnotes(block, numbers),
        PageBlock::AdSlot(_) | PageBlock::Divider(_) => String::new(),
    }
}

fn plain(spans: &[Span], numbers: &Numbers<'_>) -> String {
    let mut text = String::new();
    for (at, span) in spans.iter().enumerate() {
        text.push_str(&span.text);
        if let Some(number) = notes::ending(spans, at).and_then(|note| numbers.get(note)) {
            let _ = write!(text, "[{number}]");
        }
    }
    text
}

fn joined(lines: impl IntoIterator<Item = Option<String>>) -> String {
    let there = lines.into_iter().flatten().filter(|line| !line.is_empty());
    there.collect::<Vec<_>>().join("\n")
}

/// What stands below a medium; what is to be seen, where it has no caption.
fn under(title: Option<String>, placed: Option<&PlacedMedia>) -> String {
    let seen = placed.and_then(|placed| {
        let media = &placed.media;
        media.caption.clone().or_else(|| media.alt.clone())
    });
    joined([title, seen, placed.and_then(|placed| placed.credit_display.clone())])
}

fn list(style: ListStyle, items: &[ListItem], indent: &str, numbers: &Numbers<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (item, number) in items.iter().zip(1..) {
        let sign = match style {
            ListStyle::Ordered => format!("{number}."),
            ListStyle::Unordered => "-".to_owned(),
        };
        lines.push(format!("{indent}{sign} {}", plain(&item.text, numbers)));
        if let Some(inner) = &item.list {
            lines.extend(list(inner.style, &inner.items, &format!("{indent}  "), numbers));
        }
    }
    lines
}

fn table(block: &TableBlock, numbers: &Numbers<'_>) -> String {
    let rows = block.rows.iter().map(|row| {
        // Only what parts the cells and rows is a tab or the end of a line.
        let cell = |spans| plain(spans, numbers).replace(['\t', '\n'], " ");
        let cells: Vec<String> = row.cells.iter().map(|line| cell(&line.text)).collect();
        Some(cells.join("\t"))
    });
    joined([block.caption.clone()].into_iter().chain(rows))
}

fn footnotes(block: &FootnotesBlock, numbers: &Numbers<'_>) -> String {
    joined(block.items.iter().map(|note| {
        let number = numbers.get(&note.id).copied().unwrap_or_default();
        Some(format!("[{number}] {}", plain(&note.text, numbers)))
    }))
}
