//! A session: who is signed in, since when, by which means, and until when.

use std::time::Duration;

use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};

use super::{level::Level, login_proof::Method, methods::Methods, passkey::PasskeyId, user::UserId};

typed_id! {
    /// A session under one cookie. It changes at every change of privilege.
    SessionId
}

typed_id! {
    /// A sign-in, through all the session identifiers it goes by: the `sid` that clients see.
    SignInId
}

/// How long somebody may stay half signed in.
pub const HALF_SIGNED_IN: Duration = Duration::from_secs(10 * 60);

/// How long somebody may take who must enrol a second factor before all else.
pub const ENROLLING: Duration = Duration::from_secs(3600);

/// How a session cookie's value begins.
pub const PREFIX: Prefix = Prefix::new("tgs");

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// How long it may lie unused.
    pub idle: Duration,
    /// How long it may live at all.
    pub absolute: Duration,
    /// How old the last note of activity may be before a new one is written.
    pub activity_every: Duration,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(30 * 60),
            absolute: Duration::from_secs(24 * 3600),
            activity_every: Duration::from_secs(5 * 60),
        }
    }
}

/// A session as a store keeps it.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    /// Its identifier, the public half of the cookie's value.
    pub id: SessionId,
    /// The digest of the cookie's secret half.
    pub digest: Digest,
    /// The sign-in it belongs to.
    pub sign_in: SignInId,
    /// Who is signed in, or half signed in.
    pub user: UserId,
    /// Whether more is to be proven.
    pub stage: SessionStage,
    /// By which means they proved who they are.
    pub methods: Methods,
    /// The passkey among them.
    pub passkey: Option<PasskeyId>,
    /// When they last did: `auth_time`.
    pub authenticated_at: Timestamp,
    /// When the session began.
    pub created_at: Timestamp,
    /// The last note of activity.
    pub last_seen_at: Timestamp,
    /// When it ends unless it is used; never later than `absolute_expires_at`.
    pub idle_expires_at: Timestamp,
    /// When it ends.
    pub absolute_expires_at: Timestamp,
}

/// An identifier that a session went by until another took its place within the same sign-in. It opens nothing; a
/// sign-out that still comes with it ends the sign-in.
#[derive(Debug, Clone)]
pub struct ReplacedSession {
    /// The identifier.
    pub id: SessionId,
    /// The digest of its cookie's secret half.
    pub digest: Digest,
    /// The sign-in that went on under another identifier.
    pub sign_in: SignInId,
    /// When it is forgotten: at the absolute end that the session had.
    pub expires_at: Timestamp,
}

/// Whether more is to be proven before anybody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionStage {
    /// Signed in.
    Complete,
    /// The first factor is proven, and a second must be enrolled before all else. Nobody is signed in.
    AwaitsEnrolment,
    /// The first factor is proven, the second is due. Nobody is signed in.
    AwaitsSecondFactor,
    /// All is proven, by somebody whose account is going to be deleted: they may keep it. Nobody is signed in.
    Leaving,
}

impl SessionRecord {
    /// Whether it lives at `now`: used often enough, and not too old.
    #[must_use]
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.idle_expires_at && now < self.absolute_expires_at
    }

    /// Whether its sign-in goes on in `next`, which takes its place: always when a session only changes its identifier,
    /// and at a login when the person who is signed in proves themself again, or who is half signed in proves what was due.
    #[must_use]
    pub fn goes_on_in(&self, next: &Self, is_login: bool) -> bool {
        let completed = next.stage == SessionStage::Complete
            && next.methods.len() > self.methods.len()
            && self.methods.iter().all(|method| next.methods.contains(method));
        !is_login || (self.user == next.user && (self.stage == SessionStage::Complete || completed))
    }

    /// The session that a login comes to, of a person who has an authenticator app or has none: without two factors, somebody
    /// who has one is only half signed in, whichever way they came, and not for long. A key that verified nobody and a code
    /// of the app are two things that somebody has: one factor, but the app is proven, and no more is asked of them here.
    #[must_use]
    pub fn admitted(self, has_second_factor: bool) -> Self {
        let key_and_code = [Method::Passkey, Method::Otp].iter().all(|method| self.methods.contains(method));
        let proven = key_and_code || Level::of(&self.methods) >= Some(Level::TwoFactors);
        let stage = match self.stage {
            _ if has_second_factor && !proven => SessionStage::AwaitsSecondFactor,
            SessionStage::AwaitsEnrolment if proven => SessionStage::Complete,
            stage => stage,
        };
        self.at_stage(stage)
    }

    /// The session at `stage`: one that nobody is signed in by does not live long.
    #[must_use]
    pub fn at_stage(mut self, stage: SessionStage) -> Self {
        self.stage = stage;
        let most = match stage {
            SessionStage::Complete => return self,
            SessionStage::AwaitsEnrolment => ENROLLING,
            SessionStage::AwaitsSecondFactor | SessionStage::Leaving => HALF_SIGNED_IN,
        };
        self.absolute_expires_at = self.absolute_expires_at.min(self.created_at.plus(most));
        self.idle_expires_at = self.idle_expires_at.min(self.absolute_expires_at);
        self
    }

    /// The session that a login comes to, of a person whose account is going to be deleted: once all is proven, they may keep
    /// it, and nothing else.
    #[must_use]
    pub fn leaving(self) -> Self {
        match self.stage {
            SessionStage::AwaitsSecondFactor => self,
            SessionStage::Complete | SessionStage::AwaitsEnrolment | SessionStage::Leaving => {
                self.at_stage(SessionStage::Leaving)
            }
        }
    }

    /// What is remembered of it when another identifier takes its place.
    #[must_use]
    pub fn replaced(&self) -> ReplacedSession {
        ReplacedSession {
            id: self.id,
            digest: self.digest.clone(),
            sign_in: self.sign_in,
            expires_at: self.absolute_expires_at,
        }
    }

    /// Whether a note of activity is due.
    #[must_use]
    pub fn activity_is_due(&self, now: Timestamp, lifetime: &SessionLifetime) -> bool {
        now.since(self.last_seen_at) >= lifetime.activity_every
    }
}
