//! Laws of tokens that hold when many do the same at once.

use towergate_core::contract::{Task, many, one};

use super::{
    AuditTrail,
    api_token::{create, token, token_id},
    fixture::{NOW, origin, user_id, with_people},
};
use crate::ports::{
    ApiTokenStore, IdentityStore,
    api_token::{CreatingApiToken, NotingUse},
};

/// Of many parallel revocations of a token exactly one ends it, and no use is noted after it.
pub fn parallel_revocations_of_a_token_are_one<S: IdentityStore + ApiTokenStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        with_people(&store).await;
        create(&store, token(1)).await;
    });
    let ended = many(store, 32, &run, |store, n| async move {
        if n % 2 == 0 {
            return store.revoke_api_token(user_id(1), token_id(1), origin(NOW)).await.unwrap();
        }
        store.note_api_token_use(token_id(1), origin(NOW)).await.unwrap();
        false
    });
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1);
    one(store, &run, |store| async move {
        assert!(store.find_api_token(token_id(1)).await.unwrap().is_none());
    });
}

/// However many tokens are made at once, a person has no more than the limit.
pub fn parallel_tokens_keep_their_limit<S: IdentityStore + ApiTokenStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    let made = many(store, 32, &run, |store, n| async move {
        store.create_api_token(token(n), 5, None, origin(NOW)).await.unwrap()
    });
    assert_eq!(made.iter().filter(|made| **made == CreatingApiToken::Created).count(), 5);
}

/// Of many parallel uses of a token exactly one is the first.
pub fn parallel_uses_of_a_token_have_one_first<S: IdentityStore + ApiTokenStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        with_people(&store).await;
        create(&store, token(1)).await;
    });
    let noted = many(store, 32, &run, |store, _| async move {
        store.note_api_token_use(token_id(1), origin(NOW)).await.unwrap()
    });
    assert_eq!(noted.iter().filter(|noted| **noted == NotingUse::First).count(), 1);
}

/// A token that is made while its person is shut out is gone, or was never made.
pub fn a_token_beside_a_disabling_is_none<S: IdentityStore + ApiTokenStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    many(store, 32, &run, |store, n| async move {
        if n == 16 {
            store.disable_user(user_id(1), origin(NOW)).await.unwrap();
        } else {
            create(&store, token(n)).await;
        }
    });
    one(store, &run, |store| async move {
        assert_eq!(store.api_tokens_of(user_id(1)).await.unwrap(), []);
    });
}
