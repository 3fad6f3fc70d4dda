//! What becomes of steps and reads when the server, the network or the pool fails.

mod house;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use house::{Cut, database, event, names};
use sqlx::{Connection, Executor, PgConnection};
use towergate_core::{StoreError, audit::AuditLog};
use towergate_postgres::PostgresStore;
use towergate_test_servers::postgres::PostgresServer;

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_under_load_loses_nothing_that_was_answered_and_is_found_again() {
    let server = PostgresServer::private();
    let database = server.database();
    let options = PostgresStore::options().connections(8).acquire_timeout(Duration::from_secs(1));
    let store = options.connect(&database.url()).await.unwrap();
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeSet::new())));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (store, over, answered) = (store.clone(), Arc::clone(&over), Arc::clone(&answered));
            tokio::spawn(async move {
                let mut away = 0;
                for number in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let name = format!("{writer}-{number}");
                    match store.append(event(&name)).await {
                        Ok(()) => {
                            answered.lock().unwrap().insert(name);
                        }
                        Err(StoreError::Unavailable(_)) => away += 1,
                        Err(other) => panic!("not a failure that passes: {other}"),
                    }
                }
                away
            })
        })
        .collect();
    let enough = |more: usize| {
        let answered = Arc::clone(&answered);
        async move {
            while answered.lock().unwrap().len() < more {
                tokio::task::yield_now().await;
            }
        }
    };
    enough(200).await;
    tokio::task::block_in_place(|| server.kill());
    assert!(matches!(store.append(event("away")).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.events(0, 1).await, Err(StoreError::Unavailable(_))));
    tokio::task::block_in_place(|| server.start());
    let before = answered.lock().unwrap().len();
    enough(before + 200).await;
    over.store(true, Ordering::SeqCst);
    let mut away = 0;
    for writer in writers {
        away += writer.await.unwrap();
    }
    assert!(away > 0, "nobody noticed");
    let kept = names(&store).await;
    let once: BTreeSet<_> = kept.iter().cloned().collect();
    assert_eq!(kept.len(), once.len(), "something was written twice");
    assert!(answered.lock().unwrap().is_subset(&once), "something that was answered is lost");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_is_told_and_not_done_again() {
    let database = database();
    let cut = Cut::before(&database);
    let store = PostgresStore::connect(&cut.url()).await.unwrap();
    store.append(event("first")).await.unwrap();
    cut.after_the_next("; COMMIT");
    assert!(matches!(store.append(event("unknown")).await, Err(StoreError::Unavailable(_))));
    // It was kept, once: only the answer was lost.
    assert_eq!(names(&store).await, ["first", "unknown"]);
    store.append(event("last")).await.unwrap();
    assert_eq!(names(&store).await, ["first", "unknown", "last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_is_cut_off_before_its_commit_leaves_nothing() {
    let database = database();
    let cut = Cut::before(&database);
    let store = PostgresStore::connect(&cut.url()).await.unwrap();
    store.append(event("first")).await.unwrap();
    cut.at_the_next("; COMMIT");
    assert!(matches!(store.append(event("cut")).await, Err(StoreError::Unavailable(_))));
    assert_eq!(names(&store).await, ["first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_turns_out_to_be_gone_is_replaced_unseen() {
    let database = database();
    let cut = Cut::before(&database);
    let store = PostgresStore::options().connections(1).connect(&cut.url()).await.unwrap();
    store.append(event("first")).await.unwrap();
    cut.at_the_next("BEGIN");
    store.append(event("second")).await.unwrap();
    cut.at_the_next("");
    assert_eq!(names(&store).await, ["first", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_has_its_end() {
    let database = database();
    let store = PostgresStore::options()
        .connections(1)
        .acquire_timeout(SHORT)
        .lock_timeout(SHORT)
        .connect(&database.url())
        .await
        .unwrap();
    let mut holder = PgConnection::connect(&database.url()).await.unwrap();
    let hold = "BEGIN; LOCK TABLE towergate.towergate_audit_events IN ACCESS EXCLUSIVE MODE";
    holder.execute(hold).await.unwrap();
    // One waits for the lock, the other for the only connection.
    let (one, other) = tokio::join!(store.append(event("one")), store.append(event("other")));
    assert!(matches!(one, Err(StoreError::Unavailable(_))));
    assert!(matches!(other, Err(StoreError::Unavailable(_))));
    holder.execute("COMMIT").await.unwrap();
    store.append(event("after")).await.unwrap();
    assert_eq!(names(&store).await, ["after"]);
}
