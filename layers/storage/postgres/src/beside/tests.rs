use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use towergate_core::{
    Digest, StoreError, Timestamp,
    contract::{NOW, origin},
    id::Uuid,
};
use towergate_identity::{
    ports::{
        session::{Established, Establishment, SessionStore},
        user::{AddingUser, UserStore},
        visit::Visit,
    },
    rules::{
        email::EmailAddress,
        fact::SessionEnd,
        login_proof::Method,
        session::{SessionId, SessionRecord, SessionStage, SignInId},
        user::{User, UserId, UserState},
    },
};
use towergate_oauth::{
    ports::replay::{Remembering, ReplayStore},
    rules::single_use::{SingleUse, SingleUseKind},
};
use towergate_test_servers::redis::RedisServer;

use crate::{
    contract::{beside, beside_redis, block_on},
    params::params,
    store::PostgresStore,
};

const HOUR: Duration = Duration::from_secs(3600);

fn user() -> UserId {
    UserId::from_uuid(Uuid::from_u128(7))
}

fn id(n: usize) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(n as u128))
}

fn session(n: usize) -> SessionRecord {
    SessionRecord {
        id: id(n),
        digest: Digest::of(&n.to_be_bytes()),
        sign_in: SignInId::from_uuid(Uuid::from_u128(1000 + n as u128)),
        user: user(),
        stage: SessionStage::Complete,
        methods: [Method::Password].into(),
        passkey: None,
        authenticated_at: NOW,
        created_at: NOW,
        last_seen_at: NOW,
        idle_expires_at: NOW.plus(HOUR),
        absolute_expires_at: NOW.plus(HOUR),
    }
}

/// Somebody who is signed in so many times.
async fn signed_in(store: &PostgresStore, times: usize) {
    let email = EmailAddress::parse("alice@example.com").unwrap();
    let alice = User {
        id: user(),
        email,
        password: None,
        state: UserState::Active,
        created_at: NOW,
        confirmed_at: None,
    };
    assert_eq!(store.add_user(alice, origin(NOW)).await.unwrap(), AddingUser::Added);
    for n in 0..times {
        let establishment = Establishment {
            session: session(n),
            replaces: None,
            is_login: true,
            rests_on_replaced: false,
            visit: Visit::default(),
        };
        let established = store.establish_session(establishment, origin(NOW)).await.unwrap();
        assert!(matches!(established, Established::Established { .. }), "{established:?}");
    }
}

async fn is_there(store: &PostgresStore, n: usize) -> bool {
    store.load_session(id(n), NOW).await.unwrap().is_some()
}

async fn remove_behind(store: &PostgresStore, n: usize) {
    let removal = store.write(n, |step, n| {
        let key = params![id(*n).as_uuid()];
        Box::pin(crate::query::change(
            &mut step.connection,
            "DELETE FROM towergate_sessions WHERE id = $1",
            key,
        ))
    });
    assert_eq!(removal.await.unwrap(), 1);
}

fn once(n: u32) -> SingleUse {
    SingleUse::new(SingleUseKind::ClientAssertion, "app", &n.to_string(), NOW.plus(HOUR))
}

#[test]
fn a_session_is_answered_from_the_cache_until_its_end() {
    let store = beside_redis();
    block_on(async {
        signed_in(&store, 2).await;
        assert!(is_there(&store, 0).await && is_there(&store, 1).await);
        // Whoever ends it behind the store's back is not heard of: so it does come from the cache.
        remove_behind(&store, 0).await;
        assert!(is_there(&store, 0).await);
        // Ending it by its name does, though it is gone.
        assert!(!store.end_session(id(0), SessionEnd::Logout, origin(NOW)).await.unwrap());
        assert!(!is_there(&store, 0).await);
        let ended = store.end_sessions_of(user(), None, SessionEnd::Logout, origin(NOW)).await.unwrap();
        assert_eq!((ended, is_there(&store, 1).await), (1, false));
    });
}

#[test]
fn while_redis_is_gone_sessions_are_read_and_none_ends() {
    let server = RedisServer::private();
    let store = beside(&server);
    block_on(signed_in(&store, 1));
    assert!(block_on(is_there(&store, 0)));
    server.kill();
    for _ in 0..3 {
        assert!(block_on(is_there(&store, 0)));
        let end = block_on(store.end_session(id(0), SessionEnd::Logout, origin(NOW)));
        assert!(matches!(end, Err(StoreError::Unavailable(_))), "{end:?}");
    }
    assert_eq!(block_on(store.sessions_of(user(), NOW)).unwrap().len(), 1);
    server.start();
    // The connection comes back by itself, after a pause that nobody knows.
    let mut tries = 0;
    while block_on(store.end_session(id(0), SessionEnd::Logout, origin(NOW))).is_err() {
        tries += 1;
        assert!(tries < 2000, "Redis did not come back");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(!block_on(is_there(&store, 0)));
}

#[test]
fn of_many_at_once_nobody_is_answered_a_session_after_its_end() {
    const SESSIONS: usize = 40;
    let store = beside_redis();
    block_on(signed_in(&store, SESSIONS));
    let ended = AtomicUsize::new(0);
    thread::scope(|scope| {
        for shift in 0..3 {
            let (store, ended) = (&store, &ended);
            scope.spawn(move || {
                let mut round = shift;
                while ended.load(Ordering::SeqCst) < SESSIONS {
                    let before = ended.load(Ordering::SeqCst);
                    let n = (before + round % 3).saturating_sub(1).min(SESSIONS - 1);
                    round += 1;
                    let found = block_on(is_there(store, n));
                    assert!(n >= before || !found, "session {n} was answered after its end");
                }
            });
        }
        for n in 0..SESSIONS {
            let end = block_on(store.end_session(id(n), SessionEnd::Logout, origin(NOW)));
            assert!(end.unwrap());
            ended.store(n + 1, Ordering::SeqCst);
        }
    });
}

#[test]
fn marks_are_in_redis_alone_and_fail_closed_when_it_is_flushed() {
    let server = RedisServer::private();
    let store = beside(&server);
    let remember = |n, at: Timestamp| block_on(store.remember_once(once(n), origin(at)));
    assert_eq!(remember(1, NOW).unwrap(), Remembering::First);
    assert_eq!(remember(1, NOW).unwrap(), Remembering::Seen);
    let here = block_on(store.exists("SELECT 1 FROM towergate_single_use", params![]));
    assert!(!here.unwrap());
    server.flush();
    for n in [1, 2] {
        assert!(matches!(remember(n, NOW), Err(StoreError::Unavailable(_))));
    }
    // An hour for the assertion, and what clocks may differ.
    assert_eq!(remember(2, NOW.plus(2 * HOUR)).unwrap(), Remembering::First);
}
