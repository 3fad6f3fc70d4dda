//! Laws of passkeys that hold when many do the same at once.

use towergate_core::contract::{Task, many, one, written};

use super::{
    AuditTrail,
    fixture::{NOW, origin, user, user_id, with_people},
    passkey::{add, begin, ceremony, ceremony_id, passkey, removal, used},
};
use crate::{
    ports::{
        IdentityStore,
        passkey::{AddingPasskey, BeginningCeremony, PasskeyRemoval, RemovingPasskey, UsingPasskey},
    },
    rules::{
        passkey::{CeremonyRoom, Passkey, SignCountPolicy},
        user::User,
    },
};

/// Of many parallel answers to one ceremony exactly one gets it.
pub fn parallel_answers_to_a_ceremony_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        assert_eq!(begin(&store, ceremony(1)).await, BeginningCeremony::Begun);
    });
    let taken = many(store, 64, &run, |store, _| async move {
        store.take_ceremony(ceremony_id(1), NOW).await.unwrap().is_some()
    });
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
}

/// Of many ceremonies that strangers begin at once no more wait than there is room for.
pub fn parallel_strangers_keep_their_room<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let room = CeremonyRoom { strangers: 10, each: 5 };
    let begun =
        many(
            store,
            64,
            &run,
            |store, n| async move { store.begin_ceremony(ceremony(n), room).await.unwrap() },
        );
    assert_eq!(begun.iter().filter(|begun| **begun == BeginningCeremony::Begun).count(), 10);
}

/// However many passkeys are added at once, no person has more than they may.
pub fn parallel_additions_keep_the_limit<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    let added = many(store, 64, &run, |store, n| async move { add(&store, passkey(n)).await });
    assert_eq!(added.iter().filter(|added| **added == AddingPasskey::Added).count(), 10);
    one(store, &run, |store| async move {
        assert_eq!(store.passkeys_of(user_id(1)).await.unwrap().len(), 10);
        assert_eq!(written(&store, "passkey.added").await, 10);
    });
}

/// Of many that add one credential at once exactly one has it.
pub fn parallel_additions_of_a_credential_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    let added = many(store, 64, &run, |store, n| async move {
        let same =
            Passkey { user: user_id(1 + n % 2), credential_id: b"one credential".to_vec(), ..passkey(n) };
        add(&store, same).await
    });
    assert_eq!(added.iter().filter(|added| **added == AddingPasskey::Added).count(), 1);
    assert_eq!(added.iter().filter(|added| **added == AddingPasskey::Taken).count(), 63);
}

/// Of many uses at once with one count exactly one is sound; however they come, the highest count is kept.
pub fn parallel_uses_of_one_count_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        with_people(&store).await;
        add(&store, passkey(1)).await;
    });
    let noted = many(store, 32, &run, |store, _| async move {
        store.use_passkey(used(7), SignCountPolicy::Refuse, None, origin(NOW)).await.unwrap()
    });
    assert_eq!(noted.iter().filter(|noted| **noted == UsingPasskey::Used).count(), 1);
    many(store, 32, &run, |store, n| async move {
        let count = u32::try_from(n).unwrap() + 8;
        store.use_passkey(used(count), SignCountPolicy::Warn, None, origin(NOW)).await.unwrap()
    });
    one(store, &run, |store| async move {
        let highest = store.passkeys_of(user_id(1)).await.unwrap().remove(0).count;
        assert_eq!(highest, 8 + 31);
    });
}

/// However many of somebody's passkeys are removed at once, one way in stays.
pub fn parallel_removals_leave_a_way_in<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        store.add_user(User { password: None, ..user(3) }, origin(NOW)).await.unwrap();
        for n in 0..10 {
            add(&store, Passkey { user: user_id(3), ..passkey(n) }).await;
        }
    });
    let removed = many(store, 10, &run, |store, n| async move {
        let removal = PasskeyRemoval { user: user_id(3), ..removal(n) };
        store.remove_passkey(removal, None, origin(NOW)).await.unwrap()
    });
    assert_eq!(removed.iter().filter(|removed| **removed == RemovingPasskey::LastWayIn).count(), 1);
    one(store, &run, |store| async move {
        assert_eq!(store.passkeys_of(user_id(3)).await.unwrap().len(), 1);
    });
}
