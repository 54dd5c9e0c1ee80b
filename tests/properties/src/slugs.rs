//! Slugs: made of whatever is said, they keep their form, and a slug is its own.
use arbitrary::{Result, Unstructured};
use broadsheet::text::{SLUG_MAX, nfc, slug_form, slugify};

use crate::given::text;

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let headline =
        nfc(text(u, &["Łódź: 100%", "Don't  panic", "日本語", "\u{202e}abc", "a-b--c"])?);
    let slug = slugify(&headline);
    assert!(slug.is_empty() || slug_form(&slug).is_ok(), "{headline:?} became {slug:?}");
    assert!(slug.len() <= SLUG_MAX, "{slug}");
    assert_eq!(slugify(&slug), slug, "{headline:?}");
    let longer = slugify(&format!("{headline} {headline}"));
    assert_eq!(longer.is_empty(), slug.is_empty(), "{headline:?} twice became {longer:?}");
    Ok(())
}
