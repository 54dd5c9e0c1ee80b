//! The timeline of an article: how its public and scheduled editions follow each other, and what
//! each inherits from the one before. Pure: no clock, no database.
use crate::time::Instant;

/// The dates that readers see of an edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// The date to print and to sort by.
    pub published_at: Instant,
    /// When readers first got the article.
    pub first_published_at: Instant,
    /// When it last changed in a way that matters.
    pub modified_at: Instant,
}

/// The last edition that readers had, or have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// Its number.
    pub number: i32,
    /// Its dates, which the next one inherits.
    pub dates: Dates,
}

/// When one edition is public, from `valid_from` until before `valid_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The edition's number.
    pub number: i32,
    /// Its first instant.
    pub valid_from: Instant,
    /// Its end: planned, or the start of the next edition. Not after `valid_from` where the edition
    /// is cancelled.
    pub valid_until: Instant,
    /// The end that was asked for; [`Instant::NEVER`] where none was.
    pub planned_until: Instant,
    /// What readers see of it.
    pub dates: Dates,
}

impl Run {
    /// Whether no reader will ever get it.
    pub fn is_cancelled(&self) -> bool {
        self.valid_until <= self.valid_from
    }
}

/// What was asked for an edition's dates, whatever is public before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// A date of its own; `None`: that of the edition before, or its start.
    pub published_at: Option<Instant>,
    /// Whether it moves `modified_at`.
    pub significant: bool,
}

impl Asked {
    /// What was asked for an edition that has these dates behind an edition with those.
    fn of(run: &Run, before: Option<Dates>) -> Self {
        let inherited = before.map_or(run.valid_from, |before| before.published_at);
        let own = run.dates.published_at;
        Self {
            published_at: (own != inherited).then_some(own),
            // The first edition has nothing to change; behind another it is a change.
            significant: before.is_none() || run.dates.modified_at == run.valid_from,
        }
    }

    /// The dates of an edition from this instant on, behind an edition with those dates.
    fn dates(self, from: Instant, before: Option<Dates>) -> Dates {
        let inherited = before.map(|before| before.published_at);
        let published_at = self.published_at.or(inherited).unwrap_or(from);
        Dates {
            published_at,
            first_published_at: before.map_or(from, |before| before.first_published_at),
            modified_at: match before {
                Some(before) if !self.significant => before.modified_at,
                Some(_) => from,
                // Nothing has changed yet, also where it was published before elsewhere.
                None => published_at,
            },
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    run: Run,
    /// `None` where the edition is public already: its dates stay.
    asked: Option<Asked>,
    cancelled: bool,
}

/// The editions of one article that have not ended: the public one, and those scheduled.
#[derive(Debug, Clone)]
pub struct Timeline {
    begun: Option<Begun>,
    entries: Vec<Entry>,
}

impl Timeline {
    /// Of the editions that have not ended at `now`, in any order, behind the last that readers
    /// had.
    pub fn new(begun: Option<Begun>, runs: impl IntoIterator<Item = Run>, now: Instant) -> Self {
        let mut runs: Vec<Run> = runs.into_iter().collect();
        runs.sort_unstable_by_key(|run| (run.valid_from, run.number));
        let mut before = begun.map(|begun| begun.dates);
        let entries = runs.into_iter().map(|run| {
            let asked = (run.valid_from > now).then(|| Asked::of(&run, before));
            before = Some(run.dates);
            Entry { run, asked, cancelled: false }
        });
        Self { begun, entries: entries.collect() }
    }

    /// The last edition that readers had, or have.
    pub fn begun(&self) -> Option<Begun> {
        self.begun
    }

    /// The editions that are to become public, each at its start.
    pub fn scheduled(&self) -> impl Iterator<Item = Run> {
        let scheduled = |entry: &&Entry| entry.asked.is_some() && !entry.cancelled;
        self.entries.iter().filter(scheduled).map(|entry| entry.run)
    }

    /// What was asked for the dates of a scheduled edition.
    pub fn asked(&self, number: i32) -> Option<Asked> {
        self.entries.iter().find(|entry| entry.run.number == number)?.asked
    }

    /// Schedules one more edition, or makes it public.
    pub fn add(
        &mut self,
        number: i32,
        (valid_from, planned_until): (Instant, Instant),
        asked: Asked,
    ) {
        let dates = asked.dates(valid_from, None);
        let run = Run { number, valid_from, valid_until: planned_until, planned_until, dates };
        self.entries.push(Entry { run, asked: Some(asked), cancelled: false });
    }

    /// Gives a scheduled edition another time.
    pub fn reschedule(&mut self, number: i32, (valid_from, planned_until): (Instant, Instant)) {
        for Entry { run, .. } in self.entries.iter_mut().filter(|it| it.run.number == number) {
            *run = Run { valid_from, planned_until, ..*run };
        }
    }

    /// Takes scheduled editions out: the one of this number, or all.
    pub fn cancel(&mut self, number: Option<i32>) {
        for entry in self.entries.iter_mut().filter(|entry| entry.asked.is_some()) {
            entry.cancelled |= number.is_none_or(|number| entry.run.number == number);
        }
    }

    /// The editions in the order of their starts: each ends as planned or where the next one
    /// begins, and what is public goes on where nothing follows it any more. Of two that begin at
    /// one instant the newer counts, and the other is cancelled.
    pub fn arranged(mut self) -> Vec<Run> {
        self.entries.sort_unstable_by_key(|entry| (entry.run.valid_from, entry.run.number));
        let mut next = Instant::NEVER;
        for Entry { run, cancelled, .. } in self.entries.iter_mut().rev() {
            if *cancelled {
                run.valid_until = run.valid_from;
            } else {
                run.valid_until = run.planned_until.min(next);
                next = run.valid_from;
            }
        }
        let mut before = self.begun.map(|begun| begun.dates);
        for Entry { run, asked, .. } in &mut self.entries {
            if run.is_cancelled() {
                continue;
            }
            if let Some(asked) = asked {
                run.dates = asked.dates(run.valid_from, before);
            }
            before = Some(run.dates);
        }
        self.entries.into_iter().map(|entry| entry.run).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(seconds * 1_000_000).unwrap()
    }

    const ASKED: Asked = Asked { published_at: None, significant: true };

    fn times(runs: &[Run]) -> Vec<(i32, i64, i64)> {
        let time = |run: &Run| (run.number, run.valid_from.seconds(), run.valid_until.seconds());
        runs.iter().map(time).collect()
    }

    /// One edition public from 10 to 1000, and another scheduled for 100.
    fn public_and_scheduled() -> Vec<Run> {
        let mut timeline = Timeline::new(None, [], at(10));
        timeline.add(1, (at(10), at(1000)), ASKED);
        timeline.add(2, (at(100), Instant::NEVER), Asked { significant: false, ..ASKED });
        timeline.arranged()
    }

    fn begun(runs: &[Run]) -> Begun {
        Begun { number: runs[0].number, dates: runs[0].dates }
    }

    const NEVER: i64 = 253_402_300_799;

    #[test]
    fn a_cancelled_edition_gives_the_one_before_its_planned_end_back() {
        let runs = public_and_scheduled();
        assert_eq!(times(&runs), [(1, 10, 100), (2, 100, NEVER)]);
        let mut timeline = Timeline::new(Some(begun(&runs)), runs, at(50));
        timeline.cancel(Some(2));
        assert_eq!(times(&timeline.arranged()), [(1, 10, 1000), (2, 100, 100)]);
    }

    #[test]
    fn what_is_published_beside_a_schedule_dates_what_comes_after_it() {
        let runs = public_and_scheduled();
        let mut timeline = Timeline::new(Some(begun(&runs)), runs, at(50));
        timeline.add(3, (at(50), Instant::NEVER), ASKED);
        let runs = timeline.arranged();
        assert_eq!(times(&runs), [(1, 10, 50), (3, 50, 100), (2, 100, NEVER)]);
        assert_eq!(runs[2].dates.modified_at, at(50), "it was not to move the date itself");
        assert_eq!(runs[2].dates.published_at, at(10));
    }

    #[test]
    fn the_first_edition_gives_way_to_one_before_it() {
        let mut timeline = Timeline::new(None, [], at(0));
        timeline.add(1, (at(100), Instant::NEVER), ASKED);
        let mut timeline = Timeline::new(None, timeline.arranged(), at(0));
        timeline.add(2, (at(50), Instant::NEVER), ASKED);
        let runs = timeline.arranged();
        assert_eq!(times(&runs), [(2, 50, 100), (1, 100, NEVER)]);
        let dates = runs[1].dates;
        assert_eq!((dates.first_published_at, dates.published_at), (at(50), at(50)));
        assert_eq!(dates.modified_at, at(100));
        // And takes its place back.
        let mut timeline = Timeline::new(None, runs, at(0));
        timeline.cancel(Some(2));
        assert_eq!(timeline.arranged().pop().unwrap().dates.first_published_at, at(100));
    }

    #[test]
    fn a_date_that_was_asked_for_stays() {
        let asked = Asked { published_at: Some(at(5)), ..ASKED };
        let mut timeline = Timeline::new(None, [], at(0));
        timeline.add(1, (at(100), Instant::NEVER), asked);
        let mut timeline = Timeline::new(None, timeline.arranged(), at(0));
        assert_eq!(timeline.asked(1), Some(asked));
        timeline.reschedule(1, (at(200), at(300)));
        timeline.add(2, (at(50), Instant::NEVER), ASKED);
        let runs = timeline.arranged();
        assert_eq!(times(&runs), [(2, 50, 200), (1, 200, 300)]);
        assert_eq!(runs[1].dates.published_at, at(5));
    }

    #[test]
    fn of_two_that_begin_at_once_the_newer_counts() {
        let runs = public_and_scheduled();
        let mut timeline = Timeline::new(Some(begun(&runs)), runs, at(50));
        timeline.add(3, (at(100), Instant::NEVER), ASKED);
        assert_eq!(times(&timeline.arranged()), [(1, 10, 100), (2, 100, 100), (3, 100, NEVER)]);
    }
}
