//! A body as HTML, for clients that do not draw blocks themselves.
mod figures;
mod phrasing;

use std::fmt::Write;

use self::{
    figures::{figure, film},
    phrasing::{Notes, anchor, escaped, lines, phrasing},
};
use super::{
    blocks::PageBlock,
    parts::{PlacedMedia, ResolvedLink},
};
use crate::{
    articles::{
        blocks::{FootnotesBlock, TableBlock},
        lists::{ListItem, ListStyle},
        spans::Line,
    },
    text,
};

/// The body as HTML: one element that says in which language and direction it is read, and in it
/// semantic elements, with every text escaped and ads left out.
pub fn render(blocks: &[PageBlock], language: &str) -> String {
    let mut notes = Notes::of(blocks);
    // A footnote leads back to all that refer to it, wherever it stands itself.
    let words: Vec<Option<String>> = blocks
        .iter()
        .map(|block| match block {
            PageBlock::Footnotes(_) => None,
            other => Some(element(other, &mut notes)),
        })
        .collect();
    let mut html =
        format!("<div lang=\"{}\" dir=\"{}\">\n", escaped(language), text::direction(language));
    for (block, words) in blocks.iter().zip(words) {
        match (block, words) {
            (PageBlock::Footnotes(block), _) => html.push_str(&footnotes(block, &mut notes)),
            (_, words) => html.push_str(&words.unwrap_or_default()),
        }
    }
    html.push_str("</div>\n");
    html
}

fn element(block: &PageBlock, notes: &mut Notes<'_>) -> String {
    match block {
        PageBlock::Paragraph(block) => format!("<p>{}</p>\n", phrasing(&block.text, notes)),
        PageBlock::Heading(block) => {
            let (level, id) = (block.level, escaped(block.id.as_str()));
            format!("<h{level} id=\"{id}\">{}</h{level}>\n", phrasing(&block.text, notes))
        }
        PageBlock::List(block) => format!("{}\n", list(block.style, &block.items, notes)),
        PageBlock::Quote(block) => {
            let said = format!("<blockquote><p>{}</p></blockquote>", phrasing(&block.text, notes));
            match &block.attribution {
                None => format!("{said}\n"),
                Some(by) => {
                    format!("<figure>{said}<figcaption>{}</figcaption></figure>\n", lines(by))
                }
            }
        }
        PageBlock::Image(block) => match figure(&block.media, block.link.as_ref()) {
            Some(figure) => format!("{figure}\n"),
            None => String::new(),
        },
        PageBlock::Gallery(block) => {
            let items: Vec<String> =
                block.items.iter().filter_map(|placed| figure(placed, None)).collect();
            match &items[..] {
                [] => String::new(),
                [only] => format!("{only}\n"),
                several => format!("<figure>{}</figure>\n", several.concat()),
            }
        }
        PageBlock::Video(block) => {
            let title = [&block.label, &block.title];
            let title = title.into_iter().flatten().map(String::as_str).collect::<Vec<_>>();
            film(&title.join(": "), block.media.as_ref(), block.url.as_deref())
        }
        PageBlock::Audio(block) => {
            film(block.title.as_deref().unwrap_or_default(), Some(&block.media), None)
        }
        PageBlock::Embed(block) => {
            let text = block.fallback_text.as_deref().unwrap_or(&block.url);
            format!("<p>{}</p>\n", anchor(&block.url, text))
        }
        PageBlock::Related(block) => {
            let title = block.title.as_ref();
            let title = title.map(|t| format!("<p>{}</p>", lines(t))).unwrap_or_default();
            let mut links = String::new();
            for (url, link) in block.links.iter().filter_map(|link| Some((target(link)?, link))) {
                let _ = write!(links, "<li>{}</li>", anchor(url, &link.title));
            }
            format!("<aside>{title}<ul>{links}</ul></aside>\n")
        }
        PageBlock::Table(block) => table(block, notes),
        PageBlock::Code(block) => {
            let language = block.language.as_ref();
            let class = language.map(|name| format!(" class=\"language-{}\"", escaped(name)));
            let class = class.unwrap_or_default();
            format!("<pre dir=\"ltr\"><code{class}>{}</code></pre>\n", escaped(&block.code))
        }
        PageBlock::Divider(_) => "<hr>\n".to_owned(),
        PageBlock::Footnotes(_) | PageBlock::AdSlot(_) => String::new(),
    }
}

fn list(style: ListStyle, items: &[ListItem], notes: &mut Notes<'_>) -> String {
    let tag = match style {
        ListStyle::Ordered => "ol",
        ListStyle::Unordered => "ul",
    };
    let mut html = format!("<{tag}>");
    for item in items {
        let _ = write!(html, "<li>{}", phrasing(&item.text, notes));
        if let Some(inner) = &item.list {
            html.push_str(&list(inner.style, &inner.items, notes));
        }
        html.push_str("</li>");
    }
    let _ = write!(html, "</{tag}>");
    html
}

fn table(block: &TableBlock, notes: &mut Notes<'_>) -> String {
    let named = |text: &String| format!("<caption>{}</caption>", lines(text));
    let mut html = format!("<table>{}", block.caption.as_ref().map(named).unwrap_or_default());
    let (head, rows) = block.rows.split_at(usize::from(block.header).min(block.rows.len()));
    for row in head {
        let cells = cells("<th scope=\"col\">", "</th>", &row.cells, notes);
        let _ = write!(html, "<thead><tr>{cells}</tr></thead>");
    }
    if !rows.is_empty() {
        html.push_str("<tbody>");
        for row in rows {
            let _ = write!(html, "<tr>{}</tr>", cells("<td>", "</td>", &row.cells, notes));
        }
        html.push_str("</tbody>");
    }
    html.push_str("</table>\n");
    html
}

fn cells(start: &str, end: &str, cells: &[Line], notes: &mut Notes<'_>) -> String {
    cells.iter().fold(String::new(), |mut html, cell| {
        let _ = write!(html, "{start}{}{end}", phrasing(&cell.text, notes));
        html
    })
}

fn footnotes(block: &FootnotesBlock, notes: &mut Notes<'_>) -> String {
    let mut html = "<div role=\"doc-endnotes\"><ol>".to_owned();
    for note in &block.items {
        let text = phrasing(&note.text, notes);
        let (id, back) = (phrasing::note_id(&note.id), notes.back_links(&note.id));
        let _ = write!(html, "<li id=\"{id}\"><p>{text}{back}</p></li>");
    }
    html.push_str("</ol></div>\n");
    html
}

fn target(link: &ResolvedLink) -> Option<&str> {
    link.path.as_deref().or(link.url.as_deref())
}
