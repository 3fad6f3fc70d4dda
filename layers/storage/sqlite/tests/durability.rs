//! What was answered is there afterwards, and what was refused is not.
#![cfg(all(feature = "inbound", feature = "outbound"))]
#![expect(clippy::unwrap_used, reason = "a step that is not done fails the test")]

mod house;

use std::{fs, time::Duration};

use house::{NOW, Place, client, code, grant, id, login, origin, redemption, user};
use rusqlite::Connection;
use towergate_core::StoreError;
use towergate_identity::ports::{
    session::{Established, SessionStore},
    user::UserStore,
};
use towergate_oauth::{
    ports::{
        ClientStore,
        grant::{GrantStore, Redeemed},
        interaction::InteractionStore,
        replay::{Remembering, ReplayStore},
    },
    rules::single_use::{SingleUse, SingleUseKind},
};
use towergate_sqlite::SqliteStore;

async fn walk(store: &SqliteStore) {
    store.add_user(user(1), origin(NOW)).await.unwrap();
    let established = store.establish_session(login(2, NOW), origin(NOW)).await.unwrap();
    assert!(matches!(established, Established::Established { ended: None, .. }));
    store.put_client(client(), origin(NOW)).await.unwrap();
    store.issue_code(grant(3, NOW), code(3, NOW), None, origin(NOW)).await.unwrap();
    let redeemed = store.redeem_code(redemption(3, NOW), origin(NOW)).await.unwrap();
    assert!(matches!(redeemed, Redeemed::Consumed(_)));
}

async fn everything_is_there(store: &SqliteStore) {
    assert!(store.find_user(user(1).id).await.unwrap().is_some());
    assert!(store.load_session(login(2, NOW).session.id, NOW).await.unwrap().is_some());
    assert!(store.find_code(id(3)).await.unwrap().unwrap().spent);
    assert!(!store.find_access_token(id(3)).await.unwrap().unwrap().revoked);
    assert!(store.find_refresh_token(id(3)).await.unwrap().is_some());
    let actions: Vec<_> = store.events(0, 100).unwrap().into_iter().map(|event| event.action).collect();
    let expected = [
        "user.registered",
        "login.succeeded",
        "session.created",
        "client.registered",
        "code.issued",
        "code.redeemed",
        "token.issued",
    ];
    assert_eq!(actions, expected);
    let replay = store.redeem_code(redemption(3, NOW), origin(NOW)).await.unwrap();
    assert!(matches!(replay, Redeemed::Replayed { .. }), "a code cannot be used twice");
}

#[tokio::test]
async fn what_counted_once_does_not_count_again_when_the_file_is_opened_again() {
    let place = Place::new();
    let once =
        || SingleUse::new(SingleUseKind::ClientAssertion, "app", "1", NOW.plus(Duration::from_secs(60)));
    let store = SqliteStore::open(place.file()).unwrap();
    assert_eq!(store.remember_once(once(), origin(NOW)).await.unwrap(), Remembering::First);
    drop(store);
    let store = SqliteStore::open(place.file()).unwrap();
    assert_eq!(store.remember_once(once(), origin(NOW)).await.unwrap(), Remembering::Seen);
}

#[tokio::test]
async fn everything_is_there_when_the_file_is_opened_again() {
    let place = Place::new();
    let store = SqliteStore::open(place.file()).unwrap();
    walk(&store).await;
    drop(store);
    everything_is_there(&SqliteStore::open(place.file()).unwrap()).await;
}

#[tokio::test]
async fn everything_answered_is_there_after_a_kill() {
    let (place, after) = (Place::new(), Place::new());
    let store = SqliteStore::open(place.file()).unwrap();
    walk(&store).await;
    // The files as a killed process leaves them: nothing was closed, nothing folded in.
    fs::copy(place.file(), after.file()).unwrap();
    fs::copy(place.dir().join("towergate.db-wal"), after.dir().join("towergate.db-wal")).unwrap();
    everything_is_there(&SqliteStore::open(after.file()).unwrap()).await;
    drop(store);
}

#[tokio::test]
async fn a_read_sees_what_was_answered_before() {
    let place = Place::new();
    for store in [SqliteStore::open(place.file()).unwrap(), SqliteStore::in_memory().unwrap()] {
        for number in 1..200 {
            store.add_user(user(number), origin(NOW)).await.unwrap();
            assert!(store.find_user(user(number).id).await.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn a_locked_database_is_unavailable_and_nothing_is_half_written() {
    let place = Place::new();
    let patience = Duration::from_millis(20);
    let store = SqliteStore::options().busy_timeout(patience).open(place.file()).unwrap();
    let other = Connection::open(place.file()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let locked = store.add_user(user(1), origin(NOW)).await;
    assert!(matches!(locked, Err(StoreError::Unavailable(_))), "{locked:?}");
    assert!(store.find_user(user(1).id).await.unwrap().is_none(), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.events(0, 10).unwrap().is_empty());
    store.add_user(user(1), origin(NOW)).await.unwrap();
    assert_eq!(store.events(0, 10).unwrap().len(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_was_moved_is_not_written_until_it_is_back() {
    for name in ["towergate.db", "towergate.db-wal"] {
        let place = Place::new();
        let store = SqliteStore::open(place.file()).unwrap();
        let (there, elsewhere) = (place.dir().join(name), place.dir().join("elsewhere"));
        fs::rename(&there, &elsewhere).unwrap();
        for replaced in [false, true] {
            if replaced {
                fs::write(&there, "").unwrap();
            }
            let moved = store.add_user(user(1), origin(NOW)).await;
            assert!(matches!(moved, Err(StoreError::Unavailable(_))), "{name}: {moved:?}");
        }
        fs::rename(&elsewhere, &there).unwrap();
        assert!(store.find_user(user(1).id).await.unwrap().is_none(), "{name}");
        store.add_user(user(1), origin(NOW)).await.unwrap();
        drop(store);
        assert!(SqliteStore::open(place.file()).unwrap().find_user(user(1).id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_row_that_the_house_never_wrote_is_named() {
    let place = Place::new();
    let store = SqliteStore::open(place.file()).unwrap();
    walk(&store).await;
    let other = Connection::open(place.file()).unwrap();
    other.execute_batch("UPDATE towergate_sessions SET methods = '[\"telepathy\"]'").unwrap();
    let session = login(2, NOW).session.id;
    let error = store.load_session(session, NOW).await.unwrap_err();
    let StoreError::Corrupt { table, row, problem } = error else { panic!("{error:?}") };
    assert_eq!((table, row), ("towergate_sessions", session.to_string()));
    assert_eq!(problem, "column methods cannot be read");
}

#[cfg(unix)]
#[tokio::test]
async fn no_other_account_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = SqliteStore::open(place.file()).unwrap();
    store.add_user(user(1), origin(NOW)).await.unwrap();
    for file in fs::read_dir(place.dir()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn a_code_is_redeemed_once_across_processes() {
    let place = Place::new();
    // To the file, two stores are what two processes are.
    let stores = [SqliteStore::open(place.file()).unwrap(), SqliteStore::open(place.file()).unwrap()];
    stores[0].put_client(client(), origin(NOW)).await.unwrap();
    stores[0].issue_code(grant(3, NOW), code(3, NOW), None, origin(NOW)).await.unwrap();
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..64 {
        let store = stores[number % 2].clone();
        tries.spawn(async move {
            let mut redemption = redemption(3, NOW);
            redemption.access.id = id(1000 + number as u128);
            redemption.refresh = None;
            store.redeem_code(redemption, origin(NOW)).await.unwrap()
        });
    }
    let ends = tries.join_all().await;
    assert_eq!(ends.iter().filter(|end| matches!(end, Redeemed::Consumed(_))).count(), 1);
    assert_eq!(ends.iter().filter(|end| matches!(end, Redeemed::Replayed { .. })).count(), 1);
    assert!(stores[1].find_code(id(3)).await.unwrap().unwrap().revoked);
}
