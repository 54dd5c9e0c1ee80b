//! Likeness: what a text looks like to its readers, whatever characters it is written with.
use std::collections::HashMap;

use icu_properties::props::Script;

use super::{
    identity::{is_mark, script},
    skeleton::lookalikes,
};

/// The most words of a listed phrase.
const PHRASE: usize = 8;
/// The most parts that are read as one word.
const PARTS: usize = 8;

/// A text as it is compared: words without case, marks and look-alike characters (UTS #39), and
/// how they can be read.
struct Words {
    /// How each word can be read, from its first letter on: alone, or together with what stands
    /// behind it.
    from: Vec<Vec<Reading>>,
}

/// One way to read some words that stand side by side.
struct Reading {
    /// As what they are read.
    forms: Vec<String>,
    /// The first word behind them.
    end: usize,
}

impl Words {
    /// The words of letters as [`lookalikes`] gives them.
    fn of(letters: &str) -> Self {
        let words = split(letters);
        let mut from: Vec<Vec<Reading>> = Vec::with_capacity(words.len());
        for at in 0..words.len() {
            let mut here = vec![Reading { forms: forms(words[at].letters), end: at + 1 }];
            let mut read = words[at].letters.to_owned();
            // Parts of a word: `scam-coin`.
            for (end, word) in (at + 2..=words.len().min(at + PARTS)).zip(&words[at + 1..]) {
                if !word.joined {
                    break;
                }
                read.push_str(word.letters);
                here.push(Reading { forms: forms(&read), end });
            }
            from.push(here);
        }
        for (start, end) in letter_by_letter(&words) {
            let read: String = words[start..end].iter().map(|word| word.letters).collect();
            from[start].push(Reading { forms: forms(&read), end });
        }
        Self { from }
    }

    /// Whether the phrase stands at this word; its last word as `ends` judges.
    fn have(&self, phrase: &[&str], at: usize, ends: fn(&str, &str) -> bool) -> bool {
        let (Some((first, rest)), Some(here)) = (phrase.split_first(), self.from.get(at)) else {
            return false;
        };
        here.iter().any(|reading| {
            let mut forms = reading.forms.iter();
            match rest {
                [] => forms.any(|form| ends(form, first)),
                _ => forms.any(|form| form == first) && self.have(rest, reading.end, ends),
            }
        })
    }
}

/// A run of letters, digits and signs that stand for letters.
struct Word<'a> {
    letters: &'a str,
    /// Whether no space parts it from the word before.
    joined: bool,
}

fn split(letters: &str) -> Vec<Word<'_>> {
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '@' | '$') || is_mark(c);
    let (mut words, mut joined, mut rest) = (Vec::new(), false, letters);
    while let Some(start) = rest.find(belongs) {
        joined &= !rest[..start].contains(char::is_whitespace);
        rest = &rest[start..];
        let end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        words.push(Word { letters: &rest[..end], joined });
        (rest, joined) = (&rest[end..], true);
    }
    words
}

/// Where letters stand one by one (`s p a m`), from three on.
fn letter_by_letter(words: &[Word<'_>]) -> Vec<(usize, usize)> {
    let single = |word: &Word<'_>| word.letters.chars().count() == 1;
    let (mut runs, mut start) = (Vec::new(), 0);
    for at in 0..=words.len() {
        if words.get(at).is_some_and(single) {
            continue;
        }
        if at - start > 2 {
            runs.push((start, at));
        }
        start = at + 1;
    }
    runs
}

/// A word as it stands, as it reads where signs stand for letters (`sh0p`), without a number
/// behind it, and each of these without the ending of a plural.
fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    let has_letters = word.contains(|c: char| c.is_ascii_alphabetic());
    if has_letters && !word.chars().all(|c| c.is_ascii_alphabetic()) {
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
        forms.extend([read('i'), read('l')]);
        forms.push(word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
    }
    for at in 0..forms.len() {
        for ending in ["s", "es"] {
            if let Some(stem) = forms[at].strip_suffix(ending)
                && stem.len() > 2
                && stem.ends_with(|c: char| c.is_ascii_alphabetic())
            {
                forms.push(stem.to_owned());
            }
        }
    }
    let (first, others) = forms.split_at_mut(1);
    others.sort_unstable();
    let mut all = first.to_vec();
    all.extend(others.iter().filter(|form| **form != first[0]).cloned());
    all.dedup();
    all
}

/// Whether it is of a script that puts no spaces between words.
fn is_unspaced(c: char) -> bool {
    !c.is_ascii()
        && matches!(
            script(c),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
                | Script::Tibetan
        )
}

fn without_spaces(letters: &str) -> String {
    letters.split_whitespace().collect()
}

/// What a listed word is compared by: its words, and a star at the end where it stands for every
/// word that begins so. `None` where nothing of it can be compared, or it is too long.
pub fn of_listed(word: &str) -> Option<String> {
    let (stem, star) = match word.trim_end().strip_suffix('*') {
        Some(stem) => (stem, "*"),
        None => (word, ""),
    };
    let (letters, _) = lookalikes(stem);
    let words: Vec<&str> = split(&letters).into_iter().map(|word| word.letters).collect();
    let fits = (1..=PHRASE).contains(&words.len());
    fits.then(|| format!("{}{star}", words.join(" ")))
}

/// Finds listed words in texts.
pub struct Finder<'a, K> {
    /// Whole phrases by their first word.
    phrases: HashMap<&'a str, Vec<(Vec<&'a str>, K)>>,
    /// Beginnings of words.
    stems: Vec<(Vec<&'a str>, K)>,
    /// What is looked for anywhere, since nothing parts the words of its script: words, and phrases
    /// whatever signs stand between their words.
    anywhere: [Vec<(String, K)>; 2],
}

impl<'a, K: Copy + Ord> Finder<'a, K> {
    /// A finder of these, as [`of_listed`] gives them.
    pub fn new(listed: impl Iterator<Item = (&'a str, K)>) -> Self {
        let mut finder =
            Self { phrases: HashMap::new(), stems: Vec::new(), anywhere: [Vec::new(), Vec::new()] };
        for (likeness, kind) in listed {
            let stem = likeness.strip_suffix('*');
            if likeness.contains(is_unspaced) {
                let several = usize::from(likeness.contains(' '));
                let word = without_spaces(stem.unwrap_or(likeness));
                finder.anywhere[several].push((word, kind));
            } else if let Some(stem) = stem {
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
        let (small, as_they_stand) = lookalikes(said);
        self.worst_among(&small).max(as_they_stand.and_then(|letters| self.worst_among(&letters)))
    }

    fn worst_among(&self, letters: &str) -> Option<K> {
        let words = Words::of(letters);
        let mut worst = None;
        for (at, readings) in words.from.iter().enumerate() {
            let forms = readings.iter().flat_map(|reading| &reading.forms);
            let begun = forms.filter_map(|form| self.phrases.get(form.as_str())).flatten();
            let phrases =
                begun.filter(|(phrase, _)| words.have(phrase, at, |word, end| word == end));
            let stems = self.stems.iter();
            let stems =
                stems.filter(|(stem, _)| words.have(stem, at, |word, end| word.starts_with(end)));
            worst = worst.max(phrases.chain(stems).map(|(_, kind)| *kind).max());
        }
        if letters.contains(is_unspaced) {
            let of_words = split(letters).into_iter().map(|word| word.letters).collect();
            for (said, listed) in [without_spaces(letters), of_words].iter().zip(&self.anywhere) {
                let found = listed.iter().filter(|(word, _)| said.contains(word));
                worst = worst.max(found.map(|(_, kind)| *kind).max());
            }
        }
        worst
    }
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
            "\u{421}\u{410}SINO",
            "ca\u{200b}si\u{ad}no",
            "ｃａｓｉｎｏ",
            "càsíño",
            "cas-ino",
            "ca_si_no",
            "casinos",
            "casino's",
            "casino777",
            "casino.example",
            "#casino",
            "𝓬𝓪𝓼𝓲𝓷𝓸",
            "𝐂𝐀𝐒𝐈𝐍𝐎",
            "ᴄᴀꜱɪɴᴏ",
            "ⓒⓐⓢⓘⓝⓞ",
            "🅒🅐🅢🅘🅝🅞",
            "🅲🅰🆂🅸🅽🅾",
        ] {
            assert!(found("casino", said), "{said}");
        }
        assert!(found("scamcoin", "scam-coin") && found("scamcoin", "Scamcoins"));
        assert!(found("hell", "\u{41d}ELL"), "a letter that looks like another as a capital alone");
        assert!(found("żółw", "ZOLW") && found("zolw", "Żółw"));
        assert!(found("казино", "КАЗИНО"));
        assert!(found("मूर्ख", "वह मूर्ख है।"));
    }

    #[test]
    fn other_words_are_left_alone() {
        for (listed, said) in [
            ("ass", "a class of its own"),
            ("hell", "heil, said the film"),
            ("tail", "a tall tale"),
            ("spam", "on a map, s. 5"),
            ("105", "ios"),
            ("cunt", "Scunthorpe"),
            ("scamcoin", "scam coin"),
            ("as", "an ass"),
            ("赌场", "肚肠不舒服"),
            ("赌场", "在赌，场地很大"),
            ("मूर", "वह मूर्ख है।"),
            ("казино", "casino"),
        ] {
            assert!(!found(listed, said), "{listed}: {said}");
        }
    }

    #[test]
    fn words_are_found_where_nothing_parts_them() {
        for (listed, said) in [
            ("赌场", "我们去赌场吧"),
            ("赌场", "我们去赌 场吧"),
            ("カジノ", "オンラインｶｼﾞﾉへ"),
            ("คาสิโน", "เล่นคาสิโนออนไลน์"),
            ("AV女優", "有名なav女優です"),
            ("赌*", "在赌场"),
            ("AV·女優", "有名なAV・女優です"),
        ] {
            assert!(found(listed, said), "{listed}: {said}");
        }
    }

    #[test]
    fn phrases_and_beginnings_of_words_can_be_listed() {
        assert!(found("easy money", "EASY   m0ney, today"));
        assert!(found("easy money", "e-a-s-y money"));
        assert!(found("x-rated film", "an x-rated film") && found("x-rated film", "x rated films"));
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
