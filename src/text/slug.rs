//! Slugs: the last part of a page's address, made of its headline or name.
//!
//! A text is spelled in a-z as its language does. Alphabets and syllabaries can be spelled so;
//! scripts that leave vowels to the reader (Arabic, Hebrew) or to the letter before (those of
//! India, Thai, Khmer) cannot be, letter by letter, nor can Han characters, which have readings of
//! their own in each language: they are spelled in Chinese alone.
use std::sync::LazyLock;

use deunicode::deunicode_char;
use icu_properties::props::Script;
use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use validator::ValidationError;

use super::{
    broken,
    identity::{is_mark, script},
    pattern,
    visible::is_ignorable,
};

/// The longest slug, in characters.
pub const SLUG_MAX: usize = 80;

/// The form of slugs.
pub static SLUG: LazyLock<Regex> = LazyLock::new(|| pattern("^[a-z0-9]+(-[a-z0-9]+)*$"));

/// A slug made of a text in this language (BCP 47): spelled in a-z, words joined by hyphens, at
/// most [`SLUG_MAX`] characters, cut between words. `+` and `#` behind a word are spelled out,
/// other signs and emoji leave nothing. `None` where less than half of the letters and digits
/// can be spelled.
pub fn slugify(text: &str, language: &str) -> Option<String> {
    let spelled = Spelled::of(text, language);
    if spelled.letters == 0 && spelled.text.trim().is_empty() || spelled.lost * 2 > spelled.letters
    {
        return None;
    }
    let mut slug = String::new();
    for word in spelled.text.split_ascii_whitespace() {
        let joint = usize::from(!slug.is_empty());
        if slug.is_empty() {
            slug.push_str(&word[..word.len().min(SLUG_MAX)]);
        } else if slug.len() + joint + word.len() <= SLUG_MAX {
            slug.push('-');
            slug.push_str(word);
        } else {
            break;
        }
    }
    (!slug.is_empty()).then_some(slug)
}

/// What numbers are put behind where a slug is taken: the slug, cut so that they fit.
pub fn numbered_base(slug: &str) -> &str {
    slug[..slug.len().min(SLUG_MAX - 6)].trim_end_matches('-')
}

/// The slug, or with the first number behind it that is not taken.
pub fn first_free(slug: String, taken: &[String]) -> String {
    if !taken.contains(&slug) {
        return slug;
    }
    let base = numbered_base(&slug);
    // One of so many is free.
    let mut numbers = 2..=taken.len() + 2;
    let free = numbers.find_map(|number| {
        let numbered = format!("{base}-{number}");
        (!taken.contains(&numbered)).then_some(numbered)
    });
    free.unwrap_or(slug)
}

/// A text in a-z, 0-9 and spaces.
#[derive(Default)]
struct Spelled {
    text: String,
    /// How many letters and digits the text has,
    letters: usize,
    /// and how many of them could not be spelled.
    lost: usize,
}

impl Spelled {
    fn of(text: &str, language: &str) -> Self {
        let language = language.split('-').next().unwrap_or_default();
        let text: Vec<char> = text.nfc().filter(|c| !is_ignorable(*c)).collect();
        // Beside Han characters, kana are the endings of words that cannot be spelled.
        let has_han = text.iter().any(|c| script(*c) == Script::Han);
        let mut spelled = Self::default();
        let mut before = ' ';
        for (at, &c) in text.iter().enumerate() {
            let small = c.to_lowercase().next().unwrap_or(c);
            let after = text.get(at + 1).copied().unwrap_or(' ');
            if let Some(letters) = spelling(language, small, before) {
                spelled.letters += 1;
                spelled.text.push_str(letters);
            } else if c.is_alphanumeric() {
                spelled.letters += 1;
                let can_be = c.is_numeric() || has_letters(c, language, has_han);
                spelled.add(c, can_be);
            } else if is_mark(c) {
                // Of the letter before.
            } else if is_apostrophe(c) {
                // Parts an article from its noun where it stands for the vowel between them.
                if matches!(language, "fr" | "it" | "ca" | "oc") {
                    spelled.text.push(' ');
                }
            } else if c == '+' {
                spelled.text.push_str(" plus ");
            } else if c == '#' && before.is_alphanumeric() && !after.is_alphanumeric() {
                spelled.text.push_str(" sharp ");
            } else if !(c == '·' && language == "ca") {
                spelled.text.push(' ');
            }
            before = small;
        }
        spelled
    }

    fn add(&mut self, c: char, can_be: bool) {
        let Some(letters) = deunicode_char(c).filter(|_| can_be) else {
            self.lost += 1;
            self.text.push(' ');
            return;
        };
        let kept = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '/';
        let letters = letters.chars().filter(|c| kept(*c));
        // A fraction is two numbers.
        self.text.extend(letters.map(|c| if c == '/' { ' ' } else { c.to_ascii_lowercase() }));
    }
}

/// Whether the letter stands for a sound that a-z can write.
fn has_letters(c: char, language: &str, beside_han: bool) -> bool {
    match script(c) {
        Script::Latin
        | Script::Greek
        | Script::Cyrillic
        | Script::Armenian
        | Script::Georgian
        | Script::Hangul
        | Script::Ethiopic
        | Script::Cherokee
        | Script::Common => true,
        // The mark of a long vowel is of both.
        Script::Hiragana | Script::Katakana => !beside_han,
        Script::Han => matches!(language, "zh" | "cmn"),
        _ => false,
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{b4}' | '\u{2018}' | '\u{2019}')
}

/// How a language spells a small letter where it does so in its own way: as its newsrooms do.
fn spelling(language: &str, letter: char, before: char) -> Option<&'static str> {
    let first = !before.is_alphabetic();
    Some(match (language, letter) {
        ("de" | "gsw" | "nds", 'ä') | ("da", 'æ' | 'ä') => "ae",
        ("de" | "gsw" | "nds", 'ö') | ("da", 'ø' | 'ö') => "oe",
        ("de" | "gsw" | "nds", 'ü') => "ue",
        ("da", 'å') => "aa",
        ("bs" | "sr", 'đ' | 'ђ') => "dj",
        (_, 'ə') | ("ru", 'ё') => "e",

        ("uk" | "be", 'г') | ("sr" | "mk" | "bs" | "bg", 'х') => "h",
        ("uk", 'ґ') => "g",
        ("uk", 'и') | ("el", 'υ' | 'ύ' | 'ϋ' | 'ΰ') if before != 'ο' => "y",
        ("el", 'υ' | 'ύ') => "u",
        ("uk", 'є') if first => "ye",
        ("uk", 'ї') if first => "yi",
        ("uk", 'й') if first => "y",
        ("uk", 'ю') if first => "yu",
        ("uk", 'я') if first => "ya",
        ("uk", 'є') => "ie",
        ("uk", 'і' | 'ї' | 'й') | ("el", 'η' | 'ή') => "i",
        ("uk", 'ю') => "iu",
        ("uk", 'я') => "ia",
        ("bg", 'щ') => "sht",
        ("bg", 'ъ') => "a",
        ("bg", 'й') => "y",
        ("bg", 'ю') => "yu",
        ("bg", 'я') => "ya",
        ("sr" | "bs" | "mk", 'ж') => "z",
        ("sr" | "bs" | "mk", 'ц' | 'ч' | 'ћ') => "c",
        ("sr" | "bs" | "mk", 'ш') => "s",
        ("sr" | "bs" | "mk", 'џ' | 'ѕ') => "dz",
        ("sr" | "bs" | "mk", 'ј') => "j",
        ("sr" | "bs" | "mk", 'љ') => "lj",
        ("sr" | "bs" | "mk", 'њ') => "nj",
        ("mk", 'ѓ') => "gj",
        ("mk", 'ќ') => "kj",
        _ => return None,
    })
}

/// A slug's form.
pub fn slug_form(text: &str) -> Result<(), ValidationError> {
    if SLUG.is_match(text) {
        return Ok(());
    }
    Err(broken("pattern", "must be lower-case letters a-z and digits, words joined by one hyphen"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_spelled_as_their_language_does() {
        for (language, text, slug) in [
            ("pl", "Współpraca", "wspolpraca"),
            ("pl", "  Łódź: 100% — „tak”  ", "lodz-100-tak"),
            ("pl", "Łódź\nnocą", "lodz-noca"),
            ("en", "Don't panic", "dont-panic"),
            ("de", "Käse für Größen", "kaese-fuer-groessen"),
            ("de-AT", "Öl", "oel"),
            ("fi", "Päivä Hämeenlinnassa", "paiva-hameenlinnassa"),
            ("sk", "Päť mäsiarov", "pat-masiarov"),
            ("et", "Jõgi äärel", "jogi-aarel"),
            ("sv", "Åäö på Öland", "aao-pa-oland"),
            ("hu", "Tűzoltó őrség", "tuzolto-orseg"),
            ("da", "Københavns ærlige gåde", "koebenhavns-aerlige-gaade"),
            ("nb", "Høyre vant i Tromsø på ære", "hoyre-vant-i-tromso-pa-aere"),
            ("is", "Þórður á Íslandi", "thordur-a-islandi"),
            ("tr", "Diyarbakır'da IŞIK", "diyarbakirda-isik"),
            ("az", "Əliyev gəldi", "eliyev-geldi"),
            ("fr", "L’été de l'œuvre", "l-ete-de-l-oeuvre"),
            ("ca", "Paral·lel", "parallel"),
            ("sr-Latn", "Đorđe", "djordje"),
            ("sr", "Ђорђе Њежић", "djordje-njezic"),
            ("ru", "Ёлка и мэр", "elka-i-mer"),
            ("uk", "Київ: їжак і гора", "kyiv-yizhak-i-hora"),
            ("bg", "Щъркел в България", "shtarkel-v-balgariya"),
            ("el", "Η Ευρώπη του νότου", "i-eyropi-tou-notou"),
            ("zh-Hans", "北京", "bei-jing"),
            ("ko", "서울 시장", "seoul-sijang"),
            ("ja", "カジノ", "kazino"),
            ("en", "C++ and C#", "c-plus-plus-and-c-sharp"),
            ("en", "Issue #5: 50+ ½", "issue-5-50-plus-1-2"),
            ("en", "Ferry 🎉👍 sails", "ferry-sails"),
            ("ja", "OpenAI、GPT-6を発表", "openai-gpt-6"),
            ("hi", "2026", "2026"),
        ] {
            assert_eq!(slugify(text, language).as_deref(), Some(slug), "{language}: {text}");
        }
    }

    #[test]
    fn what_cannot_be_spelled_makes_no_slug() {
        for (language, text) in [
            ("en", "…"),
            ("en", "🎉"),
            ("ja", "東京タワーの夜"),
            ("en", "北京"),
            ("ar", "القاهرة"),
            ("he", "ירושלים"),
            ("th", "สวัสดี"),
            ("hi", "नमस्ते दुनिया"),
            ("ja", "AI規制法が成立"),
        ] {
            assert_eq!(slugify(text, language), None, "{language}: {text}");
        }
    }

    #[test]
    fn slugs_are_cut_between_words_and_keep_their_form() {
        let slug = slugify(&"word ".repeat(40), "en").unwrap();
        assert!(slug.len() <= SLUG_MAX && slug_form(&slug).is_ok(), "{slug}");
        assert_eq!(slugify(&"x".repeat(200), "en").unwrap().len(), SLUG_MAX);
    }

    #[test]
    fn a_taken_slug_gets_the_first_free_number() {
        let taken = ["ferry", "ferry-2", "ferry-4"].map(str::to_owned);
        assert_eq!(first_free("ferry".to_owned(), &taken), "ferry-3");
        assert_eq!(first_free("boat".to_owned(), &taken), "boat");
        let long = "x".repeat(SLUG_MAX);
        let numbered = first_free(long.clone(), &[long]);
        assert!(numbered.ends_with("x-2") && numbered.len() <= SLUG_MAX, "{numbered}");
    }
}
