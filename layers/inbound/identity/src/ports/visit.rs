//! What a session begins with beside its proof: the browser, and what it is remembered for.

use std::time::Duration;

use towergate_core::Digest;

use crate::rules::{
    assurance::SessionCount, browser::BrowserId, device::Device, mail::OutboxMail, remember::RememberedId,
};

/// Whence somebody signs in. A store decides by it in the same step; the default asks for nothing.
#[derive(Debug, Clone, Default)]
pub struct Visit {
    /// The device.
    pub device: Device,
    /// The browser, where browsers are known by a cookie.
    pub browser: Option<BrowserVisit>,
    /// What a browser that stays signed in would go by, where browsers may.
    pub remember: Option<Remembering>,
    /// How many sessions a person may have.
    pub limit: SessionLimit,
}

/// A browser.
#[derive(Debug, Clone)]
pub struct BrowserVisit {
    /// The digest of the cookie that it showed.
    pub shown: Option<Digest>,
    /// What it goes by when it is new to the person, and the digest of a new cookie.
    pub fresh: (BrowserId, Digest),
    /// Whether being trusted counts.
    pub honours_trust: bool,
    /// For how long the person asks that it be trusted.
    pub trust_for: Option<Duration>,
    /// What the person is told if they never signed in in it before.
    pub notice: Option<OutboxMail>,
}

/// A browser that would stay signed in.
#[derive(Debug, Clone)]
pub struct Remembering {
    /// What its cookies would go by.
    pub id: RememberedId,
    /// The digest of the first.
    pub digest: Digest,
    /// For how long.
    pub lifetime: Duration,
    /// Whether the person asks for it now. Who asked when they were half signed in is still heard when that is completed.
    pub asked: bool,
}

/// How many sessions a person may have at once, and what happens to one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimit {
    /// So many.
    pub most: SessionCount,
    /// What happens to one too many.
    pub beyond: Beyond,
}

/// What happens to one session too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    /// The one that was quiet for longest ends.
    EndOldest,
    /// It does not begin.
    RefuseNew,
}

impl Default for SessionLimit {
    /// As many as they like.
    fn default() -> Self {
        Self { most: SessionCount::Any, beyond: Beyond::EndOldest }
    }
}

impl SessionLimit {
    /// How many of `there` must end so that there is room for one more.
    #[must_use]
    pub fn too_many(self, there: usize) -> usize {
        match self.most {
            SessionCount::Any => 0,
            SessionCount::AtMost(most) => {
                (there + 1).saturating_sub(usize::try_from(most.max(1)).unwrap_or(usize::MAX))
            }
        }
    }
}

/// What the browser is told after a session began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// It stays signed in, by the cookie that was offered.
    pub remembered: bool,
    /// Whether it is known, and by which cookie.
    pub browser: Option<BrowserMark>,
}

/// By which cookie a browser is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrowserMark {
    /// By the new one.
    Fresh,
    /// By the one that it showed.
    Shown,
}
