//! Requests that wait for a person, and the codes that come of them.

use std::future::Future;

use towergate_core::{StoreError, audit::Origin};
use towergate_oauth_types::ErrorCode;

use crate::rules::{
    client::ClientId,
    code::Code,
    consent::Consent,
    grant::{Grant, Subject},
    interaction::{Interaction, InteractionId},
};

/// Keeps interactions and remembered consents.
pub trait InteractionStore: Send + Sync + 'static {
    /// Writes a new interaction, unless `limit` of them and of pushed requests take up room already. One that began from what
    /// a client pushed is written only while that waits for its answer. Writes `interaction.begun`.
    ///
    /// Anybody may begin one, so they must not grow without end. One takes up room until it is approved or has
    /// expired, and may for a minute longer; a refusal, which anybody may say too, makes no room.
    ///
    /// # Errors
    /// When the store fails.
    fn begin_interaction(
        &self,
        interaction: Interaction,
        limit: u32,
        origin: Origin,
    ) -> impl Future<Output = Result<Beginning, StoreError>> + Send;

    /// The interaction, whatever its state and age: the rules decide.
    ///
    /// # Errors
    /// When the store fails.
    fn find_interaction(
        &self,
        id: InteractionId,
    ) -> impl Future<Output = Result<Option<Interaction>, StoreError>> + Send;

    /// Gives an open interaction to `subject`, if it is nobody's or theirs already.
    ///
    /// # Errors
    /// When the store fails.
    fn bind_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        origin: Origin,
    ) -> impl Future<Output = Result<Binding, StoreError>> + Send;

    /// Closes an open, unexpired interaction of `grant.subject` with a yes: keeps grant and code, and the consent if
    /// it is to be remembered. Does nothing when the sign-in of the grant
    /// [has ended](super::GrantStore::end_session_grants), its client is disabled, or a consent that it rests on is no
    /// longer remembered. Writes `consent.given` if they were asked, and `code.issued`.
    ///
    /// # Errors
    /// When the store fails.
    fn approve_interaction(
        &self,
        approval: Approval,
        origin: Origin,
    ) -> impl Future<Output = Result<Closing, StoreError>> + Send;

    /// Closes an open, unexpired interaction of `subject` with a no; one that nobody took may be refused by anybody,
    /// also by whoever is not signed in. Writes `consent.denied`.
    ///
    /// # Errors
    /// When the store fails.
    fn deny_interaction(
        &self,
        id: InteractionId,
        subject: Option<Subject>,
        origin: Origin,
    ) -> impl Future<Output = Result<Closing, StoreError>> + Send;

    /// Closes an open, unexpired interaction with an error of the server's, when it is nobody's or belongs to `subject`,
    /// who has signed in for it. Writes `interaction.refused`.
    ///
    /// # Errors
    /// When the store fails.
    fn refuse_interaction(
        &self,
        id: InteractionId,
        subject: Subject,
        error: ErrorCode,
        origin: Origin,
    ) -> impl Future<Output = Result<Closing, StoreError>> + Send;

    /// Keeps a grant and its code where nobody had to be asked, unless the sign-in of the grant
    /// [has ended](super::GrantStore::end_session_grants), its client is disabled, or what is remembered no longer covers
    /// `rests_on`: what the code needs of a consent that was given before, if it needs one. Writes `code.issued`.
    ///
    /// # Errors
    /// When the store fails.
    fn issue_code(
        &self,
        grant: Grant,
        code: Code,
        rests_on: Option<Consent>,
        origin: Origin,
    ) -> impl Future<Output = Result<Issuing, StoreError>> + Send;

    /// The consent that `subject` asked to be remembered for `client`.
    ///
    /// # Errors
    /// When the store fails.
    fn find_consent(
        &self,
        subject: &Subject,
        client: &ClientId,
    ) -> impl Future<Output = Result<Option<Consent>, StoreError>> + Send;

    /// Forgets the consent and revokes every grant of `subject` to `client`; answers how many grants died. Writes
    /// `consent.withdrawn`, and `grant.revoked` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn withdraw_consent(
        &self,
        subject: Subject,
        client: ClientId,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A yes.
#[derive(Debug, Clone)]
pub struct Approval {
    /// To which question.
    pub interaction: InteractionId,
    /// What is allowed.
    pub grant: Grant,
    /// The code that stands for it.
    pub code: Code,
    /// How the person said it.
    pub asked: Asked,
}

/// How a person said yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// They were asked, and answered.
    Now {
        /// The consent to remember; it is added to what is remembered already.
        remember: Option<Consent>,
    },
    /// A consent that is remembered covers it: nobody was asked again.
    Before {
        /// What it must still cover.
        rests_on: Consent,
    },
}

/// What became of [`InteractionStore::begin_interaction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It is kept.
    Begun,
    /// There are too many; nothing was written.
    Full,
    /// What the client pushed was answered meanwhile, or has expired; nothing was written.
    RequestSpent,
}

/// What became of [`InteractionStore::bind_interaction`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// It is theirs.
    Bound,
    /// It is somebody else's.
    SomebodyElses,
    /// It is closed, expired, or never was.
    Gone,
}

/// What became of [`InteractionStore::issue_code`] or
/// [`PushedRequestStore::issue_pushed_code`](super::PushedRequestStore::issue_pushed_code).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuing {
    /// It is kept.
    Issued,
    /// The person signed out meanwhile; nothing was written.
    SignInEnded,
    /// The client was shut out or deleted meanwhile; nothing was written.
    ClientDisabled,
    /// The person took the consent back meanwhile; nothing was written.
    ConsentWithdrawn,
    /// What the client pushed was answered meanwhile, or has expired; nothing was written.
    RequestSpent,
}

/// What became of a yes or a no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// This answer closed it.
    Closed,
    /// It was closed already, has expired, belongs to another person, or never was, or the sign-in of a yes has ended or
    /// its client is disabled; nothing was written.
    Gone,
    /// The consent that a yes rests on is no longer remembered; nothing was written.
    ConsentWithdrawn,
}
