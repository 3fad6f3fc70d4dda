//! Requests that clients pushed, until they are answered.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};

use super::interaction::Issuing;
use crate::rules::{
    code::Code,
    consent::Consent,
    grant::Grant,
    pushed_request::{PushedRequest, PushedRequestId, Room},
};

/// Keeps what clients pushed. One answer is given to each: [an interaction](super::InteractionStore) that began from it and is
/// approved, denied or refused ends it too, in the same step, and closes all others that began from it.
pub trait PushedRequestStore: Send + Sync + 'static {
    /// Keeps a request, unless its client, or everybody together, takes up as much `room` as there is. Writes `request.pushed`.
    ///
    /// One takes up room until it is answered, or [may be thrown away](PushedRequest::takes_room_until), and may for a minute
    /// longer.
    ///
    /// # Errors
    /// When the store fails.
    fn push_request(
        &self,
        pushed: PushedRequest,
        room: Room,
        origin: Origin,
    ) -> impl Future<Output = Result<Pushing, StoreError>> + Send;

    /// The request, whatever its age, unless it was answered: the rules decide.
    ///
    /// # Errors
    /// When the store fails.
    fn find_pushed_request(
        &self,
        id: PushedRequestId,
    ) -> impl Future<Output = Result<Option<PushedRequest>, StoreError>> + Send;

    /// Ends a request that is answered with an error where nobody is asked, if it was not answered before, and closes all
    /// interactions that began from it. Writes no event.
    ///
    /// # Errors
    /// When the store fails.
    fn spend_pushed_request(
        &self,
        id: PushedRequestId,
        origin: Origin,
    ) -> impl Future<Output = Result<Spending, StoreError>> + Send;

    /// As [`issue_code`](super::InteractionStore::issue_code), for what a client pushed: ends that in the same step, and does
    /// nothing when it was answered before or has expired at `origin.at`.
    ///
    /// # Errors
    /// When the store fails.
    fn issue_pushed_code(
        &self,
        id: PushedRequestId,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> impl Future<Output = Result<Issuing, StoreError>> + Send;
}

/// What became of [`PushedRequestStore::push_request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushing {
    /// It is kept.
    Pushed,
    /// There are too many of this client; nothing was written.
    ShareTaken,
    /// There are too many; nothing was written.
    Full,
}

/// What became of [`PushedRequestStore::spend_pushed_request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Spending {
    /// This was its answer.
    Spent,
    /// It was answered before, has expired, or never was; nothing was written.
    Gone,
}
