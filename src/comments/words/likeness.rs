//! Likeness: what a text looks like to its readers, whatever characters it is written with.
use std::collections::HashMap;

use unicode_security::confusable_detection::skeleton;

use crate::text;

/// The most words of a listed phrase.
const PHRASE: usize = 8;

/// A text as it is compared: words without case, diacritics and look-alike characters (UTS #39).
/// Characters in the place of letters (`sh0p`) leave several readings.
struct Words(Vec<Vec<String>>);

impl Words {
    fn of(said: &str) -> Self {
        let seen = letters(said);
        let mut words: Vec<Vec<String>> = Vec::new();
        let mut spelled = String::new();
        let part = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '@' | '$'));
        for word in seen.split(part).filter(|word| !word.is_empty()) {
            if word.len() == 1 {
                spelled.push_str(word);
            } else {
                gather(&mut spelled, &mut words);
            }
            words.push(readings(word));
        }
        gather(&mut spelled, &mut words);
        Self(words)
    }
}

/// Takes letters that stand one by one (`s p a m`) for the word that they spell.
fn gather(spelled: &mut String, words: &mut Vec<Vec<String>>) {
    if spelled.len() > 2 {
        words.push(readings(spelled));
    }
    spelled.clear();
}

/// Lower case, each character of another script for the Latin one that it looks like, and what
/// cannot be seen left out.
fn letters(said: &str) -> String {
    let mut seen = String::with_capacity(said.len());
    for c in said.to_lowercase().chars().filter(|c| !unseen(*c)) {
        if c.is_ascii() {
            seen.push(c);
        } else {
            seen.extend(skeleton(c.encode_utf8(&mut [0; 4])));
        }
    }
    text::fold(&seen)
}

/// Characters that change nothing that is seen.
fn unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// A word as it stands, and where signs stand among its letters, as it reads with letters.
fn readings(word: &str) -> Vec<String> {
    let plain = || word.to_owned();
    let has_letters = word.contains(|c: char| c.is_ascii_alphabetic());
    if !has_letters || word.chars().all(|c| c.is_ascii_alphabetic()) {
        return vec![plain()];
    }
    let read = |one: char| {
        let letter = |c| match c {
            '0' => 'o',
            '1' => one,
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        };
        word.chars().map(letter).collect::<String>()
    };
    let mut all = vec![plain(), read('i'), read('l')];
    all.dedup();
    all
}

/// What a listed word is compared by: its words, and a star at the end where it stands for every
/// word that begins so. `None` where nothing of it can be compared, or it is too long.
pub fn of_listed(word: &str) -> Option<String> {
    let (stem, star) = match word.trim_end().strip_suffix('*') {
        Some(stem) => (stem, "*"),
        None => (word, ""),
    };
    let Words(words) = Words::of(stem);
    let plain: Vec<&str> =
        words.iter().filter_map(|readings| Some(readings.first()?.as_str())).collect();
    let fits = (1..=PHRASE).contains(&plain.len());
    fits.then(|| format!("{}{star}", plain.join(" ")))
}

/// Finds listed words in texts.
pub struct Finder<'a, K> {
    /// Whole phrases by their first word.
    phrases: HashMap<&'a str, Vec<(Vec<&'a str>, K)>>,
    /// Beginnings of words.
    stems: Vec<(Vec<&'a str>, K)>,
}

impl<'a, K: Copy + Ord> Finder<'a, K> {
    /// A finder of these, as [`of_listed`] gives them.
    pub fn new(listed: impl Iterator<Item = (&'a str, K)>) -> Self {
        let mut finder = Self { phrases: HashMap::new(), stems: Vec::new() };
        for (likeness, kind) in listed {
            if let Some(stem) = likeness.strip_suffix('*') {
                finder.stems.push((stem.split(' ').collect(), kind));
            } else {
                let phrase: Vec<&str> = likeness.split(' ').collect();
                let first = phrase.first().copied().unwrap_or_default();
                finder.phrases.entry(first).or_default().push((phrase, kind));
            }
        }
        finder
    }

    /// The greatest kind among the listed words that the text has.
    pub fn worst_in(&self, said: &str) -> Option<K> {
        let Words(words) = Words::of(said);
        let mut worst = None;
        for at in 0..words.len() {
            let here = &words[at..];
            let begun = here[0].iter().filter_map(|word| self.phrases.get(word.as_str())).flatten();
            let phrases = begun.filter(|(phrase, _)| stands(phrase, here, |word, end| word == end));
            let stems = self.stems.iter();
            let stems =
                stems.filter(|(stem, _)| stands(stem, here, |word, end| word.starts_with(end)));
            worst = worst.max(phrases.chain(stems).map(|(_, kind)| *kind).max());
        }
        worst
    }
}

/// Whether the phrase stands at the beginning of these words; its last word as `ends` judges.
fn stands(phrase: &[&str], words: &[Vec<String>], ends: fn(&str, &str) -> bool) -> bool {
    let Some((last, before)) = phrase.split_last() else { return false };
    let reads = |readings: &Vec<String>, word: &str| readings.iter().any(|read| read == word);
    words.len() > before.len()
        && before.iter().zip(words).all(|(word, readings)| reads(readings, word))
        && words[before.len()].iter().any(|read| ends(read, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(listed: &str, said: &str) -> bool {
        let likeness = of_listed(listed).unwrap();
        Finder::new([(likeness.as_str(), ())].into_iter()).worst_in(said).is_some()
    }

    #[test]
    fn words_are_found_however_they_are_written() {
        for said in [
            "Buy at the Casino now",
            "CASINO!",
            "c a s i n o",
            "c.a.s.i.n.o",
            "cas1no",
            "c@sin0",
            "\u{441}\u{430}sino",
            "ca\u{200b}si\u{ad}no",
            "ｃａｓｉｎｏ",
            "càsíño",
        ] {
            assert!(found("casino", said), "{said}");
        }
        assert!(found("żółw", "ZOLW") && found("zolw", "Żółw"));
        assert!(found("казино", "КАЗИНО"));
    }

    #[test]
    fn other_words_are_left_alone() {
        for (listed, said) in [
            ("ass", "a class of its own"),
            ("hell", "heil, said the film"),
            ("tail", "a tall tale"),
            ("spam", "on a map, s. 5"),
            ("105", "ios"),
        ] {
            assert!(!found(listed, said), "{listed}: {said}");
        }
    }

    #[test]
    fn phrases_and_beginnings_of_words_can_be_listed() {
        assert!(found("easy money", "EASY   m0ney, today"));
        assert!(!found("easy money", "easy on the money"));
        assert!(
            found("gambl*", "gambling") && found("gambl*", "Gamble") && !found("gambl*", "a gam")
        );
        assert!(found("quick gambl*", "so quick, gambler!"));
    }

    #[test]
    fn the_worst_counts() {
        let finder = Finder::new([("maybe", 1), ("never", 2)].into_iter());
        assert_eq!(finder.worst_in("maybe, or never"), Some(2));
        assert_eq!(finder.worst_in("may be"), None);
    }

    #[test]
    fn what_cannot_be_compared_cannot_be_listed() {
        assert_eq!(of_listed("…"), None);
        assert_eq!(of_listed("*"), None);
        assert_eq!(of_listed("a b c d e f g h i"), None);
    }
}
