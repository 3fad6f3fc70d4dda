use std::{
    future::Future,
    path::Path,
    pin::{Pin, pin},
    sync::{Mutex, mpsc},
    task::{Context, Poll, Waker},
};

use towergate_core::{
    Timestamp,
    audit::{Origin, Party, RequestId, Silent},
    id::Uuid,
};

use super::*;
use crate::store::SqliteStore;

fn event(name: &str) -> Event {
    let origin =
        Origin { request: RequestId::from_uuid(Uuid::from_u128(1)), at: Timestamp::from_unix_seconds(1) };
    Event::succeeded(origin, "thing.done", Party::system(), Party::new("thing", name))
}

fn things(store: &SqliteStore) -> Vec<String> {
    store.events(0, 100).unwrap().into_iter().map(|event| event.target.id).collect()
}

/// Polls once, which hands the step over.
fn hand_over<F: Future>(future: &mut Pin<&mut F>) {
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// A step that keeps the writer busy until the sender is used or dropped; answers once the writer has begun it.
async fn hold(store: &SqliteStore) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel();
    let (begin, begun) = mpsc::channel();
    let mut held = Box::pin({
        let store = store.clone();
        async move {
            store
                .write(move |_| {
                    begin.send(()).unwrap();
                    let _ = released.recv();
                    Ok(())
                })
                .await
        }
    });
    hand_over(&mut held.as_mut());
    begun.recv().unwrap();
    release
}

#[tokio::test]
async fn a_step_that_fails_or_panics_is_rolled_back_alone() {
    let store = SqliteStore::in_memory().unwrap();
    let release = hold(&store).await;
    let good = store.write(|step| step.append(event("first")));
    let bad = store.write(|step| {
        step.append(event("failed"))?;
        Err::<(), _>(Failure::Store(StoreError::Refused(String::from("for the test"))))
    });
    let breach = store.write(|step| {
        step.append(event("breach"))?;
        query_that_breaks_a_rule(step)
    });
    let panics = store.write(|step| -> Result<(), Failure> {
        step.append(event("panicked"))?;
        panic!("for the test")
    });
    let last = store.write(|step| step.append(event("last")));
    let (mut good, mut bad, mut breach, mut panics, mut last) =
        (pin!(good), pin!(bad), pin!(breach), pin!(panics), pin!(last));
    hand_over(&mut good);
    hand_over(&mut bad);
    hand_over(&mut breach);
    hand_over(&mut panics);
    hand_over(&mut last);
    drop(release);

    good.await.unwrap();
    assert!(matches!(bad.await, Err(StoreError::Refused(_))));
    assert!(matches!(breach.await, Err(StoreError::Refused(_))));
    assert!(matches!(panics.await, Err(StoreError::Refused(_))));
    last.await.unwrap();
    assert_eq!(things(&store), ["first", "last"]);
}

fn query_that_breaks_a_rule(step: &Step<'_>) -> Result<(), Failure> {
    step.connection.execute(
        "INSERT INTO towergate_session_values (session_id, name, value) VALUES (x'00', 'a', 'b')",
        [],
    )?;
    Ok(())
}

#[tokio::test]
async fn steps_that_wait_share_one_commit_and_its_fate() {
    let store = SqliteStore::in_memory().unwrap();
    let release = hold(&store).await;
    let good = store.write(|step| step.append(event("good")));
    let dooms_the_commit = store.write(|step| {
        step.connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        query_that_breaks_a_rule(step)
    });
    let (mut good, mut doom) = (pin!(good), pin!(dooms_the_commit));
    hand_over(&mut good);
    hand_over(&mut doom);
    drop(release);
    assert!(matches!(good.await, Err(StoreError::Unavailable(_))));
    assert!(matches!(doom.await, Err(StoreError::Unavailable(_))));
    assert!(things(&store).is_empty());

    store.write(|step| step.append(event("next"))).await.unwrap();
    assert_eq!(things(&store), ["next"]);
}

#[tokio::test]
async fn a_step_that_comes_while_others_are_done_goes_along_with_them() {
    let store = SqliteStore::in_memory().unwrap();
    let (release, released) = mpsc::channel();
    let (begin, begun) = mpsc::channel();
    let mut first = pin!(store.write(move |step| {
        begin.send(()).unwrap();
        let _: Result<(), _> = released.recv();
        step.append(event("first"))
    }));
    hand_over(&mut first);
    begun.recv().unwrap();
    let mut dooms_the_commit = pin!(store.write(|step| {
        step.connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        query_that_breaks_a_rule(step)
    }));
    hand_over(&mut dooms_the_commit);
    drop(release);
    assert!(matches!(first.await, Err(StoreError::Unavailable(_))));
    assert!(matches!(dooms_the_commit.await, Err(StoreError::Unavailable(_))));
    assert!(things(&store).is_empty());
}

#[tokio::test]
async fn no_more_steps_share_a_commit_than_a_group_has() {
    let store = SqliteStore::options().group(1).in_memory().unwrap();
    let release = hold(&store).await;
    let mut good = pin!(store.write(|step| step.append(event("good"))));
    let mut dooms_its_commit = pin!(store.write(|step| {
        step.connection.execute_batch("PRAGMA defer_foreign_keys = ON")?;
        query_that_breaks_a_rule(step)
    }));
    hand_over(&mut good);
    hand_over(&mut dooms_its_commit);
    drop(release);
    good.await.unwrap();
    assert!(matches!(dooms_its_commit.await, Err(StoreError::Unavailable(_))));
    assert_eq!(things(&store), ["good"]);
}

#[tokio::test]
async fn when_sqlite_drops_the_transaction_the_whole_group_is_told() {
    let store = SqliteStore::in_memory().unwrap();
    let release = hold(&store).await;
    let good = store.write(|step| step.append(event("good")));
    let lost = store.write(|step| {
        // What SQLite does by itself when the disk is full.
        step.connection.execute_batch("ROLLBACK")?;
        Err::<(), _>(Failure::Store(StoreError::Refused(String::from("for the test"))))
    });
    let late = store.write(|step| step.append(event("late")));
    let (mut good, mut lost, mut late) = (pin!(good), pin!(lost), pin!(late));
    hand_over(&mut good);
    hand_over(&mut lost);
    hand_over(&mut late);
    drop(release);
    assert!(matches!(good.await, Err(StoreError::Unavailable(_))));
    assert!(matches!(lost.await, Err(StoreError::Refused(_))));
    late.await.unwrap();
    assert_eq!(things(&store), ["late"], "which had not begun");
}

#[tokio::test]
async fn a_full_queue_turns_the_next_away_at_once() {
    let store = SqliteStore::options().queue(1).in_memory().unwrap();
    let release = hold(&store).await;
    let mut waits = pin!(store.write(|step| step.append(event("waits"))));
    hand_over(&mut waits);
    let turned_away = store.write(|step| step.append(event("turned away"))).await;
    assert!(matches!(turned_away, Err(StoreError::Unavailable(_))));
    drop(release);
    waits.await.unwrap();
    assert_eq!(things(&store), ["waits"]);
}

#[tokio::test]
async fn a_future_that_is_dropped_after_its_first_poll_undoes_nothing() {
    let store = SqliteStore::in_memory().unwrap();
    let release = hold(&store).await;
    drop(store.write(|step| step.append(event("never polled"))));
    let mut polled = Box::pin(store.write(|step| step.append(event("polled"))));
    hand_over(&mut polled.as_mut());
    drop(polled);
    drop(release);
    store.write(|_| Ok(())).await.unwrap();
    assert_eq!(things(&store), ["polled"]);
}

#[tokio::test]
async fn the_last_handle_waits_until_everything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    let store = SqliteStore::open(&path).unwrap();
    let other = store.clone();
    let mut waits = Box::pin(async move { other.write(|step| step.append(event("waits"))).await });
    hand_over(&mut waits.as_mut());
    drop(waits);
    drop(store);
    assert!(!Path::new(&format!("{}-wal", path.display())).exists(), "the log was folded into the file");
    assert_eq!(things(&SqliteStore::open(&path).unwrap()), ["waits"]);
}

#[derive(Default)]
struct Ear {
    heard: Mutex<Vec<(String, usize)>>,
    store: Mutex<Option<SqliteStore>>,
}

impl Sink for Ear {
    fn record(&self, event: &Event) {
        let committed = self.store.lock().unwrap().as_ref().map_or(0, |store| things(store).len());
        self.heard.lock().unwrap().push((event.target.id.clone(), committed));
        assert_ne!(event.target.id, "unheard of");
    }
}

#[tokio::test]
async fn the_sink_hears_after_the_commit_before_the_answer_and_only_of_what_was_done() {
    let ear = Arc::new(Ear::default());
    let store = SqliteStore::options().sink(ear.clone()).in_memory().unwrap();
    *ear.store.lock().unwrap() = Some(store.clone());
    let failed = store
        .write(|step| {
            step.append(event("failed"))?;
            Err::<(), _>(Failure::Store(StoreError::Refused(String::from("for the test"))))
        })
        .await;
    assert!(failed.is_err());
    store.write(|step| step.append(event("done"))).await.unwrap();
    assert_eq!(*ear.heard.lock().unwrap(), [(String::from("done"), 1)]);

    // A sink that fails harms nobody; and the one that holds the last handle stops the writer all the same.
    store.write(|step| step.append(event("unheard of"))).await.unwrap();
    store.write(|step| step.append(event("after"))).await.unwrap();
    assert_eq!(things(&store), ["done", "unheard of", "after"]);
}

#[tokio::test]
async fn a_store_stopped_from_its_own_thread_does_not_wait_for_itself() {
    let store = SqliteStore::in_memory().unwrap();
    let (handed, handle) = mpsc::channel::<SqliteStore>();
    let mut step = Box::pin({
        let store = store.clone();
        async move {
            store
                .write(move |_| {
                    drop(handle.recv());
                    Ok(())
                })
                .await
        }
    });
    let waker = Waker::noop();
    assert!(matches!(step.as_mut().poll(&mut Context::from_waker(waker)), Poll::Pending));
    drop(step);
    handed.send(store).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_unavailable_until_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("a.db")).unwrap();
    set(&store, "PRAGMA max_page_count = 1").await;
    let release = hold(&store).await;
    let mut beside = pin!(store.write(|step| step.append(event("beside"))));
    let mut huge = pin!(store.write(|step| step.append(event("huge").with("size", "x".repeat(100_000)))));
    hand_over(&mut beside);
    hand_over(&mut huge);
    drop(release);
    let beside = beside.await;
    let huge = huge.await;
    assert!(matches!(huge, Err(StoreError::Unavailable(_))), "{huge:?}");
    let kept = if beside.is_ok() { vec!["beside"] } else { vec![] };
    assert_eq!(things(&store), kept, "what was answered is there, and nothing else");

    set(&store, "PRAGMA max_page_count = 1000000").await;
    store.write(|step| step.append(event("next"))).await.unwrap();
    assert_eq!(things(&store).last().unwrap(), "next");
}

#[tokio::test]
async fn a_file_that_may_not_be_written_is_unavailable_and_still_read() {
    let store = SqliteStore::in_memory().unwrap();
    store.write(|step| step.append(event("before"))).await.unwrap();
    set(&store, "PRAGMA query_only = ON").await;
    let refused = store.write(|step| step.append(event("after"))).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(things(&store), ["before"]);
}

/// Changes the writer's connection.
async fn set(store: &SqliteStore, pragma: &'static str) {
    let set = store.write(move |step| Ok(step.connection.query_row(pragma, [], |_| Ok(())).ok()));
    set.await.unwrap();
}

/// How safely the writer's connection writes.
fn settings(step: &Step<'_>) -> Result<[String; 3], Failure> {
    let read = |name: &str| -> Result<String, Failure> {
        let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        Ok(step.connection.query_row(&sql, [], |row| row.get(0))?)
    };
    Ok([read("journal_mode")?, read("synchronous")?, read("foreign_keys")?])
}

#[tokio::test]
async fn a_commit_is_on_the_disk_before_it_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("a.db")).unwrap();
    let settings = store.write(|step| settings(step)).await.unwrap();
    assert_eq!(settings, ["wal", "2", "1"], "write-ahead log, FULL, foreign keys on");
}

#[tokio::test]
async fn a_writer_that_could_not_make_itself_ready_does_so_before_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Connection::open(dir.path().join("a.db")).unwrap();
    let (other, writing) = (open(), open());
    other.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE a (b)").unwrap();
    writing.execute_batch("PRAGMA busy_timeout = 0; PRAGMA foreign_keys = OFF").unwrap();
    let writer = Writer::start(writing, OpenedFiles::default(), 1, 1, Arc::new(Silent)).unwrap();
    let locked = writer.write(|_| Ok(())).await;
    assert!(matches!(locked, Err(StoreError::Unavailable(_))), "{locked:?}");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(writer.write(|step| settings(step)).await.unwrap(), ["delete", "2", "1"]);
}
