//! Randomness as an argument.

use std::sync::Mutex;

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
