//! Argon2 work: bounded, off the async threads, and never left half-counted.
//!
//! 1. A hash takes a place or is refused at once: so many may run, so many more may wait, the rest is shed.
//! 2. It runs on threads of its own that leave the cores to whoever else wants one, while a thread of the blocking pool waits for
//!    them: no other request waits for it. Calls must be made within a tokio runtime.
//! 3. The memory that a hash fills, and its threads, are kept for the next one, so that a burst costs the memory of those that run
//!    at a time and no more, and none of them waits for the system to find it. [`PasswordHasher::give_back_idle`] lets go of both.
//! 4. Whoever asked may go away; the permit is held until the work is done, so going away frees no room for more.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};
use towergate_core::{Random, Secret, Timestamp};
use towergate_identity::rules::{
    email::EmailAddress,
    password::{
        self, Decision, DummyHash, HashMemory, HashParams, HashingFailed, Owner, Password, PasswordPolicy,
        Peppers, PolicyBreach,
    },
    user::User,
};
use tracing::{Instrument, field::Empty};

mod aside;

use aside::Workplace;

/// Hashes and compares passwords. Cheap to clone; all clones share the same bounds.
#[derive(Clone)]
pub struct PasswordHasher {
    work: Arc<Work>,
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    concurrency: usize,
    queue: usize,
}

struct Work {
    dummy: DummyHash,
    random: Arc<dyn Random>,
    decided: AtomicU64,
    shed: AtomicU64,
    // Never more than may run at a time.
    workplaces: Mutex<Vec<Workplace>>,
    /// Some of them were lent since somebody last looked.
    lent: AtomicBool,
}

impl Work {
    /// Lends the memory and the threads that an earlier hash left, if there are some.
    fn at_a_workplace<T: Send>(&self, job: impl FnOnce(&mut HashMemory) -> T + Send) -> T {
        self.lent.store(true, Ordering::Relaxed);
        let left = self.kept().pop();
        let mut workplace = left.unwrap_or_else(|| Workplace::new(self.dummy.params().parallelism()));
        let done = workplace.run(job);
        self.kept().push(workplace);
        done
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Workplace>> {
        self.workplaces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a hasher is busy with, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HashLoad {
    /// How many passwords are being hashed or compared.
    pub running: usize,
    /// How many wait.
    pub waiting: usize,
    /// How many were turned away so far, because too many waited.
    pub shed: u64,
}

/// How many may wait by default.
const QUEUE: usize = 64;

/// How many run at a time by default: half of the cores, so that the other half answers everybody else at once while a crowd
/// signs in, and never so many that their memory adds up to much.
fn usual_concurrency() -> usize {
    (thread::available_parallelism().map_or(1, usize::from) / 2).clamp(1, 4)
}

/// Why a password was neither hashed nor compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// Too many are waiting already. The same call may succeed later.
    #[error("too many passwords are being hashed")]
    Overloaded,
    /// The work was stopped, as happens when the runtime shuts down.
    #[error("the hashing work was stopped")]
    Stopped,
    /// The hash could not be made.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
}

impl PasswordHasher {
    /// A hasher that makes new hashes with `params`: half as many at a time as there are cores, at most 4, and 64 waiting.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(params: HashParams, random: Arc<dyn Random>) -> Result<Self, HashingFailed> {
        Self::peppered(params, Peppers::default(), random)
    }

    /// The same, which hashes under the current one of `peppers`, and compares under any of them.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn peppered(
        params: HashParams,
        peppers: Peppers,
        random: Arc<dyn Random>,
    ) -> Result<Self, HashingFailed> {
        let dummy = DummyHash::peppered(params, peppers, &random)?;
        let work = Work {
            dummy,
            random,
            decided: AtomicU64::new(0),
            shed: AtomicU64::new(0),
            workplaces: Mutex::default(),
            lent: AtomicBool::new(false),
        };
        Ok(Self::bounded(Arc::new(work), usual_concurrency(), QUEUE))
    }

    /// The same hasher, where `concurrency` (at least 1) may run at a time and `queue` more may wait.
    ///
    /// Each one that runs takes a thread of the blocking pool, one more for each lane, and as much memory as the parameters say,
    /// which is then kept.
    #[must_use]
    pub fn with_bounds(self, concurrency: usize, queue: usize) -> Self {
        Self::bounded(self.work, concurrency, queue)
    }

    fn bounded(work: Arc<Work>, concurrency: usize, queue: usize) -> Self {
        let concurrency = concurrency.clamp(1, Semaphore::MAX_PERMITS / 2);
        let queue = queue.min(Semaphore::MAX_PERMITS / 2);
        Self {
            work,
            running: Arc::new(Semaphore::new(concurrency)),
            places: Arc::new(Semaphore::new(concurrency + queue)),
            concurrency,
            queue,
        }
    }

    /// Decides whether `password` is that of `user`, at `now`.
    ///
    /// # Errors
    /// When too many are waiting, or the work was stopped.
    pub async fn decide(
        &self,
        user: Option<User>,
        password: Password,
        now: Timestamp,
    ) -> Result<Decision, HasherError> {
        self.run(move |work| {
            work.decided.fetch_add(1, Ordering::Relaxed);
            work.at_a_workplace(|memory| {
                password::decide_in(memory, user.as_ref(), &password, now, &work.dummy)
            })
        })
        .await
    }

    /// Hashes `password` with the parameters of new hashes.
    ///
    /// # Errors
    /// When too many are waiting, the work was stopped, or there is no randomness or memory.
    pub async fn hash(&self, password: Password) -> Result<Secret<String>, HasherError> {
        let phc = self
            .run(move |work| {
                let (params, peppers) = (work.dummy.params(), work.dummy.peppers());
                work.at_a_workplace(|memory| {
                    password::hash_in(memory, &password, params, peppers, &work.random)
                })
            })
            .await??;
        Ok(phc)
    }

    /// How many passwords were compared so far, for metrics.
    #[must_use]
    pub fn decided(&self) -> u64 {
        self.work.decided.load(Ordering::Relaxed)
    }

    /// What it is busy with now, for metrics.
    #[must_use]
    pub fn load(&self) -> HashLoad {
        let taken = (self.concurrency + self.queue).saturating_sub(self.places.available_permits());
        let running = self.concurrency.saturating_sub(self.running.available_permits()).min(taken);
        HashLoad { running, waiting: taken - running, shed: self.work.shed.load(Ordering::Relaxed) }
    }

    /// Gives the memory and the threads that are kept back to the system, unless some were used since the last call: for a worker
    /// that calls it every few seconds.
    pub fn give_back_idle(&self) {
        if !self.work.lent.swap(false, Ordering::Relaxed) {
            self.work.kept().clear();
        }
    }

    /// Judges a new password where it holds up no other request: an estimate takes some milliseconds.
    pub(crate) async fn judge(
        &self,
        password: Password,
        policy: PasswordPolicy,
        (email, second_factor): (EmailAddress, bool),
    ) -> Result<Result<(), PolicyBreach>, HasherError> {
        self.run(move |_| policy.check_for(&password, Owner { email: &email, second_factor })).await
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Work) -> T + Send + 'static,
    ) -> Result<T, HasherError> {
        let span = towergate_core::work_span!("towergate.hashing", outcome = Empty);
        let done = self.run_in_turn(job).instrument(span.clone()).await;
        span.record("outcome", if done.is_ok() { "done" } else { "failed" });
        done
    }

    async fn run_in_turn<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Work) -> T + Send + 'static,
    ) -> Result<T, HasherError> {
        let permits = self.admit().await?;
        let work = Arc::clone(&self.work);
        let running = spawn_blocking(move || {
            let done = job(&work);
            drop(permits);
            done
        });
        running.await.map_err(|_| HasherError::Stopped)
    }

    /// A place to wait in, then leave to run.
    async fn admit(&self) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), HasherError> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            self.work.shed.fetch_add(1, Ordering::Relaxed);
            HasherError::Overloaded
        })?;
        let leave = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HasherError::Stopped)?;
        // Given back in this order, so that a place is never free while its leave is not.
        Ok((leave, place))
    }
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHasher")
            .field("params", &self.work.dummy.params())
            .field("concurrency", &self.concurrency)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
