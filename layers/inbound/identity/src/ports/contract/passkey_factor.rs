//! Laws of passkeys that are asked for at every sign-in.

use std::time::Duration;

use super::{
    AuditTrail,
    factor::{SEALED, begin, code, enrolment},
    fixture::{
        Ear, NOW, establish, is_alive, login, origin, revoked, session, session_id, user_id, with_people,
    },
    mail::outbox_mail,
    passkey::{add, passkey, passkey_id, removal, used},
};
use crate::{
    ports::{
        IdentityStore,
        passkey::{RemovingPasskey, UsingPasskey},
        passkey_factor::{PasskeyFactorSwitch, SwitchingOn},
        session::{Established, Establishment},
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        login_proof::Method,
        mail::{MailKind, OutboxMail},
        notice::Notice,
        passkey::{Passkey, SignCountPolicy},
        second_factor::Spending,
        session::{SessionRecord, SessionStage},
    },
};

/// Whoever switches it on has a passkey, gets backup codes, is told, and is signed in nowhere else.
pub async fn whoever_wants_to_be_asked_has_a_passkey<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(switch_on(store, 9, None).await, SwitchingOn::UserRefused);
    assert_eq!(switch_on(store, 1, None).await, SwitchingOn::NoPasskey);
    assert!(!store.has_passkey_factor(user_id(1)).await.unwrap());
    ear.silence().await;
    add(store, passkey(1)).await;
    for n in [1, 2] {
        establish(store, login(n)).await;
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(switch_on(store, 1, Some(outbox_mail(1))).await, SwitchingOn::SwitchedOn);
    let (user, kind) = (user_id(1), MailKind::Notice(Notice::PasskeyFactorSwitchedOn));
    let facts = [
        IdentityFact::PasskeyFactorSwitchedOn { user },
        IdentityFact::BackupCodesRenewed { user, count: 10 },
        revoked(1, SessionEnd::FactorsChanged),
        IdentityFact::MailQueued { mail: outbox_mail(1).id, user, kind },
    ];
    ear.heard(&facts, NOW).await;
    assert_eq!((is_alive(store, 1, NOW).await, is_alive(store, 2, NOW).await), (false, true));
    assert!(store.has_passkey_factor(user).await.unwrap());
    assert!(!store.has_passkey_factor(user_id(2)).await.unwrap());
    assert_eq!(switch_on(store, 1, None).await, SwitchingOn::OnAlready);
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 10);
    ear.silence().await;
}

/// Whoever is asked for a passkey and did not prove it is half signed in, whichever way they came.
pub async fn whoever_is_asked_for_a_passkey_is_half_signed_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_asked(store).await;
    for (n, methods, whole) in [
        (1, vec![Method::Password], false),
        (2, vec![Method::Email], false),
        (3, vec![Method::Federated], false),
        (4, vec![Method::Passkey], false),
        (5, vec![Method::Password, Method::Passkey], true),
        (6, vec![Method::Passkey, Method::UserVerified], true),
        (7, vec![Method::Email, Method::Otp], true),
    ] {
        let stage = if whole { SessionStage::Complete } else { SessionStage::AwaitsSecondFactor };
        assert_eq!(stage_of(store, n, &methods).await, Some(stage), "{methods:?}");
    }
}

/// A backup code is good beside any first factor, and renewed, by whoever is asked for a passkey.
pub async fn backup_codes_go_with_a_passkey_too<S: IdentityStore + AuditTrail>(store: &S) {
    with_asked(store).await;
    let spend = async |n| store.spend_backup_code(user_id(1), code(n), origin(NOW)).await.unwrap();
    assert_eq!(spend(1).await, Spending::Spent);
    assert_eq!(spend(1).await, Spending::Missing);
    assert!(store.renew_backup_codes(user_id(1), vec![code(50)], None, origin(NOW)).await.unwrap());
    assert_eq!((spend(2).await, spend(50).await), (Spending::Missing, Spending::Spent));
}

/// Whoever switches it off is asked for nothing, has no backup codes, is told, and is signed in nowhere else.
pub async fn whoever_switches_it_off_is_asked_no_more<S: IdentityStore + AuditTrail>(store: &S) {
    with_asked(store).await;
    for n in [1, 2] {
        establish(store, login(n)).await;
    }
    let mut ear = Ear::on(store).await;
    let off = async |n, keeps, notice| {
        store.switch_off_passkey_factor(user_id(n), keeps, notice, origin(NOW)).await.unwrap()
    };
    assert!(!off(2, None, None).await);
    ear.silence().await;
    let (user, kind) = (user_id(1), MailKind::Notice(Notice::PasskeyFactorSwitchedOff));
    let notice = OutboxMail { kind, ..outbox_mail(2) };
    assert!(off(1, Some(session_id(2)), Some(notice)).await);
    let facts = [
        IdentityFact::PasskeyFactorSwitchedOff { user },
        revoked(1, SessionEnd::FactorsChanged),
        IdentityFact::MailQueued { mail: outbox_mail(2).id, user, kind },
    ];
    ear.heard(&facts, NOW).await;
    assert!(!off(1, None, None).await);
    ear.silence().await;
    assert!(!store.has_passkey_factor(user).await.unwrap());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
    assert_eq!(stage_of(store, 3, &[Method::Password]).await, Some(SessionStage::Complete));
}

/// It goes with the last passkey that its person removes, and the codes with it.
pub async fn the_last_passkey_takes_it_along<S: IdentityStore + AuditTrail>(store: &S) {
    with_asked(store).await;
    add(store, passkey(2)).await;
    let remove = async |n| store.remove_passkey(removal(n), None, origin(NOW)).await.unwrap();
    assert_eq!(remove(1).await, RemovingPasskey::Removed { sessions: 0 });
    assert!(store.has_passkey_factor(user_id(1)).await.unwrap());
    let mut ear = Ear::on(store).await;
    assert_eq!(remove(2).await, RemovingPasskey::Removed { sessions: 0 });
    let (user, passkey) = (user_id(1), passkey_id(2));
    let removed = IdentityFact::PasskeyRemoved { user, passkey };
    ear.heard(&[removed, IdentityFact::PasskeyFactorSwitchedOff { user }], NOW).await;
    assert!(!store.has_passkey_factor(user).await.unwrap());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
    assert_eq!(stage_of(store, 3, &[Method::Password]).await, Some(SessionStage::Complete));
}

/// Whoever shows a copy of the key does not get rid of the second factor: the backup codes open.
pub async fn a_revoked_key_does_not_take_it_along<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, Passkey { count: 5, ..passkey(1) }).await;
    assert_eq!(switch_on(store, 1, None).await, SwitchingOn::SwitchedOn);
    let copy = store.use_passkey(used(3), SignCountPolicy::Revoke, None, origin(NOW)).await.unwrap();
    assert_eq!(copy, UsingPasskey::Revoked);
    assert!(store.has_passkey_factor(user_id(1)).await.unwrap());
    assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 10);
    assert_eq!(stage_of(store, 3, &[Method::Password]).await, Some(SessionStage::AwaitsSecondFactor));
}

/// An app and a passkey that is asked for share the backup codes: they stay as long as either does.
pub async fn backup_codes_stay_with_either_factor<S: IdentityStore + AuditTrail>(store: &S) {
    let left = async || store.backup_codes_left(user_id(1)).await.unwrap();
    with_asked(store).await;
    begin(store, 1, SEALED).await;
    store.enrol_totp(enrolment(), origin(NOW)).await.unwrap();
    assert!(store.remove_totp(user_id(1), None, None, origin(NOW)).await.unwrap());
    assert_eq!(left().await, 10);
    assert_eq!(stage_of(store, 1, &[Method::Password]).await, Some(SessionStage::AwaitsSecondFactor));
    begin(store, 1, SEALED).await;
    store.enrol_totp(enrolment(), origin(NOW)).await.unwrap();
    assert!(store.switch_off_passkey_factor(user_id(1), None, None, origin(NOW)).await.unwrap());
    assert_eq!(left().await, 10);
    assert_eq!(stage_of(store, 2, &[Method::Password]).await, Some(SessionStage::AwaitsSecondFactor));
    assert!(store.remove_totp(user_id(1), None, None, origin(NOW)).await.unwrap());
    assert_eq!(left().await, 0);
}

/// Whoever must have a second factor and has a passkey that is one beside what they proved is asked for it, and enrols none.
pub async fn a_passkey_is_what_somebody_must_have<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    add(store, Passkey { verifies: false, ..passkey(1) }).await;
    let (due, asked) = (SessionStage::AwaitsEnrolment, SessionStage::AwaitsSecondFactor);
    for (n, user, methods, stage) in [
        (1, 1, vec![Method::Password], asked),
        (2, 1, vec![Method::Email], asked),
        // The key is proven already, and proves no more by itself.
        (3, 1, vec![Method::Passkey], due),
        (4, 1, vec![Method::Password, Method::Passkey], SessionStage::Complete),
        (5, 2, vec![Method::Password], due),
    ] {
        let must = SessionRecord { user: user_id(user), stage: due, ..brief(n, &methods) };
        assert_eq!(stage_come_to(store, n, must).await, Some(stage), "{methods:?}");
    }
    add(store, passkey(2)).await;
    let must = SessionRecord { stage: due, ..brief(6, &[Method::Passkey]) };
    assert_eq!(stage_come_to(store, 6, must).await, Some(asked));
}

/// The first person has a passkey, and wants to be asked for it.
async fn with_asked<S: IdentityStore>(store: &S) {
    with_people(store).await;
    add(store, passkey(1)).await;
    assert_eq!(switch_on(store, 1, None).await, SwitchingOn::SwitchedOn);
}

async fn switch_on<S: IdentityStore>(store: &S, n: u128, notice: Option<OutboxMail>) -> SwitchingOn {
    let kind = MailKind::Notice(Notice::PasskeyFactorSwitchedOn);
    let notice = notice.map(|mail| OutboxMail { kind, ..mail });
    let codes = (0..10).map(code).collect();
    let switch = PasskeyFactorSwitch { user: user_id(n), codes, keeps: Some(session_id(2)), notice };
    store.switch_on_passkey_factor(switch, origin(NOW)).await.unwrap()
}

async fn stage_of<S: IdentityStore>(store: &S, n: u128, methods: &[Method]) -> Option<SessionStage> {
    stage_come_to(store, n, brief(n, methods)).await
}

async fn stage_come_to<S: IdentityStore>(store: &S, n: u128, session: SessionRecord) -> Option<SessionStage> {
    let login = Establishment { session, ..login(n) };
    match store.establish_session(login, origin(NOW)).await.unwrap() {
        Established::Established { stage, .. } => Some(stage),
        Established::Full | Established::UserRefused | Established::Superseded => None,
    }
}

fn brief(n: u128, methods: &[Method]) -> SessionRecord {
    let idle_expires_at = NOW.plus(Duration::from_secs(24 * 3600));
    SessionRecord { methods: methods.into(), idle_expires_at, ..session(n) }
}
