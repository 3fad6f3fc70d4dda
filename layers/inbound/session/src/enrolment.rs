//! Asking the host who must have a second factor.

use std::{
    future::{self, Future},
    pin::Pin,
};

use towergate_core::{StoreError, Timestamp};
use towergate_identity::rules::{enrolment::EnrolmentDuty, user::UserId};

/// Says who must have a second factor: the host's rule, which may look at roles or organizations. It is asked whenever anybody
/// signs in, whichever way they come, and before the session is kept. An [`EnrolmentDuty`] is the same rule for everybody.
///
/// What it looks at is the host's own: a table of roles, the organizations that somebody is a member of, a service elsewhere. It
/// is told who signs in and when, may wait for its answer, and is not asked again while the session lives: whoever is given a role
/// meanwhile meets its rule at the next sign-in, or at once where the host ends their sessions.
///
/// ```
/// # use std::collections::BTreeMap;
/// # use towergate_core::{StoreError, Timestamp, id::Uuid};
/// # use towergate_identity::{ports::memory::MemoryStore, rules::{enrolment::EnrolmentDuty, user::UserId}};
/// use towergate_session::{EnrolmentPolicy, SessionLayer};
///
/// /// The host's tables: who is what, and where.
/// struct Staff {
///     administrators: Vec<UserId>,
///     members: BTreeMap<UserId, Vec<&'static str>>,
///     /// Until when the people of an organization may do without.
///     deadlines: BTreeMap<&'static str, Timestamp>,
/// }
///
/// impl EnrolmentPolicy for Staff {
///     async fn duty(&self, user: UserId, now: Timestamp) -> Result<EnrolmentDuty, StoreError> {
///         if self.administrators.contains(&user) {
///             return Ok(EnrolmentDuty::Now);
///         }
///         // A database would be asked here; where it fails, `Err` lets nobody in.
///         let organizations = self.members.get(&user).into_iter().flatten();
///         let first = organizations.filter_map(|name| self.deadlines.get(name)).min();
///         Ok(first.map_or(EnrolmentDuty::Free, |end| EnrolmentDuty::GraceUntil(*end).at(now)))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), StoreError> {
/// # let [root, teller, guest] = [1, 2, 3].map(|n| UserId::from_uuid(Uuid::from_u128(n)));
/// # let [now, later] = [1_800_000_000, 1_900_000_000].map(Timestamp::from_unix_seconds);
/// let staff = Staff {
///     administrators: vec![root],
///     members: BTreeMap::from([(teller, vec!["club", "bank"])]),
///     deadlines: BTreeMap::from([("bank", later)]),
/// };
/// assert_eq!(staff.duty(root, now).await?, EnrolmentDuty::Now);
/// assert_eq!(staff.duty(teller, now).await?, EnrolmentDuty::GraceUntil(later));
/// assert_eq!(staff.duty(teller, later).await?, EnrolmentDuty::Now);
/// assert_eq!(staff.duty(guest, now).await?, EnrolmentDuty::Free);
/// let layer = SessionLayer::new(MemoryStore::new()).enrolment(staff);
/// # drop(layer);
/// # Ok(())
/// # }
/// ```
pub trait EnrolmentPolicy: Send + Sync + 'static {
    /// What is asked of `user` at `now`.
    ///
    /// # Errors
    /// When it cannot be told: nobody signs in then.
    fn duty(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> impl Future<Output = Result<EnrolmentDuty, StoreError>> + Send;
}

impl EnrolmentPolicy for EnrolmentDuty {
    fn duty(
        &self,
        _: UserId,
        _: Timestamp,
    ) -> impl Future<Output = Result<EnrolmentDuty, StoreError>> + Send {
        future::ready(Ok(*self))
    }
}

/// The future of [`AskDuty::ask`].
pub(crate) type Asking<'a> = Pin<Box<dyn Future<Output = Result<EnrolmentDuty, StoreError>> + Send + 'a>>;

/// A policy whose type nobody has to name.
pub(crate) trait AskDuty: Send + Sync + 'static {
    fn ask(&self, user: UserId, now: Timestamp) -> Asking<'_>;
}

impl<P: EnrolmentPolicy> AskDuty for P {
    fn ask(&self, user: UserId, now: Timestamp) -> Asking<'_> {
        Box::pin(self.duty(user, now))
    }
}
