//! The memory that Argon2 fills, in huge pages where the system has them.
//!
//! Argon2 jumps about in its memory, and with pages of 4 KiB each jump costs a look for the page as well. Linux gives pages of
//! 2 MiB to whoever asks, but only for memory that came from the system itself, as bytes.
//!
//! # The one `unsafe` of the house
//!
//! That those bytes may be used as blocks cannot be said without `unsafe`, for `argon2::Block` promises no more of itself. It is
//! said in one line of this file, and everywhere else the compiler forbids `unsafe`; `tests/laws` watches that it stays so.

use std::{fmt, io};

use argon2::Block;
use memmap2::{MmapMut, MmapOptions};

/// What a huge page holds, in bytes, on the processors that most servers have.
const HUGE_PAGE: usize = 2 << 20;

/// Memory of its own for so many blocks, all zero at first. The system gets it back when it is dropped.
pub struct Arena {
    map: MmapMut,
    count: usize,
}

impl Arena {
    /// Memory for `count` blocks. Where there are no huge pages it is made of ordinary ones.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn new(count: usize) -> io::Result<Self> {
        let bytes = count.checked_mul(Block::SIZE).ok_or(io::ErrorKind::OutOfMemory)?;
        // Whole huge pages are put where huge pages may lie. What is beyond the blocks is never touched, so it costs nothing.
        let length = bytes.checked_next_multiple_of(HUGE_PAGE).ok_or(io::ErrorKind::OutOfMemory)?;
        let map = MmapOptions::new().len(length.max(HUGE_PAGE)).map_anon()?;
        #[cfg(target_os = "linux")]
        // Whoever refuses gives ordinary pages, which are as good but for the time they take. The last blocks stay in ordinary
        // pages when they would fill a huge one in part.
        let _ = map.advise_range(memmap2::Advice::HugePage, 0, bytes - bytes % HUGE_PAGE);
        Ok(Self { map, count })
    }

    /// The blocks, as the last one to write to them left them.
    pub fn blocks(&mut self) -> &mut [Block] {
        let blocks = of_blocks(&mut self.map);
        let count = self.count.min(blocks.len());
        blocks.get_mut(..count).unwrap_or_default()
    }

    /// How many blocks there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }
}

/// The blocks that lie in `bytes`.
#[expect(
    unsafe_code,
    reason = "bytes of the system are blocks, which no safe code may say of somebody else's type"
)]
fn of_blocks(bytes: &mut [u8]) -> &mut [Block] {
    // Nothing but the words that it shows, so nothing between them.
    const { assert!(size_of::<Block>() == Block::SIZE && Block::SIZE == 128 * size_of::<u64>()) }
    // SAFETY: a `Block` is 128 words of 64 bits and nothing else, as its size says, and any bits make such words: any bytes
    // are blocks. Whatever is written to a block are words too, so the bytes behind it are bytes again afterwards.
    // `align_to_mut` itself sees to bounds and alignment, and the borrow of `bytes` lasts as long as that of the blocks.
    let (_, blocks, _) = unsafe { bytes.align_to_mut::<Block>() };
    blocks
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("kib", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arena_has_as_many_blocks_as_were_asked_for_and_all_are_zero() {
        for count in [0, 1, 8, 2047, 2048, 2049, 19 * 1024] {
            let mut arena = Arena::new(count).unwrap();
            assert_eq!((arena.count(), arena.blocks().len()), (count, count));
            assert!(arena.blocks().iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
        }
    }

    #[test]
    fn more_than_there_can_be_is_refused() {
        assert!(Arena::new(usize::MAX).is_err());
        assert!(Arena::new(usize::MAX / Block::SIZE).is_err());
    }

    #[test]
    fn what_is_written_to_blocks_is_in_them_and_nowhere_else() {
        let mut arena = Arena::new(4).unwrap();
        for (place, block) in arena.blocks().iter_mut().enumerate() {
            block.as_mut().fill(place as u64 + 1);
        }
        for (place, block) in arena.blocks().iter().enumerate() {
            assert!(block.as_ref().iter().all(|word| *word == place as u64 + 1));
        }
    }

    #[test]
    fn blocks_are_the_whole_ones_that_lie_aligned_in_the_bytes() {
        let mut bytes = vec![0xa5_u8; 4 * Block::SIZE];
        let blocks = of_blocks(&mut bytes);
        assert!(matches!(blocks.len(), 3 | 4));
        assert!(blocks.as_ptr().is_aligned());
        for block in &mut *blocks {
            assert!(block.as_ref().iter().all(|word| *word == 0xa5a5_a5a5_a5a5_a5a5));
            *block = Block::new();
        }
        let kept = blocks.len() * Block::SIZE;
        assert_eq!(bytes.iter().filter(|byte| **byte == 0).count(), kept);
    }
}
