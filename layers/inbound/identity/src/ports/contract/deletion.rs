//! Laws of goodbyes.

use std::time::Duration;

use towergate_core::Timestamp;

use super::{
    AuditTrail,
    email_token::{token, token_id},
    factor::with_app,
    fixture::{
        Ear, MILLISECOND, NOW, email, establish, is_alive, login, origin, revoked, session, session_id,
        sign_in_id, user, user_id, with_people, with_session,
    },
    linked_identity::visit,
    mail::outbox_mail,
    notice::{is_due, nothing_is_due, notice, queued},
    tries::KEY,
};
use crate::{
    ports::{
        IdentityStore,
        deletion::{DeletingUser, Scheduling, Withdrawing},
        email_token::Issuing,
        session::{Established, Establishment},
        user::{AddingUser, DisablingUser},
    },
    rules::{
        deletion::Ending,
        email_token::{EmailToken, EmailTokenState, Purpose},
        fact::{IdentityFact, SessionEnd},
        linked_identity::{ProviderVisit, VisitPurpose},
        lockout::{LockoutPolicy, Reserving},
        login_proof::Method,
        mail::MailLimit,
        notice::Notice,
        session::{HALF_SIGNED_IN, SessionRecord, SessionStage},
        user::{User, UserState},
    },
};

pub(super) const GRACE: Duration = Duration::from_secs(14 * 24 * 3600);

/// Whoever says goodbye is signed out everywhere, holds no mailed proof, and is told; only once.
pub async fn whoever_leaves_is_shut_out_and_told<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let limit = MailLimit::default();
    let issued = store.issue_email_token(token(1), outbox_mail(1), limit, origin(NOW)).await.unwrap();
    assert_eq!(issued, Issuing::Issued);
    store.take_due_mails(NOW, Duration::from_secs(3600), 10, Vec::new()).await.unwrap();
    let mut ear = Ear::on(store).await;
    let told = notice(2, Notice::DeletionScheduled);
    let user = user_id(1);
    let scheduled = store.schedule_deletion(user, end(), Some(told.clone()), origin(NOW)).await.unwrap();
    assert_eq!(scheduled, Scheduling::Scheduled { sessions: 1 });
    let fact = IdentityFact::DeletionScheduled { user, delete_at: end() };
    ear.heard(&[fact, revoked(1, SessionEnd::AccountLeaving), queued(&told)], NOW).await;
    assert!(!is_alive(store, 1, NOW).await);
    assert_eq!(store.find_email_token(token_id(1)).await.unwrap().unwrap().state, EmailTokenState::Replaced);
    assert_eq!(store.find_user(user).await.unwrap().unwrap().state, UserState::Leaving);
    assert_eq!(store.deletion_of(user).await.unwrap(), Some(end()));

    let later = origin(NOW.plus(MILLISECOND));
    let again = store.schedule_deletion(user, end().plus(MILLISECOND), Some(told), later).await.unwrap();
    assert_eq!(again, Scheduling::Leaving(end()));
    assert_eq!(store.deletion_of(user).await.unwrap(), Some(end()));
    assert_eq!(store.deletion_of(user_id(2)).await.unwrap(), None);
    ear.silence().await;
}

/// What gives an address back stays good: whoever changed the address may be who says goodbye.
pub async fn a_goodbye_does_not_keep_an_address_from_its_owner<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let undo = EmailToken { purpose: Purpose::UndoEmailChange, ..token(1) };
    let limit = MailLimit::default();
    store.issue_email_token(undo, outbox_mail(1), limit, origin(NOW)).await.unwrap();
    leave(store).await;
    assert_eq!(store.find_email_token(token_id(1)).await.unwrap().unwrap().state, EmailTokenState::Open);
}

/// Nobody leaves who is not there, or is disabled.
pub async fn nobody_leaves_who_is_shut_out<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for n in [2, 9] {
        let told = Some(notice(n, Notice::DeletionScheduled));
        let scheduled = store.schedule_deletion(user_id(n), end(), told, origin(NOW)).await.unwrap();
        assert_eq!(scheduled, Scheduling::UserRefused);
    }
    ear.silence().await;
    nothing_is_due(store).await;
}

/// A sign-in of whoever is leaving comes to a session in which nobody is signed in, and for ten minutes; whichever way they
/// came, and not before a second factor is proven.
pub async fn whoever_is_leaving_is_not_signed_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    leave(store).await;
    let mut ear = Ear::on(store).await;
    let half = SessionRecord { methods: [Method::Password].into(), ..session(1) };
    let established = store.establish_session(Establishment { session: half, ..login(1) }, origin(NOW)).await;
    let half = Established::Established {
        sign_in: sign_in_id(1),
        stage: SessionStage::AwaitsSecondFactor,
        ended: None,
        marks: Default::default(),
    };
    assert_eq!(established.unwrap(), half);
    let stage = SessionStage::Leaving;
    for n in [2, 3] {
        let established = store.establish_session(login(n), origin(NOW)).await.unwrap();
        assert_eq!(
            established,
            Established::Established {
                sign_in: sign_in_id(n),
                stage,
                ended: None,
                marks: Default::default()
            }
        );
        let found = store.load_session(session_id(n), NOW).await.unwrap().unwrap();
        assert_eq!((found.stage, found.absolute_expires_at), (stage, NOW.plus(HALF_SIGNED_IN)));
    }
    let methods = session(2).methods;
    let facts = [
        IdentityFact::FirstFactorProven { user: user_id(1), methods: [Method::Password].into() },
        super::fixture::created(1),
        IdentityFact::LeavingProven { user: user_id(1), methods },
        super::fixture::created(2),
        IdentityFact::LeavingProven { user: user_id(1), methods },
        super::fixture::created(3),
    ];
    ear.heard(&facts, NOW).await;
    // Under a new identifier it is no other.
    let renewed = Establishment {
        session: SessionRecord { stage, ..session(4) },
        replaces: Some(session_id(2)),
        is_login: false,
        rests_on_replaced: false,
        visit: Default::default(),
    };
    let renewed = store.establish_session(renewed, origin(NOW)).await.unwrap();
    assert!(matches!(renewed, Established::Established { stage: SessionStage::Leaving, .. }));
}

/// Whoever changes their mind in time stays, is told, and signs in anew; whoever was not leaving changes nothing.
pub async fn whoever_stays_is_as_before<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    let told = || Some(notice(3, Notice::DeletionWithdrawn));
    let user = user_id(1);
    let withdraw = |at| store.withdraw_deletion(user, told(), origin(at));
    assert_eq!(withdraw(NOW).await.unwrap(), Withdrawing::Refused);
    ear.silence().await;
    leave(store).await;
    establish(store, login(2)).await;
    let mut ear = Ear::on(store).await;
    let just = end().minus(MILLISECOND);
    assert_eq!(withdraw(just).await.unwrap(), Withdrawing::Withdrawn);
    // The session in which they were asked was over by then.
    ear.heard(&[IdentityFact::DeletionWithdrawn { user }, queued(&told().unwrap())], just).await;
    assert_eq!(store.find_user(user).await.unwrap().unwrap().state, UserState::Active);
    assert_eq!(store.deletion_of(user).await.unwrap(), None);
    assert_eq!(withdraw(just).await.unwrap(), Withdrawing::Refused);
    ear.silence().await;
    let established = store.establish_session(login(5), origin(NOW)).await.unwrap();
    assert!(matches!(established, Established::Established { stage: SessionStage::Complete, .. }));
    assert!(store.due_deletions(end(), 10).await.unwrap().is_empty());
    assert_eq!(delete(store, Ending::Erase, end()).await, DeletingUser::NotDue);
}

/// The session in which somebody kept their account ends: they sign in anew.
pub async fn the_session_of_a_second_thought_ends<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    leave(store).await;
    establish(store, login(2)).await;
    let mut ear = Ear::on(store).await;
    let withdrawn = store.withdraw_deletion(user_id(1), None, origin(NOW)).await.unwrap();
    assert_eq!(withdrawn, Withdrawing::Withdrawn);
    let fact = IdentityFact::DeletionWithdrawn { user: user_id(1) };
    ear.heard(&[fact, revoked(2, SessionEnd::AccountKept)], NOW).await;
    assert!(!is_alive(store, 2, NOW).await);
}

/// The days of grace end on time: a moment before nobody is deleted, from then on nobody stays. A clock that is set back gives
/// the time back.
pub async fn grace_ends_on_time<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    leave(store).await;
    let just = end().minus(MILLISECOND);
    assert!(store.due_deletions(just, 10).await.unwrap().is_empty());
    for at in [just, NOW.minus(GRACE)] {
        assert_eq!(delete(store, Ending::Erase, at).await, DeletingUser::NotDue);
    }
    let due = store.due_deletions(end(), 10).await.unwrap();
    let due: Vec<_> = due.iter().map(|due| (due.user.id, due.delete_at)).collect();
    assert_eq!(due, [(user_id(1), end())]);
    assert!(store.due_deletions(end(), 0).await.unwrap().is_empty());
    let late = store.withdraw_deletion(user_id(1), None, origin(end())).await.unwrap();
    assert_eq!(late, Withdrawing::Refused);
    let early = store.withdraw_deletion(user_id(1), None, origin(just)).await.unwrap();
    assert_eq!(early, Withdrawing::Withdrawn);
}

/// Whoever is disabled while they leave cannot stay, and is deleted all the same.
pub async fn whoever_is_disabled_does_not_stay<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    leave(store).await;
    establish(store, login(1)).await;
    let disabled = store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert_eq!(disabled, DisablingUser::Disabled { sessions: 1 });
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().state, UserState::Disabled);
    let established = store.establish_session(login(2), origin(NOW)).await.unwrap();
    assert_eq!(established, Established::UserRefused);
    let mut ear = Ear::on(store).await;
    let withdrawn = store.withdraw_deletion(user_id(1), None, origin(NOW)).await.unwrap();
    assert_eq!(withdrawn, Withdrawing::Refused);
    ear.silence().await;
    assert_eq!(store.due_deletions(end(), 10).await.unwrap().len(), 1);
    assert_eq!(delete(store, Ending::Close, end()).await, DeletingUser::Deleted);
}

/// Whoever was leaving when they were shut out is leaving still when they are let in again, and may stay.
pub async fn whoever_is_let_in_again_is_leaving_still<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    leave(store).await;
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert!(store.enable_user(user_id(1), origin(NOW)).await.unwrap());
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().state, UserState::Leaving);
    let withdrawn = store.withdraw_deletion(user_id(1), None, origin(NOW)).await.unwrap();
    assert_eq!(withdrawn, Withdrawing::Withdrawn);
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().state, UserState::Active);
}

/// However an account ends: whatever opened it is gone, its person is told, and its identifier signs nobody in.
pub async fn nothing_opens_what_was_deleted<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    store.issue_email_token(token(1), outbox_mail(1), MailLimit::default(), origin(NOW)).await.unwrap();
    store.reserve_try(KEY, LockoutPolicy::default().limit(1), None, origin(NOW)).await.unwrap();
    let purpose = VisitPurpose::Link { user: user_id(1), session: session_id(1) };
    assert!(store.begin_visit(ProviderVisit { purpose, ..visit(1) }, 5, 100).await.unwrap());
    leave(store).await;
    establish(store, login(1)).await;
    let mut ear = Ear::on(store).await;
    let told = notice(3, Notice::AccountDeleted);
    let user = user_id(1);
    let gone = store.delete_user(user, Ending::Close, Some(told.clone()), origin(end())).await.unwrap();
    assert_eq!(gone, DeletingUser::Deleted);
    ear.heard(&[IdentityFact::UserDeleted { user, ending: Ending::Close }, queued(&told)], end()).await;
    is_due(store, &told).await;
    assert!(store.find_totp(user).await.unwrap().is_none());
    assert_eq!(store.backup_codes_left(user).await.unwrap(), 0);
    assert!(store.find_email_token(token_id(1)).await.unwrap().is_none());
    assert!(store.take_visit(visit(1).id).await.unwrap().is_none());
    let reserved =
        store.reserve_try(KEY, LockoutPolicy::default().limit(1), None, origin(NOW)).await.unwrap();
    assert_eq!(reserved, Reserving::Granted);
    assert_eq!(store.establish_session(login(2), origin(NOW)).await.unwrap(), Established::UserRefused);
    let again = store.delete_user(user, Ending::Erase, Some(told), origin(end())).await.unwrap();
    assert_eq!(again, DeletingUser::NotDue);
    assert!(store.due_deletions(end(), 10).await.unwrap().is_empty());
    assert_eq!(store.disable_user(user, origin(NOW)).await.unwrap(), DisablingUser::Missing);
    let refused = store.schedule_deletion(user, end(), None, origin(NOW)).await.unwrap();
    assert_eq!(refused, Scheduling::UserRefused);
}

/// The address is not free while its person may still stay, nor when the account is only closed; it is when the account is
/// anonymised.
pub async fn a_closed_account_keeps_its_address<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    leave(store).await;
    assert_eq!(take_address(store).await, AddingUser::EmailTaken);
    delete(store, Ending::Close, end()).await;
    let closed = store.find_user(user_id(1)).await.unwrap().unwrap();
    assert_eq!((closed.state, &closed.email), (UserState::Deleted, &email(1)));
    assert!(closed.password.is_none());
    assert_eq!(take_address(store).await, AddingUser::EmailTaken);
}

/// What is anonymised has no address any more, which is free; the identifier stays taken.
pub async fn an_anonymised_account_frees_its_address<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    leave(store).await;
    delete(store, Ending::Anonymise, end()).await;
    let found = store.find_user(user_id(1)).await.unwrap().unwrap();
    assert_eq!((found.state, found.confirmed_at), (UserState::Deleted, None));
    assert!(found.password.is_none() && !found.email.as_str().contains("person"));
    assert!(store.find_user_by_email(&email(1)).await.unwrap().is_none());
    assert_eq!(take_address(store).await, AddingUser::Added);
}

/// What is erased is not there; the address is free, and the mail that tells of it still goes out.
pub async fn an_erased_account_is_not_there<S: IdentityStore + AuditTrail>(store: &S) {
    with_app(store).await;
    store.issue_email_token(token(1), outbox_mail(1), MailLimit::default(), origin(NOW)).await.unwrap();
    leave(store).await;
    establish(store, login(1)).await;
    let told = notice(3, Notice::AccountDeleted);
    let gone = store.delete_user(user_id(1), Ending::Erase, Some(told.clone()), origin(end())).await.unwrap();
    assert_eq!(gone, DeletingUser::Deleted);
    assert!(store.find_user(user_id(1)).await.unwrap().is_none());
    is_due(store, &told).await;
    assert!(store.find_user(user_id(2)).await.unwrap().is_some());
    assert_eq!(take_address(store).await, AddingUser::Added);
}

pub(super) fn end() -> Timestamp {
    NOW.plus(GRACE)
}

/// The first person says goodbye.
pub(super) async fn leave<S: IdentityStore>(store: &S) {
    let scheduled = store.schedule_deletion(user_id(1), end(), None, origin(NOW)).await.unwrap();
    assert!(matches!(scheduled, Scheduling::Scheduled { .. }), "{scheduled:?}");
}

pub(super) async fn delete<S: IdentityStore>(store: &S, ending: Ending, at: Timestamp) -> DeletingUser {
    store.delete_user(user_id(1), ending, None, origin(at)).await.unwrap()
}

/// Somebody else asks for the address of the first person.
async fn take_address<S: IdentityStore>(store: &S) -> AddingUser {
    let taker = User { email: email(1), ..user(9) };
    store.add_user(taker, origin(NOW)).await.unwrap()
}
