//! Laws of new passwords that hold when many do the same at once.

use towergate_core::{
    Secret,
    contract::{Task, many, one, written},
};

use super::{
    AuditTrail,
    fixture::{NOW, origin, user_id, with_people},
    password::{ask, change, proof, reset, reset_by, with_app},
};
use crate::{
    ports::{
        IdentityStore,
        password::{ChangingPassword, PasswordReset, ResettingPassword},
    },
    rules::{second_factor::FactorUse, totp::TotpStep},
};

/// Of many parallel resets with one link exactly one sets its password.
pub fn parallel_resets_are_one<S: IdentityStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        with_people(&store).await;
        ask(&store, proof(1), 1).await;
    });
    let done = many(store, 32, &run, |store, n| async move {
        let reset = PasswordReset { hash: Secret::new(format!("$argon2id$new-{n}")), ..reset_by(1, None) };
        let done = store.reset_password(reset, None, origin(NOW)).await.unwrap();
        matches!(done, ResettingPassword::Reset { .. }).then_some(n)
    });
    let winners: Vec<_> = done.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let winner = winners.first().copied().unwrap();
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "password.reset").await, 1);
        let hash = store.find_user(user_id(1)).await.unwrap().unwrap().password.unwrap();
        assert_eq!(hash.expose(), &format!("$argon2id$new-{}", winner));
    });
}

/// Of many parallel resets with one link and one code exactly one counts, and one code is spent.
pub fn parallel_resets_with_one_code_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        with_people(&store).await;
        with_app(&store).await;
        ask(&store, proof(1), 1).await;
    });
    let done = many(store, 32, &run, |store, _| async move {
        reset(&store, 1, Some(FactorUse::Totp(TotpStep::new(8))), NOW).await
    });
    let done = done.iter().filter(|answer| matches!(answer, ResettingPassword::Reset { .. })).count();
    assert_eq!(done, 1);
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "factor.used").await, 1);
    });
}

/// Of many parallel changes of one password exactly one is the next.
pub fn parallel_changes_of_a_password_are_one<S: IdentityStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_people(&store).await });
    let done = many(store, 32, &run, |store, n| async move {
        let change = change(Some("$argon2id$old"), &format!("$argon2id$new-{n}"));
        store.change_password(change, None, origin(NOW)).await.unwrap()
    });
    let changed = done.iter().filter(|answer| matches!(answer, ChangingPassword::Changed { .. })).count();
    assert_eq!(changed, 1);
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "password.changed").await, 1);
    });
}
