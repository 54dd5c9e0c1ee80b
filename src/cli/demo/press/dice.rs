//! Chance that can be repeated: the same seed throws the same numbers on every machine.

/// A source of numbers that look random (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    /// The dice of one thing: things with other numbers have other dice.
    pub fn of(seed: u64, number: u64) -> Self {
        let mut dice = Self(seed);
        let mixed = dice.throw() ^ number.wrapping_mul(0xd134_2543_de82_ef95);
        Self(mixed)
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end`, which is left out.
    pub fn below(&mut self, end: u64) -> u64 {
        // The upper half of the product is as even as anyone needs here, and cheap.
        let wide = u128::from(self.throw()) * u128::from(end);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `start` to `end`, both included.
    pub fn between(&mut self, start: u64, end: u64) -> u64 {
        start + self.below(end - start + 1)
    }

    /// True so many times of a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A place in a list of this length, which is not empty.
    pub fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// One of these; there is at least one.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.place(of.len())]
    }

    /// So many different ones of these, at the most, in their order.
    pub fn some<'a, T>(&mut self, of: &'a [T], count: u64) -> Vec<&'a T> {
        let mut places: Vec<usize> = (0..count).map(|_| self.place(of.len())).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|place| &of[place]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_another_does_not() {
        let throws = |seed, number| {
            let mut dice = Dice::of(seed, number);
            (0..8).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, 1), throws(1, 1));
        assert_ne!(throws(1, 1), throws(1, 2));
        assert_ne!(throws(1, 1), throws(2, 1));
    }

    #[test]
    fn throws_are_even_and_within_their_bounds() {
        let mut dice = Dice::of(7, 7);
        let mut counts = [0; 6];
        for _ in 0..6000 {
            counts[dice.place(6)] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
        assert!((0..100).all(|_| (3..=5).contains(&dice.between(3, 5))));
    }
}
