//! What a body refers to in itself: headings that links lead to, and footnotes.
use std::collections::HashSet;

use validator::ValidationError;

use super::{
    blocks::{Block, BlockId},
    marks::{Mark, PictureLink},
    texts::marks,
};
use crate::text;

/// Refuses a link to a place (`#id`) that is no heading of the same body.
pub fn places_are_there(body: &[Block]) -> Result<(), ValidationError> {
    let headings: HashSet<&str> = body
        .iter()
        .filter_map(|block| match block {
            Block::Heading(heading) => Some(heading.id.as_str()),
            _ => None,
        })
        .collect();
    let missing = |href: &str| href.strip_prefix('#').is_some_and(|id| !headings.contains(id));
    let in_text = marks(body).find_map(|(at, mark)| match mark {
        Mark::Link(link) if missing(&link.href) => Some(format!("{at}/href")),
        _ => None,
    });
    let of_picture = || {
        body.iter().enumerate().find_map(|(at, block)| match block {
            Block::Image(image) => match &image.link {
                Some(PictureLink::Address(link)) if missing(&link.href) => {
                    Some(format!("/{at}/link/href"))
                }
                _ => None,
            },
            _ => None,
        })
    };
    match in_text.or_else(of_picture) {
        None => Ok(()),
        Some(at) => Err(text::broken_at(&at, "missing", "is the id of no heading in this body")),
    }
}

/// Refuses marks that lead to no footnote, footnotes of the same id, in two blocks or in each other.
pub fn footnotes_fit(body: &[Block]) -> Result<(), ValidationError> {
    let mut notes: HashSet<&BlockId> = HashSet::new();
    let mut blocks = body.iter().enumerate().filter_map(|(at, block)| match block {
        Block::Footnotes(block) => Some((at, block)),
        _ => None,
    });
    let first = blocks.next();
    if let Some((at, _)) = blocks.next() {
        let message = "is a second block of footnotes";
        return Err(text::broken_at(&format!("/{at}"), "distinct", message));
    }
    if let Some((at, block)) = first
        && let Some(again) = block.items.iter().position(|note| !notes.insert(&note.id))
    {
        let place = format!("/{at}/items/{again}/id");
        return Err(text::broken_at(&place, "distinct", "is the id of an earlier footnote"));
    }
    let inside = first.map(|(at, _)| format!("/{at}/"));
    for (at, mark) in marks(body) {
        let Mark::Footnote(mark) = mark else { continue };
        if inside.as_ref().is_some_and(|above| at.starts_with(above)) {
            return Err(text::broken_at(&at, "depth", "stands in a footnote itself"));
        }
        if !notes.contains(&mark.note_id) {
            let message = "is the id of no footnote in this body";
            return Err(text::broken_at(&format!("{at}/note_id"), "missing", message));
        }
    }
    Ok(())
}
