//! Browsers in which somebody signed in before: known ones, of which nobody is told when they come again, and trusted ones,
//! which are not asked for the second factor.
//!
//! A browser is known by a cookie of its own. Being trusted replaces nothing: whoever signs in with one factor in a trusted
//! browser has proven one, and whatever asks for two still asks.

use std::time::Duration;

use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};

use super::{
    device::Device,
    level::Level,
    session::{SessionRecord, SessionStage},
    user::UserId,
};

typed_id! {
    /// A browser of somebody. Another person in the same browser has another.
    BrowserId
}

/// How a browser cookie's value begins.
pub const PREFIX: Prefix = Prefix::new("tgt");

/// How long a browser stays known after the last sign-in in it.
pub const KNOWN: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long it is trusted.
pub const TRUSTED: Duration = Duration::from_secs(30 * 24 * 3600);

/// A browser of somebody, as a store keeps it.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Its identifier.
    pub id: BrowserId,
    /// Whose.
    pub user: UserId,
    /// The digest of the cookie's secret.
    pub digest: Digest,
    /// What it showed of itself.
    pub device: Device,
    /// When somebody first signed in in it.
    pub first_seen_at: Timestamp,
    /// When they last did.
    pub last_seen_at: Timestamp,
    /// Until when it is trusted.
    pub trusted_until: Option<Timestamp>,
}

impl Browser {
    /// Whether a sign-in in it is nothing new.
    #[must_use]
    pub fn is_known(&self, now: Timestamp) -> bool {
        now < self.last_seen_at.plus(KNOWN)
    }

    /// Whether it is not asked for the second factor.
    #[must_use]
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        self.trusted_until.is_some_and(|until| now < until)
    }
}

/// `session`, which a login comes to, in a trusted browser: whole, where all that it lacks is the second factor that its person
/// has. `None` where trust saves nothing.
#[must_use]
pub fn spared(session: &SessionRecord, has_second_factor: bool) -> Option<SessionRecord> {
    let with = session.clone().admitted(has_second_factor).stage;
    let lacks = has_second_factor && with == SessionStage::AwaitsSecondFactor && session.stage != with;
    lacks.then(|| SessionRecord { stage: SessionStage::Complete, ..session.clone() })
}

/// Whether whoever holds `session` may have its browser trusted: they have just proven two factors.
#[must_use]
pub fn may_be_trusted(session: &SessionRecord) -> bool {
    session.stage == SessionStage::Complete && Level::of(&session.methods) >= Some(Level::TwoFactors)
}
