//! Laws of codes that are given while what they come from ends.

use std::future::Future;

use towergate_core::contract::{Task, many, one};

use super::super::{
    AuditTrail,
    consent::{consent, with_remembered},
    fixture::{NOW, ROOM, alice, client_id, code, grant, interaction, origin, with_clients},
    interaction::approval,
};
use crate::{
    ports::{
        OAuthStore,
        interaction::{Approval, Asked, Closing},
    },
    rules::consent::Consent,
};

/// A code that is given while its sign-in ends is dead, or was never given.
pub fn parallel_codes_die_with_their_sign_in<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    nothing_outlives(store, run, |store| async move {
        store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    });
}

/// So it is while its client is shut out.
pub fn parallel_codes_die_with_their_client<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    nothing_outlives(store, run, |store| async move {
        store.disable_client(client_id(), origin(NOW)).await.unwrap();
    });
}

/// So it is while the consent that it rests on is taken back.
pub fn parallel_codes_die_with_their_consent<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    nothing_outlives(store, run, |store| async move {
        store.withdraw_consent(alice(), client_id(), origin(NOW)).await.unwrap();
    });
}

/// So it is while all that clients hold of the person ends.
pub fn parallel_codes_die_with_their_person<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    nothing_outlives(store, run, |store| async move {
        store.end_subject(alice(), origin(NOW)).await.unwrap();
    });
}

fn nothing_outlives<S, F>(store: &S, run: impl Fn(Task) + Sync, end: impl Fn(S) -> F + Sync)
where
    S: OAuthStore + AuditTrail,
    F: Future<Output = ()> + Send + 'static,
{
    one(store, &run, |store| async move { with_remembered(&store).await });
    let end = &end;
    many(store, 32, &run, |store, n| {
        let ending = (n == 16).then(|| end(store.clone()));
        async move {
            match ending {
                Some(ending) => ending.await,
                None => {
                    let rests_on = Some(consent("openid"));
                    store.issue_code(grant(n + 10), code(n + 10), rests_on, origin(NOW)).await.unwrap();
                }
            }
        }
    });
    one(store, &run, |store| async move {
        for n in 10..42 {
            if let Some(given) = store.find_code(code(n).id).await.unwrap() {
                assert!(given.revoked, "grant {n} outlived what it came from");
            }
        }
    });
}

/// What is remembered at the same time is remembered together.
pub fn parallel_consents_add_up<S: OAuthStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    let asked = |n: u128| consent(&format!("scope-{n}"));
    one(store, &run, |store| async move {
        with_clients(&store).await;
        for n in 0..16 {
            store.begin_interaction(interaction(n), ROOM, origin(NOW)).await.unwrap();
            store.bind_interaction(interaction(n).id, alice(), origin(NOW)).await.unwrap();
        }
    });
    let closed = many(store, 16, &run, |store, n| async move {
        let remembered = Asked::Now { remember: Some(asked(n)) };
        let yes = Approval { interaction: interaction(n).id, asked: remembered, ..approval(n) };
        store.approve_interaction(yes, origin(NOW)).await.unwrap()
    });
    assert_eq!(closed, [Closing::Closed; 16]);
    one(store, &run, |store| async move {
        let remembered = store.find_consent(&alice(), &client_id()).await.unwrap().unwrap();
        for n in 0..16 {
            let Consent { scope, .. } = asked(n);
            assert!(remembered.covers(&asked(n)), "{scope} was forgotten");
        }
    });
}
