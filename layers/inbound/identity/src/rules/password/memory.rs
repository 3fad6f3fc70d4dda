//! The memory that Argon2 fills, kept from one hash to the next.

use std::fmt;

use argon2::{
    Argon2, Block, Error, Params,
    password_hash::{self, phc::Output},
};
use rayon::{iter::ParallelIterator, slice::ParallelSliceMut};
use towergate_arena::Arena;
use zeroize::Zeroize;

/// Memory for one hash at a time.
///
/// To ask the system for it, page by page, takes about as long as a hash does, and memory that comes and goes for each lets the
/// process grow to several times of what is in use. It grows to the most that a hash asked for, and is wiped after each.
#[derive(Default)]
pub struct HashMemory(Option<Arena>);

impl HashMemory {
    /// Memory that is asked for when it is first needed.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// What `argon2` makes of `typed` and `salt`.
    pub(super) fn derive(
        &mut self,
        argon2: &Argon2<'_>,
        typed: &[u8],
        salt: &[u8],
    ) -> Result<Output, password_hash::Error> {
        let count = argon2.params().block_count();
        // What is too small goes before its successor comes.
        let kept = self.0.take().filter(|arena| arena.count() >= count);
        let arena = match kept {
            Some(arena) => arena,
            None => Arena::new(count).map_err(|_| Error::OutOfMemory)?,
        };
        let blocks = self.0.insert(arena).blocks().get_mut(..count).ok_or(Error::OutOfMemory)?;
        let mut output = [0; Output::MAX_LENGTH];
        let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(Error::OutputTooLong)?;
        let derived = argon2.hash_password_into_with_memory(typed, salt, output, &mut *blocks);
        wipe(blocks, argon2.params().p_cost() as usize);
        derived?;
        Ok(Output::new(output)?)
    }
}

/// Wipes what was filled by so many lanes, with a thread for each, as it was filled.
fn wipe(blocks: &mut [Block], lanes: usize) {
    let wipe_all = |blocks: &mut [Block]| blocks.iter_mut().for_each(Zeroize::zeroize);
    if lanes > 1 {
        blocks.par_chunks_mut(blocks.len().div_ceil(lanes).max(1)).for_each(wipe_all);
    } else {
        wipe_all(blocks);
    }
}

impl fmt::Debug for HashMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashMemory").field("kib", &self.0.as_ref().map_or(0, Arena::count)).finish()
    }
}

#[cfg(test)]
mod tests {
    use argon2::{Algorithm, Version};

    use super::*;

    fn argon2(memory_kib: u32, passes: u32, lanes: u32) -> Argon2<'static> {
        let params = Params::new(memory_kib, passes, lanes, Some(32)).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }

    #[test]
    fn memory_that_was_used_before_changes_no_hash() {
        let mut memory = HashMemory::new();
        for memory_kib in [64, 16, 256, 64] {
            let argon2 = argon2(memory_kib, 2, 1);
            let mut fresh = [0; 32];
            argon2.hash_password_into(b"typed", b"salt of sixteen.", &mut fresh).unwrap();
            let kept = memory.derive(&argon2, b"typed", b"salt of sixteen.").unwrap();
            assert_eq!(kept.as_bytes(), fresh);
        }
    }

    #[test]
    fn nothing_of_a_hash_stays_in_memory() {
        for (memory_kib, lanes) in [(64, 1), (64, 4), (40, 3), (8, 1)] {
            let argon2 = argon2(memory_kib, 1, lanes);
            let mut memory = HashMemory::new();
            memory.derive(&argon2, b"typed", b"salt of sixteen.").unwrap();
            let arena = memory.0.as_mut().unwrap();
            assert_eq!(arena.count(), argon2.params().block_count());
            assert!(arena.blocks().iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
        }
    }
}
