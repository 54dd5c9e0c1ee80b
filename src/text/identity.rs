//! What makes two texts the same name, tag or saying.
//!
//! Letters are compared as they are, each in its own script: none is spelled out in another.
//! Compatibility forms (UAX #15), case, and what cannot be seen make no difference. Nor do marks
//! where their script has them as variants of a letter:
//!
//! - Latin and Greek letters lose all marks, and Latin ones beyond a-z are read as a-z does
//!   (`ł` as l, `ø` as o, `ß` as ss, small capitals as what they are).
//! - Cyrillic letters lose accents, and `ё` is `е`; `й`, `ї`, `ў`, `ѓ`, `ќ` are letters of their own.
//! - Hebrew and Arabic lose points, Arabic its lengthening stroke as well.
//! - Whatever else belongs to a script stays: vowel signs, viramas, tones, the marks of kana.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use deunicode::deunicode_char;
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, Script},
};
use sha2::{Digest, Sha256};
use unicase::UniCase;
use unicode_normalization::{UnicodeNormalization, char::decompose_canonical};

use super::visible::is_ignorable;

/// Folds away what makes no difference, so that texts that are the same compare equal: see above.
/// White space, dashes and low lines part words, however many there are; apostrophes are left out.
/// Signs that mean something stay: `c++` is not `c#`.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut parted = false;
    for letter in letters(text).chars() {
        match letter {
            '\'' | '`' | '\u{b4}' | '\u{2018}' | '\u{2019}' | '\u{2bb}' | '\u{2bc}' => {}
            _ if parts_words(letter) => parted = true,
            _ => {
                if std::mem::take(&mut parted) && !folded.is_empty() {
                    folded.push(' ');
                }
                folded.push(letter);
            }
        }
    }
    folded.nfc().collect()
}

/// A digest that two texts share when [`fold`] makes them the same.
pub fn fingerprint(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(fold(text)))
}

/// The same letter by letter: what parts words, and how, is left as it is.
pub fn letters(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let shown: String = text.nfkc().filter(|c| !is_ignorable(*c)).collect();
    let mut folded = String::with_capacity(shown.len());
    for c in UniCase::unicode(shown).to_folded_case().nfkc() {
        fold_letter(c, &mut folded);
    }
    folded.nfc().collect()
}

fn fold_letter(c: char, folded: &mut String) {
    match script(c) {
        _ if c.is_ascii() => folded.push(c),
        Script::Latin | Script::Greek => {
            decompose_canonical(c, |c| {
                if !is_mark(c) {
                    plain_letter(c, folded);
                }
            });
        }
        Script::Inherited | Script::Hebrew | Script::Arabic | Script::Cyrillic if is_mark(c) => {
            // Of the marks that belong to no script alone, those of kana make other letters.
            if matches!(c, '\u{3099}' | '\u{309a}') {
                folded.push(c);
            }
        }
        _ => match c {
            'ё' | 'ѐ' => folded.push('е'),
            'ѝ' => folded.push('и'),
            // Arabic's lengthening stroke.
            '\u{640}' => {}
            // Letters in black circles and squares, which have no compatibility form.
            '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}' => plain_letter(c, folded),
            _ => folded.push(c),
        },
    }
}

/// A letter without marks as a-z has it, where it has.
fn plain_letter(c: char, folded: &mut String) {
    let latin = |c: char| c.is_ascii_alphanumeric();
    match deunicode_char(c).filter(|plain| !plain.is_empty() && plain.chars().all(latin)) {
        Some(plain) if script(c) != Script::Greek => folded.push_str(&plain.to_ascii_lowercase()),
        _ => folded.push(c),
    }
}

/// Whether two words stand on either side of it.
fn parts_words(c: char) -> bool {
    use GeneralCategory::{ConnectorPunctuation, DashPunctuation};
    c.is_whitespace()
        || c == '-'
        || c == '_'
        || (!c.is_ascii() && matches!(category(c), ConnectorPunctuation | DashPunctuation))
}

/// A mark that takes no place of its own.
pub fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && matches!(category(c), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

pub(super) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Whether it means something where it stands alone: a letter, a digit, or a sign such as `€`.
pub fn is_word_sign(c: char) -> bool {
    use GeneralCategory::{CurrencySymbol, MathSymbol, OtherSymbol};
    c.is_alphanumeric() || matches!(category(c), CurrencySymbol | MathSymbol | OtherSymbol)
}

/// The script that a character belongs to.
pub fn script(c: char) -> Script {
    CodePointMapData::<Script>::new().get(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        fold(one) == fold(other)
    }

    #[test]
    fn case_marks_forms_and_spacing_make_no_difference() {
        for (one, other) in [
            (" Zażółć  GĘŚLĄ ", "zazolc gesla"),
            ("gęślą\n\t jaźń", "gesla jazn"),
            ("Łukasz Brzęczyszczykiewicz", "lukasz brzeczyszczykiewicz"),
            ("Jørgen Æsir", "JORGEN AESIR"),
            ("STRAẞE", "Straße"),
            ("Straße", "strasse"),
            ("Þóra Eiðsdóttir", "THORA EIDSDOTTIR"),
            ("Diyarbakır", "DİYARBAKIR"),
            ("ΑΘΉΝΑ", "αθηνα"),
            ("Ὀδυσσεύς", "ΟΔΥΣΣΕΥΣ"),
            ("Ёлка", "ЕЛКА"),
            ("за\u{301}мок", "замок"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"),
            ("محـــمد", "محمد"),
            ("ｶｼﾞﾉ", "カジノ"),
            ("Ｃａｒｌａ", "carla"),
            ("𝓒𝓪𝓻𝓵𝓪", "carla"),
            ("ᴄᴀʀʟᴀ", "carla"),
            ("Ⓒⓐⓡⓛⓐ", "carla"),
            ("🅒🅐🅡🅛🅐", "carla"),
            ("Ca\u{200b}r\u{ad}la\u{e0001}", "carla"),
            ("O’Brien", "O'Brien"),
            ("Anna–Maria", "anna-maria"),
            ("night_buses", "night buses"),
            ("ﬁn", "fin"),
        ] {
            assert!(same(one, other), "{one}: {:?}, {other}: {:?}", fold(one), fold(other));
        }
    }

    #[test]
    fn letters_of_a_script_stay_what_they_are() {
        for (one, other) in [
            ("北京", "背景"),
            ("汪放", "王芳"),
            ("赌场", "肚肠"),
            ("C++", "C#"),
            ("C++", "C"),
            ("AT&T", "ATT"),
            ("Anna", "Hanna"),
            ("Москва", "Moskva"),
            ("мой", "мои"),
            ("їжак", "іжак"),
            ("かき", "がき"),
            ("カ", "か"),
            ("कि", "की"),
            ("ก่า", "กา"),
            ("서울", "소울"),
            ("ආ", "ඇ"),
            ("👍", "👎"),
        ] {
            assert!(!same(one, other), "{one} and {other}: {:?}", fold(one));
        }
        assert_eq!(fingerprint("So\u{200b} it is"), fingerprint("so it  IS"));
        assert_ne!(fingerprint("👍👍"), fingerprint("👎👎"));
        assert_eq!(fold("नमस्ते"), "नमस्ते");
        assert_eq!(fold("สวัสดี"), "สวัสดี");
    }
}
