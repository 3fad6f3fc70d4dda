//! Steps, on a server.

use std::{
    pin::pin,
    sync::{Mutex, atomic::AtomicU32, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use towergate_core::{
    Timestamp,
    audit::{Origin, Party, RequestId},
    id::Uuid,
};
use towergate_test_servers::postgres::{Database, PostgresServer};

use super::*;
use crate::{contract::block_on, params::params, query, store::PostgresStore};

fn event(name: &str) -> Event {
    let origin =
        Origin { request: RequestId::from_uuid(Uuid::from_u128(1)), at: Timestamp::from_unix_seconds(1) };
    Event::succeeded(origin, "thing.done", Party::system(), Party::new("thing", name))
}

async fn things(store: &PostgresStore) -> Vec<String> {
    store.events(0, 100).await.unwrap().into_iter().map(|event| event.target.id).collect()
}

/// Counts what it is told, and keeps the database.
struct Ear {
    heard: Mutex<Vec<String>>,
    _database: Option<Database<'static>>,
}

impl Sink for Ear {
    fn record(&self, event: &Event) {
        self.heard.lock().unwrap().push(event.target.id.clone());
    }
}

/// A store with two accounts of ten each, and its ear.
async fn bank() -> (PostgresStore, Arc<Ear>) {
    let database = PostgresServer::shared().database();
    let url = database.url();
    let ear = Arc::new(Ear { heard: Mutex::default(), _database: Some(database) });
    let store = PostgresStore::options().sink(Arc::clone(&ear) as _).connect(&url).await.unwrap();
    let made = store.write((), |step, ()| {
        Box::pin(async move {
            let make = "CREATE TABLE bank (id bigint PRIMARY KEY, coins bigint NOT NULL CHECK (coins >= 0))";
            query::change(&mut step.connection, make, params![]).await?;
            let fill = "INSERT INTO bank VALUES (1, 10), (2, 10)";
            query::change(&mut step.connection, fill, params![]).await
        })
    });
    made.await.unwrap();
    (store, ear)
}

async fn coins(step: &mut Step, account: i64) -> Result<i64, Failure> {
    let find = "SELECT coins FROM bank WHERE id = $1";
    let found = query::one(&mut step.connection, find, params![account], |fields| fields.get("coins"));
    Ok(found.await?.unwrap_or_default())
}

async fn set(step: &mut Step, account: i64, coins: i64) -> Result<(), Failure> {
    let set = "UPDATE bank SET coins = $2 WHERE id = $1";
    query::change(&mut step.connection, set, params![account, coins]).await?;
    Ok(())
}

async fn breach(step: &mut Step) -> Result<(), Failure> {
    set(step, 1, -1).await
}

async fn told(step: &mut Step, name: &str) -> Result<(), Failure> {
    step.append(event(name)).await
}

#[test]
fn a_step_that_fails_or_panics_leaves_nothing_and_tells_nobody() {
    block_on(async {
        let (store, ear) = bank().await;
        store.write((), |step, ()| Box::pin(told(step, "first"))).await.unwrap();
        let bad = store.write((), |step, ()| {
            Box::pin(async move {
                told(step, "failed").await?;
                Err::<(), _>(Failure::Store(StoreError::Refused(String::from("for the test"))))
            })
        });
        assert!(matches!(bad.await, Err(StoreError::Refused(_))));
        let breach = store.write((), |step, ()| {
            Box::pin(async move {
                told(step, "breach").await?;
                breach(step).await
            })
        });
        assert!(matches!(breach.await, Err(StoreError::Refused(_))));
        let panics = store.write((), |step, ()| {
            Box::pin(async move {
                told(step, "panicked").await?;
                if true {
                    panic!("for the test");
                }
                Ok(())
            })
        });
        assert!(matches!(panics.await, Err(StoreError::Refused(_))));
        store.write((), |step, ()| Box::pin(told(step, "last"))).await.unwrap();
        assert_eq!(things(&store).await, ["first", "last"]);
        assert_eq!(*ear.heard.lock().unwrap(), ["first", "last"]);
    });
}

#[test]
fn a_failure_that_a_step_swallows_is_not_answered_as_a_success() {
    block_on(async {
        let (store, _ear) = bank().await;
        let swallows = store.write((), |step, ()| {
            Box::pin(async move {
                told(step, "first").await?;
                let _ = breach(step).await;
                Ok(())
            })
        });
        assert!(matches!(swallows.await, Err(StoreError::Refused(_))));
        assert!(things(&store).await.is_empty());
    });
}

#[test]
fn a_step_that_nobody_waits_for_goes_its_way() {
    block_on(async {
        let (store, _ear) = bank().await;
        {
            let mut step = pin!(store.write((), |step, ()| Box::pin(told(step, "dropped"))));
            assert!(matches!(step.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
        }
        while things(&store).await.is_empty() {
            tokio::task::yield_now().await;
        }
        // One that was never asked for does not.
        drop(store.write((), |step, ()| Box::pin(told(step, "never"))));
        assert_eq!(things(&store).await, ["dropped"]);
    });
}

#[test]
fn what_loses_a_race_is_done_again_and_told_once() {
    const RACERS: i64 = 40;
    block_on(async {
        let (store, ear) = bank().await;
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let store = store.clone();
                tokio::spawn(async move {
                    let step = store.write(racer, |step, racer| {
                        Box::pin(async move {
                            let there = coins(step, 1).await?;
                            set(step, 1, there + 1).await?;
                            told(step, &racer.to_string()).await
                        })
                    });
                    step.await
                })
            })
            .collect();
        for racer in racers {
            racer.await.unwrap().unwrap();
        }
        let there = store.write((), |step, ()| Box::pin(coins(step, 1))).await.unwrap();
        assert_eq!(there, 10 + RACERS);
        let kept = things(&store).await.len();
        assert_eq!(ear.heard.lock().unwrap().len(), kept);
    });
}

/// Two who read what the other writes: one of them alone would be right, both together are not.
#[test]
fn steps_do_not_decide_by_what_the_other_is_changing() {
    block_on(async {
        let (store, _ear) = bank().await;
        let withdraw = |from: i64| {
            let store = store.clone();
            tokio::spawn(async move {
                let step = store.write(from, |step, from| {
                    Box::pin(async move {
                        let there = coins(step, 1).await? + coins(step, 2).await?;
                        if there < 20 {
                            return Ok(false);
                        }
                        set(step, *from, 0).await.map(|()| true)
                    })
                });
                step.await.unwrap()
            })
        };
        let (one, other) = (withdraw(1), withdraw(2));
        assert_ne!(one.await.unwrap(), other.await.unwrap());
    });
}

#[test]
fn a_deadlock_ends_with_both_done() {
    static MET: AtomicU32 = AtomicU32::new(0);
    block_on(async {
        let (store, _ear) = bank().await;
        let both = |first: i64, second: i64| {
            let store = store.clone();
            tokio::spawn(async move {
                let step = store.write_by_locks((first, second), |step, (first, second)| {
                    Box::pin(async move {
                        let there = coins(step, *first).await?;
                        set(step, *first, there).await?;
                        MET.fetch_add(1, Ordering::SeqCst);
                        while MET.load(Ordering::SeqCst) < 2 {
                            tokio::task::yield_now().await;
                        }
                        let there = coins(step, *second).await?;
                        set(step, *second, there).await
                    })
                });
                step.await
            })
        };
        let (one, other) = (both(1, 2), both(2, 1));
        one.await.unwrap().unwrap();
        other.await.unwrap().unwrap();
        assert!(MET.load(Ordering::SeqCst) > 2, "nobody was done again");
    });
}
