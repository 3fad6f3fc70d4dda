//! Laws of accounts elsewhere that hold when many do the same at once.

use towergate_core::{
    contract::{Task, many, one},
    id::Uuid,
};

use super::{
    AuditTrail,
    fixture::{NOW, origin, user, user_id, with_people},
    linked_identity::{account, identity, unlinkage, visit},
};
use crate::{
    ports::{
        IdentityStore,
        linked_identity::{Linking, RegisteringLinked, Unlinking},
    },
    rules::{
        linked_identity::{LinkedIdentity, LinkedIdentityId},
        user::User,
    },
};

/// Of many parallel returns from one visit exactly one gets it.
pub fn parallel_returns_of_a_visit_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        assert!(store.begin_visit(visit(1), 5, 100).await.unwrap());
    });
    let taken =
        many(
            store,
            64,
            &run,
            |store, _| async move { store.take_visit(visit(1).id).await.unwrap().is_some() },
        );
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
}

/// Of many parallel links of one account, to two people, one is kept.
pub fn parallel_links_of_an_account_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    let linked = many(store, 64, &run, |store, n| async move {
        let id = LinkedIdentityId::from_uuid(Uuid::from_u128(0xc000 + n));
        let identity = LinkedIdentity { id, user: user_id(1 + n % 2), ..identity(1) };
        store.link_identity(identity, None, origin(NOW)).await.unwrap()
    });
    assert_eq!(linked.iter().filter(|linking| **linking == Linking::Linked).count(), 1);
}

/// However many come by one account at once, one person is made.
pub fn parallel_newcomers_by_one_account_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let made = many(store, 64, &run, |store, n| async move {
        let newcomer = User { password: None, ..user(10 + n) };
        let id = LinkedIdentityId::from_uuid(Uuid::from_u128(0xc000 + n));
        let identity = LinkedIdentity { id, user: newcomer.id, account: account("1"), ..identity(1) };
        store.register_linked(newcomer, identity, origin(NOW)).await.unwrap()
    });
    assert_eq!(made.iter().filter(|made| **made == RegisteringLinked::Added).count(), 1);
}

/// However many links are removed at once, whoever has no password keeps one.
pub fn parallel_removals_leave_a_link<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        let newcomer = User { password: None, ..user(1) };
        store.register_linked(newcomer, identity(0), origin(NOW)).await.unwrap();
        for n in 1..16 {
            store.link_identity(identity(n), None, origin(NOW)).await.unwrap();
        }
    });
    let removed = many(store, 16, &run, |store, n| async move {
        let removal = unlinkage(n);
        store.unlink_identity(removal, None, origin(NOW)).await.unwrap()
    });
    assert_eq!(removed.iter().filter(|removed| **removed == Unlinking::LastWayIn).count(), 1);
}
