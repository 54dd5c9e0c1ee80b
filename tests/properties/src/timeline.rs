//! Timelines: whatever is published, cancelled and moved in whatever order, no two editions of an
//! article are public at once, and each one's dates go on from those of the one before.
use arbitrary::{Result, Unstructured};
use broadsheet::{
    articles::editions::timeline::{Asked, Begun, Run, Timeline},
    time::Instant,
};

/// Seconds within which everything happens.
const SPAN: i64 = 60;

fn at(seconds: i64) -> Instant {
    Instant::from_micros(seconds * 1_000_000).unwrap()
}

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let (mut runs, mut now, mut number) = (Vec::<Run>::new(), 0, 0);
    for _ in 0..u.int_in_range(1..=8)? {
        now += u.int_in_range(0..=10)?;
        let begun = begun(&runs, now);
        let standing = runs.iter().copied().filter(|run| run.valid_until > at(now));
        let mut timeline =
            Timeline::new(begun, standing.filter(|run| !run.is_cancelled()), at(now));
        let scheduled: Vec<i32> = timeline.scheduled().map(|run| run.number).collect();
        let from = now + u.int_in_range(0..=SPAN)?;
        let until =
            if u.arbitrary()? { Instant::NEVER } else { at(from + u.int_in_range(1..=SPAN)?) };
        match u.int_in_range(0..=2)? {
            1 if !scheduled.is_empty() => timeline.cancel(Some(*u.choose(&scheduled)?)),
            2 if !scheduled.is_empty() => {
                let moved = *u.choose(&scheduled)?;
                let asked = timeline.asked(moved).unwrap().published_at;
                if asked.is_none_or(|asked| asked <= at(from)) {
                    timeline.reschedule(moved, (at(from), until));
                }
            }
            _ => {
                number += 1;
                let earlier = at(from - u.int_in_range(0..=5)?.min(from));
                let published_at = u.arbitrary::<bool>()?.then_some(earlier);
                let asked = Asked { published_at, significant: u.arbitrary()? };
                timeline.add(number, (at(from), until), asked);
            }
        }
        let arranged = timeline.arranged();
        keeps_the_past(&runs, &arranged, now);
        for run in arranged {
            runs.retain(|old| old.number != run.number);
            runs.push(run);
        }
        follow_each_other(&runs);
    }
    Ok(())
}

/// What readers had last.
fn begun(runs: &[Run], now: i64) -> Option<Begun> {
    let begun = runs.iter().filter(|run| run.valid_from <= at(now) && !run.is_cancelled());
    let last = begun.max_by_key(|run| (run.valid_from, run.number))?;
    Some(Begun { number: last.number, dates: last.dates })
}

/// What was public up to now is what it was, and so are the dates that readers have seen.
fn keeps_the_past(before: &[Run], after: &[Run], now: i64) {
    for old in before.iter().filter(|run| run.valid_from < at(now) && !run.is_cancelled()) {
        let Some(new) = after.iter().find(|run| run.number == old.number) else { continue };
        assert_eq!((old.valid_from, old.dates), (new.valid_from, new.dates), "{old:?} {new:?}");
        assert!(old.valid_until >= at(now) && new.valid_until >= at(now), "{old:?} {new:?}");
    }
}

fn follow_each_other(runs: &[Run]) {
    let mut shown: Vec<&Run> = runs.iter().filter(|run| !run.is_cancelled()).collect();
    shown.sort_unstable_by_key(|run| run.valid_from);
    for run in &shown {
        assert!(run.valid_until <= run.planned_until, "{run:?}");
        let dates = run.dates;
        let latest = dates.published_at.max(dates.first_published_at).max(dates.modified_at);
        assert!(latest <= run.valid_from, "{run:?}");
    }
    for (one, next) in shown.iter().zip(shown.iter().skip(1)) {
        assert!(one.valid_until <= next.valid_from, "two at once: {one:?} {next:?}");
        assert!(
            one.valid_until == next.valid_from || one.valid_until == one.planned_until,
            "nothing ends it: {one:?} {next:?}"
        );
        assert_eq!(one.dates.first_published_at, next.dates.first_published_at);
        assert!(one.dates.modified_at <= next.dates.modified_at, "{one:?} {next:?}");
    }
}
