//! Laws of pushed requests that are answered in several browsers at once.

use towergate_core::contract::{Task, many, one, written};

use super::super::{
    AuditTrail,
    fixture::{NOW, ROOM, alice, code, grant, interaction, origin},
    interaction::approval,
    pushed_request::{begun_from, pushed, with_pushed},
};
use crate::{
    ports::{
        OAuthStore,
        interaction::{Approval, Beginning, Closing, Issuing},
        pushed_request::Spending,
    },
    rules::interaction::InteractionState,
};

/// Of many parallel answers to one pushed request exactly one is given, whichever way it comes.
pub fn parallel_answers_to_a_pushed_request_leave_one<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move {
        with_pushed(&store).await;
        for n in 0..32 {
            store.begin_interaction(begun_from(n), ROOM, origin(NOW)).await.unwrap();
            store.bind_interaction(interaction(n).id, alice(), origin(NOW)).await.unwrap();
        }
    });
    let answered = many(store, 32, &run, |store, n| async move {
        let id = interaction(n).id;
        match n % 8 {
            6 => {
                let issued =
                    store.issue_pushed_code(pushed(1).id, grant(n), code(n), None, origin(NOW)).await;
                issued.unwrap() == Issuing::Issued
            }
            7 => store.spend_pushed_request(pushed(1).id, origin(NOW)).await.unwrap() == Spending::Spent,
            5 => store.deny_interaction(id, Some(alice()), origin(NOW)).await.unwrap() == Closing::Closed,
            _ => {
                let approval = Approval { interaction: id, ..approval(n) };
                store.approve_interaction(approval, origin(NOW)).await.unwrap() == Closing::Closed
            }
        }
    });
    assert_eq!(answered.iter().filter(|answered| **answered).count(), 1);
    one(store, &run, |store| async move {
        assert!(written(&store, "code.issued").await <= 1);
        nothing_is_open(&store).await;
    });
}

/// No interaction that begins while a pushed request is answered outlives the answer.
pub fn parallel_beginnings_end_with_the_answer<S: OAuthStore + AuditTrail>(
    store: &S,
    run: impl Fn(Task) + Sync,
) {
    one(store, &run, |store| async move { with_pushed(&store).await });
    many(store, 32, &run, |store, n| async move {
        if n == 16 {
            let spent = store.spend_pushed_request(pushed(1).id, origin(NOW)).await.unwrap();
            assert_eq!(spent, Spending::Spent);
        } else {
            let begun = store.begin_interaction(begun_from(n), ROOM, origin(NOW)).await.unwrap();
            assert!(matches!(begun, Beginning::Begun | Beginning::RequestSpent), "{begun:?}");
        }
    });
    one(store, &run, |store| async move { nothing_is_open(&store).await });
}

async fn nothing_is_open<S: OAuthStore>(store: &S) {
    assert!(store.find_pushed_request(pushed(1).id).await.unwrap().is_none());
    for n in 0..32 {
        let found = store.find_interaction(interaction(n).id).await.unwrap();
        assert!(found.is_none_or(|found| found.state != InteractionState::Open), "{n}");
    }
}
