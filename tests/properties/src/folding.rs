//! Folding: what is folded stays so, and a listed word is found wherever it stands.
use arbitrary::{Result, Unstructured};
use broadsheet::text::{
    fold,
    likeness::{Finder, of_listed},
    nfc, skeleton,
};

use crate::given::text;

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let known = [
        "Zażółć",
        "c a s i n o",
        "sh0p",
        "КАЗИНО",
        "ﬁne",
        "e\u{301}",
        "5pam",
        "ca\u{ad}sh",
        "赌场",
        "नमस्ते",
        "がか\u{3099}",
        "C++",
        "ᴄᴀʀ",
        "ё\u{301}",
        "ẞ",
        "i\u{307}",
        "scam-coin",
    ];
    let word = nfc(text(u, &known)?);
    let folded = fold(&word);
    assert_eq!(fold(&folded), folded, "{word:?}");
    assert_eq!(nfc(folded.clone()), folded, "{word:?}");
    assert!(!folded.contains("  "), "{folded:?}");
    assert_eq!(fold(&word.to_uppercase()), fold(&word.to_uppercase().to_lowercase()), "{word:?}");
    assert_eq!(skeleton(&format!(" {word}\u{200b}")), skeleton(&word), "{word:?}");
    let Some(listed) = of_listed(&word) else { return Ok(()) };
    if !word.trim_end().ends_with('*') {
        let finder = Finder::new([(listed.as_str(), ())].into_iter());
        for said in [word.clone(), format!("so, {word}!"), format!("\u{feff}{word}\u{200b}")] {
            assert!(finder.worst_in(&said).is_some(), "{listed:?} is not found in {said:?}");
        }
    }
    Ok(())
}
