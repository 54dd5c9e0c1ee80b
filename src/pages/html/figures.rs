//! Media as HTML: what shows them, how large they are, and what stands below.
use std::fmt::Write;

use super::{
    PlacedMedia,
    phrasing::{anchor, escaped, lines},
};
use crate::{articles::marks::PictureLink, media::model::MediaKind};

/// A medium with its caption and credit; `None` where its file is not known. What shows it follows
/// from what it is, whatever the block says.
pub fn figure(placed: &PlacedMedia, link: Option<&PictureLink>) -> Option<String> {
    let shown = shown(placed, link)?;
    Some(format!("<figure>{shown}{}</figure>", caption("", placed)))
}

/// A film or a recording below its title: as one of the newsroom's media, or by its address.
pub fn film(title: &str, media: Option<&PlacedMedia>, url: Option<&str>) -> String {
    if let Some(placed) = media
        && let Some(shown) = shown(placed, None)
    {
        return format!("<figure>{shown}{}</figure>\n", caption(title, placed));
    }
    match (url, title) {
        (None, _) => String::new(),
        (Some(url), "") => format!("<p>{}</p>\n", anchor(url, url)),
        (Some(url), title) => format!("<p>{}</p>\n", anchor(url, title)),
    }
}

/// What stands below a medium: its title, its caption, and whom to credit.
fn caption(title: &str, placed: &PlacedMedia) -> String {
    let mut parts = Vec::new();
    if !title.is_empty() {
        parts.push(format!("<strong>{}</strong>", lines(title)));
    }
    parts.extend(placed.media.caption.as_ref().map(|text| lines(text)));
    let credit = placed.credit_display.as_ref();
    parts.extend(credit.map(|text| format!("<small>{}</small>", lines(text))));
    if parts.is_empty() {
        return String::new();
    }
    format!("<figcaption>{}</figcaption>", parts.join(" "))
}

fn shown(placed: &PlacedMedia, link: Option<&PictureLink>) -> Option<String> {
    let media = &placed.media;
    let url = escaped(media.url.as_ref()?);
    let alt = escaped(media.alt.as_deref().unwrap_or_default());
    let mut size = String::new();
    for (name, pixels) in [("width", media.width), ("height", media.height)] {
        if let Some(pixels) = pixels {
            let _ = write!(size, " {name}=\"{pixels}\"");
        }
    }
    Some(match media.kind {
        MediaKind::Image => {
            let image = format!("<img src=\"{url}\" alt=\"{alt}\"{size}>");
            match link.and_then(PictureLink::address) {
                None => image,
                Some(address) => format!("<a href=\"{}\">{image}</a>", escaped(address)),
            }
        }
        MediaKind::Video => format!("<video src=\"{url}\" controls{size}>{alt}</video>"),
        MediaKind::Audio => format!("<audio src=\"{url}\" controls>{alt}</audio>"),
    })
}
