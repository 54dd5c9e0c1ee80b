//! Where the rules of ad slots put them into a body.
use std::collections::BTreeMap;

use super::parts::AdRule;

/// A block of a body, as far as placing ads depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    /// An ad that an editor has pinned here.
    Ad,
    /// A heading.
    Heading,
    /// A paragraph.
    Paragraph {
        /// Whether its text ends in a colon.
        announces: bool,
    },
    /// A list.
    List,
    /// Anything else.
    Other,
}

/// One turn of a rule: an ad to be put into a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The block that it stands before, counted from 0.
    pub before: usize,
    /// Whose turn it is: the place of the rule among those that were given.
    pub rule: usize,
    /// Which turn of this rule, from 1.
    pub number: usize,
}

/// Where these rules put ads into this body, in the order of the body.
///
/// A rule has a turn after every so many blocks, at the next place where an ad may stand: not
/// first, between two blocks that belong together, next to another ad, or from the last paragraph
/// on. Its count starts anew with each of its turns and at every pinned ad. Where two rules want
/// the same place, the earlier one has it.
pub fn turns(body: &[BlockKind], rules: &[AdRule]) -> Vec<Turn> {
    let last_paragraph = |kind: &BlockKind| matches!(kind, BlockKind::Paragraph { .. });
    let end = body.iter().rposition(last_paragraph).unwrap_or(body.len().saturating_sub(1));
    let mut taken = BTreeMap::new();
    for (rule, AdRule { after_every, max }) in rules.iter().enumerate() {
        let (every, max) = (usize::from(*after_every), usize::from(*max));
        let (mut blocks, mut number) = (0, 0);
        for (before, pair) in (1..end).zip(body.windows(2)) {
            blocks = if pair[0] == BlockKind::Ad { 0 } else { blocks + 1 };
            let free = may_be_parted(pair[0], pair[1]) && !taken.contains_key(&before);
            if blocks >= every && number < max && free {
                blocks = 0;
                number += 1;
                taken.insert(before, Turn { before, rule, number });
            }
        }
    }
    taken.into_values().collect()
}

/// Whether an ad may stand between two blocks: not beside another ad, nor between a heading or an
/// introduction and what it announces.
fn may_be_parted(above: BlockKind, below: BlockKind) -> bool {
    match above {
        BlockKind::Ad | BlockKind::Heading => false,
        BlockKind::Paragraph { announces } => {
            !announces && below != BlockKind::Ad && below != BlockKind::List
        }
        BlockKind::List | BlockKind::Other => below != BlockKind::Ad,
    }
}

/// Whether a text, given in pieces, ends in a colon: of any script, whatever space follows.
pub fn ends_in_colon<'a>(pieces: impl DoubleEndedIterator<Item = &'a str>) -> bool {
    let last = pieces.rev().find_map(|piece| piece.trim_end().chars().next_back());
    matches!(last, Some(':' | '\u{FF1A}' | '\u{FE55}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rule(after_every: u16, max: u16) -> AdRule {
        AdRule { after_every, max }
    }

    /// A body in one word, a letter a block: `p` a paragraph, `c` one that ends in a colon, `h` a
    /// heading, `l` a list, `A` a pinned ad, `x` anything else.
    fn body(letters: &str) -> Vec<BlockKind> {
        let kind = |letter| match letter {
            'A' => BlockKind::Ad,
            'h' => BlockKind::Heading,
            'p' => BlockKind::Paragraph { announces: false },
            'c' => BlockKind::Paragraph { announces: true },
            'l' => BlockKind::List,
            'x' => BlockKind::Other,
            other => panic!("no block is written {other}"),
        };
        letters.chars().map(kind).collect()
    }

    /// The same body with a digit for each ad that was put into it: the number of its rule.
    fn placed(letters: &str, rules: &[AdRule]) -> String {
        let turns = turns(&body(letters), rules);
        let mut text = String::new();
        for (at, letter) in letters.chars().enumerate() {
            text.extend(turns.iter().filter(|turn| turn.before == at).map(|t| t.rule.to_string()));
            text.push(letter);
        }
        text
    }

    #[track_caller]
    fn is_placed(rules: &[AdRule], cases: &[(&str, &str)]) {
        for (letters, expected) in cases {
            assert_eq!(placed(letters, rules), *expected, "{letters} by {rules:?}");
        }
    }

    #[test]
    fn after_every_so_many_blocks_and_so_often_at_most() {
        is_placed(&[rule(2, 2)], &[("pppppppppp", "pp0pp0pppppp"), ("ppppp", "pp0ppp")]);
        is_placed(&[rule(1, 100)], &[("pppp", "p0p0pp"), ("xxxx", "x0x0xx")]);
        is_placed(&[rule(3, 0)], &[("pppppppp", "pppppppp")]);
    }

    #[test]
    fn never_first_and_never_from_the_last_paragraph_on() {
        let every = [rule(1, 100)];
        is_placed(&every, &[("", ""), ("p", "p"), ("pp", "pp"), ("ppp", "p0pp"), ("x", "x")]);
        // Below the last paragraph the text is over, whatever stands there.
        is_placed(&every, &[("pppxxx", "p0ppxxx"), ("pxl", "pxl"), ("hp", "hp")]);
        is_placed(&[rule(4, 1)], &[("ppppp", "ppppp"), ("pppppp", "pppp0pp")]);
    }

    #[test]
    fn never_between_a_heading_and_its_text() {
        is_placed(&[rule(2, 100)], &[("phpppp", "php0ppp"), ("phhppp", "phhp0pp")]);
        is_placed(&[rule(1, 100)], &[("hphpp", "hp0hpp"), ("pphxp", "p0p0hxp")]);
    }

    #[test]
    fn never_between_an_introduction_and_what_it_introduces() {
        is_placed(
            &[rule(1, 100)],
            &[
                ("pplppp", "p0pl0p0pp"),
                ("pcxppp", "p0cx0p0pp"),
                ("pclppp", "p0cl0p0pp"),
                ("pccppp", "p0ccp0pp"),
                // A list after something else than a paragraph was not introduced.
                ("pxlpp", "p0x0l0pp"),
            ],
        );
    }

    #[test]
    fn never_next_to_another_ad() {
        is_placed(&[rule(1, 100)], &[("pApppp", "pAp0p0pp"), ("pppApp", "p0p0pApp")]);
        // Nor where another rule has put one.
        is_placed(&[rule(2, 2), rule(2, 2)], &[("pppppppppp", "pp0p1p0p1ppppp")]);
        is_placed(&[rule(1, 100), rule(1, 100)], &[("ppppp", "p0p0p0pp")]);
    }

    #[test]
    fn a_pinned_ad_starts_the_count_anew() {
        is_placed(
            &[rule(3, 9)],
            &[
                ("pppppppp", "ppp0ppp0pp"),
                ("ppApppppp", "ppAppp0ppp"),
                ("pppAppppp", "pppAppp0pp"),
                ("pApApApppppp", "pApApAppp0ppp"),
            ],
        );
    }

    #[test]
    fn a_turn_that_has_to_wait_moves_those_after_it() {
        is_placed(&[rule(2, 3)], &[("phpplpppppp", "php0pl0pp0pppp")]);
    }

    #[test]
    fn turns_are_numbered_by_rule() {
        let turns = turns(&body("ppppppp"), &[rule(3, 1), rule(2, 2)]);
        let turn = |before, rule, number| Turn { before, rule, number };
        assert_eq!(turns, [turn(2, 1, 1), turn(3, 0, 1), turn(4, 1, 2)]);
    }

    #[test]
    fn a_colon_is_one_in_any_script_and_before_any_space() {
        for text in ["As follows:", "As follows: \n", "Voici\u{a0}:", "如下：", "如下﹕\u{3000}"]
        {
            assert!(ends_in_colon([text].into_iter()), "{text:?}");
        }
        assert!(ends_in_colon(["They are", ":", " ", ""].into_iter()));
        for text in ["", " ", "At 12:30", "As follows: this.", "As follows;"] {
            assert!(!ends_in_colon([text].into_iter()), "{text:?}");
        }
        assert!(!ends_in_colon(["As follows:", " this."].into_iter()));
        assert!(!ends_in_colon(std::iter::empty()));
    }
}
