//! Laws of new passwords.

use towergate_core::{Digest, Secret, Timestamp};

use super::{
    AuditTrail,
    email_token::{link, token, token_id},
    fixture::{
        Ear, MILLISECOND, NOW, email, establish, is_alive, login, origin, revoked, session_id, user, user_id,
        with_people,
    },
    mail::outbox_mail,
    tries::KEY,
};
use crate::{
    ports::{
        IdentityStore,
        email_token::{Confirming, Issuing},
        factor::{EnrollingTotp, Enrolment},
        password::{ChangingPassword, PasswordChange, PasswordReset, ResettingPassword},
    },
    rules::{
        email_token::{EmailToken, Purpose, Shown},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        lockout::{CredentialClass, LockoutPolicy, Reserving},
        mail::MailLimit,
        second_factor::{FactorUse, Spending},
        totp::TotpStep,
        user::{User, UserState},
    },
};

/// The `n`th proof, for setting the first person's password anew.
pub(super) fn proof(n: u128) -> EmailToken {
    EmailToken {
        purpose: Purpose::ResetPassword,
        expires_at: NOW.plus(Purpose::ResetPassword.lifetime()),
        ..token(n)
    }
}

pub(super) async fn ask<S: IdentityStore>(store: &S, token: EmailToken, n: u128) -> Issuing {
    store.issue_email_token(token, outbox_mail(n), MailLimit::default(), origin(NOW)).await.unwrap()
}

pub(super) fn reset_by(n: u128, factor: Option<FactorUse>) -> PasswordReset {
    PasswordReset { token: token_id(n), shown: link(), hash: Secret::from("$argon2id$new"), factor }
}

pub(super) async fn reset<S: IdentityStore>(
    store: &S,
    n: u128,
    factor: Option<FactorUse>,
    at: Timestamp,
) -> ResettingPassword {
    store.reset_password(reset_by(n, factor), None, origin(at)).await.unwrap()
}

pub(super) fn change(old: Option<&str>, new: &str) -> PasswordChange {
    PasswordChange {
        user: user_id(1),
        old: old.map(Secret::from),
        new: Secret::from(new),
        keeps: Some(session_id(1)),
    }
}

/// The first person has an app that counts, with one backup code.
pub(super) async fn with_app<S: IdentityStore>(store: &S) {
    store.begin_totp(user_id(1), b"sealed".to_vec(), origin(NOW)).await.unwrap();
    let enrolment = Enrolment {
        user: user_id(1),
        sealed: b"sealed".to_vec(),
        step: TotpStep::new(7),
        codes: vec![Digest::of(b"backup")],
        keeps: None,
        notice: None,
    };
    assert_eq!(store.enrol_totp(enrolment, origin(NOW)).await.unwrap(), EnrollingTotp::Enrolled);
}

fn refused(n: u128) -> IdentityFact {
    let (user, purpose, reason) = (user_id(1), Purpose::ResetPassword, TokenRefusal::Dead);
    IdentityFact::EmailTokenRefused { token: token_id(n), user, purpose, reason }
}

fn queued(n: u128) -> IdentityFact {
    let mail = outbox_mail(n);
    IdentityFact::MailQueued { mail: mail.id, user: mail.user, kind: mail.kind }
}

async fn password<S: IdentityStore>(store: &S) -> Option<String> {
    let person = store.find_user(user_id(1)).await.unwrap().unwrap();
    person.password.map(|hash| hash.expose().clone())
}

/// Asking for a link is one write, whether it goes out or not: to nobody, to somebody shut out, to another address, or too often.
pub async fn a_reset_is_issued_or_its_refusal_is_written<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(ask(store, proof(1), 1).await, Issuing::Issued);
    let purpose = Purpose::ResetPassword;
    let issued = IdentityFact::EmailTokenIssued { token: token_id(1), user: user_id(1), purpose };
    ear.heard(&[issued, queued(1)], NOW).await;
    let nobody = EmailToken { user: user_id(9), ..proof(2) };
    let shut_out = EmailToken { user: user_id(2), email: email(2), ..proof(2) };
    let elsewhere = EmailToken { email: email(2), ..proof(2) };
    for (refused, user) in [(nobody, None), (shut_out, Some(user_id(2))), (elsewhere, Some(user_id(1)))] {
        assert_eq!(ask(store, refused, 2).await, Issuing::UserRefused);
        ear.heard(&[IdentityFact::EmailTokenUnknown { user, asked: "refused" }], NOW).await;
    }
    for n in 2..=5 {
        assert_eq!(ask(store, proof(n), n).await, Issuing::Issued);
    }
    let mut ear = Ear::on(store).await;
    assert_eq!(ask(store, proof(6), 6).await, Issuing::TooMany);
    let user = Some(user_id(1));
    ear.heard(&[IdentityFact::EmailTokenUnknown { user, asked: "too_many" }], NOW).await;
    assert!(store.find_email_token(token_id(6)).await.unwrap().is_none());
    let open = store.open_email_token_of(user_id(1), purpose, NOW).await.unwrap().unwrap();
    assert_eq!(open.id, token_id(5), "the last that went out is the one that is good");
}

/// A password that came with a proof is kept no longer than the proof is good.
pub async fn a_spent_reset_keeps_no_password<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let bears_one = EmailToken { password: Some(Secret::from("$argon2id$chosen")), ..proof(1) };
    store.issue_email_token(bears_one, outbox_mail(1), MailLimit::default(), origin(NOW)).await.unwrap();
    store.reset_password(reset_by(1, None), None, origin(NOW)).await.unwrap();
    let spent = store.find_email_token(token_id(1)).await.unwrap().unwrap();
    assert!(spent.password.is_none(), "the hash stays behind");
}

/// A link sets the password once; all that rested on the old one ends in the same step, and its person is told.
pub async fn a_forgotten_password_is_set_anew_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in [1, 2] {
        establish(store, login(n)).await;
    }
    let other = crate::rules::session::SessionRecord { user: user_id(2), ..super::fixture::session(3) };
    establish(store, crate::ports::session::Establishment { session: other, ..login(3) }).await;
    for _ in 0..5 {
        let reserved = store.reserve_try(KEY, LockoutPolicy::default(), None, origin(NOW)).await.unwrap();
        assert_eq!(reserved, Reserving::Granted);
    }
    let purposes = [Purpose::ChangeEmail, Purpose::Confirm, Purpose::SignIn, Purpose::UndoEmailChange];
    for (n, purpose) in (11..).zip(purposes) {
        let other = EmailToken { purpose, ..token(n) };
        store
            .issue_email_token(
                other,
                outbox_mail(n),
                MailLimit { most: 9, ..MailLimit::default() },
                origin(NOW),
            )
            .await
            .unwrap();
    }
    let limit = MailLimit { most: 9, ..MailLimit::default() };
    store.issue_email_token(proof(1), outbox_mail(1), limit, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(MILLISECOND);
    let done = store.reset_password(reset_by(1, None), Some(outbox_mail(20)), origin(later)).await.unwrap();
    assert_eq!(done, ResettingPassword::Reset { user: user_id(1), sessions: 2 });
    let reason = SessionEnd::PasswordReset;
    let facts = [
        IdentityFact::PasswordReset { user: user_id(1), token: token_id(1) },
        revoked(1, reason),
        revoked(2, reason),
        queued(20),
    ];
    ear.heard(&facts, later).await;
    assert_eq!(password(store).await.unwrap(), "$argon2id$new");
    for (n, alive) in [(1, false), (2, false), (3, true)] {
        assert_eq!(is_alive(store, n, later).await, alive, "session {n}");
    }
    let again = store.reserve_try(KEY, LockoutPolicy::default(), None, origin(later)).await.unwrap();
    assert_eq!(again, Reserving::Granted, "the tries at the old one are forgotten");
    for purpose in purposes {
        let open = store.open_email_token_of(user_id(1), purpose, later).await.unwrap();
        assert_eq!(open.is_some(), purpose == Purpose::UndoEmailChange, "{purpose:?}");
    }
    let mut ear = Ear::on(store).await;
    let again = store.reset_password(reset_by(1, None), Some(outbox_mail(21)), origin(later)).await.unwrap();
    assert_eq!(again, ResettingPassword::Refused(TokenRefusal::Dead));
    ear.heard(&[refused(1)], later).await;
}

/// A link that is wrong, too old or replaced sets nothing.
pub async fn a_dead_link_resets_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    ask(store, proof(1), 1).await;
    ask(store, proof(2), 2).await;
    let end = proof(1).expires_at;
    let mut ear = Ear::on(store).await;
    let wrong = PasswordReset { shown: Shown::Link(Digest::of(b"other")), ..reset_by(2, None) };
    for (reset, at) in [(reset_by(1, None), NOW), (reset_by(2, None), end), (wrong, NOW)] {
        let (n, done) =
            (reset.token, store.reset_password(reset, Some(outbox_mail(9)), origin(at)).await.unwrap());
        assert_eq!(done, ResettingPassword::Refused(TokenRefusal::Dead));
        ear.heard(&[refused(if n == token_id(1) { 1 } else { 2 })], at).await;
    }
    assert_eq!(password(store).await.unwrap(), "$argon2id$old");
    let done = reset(store, 2, None, end.minus(MILLISECOND)).await;
    assert!(matches!(done, ResettingPassword::Reset { .. }));
}

/// What was mailed for another purpose, or never, resets nothing; and a reset's proof confirms nothing.
pub async fn a_proof_of_another_kind_resets_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut n = 0;
    for purpose in Purpose::ALL {
        n += 1;
        let token = EmailToken { purpose, ..token(n) };
        let limit = MailLimit { most: 9, ..MailLimit::default() };
        store.issue_email_token(token, outbox_mail(n), limit, origin(NOW)).await.unwrap();
        if purpose == Purpose::ResetPassword {
            let confirming = store.confirm_email(token_id(n), link(), true, origin(NOW)).await.unwrap();
            assert_eq!(confirming, Confirming::Missing);
        } else {
            assert_eq!(reset(store, n, None, NOW).await, ResettingPassword::Missing, "{purpose:?}");
        }
    }
    assert_eq!(reset(store, 77, None, NOW).await, ResettingPassword::Missing);
    assert_eq!(password(store).await.unwrap(), "$argon2id$old");
}

/// Whoever has an app needs its code, which is spent with the link and not before; a wrong one leaves the link as it is.
pub async fn a_reset_asks_for_the_second_factor<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    with_app(store).await;
    ask(store, proof(1), 1).await;
    let mut ear = Ear::on(store).await;
    let step = |n| Some(FactorUse::Totp(TotpStep::new(n)));
    assert_eq!(reset(store, 1, None, NOW).await, ResettingPassword::SecondFactorDue);
    for (factor, spending) in [
        (step(7), Spending::SpentBefore),
        (Some(FactorUse::BackupCode(Digest::of(b"other"))), Spending::Missing),
    ] {
        assert_eq!(reset(store, 1, factor, NOW).await, ResettingPassword::FactorRefused(spending));
    }
    ear.silence().await;
    assert_eq!(password(store).await.unwrap(), "$argon2id$old");
    let done = reset(store, 1, step(8), NOW).await;
    assert_eq!(done, ResettingPassword::Reset { user: user_id(1), sessions: 0 });
    let facts = [
        IdentityFact::FactorUsed { user: user_id(1), class: CredentialClass::Totp },
        IdentityFact::PasswordReset { user: user_id(1), token: token_id(1) },
    ];
    ear.heard(&facts, NOW).await;
    assert_eq!(
        store.spend_totp(user_id(1), TotpStep::new(8), origin(NOW)).await.unwrap(),
        Spending::SpentBefore
    );
    assert!(store.find_totp(user_id(1)).await.unwrap().unwrap().is_enrolled(), "the app stays");
}

/// A backup code stands in for the app, and is spent with the link.
pub async fn a_backup_code_is_spent_with_the_reset<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    with_app(store).await;
    ask(store, proof(1), 1).await;
    let code = || Some(FactorUse::BackupCode(Digest::of(b"backup")));
    let dead = reset(store, 1, code(), proof(1).expires_at).await;
    assert_eq!(dead, ResettingPassword::Refused(TokenRefusal::Dead));
    assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 1, "a dead link spends no code");
    assert!(matches!(reset(store, 1, code(), NOW).await, ResettingPassword::Reset { .. }));
    assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 0);
}

/// Whoever sets a password anew at an address that nobody had proven has it alone: what a squatter set there is gone, and
/// their second factor is not asked for.
pub async fn a_reset_wipes_what_a_squatter_set<S: IdentityStore + AuditTrail>(store: &S) {
    store.add_user(User { confirmed_at: None, ..user(1) }, origin(NOW)).await.unwrap();
    with_app(store).await;
    establish(store, login(1)).await;
    ask(store, proof(1), 1).await;
    let mut ear = Ear::on(store).await;
    let done = reset(store, 1, None, NOW).await;
    assert_eq!(done, ResettingPassword::Reset { user: user_id(1), sessions: 1 });
    let (user, token) = (user_id(1), token_id(1));
    let facts = [
        IdentityFact::PasswordReset { user, token },
        IdentityFact::EmailConfirmed { user, token, by: "link" },
        revoked(1, SessionEnd::AddressProven),
    ];
    ear.heard(&facts, NOW).await;
    assert!(store.find_totp(user).await.unwrap().is_none());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
    let owner = store.find_user(user).await.unwrap().unwrap();
    assert_eq!((owner.confirmed_at, password(store).await.unwrap().as_str()), (Some(NOW), "$argon2id$new"));
}

/// Whoever was shut out after the link went out stays out.
pub async fn a_reset_of_somebody_shut_out_sets_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    ask(store, proof(1), 1).await;
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(reset(store, 1, None, NOW).await, ResettingPassword::Refused(TokenRefusal::Dead));
    ear.heard(&[refused(1)], NOW).await;
    assert_eq!(password(store).await.unwrap(), "$argon2id$old");
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().state, UserState::Disabled);
}

/// A change replaces the password that was seen; every other session ends, and so do the links that open the account.
pub async fn a_password_is_changed_by_whoever_knows_it<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    for n in [1, 2] {
        establish(store, login(n)).await;
    }
    for (n, purpose) in (11..).zip(Purpose::ALL) {
        let limit = MailLimit { most: 9, ..MailLimit::default() };
        store
            .issue_email_token(EmailToken { purpose, ..token(n) }, outbox_mail(n), limit, origin(NOW))
            .await
            .unwrap();
    }
    let mut ear = Ear::on(store).await;
    let old = Some("$argon2id$old");
    let done = store.change_password(change(old, "$argon2id$new"), Some(outbox_mail(20)), origin(NOW)).await;
    assert_eq!(done.unwrap(), ChangingPassword::Changed { sessions: 1 });
    let facts = [
        IdentityFact::PasswordChanged { user: user_id(1) },
        revoked(2, SessionEnd::PasswordChanged),
        queued(20),
    ];
    ear.heard(&facts, NOW).await;
    assert_eq!(password(store).await.unwrap(), "$argon2id$new");
    assert!(is_alive(store, 1, NOW).await && !is_alive(store, 2, NOW).await);
    for purpose in Purpose::ALL {
        let open = store.open_email_token_of(user_id(1), purpose, NOW).await.unwrap();
        let stays = matches!(purpose, Purpose::Confirm | Purpose::UndoEmailChange);
        assert_eq!(open.is_some(), stays, "{purpose:?}");
    }
}

/// Whoever has no password gets a first one; whoever has one does not, in this way.
pub async fn a_first_password_is_set_where_there_is_none<S: IdentityStore + AuditTrail>(store: &S) {
    store.add_user(User { password: None, ..user(1) }, origin(NOW)).await.unwrap();
    establish(store, login(1)).await;
    let mut ear = Ear::on(store).await;
    let set = || store.change_password(change(None, "$argon2id$first"), None, origin(NOW));
    assert_eq!(set().await.unwrap(), ChangingPassword::Changed { sessions: 0 });
    ear.heard(&[IdentityFact::PasswordSet { user: user_id(1) }], NOW).await;
    assert_eq!(set().await.unwrap(), ChangingPassword::Overtaken);
    ear.silence().await;
    assert_eq!(password(store).await.unwrap(), "$argon2id$first");
}

/// A change of a password that is another by now, or of somebody shut out or unknown, changes nothing.
pub async fn a_change_that_was_overtaken_changes_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    establish(store, login(2)).await;
    let mut ear = Ear::on(store).await;
    let (old, new) = (Some("$argon2id$old"), "$argon2id$new");
    let nobody = PasswordChange { user: user_id(9), ..change(old, new) };
    for overtaken in [change(Some("$argon2id$older"), new), change(None, new), nobody] {
        let done = store.change_password(overtaken, Some(outbox_mail(20)), origin(NOW)).await.unwrap();
        assert_eq!(done, ChangingPassword::Overtaken);
    }
    ear.silence().await;
    assert!(is_alive(store, 2, NOW).await);
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    let done = store.change_password(change(old, new), None, origin(NOW)).await.unwrap();
    assert_eq!(done, ChangingPassword::Overtaken);
    assert_eq!(password(store).await.unwrap(), "$argon2id$old");
}
