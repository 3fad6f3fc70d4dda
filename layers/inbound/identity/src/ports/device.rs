//! Where somebody is signed in, and what happened to their account.

use std::future::Future;

use towergate_core::{Digest, StoreError, Timestamp, audit::Origin};

use crate::rules::{
    activity::Activity,
    browser::{Browser, BrowserId},
    device::Device,
    level::Level,
    remember::{Remembered, RememberedId},
    session::{SessionId, SessionRecord},
    user::UserId,
};

/// Lists and ends what somebody has on their devices.
pub trait DeviceStore: Send + Sync + 'static {
    /// Everything that `user` has at `now`.
    ///
    /// # Errors
    /// When the store fails.
    fn devices_of(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Devices, StoreError>> + Send;

    /// Ends one thing of `user`; `false` when they have no such thing, whoever else has. A session takes the family along that it
    /// came from, and a family its sessions. Writes `session.revoked`, `remembered.ended`, `browsers.forgotten`.
    ///
    /// # Errors
    /// When the store fails.
    fn end_device(
        &self,
        user: UserId,
        device: DeviceRef,
        origin: Origin,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Trusts no browser of `user` any more, and ends the families that rest on one; answers how many were trusted. Writes
    /// `browsers.forgotten`, and `remembered.ended` for each.
    ///
    /// # Errors
    /// When the store fails.
    fn forget_browsers(
        &self,
        user: UserId,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;

    /// Whether `user` signed in in the browser with this cookie lately.
    ///
    /// # Errors
    /// When the store fails.
    fn is_known_browser(
        &self,
        user: UserId,
        digest: &Digest,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// What happened to the account of `user`, newest first: at most `limit` events before the place `before`, those alone for
    /// which there are [words](crate::rules::activity::words).
    ///
    /// # Errors
    /// When the store fails.
    fn events_of(
        &self,
        user: UserId,
        before: Option<u64>,
        limit: u16,
    ) -> impl Future<Output = Result<Vec<Activity>, StoreError>> + Send;
}

/// What somebody has on their devices.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    /// Living sessions of which nothing is due any more, newest activity first.
    pub sessions: Vec<SessionDevice>,
    /// Browsers that stay signed in, newest activity first.
    pub remembered: Vec<Remembered>,
    /// Browsers that are trusted, newest activity first.
    pub trusted: Vec<Browser>,
}

/// A session and where it is.
#[derive(Debug, Clone)]
pub struct SessionDevice {
    /// The session.
    pub session: SessionRecord,
    /// The device.
    pub device: Device,
    /// When the sign-in began, under whatever identifier.
    pub first_seen_at: Timestamp,
    /// The family that it came from, or that began with it.
    pub remembered: Option<RememberedId>,
}

impl SessionDevice {
    /// How strongly its person proved who they are.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        Level::of(&self.session.methods)
    }
}

/// One thing that somebody has on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceRef {
    /// A session.
    Session(SessionId),
    /// A browser that stays signed in.
    Remembered(RememberedId),
    /// A browser that is trusted.
    Trusted(BrowserId),
}
