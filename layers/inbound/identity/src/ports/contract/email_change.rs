//! Laws of changing an address.

use std::time::Duration;

use towergate_core::{
    Digest, Timestamp,
    contract::{Task, many, one, written},
};

use super::{
    AuditTrail,
    email_token::{code, issue, link, token, token_id, wrong_code},
    factor,
    fixture::{
        Ear, MILLISECOND, NOW, email, establish, is_alive, login, origin, revoked, session_id, user, user_id,
        with_people,
    },
    linked_identity,
    mail::outbox_mail,
    passkey, remember,
};
use crate::{
    ports::{
        IdentityStore,
        email_change::{ChangingEmail, EmailChange},
        email_token::Issuing,
        factor::EnrollingTotp,
        passkey_factor::{PasskeyFactorSwitch, SwitchingOn},
        session::Establishment,
        user::AddingUser,
    },
    rules::{
        email_token::{EmailToken, MAX_TRIES, Purpose, Shown},
        fact::{IdentityFact, SessionEnd, TokenRefusal},
        linked_identity::LinkedIdentity,
        login_proof::Method,
        mail::{MailLimit, OutboxMail},
        passkey::Passkey,
        session::SessionRecord,
        user::{User, UserId, UserState},
    },
};

const UNDO: Purpose = Purpose::UndoEmailChange;
const DEAD: ChangingEmail = ChangingEmail::Refused(TokenRefusal::Dead);

/// The `n`th proof, that the first person wants the `new`th address.
fn wanted(n: u128, new: u128) -> EmailToken {
    let purpose = Purpose::ChangeEmail;
    EmailToken { email: email(new), purpose, expires_at: NOW.plus(purpose.lifetime()), ..token(n) }
}

/// The way back of the first person to the `old`th address.
fn way_back(n: u128, old: u128) -> (EmailToken, OutboxMail) {
    let digest = Digest::of(b"undo");
    let token = EmailToken {
        email: email(old),
        purpose: UNDO,
        digest,
        expires_at: NOW.plus(UNDO.lifetime()),
        ..token(n)
    };
    (token, outbox_mail(n))
}

fn undo_link() -> Shown {
    Shown::Link(Digest::of(b"undo"))
}

async fn ask<S: IdentityStore>(store: &S, token: EmailToken, n: u128) -> Issuing {
    store.ask_email_change(token, outbox_mail(n), MailLimit::default(), origin(NOW)).await.unwrap()
}

/// The first person shows the `n`th proof in their first session; the way back from the `old`th address is the `n + 50`th.
async fn change<S: IdentityStore>(
    store: &S,
    n: u128,
    shown: Shown,
    old: u128,
    at: Timestamp,
) -> ChangingEmail {
    let (id, user, keeps) = (token_id(n), user_id(1), session_id(1));
    let change = EmailChange { id, shown, user, keeps, undo: way_back(n + 50, old) };
    store.change_email(change, origin(at)).await.unwrap()
}

async fn undo<S: IdentityStore>(store: &S, n: u128, at: Timestamp) -> ChangingEmail {
    store.undo_email_change(token_id(n + 50), undo_link(), Vec::new(), origin(at)).await.unwrap()
}

fn changed(sessions: u64) -> ChangingEmail {
    ChangingEmail::Changed { user: user_id(1), sessions }
}

async fn address<S: IdentityStore>(store: &S, user: UserId) -> u128 {
    let found = store.find_user(user).await.unwrap().unwrap().email;
    (1..=99).find(|n| email(*n) == found).unwrap()
}

/// Two people; the first has a session and wants the seventh address.
async fn with_change<S: IdentityStore>(store: &S) {
    with_people(store).await;
    establish(store, login(1)).await;
    assert_eq!(ask(store, wanted(1, 7), 1).await, Issuing::Issued);
}

/// Asking changes nothing; a proven address is the person's; other sessions and proofs end, and the way back is mailed.
pub async fn an_address_changes_once_it_is_proven<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    establish(store, login(2)).await;
    let sign_in = EmailToken { purpose: Purpose::SignIn, ..token(3) };
    assert_eq!(issue(store, sign_in, 3).await, Issuing::Issued);
    assert_eq!(address(store, user_id(1)).await, 1);
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(MILLISECOND);
    assert_eq!(change(store, 1, link(), 1, later).await, changed(1));
    let user = user_id(1);
    let mail = outbox_mail(51);
    let facts = [
        IdentityFact::EmailTokenSpent { token: token_id(1), user, purpose: Purpose::ChangeEmail, by: "link" },
        IdentityFact::EmailChanged { user, token: token_id(1) },
        revoked(2, SessionEnd::EmailChanged),
        IdentityFact::EmailTokenIssued { token: token_id(51), user, purpose: UNDO },
        IdentityFact::MailQueued { mail: mail.id, user, kind: mail.kind },
    ];
    ear.heard(&facts, later).await;
    assert_eq!(address(store, user).await, 7);
    assert_eq!(store.find_user(user).await.unwrap().unwrap().confirmed_at, Some(later));
    assert!(is_alive(store, 1, later).await && !is_alive(store, 2, later).await);
    assert!(store.open_email_token_of(user, Purpose::SignIn, later).await.unwrap().is_none());
    assert_eq!(change(store, 1, link(), 7, later).await, DEAD);
}

/// A change is bound to its person, its address, its purpose and a living session of theirs.
pub async fn a_change_is_bound_to_person_address_and_purpose<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    let of_another =
        Establishment { session: SessionRecord { user: user_id(2), ..login(5).session }, ..login(5) };
    establish(store, of_another).await;
    let attempt = |user, keeps, old| EmailChange {
        id: token_id(1),
        shown: link(),
        user: user_id(user),
        keeps: session_id(keeps),
        undo: way_back(51, old),
    };
    for (user, keeps, old) in [(2, 5, 2), (1, 5, 1), (1, 9, 1), (1, 1, 3), (2, 1, 1)] {
        let refused = store.change_email(attempt(user, keeps, old), origin(NOW)).await.unwrap();
        assert_eq!(refused, DEAD, "{user} {keeps} {old}");
    }
    let spent = store.spend_mail_sign_in(token_id(1), link(), true, origin(NOW)).await.unwrap();
    assert_eq!(spent, crate::rules::mail_sign_in::MailSpending::Missing);
    let undone = store.undo_email_change(token_id(1), link(), Vec::new(), origin(NOW)).await.unwrap();
    assert_eq!(undone, ChangingEmail::Missing);
    let other = EmailToken { purpose: Purpose::Confirm, ..wanted(4, 7) };
    assert_eq!(ask(store, other, 4).await, Issuing::UserRefused);
    assert_eq!((address(store, user_id(1)).await, address(store, user_id(2)).await), (1, 2));
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
}

/// A change ends on time, and its code has five tries.
pub async fn a_change_ends_on_time_and_after_five_tries<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    let end = wanted(1, 7).expires_at;
    assert_eq!(change(store, 1, link(), 1, end).await, DEAD);
    for _ in 0..MAX_TRIES {
        let wrong = change(store, 1, wrong_code(), 1, NOW).await;
        assert_eq!(wrong, ChangingEmail::Refused(TokenRefusal::Wrong));
    }
    assert_eq!(change(store, 1, code(), 1, NOW).await, DEAD);
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
}

/// An address that is somebody's is asked for like any other, and had by nobody else.
pub async fn a_taken_address_is_asked_for_and_not_had<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    assert_eq!(ask(store, wanted(2, 2), 2).await, Issuing::Issued);
    assert_eq!(change(store, 2, link(), 1, NOW).await, DEAD);
    assert_eq!((address(store, user_id(1)).await, address(store, user_id(2)).await), (1, 2));
}

/// A person asks so often and no more, whosever mail it is.
pub async fn changes_are_asked_for_so_often<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    for n in 2..=5 {
        assert_eq!(ask(store, wanted(n, 10 + n), n).await, Issuing::Issued);
    }
    assert_eq!(ask(store, wanted(6, 16), 6).await, Issuing::TooMany);
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    let of_another = EmailToken { user: user_id(2), ..wanted(7, 17) };
    assert_eq!(ask(store, of_another, 7).await, Issuing::UserRefused);
}

/// A change that was called off is not made.
pub async fn a_change_is_called_off<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    let mut ear = Ear::on(store).await;
    assert!(store.cancel_email_change(user_id(1), origin(NOW)).await.unwrap());
    ear.heard(&[IdentityFact::EmailChangeCancelled { user: user_id(1) }], NOW).await;
    assert!(!store.cancel_email_change(user_id(1), origin(NOW)).await.unwrap());
    assert_eq!(change(store, 1, link(), 1, NOW).await, DEAD);
}

/// The way back puts the address back, once, and shuts out whoever changed it.
pub async fn a_change_is_undone_once<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    change(store, 1, link(), 1, NOW).await;
    let later = NOW.plus(MILLISECOND);
    store.begin_totp(user_id(1), b"thief".to_vec(), origin(later)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(undo(store, 1, later).await, changed(1));
    let user = user_id(1);
    let facts = [
        IdentityFact::EmailTokenSpent { token: token_id(51), user, purpose: UNDO, by: "link" },
        IdentityFact::EmailChangeUndone { user, token: token_id(51) },
        IdentityFact::PasswordRemoved { user },
        revoked(1, SessionEnd::EmailChanged),
    ];
    ear.heard(&facts, later).await;
    assert_eq!(address(store, user).await, 1);
    assert!(store.find_user(user).await.unwrap().unwrap().password.is_none());
    assert!(store.find_totp(user).await.unwrap().is_none() && !is_alive(store, 1, later).await);
    assert_eq!(undo(store, 1, later).await, DEAD);
    assert!(store.find_address_keeper(&email(1), later).await.unwrap().is_none());
}

/// Whoever changed the address keeps no way in: not an account elsewhere that they linked meanwhile, nor an app that they began
/// to enrol before and enrolled meanwhile. What the person had before stays.
pub async fn what_was_added_since_goes_with_the_change<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    let (user, before, last) = (user_id(1), NOW.minus(MILLISECOND), NOW.plus(MILLISECOND));
    let own = LinkedIdentity { linked_at: before, ..linked_identity::identity(1) };
    store.link_identity(own, None, origin(before)).await.unwrap();
    store.begin_totp(user, factor::SEALED.to_vec(), origin(before)).await.unwrap();
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
    assert_eq!(store.enrol_totp(factor::enrolment(), origin(last)).await.unwrap(), EnrollingTotp::Enrolled);
    let thief = LinkedIdentity { linked_at: last, ..linked_identity::identity(2) };
    store.link_identity(thief, None, origin(last)).await.unwrap();
    assert!(matches!(undo(store, 1, last).await, ChangingEmail::Changed { .. }));
    let left: Vec<_> =
        store.linked_identities_of(user).await.unwrap().into_iter().map(|identity| identity.id).collect();
    assert_eq!(left, [linked_identity::identity(1).id]);
    assert!(store.find_totp(user).await.unwrap().is_none());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
}

/// Backup codes that were renewed since, passkeys, browsers that are known or trusted or stay signed in, and a goodbye go with
/// the change, each written down; the app and the passkey that the person had stay.
pub async fn what_a_thief_added_goes_with_the_change<S: IdentityStore + AuditTrail>(store: &S) {
    factor::with_app(store).await;
    let both = [Method::Password, Method::Otp];
    remember::marks(store, remember::arriving(11, &both, remember::browser(1, None, false)), NOW).await;
    passkey::add(store, Passkey { created_at: NOW, ..passkey::passkey(1) }).await;
    let (user, since) = (user_id(1), NOW.plus(MILLISECOND));
    let (later, last) = (since.plus(MILLISECOND), since.plus(MILLISECOND).plus(MILLISECOND));
    assert_eq!(ask(store, wanted(1, 7), 1).await, Issuing::Issued);
    let (mut back, mail) = way_back(51, 1);
    back.created_at = since;
    let change =
        EmailChange { id: token_id(1), shown: link(), user, keeps: session_id(11), undo: (back, mail) };
    assert_eq!(store.change_email(change, origin(later)).await.unwrap(), changed(0));
    // Somewhat before the change was made, and after it.
    passkey::add(store, Passkey { created_at: since, ..passkey::passkey(2) }).await;
    assert!(store.renew_backup_codes(user, vec![factor::code(99)], None, origin(later)).await.unwrap());
    remember::marks(store, remember::arriving(12, &both, remember::browser(2, None, true)), later).await;
    store.schedule_deletion(user, last.plus(UNDO.lifetime()), None, origin(last)).await.unwrap();
    let mut ear = Ear::on(store).await;
    let told = [outbox_mail(61), outbox_mail(62)];
    let undone =
        store.undo_email_change(token_id(51), undo_link(), told.to_vec(), origin(last)).await.unwrap();
    assert_eq!(undone, changed(0));
    let queued = |mail: &OutboxMail| IdentityFact::MailQueued { mail: mail.id, user, kind: mail.kind };
    let [first, second] = &told;
    let facts = [
        IdentityFact::EmailTokenSpent { token: token_id(51), user, purpose: UNDO, by: "link" },
        IdentityFact::EmailChangeUndone { user, token: token_id(51) },
        IdentityFact::DeletionWithdrawn { user },
        IdentityFact::PasswordRemoved { user },
        IdentityFact::BackupCodesRenewed { user, count: 0 },
        IdentityFact::PasskeyRemoved { user, passkey: passkey::passkey_id(2) },
        queued(first),
        queued(second),
    ];
    ear.heard(&facts, last).await;
    assert!(store.find_totp(user).await.unwrap().is_some_and(|app| app.is_enrolled()));
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
    let left: Vec<_> = store.passkeys_of(user).await.unwrap().into_iter().map(|passkey| passkey.id).collect();
    assert_eq!(left, [passkey::passkey_id(1)]);
    for (n, knows) in [(1, true), (2, false)] {
        let known = store.is_known_browser(user, &remember::cookie(n), last).await.unwrap();
        assert_eq!(known, knows, "browser {n}");
    }
    assert_eq!(store.deletion_of(user).await.unwrap(), None);
    assert_eq!(store.find_user(user).await.unwrap().unwrap().state, UserState::Active);
    let devices = store.devices_of(user, last).await.unwrap();
    assert!(devices.sessions.is_empty() && devices.remembered.is_empty() && devices.trusted.is_empty());
}

/// Whoever changed the address does not leave anybody asked for a passkey who was not, nor for one of their own.
pub async fn a_passkey_asked_for_since_is_asked_for_no_more<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    let (user, before, last) = (user_id(1), NOW.minus(MILLISECOND), NOW.plus(MILLISECOND));
    passkey::add(store, Passkey { created_at: before, ..passkey::passkey(1) }).await;
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
    assert_eq!(ask_for_passkey(store, last).await, SwitchingOn::SwitchedOn);
    assert!(matches!(undo(store, 1, last).await, ChangingEmail::Changed { .. }));
    assert!(!store.has_passkey_factor(user).await.unwrap());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
    assert_eq!(store.passkeys_of(user).await.unwrap().len(), 1);
}

/// Whoever is left without a passkey is asked for none.
pub async fn a_passkey_that_is_gone_is_asked_for_no_more<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    let (user, before, last) = (user_id(1), NOW.minus(MILLISECOND), NOW.plus(MILLISECOND));
    passkey::add(store, Passkey { created_at: last, ..passkey::passkey(1) }).await;
    assert_eq!(ask_for_passkey(store, before).await, SwitchingOn::SwitchedOn);
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
    assert!(matches!(undo(store, 1, last).await, ChangingEmail::Changed { .. }));
    assert!(!store.has_passkey_factor(user).await.unwrap());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
}

async fn ask_for_passkey<S: IdentityStore>(store: &S, at: Timestamp) -> SwitchingOn {
    let (codes, keeps) = (vec![factor::code(1)], Some(session_id(1)));
    let switch = PasskeyFactorSwitch { user: user_id(1), codes, keeps, notice: None };
    store.switch_on_passkey_factor(switch, origin(at)).await.unwrap()
}

/// A second change leaves the first way back open; that one closes the second, and not the other way round.
pub async fn the_oldest_way_back_prevails<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
    ask(store, wanted(2, 8), 2).await;
    // The clock was set back meanwhile.
    assert_eq!(change(store, 2, link(), 7, NOW.minus(MILLISECOND)).await, changed(0));
    assert_eq!(undo(store, 2, NOW).await, changed(1));
    assert_eq!(address(store, user_id(1)).await, 7);
    assert_eq!(undo(store, 1, NOW).await, changed(0));
    assert_eq!(address(store, user_id(1)).await, 1);
    assert_eq!(undo(store, 2, NOW).await, DEAD);
}

/// What an older way back undoes, a newer one does not bring back.
pub async fn an_older_way_back_closes_the_newer<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    change(store, 1, link(), 1, NOW).await;
    ask(store, wanted(2, 8), 2).await;
    change(store, 2, link(), 7, NOW).await;
    assert_eq!(undo(store, 1, NOW).await, changed(1));
    assert_eq!(undo(store, 2, NOW).await, DEAD);
    assert_eq!(address(store, user_id(1)).await, 1);
}

/// Until the way back ends, the address is nobody else's; then it is free.
pub async fn an_address_is_kept_for_whom_it_may_go_back_to<S: IdentityStore + AuditTrail>(store: &S) {
    with_change(store).await;
    change(store, 1, link(), 1, NOW).await;
    let end = NOW.plus(UNDO.lifetime());
    let before = end.minus(MILLISECOND);
    assert_eq!(store.find_address_keeper(&email(1), before).await.unwrap(), Some(user_id(1)));
    assert_eq!(store.find_address_keeper(&email(7), before).await.unwrap(), None);
    let newcomer = || User { email: email(1), ..user(9) };
    assert_eq!(store.add_user(newcomer(), origin(before)).await.unwrap(), AddingUser::EmailTaken);
    let proof = EmailToken { user: user_id(9), ..token(30) };
    let mail = OutboxMail { user: user_id(9), ..outbox_mail(30) };
    let registered = store.register_user(newcomer(), proof, mail, origin(before)).await.unwrap();
    assert_eq!(registered, AddingUser::EmailTaken);
    assert_eq!(undo(store, 1, end).await, DEAD);
    assert_eq!(store.find_address_keeper(&email(1), end).await.unwrap(), None);
    assert_eq!(store.add_user(newcomer(), origin(end)).await.unwrap(), AddingUser::Added);
    assert_eq!(undo(store, 1, before).await, DEAD, "somebody has it, whatever the clock says");
}

/// Whoever had not proven the address before keeps no way back to it, nor anybody else from it.
pub async fn an_unproven_address_is_not_kept<S: IdentityStore + AuditTrail>(store: &S) {
    store.add_user(User { confirmed_at: None, ..user(1) }, origin(NOW)).await.unwrap();
    establish(store, login(1)).await;
    ask(store, wanted(1, 7), 1).await;
    assert_eq!(change(store, 1, link(), 1, NOW).await, changed(0));
    assert!(store.find_address_keeper(&email(1), NOW).await.unwrap().is_none());
    assert_eq!(undo(store, 1, NOW).await, ChangingEmail::Missing);
    assert_eq!(store.take_due_mails(NOW, Duration::from_secs(1), 9, Vec::new()).await.unwrap().len(), 1);
}

/// Of many who show one proof of a change at once, one makes it.
pub fn parallel_changes_are_one<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_change(&store).await });
    let got = many(store, 32, &run, |store, n| async move {
        let shown = if n % 2 == 0 { link() } else { code() };
        change(&store, 1, shown, 1, NOW).await
    });
    assert_eq!(got.iter().filter(|got| **got == changed(0)).count(), 1);
    one(store, &run, |store| async move { assert_eq!(written(&store, "email.changed").await, 1) });
}

/// Of many who register with an address while somebody else changes to it, or many who undo, one has it.
pub fn parallel_takers_of_an_address_leave_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_change(&store).await });
    let got = many(store, 32, &run, |store, n| async move {
        if n % 8 == 3 {
            return change(&store, 1, link(), 1, NOW).await == changed(0);
        }
        let newcomer = User { id: user_id(n + 100), email: email(7), ..user(n + 100) };
        store.add_user(newcomer, origin(NOW)).await.unwrap() == AddingUser::Added
    });
    assert_eq!(got.iter().filter(|got| **got).count(), 1);
}

/// Of many who undo one change at once, one does.
pub fn parallel_undoings_are_one<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        with_change(&store).await;
        change(&store, 1, link(), 1, NOW).await;
    });
    let got = many(store, 32, &run, |store, _| async move { undo(&store, 1, NOW).await });
    assert_eq!(got.iter().filter(|got| **got == changed(1)).count(), 1);
    assert_eq!(got.iter().filter(|got| **got == DEAD).count(), 31);
}
