//! The words that generated articles are made of, and how sentences are put together.
use serde::Deserialize;

use super::dice::Dice;
use crate::error::{Error, Result};

/// The words of each language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    pub pl: Phrases,
    pub en: Phrases,
}

/// The phrases of one language. Every opener goes with every subject, predicate and tail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrases {
    openers: Vec<String>,
    subjects: Vec<String>,
    predicates: Vec<String>,
    tails: Vec<String>,
    /// Whole sentences about a number, `{n}`.
    figures: Vec<String>,
    pub sayings: Vec<String>,
    pub headings: Vec<String>,
    topics: Vec<String>,
    places: Vec<String>,
    turns: Vec<String>,
    pub kickers: Vec<String>,
    pub captions: Vec<String>,
    pub alts: Vec<String>,
    pub items: Vec<String>,
    pub tags: Vec<String>,
    /// Titles of boxes with related links.
    pub related: Vec<String>,
    /// Titles of links to other sites.
    pub sources: Vec<String>,
    pub nicknames: Vec<String>,
    pub remarks: Vec<String>,
}

impl Words {
    /// Reads the file that is compiled in.
    pub fn read() -> Result<Self> {
        serde_json::from_str(include_str!("words.json")).map_err(Error::internal)
    }

    /// Those of this language; English where there are none.
    pub fn of(&self, language: &str) -> &Phrases {
        if language == "pl" { &self.pl } else { &self.en }
    }
}

impl Phrases {
    /// A headline: what, where, and why to read on.
    pub fn headline(&self, dice: &mut Dice) -> String {
        let (topic, place) = (dice.one(&self.topics), dice.one(&self.places));
        format!("{topic} {place}: {}", dice.one(&self.turns))
    }

    /// So many sentences.
    pub fn sentences(&self, dice: &mut Dice, count: u64) -> String {
        let mut text = String::with_capacity(512);
        for _ in 0..count {
            if !text.is_empty() {
                text.push(' ');
            }
            self.sentence(dice, &mut text);
        }
        text
    }

    fn sentence(&self, dice: &mut Dice, text: &mut String) {
        if dice.chance(12) {
            let number = dice.between(2, 980).to_string();
            text.push_str(&dice.one(&self.figures).replace("{n}", &number));
            return;
        }
        text.push_str(dice.one::<String>(&self.openers));
        // Polish sets no comma behind such an opener; in English it may be left out.
        text.push(' ');
        text.push_str(dice.one::<String>(&self.subjects));
        text.push(' ');
        text.push_str(dice.one::<String>(&self.predicates));
        if dice.chance(70) {
            text.push_str(dice.one::<String>(&self.tails));
        }
        text.push('.');
    }

    /// Someone to quote: a subject at the beginning of a line.
    pub fn speaker(&self, dice: &mut Dice) -> String {
        let subject = dice.one(&self.subjects);
        let mut letters = subject.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_with_a_capital_and_end_with_a_full_stop() {
        let words = Words::read().unwrap();
        for language in ["pl", "en"] {
            let mut dice = Dice::of(3, 3);
            for _ in 0..200 {
                let text = words.of(language).sentences(&mut dice, 1);
                assert!(text.chars().next().unwrap().is_uppercase() && text.ends_with('.'));
                assert!(!text.contains("{n}") && !text.contains("  "), "{text}");
            }
        }
    }
}
