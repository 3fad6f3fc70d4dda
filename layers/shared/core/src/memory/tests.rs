use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use super::{Log, Memory, Tables};
use crate::{
    StoreError, Timestamp,
    audit::{AuditLog, Event, Origin, Party, RequestId, Sink},
    id::Uuid,
};

type MemoryStore = Memory<Numbers>;

#[derive(Default)]
struct Numbers {
    numbers: Vec<u32>,
    log: Log,
}

impl Tables for Numbers {
    fn log(&mut self) -> &mut Log {
        &mut self.log
    }
}

#[test]
fn an_unavailable_store_fails_until_it_is_back() {
    let store = MemoryStore::new();
    store.set_unavailable(true);
    let add = || {
        store.step(|tables| {
            tables.numbers.push(1);
            Ok(tables.numbers.len())
        })
    };
    assert!(matches!(add(), Err(StoreError::Unavailable(_))));
    store.set_unavailable(false);
    assert_eq!(add().unwrap(), 1);
}

#[test]
fn one_step_fails_when_one_failure_is_asked_for() {
    let store = MemoryStore::new();
    store.fail_next(StoreError::Refused(String::from("asked for")));
    assert!(matches!(now(store.append(event())), Err(StoreError::Refused(_))));
    assert!(store.events().is_empty());
    now(store.append(event())).unwrap();
    assert_eq!(store.events(), [event()]);
}

#[test]
fn a_poisoned_store_is_unavailable() {
    let store = MemoryStore::new();
    let inside = store.clone();
    let panicked = std::thread::spawn(move || inside.step::<()>(|_| panic!("for the test"))).join();
    assert!(panicked.is_err());
    assert!(matches!(now(store.append(event())), Err(StoreError::Unavailable(_))));
}

#[test]
fn the_sink_hears_of_what_was_written_and_may_read_the_log() {
    #[derive(Default)]
    struct Ear(Mutex<Vec<Event>>, Mutex<Option<MemoryStore>>);
    impl Sink for Ear {
        fn record(&self, event: &Event) {
            assert_eq!(self.1.lock().unwrap().as_ref().unwrap().events().last(), Some(event));
            self.0.lock().unwrap().push(event.clone());
        }
    }
    let ear = Arc::new(Ear::default());
    let store = MemoryStore::with_sink(ear.clone());
    *ear.1.lock().unwrap() = Some(store.clone());
    now(store.append(event())).unwrap();
    assert_eq!(*ear.0.lock().unwrap(), store.events());
}

fn event() -> Event {
    let origin = Origin {
        request: RequestId::from_uuid(Uuid::from_u128(1)),
        at: Timestamp::from_unix_seconds(1_700_000_000),
    };
    Event::succeeded(origin, "thing.done", Party::system(), Party::anonymous())
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a memory store never waits"),
    }
}

#[cfg(feature = "contract")]
mod seal {
    crate::seal_store_contract!(make: super::MemoryStore::new);
}
