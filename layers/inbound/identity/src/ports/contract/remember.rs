//! Laws of browsers that stay signed in, that are trusted, and that are known.

use std::time::Duration;

use towergate_core::{
    Digest, Timestamp,
    contract::{Task, many, one, written},
    id::Uuid,
};

use super::{
    AuditTrail,
    factor::with_app,
    fixture::{LIFETIME, NOW, is_alive, login, origin, session, session_id, user_id, with_people},
};
use crate::{
    ports::{
        IdentityStore,
        device::DeviceRef,
        remember::{Trade, Traded},
        session::{Established, Establishment},
        visit::{Beyond, BrowserMark, BrowserVisit, Marks, Remembering, SessionLimit, Visit},
    },
    rules::{
        assurance::SessionCount,
        browser::{BrowserId, KNOWN},
        device::Device,
        enrolment::EnrolmentDuty,
        fact::SessionEnd,
        level::Level,
        login_proof::Method,
        remember::{self, GRACE, RememberedId},
        session::{SessionId, SessionRecord, SessionStage},
        user::UserId,
    },
};

const SECOND: Duration = Duration::from_secs(1);
const TRUSTED: Duration = Duration::from_secs(3600);

fn family(n: u128) -> RememberedId {
    RememberedId::from_uuid(Uuid::from_u128(0x7000 + n))
}

pub(super) fn cookie(n: u128) -> Digest {
    Digest::of(format!("cookie {n}").as_bytes())
}

/// The first person signs in to the `n`th session by these methods, and asks to stay signed in as the `n`th family.
fn remembering(n: u128, methods: &[Method]) -> Establishment {
    let remember =
        Remembering { id: family(n), digest: cookie(0), lifetime: remember::LIFETIME, asked: true };
    let visit = Visit { remember: Some(remember), ..Visit::default() };
    let session = SessionRecord { methods: methods.into(), ..session(n) };
    Establishment { session, visit, ..login(n) }
}

/// The cookie `shown` of the `n`th family for the next one and the session `session`.
fn trade(n: u128, shown: u128, session: u128) -> Trade {
    Trade {
        family: family(n),
        shown: cookie(shown),
        next: cookie(shown + 1),
        sealed: vec![u8::try_from(session).unwrap()],
        session: session_id(session),
        session_digest: Digest::of(b"s"),
        lifetime: LIFETIME,
        duty: EnrolmentDuty::Free,
        limit: SessionLimit::default(),
        device: Device::default(),
        notice: None,
    }
}

async fn traded<S: IdentityStore>(store: &S, trade: Trade, at: Timestamp) -> Option<SessionRecord> {
    match store.trade_remembered(trade, origin(at)).await.unwrap() {
        Traded::Traded(session, _) => Some(session),
        _ => None,
    }
}

pub(super) async fn marks<S: IdentityStore>(
    store: &S,
    login: Establishment,
    at: Timestamp,
) -> (SessionStage, Marks) {
    let marks = match store.establish_session(login, origin(at)).await.unwrap() {
        Established::Established { stage, marks, .. } => Some((stage, marks)),
        Established::Full | Established::UserRefused | Established::Superseded => None,
    };
    marks.unwrap()
}

async fn with_family<S: IdentityStore>(store: &S) {
    with_people(store).await;
    let (_, marks) = marks(store, remembering(1, &[Method::Password]), NOW).await;
    assert!(marks.remembered);
}

/// A cookie is traded for the next and a session that proves nothing, in the same sign-in; the one before it ends.
pub async fn a_cookie_is_traded_for_a_session_that_proves_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_family(store).await;
    let later = NOW.plus(Duration::from_secs(7 * 24 * 3600));
    let session = traded(store, trade(1, 0, 5), later).await.unwrap();
    assert_eq!((session.sign_in, session.user), (super::fixture::sign_in_id(1), user_id(1)));
    assert_eq!(Level::of(&session.methods), Some(Level::Remembered));
    assert_eq!(session.authenticated_at, super::fixture::session(1).authenticated_at);
    assert!(is_alive(store, 5, later).await && !is_alive(store, 1, later).await);
    assert!(traded(store, trade(1, 1, 6), later).await.is_some());
    assert!(is_alive(store, 6, later).await && !is_alive(store, 5, later).await);
    let end = NOW.plus(remember::LIFETIME);
    assert!(matches!(store.trade_remembered(trade(1, 2, 7), origin(end)).await.unwrap(), Traded::Missing));
    assert!(matches!(store.trade_remembered(trade(9, 0, 8), origin(NOW)).await.unwrap(), Traded::Missing));
}

/// The cookie before the newest gets the same answer for a moment; after that it is a copy, and all is over.
pub async fn a_copied_cookie_ends_its_family<S: IdentityStore + AuditTrail>(store: &S) {
    with_family(store).await;
    traded(store, trade(1, 0, 5), NOW).await.unwrap();
    let again = store.trade_remembered(trade(1, 0, 6), origin(NOW.plus(GRACE))).await.unwrap();
    assert!(matches!(
        again,
        Traded::Repeated { sealed, session: Some(session), .. } if sealed == [5] && session.id == session_id(5)
    ));
    // A clock that was set back makes nobody a thief.
    let back = store.trade_remembered(trade(1, 0, 6), origin(NOW.minus(remember::LIFETIME))).await.unwrap();
    assert!(matches!(back, Traded::Repeated { .. }), "{back:?}");
    let late = NOW.plus(GRACE + SECOND);
    let stolen = store.trade_remembered(trade(1, 0, 6), origin(late)).await.unwrap();
    assert!(matches!(stolen, Traded::Stolen), "{stolen:?}");
    assert!(!is_alive(store, 5, late).await);
    assert!(store.find_remembered(family(1)).await.unwrap().is_none());
    let newest = store.trade_remembered(trade(1, 1, 7), origin(late)).await.unwrap();
    assert!(matches!(newest, Traded::Missing), "{newest:?}");
    assert_eq!(written(store, "remembered.stolen").await, 1);
}

/// Whatever ends the sessions of a person ends what stays signed in; signing out everywhere else spares the browser here.
pub async fn a_family_ends_with_the_sessions_of_its_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let gone = async |n| store.find_remembered(family(n)).await.unwrap().is_none();
    for n in [1, 2] {
        marks(store, remembering(n, &[Method::Password]), NOW).await;
    }
    let reason = SessionEnd::RevokedByUser;
    store.end_sessions_of(user_id(1), Some(session_id(1)), reason, origin(NOW)).await.unwrap();
    assert!(!gone(1).await && gone(2).await, "everywhere else");
    store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
    assert!(gone(1).await, "sign-out");
    marks(store, remembering(3, &[Method::Password]), NOW).await;
    let keeps = Some(session_id(3));
    store.end_sessions_of(user_id(1), keeps, SessionEnd::FactorsChanged, origin(NOW)).await.unwrap();
    assert!(gone(3).await && is_alive(store, 3, NOW).await, "a change of factors");
    marks(store, remembering(4, &[Method::Password]), NOW).await;
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert!(gone(4).await, "shut out");
    assert!(traded(store, trade(4, 0, 9), NOW).await.is_none());
}

/// Whoever enrols a second factor is not remembered by what they proved without it, in the browser of the enrolment either.
pub async fn a_family_of_one_factor_ends_when_a_second_is_enrolled<S: IdentityStore + AuditTrail>(store: &S) {
    with_family(store).await;
    super::factor::begin(store, 1, super::factor::SEALED).await;
    let enrolment =
        crate::ports::factor::Enrolment { keeps: Some(session_id(1)), ..super::factor::enrolment() };
    store.enrol_totp(enrolment, origin(NOW)).await.unwrap();
    assert!(store.find_remembered(family(1)).await.unwrap().is_none());
    // One that was begun half signed in begins once the second factor is proven.
    let (stage, told) = marks(store, remembering(2, &[Method::Password]), NOW).await;
    assert_eq!((stage, told.remembered), (SessionStage::AwaitsSecondFactor, false));
    let mut whole = remembering(3, &[Method::Password, Method::Otp]);
    whole.replaces = Some(session_id(2));
    whole.visit.remember.as_mut().unwrap().asked = false;
    let (stage, told) = marks(store, whole, NOW).await;
    assert_eq!((stage, told.remembered), (SessionStage::Complete, true));
    assert!(traded(store, trade(3, 0, 5), NOW).await.is_some());
}

/// Whoever signs in where somebody else was half signed in, or begins anew, stays signed in only if they ask for it themself.
pub async fn nobody_stays_signed_in_by_what_another_asked_for<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let silent = |n, methods: &[Method], user| {
        let mut silent = remembering(n, methods);
        (silent.replaces, silent.session.user) = (Some(session_id(n - 1)), user);
        silent.visit.remember.as_mut().unwrap().asked = false;
        silent
    };
    let (stage, _) = marks(store, remembering(2, &[Method::Password]), NOW).await;
    assert_eq!(stage, SessionStage::AwaitsSecondFactor);
    let (stage, told) = marks(store, silent(3, &[Method::Password], user_id(2)), NOW).await;
    assert_eq!((stage, told.remembered), (SessionStage::Complete, false), "another person");
    marks(store, remembering(4, &[Method::Password]), NOW).await;
    marks(store, silent(5, &[Method::Password], user_id(1)), NOW).await;
    let (stage, told) = marks(store, silent(6, &[Method::Password, Method::Otp], user_id(1)), NOW).await;
    assert_eq!((stage, told.remembered), (SessionStage::Complete, false), "a new beginning");
}

pub(super) fn browser(n: u128, shown: Option<u128>, trust: bool) -> BrowserVisit {
    BrowserVisit {
        shown: shown.map(cookie),
        fresh: (BrowserId::from_uuid(Uuid::from_u128(0x8000 + n)), cookie(n)),
        honours_trust: true,
        trust_for: trust.then_some(TRUSTED),
        notice: None,
    }
}

pub(super) fn arriving(n: u128, methods: &[Method], browser: BrowserVisit) -> Establishment {
    let session = SessionRecord { methods: methods.into(), ..session(n) };
    let visit = Visit { browser: Some(browser), ..Visit::default() };
    Establishment { session, visit, ..login(n) }
}

/// A trusted browser saves the second factor and nothing else, until trust ends.
pub async fn a_trusted_browser_saves_the_second_factor<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let both = [Method::Password, Method::Otp];
    // One factor earns no trust.
    let (stage, _) = marks(store, arriving(11, &[Method::Password], browser(1, None, true)), NOW).await;
    assert_eq!(stage, SessionStage::AwaitsSecondFactor);
    let (_, told) = marks(store, arriving(12, &both, browser(2, None, true)), NOW).await;
    assert_eq!(told.browser, Some(BrowserMark::Fresh));
    let (stage, told) =
        marks(store, arriving(13, &[Method::Password], browser(3, Some(2), false)), NOW).await;
    assert_eq!((stage, told.browser), (SessionStage::Complete, Some(BrowserMark::Shown)));
    let there = store.load_session(session_id(13), NOW).await.unwrap().unwrap();
    assert_eq!(Level::of(&there.methods), Some(Level::OneFactor), "it proves no more");
    assert_eq!(written(store, "browser.trust_used").await, 1);
    // Where it does not count, and in any other browser, and too late.
    let ignored = BrowserVisit { honours_trust: false, ..browser(4, Some(2), false) };
    for (n, visit, at) in [
        (14, ignored, NOW),
        (15, browser(5, Some(9), false), NOW),
        (16, browser(6, Some(2), false), NOW.plus(TRUSTED)),
    ] {
        let (stage, _) = marks(store, arriving(n, &[Method::Password], visit), at).await;
        assert_eq!(stage, SessionStage::AwaitsSecondFactor, "{n}");
    }
    // It is forgotten.
    assert_eq!(store.forget_browsers(user_id(1), origin(NOW)).await.unwrap(), 1);
    let (stage, _) = marks(store, arriving(17, &[Method::Password], browser(7, Some(2), false)), NOW).await;
    assert_eq!(stage, SessionStage::AwaitsSecondFactor);
}

/// A change of factors ends all trust, and the cookie that is trusted is one that nobody had before.
pub async fn trust_ends_with_a_change_of_factors<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let both = [Method::Password, Method::Otp];
    marks(store, arriving(11, &both, browser(1, None, false)), NOW).await;
    let (_, told) = marks(store, arriving(12, &both, browser(2, Some(1), true)), NOW).await;
    assert_eq!(told.browser, Some(BrowserMark::Fresh));
    let (stage, _) = marks(store, arriving(13, &[Method::Password], browser(3, Some(1), false)), NOW).await;
    assert_eq!(stage, SessionStage::AwaitsSecondFactor, "a copy of the old cookie");
    store.end_sessions_of(user_id(1), None, SessionEnd::FactorsChanged, origin(NOW)).await.unwrap();
    let (stage, _) = marks(store, arriving(14, &[Method::Password], browser(4, Some(2), false)), NOW).await;
    assert_eq!(stage, SessionStage::AwaitsSecondFactor);
}

/// A sign-in in a browser that is not known is told, and the first of all is not.
pub async fn a_new_browser_is_told<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let by = [Method::Password];
    let late = NOW.plus(KNOWN);
    for (n, shown, at, news) in [
        (11, None, NOW, 0),
        (12, Some(11), NOW, 0),
        (13, None, NOW, 1),
        (14, Some(9), NOW, 2),
        (15, Some(11), late, 3),
    ] {
        marks(store, arriving(n, &by, browser(n, shown, false)), at).await;
        assert_eq!(written(store, "device.new").await, news, "{n}");
    }
    assert!(store.is_known_browser(user_id(1), &cookie(11), late).await.unwrap());
    assert!(!store.is_known_browser(user_id(2), &cookie(11), late).await.unwrap());
}

/// Nobody ends what is another person's, and a thing of one's own ends once.
pub async fn nobody_ends_what_is_another_persons<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut begun = remembering(1, &[Method::Password, Method::Otp]);
    begun.visit.browser = Some(browser(1, None, true));
    marks(store, begun, NOW).await;
    let devices = store.devices_of(user_id(1), NOW).await.unwrap();
    let trusted = devices.trusted.first().unwrap().id;
    assert_eq!((devices.sessions.len(), devices.remembered.len()), (1, 1));
    assert!(store.devices_of(user_id(2), NOW).await.unwrap().sessions.is_empty());
    let things =
        [DeviceRef::Trusted(trusted), DeviceRef::Remembered(family(1)), DeviceRef::Session(session_id(1))];
    let ended = async |user: UserId, thing| store.end_device(user, thing, origin(NOW)).await.unwrap();
    for thing in things {
        assert!(!ended(user_id(2), thing).await, "{thing:?}");
    }
    assert!(is_alive(store, 1, NOW).await);
    for (thing, there) in things.into_iter().zip([true, true, false]) {
        assert_eq!(ended(user_id(1), thing).await, there, "{thing:?}");
        assert!(!ended(user_id(1), thing).await, "{thing:?}");
    }
    assert!(!is_alive(store, 1, NOW).await, "it went with its family");
}

/// Beyond the limit the one that was quiet for longest ends, or the new one does not begin.
pub async fn sessions_keep_their_limit<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let limited = |n: u128, beyond| {
        let limit = SessionLimit { most: SessionCount::AtMost(2), beyond };
        let session =
            SessionRecord { last_seen_at: NOW.plus(SECOND * u32::try_from(n).unwrap()), ..session(n) };
        Establishment { session, visit: Visit { limit, ..Visit::default() }, ..login(n) }
    };
    for n in [1, 2, 3] {
        marks(store, limited(n, Beyond::EndOldest), NOW).await;
    }
    assert!(!is_alive(store, 1, NOW).await && is_alive(store, 2, NOW).await && is_alive(store, 3, NOW).await);
    let refused = store.establish_session(limited(4, Beyond::RefuseNew), origin(NOW)).await.unwrap();
    assert_eq!(refused, Established::Full);
    let mut again = limited(5, Beyond::RefuseNew);
    again.replaces = Some(session_id(3));
    assert!(matches!(marks(store, again, NOW).await, (SessionStage::Complete, _)), "one for one");
}

/// What happened to somebody's account is theirs to read, newest first, page by page.
pub async fn what_happened_is_read_newest_first<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in [1, 2, 3] {
        marks(store, login(n), NOW).await;
    }
    let all = store.events_of(user_id(1), None, 50).await.unwrap();
    let words: Vec<_> = all.iter().map(|activity| activity.words).collect();
    assert_eq!(words, ["Signed in", "Signed in", "Signed in", "The account was made"]);
    assert!(all.is_sorted_by(|newer, older| newer.place > older.place));
    let page = store.events_of(user_id(1), all.get(1).map(|activity| activity.place), 1).await.unwrap();
    assert_eq!(page.first(), all.get(2));
    assert_eq!(store.events_of(user_id(2), None, 50).await.unwrap().len(), 1);
}

/// Of many parallel uses of one cookie exactly one makes a session, and every other gets its answer.
pub fn parallel_uses_of_one_cookie_make_one_session<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_family(&store).await });
    let answers = many(store, 32, &run, |store, n| async move {
        let answer = match store.trade_remembered(trade(1, 0, n + 5), origin(NOW)).await.unwrap() {
            Traded::Traded(session, _) => Some((true, session.id)),
            Traded::Repeated { session, .. } => session.map(|session| (false, session.id)),
            Traded::Stolen | Traded::Full | Traded::Missing => None,
        };
        answer.unwrap()
    });
    assert_eq!(answers.iter().filter(|(first, _)| *first).count(), 1);
    let sessions: std::collections::BTreeSet<SessionId> = answers.iter().map(|(_, id)| *id).collect();
    assert_eq!(sessions.len(), 1);
}

/// Of many parallel ends of one thing exactly one ends it.
pub fn parallel_ends_of_one_device_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_family(&store).await });
    let ended = many(store, 32, &run, |store, n| async move {
        let what =
            if n % 2 == 0 { DeviceRef::Session(session_id(1)) } else { DeviceRef::Remembered(family(1)) };
        store.end_device(user_id(1), what, origin(NOW)).await.unwrap()
    });
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1);
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "session.revoked").await, 1);
        assert_eq!(written(&store, "remembered.ended").await, 1);
    });
}
