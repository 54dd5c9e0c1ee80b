//! What a kept answer costs in memory: its pieces as the allocator rounds them up, and its place
//! in the table.
use quick_cache::Weighter;

use super::{answers::Kept, key::Key};

/// A place in the table, in bytes: key, state and links of an entry, and what finds it by its
/// hash. Twice that, since tables double when they are full, and hold old and new while they do.
const PLACE: usize = 2 * 96;

/// Memory that is free, but in the middle of pages that are not: a part of what is in use. By
/// measuring a process whose answers come and go at random.
const SCATTERED: usize = 8;

/// How many bytes the allocator takes for a piece of so many: mimalloc has four sizes between a
/// power of two and the next, and none below 16 bytes. (It would say so itself, to unsafe code.)
pub(super) const fn allocated(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=64 => bytes.next_multiple_of(16),
        _ => bytes.next_multiple_of(1 << ((bytes - 1).ilog2() - 2)),
    }
}

/// Weighs entries in bytes.
#[derive(Clone)]
pub struct Weight;

impl Weighter<Key, Kept> for Weight {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        let answer = match kept {
            Kept::Ready(rendered) => rendered.weight(),
            Kept::Refused(_) => 0,
        };
        let bytes = PLACE + allocated(key.request.len()) + answer;
        (bytes + bytes / SCATTERED) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_rounded_up_to_the_allocator_s_sizes() {
        let sizes = [(0, 0), (1, 16), (16, 16), (17, 32), (64, 64), (65, 80), (128, 128)];
        let larger = [(129, 160), (160, 160), (161, 192), (257, 320), (1000, 1024), (1025, 1280)];
        for (bytes, taken) in sizes.into_iter().chain(larger) {
            assert_eq!(allocated(bytes), taken, "{bytes}");
        }
    }
}
