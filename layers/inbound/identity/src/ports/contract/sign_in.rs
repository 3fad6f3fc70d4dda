//! Laws of a sign-in: when it goes on in the next session, how long it lives, and how it ends under an earlier
//! identifier.

use super::{
    AuditTrail,
    fixture::{
        Ear, MILLISECOND, NOW, created, establish, gone_on, is_alive, login, origin, renewal, revoked,
        session, session_id, sign_in_id, succeeded, user_id, with_people, with_session,
    },
};
use crate::{
    ports::{
        IdentityStore,
        session::{Established, Establishment},
    },
    rules::{
        fact::SessionEnd,
        session::{SessionRecord, SessionStage},
    },
};

/// Whoever is signed in and proves themself again keeps their sign-in; the session takes its ends from the new proof.
pub async fn a_person_who_proves_themself_again_keeps_their_sign_in<S: IdentityStore + AuditTrail>(
    store: &S,
) {
    with_session(store).await;
    let mut ear = Ear::on(store).await;
    let later = NOW.plus(MILLISECOND);
    let again = SessionRecord {
        authenticated_at: later,
        absolute_expires_at: session(1).absolute_expires_at.plus(MILLISECOND),
        ..session(2)
    };
    let login = Establishment { session: again.clone(), ..over_the_first(2) };
    assert_eq!(establish(store, login).await, (sign_in_id(1), None));
    ear.heard(&[succeeded(2), gone_on(2), revoked(1, SessionEnd::Replaced)], NOW).await;
    let found = store.load_session(session_id(2), NOW).await.unwrap().unwrap();
    assert_eq!((found.sign_in, found.authenticated_at), (sign_in_id(1), later));
    assert_eq!(found.absolute_expires_at, again.absolute_expires_at);
    assert!(!is_alive(store, 1, NOW).await);
}

/// Another person's sign-in is another, and ends the one before it.
pub async fn another_person_ends_the_sign_in_before_them<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let theirs = SessionRecord { user: user_id(2), ..session(2) };
    let login = Establishment { session: theirs, ..over_the_first(2) };
    assert_eq!(establish(store, login).await, (sign_in_id(2), Some(sign_in_id(1))));
    assert!(!is_sign_in_alive(store, 1, NOW).await);
    assert!(is_sign_in_alive(store, 2, NOW).await);
}

/// Who was only half signed in begins a sign-in of their own.
pub async fn a_half_sign_in_is_not_gone_on_with<S: IdentityStore + AuditTrail>(store: &S) {
    with_people(store).await;
    let half = SessionRecord { stage: SessionStage::AwaitsSecondFactor, ..session(1) };
    establish(store, Establishment { session: half, ..login(1) }).await;
    assert_eq!(establish(store, over_the_first(2)).await, (sign_in_id(2), Some(sign_in_id(1))));
}

/// A sign-in that was ended is not gone on with: whoever was slower signs in anew.
pub async fn an_ended_sign_in_is_not_gone_on_with<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap();
    let mut ear = Ear::on(store).await;
    assert_eq!(establish(store, over_the_first(2)).await, (sign_in_id(2), None));
    ear.heard(&[succeeded(2), created(2)], NOW).await;
}

/// A sign-in lives as long as its session, under whatever identifier, to the millisecond before each of its ends.
pub async fn a_sign_in_lives_as_long_as_its_session<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    assert!(is_sign_in_alive(store, 1, NOW).await);
    assert!(!is_sign_in_alive(store, 2, NOW).await);
    let idle_end = session(1).idle_expires_at;
    assert!(is_sign_in_alive(store, 1, idle_end.minus(MILLISECOND)).await);
    assert!(!is_sign_in_alive(store, 1, idle_end).await);

    let end = NOW.plus(2 * MILLISECOND);
    let short = SessionRecord { absolute_expires_at: end, ..session(2) };
    establish(store, Establishment { session: short, ..renewal(2) }).await;
    assert!(is_sign_in_alive(store, 1, end.minus(MILLISECOND)).await);
    assert!(!is_sign_in_alive(store, 1, end).await);

    assert!(store.end_session(session_id(2), SessionEnd::RevokedByUser, origin(NOW)).await.unwrap());
    assert!(!is_sign_in_alive(store, 1, NOW).await);
}

/// A person's sign-ins end when all their sessions are ended, and when they are shut out.
pub async fn a_sign_in_ends_with_its_person<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let reason = SessionEnd::RevokedByUser;
    store.end_sessions_of(user_id(1), None, reason, origin(NOW)).await.unwrap();
    assert!(!is_sign_in_alive(store, 1, NOW).await);
    establish(store, login(2)).await;
    store.disable_user(user_id(1), origin(NOW)).await.unwrap();
    assert!(!is_sign_in_alive(store, 2, NOW).await);
}

/// An identifier that another took the place of opens nothing, and is known until the end that its session had.
pub async fn a_replaced_identifier_is_known_until_its_end<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let find = |n, at| async move { store.find_replaced_session(session_id(n), at).await.unwrap() };
    assert!(find(1, NOW).await.is_none(), "it is alive");
    establish(store, renewal(2)).await;
    establish(store, Establishment { replaces: Some(session_id(2)), ..login(3) }).await;
    let end = session(1).absolute_expires_at;
    for n in [1, 2] {
        assert!(!is_alive(store, n, NOW).await);
        let found = find(n, end.minus(MILLISECOND)).await.unwrap();
        assert_eq!((found.id, found.sign_in, found.expires_at), (session_id(n), sign_in_id(1), end));
        assert!(found.digest.matches(&session(n).digest));
        assert!(find(n, end).await.is_none());
    }
    assert!(find(3, NOW).await.is_none());
}

/// To end a session under an identifier that it went by ends it, once.
pub async fn an_end_follows_a_replaced_identifier<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    establish(store, renewal(2)).await;
    establish(store, Establishment { replaces: Some(session_id(2)), ..login(3) }).await;
    establish(store, login(4)).await;
    let mut ear = Ear::on(store).await;
    assert!(store.end_session(session_id(1), SessionEnd::Logout, origin(NOW)).await.unwrap());
    let SessionRecord { id, user, .. } = session(3);
    let (sign_in, reason) = (sign_in_id(1), SessionEnd::Logout);
    let ended = crate::rules::fact::IdentityFact::SessionRevoked { session: id, sign_in, user, reason };
    ear.heard(&[ended], NOW).await;
    for n in [1, 2, 3] {
        assert!(!store.end_session(session_id(n), SessionEnd::Logout, origin(NOW)).await.unwrap());
        assert!(!is_alive(store, n, NOW).await);
    }
    ear.silence().await;
    assert!(is_alive(store, 4, NOW).await, "another sign-in of theirs");
}

/// An end does not follow an identifier to another person's session, nor beyond what is remembered.
pub async fn an_end_follows_no_further_than_the_sign_in<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let end = NOW.plus(2 * MILLISECOND);
    let short = SessionRecord { absolute_expires_at: end, ..session(2) };
    establish(store, Establishment { session: short, ..renewal(2) }).await;
    establish(store, Establishment { replaces: Some(session_id(2)), ..login(3) }).await;
    let theirs = SessionRecord { user: user_id(2), ..session(4) };
    let mut ear = Ear::on(store).await;
    assert!(!store.end_session(session_id(2), SessionEnd::Logout, origin(end)).await.unwrap());
    ear.silence().await;
    assert!(is_alive(store, 3, end).await);

    establish(
        store,
        Establishment {
            session: theirs,
            replaces: Some(session_id(3)),
            is_login: true,
            rests_on_replaced: false,
            visit: Default::default(),
        },
    )
    .await;
    for n in [1, 2, 3] {
        assert!(!store.end_session(session_id(n), SessionEnd::Logout, origin(NOW)).await.unwrap());
    }
    let found = store.load_session(session_id(4), NOW).await.unwrap();
    assert_eq!(found.map(|found| (found.user, found.stage)), Some((user_id(2), SessionStage::Complete)));
}

/// A login that is refused ends nothing and leaves no trace of a replacement.
pub async fn a_refused_login_replaces_nothing<S: IdentityStore + AuditTrail>(store: &S) {
    with_session(store).await;
    let theirs = SessionRecord { user: user_id(9), ..session(2) };
    let login = Establishment { session: theirs, ..over_the_first(2) };
    let refused = store.establish_session(login, origin(NOW)).await.unwrap();
    assert_eq!(refused, Established::UserRefused);
    assert!(store.find_replaced_session(session_id(1), NOW).await.unwrap().is_none());
    assert!(is_sign_in_alive(store, 1, NOW).await);
}

/// The first person signs in, to the `n`th session, over their first.
fn over_the_first(n: u128) -> Establishment {
    Establishment { replaces: Some(session_id(1)), ..login(n) }
}

async fn is_sign_in_alive<S: IdentityStore>(store: &S, n: u128, at: towergate_core::Timestamp) -> bool {
    store.is_sign_in_alive(sign_in_id(n), at).await.unwrap()
}
