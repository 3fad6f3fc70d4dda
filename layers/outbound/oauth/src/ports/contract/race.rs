//! Laws that hold when many do the same at once.

mod giving;
mod pushing;

use towergate_core::{
    Digest,
    contract::{Task, many, one, written},
};

use super::{
    AuditTrail,
    fixture::{
        NOW, ROOM, WINDOW, access_token, alice, bob, client_id, code, grant_id, interaction, origin,
        other_client_id, redemption, refresh_token, rotation, with_clients, with_code, with_family,
    },
    interaction::{approval, with_taken},
    key::key,
    logout::{notice, with_ended_session, with_session},
    registration::registrant,
    replay::once,
};
use crate::{
    ports::{
        OAuthStore,
        client::Managing,
        grant::{Redeemed, Redemption, Revocation, Rotated, Rotation},
        interaction::{Approval, Binding, Closing},
        key::{Changing, KeyChange},
        replay::Remembering,
    },
    rules::{grant::RevocationReason, key::KeyState},
};

pub use giving::{
    parallel_codes_die_with_their_client, parallel_codes_die_with_their_consent,
    parallel_codes_die_with_their_person, parallel_codes_die_with_their_sign_in, parallel_consents_add_up,
};
pub use pushing::{parallel_answers_to_a_pushed_request_leave_one, parallel_beginnings_end_with_the_answer};

/// Of many parallel redemptions of one code exactly one succeeds, and the others have ended the family.
pub fn parallel_redemptions_spend_a_code_once<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_code(&store).await });
    let redeemed = many(store, 64, &run, |store, n| async move {
        let redemption =
            Redemption { access: access_token(n, Some(grant_id(1))), refresh: None, ..redemption(1) };
        store.redeem_code(redemption, origin(NOW)).await.unwrap()
    });
    let count = |wanted: fn(&Redeemed) -> bool| redeemed.iter().filter(|&answer| wanted(answer)).count();
    assert_eq!(count(|answer| matches!(answer, Redeemed::Consumed(_))), 1);
    assert_eq!(count(|answer| matches!(answer, Redeemed::Replayed { .. })), 1);
    one(store, &run, |store| async move {
        assert!(store.find_code(code(1).id).await.unwrap().unwrap().revoked);
        assert_eq!(written(&store, "code.redeemed").await, 1);
        assert_eq!(written(&store, "code.replayed").await, 1);
        assert_eq!(written(&store, "grant.revoked").await, 1);
        let mut tokens = 0;
        for n in 0..64 {
            let found = store.find_access_token(access_token(n, None).id).await.unwrap();
            tokens += usize::from(found.is_some());
        }
        assert_eq!(tokens, 1);
    });
}

/// Of many parallel updates under one token exactly one happens.
pub fn parallel_updates_leave_one_token<S: OAuthStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        store.register_client(registrant(client_id(), 255), ROOM, origin(NOW)).await.unwrap();
    });
    let updated = many(store, 64, &run, |store, n| async move {
        let changed = registrant(client_id(), u8::try_from(n).unwrap());
        store.update_client(changed, Digest::of(&[255]), origin(NOW)).await.unwrap()
    });
    assert_eq!(updated.iter().filter(|answer| **answer == Managing::Done).count(), 1);
    one(store, &run, |store| async move {
        assert_eq!(written(&store, "client.updated").await, 1);
    });
}

/// Of many parallel exchanges of one refresh token exactly one happens, and all hear its answer.
pub fn parallel_exchanges_leave_one_child<S: OAuthStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_family(&store).await });
    let rotated = many(store, 64, &run, |store, n| async move {
        let n = u32::try_from(n).unwrap();
        let rotation = Rotation {
            access: rotation(n).access,
            refresh: refresh_token(n + 1),
            sealed_answer: n.to_be_bytes().to_vec(),
            ..rotation(0)
        };
        (n, store.rotate_refresh_token(rotation, origin(NOW)).await.unwrap())
    });
    let winners: Vec<_> = rotated.iter().filter(|(_, answer)| *answer == Rotated::Rotated).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let winner = winners.first().unwrap().0;
    let same = Rotated::Repeated { sealed_answer: winner.to_be_bytes().to_vec() };
    assert_eq!(rotated.iter().filter(|(_, answer)| *answer == same).count(), 63);
    one(store, &run, move |store| async move {
        for n in 0..64 {
            let child = store.find_refresh_token(refresh_token(n + 1).id).await.unwrap();
            assert_eq!(child.is_some(), n == winner);
        }
        assert_eq!(written(&store, "token.refreshed").await, 1);
    });
}

/// Of many parallel answers to one interaction exactly one closes it.
pub fn parallel_answers_close_an_interaction_once<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_taken(&store).await });
    let closed = many(store, 32, &run, |store, n| async move {
        if n % 8 == 7 {
            return store.deny_interaction(interaction(1).id, Some(alice()), origin(NOW)).await.unwrap();
        }
        store.approve_interaction(Approval { ..approval(n) }, origin(NOW)).await.unwrap()
    });
    assert_eq!(closed.iter().filter(|closing| **closing == Closing::Closed).count(), 1);
    one(store, &run, |store| async move {
        let issued = written(&store, "code.issued").await;
        assert_eq!(issued + written(&store, "consent.denied").await, 1);
        assert_eq!(issued, written(&store, "consent.given").await);
        let mut codes = 0;
        for n in 0..32 {
            codes += usize::from(store.find_code(code(n).id).await.unwrap().is_some());
        }
        assert_eq!(codes, issued);
    });
}

/// When two people take one interaction at once, one of them has it.
pub fn parallel_takers_leave_one_owner<S: OAuthStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move {
        with_clients(&store).await;
        store.begin_interaction(interaction(1), ROOM, origin(NOW)).await.unwrap();
    });
    let bound = many(store, 32, &run, |store, n| async move {
        let who = if n % 2 == 0 { alice() } else { bob() };
        store.bind_interaction(interaction(1).id, who, origin(NOW)).await.unwrap()
    });
    assert_eq!(bound.iter().filter(|binding| **binding == Binding::Bound).count(), 16);
    assert_eq!(bound.iter().filter(|binding| **binding == Binding::SomebodyElses).count(), 16);
}

/// Of many parallel revocations of one grant exactly one happens.
pub fn parallel_revocations_kill_once<S: OAuthStore + AuditTrail>(store: &S, run: impl Fn(Task) + Sync) {
    one(store, &run, |store| async move { with_family(&store).await });
    let revoked = many(store, 32, &run, |store, _| async move {
        store.revoke_grant(grant_id(1), RevocationReason::AccountRefused, origin(NOW)).await.unwrap()
    });
    assert_eq!(revoked.iter().filter(|revocation| **revocation == Revocation::Revoked).count(), 1);
    one(store, &run, |store| async move { assert_eq!(written(&store, "grant.revoked").await, 1) });
}

/// Of many parallel revocations of one access token exactly one happens.
pub fn parallel_revocations_of_a_token_kill_once<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_family(&store).await });
    let revoked = many(store, 32, &run, |store, _| async move {
        store.revoke_access_token(redemption(1).access.id, client_id(), origin(NOW)).await.unwrap()
    });
    assert_eq!(revoked.iter().filter(|revocation| **revocation == Revocation::Revoked).count(), 1);
    one(store, &run, |store| async move { assert_eq!(written(&store, "token.revoked").await, 1) });
}

/// Of many parallel changes of one key ring exactly one happens: all instances then sign with the same key.
pub fn parallel_changes_of_a_ring_leave_one<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let changed = many(store, 32, &run, |store, n| async move {
        let change = KeyChange { add: vec![key(&n.to_string(), KeyState::Active)], ..KeyChange::default() };
        store.change_keys(change, origin(NOW)).await.unwrap()
    });
    assert_eq!(changed.iter().filter(|changing| **changing == Changing::Changed).count(), 1);
    one(store, &run, |store| async move {
        assert_eq!(store.keys().await.unwrap().len(), 1);
        assert_eq!(written(&store, "key.moved").await, 1);
    });
}

/// Of many who show one identifier at once, one is the first.
pub fn parallel_repetitions_leave_one_first<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    let remembered = many(store, 64, &run, |store, _| async move {
        store.remember_once(once(1, NOW.plus(WINDOW)), origin(NOW)).await.unwrap()
    });
    assert_eq!(remembered.iter().filter(|answer| **answer == Remembering::First).count(), 1);
}

/// When a session ends many times at once, each client is told once.
pub fn parallel_ends_of_a_session_tell_once<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_session(&store).await });
    many(store, 32, &run, |store, _| async move {
        store.end_session_grants(String::from("sid-1"), origin(NOW)).await.unwrap();
    });
    one(store, &run, |store| async move { assert_eq!(written(&store, "logout.queued").await, 2) });
}

/// When many take notices at once, nobody takes what another has taken.
pub fn parallel_takers_of_notices_share_them<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_ended_session(&store).await });
    let taken = many(store, 32, &run, |store, _| async move {
        store.take_due_logouts(NOW, WINDOW, 1, Vec::new()).await.unwrap()
    });
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    taken.sort_by(|left, right| left.client.cmp(&right.client));
    assert_eq!(taken, [client_id(), other_client_id()].map(|client| notice(client, 1)));
}
