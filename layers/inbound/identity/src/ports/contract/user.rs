//! Laws of people, and of the audit log.

use towergate_core::{
    Secret, StoreError,
    audit::{Event, Party},
};

use super::{
    AuditTrail,
    fixture::{
        Ear, NOW, assert_same, email, establish, is_alive, login, origin, revoked, session, told, user,
        user_id, with_people, with_session,
    },
};
use crate::{
    ports::{
        IdentityStore,
        session::{Established, Establishment},
        user::{AddingUser, DisablingUser, Rehashing},
    },
    rules::{
        fact::{IdentityFact, SessionEnd},
        session::SessionRecord,
        user::{User, UserState},
    },
};

/// A person is found by identifier and by address, as they were written, and their coming is on record.
pub async fn a_person_reads_back_whole<S: IdentityStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    assert_eq!(store.add_user(user(1), origin(NOW)).await.unwrap(), AddingUser::Added);
    ear.heard(&[IdentityFact::UserRegistered { user: user_id(1) }], NOW).await;
    for found in [
        store.find_user(user_id(1)).await.unwrap().unwrap(),
        store.find_user_by_email(&email(1)).await.unwrap().unwrap(),
    ] {
        assert_same(&found, &user(1));
        assert_eq!(found.password.unwrap().expose(), user(1).password.unwrap().expose());
    }
    assert!(store.find_user(user_id(2)).await.unwrap().is_none());
    assert!(store.find_user_by_email(&email(2)).await.unwrap().is_none());
}

/// A person may have no password.
pub async fn a_person_may_have_no_password<S: IdentityStore + AuditTrail>(store: &S) {
    store.add_user(User { password: None, ..user(1) }, origin(NOW)).await.unwrap();
    assert!(store.find_user(user_id(1)).await.unwrap().unwrap().password.is_none());
    assert_eq!(rehash(store, "", "$argon2id$new").await, Rehashing::Changed);
}

/// An address belongs to one person, a disabled one too.
pub async fn an_address_belongs_to_one_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    store.disable_user(user_id(2), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    for n in [1, 2] {
        let taken = User { id: user_id(9), ..user(n) };
        assert_eq!(store.add_user(taken, origin(NOW)).await.unwrap(), AddingUser::EmailTaken);
    }
    ear.silence().await;
    assert!(store.find_user(user_id(9)).await.unwrap().is_none());
}

/// A second person under one identifier is refused, and the first stays.
pub async fn an_identifier_belongs_to_one_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    let refused = store.add_user(User { email: email(9), ..user(1) }, origin(NOW)).await;
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    ear.silence().await;
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().email, email(1));
}

/// A hash is replaced only while it is the one that was seen.
pub async fn a_hash_is_replaced_if_unchanged<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let mut ear = Ear::on(store).await;
    assert_eq!(rehash(store, "$argon2id$other", "$argon2id$new").await, Rehashing::Changed);
    assert_eq!(password(store, 1).await, "$argon2id$old");
    ear.silence().await;
    assert_eq!(rehash(store, "$argon2id$old", "$argon2id$new").await, Rehashing::Replaced);
    ear.heard(&[IdentityFact::PasswordRehashed { user: user_id(1) }], NOW).await;
    assert_eq!(rehash(store, "$argon2id$old", "$argon2id$newer").await, Rehashing::Changed);
    assert_eq!(password(store, 1).await, "$argon2id$new");
    assert_eq!(password(store, 2).await, "$argon2id$old");
    ear.silence().await;
}

/// Nobody's hash is not replaced.
pub async fn nobodys_hash_is_not_replaced<S: IdentityStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    assert_eq!(rehash(store, "$argon2id$old", "$argon2id$new").await, Rehashing::Changed);
    ear.silence().await;
}

/// Whoever is shut out is still found, has no session left, and gets none.
pub async fn whoever_is_shut_out_has_no_session<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    establish(store, login(2)).await;
    let other = SessionRecord { user: user_id(2), ..session(3) };
    establish(store, Establishment { session: other, ..login(3) }).await;
    let mut ear = Ear::on(store).await;

    let disabling = store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert_eq!(disabling, DisablingUser::Disabled { sessions: 2 });
    let reason = SessionEnd::UserDisabled;
    let facts = [IdentityFact::UserDisabled { user: user_id(1) }, revoked(1, reason), revoked(2, reason)];
    ear.heard(&facts, NOW).await;
    assert_eq!(store.find_user(user_id(1)).await.unwrap().unwrap().state, UserState::Disabled);
    assert_eq!(store.find_user_by_email(&email(1)).await.unwrap().unwrap().state, UserState::Disabled);
    for (n, alive) in [(1, false), (2, false), (3, true)] {
        assert_eq!(is_alive(store, n, NOW).await, alive, "session {n}");
    }
    let established = store.establish_session(login(4), origin(NOW)).await.unwrap();
    assert_eq!(established, Established::UserRefused);
    assert!(!is_alive(store, 4, NOW).await);
    ear.silence().await;
}

/// Whoever was shut out is let in again, once, and what had ended stays ended.
pub async fn whoever_was_shut_out_is_let_in_again<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    assert!(!store.enable_user(user_id(1), origin(NOW)).await.unwrap(), "nobody shut them out");
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert!(store.enable_user(user_id(1), origin(NOW)).await.unwrap());
    ear.heard(&[IdentityFact::UserEnabled { user: user_id(1) }], NOW).await;
    for user in [user_id(1), user_id(9)] {
        assert!(!store.enable_user(user, origin(NOW)).await.unwrap());
    }
    ear.silence().await;
    let found = store.find_user(user_id(1)).await.unwrap().unwrap();
    assert!(found.state == UserState::Active && found.password.is_some());
    assert!(!is_alive(store, 1, NOW).await);
    establish(store, login(2)).await;
    assert!(is_alive(store, 2, NOW).await);
}

/// Nobody is shut out who is not there.
pub async fn nobody_is_not_shut_out<S: IdentityStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    assert_eq!(store.disable_user(user_id(1), origin(NOW)).await.unwrap(), DisablingUser::Missing);
    ear.silence().await;
}

/// An event that is appended reads back whole, in its place.
pub async fn an_event_reads_back_whole<S: IdentityStore + AuditTrail>(store: &S) {
    let person = Party::new("user", "42");
    let refused = Event::refused(origin(NOW), "first", Party::anonymous(), person, "wrong_password")
        .with("method", "ä \"quoted\"")
        .with("again", 2);
    let succeeded = Event::succeeded(origin(NOW), "second", Party::system(), Party::system());
    store.append(refused.clone()).await.unwrap();
    store.append(succeeded.clone()).await.unwrap();
    let events = store.events().await;
    assert_eq!(events.iter().map(told).collect::<Vec<_>>(), [told(&refused), told(&succeeded)]);
}

async fn rehash<S: IdentityStore>(store: &S, old: &str, new: &str) -> Rehashing {
    store.rehash_password(user_id(1), Secret::from(old), Secret::from(new), origin(NOW)).await.unwrap()
}

async fn password<S: IdentityStore>(store: &S, n: u128) -> String {
    store.find_user(user_id(n)).await.unwrap().unwrap().password.unwrap().expose().clone()
}
