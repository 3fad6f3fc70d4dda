//! Laws of counting tries.

use std::time::Duration;

use super::{
    AuditTrail,
    fixture::{Ear, NOW, origin, user_id},
};
use crate::{
    ports::IdentityStore,
    rules::{
        fact::IdentityFact,
        lockout::{CredentialClass, LockoutPolicy, Reserving, TryKey},
    },
};

pub(super) const KEY: TryKey = TryKey::of_user(CredentialClass::Password, user_id(1));

/// Tries are counted, a wait is kept to the millisecond, and waiting counts nothing.
pub async fn tries_are_counted_and_waits_are_kept<S: IdentityStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    for _ in 0..5 {
        assert_eq!(reserve(store, KEY, Duration::ZERO).await, Reserving::Granted);
    }
    let wait = Duration::from_secs(30);
    for at in [Duration::ZERO, wait - super::fixture::MILLISECOND] {
        assert_eq!(reserve(store, KEY, at).await, Reserving::Wait(NOW.plus(wait)));
    }
    assert_eq!(reserve(store, KEY, wait).await, Reserving::Granted);
    assert_eq!(reserve(store, KEY, wait).await, Reserving::Wait(NOW.plus(3 * wait)));
    ear.silence().await;
}

/// Each kind of credential, each person and each address is counted by itself.
pub async fn each_credential_is_counted_by_itself<S: IdentityStore + AuditTrail>(store: &S) {
    let nobody = TryKey::of_nobody(CredentialClass::Password, "nobody@example.com");
    let others = [
        TryKey::of_user(CredentialClass::Totp, user_id(1)),
        TryKey::of_user(CredentialClass::BackupCode, user_id(1)),
        TryKey::of_user(CredentialClass::Password, user_id(2)),
        TryKey::of_nobody(CredentialClass::Password, "somebody@example.com"),
    ];
    for key in [KEY, nobody] {
        for _ in 0..5 {
            assert_eq!(reserve(store, key, Duration::ZERO).await, Reserving::Granted);
        }
        assert!(matches!(reserve(store, key, Duration::ZERO).await, Reserving::Wait(_)));
    }
    for key in others {
        assert_eq!(reserve(store, key, Duration::ZERO).await, Reserving::Granted, "{key:?}");
    }
}

/// A success forgets the tries of that credential, and of no other.
pub async fn a_success_forgets_the_tries<S: IdentityStore + AuditTrail>(store: &S) {
    let other = TryKey::of_user(CredentialClass::Totp, user_id(1));
    for key in [KEY, other] {
        for _ in 0..6 {
            reserve(store, key, Duration::ZERO).await;
        }
    }
    store.forget_tries(KEY).await.unwrap();
    assert_eq!(reserve(store, KEY, Duration::ZERO).await, Reserving::Granted);
    assert!(matches!(reserve(store, other, Duration::ZERO).await, Reserving::Wait(_)));
}

/// At the limit the credential is blocked, which is on record once; forgotten, it is not blocked any more.
pub async fn a_credential_is_blocked_once<S: IdentityStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let day = Duration::from_secs(24 * 3600);
    let policy = LockoutPolicy::default().limit(3);
    let at = |n: u32| origin(NOW.plus(n * day));
    for n in 0..3 {
        assert_eq!(store.reserve_try(KEY, policy, None, at(n)).await.unwrap(), Reserving::Granted);
    }
    ear.silence().await;
    let blocked = store.reserve_try(KEY, policy, None, at(3)).await.unwrap();
    assert_eq!(blocked, Reserving::Blocked { just_now: true });
    let fact = IdentityFact::CredentialBlocked { class: KEY.class(), user: KEY.user() };
    ear.heard(&[fact], at(3).at).await;
    let blocked = store.reserve_try(KEY, policy, None, at(4)).await.unwrap();
    assert_eq!(blocked, Reserving::Blocked { just_now: false });
    store.forget_tries(KEY).await.unwrap();
    assert_eq!(store.reserve_try(KEY, policy, None, at(4)).await.unwrap(), Reserving::Granted);
    ear.silence().await;
}

async fn reserve<S: IdentityStore>(store: &S, key: TryKey, after: Duration) -> Reserving {
    store.reserve_try(key, LockoutPolicy::default(), None, origin(NOW.plus(after))).await.unwrap()
}
