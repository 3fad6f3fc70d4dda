//! Keeping a password as an Argon2id PHC string, and comparing with one.

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Params, Version,
    password_hash::{
        self,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};
use towergate_core::{Random, RandomUnavailable, Secret, random};

use super::{Password, import, memory::HashMemory, pepper::Peppers};

/// The most memory that a stored hash may make us fill, in KiB: 256 MiB.
pub const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// The most passes that a stored hash may make us do.
pub const MAX_ITERATIONS: u32 = 10;
/// The most lanes that a stored hash may ask for.
pub const MAX_PARALLELISM: u32 = 16;

/// No PHC string that the house writes is longer, in bytes.
const MAX_PHC_LENGTH: usize = 512;
const SALT_LENGTH: usize = 16;
const OUTPUT_LENGTH: usize = 32;

/// How costly a hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashParams {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

/// The parameters are below the floor, above the ceiling, or do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2id needs 19456 KiB to {MAX_MEMORY_KIB} KiB of memory, 2 to {MAX_ITERATIONS} passes and 1 to \
     {MAX_PARALLELISM} lanes"
)]
pub struct WeakParams;

impl Default for HashParams {
    /// 19456 KiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

impl HashParams {
    /// Parameters at or above the default ones.
    ///
    /// # Errors
    /// When they are weaker, or so strong that a stored hash made with them would be refused.
    pub fn new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, WeakParams> {
        let floor = Self::default();
        if memory_kib < floor.memory_kib || iterations < floor.iterations {
            return Err(WeakParams);
        }
        Self::insecure_new(memory_kib, iterations, parallelism)
    }

    /// Parameters as weak as Argon2 knows them: for tests that hash often.
    ///
    /// # Errors
    /// When Argon2 cannot work with them, or they are above the ceiling.
    pub fn insecure_new(memory_kib: u32, iterations: u32, parallelism: u32) -> Result<Self, WeakParams> {
        let params = Self { memory_kib, iterations, parallelism };
        if !params.are_bounded() || params.as_argon2().is_err() {
            return Err(WeakParams);
        }
        Ok(params)
    }

    /// The memory, in KiB.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// How many passes.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        self.iterations
    }

    /// How many lanes.
    #[must_use]
    pub const fn parallelism(self) -> u32 {
        self.parallelism
    }

    fn are_bounded(self) -> bool {
        self.memory_kib <= MAX_MEMORY_KIB
            && self.iterations <= MAX_ITERATIONS
            && self.parallelism <= MAX_PARALLELISM
    }

    fn as_argon2(self) -> argon2::Result<Params> {
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(OUTPUT_LENGTH))
    }
}

/// Why no hash could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashingFailed {
    /// There is no randomness for a salt.
    #[error(transparent)]
    Random(#[from] RandomUnavailable),
    /// Argon2 gave up, which it does when memory runs out.
    #[error("Argon2 failed: {0}")]
    Argon2(password_hash::Error),
}

/// Hashes `password` under a fresh salt, as a PHC string. It takes as long as `params` say: never on an async thread.
///
/// # Errors
/// When there is no randomness or no memory.
pub fn hash(
    password: &Password,
    params: HashParams,
    random: &dyn Random,
) -> Result<Secret<String>, HashingFailed> {
    hash_with(password, params, &Peppers::default(), random)
}

/// The same, under the current one of `peppers`.
///
/// # Errors
/// When there is no randomness or no memory.
pub fn hash_with(
    password: &Password,
    params: HashParams,
    peppers: &Peppers,
    random: &dyn Random,
) -> Result<Secret<String>, HashingFailed> {
    hash_in(&mut HashMemory::new(), password, params, peppers, random)
}

/// The same, in `memory` that is kept from one hash to the next.
///
/// # Errors
/// When there is no randomness or no memory.
pub fn hash_in(
    memory: &mut HashMemory,
    password: &Password,
    params: HashParams,
    peppers: &Peppers,
    random: &dyn Random,
) -> Result<Secret<String>, HashingFailed> {
    let salt: [u8; SALT_LENGTH] = random::bytes(random)?;
    let (seasoned, mark) = peppers.season(password);
    let phc = fresh(memory, seasoned.as_bytes(), &salt, params).map_err(HashingFailed::Argon2)?;
    Ok(Secret::new(format!("{mark}{phc}")))
}

fn fresh(
    memory: &mut HashMemory,
    typed: &[u8],
    salt: &[u8],
    params: HashParams,
) -> Result<PasswordHash, password_hash::Error> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.as_argon2()?);
    current(params, salt, memory.derive(&argon2, typed, salt)?)
}

/// What a hash of nobody's password looks like: to compare with it costs what it costs with any other under `params` and
/// `peppers`, to make it costs nothing, and no password is known to come to it.
pub(super) fn of_nobody(
    params: HashParams,
    peppers: &Peppers,
    random: &dyn Random,
) -> Result<Secret<String>, HashingFailed> {
    let salt: [u8; SALT_LENGTH] = random::bytes(random)?;
    let output: [u8; OUTPUT_LENGTH] = random::bytes(random)?;
    let phc = Output::new(&output).map_err(Into::into).and_then(|output| current(params, &salt, output));
    Ok(Secret::new(format!("{}{}", peppers.mark(), phc.map_err(HashingFailed::Argon2)?)))
}

/// A hash as they are written today.
fn current(params: HashParams, salt: &[u8], output: Output) -> Result<PasswordHash, password_hash::Error> {
    Ok(PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params.as_argon2()?)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(output),
    })
}

/// That a password is the one behind a hash. Only [`verify`] makes it.
#[derive(Debug)]
pub struct PasswordVerified {
    made_with: Option<HashParams>,
}

impl PasswordVerified {
    /// Whether the hash was made in another way than `current`, so that it is time for a new one.
    #[must_use]
    pub fn rehash_due(&self, current: HashParams) -> bool {
        self.made_with != Some(current)
    }
}

/// Why a password was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyFailure {
    /// It is another password.
    #[error("the password is wrong")]
    Mismatch,
    /// What is stored is no hash that is known here, or one that would cost more than is ever spent. No work was done.
    #[error("the stored hash cannot be read")]
    Unreadable,
    /// Memory ran out.
    #[error("the hashing failed")]
    Exhausted,
}

/// Compares `password` with a stored PHC string, at the cost which that string names, within the ceiling; or with a hash of
/// bcrypt, scrypt or PBKDF2 that somebody brought along.
///
/// # Errors
/// When it is another password, or the string cannot be worked with.
pub fn verify(password: &Password, phc: &Secret<String>) -> Result<PasswordVerified, VerifyFailure> {
    verify_with(password, phc, &Peppers::default())
}

/// The same, for hashes that may be under one of `peppers`.
///
/// # Errors
/// When it is another password, or the string cannot be worked with; also when its pepper is not among them.
pub fn verify_with(
    password: &Password,
    stored: &Secret<String>,
    peppers: &Peppers,
) -> Result<PasswordVerified, VerifyFailure> {
    verify_in(&mut HashMemory::new(), password, stored, peppers)
}

/// The same, in `memory` that is kept from one hash to the next.
///
/// # Errors
/// When it is another password, or the string cannot be worked with; also when its pepper is not among them.
pub fn verify_in(
    memory: &mut HashMemory,
    password: &Password,
    stored: &Secret<String>,
    peppers: &Peppers,
) -> Result<PasswordVerified, VerifyFailure> {
    if stored.expose().len() > MAX_PHC_LENGTH {
        return Err(VerifyFailure::Unreadable);
    }
    if let Some(verified) = import::verify(password, stored.expose()) {
        return verified.map(|()| PasswordVerified { made_with: None });
    }
    let unmarked = peppers.unmark(password, stored.expose()).ok_or(VerifyFailure::Unreadable)?;
    let phc = PasswordHash::new(unmarked.phc).map_err(|_| VerifyFailure::Unreadable)?;
    let made_with = read_params(&phc).ok_or(VerifyFailure::Unreadable)?;

    #[cfg(test)]
    count::one_more();
    let again = again(memory, unmarked.typed.as_bytes(), &phc).map_err(|_| VerifyFailure::Exhausted)?;
    if !again {
        return Err(VerifyFailure::Mismatch);
    }
    let current = unmarked.current && is_current(&phc);
    Ok(PasswordVerified { made_with: current.then_some(made_with) })
}

/// Whether `typed` comes to the same again; outputs compare in constant time.
fn again(memory: &mut HashMemory, typed: &[u8], phc: &PasswordHash) -> Result<bool, password_hash::Error> {
    let (Some(salt), Some(output)) = (&phc.salt, &phc.hash) else { return Ok(false) };
    let algorithm = Algorithm::try_from(phc.algorithm.as_str())?;
    let version = phc.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(phc)?);
    Ok(memory.derive(&argon2, typed, salt)? == *output)
}

/// Whether a hash that somebody brings along is of a kind that is known here, whole, and within the bounds on the work: what is
/// not lets nobody in. Hashes under a pepper are brought along by nobody.
#[must_use]
pub fn is_workable(stored: &Secret<String>) -> bool {
    let stored = stored.expose();
    let of_ours = || PasswordHash::new(stored).is_ok_and(|phc| read_params(&phc).is_some());
    stored.len() <= MAX_PHC_LENGTH && import::is_workable(stored).unwrap_or_else(of_ours)
}

/// The parameters of a hash that may be worked with.
fn read_params(phc: &PasswordHash) -> Option<HashParams> {
    Algorithm::try_from(phc.algorithm.as_str()).ok()?;
    phc.version.map(Version::try_from).transpose().ok()?;
    phc.salt.as_ref()?;
    phc.hash.as_ref()?;
    let params = Params::try_from(phc).ok()?;
    let params =
        HashParams { memory_kib: params.m_cost(), iterations: params.t_cost(), parallelism: params.p_cost() };
    params.are_bounded().then_some(params)
}

/// Whether a hash is of the kind that [`hash`] makes today, parameters aside.
fn is_current(phc: &PasswordHash) -> bool {
    phc.algorithm == ARGON2ID_IDENT
        && phc.version == Some(Version::V0x13.into())
        && phc.salt.as_ref().is_some_and(|salt| salt.len() >= SALT_LENGTH)
        && phc.hash.as_ref().is_some_and(|output| output.len() == OUTPUT_LENGTH)
}

/// Counts the verifications of a test, which is what "the same cost" means without a clock.
#[cfg(test)]
pub(super) mod count {
    use std::cell::Cell;

    thread_local!(static VERIFICATIONS: Cell<u32> = const { Cell::new(0) });

    pub(in super::super) fn one_more() {
        VERIFICATIONS.set(VERIFICATIONS.get() + 1);
    }

    pub(in super::super) fn take() -> u32 {
        VERIFICATIONS.take()
    }
}

#[cfg(test)]
mod tests;
