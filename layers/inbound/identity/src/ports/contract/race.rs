//! Laws that hold when many do the same at once.

use towergate_core::contract::{Task, many, one, written};

use super::{
    AuditTrail,
    factor::{SEALED, begin, code, enrolment, with_app},
    fixture::{
        LIFETIME, NOW, email, is_alive, kept, login, origin, renewal, session, session_id, sign_in_id, user,
        user_id, with_session,
    },
    tries::KEY,
};
use crate::{
    ports::{
        IdentityStore,
        factor::{BeginningTotp, EnrollingTotp},
        session::{Established, Establishment},
        user::AddingUser,
    },
    rules::{
        fact::SessionEnd,
        lockout::{LockoutPolicy, Reserving},
        second_factor::Spending,
        session::SessionStage,
        totp::TotpStep,
        user::User,
    },
};

/// However many note activity while a session is ended, it stays ended, and is ended once.
pub fn parallel_activity_does_not_undo_an_end<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_session(&store).await });
    let ended = many(store, 32, &run, |store, n| async move {
        if n % 8 == 4 {
            return store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
        }
        store.touch_session(session_id(1), NOW, LIFETIME).await.unwrap();
        store.set_session_value(session_id(1), String::from("a"), Some(n.to_string()), NOW).await.unwrap();
        false
    });
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1);
    one(store, &run, |store| async move {
        assert!(!is_alive(&store, 1, NOW).await);
        assert_eq!(store.session_value(session_id(1), "a", NOW).await.unwrap(), None);
        assert_eq!(written(&store, "session.revoked").await, 1);
    });
}

/// Of many parallel renewals of one session exactly one takes its place.
pub fn parallel_renewals_leave_one_session<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_session(&store).await });
    let established = many(store, 32, &run, |store, n| async move {
        store.establish_session(renewal(n + 2), origin(NOW)).await.unwrap()
    });
    let count = |wanted| established.iter().filter(|answer| **answer == wanted).count();
    let renewed = Established::Established {
        sign_in: sign_in_id(1),
        stage: SessionStage::Complete,
        ended: None,
        marks: Default::default(),
    };
    assert_eq!((count(renewed), count(Established::Superseded)), (1, 31));
    one(store, &run, |store| async move {
        assert_eq!(store.sessions_of(user_id(1), NOW).await.unwrap().len(), 1);
    });
}

/// When a person proves themself again many times at once, one session goes on with the sign-in, the others are new.
pub fn parallel_proofs_keep_the_sign_in_once<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_session(&store).await });
    let mut established = many(store, 32, &run, |store, n| async move {
        let again = Establishment { replaces: Some(session_id(1)), ..login(n + 2) };
        kept(store.establish_session(again, origin(NOW)).await.unwrap()).unwrap()
    });
    assert!(established.iter().all(|(_, ended)| ended.is_none()));
    assert_eq!(established.iter().filter(|(sign_in, _)| *sign_in == sign_in_id(1)).count(), 1);
    established.sort_unstable();
    established.dedup();
    assert_eq!(established.len(), 32);
}

/// Whether an end comes before or after a renewal, with the first identifier it leaves nothing alive.
pub fn an_end_catches_whatever_a_renewal_makes<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_session(&store).await });
    let ended = many(store, 32, &run, |store, n| async move {
        if n % 4 == 2 {
            return store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
        }
        store.establish_session(renewal(n + 3), origin(NOW)).await.unwrap();
        false
    });
    assert_eq!(ended.iter().filter(|ended| **ended).count(), 1);
    one(store, &run, |store| async move {
        assert!(store.sessions_of(user_id(1), NOW).await.unwrap().is_empty());
        assert!(!store.is_sign_in_alive(sign_in_id(1), NOW).await.unwrap());
    });
}

/// Of many parallel registrations of one address exactly one has it.
pub fn parallel_registrations_leave_one_person<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let added = many(store, 32, &run, |store, n| async move {
        store.add_user(User { email: email(1), ..user(n) }, origin(NOW)).await.unwrap()
    });
    assert_eq!(added.iter().filter(|answer| **answer == AddingUser::Added).count(), 1);
    one(store, &run, |store| async move { assert_eq!(written(&store, "user.registered").await, 1) });
}

/// When a person is shut out while they sign in, no session of theirs is left.
pub fn a_person_shut_out_while_signing_in_is_out<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_session(&store).await });
    many(store, 32, &run, |store, n| async move {
        if n == 16 {
            store.disable_user(user_id(1), origin(NOW)).await.unwrap();
            return;
        }
        let login = Establishment {
            session: session(n + 2),
            replaces: None,
            is_login: true,
            rests_on_replaced: false,
            visit: Default::default(),
        };
        store.establish_session(login, origin(NOW)).await.unwrap();
    });
    one(store, &run, |store| async move {
        assert!(store.sessions_of(user_id(1), NOW).await.unwrap().is_empty());
        let begun = written(&store, "session.created").await;
        assert_eq!(written(&store, "session.revoked").await, begun);
    });
}

/// Of many parallel guesses no more are tried than the policy allows at once.
pub fn parallel_guesses_are_no_more_than_the_limit<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let policy = LockoutPolicy::default();
    let answers = many(store, 64, &run, |store, _| async move {
        store.reserve_try(KEY, policy, None, origin(NOW)).await.unwrap()
    });
    assert_eq!(answers.iter().filter(|answer| **answer == Reserving::Granted).count(), 5);
    assert!(answers.iter().all(|answer| matches!(answer, Reserving::Granted | Reserving::Wait(_))));
}

/// Of many parallel uses of one code exactly one counts.
pub fn parallel_uses_of_one_code_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_app(&store).await });
    let answers = many(store, 64, &run, |store, _| async move {
        store.spend_totp(user_id(1), TotpStep::new(2000), origin(NOW)).await.unwrap()
    });
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!((count(Spending::Spent), count(Spending::SpentBefore)), (1, 63));
    one(store, &run, |store| async move { assert_eq!(written(&store, "factor.used").await, 1) });
}

/// Of many parallel uses of one backup code exactly one counts.
pub fn parallel_uses_of_one_backup_code_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_app(&store).await });
    let answers = many(store, 64, &run, |store, _| async move {
        store.spend_backup_code(user_id(1), code(3), origin(NOW)).await.unwrap()
    });
    let count = |wanted| answers.iter().filter(|answer| **answer == wanted).count();
    assert_eq!((count(Spending::Spent), count(Spending::Missing)), (1, 63));
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "factor.used").await, 1);
        assert_eq!(store.backup_codes_left(user_id(1)).await.unwrap(), 9);
    });
}

/// Of many parallel first codes exactly one makes the app count.
pub fn parallel_first_codes_enrol_once<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        with_session(&store).await;
        assert_eq!(begin(&store, 1, SEALED).await, BeginningTotp::Begun);
    });
    let answers =
        many(
            store,
            32,
            &run,
            |store, _| async move { store.enrol_totp(enrolment(), origin(NOW)).await.unwrap() },
        );
    assert_eq!(answers.iter().filter(|answer| **answer == EnrollingTotp::Enrolled).count(), 1);
    one(store, &run, |store| async move { assert_eq!(written(&store, "factor.enrolled").await, 1) });
}
