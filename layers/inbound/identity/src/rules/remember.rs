//! Being remembered: a cookie that outlives the session and is traded for a new one, and a new cookie with it.
//!
//! 1. The cookies of one browser are a family, of which the newest is good. The store keeps its digest.
//! 2. Whoever shows the newest gets the next, and a session in which nothing but that is proven: [`Level::Remembered`].
//! 3. A browser sends several requests at once with the same cookie. Whoever shows the one before the newest, within
//!    [`GRACE`] of its trade, gets the very same answer again: it is kept sealed under the shown cookie's secret.
//! 4. Any other cookie of the family was copied: by the one who shows it, or by the one who showed it before. The family ends,
//!    with every session that came from it.
//! 5. The family remembers what was proven when it began, and when. A person who has a second factor since, and did not prove
//!    it then, is not remembered.

use std::time::Duration;

use towergate_core::{Digest, Timestamp, token::Prefix, typed_id};

use super::{
    browser::BrowserId,
    device::Device,
    enrolment::EnrolmentDuty,
    level::Level,
    login_proof::Method,
    methods::Methods,
    session::{SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
    user::UserId,
};

typed_id! {
    /// A browser that stays signed in: a family of cookies.
    RememberedId
}

/// How a cookie's value begins.
pub const PREFIX: Prefix = Prefix::new("tgr");

/// How long somebody is remembered.
pub const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the cookie before the newest is answered as the newest was.
pub const GRACE: Duration = Duration::from_secs(30);

/// A family of cookies, as a store keeps it.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// Its identifier, which every cookie of it carries.
    pub id: RememberedId,
    /// The digest of the newest cookie's secret.
    pub digest: Digest,
    /// The cookie before it.
    pub traded: Option<Traded>,
    /// Who is remembered.
    pub user: UserId,
    /// The sign-in that goes on.
    pub sign_in: SignInId,
    /// What was proven when it began.
    pub methods: Methods,
    /// When that was.
    pub proven_at: Timestamp,
    /// The trusted browser in whose place no second factor was proven then.
    pub trusted_by: Option<BrowserId>,
    /// What the browser showed of itself.
    pub device: Device,
    /// When it began.
    pub created_at: Timestamp,
    /// When a cookie of it was last traded.
    pub last_seen_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A cookie that was traded for the newest.
#[derive(Debug, Clone)]
pub struct Traded {
    /// The digest of its secret.
    pub digest: Digest,
    /// When.
    pub at: Timestamp,
    /// What it was traded for, sealed under its secret.
    pub sealed: Vec<u8>,
}

/// What a shown cookie is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It is the newest.
    Newest,
    /// It was, just now.
    JustTraded,
    /// Somebody has a copy.
    Stolen,
    /// The family is too old.
    Expired,
}

impl Remembered {
    /// What the cookie with this digest is worth at `now`.
    #[must_use]
    pub fn judge(&self, shown: &Digest, now: Timestamp) -> Worth {
        if now >= self.expires_at {
            return Worth::Expired;
        }
        if self.digest.matches(shown) {
            return Worth::Newest;
        }
        let traded = self.traded.as_ref().filter(|traded| traded.digest.matches(shown));
        match traded {
            Some(traded) if now.since(traded.at) <= GRACE => Worth::JustTraded,
            Some(_) | None => Worth::Stolen,
        }
    }

    /// Whether it stands for a person who has a second factor or has none, of whom this is asked, and whose browser is trusted
    /// or not.
    #[must_use]
    pub fn stands(&self, has_second_factor: bool, duty: EnrolmentDuty, browser_is_trusted: bool) -> bool {
        let proven = Level::of(&self.methods) >= Some(Level::TwoFactors);
        let spared = has_second_factor && browser_is_trusted && self.trusted_by.is_some();
        proven || spared || !(has_second_factor || must_have(duty))
    }

    /// The session that a cookie is traded for: of the same sign-in, in which nothing is proven but that there was a proof.
    #[must_use]
    pub fn session(
        &self,
        id: SessionId,
        digest: Digest,
        now: Timestamp,
        (lifetime, duty): (&SessionLifetime, EnrolmentDuty),
    ) -> SessionRecord {
        let mut absolute_expires_at = self.expires_at.min(now.plus(lifetime.absolute));
        if let EnrolmentDuty::GraceUntil(end) = duty {
            absolute_expires_at = absolute_expires_at.min(end);
        }
        SessionRecord {
            id,
            digest,
            sign_in: self.sign_in,
            user: self.user,
            stage: SessionStage::Complete,
            methods: [Method::Remembered].into(),
            passkey: None,
            authenticated_at: self.proven_at,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: absolute_expires_at.min(now.plus(lifetime.idle)),
            absolute_expires_at,
        }
    }
}

const fn must_have(duty: EnrolmentDuty) -> bool {
    match duty {
        EnrolmentDuty::Free | EnrolmentDuty::GraceUntil(_) => false,
        EnrolmentDuty::Now | EnrolmentDuty::Blocked => true,
    }
}

#[cfg(test)]
mod tests {
    use towergate_core::id::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn family() -> Remembered {
        Remembered {
            id: RememberedId::from_uuid(Uuid::nil()),
            digest: Digest::of(b"new"),
            traded: Some(Traded { digest: Digest::of(b"old"), at: NOW, sealed: vec![1] }),
            user: UserId::from_uuid(Uuid::nil()),
            sign_in: SignInId::from_uuid(Uuid::nil()),
            methods: [Method::Password].into(),
            proven_at: NOW.minus(LIFETIME / 2),
            trusted_by: None,
            device: Device::default(),
            created_at: NOW,
            last_seen_at: NOW,
            expires_at: NOW.plus(LIFETIME),
        }
    }

    #[test]
    fn the_newest_is_good_the_one_before_for_a_moment_and_any_other_is_a_copy() {
        let second = Duration::from_secs(1);
        for (shown, at, worth) in [
            ("new", NOW, Worth::Newest),
            ("new", NOW.plus(LIFETIME), Worth::Expired),
            ("old", NOW, Worth::JustTraded),
            ("old", NOW.plus(GRACE), Worth::JustTraded),
            ("old", NOW.plus(GRACE + second), Worth::Stolen),
            ("older", NOW, Worth::Stolen),
            ("old", NOW.plus(LIFETIME), Worth::Expired),
            // A clock that was set back makes nobody a thief.
            ("old", NOW.minus(LIFETIME), Worth::JustTraded),
        ] {
            assert_eq!(family().judge(&Digest::of(shown.as_bytes()), at), worth, "{shown}");
        }
        let fresh = Remembered { traded: None, ..family() };
        assert_eq!(fresh.judge(&Digest::of(b"old"), NOW), Worth::Stolen);
    }

    #[test]
    fn a_session_by_a_cookie_proves_nothing_and_tells_when_something_was() {
        let lifetime = SessionLifetime::default();
        let id = SessionId::from_uuid(Uuid::nil());
        let session = family().session(id, Digest::of(b"s"), NOW, (&lifetime, EnrolmentDuty::Free));
        assert_eq!(Level::of(&session.methods), Some(Level::Remembered));
        assert_eq!(session.authenticated_at, family().proven_at);
        let late = NOW.plus(LIFETIME).minus(Duration::from_secs(60));
        let session = family().session(id, Digest::of(b"s"), late, (&lifetime, EnrolmentDuty::Free));
        assert_eq!(
            (session.idle_expires_at, session.absolute_expires_at),
            (NOW.plus(LIFETIME), NOW.plus(LIFETIME))
        );
    }

    #[test]
    fn whoever_did_not_prove_the_factor_that_they_have_is_not_remembered() {
        let two = Remembered { methods: [Method::Password, Method::Otp].into(), ..family() };
        let trusted = Remembered { trusted_by: Some(BrowserId::from_uuid(Uuid::nil())), ..family() };
        for (family, has_second, browser_is_trusted, stands) in [
            (family(), false, false, true),
            (family(), true, false, false),
            (family(), true, true, false),
            (two, true, false, true),
            (trusted.clone(), true, true, true),
            (trusted, true, false, false),
        ] {
            assert_eq!(family.stands(has_second, EnrolmentDuty::Free, browser_is_trusted), stands);
            let asked = stands && (has_second || Level::of(&family.methods) == Some(Level::TwoFactors));
            assert_eq!(family.stands(has_second, EnrolmentDuty::Now, browser_is_trusted), asked);
        }
    }
}
