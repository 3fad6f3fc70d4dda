//! Laws of second factors.

use std::time::Duration;

use towergate_core::Digest;

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, establish, is_alive, login, origin, revoked, session, session_id, sign_in_id,
        user_id, with_people, with_session,
    },
};
use crate::{
    ports::{
        IdentityStore,
        factor::{BeginningTotp, EnrollingTotp, Enrolment},
        session::{Established, Establishment},
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        factor::{ENROLMENT, TotpState},
        lockout::CredentialClass,
        login_proof::Method,
        second_factor::Spending,
        session::{HALF_SIGNED_IN, SessionRecord, SessionStage},
        totp::TotpStep,
    },
};

pub(super) const SEALED: &[u8] = b"sealed";
pub(super) const STEP: TotpStep = TotpStep::new(1000);

/// A secret that waits reads back, is asked of nobody, and is replaced by another that waits.
pub async fn a_secret_waits_for_its_first_code<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(begin(store, 9, SEALED).await, BeginningTotp::UserRefused);
    for sealed in [b"first".as_slice(), SEALED] {
        assert_eq!(begin(store, 1, sealed).await, BeginningTotp::Begun);
        let found = store.find_totp(user_id(1)).await.unwrap().unwrap();
        assert_eq!(
            (found.sealed.as_slice(), found.state, found.created_at),
            (sealed, TotpState::Pending, NOW)
        );
    }
    assert!(store.find_totp(user_id(2)).await.unwrap().is_none());
    assert_eq!(spend(store, STEP).await, Spending::Missing);
    ear.silence().await;
    let one = one_factor(1);
    let established = store.establish_session(Establishment { session: one, ..login(1) }, origin(NOW)).await;
    assert!(matches!(established, Ok(Established::Established { stage: SessionStage::Complete, .. })));
}

/// A secret waits for ten minutes.
pub async fn a_secret_does_not_wait_for_ever<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    begin(store, 1, SEALED).await;
    let mut ear = Ear::on(store).await;
    let late = store.enrol_totp(enrolment(), origin(NOW.plus(ENROLMENT))).await.unwrap();
    assert_eq!(late, EnrollingTotp::Changed);
    ear.silence().await;
    let just = origin(NOW.plus(ENROLMENT).minus(MILLISECOND));
    assert_eq!(store.enrol_totp(enrolment(), just).await.unwrap(), EnrollingTotp::Enrolled);
}

/// A first code makes the secret count that it is of, once, and brings the backup codes.
pub async fn a_first_code_proves_the_secret_it_is_of<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(enrol(store).await, EnrollingTotp::Changed);
    begin(store, 1, b"another").await;
    assert_eq!(enrol(store).await, EnrollingTotp::Changed);
    ear.silence().await;
    begin(store, 1, SEALED).await;
    assert_eq!(enrol(store).await, EnrollingTotp::Enrolled);
    let user = user_id(1);
    ear.heard(
        &[IdentityFact::FactorEnrolled { user }, IdentityFact::BackupCodesRenewed { user, count: 10 }],
        NOW,
    )
    .await;
    assert_eq!(store.find_totp(user).await.unwrap().unwrap().state, TotpState::Enrolled(STEP));
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 10);
    assert_eq!(enrol(store).await, EnrollingTotp::Changed);
    ear.silence().await;
}

/// An app that counts is not replaced by one that waits.
pub async fn an_app_that_counts_is_not_replaced<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    assert_eq!(begin(store, 1, b"another").await, BeginningTotp::Enrolled);
    assert_eq!(store.find_totp(user_id(1)).await.unwrap().unwrap().sealed, SEALED);
}

/// Whoever has an app that counts and did not prove it is half signed in, for ten minutes, whichever way they came; whoever
/// proved it is signed in.
pub async fn whoever_has_an_app_is_half_signed_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let mut ear = Ear::on(store).await;
    let login_half = Establishment { session: one_factor(1), ..login(1) };
    let established = store.establish_session(login_half, origin(NOW)).await.unwrap();
    let (sign_in, stage) = (sign_in_id(1), SessionStage::AwaitsSecondFactor);
    assert_eq!(
        established,
        Established::Established { sign_in, stage, ended: None, marks: Default::default() }
    );
    let (user, session) = (user_id(1), session_id(1));
    let half = IdentityFact::FirstFactorProven { user, methods: [Method::Password].into() };
    ear.heard(&[half, IdentityFact::SessionCreated { session, sign_in, user }], NOW).await;
    let found = store.load_session(session, NOW).await.unwrap().unwrap();
    assert_eq!((found.stage, found.absolute_expires_at), (stage, NOW.plus(HALF_SIGNED_IN)));
    assert!(is_alive(store, 1, NOW.plus(HALF_SIGNED_IN).minus(MILLISECOND)).await);
    assert!(!is_alive(store, 1, NOW.plus(HALF_SIGNED_IN)).await);

    for (n, record) in
        [(2, super::fixture::session(2)), (3, SessionRecord { user: user_id(2), ..one_factor(3) })]
    {
        let whole = Establishment { session: record, ..login(n) };
        let established = store.establish_session(whole, origin(NOW)).await.unwrap();
        assert!(matches!(established, Established::Established { stage: SessionStage::Complete, .. }), "{n}");
    }
}

/// Whoever was half signed in and proves what was due goes on with their sign-in, under a new identifier.
pub async fn a_half_sign_in_is_completed<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    establish(store, Establishment { session: one_factor(1), ..login(1) }).await;
    let whole = Establishment { replaces: Some(session_id(1)), ..login(2) };
    assert_eq!(establish(store, whole).await, (sign_in_id(1), None));
    assert!(!is_alive(store, 1, NOW).await);
    let found = store.load_session(session_id(2), NOW).await.unwrap().unwrap();
    assert_eq!(
        (found.stage, found.absolute_expires_at),
        (SessionStage::Complete, session(2).absolute_expires_at)
    );
}

/// With the first code every other session of the person ends, and nobody else's.
pub async fn enrolling_ends_the_other_sessions<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    establish(store, login(2)).await;
    let theirs = SessionRecord { user: user_id(2), ..session(3) };
    establish(store, Establishment { session: theirs, ..login(3) }).await;
    begin(store, 1, SEALED).await;
    let mut ear = Ear::on(store).await;
    let keeping = Enrolment { keeps: Some(session_id(2)), ..enrolment() };
    store.enrol_totp(keeping, origin(NOW)).await.unwrap();
    let user = user_id(1);
    let facts = [
        IdentityFact::FactorEnrolled { user },
        IdentityFact::BackupCodesRenewed { user, count: 10 },
        revoked(1, SessionEnd::FactorsChanged),
    ];
    ear.heard(&facts, NOW).await;
    for (n, alive) in [(1, false), (2, true), (3, true)] {
        assert_eq!(is_alive(store, n, NOW).await, alive, "{n}");
    }
}

/// A step is spent once, and with it every earlier one.
pub async fn a_step_is_spent_once_with_all_before_it<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(spend(store, STEP).await, Spending::SpentBefore, "the first code");
    let used = IdentityFact::FactorUsed { user: user_id(1), class: CredentialClass::Totp };
    for (step, spending) in [
        (1002, Spending::Spent),
        (1002, Spending::SpentBefore),
        (1001, Spending::SpentBefore),
        (1003, Spending::Spent),
    ] {
        assert_eq!(spend(store, TotpStep::new(step)).await, spending, "{step}");
        if spending == Spending::Spent {
            ear.heard(std::slice::from_ref(&used), NOW).await;
        }
    }
    ear.silence().await;
}

/// A backup code is spent once, by its own person.
pub async fn a_backup_code_is_spent_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let mut ear = Ear::on(store).await;
    let spend =
        |n, code| async move { store.spend_backup_code(user_id(n), code, origin(NOW)).await.unwrap() };
    assert_eq!(spend(2, code(1)).await, Spending::Missing);
    assert_eq!(spend(1, code(99)).await, Spending::Missing);
    ear.silence().await;
    assert_eq!(spend(1, code(1)).await, Spending::Spent);
    ear.heard(&[IdentityFact::FactorUsed { user: user_id(1), class: CredentialClass::BackupCode }], NOW)
        .await;
    assert_eq!(spend(1, code(1)).await, Spending::Missing);
    assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 9);
    ear.silence().await;
}

/// A new set takes the place of the old one; whoever has no app gets none.
pub async fn backup_codes_are_renewed_whole<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    let mut ear = Ear::on(store).await;
    let renew = |n| async move {
        store.renew_backup_codes(user_id(n), vec![code(50)], None, origin(NOW)).await.unwrap()
    };
    assert!(!renew(2).await);
    ear.silence().await;
    assert!(renew(1).await);
    ear.heard(&[IdentityFact::BackupCodesRenewed { user: user_id(1), count: 1 }], NOW).await;
    assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 1);
    let spent = store.spend_backup_code(user_id(1), code(1), origin(NOW)).await.unwrap();
    assert_eq!(spent, Spending::Missing);
}

/// Whoever removes their app is asked for none, has no backup codes, and no other session.
pub async fn whoever_removes_their_app_has_no_factor<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    for n in [1, 2] {
        establish(store, login(n)).await;
    }
    let mut ear = Ear::on(store).await;
    let remove = |n| async move {
        store.remove_totp(user_id(n), Some(session_id(2)), None, origin(NOW)).await.unwrap()
    };
    assert!(!remove(2).await);
    ear.silence().await;
    assert!(remove(1).await);
    let removed = IdentityFact::FactorRemoved { user: user_id(1) };
    ear.heard(&[removed, revoked(1, SessionEnd::FactorsChanged)], NOW).await;
    assert!(!remove(1).await);
    assert!(store.find_totp(user_id(1)).await.unwrap().is_none());
    assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 0);
    let one = Establishment { session: one_factor(3), ..login(3) };
    let established = store.establish_session(one, origin(NOW)).await.unwrap();
    assert!(matches!(established, Established::Established { stage: SessionStage::Complete, .. }));
    assert_eq!((is_alive(store, 1, NOW).await, is_alive(store, 2, NOW).await), (false, true));
}

/// Two people, the first of whom has an app that counts.
pub(super) async fn with_app<S: IdentityStore>(store: &S) {
    with_people(store).await;
    assert_eq!(begin(store, 1, SEALED).await, BeginningTotp::Begun);
    assert_eq!(enrol(store).await, EnrollingTotp::Enrolled);
}

pub(super) async fn begin<S: IdentityStore>(store: &S, n: u128, sealed: &[u8]) -> BeginningTotp {
    store.begin_totp(user_id(n), sealed.to_vec(), origin(NOW)).await.unwrap()
}

pub(super) fn enrolment() -> Enrolment {
    let codes = (0..10).map(code).collect();
    Enrolment { user: user_id(1), sealed: SEALED.to_vec(), step: STEP, codes, keeps: None, notice: None }
}

pub(super) fn code(n: u8) -> Digest {
    Digest::of(&[n])
}

async fn enrol<S: IdentityStore>(store: &S) -> EnrollingTotp {
    store.enrol_totp(enrolment(), origin(NOW)).await.unwrap()
}

async fn spend<S: IdentityStore>(store: &S, step: TotpStep) -> Spending {
    store.spend_totp(user_id(1), step, origin(NOW)).await.unwrap()
}

/// The `n`th session, by password alone; it began now and would live for a day.
fn one_factor(n: u128) -> SessionRecord {
    SessionRecord {
        methods: [Method::Password].into(),
        idle_expires_at: NOW.plus(Duration::from_secs(24 * 3600)),
        ..session(n)
    }
}
