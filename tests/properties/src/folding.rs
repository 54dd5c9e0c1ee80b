//! Folding: what is folded stays so, and a listed word is found wherever it stands.
use arbitrary::{Result, Unstructured};
use broadsheet::{
    comments::words::likeness::{Finder, of_listed},
    text::{fold, nfc},
};

use crate::given::text;

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let known =
        ["Zażółć", "c a s i n o", "sh0p", "КАЗИНО", "ﬁne", "e\u{301}", "5pam", "ca\u{ad}sh"];
    let word = nfc(text(u, &known)?);
    let folded = fold(&word);
    assert_eq!(fold(&folded), folded, "{word:?}");
    assert!(folded.is_ascii() && !folded.contains("  "), "{folded:?}");
    let Some(listed) = of_listed(&word) else { return Ok(()) };
    if !word.trim_end().ends_with('*') {
        let finder = Finder::new([(listed.as_str(), ())].into_iter());
        for said in [word.clone(), format!("so, {word}!"), format!("\u{feff}{word}\u{200b}")] {
            assert!(finder.worst_in(&said).is_some(), "{listed:?} is not found in {said:?}");
        }
    }
    Ok(())
}
