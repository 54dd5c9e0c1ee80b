//! A body as HTML or as plain text, for clients that do not draw blocks themselves.
use std::fmt::Write;

use super::{
    blocks::PageBlock,
    parts::{PlacedMedia, ResolvedLink},
};
use crate::articles::{
    blocks::ListStyle,
    marks::Mark,
    spans::{Line, Span, plain as plain_spans},
};

/// The body as HTML: semantic elements without classes, ads left out, every text escaped.
pub fn render(blocks: &[PageBlock]) -> String {
    blocks.iter().map(element).collect()
}

fn element(block: &PageBlock) -> String {
    match block {
        PageBlock::Paragraph(block) => format!("<p>{}</p>\n", spans(&block.text)),
        PageBlock::Heading(block) => {
            format!("<h{level}>{text}</h{level}>\n", level = block.level, text = spans(&block.text))
        }
        PageBlock::List(block) => {
            let tag = match block.style {
                ListStyle::Ordered => "ol",
                ListStyle::Unordered => "ul",
            };
            let items: String = block.items.iter().map(|item| wrapped("li", item)).collect();
            format!("<{tag}>{items}</{tag}>\n")
        }
        PageBlock::Quote(block) => {
            let by = block.attribution.as_ref();
            let by = by.map(|by| format!("<footer>{}</footer>", escaped(by))).unwrap_or_default();
            format!("<blockquote><p>{}</p>{by}</blockquote>\n", spans(&block.text))
        }
        PageBlock::Image(block) => figure(&block.media),
        PageBlock::Gallery(block) => block.items.iter().map(figure).collect(),
        PageBlock::Video(block) => {
            let url =
                block.url.as_deref().or(block.media.as_ref().and_then(|m| m.media.url.as_deref()));
            let title = block.title.as_deref().or(block.label.as_deref()).or(url);
            match (url, title) {
                (Some(url), Some(title)) => format!("<p>{}</p>\n", anchor(url, title)),
                _ => String::new(),
            }
        }
        PageBlock::Embed(block) => {
            let text = block.fallback_text.as_deref().unwrap_or(&block.url);
            format!("<p>{}</p>\n", anchor(&block.url, text))
        }
        PageBlock::Related(block) => {
            let title = block.title.as_ref();
            let title = title.map(|t| format!("<p>{}</p>", escaped(t))).unwrap_or_default();
            let mut links = String::new();
            for (url, link) in block.links.iter().filter_map(|link| Some((target(link)?, link))) {
                let _ = write!(links, "<li>{}</li>", anchor(url, &link.title));
            }
            format!("<aside>{title}<ul>{links}</ul></aside>\n")
        }
        PageBlock::Table(block) => {
            let caption = block.caption.as_ref();
            let caption =
                caption.map(|c| format!("<caption>{}</caption>", escaped(c))).unwrap_or_default();
            let mut rows = String::new();
            for (at, row) in block.rows.iter().enumerate() {
                let tag = if at == 0 && block.header { "th" } else { "td" };
                let cells: String = row.cells.iter().map(|cell| wrapped(tag, cell)).collect();
                let _ = write!(rows, "<tr>{cells}</tr>");
            }
            format!("<table>{caption}{rows}</table>\n")
        }
        PageBlock::Divider(_) => "<hr>\n".to_owned(),
        PageBlock::AdSlot(_) => String::new(),
    }
}

fn wrapped(tag: &str, line: &Line) -> String {
    format!("<{tag}>{}</{tag}>", spans(&line.text))
}

fn figure(placed: &PlacedMedia) -> String {
    let Some(url) = &placed.media.url else { return String::new() };
    let alt = placed.media.alt.as_deref().unwrap_or_default();
    let words: Vec<String> = [&placed.media.caption, &placed.credit_display]
        .into_iter()
        .flatten()
        .map(|text| escaped(text))
        .collect();
    format!(
        "<figure><img src=\"{}\" alt=\"{}\"><figcaption>{}</figcaption></figure>\n",
        escaped(url),
        escaped(alt),
        words.join(" ")
    )
}

fn target(link: &ResolvedLink) -> Option<&str> {
    link.path.as_deref().or(link.url.as_deref())
}

fn anchor(url: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(url), escaped(text))
}

fn spans(spans: &[Span]) -> String {
    spans.iter().fold(String::new(), |mut html, span| {
        let mut ends = Vec::new();
        for mark in &span.marks {
            let tag = match mark {
                Mark::Bold(_) => "strong",
                Mark::Italic(_) => "em",
                Mark::Subscript(_) => "sub",
                Mark::Superscript(_) => "sup",
                Mark::Code(_) => "code",
                Mark::Link(_) => "a",
            };
            let _ = match mark {
                Mark::Link(link) => write!(html, "<a href=\"{}\">", escaped(&link.href)),
                _ => write!(html, "<{tag}>"),
            };
            ends.push(tag);
        }
        html.push_str(&escaped(&span.text));
        for tag in ends.into_iter().rev() {
            let _ = write!(html, "</{tag}>");
        }
        html
    })
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

/// The body's words, a blank line between blocks.
pub fn plain(blocks: &[PageBlock]) -> String {
    let texts = blocks.iter().filter_map(|block| {
        let lines = |lines: &[Line]| {
            lines.iter().map(|line| plain_spans(&line.text)).collect::<Vec<_>>().join("\n")
        };
        Some(match block {
            PageBlock::Paragraph(block) => plain_spans(&block.text),
            PageBlock::Heading(block) => plain_spans(&block.text),
            PageBlock::Quote(block) => plain_spans(&block.text),
            PageBlock::List(block) => lines(&block.items),
            PageBlock::Table(block) => {
                let row = |cells: &[Line]| {
                    cells.iter().map(|cell| plain_spans(&cell.text)).collect::<Vec<_>>().join("\t")
                };
                block.rows.iter().map(|cells| row(&cells.cells)).collect::<Vec<_>>().join("\n")
            }
            PageBlock::Embed(block) => block.fallback_text.clone()?,
            _ => return None,
        })
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_leave_their_element() {
        let block: PageBlock = PageBlock::Paragraph(
            serde_json::from_value(serde_json::json!({
                "text": [{"text": "<script>\"&", "marks": [
                    {"type": "italic"}, {"type": "link", "href": "https://a.example/?\"x&y"}]}]
            }))
            .unwrap(),
        );
        assert_eq!(
            render(&[block]),
            "<p><em><a href=\"https://a.example/?%22x&amp;y\">&lt;script&gt;&quot;&amp;</a></em></p>\n"
        );
    }
}
