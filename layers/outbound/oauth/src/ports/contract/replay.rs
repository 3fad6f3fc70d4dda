//! Laws of what counts once.

use towergate_core::Timestamp;

use super::{
    AuditTrail,
    fixture::{Ear, MILLISECOND, NOW, WINDOW, origin},
};
use crate::{
    ports::{OAuthStore, replay::Remembering},
    rules::single_use::{SingleUse, SingleUseKind},
};

/// The `n`th identifier of a client, good until `until`.
pub(super) fn once(n: u32, until: Timestamp) -> SingleUse {
    SingleUse::new(SingleUseKind::ClientAssertion, "app", &n.to_string(), until)
}

/// An identifier counts once, and another counts for itself; none is on record in the audit log.
pub async fn an_identifier_counts_once<S: OAuthStore + AuditTrail>(store: &S) {
    let mut ear = Ear::on(store).await;
    let end = NOW.plus(WINDOW);
    for n in [1, 2] {
        assert_eq!(store.remember_once(once(n, end), origin(NOW)).await.unwrap(), Remembering::First);
        assert_eq!(store.remember_once(once(n, end), origin(NOW)).await.unwrap(), Remembering::Seen);
    }
    let others = SingleUse::new(SingleUseKind::ClientAssertion, "other", "1", end);
    assert_eq!(store.remember_once(others, origin(NOW)).await.unwrap(), Remembering::First);
    ear.silence().await;
}

/// An identifier is remembered to the last millisecond of its time, whatever end a repetition claims, and not longer.
pub async fn an_identifier_is_remembered_until_its_end<S: OAuthStore + AuditTrail>(store: &S) {
    let end = NOW.plus(WINDOW);
    let _ = store.remember_once(once(1, end), origin(NOW)).await.unwrap();
    for claimed in [NOW.plus(MILLISECOND), end.plus(WINDOW)] {
        let again = store.remember_once(once(1, claimed), origin(NOW)).await.unwrap();
        assert_eq!(again, Remembering::Seen);
    }
    let last = end.minus(MILLISECOND);
    assert_eq!(store.remember_once(once(1, end), origin(last)).await.unwrap(), Remembering::Seen);
    let again = once(1, end.plus(WINDOW));
    assert_eq!(store.remember_once(again, origin(end)).await.unwrap(), Remembering::First);
}

/// What others leave behind does not hide an identifier that is alive.
pub async fn old_identifiers_go_and_living_ones_stay<S: OAuthStore + AuditTrail>(store: &S) {
    let (soon, late) = (NOW.plus(MILLISECOND), NOW.plus(WINDOW));
    let _ = store.remember_once(once(0, late), origin(NOW)).await.unwrap();
    for n in 1..10 {
        assert_eq!(store.remember_once(once(n, soon), origin(NOW)).await.unwrap(), Remembering::First);
    }
    for n in 1..10 {
        assert_eq!(
            store.remember_once(once(n, late), origin(soon)).await.unwrap(),
            Remembering::First,
            "{n}"
        );
    }
    for n in 10..20 {
        assert_eq!(store.remember_once(once(n, late), origin(soon)).await.unwrap(), Remembering::First);
    }
    for n in [0, 10, 19] {
        assert_eq!(store.remember_once(once(n, late), origin(soon)).await.unwrap(), Remembering::Seen, "{n}");
    }
}
