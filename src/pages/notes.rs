//! Footnotes of a body: their numbers, and where the words that refer to them end.
use std::collections::HashMap;

use super::blocks::PageBlock;
use crate::articles::{blocks::BlockId, marks::Mark, spans::Span};

/// The number of each footnote: its place in the block of footnotes.
pub fn numbers(blocks: &[PageBlock]) -> HashMap<&BlockId, usize> {
    let noted = blocks.iter().filter_map(|block| match block {
        PageBlock::Footnotes(block) => Some(&block.items),
        _ => None,
    });
    noted.flatten().zip(1..).map(|(note, number)| (&note.id, number)).collect()
}

/// The footnote whose number stands behind this span: the next span does not refer to it any more.
pub fn ending(spans: &[Span], at: usize) -> Option<&BlockId> {
    let note = referred(spans.get(at)?)?;
    let next = spans.get(at + 1).and_then(referred);
    (next != Some(note)).then_some(note)
}

fn referred(span: &Span) -> Option<&BlockId> {
    span.marks.iter().find_map(|mark| match mark {
        Mark::Footnote(mark) => Some(&mark.note_id),
        _ => None,
    })
}
