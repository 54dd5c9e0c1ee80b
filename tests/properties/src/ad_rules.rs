//! Rules of ad slots: whatever the body and the rules are, no ad stands where none may.
use arbitrary::{Result, Unstructured};
use broadsheet::ads::{
    parts::AdRule,
    placing::{BlockKind, turns},
};

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let body = (0..u.int_in_range(0..=40)?).map(|_| kind(u)).collect::<Result<Vec<_>>>()?;
    let rules = (0..u.int_in_range(0..=4)?).map(|_| rule(u)).collect::<Result<Vec<_>>>()?;
    let turns = turns(&body, &rules);
    assert!(
        turns.is_sorted_by(|one, next| one.before < next.before),
        "two at one place: {turns:?}"
    );
    for turn in &turns {
        let (above, below) = (body[turn.before - 1], body[turn.before]);
        assert!(above != BlockKind::Ad && below != BlockKind::Ad, "{turn:?} is beside an ad");
        assert!(above != BlockKind::Heading, "{turn:?} parts a heading from its text");
        let paragraph = |kind: &BlockKind| matches!(kind, BlockKind::Paragraph { .. });
        assert!(above != BlockKind::Paragraph { announces: true }, "{turn:?} parts a colon");
        assert!(!paragraph(&above) || below != BlockKind::List, "{turn:?} parts a list");
        let last = body.iter().rposition(paragraph).unwrap_or(body.len() - 1);
        assert!(turn.before < last, "{turn:?} is in the last paragraph of {body:?}");
    }
    for (index, AdRule { after_every, max }) in rules.iter().enumerate() {
        let own: Vec<_> = turns.iter().filter(|turn| turn.rule == index).collect();
        assert!(own.len() <= usize::from(*max), "{own:?} are more than {max}");
        let mut since = 0;
        for (at, turn) in own.iter().enumerate() {
            assert_eq!(turn.number, at + 1);
            let run = &body[since..turn.before];
            let counted = run.iter().rev().take_while(|kind| **kind != BlockKind::Ad).count();
            assert!(counted >= usize::from(*after_every), "{turn:?} after {counted} blocks");
            since = turn.before;
        }
    }
    Ok(())
}

fn kind(u: &mut Unstructured<'_>) -> Result<BlockKind> {
    Ok(match u.int_in_range(0..=7)? {
        0 => BlockKind::Ad,
        1 => BlockKind::Heading,
        2 => BlockKind::List,
        3 => BlockKind::Other,
        4 => BlockKind::Paragraph { announces: true },
        _ => BlockKind::Paragraph { announces: false },
    })
}

fn rule(u: &mut Unstructured<'_>) -> Result<AdRule> {
    Ok(AdRule { after_every: u.int_in_range(1..=6)?, max: u.int_in_range(1..=8)? })
}
