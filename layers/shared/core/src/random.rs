//! Randomness as an argument.

use std::{fmt, sync::Mutex};

use ring::digest::{Context, SHA256};

/// The operating system gave no random bytes; nothing secret can be made until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system's random number generator failed")]
pub struct RandomUnavailable;

/// A source of unpredictable bytes.
pub trait Random: Send + Sync + 'static {
    /// Fills `dest`.
    ///
    /// # Errors
    /// When the source fails; `dest` is then to be thrown away.
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable>;
}

impl<R: Random + ?Sized> Random for std::sync::Arc<R> {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
        (**self).fill(dest)
    }
}

/// `N` fresh bytes.
///
/// # Errors
/// When the source fails.
pub fn bytes<const N: usize>(random: &dyn Random) -> Result<[u8; N], RandomUnavailable> {
    let mut bytes = [0; N];
    random.fill(&mut bytes)?;
    Ok(bytes)
}

/// Bytes drawn ahead, for names that must not meet but need not be secret: a draw from the system for each would cost more than
/// the rest of what a request is recorded with.
///
/// What is drawn ahead lies in memory until it is used, so nothing that opens a door may be made of it.
#[derive(Debug)]
pub struct DrawnAhead<R> {
    source: R,
    reserve: Mutex<Reserve>,
}

/// The bytes from `used` on are still to be given.
struct Reserve {
    bytes: [u8; 1024],
    used: usize,
}

impl<R: Random> DrawnAhead<R> {
    /// Draws from `source`, 1024 bytes at a time.
    pub const fn new(source: R) -> Self {
        Self { source, reserve: Mutex::new(Reserve { bytes: [0; 1024], used: 1024 }) }
    }
}

impl<R: Random> Random for DrawnAhead<R> {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
        let mut reserve = self.reserve.lock().map_err(|_| RandomUnavailable)?;
        let Reserve { bytes, used } = &mut *reserve;
        if bytes.len() - *used < dest.len() {
            if bytes.len() < dest.len() {
                return self.source.fill(dest);
            }
            // Whatever stops halfway leaves a reserve that counts as empty.
            *used = bytes.len();
            self.source.fill(bytes)?;
            *used = 0;
        }
        let given = bytes.get_mut(*used..*used + dest.len()).ok_or(RandomUnavailable)?;
        dest.swap_with_slice(given);
        *used += dest.len();
        Ok(())
    }
}

impl fmt::Debug for Reserve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserve").field("used", &self.used).finish_non_exhaustive()
    }
}

/// Predictable bytes from a seed: for tests that must be repeatable, never for a running host.
#[derive(Debug)]
pub struct InsecureSeededRandom {
    seed: u64,
    drawn: Mutex<u64>,
}

impl InsecureSeededRandom {
    /// The stream that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { seed, drawn: Mutex::new(0) }
    }
}

impl Random for InsecureSeededRandom {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
        let mut drawn = self.drawn.lock().map_err(|_| RandomUnavailable)?;
        for chunk in dest.chunks_mut(32) {
            let mut block = Context::new(&SHA256);
            block.update(&self.seed.to_be_bytes());
            block.update(&drawn.to_be_bytes());
            *drawn = drawn.wrapping_add(1);
            for (to, from) in chunk.iter_mut().zip(block.finish().as_ref()) {
                *to = *from;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_drawn_ahead_are_each_given_once_and_in_order() {
        let (mut drawn, mut given) = ([0; 3072], [0; 3072]);
        for part in drawn.chunks_mut(1024) {
            InsecureSeededRandom::new(1).fill(part).unwrap();
        }
        let ahead = DrawnAhead::new(Again);
        // Ten bytes do not go into 1024: what is left of a reserve is let go.
        for part in given.chunks_mut(1024) {
            part[..1020].chunks_mut(10).for_each(|part| ahead.fill(part).unwrap());
        }
        for (drawn, given) in drawn.chunks(1024).zip(given.chunks(1024)) {
            assert_eq!(drawn[..1020], given[..1020]);
        }
    }

    #[test]
    fn more_than_is_drawn_ahead_comes_from_the_source() {
        let (mut drawn, mut given) = ([0; 4096], [0; 4096]);
        InsecureSeededRandom::new(1).fill(&mut drawn).unwrap();
        DrawnAhead::new(Again).fill(&mut given).unwrap();
        assert_eq!(drawn, given);
    }

    #[test]
    fn what_could_not_be_drawn_is_not_given() {
        struct Nothing;
        impl Random for Nothing {
            fn fill(&self, _: &mut [u8]) -> Result<(), RandomUnavailable> {
                Err(RandomUnavailable)
            }
        }
        let ahead = DrawnAhead::new(Nothing);
        for _ in 0..3 {
            assert_eq!(bytes::<10>(&ahead), Err(RandomUnavailable));
        }
    }

    /// The same bytes at each draw.
    struct Again;

    impl Random for Again {
        fn fill(&self, dest: &mut [u8]) -> Result<(), RandomUnavailable> {
            InsecureSeededRandom::new(1).fill(dest)
        }
    }
}
