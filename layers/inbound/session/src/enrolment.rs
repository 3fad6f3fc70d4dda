//! Asking the host who must have a second factor.

use std::{
    future::{self, Future},
    pin::Pin,
};

use towergate_core::{StoreError, Timestamp};
use towergate_identity::rules::{enrolment::EnrolmentDuty, user::UserId};

/// Says who must have a second factor: the host's rule, which may look at roles or organizations. It is asked whenever anybody
/// signs in, whichever way they come, and before the session is kept. An [`EnrolmentDuty`] is the same rule for everybody.
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
