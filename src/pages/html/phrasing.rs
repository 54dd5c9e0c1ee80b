//! Texts as HTML: marks as elements, line breaks, links and footnotes.
use std::{collections::HashMap, fmt::Write};

use crate::{
    articles::{blocks::BlockId, marks::Mark, spans::Span},
    pages::{blocks::PageBlock, notes},
};

/// The footnotes of a body: their numbers, and how often each has been referred to so far.
pub struct Notes<'a> {
    numbers: HashMap<&'a BlockId, usize>,
    references: HashMap<&'a BlockId, usize>,
}

impl<'a> Notes<'a> {
    /// None of them has been referred to.
    pub fn of(blocks: &'a [PageBlock]) -> Self {
        Self { numbers: notes::numbers(blocks), references: HashMap::new() }
    }

    /// The number that leads to a footnote; nothing where there is no such note.
    fn reference(&mut self, id: &BlockId) -> String {
        let Some((id, number)) = self.numbers.get_key_value(id) else { return String::new() };
        let turn = self.references.entry(id).or_default();
        *turn += 1;
        format!(
            "<sup><a href=\"#{}\" id=\"{}\" role=\"doc-noteref\">{number}</a></sup>",
            note_id(id),
            reference_id(id, *turn)
        )
    }

    /// The links that lead from a footnote to where it is referred to.
    pub fn back_links(&self, id: &BlockId) -> String {
        let turns = self.references.get(id).copied().unwrap_or_default();
        (1..=turns).fold(String::new(), |mut html, turn| {
            let address = reference_id(id, turn);
            let _ = write!(html, " <a href=\"#{address}\" role=\"doc-backlink\">↩");
            if turn > 1 {
                let _ = write!(html, "<sup>{turn}</sup>");
            }
            html.push_str("</a>");
            html
        })
    }
}

/// The `id` of a footnote. The colon keeps it apart from those of headings, which are the blocks'.
pub fn note_id(id: &BlockId) -> String {
    format!("note:{}", id.as_str())
}

fn reference_id(id: &BlockId, turn: usize) -> String {
    format!("ref:{}:{turn}", id.as_str())
}

/// An element around a text. They nest in the order in which they stand here, a link outermost, so
/// that spans with the same link make one link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Element<'a> {
    Link(&'a str),
    Plain(&'static str),
}

impl Element<'_> {
    fn start(self) -> String {
        match self {
            Self::Link(address) => format!("<a href=\"{}\">", escaped(address)),
            Self::Plain(tag) => format!("<{tag}>"),
        }
    }

    fn end(self) -> String {
        match self {
            Self::Link(_) => "</a>".to_owned(),
            Self::Plain(tag) => format!("</{tag}>"),
        }
    }
}

fn element(mark: &Mark) -> Option<Element<'_>> {
    Some(match mark {
        Mark::Link(link) => Element::Link(&link.href),
        Mark::ArticleLink(link) => Element::Link(link.path.as_deref()?),
        Mark::Bold(_) => Element::Plain("strong"),
        Mark::Italic(_) => Element::Plain("em"),
        Mark::Subscript(_) => Element::Plain("sub"),
        Mark::Superscript(_) => Element::Plain("sup"),
        Mark::Code(_) => Element::Plain("code"),
        Mark::Footnote(_) => return None,
    })
}

/// What is open while a text is written.
#[derive(Default)]
struct Writer<'a> {
    html: String,
    open: Vec<Element<'a>>,
}

impl<'a> Writer<'a> {
    /// Closes what is not wanted, and opens what is.
    fn set(&mut self, wanted: &[Element<'a>], keep: bool) {
        let shared = self.open.iter().zip(wanted).take_while(|(open, wanted)| open == wanted);
        let shared = if keep { shared.count() } else { 0 };
        for element in self.open.drain(shared..).rev() {
            self.html.push_str(&element.end());
        }
        if keep {
            self.open(&wanted[shared..]);
        }
    }

    fn open(&mut self, elements: &[Element<'a>]) {
        for element in elements {
            self.html.push_str(&element.start());
            self.open.push(*element);
        }
    }
}

/// A text as HTML. The number of a footnote stands behind the words that refer to it, and behind a
/// link that they are a part of, since links do not nest.
pub fn phrasing(spans: &[Span], notes: &mut Notes<'_>) -> String {
    let mut writer = Writer::default();
    let mut waiting = Vec::new();
    for (at, span) in spans.iter().enumerate() {
        let mut wanted: Vec<Element<'_>> = span.marks.iter().filter_map(element).collect();
        wanted.sort_unstable();
        let in_link = match (writer.open.first(), wanted.first()) {
            (Some(open @ Element::Link(_)), Some(next)) => open == next,
            _ => false,
        };
        if !waiting.is_empty() && !in_link {
            writer.set(&[], false);
            waiting.drain(..).for_each(|note| writer.html.push_str(&notes.reference(note)));
        }
        writer.set(&wanted, true);
        writer.html.push_str(&lines(&span.text));
        waiting.extend(notes::ending(spans, at));
    }
    writer.set(&[], false);
    waiting.drain(..).for_each(|note| writer.html.push_str(&notes.reference(note)));
    writer.html
}

/// A link with plain words.
pub fn anchor(url: &str, text: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(url), lines(text))
}

/// A text with its line breaks.
pub fn lines(text: &str) -> String {
    escaped(text).replace('\n', "<br>")
}

/// A text that cannot leave its element or attribute, without characters that HTML has no place
/// for.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(c),
            c if c.is_control() || is_noncharacter(c) => {}
            other => safe.push(other),
        }
    }
    safe
}

/// Code points that Unicode has set aside for no character at all.
fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_has_no_place_for_is_left_out() {
        let text = "a\u{0}\u{8}b\u{85}\u{7f}\u{fffe}\u{1ffff}\u{fdd0}c\t<\"&>'";
        assert_eq!(escaped(text), "abc\t&lt;&quot;&amp;&gt;'");
        assert_eq!(lines("one\ntwo"), "one<br>two");
    }
}
