//! How sessions begin.

use std::{collections::BTreeMap, time::Duration};

use proptest::{option, prelude::*};
use towergate_core::Digest;

use super::{
    Model, SessionOperation,
    remember::session_limit,
    session::Signed,
    world::{
        LIFETIME, browser_digest, browser_id, device, number, person, recent, remembered_id, session_id,
        sign_in_id, user_id,
    },
};
use crate::{
    ports::{
        session::{Established, Establishment},
        visit::{BrowserVisit, Marks, Remembering, Visit},
    },
    rules::{
        browser::spared,
        fact::{IdentityFact, SessionEnd},
        login_proof::Method,
        means::completed_by,
        methods::Methods,
        remember::{self, Remembered},
        session::{SessionId, SessionRecord, SessionStage},
        user::{UserId, UserState},
    },
};

/// In whose place a session begins.
#[derive(Debug, Clone, Copy)]
pub enum Begins {
    /// In a browser without one.
    Anew,
    /// A login in a browser with a session.
    Over(u8),
    /// A second factor.
    RestsOn(u8),
    /// Another identifier.
    Renews(u8),
}

/// What is proven.
#[derive(Debug, Clone, Copy)]
pub enum Proves {
    /// A password.
    OneFactor,
    /// A password, and a code.
    TwoFactors,
    /// One, where two are asked of everybody.
    OneOfTwo,
    /// The newest passkey, by somebody whom it verified.
    Passkey,
}

/// In which browser.
#[derive(Debug, Clone, Copy)]
pub struct In {
    /// Whose cookie it shows: that which so many came after.
    pub shown: Option<u8>,
    /// Whether being trusted counts.
    pub honours_trust: bool,
    /// Whether the person asks that it be trusted.
    pub trust: bool,
    /// Whether a mail tells of a new one.
    pub notice: bool,
}

pub(super) fn operation() -> impl Strategy<Value = SessionOperation> {
    let begins = prop_oneof![
        3 => Just(Begins::Anew),
        2 => recent().prop_map(Begins::Over),
        1 => recent().prop_map(Begins::RestsOn),
        2 => recent().prop_map(Begins::Renews),
    ];
    let proves = prop_oneof![
        3 => Just(Proves::OneFactor),
        3 => Just(Proves::TwoFactors),
        1 => Just(Proves::OneOfTwo),
        1 => Just(Proves::Passkey),
    ];
    let limit = option::weighted(0.2, (1..3_u32, any::<bool>()));
    let browser = (option::weighted(0.7, recent()), any::<bool>(), any::<bool>(), any::<bool>());
    let browser =
        browser.prop_map(|(shown, honours_trust, trust, notice)| In { shown, honours_trust, trust, notice });
    (person(), begins, proves, limit, option::of(browser), option::of(any::<bool>())).prop_map(
        |(user, begins, proves, limit, browser, remember)| SessionOperation::Establish {
            user,
            begins,
            proves,
            limit,
            browser,
            remember,
        },
    )
}

impl Model {
    pub(super) fn establish_session(&mut self, new: Establishment) -> Established {
        let Establishment { mut session, replaces, is_login, rests_on_replaced, visit } = new;
        let mut trusted = None;
        if is_login {
            let is_asked = self.is_asked(&session);
            trusted = self.trusted(session.user, &visit).filter(|_| spared(&session, is_asked).is_some());
            session = match spared(&session, is_asked).filter(|_| trusted.is_some()) {
                Some(spared) => spared,
                None => session.admitted(is_asked),
            };
        }
        match self.users.get(&session.user).map(|user| user.state) {
            Some(UserState::Active) => {}
            Some(UserState::Leaving) => session = session.leaving(),
            Some(UserState::Disabled | UserState::Deleted) | None => return Established::UserRefused,
        }
        let before = replaces.and_then(|id| self.living(id)).cloned();
        if replaces.is_some() && before.is_none() && (rests_on_replaced || !is_login) {
            return Established::Superseded;
        }
        let goes_on = before.as_ref().is_some_and(|before| before.record.goes_on_in(&session, is_login));
        let signs_in = is_login && session.stage == SessionStage::Complete;
        let spared = before.iter().map(|before| before.record.id).collect();
        if signs_in && !self.make_room(session.user, visit.limit, &spared) {
            return Established::Full;
        }
        let mut signed = Signed {
            values: BTreeMap::new(),
            device: visit.device.clone(),
            first_seen_at: session.created_at,
            family: None,
            asked: visit.remember.as_ref().is_some_and(|remember| remember.asked),
            record: session,
        };
        if let Some(before) = before.clone().filter(|_| goes_on) {
            signed.record.sign_in = before.record.sign_in;
            (signed.values, signed.first_seen_at) = (before.values, before.first_seen_at);
            (signed.family, signed.asked) = (before.family, signed.asked || before.asked);
            self.replaced.insert(before.record.id, before.record.replaced());
        }
        if let Some(before) = before.clone().filter(|_| !is_login) {
            signed.device = before.device;
        }
        if is_login {
            self.tell(&IdentityFact::of_login(&signed.record));
        }
        let SessionRecord { id, sign_in, user, stage, .. } = signed.record;
        self.tell(&IdentityFact::SessionCreated { session: id, sign_in, user });
        if before.is_some() {
            self.end(|there| Some(there.id) == replaces, SessionEnd::Replaced);
        }
        let mut marks = Marks::default();
        if signs_in {
            if let Some(browser) = trusted {
                self.tell(&IdentityFact::BrowserTrustUsed { user, browser });
            }
            marks.browser =
                visit.browser.as_ref().map(|browser| self.arrive(&signed.record, &visit, browser));
            if let Some(new) = visit.remember.clone().filter(|_| signed.asked) {
                self.stay_signed_in(&signed.record, &visit, new, trusted);
                (signed.family, signed.asked, marks.remembered) =
                    (visit.remember.map(|new| new.id), false, true);
            }
        }
        let had = before.as_ref().and_then(|before| before.family).filter(|had| Some(*had) != signed.family);
        self.forget_families(|family| Some(family.id) == had, SessionEnd::Replaced);
        self.sessions.insert(id, signed);
        let ended = before.filter(|_| !goes_on).map(|before| before.record.sign_in);
        Established::Established { sign_in, stage, ended, marks }
    }

    /// Whether a second factor is asked for.
    fn is_asked(&self, session: &SessionRecord) -> bool {
        let must_have = session.stage == SessionStage::AwaitsEnrolment;
        self.has_second_factor(session.user)
            || (must_have && completed_by(&self.passkeys_of(session.user), &session.methods))
    }

    /// The browser that is shown, where it is trusted and that counts.
    fn trusted(&self, user: UserId, visit: &Visit) -> Option<crate::rules::browser::BrowserId> {
        let (now, browser) = (self.trail.now(), visit.browser.as_ref().filter(|it| it.honours_trust)?);
        let shown = browser.shown.as_ref()?;
        let theirs = self.browsers.values().filter(|there| there.user == user && there.is_trusted(now));
        theirs.filter(|there| there.digest.matches(shown)).map(|there| there.id).next()
    }

    fn stay_signed_in(
        &mut self,
        session: &SessionRecord,
        visit: &Visit,
        new: Remembering,
        trusted_by: Option<crate::rules::browser::BrowserId>,
    ) {
        let (user, now) = (session.user, self.trail.now());
        self.tell(&IdentityFact::RememberedBegun { user, family: new.id });
        let family = Remembered {
            id: new.id,
            digest: new.digest,
            traded: None,
            user,
            sign_in: session.sign_in,
            methods: session.methods,
            proven_at: session.authenticated_at,
            trusted_by,
            device: visit.device.clone(),
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(new.lifetime),
        };
        self.families.insert(family.id, family);
    }

    pub(super) fn new_session(
        &mut self,
        user: u8,
        begins: Begins,
        proves: Proves,
    ) -> (SessionRecord, Option<SessionId>) {
        let replaces = match begins {
            Begins::Anew => None,
            Begins::Over(n) | Begins::RestsOn(n) | Begins::Renews(n) => Some(self.nth_session(n)),
        };
        self.sessions_begun += 1;
        let (n, now) = (self.sessions_begun.into(), self.trail.now());
        let (stage, methods) = match proves {
            Proves::OneFactor => (SessionStage::Complete, Methods::from([Method::Password])),
            Proves::TwoFactors => (SessionStage::Complete, Methods::from([Method::Password, Method::Otp])),
            Proves::OneOfTwo => (SessionStage::AwaitsEnrolment, Methods::from([Method::Password])),
            Proves::Passkey => {
                (SessionStage::Complete, Methods::from([Method::Passkey, Method::UserVerified]))
            }
        };
        let session = SessionRecord {
            id: session_id(n),
            digest: Digest::of(&[self.sessions_begun]),
            sign_in: sign_in_id(n),
            user: user_id(user.into()),
            stage,
            methods,
            passkey: matches!(proves, Proves::Passkey).then(|| self.newest_passkey()),
            authenticated_at: now,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: now.plus(LIFETIME.idle),
            absolute_expires_at: now.plus(LIFETIME.absolute),
        };
        (session.at_stage(stage), replaces)
    }

    /// What the session that came last begins with.
    pub(super) fn visit(
        &mut self,
        user: UserId,
        limit: Option<(u32, bool)>,
        browser: Option<In>,
        remember: Option<bool>,
    ) -> Visit {
        let n = self.sessions_begun;
        let browser = browser.map(|browser| BrowserVisit {
            shown: browser.shown.map(|after| browser_digest(number(n, after + 1))),
            fresh: (browser_id(n.into()), browser_digest(n.into())),
            honours_trust: browser.honours_trust,
            trust_for: browser.trust.then(|| Duration::from_secs(8 * 24 * 3600)),
            notice: self.notice(user, browser.notice),
        });
        let remember = remember.map(|asked| Remembering {
            id: remembered_id(n.into()),
            digest: Digest::of(&[n, 7]),
            lifetime: remember::LIFETIME,
            asked,
        });
        Visit { device: device(n), browser, remember, limit: session_limit(limit) }
    }
}
