//! Slugs: made of whatever is said, they keep their form, and a slug is its own.
use arbitrary::{Result, Unstructured};
use broadsheet::text::{SLUG_MAX, nfc, slug_form, slugify};

use crate::given::text;

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let headline = nfc(text(
        u,
        &[
            "Łódź: 100%",
            "Don't  panic",
            "日本語",
            "Ёлка",
            "Щука їсть",
            "C++ 5#",
            "𝓗i",
            "\u{202e}abc",
            "a-b--c",
        ],
    )?);
    let language = *u.choose(&["en", "de", "ja", "zh-Hans", "uk", "el", "ca"])?;
    let longer = slugify(&format!("{headline} {headline}"), language);
    let Some(slug) = slugify(&headline, language) else {
        assert_eq!(longer, None, "{headline:?} twice");
        return Ok(());
    };
    assert!(slug_form(&slug).is_ok(), "{headline:?} became {slug:?}");
    assert!(slug.len() <= SLUG_MAX, "{slug}");
    assert_eq!(slugify(&slug, language).as_ref(), Some(&slug), "{headline:?}");
    assert!(longer.is_some(), "{headline:?} twice");
    Ok(())
}
