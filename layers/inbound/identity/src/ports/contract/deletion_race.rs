//! Laws of goodbyes that hold when many do the same at once.

use towergate_core::contract::{Task, many, one, written};

use super::{
    AuditTrail,
    deletion::{end, leave},
    fixture::{MILLISECOND, NOW, login, origin, session_id, user_id, with_people, with_session},
};
use crate::{
    ports::{
        IdentityStore,
        deletion::{DeletingUser, Scheduling, Withdrawing},
    },
    rules::{deletion::Ending, session::SessionStage, user::UserState},
};

/// Of many parallel goodbyes of one person one counts.
pub fn parallel_goodbyes_are_one<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_session(&store).await });
    let scheduled = many(store, 32, &run, |store, _| async move {
        store.schedule_deletion(user_id(1), end(), None, origin(NOW)).await.unwrap()
    });
    let count = scheduled.iter().filter(|answer| matches!(answer, Scheduling::Scheduled { .. })).count();
    assert_eq!(count, 1);
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "user.deletion_scheduled").await, 1);
        assert_eq!(written(&store, "session.revoked").await, 1);
    });
}

/// Of staying and being deleted, at once, one wins: whoever stays is whole, and whoever is deleted does not stay.
pub fn staying_or_going_is_decided_once<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        with_people(&store).await;
        leave(&store).await;
    });
    // Two machines whose clocks do not agree: for one the days are over.
    let won = many(store, 32, &run, |store, n| async move {
        if n % 2 == 0 {
            let at = origin(end().minus(MILLISECOND));
            store.withdraw_deletion(user_id(1), None, at).await.unwrap() == Withdrawing::Withdrawn
        } else {
            let ending = Ending::Anonymise;
            store.delete_user(user_id(1), ending, None, origin(end())).await.unwrap() == DeletingUser::Deleted
        }
    });
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    one(store, &run, |store| async move {
        let (stayed, gone) =
            (written(&store, "user.deletion_withdrawn").await, written(&store, "user.deleted").await);
        assert_eq!(stayed + gone, 1);
        let user = store.find_user(user_id(1)).await.unwrap().unwrap();
        let state = if stayed == 1 { UserState::Active } else { UserState::Deleted };
        assert_eq!((user.state, user.password.is_some()), (state, stayed == 1));
    });
}

/// Whoever signs in while they say goodbye is not signed in afterwards.
pub fn a_sign_in_beside_a_goodbye_is_none<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    many(store, 32, &run, |store, n| async move {
        if n == 16 {
            store.schedule_deletion(user_id(1), end(), None, origin(NOW)).await.unwrap();
        } else {
            store.establish_session(login(n), origin(NOW)).await.unwrap();
        }
    });
    one(store, &run, |store| async move {
        for n in 0..32 {
            let found = store.load_session(session_id(n), NOW).await.unwrap();
            assert!(found.is_none_or(|session| session.stage == SessionStage::Leaving), "session {n}");
        }
    });
}
