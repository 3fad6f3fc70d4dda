//! Grants and what hangs from them: codes, access tokens, refresh tokens.

use std::{future::Future, sync::Arc, time::Duration};

use towergate_core::{StoreError, audit::Origin, id::Uuid};

use crate::rules::{
    access_token::AccessToken,
    client::ClientId,
    code::{Code, ConsumedCode},
    grant::{Grant, GrantId, RevocationReason, Subject},
    refresh_token::{RefreshToken, RefreshTokenState},
};

/// Keeps grants, codes and tokens.
pub trait GrantStore: Send + Sync + 'static {
    /// The code and its grant, whatever their state and age: the rules decide.
    ///
    /// # Errors
    /// When the store fails.
    fn find_code(&self, id: Uuid) -> impl Future<Output = Result<Option<StoredCode>, StoreError>> + Send;

    /// Spends an unspent code of a living grant that has not expired at `origin.at`, and keeps the tokens it was
    /// exchanged for. A code that was spent before revokes its grant in this same step.
    ///
    /// Writes `code.redeemed` and `token.issued`; or `code.replayed` and `grant.revoked`.
    ///
    /// # Errors
    /// When the store fails.
    fn redeem_code(
        &self,
        redemption: Redemption,
        origin: Origin,
    ) -> impl Future<Output = Result<Redeemed, StoreError>> + Send;

    /// The refresh token and its grant, whatever their state and age: the rules decide.
    ///
    /// # Errors
    /// When the store fails.
    fn find_refresh_token(
        &self,
        id: Uuid,
    ) -> impl Future<Output = Result<Option<StoredRefreshToken>, StoreError>> + Send;

    /// Exchanges an unused refresh token of a living grant that has not expired at `origin.at` for a new pair, and
    /// keeps the sealed answer.
    ///
    /// A token that was exchanged before gives the kept answer again while `repeat_window` lasts
    /// ([`is_repetition`](crate::rules::refresh_token::is_repetition)) and its successor is unused; otherwise the grant is revoked in this same step.
    /// What can be given no more may be forgotten at once.
    ///
    /// Writes `token.refreshed` and `token.issued`; or nothing for a repetition; or `token.reused` and
    /// `grant.revoked`.
    ///
    /// # Errors
    /// When the store fails.
    fn rotate_refresh_token(
        &self,
        rotation: Rotation,
        origin: Origin,
    ) -> impl Future<Output = Result<Rotated, StoreError>> + Send;

    /// Keeps the access token of a client that acts for itself. Writes `token.issued`.
    ///
    /// # Errors
    /// When the store fails.
    fn issue_access_token(
        &self,
        token: AccessToken,
        origin: Origin,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The access token and its grant, whatever their age: the rules decide.
    ///
    /// # Errors
    /// When the store fails.
    fn find_access_token(
        &self,
        id: Uuid,
    ) -> impl Future<Output = Result<Option<StoredAccessToken>, StoreError>> + Send;

    /// Revokes an access token that is alive at `origin.at` and was issued to `client`, and nothing beside it. Writes
    /// `token.revoked`, once.
    ///
    /// # Errors
    /// When the store fails.
    fn revoke_access_token(
        &self,
        token: Uuid,
        client: ClientId,
        origin: Origin,
    ) -> impl Future<Output = Result<Revocation, StoreError>> + Send;

    /// Revokes a grant. Writes `grant.revoked`, once.
    ///
    /// # Errors
    /// When the store fails.
    fn revoke_grant(
        &self,
        grant: GrantId,
        reason: RevocationReason,
        origin: Origin,
    ) -> impl Future<Output = Result<Revocation, StoreError>> + Send;

    /// At most `most` grants of `subject` that were not revoked, by their clients and then their identifiers, those after `after`. What
    /// hangs from one may have expired.
    ///
    /// # Errors
    /// When the store fails.
    fn grants_of(
        &self,
        subject: &Subject,
        after: Option<&Grant>,
        most: u16,
    ) -> impl Future<Output = Result<Vec<Grant>, StoreError>> + Send;

    /// Revokes every grant that was given in the login session `sid` and is not offline; answers how many. From then on
    /// no code is issued in that session, not even to a request that began before: so it stays for
    /// [`ENDED_SIGN_IN_KEPT`](crate::rules::grant::ENDED_SIGN_IN_KEPT). Writes `grant.revoked` for each.
    ///
    /// In the same step it keeps a [`LogoutNotice`](crate::rules::logout::LogoutNotice), due at once, for each active client
    /// that ever had a grant in that session, an offline or a dead one too, and registered a `backchannel_logout_uri`: once
    /// for each session, however often it ends. Writes `logout.queued` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn end_session_grants(
        &self,
        sid: String,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Ends everything that clients hold of `subject`, offline grants too, and forgets what they consented to; answers how many
    /// grants died. Every login session in which one of them was given [has ended](Self::end_session_grants) by it, and its
    /// clients are to be told. Writes `grant.revoked` for each, and `logout.queued`.
    ///
    /// # Errors
    /// When the store fails.
    fn end_subject(
        &self,
        subject: Subject,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Whether the login session `sid` [has ended](Self::end_session_grants), as far as that is remembered.
    ///
    /// # Errors
    /// When the store fails.
    fn has_sign_in_ended(&self, sid: &str) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// A code as it stands in the store.
#[derive(Debug, Clone)]
pub struct StoredCode {
    /// The code.
    pub code: Code,
    /// What it stands for.
    pub grant: Arc<Grant>,
    /// Whether it was exchanged.
    pub spent: bool,
    /// Whether the grant was revoked.
    pub revoked: bool,
}

/// A refresh token as it stands in the store.
#[derive(Debug, Clone)]
pub struct StoredRefreshToken {
    /// The token.
    pub token: RefreshToken,
    /// What it prolongs.
    pub grant: Arc<Grant>,
    /// What has become of it.
    pub state: RefreshTokenState,
    /// Whether the grant was revoked.
    pub revoked: bool,
}

/// An access token as it stands in the store.
#[derive(Debug, Clone)]
pub struct StoredAccessToken {
    /// The token.
    pub token: Arc<AccessToken>,
    /// The grant it came from; `None` when the client acts for itself.
    pub grant: Option<Arc<Grant>>,
    /// Whether the token or its grant was revoked, or the client that acts for itself disabled.
    pub revoked: bool,
}

/// A code about to be exchanged.
#[derive(Debug, Clone)]
pub struct Redemption {
    /// The code.
    pub code: Uuid,
    /// Who exchanges it.
    pub client: ClientId,
    /// The access token it is exchanged for.
    pub access: AccessToken,
    /// The first refresh token of the family, if there is to be one.
    pub refresh: Option<RefreshToken>,
}

/// What became of [`GrantStore::redeem_code`].
#[derive(Debug)]
pub enum Redeemed {
    /// This step spent the code.
    Consumed(ConsumedCode),
    /// The code had been spent before; the grant is revoked.
    Replayed {
        /// The family that died.
        grant: GrantId,
    },
    /// There is no such code, it has expired, or its grant is dead.
    Missing,
}

/// A refresh token about to be exchanged.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The token that was presented.
    pub presented: Uuid,
    /// Who presented it.
    pub client: ClientId,
    /// The new access token.
    pub access: AccessToken,
    /// The new refresh token.
    pub refresh: RefreshToken,
    /// The answer, sealed under the presented token's own secret.
    pub sealed_answer: Vec<u8>,
    /// How long the same answer may be asked for again.
    pub repeat_window: Duration,
}

/// What became of [`GrantStore::rotate_refresh_token`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// This step exchanged the token.
    Rotated,
    /// It was exchanged a moment ago; this is the answer that was given.
    Repeated {
        /// Sealed under the presented token's own secret.
        sealed_answer: Vec<u8>,
    },
    /// It had been exchanged before; the grant is revoked.
    Reused {
        /// The family that died.
        grant: GrantId,
    },
    /// There is no such token, it has expired, or its grant is dead.
    Missing,
}

/// What became of [`GrantStore::revoke_grant`] or [`GrantStore::revoke_access_token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// This step revoked it.
    Revoked,
    /// It was dead already, or never was, or is not this client's.
    AlreadyDead,
}
