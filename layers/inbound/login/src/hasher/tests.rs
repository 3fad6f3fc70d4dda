use std::sync::mpsc;

use towergate_core::random::InsecureSeededRandom;

use super::*;

fn hasher(concurrency: usize, queue: usize) -> PasswordHasher {
    let params = HashParams::insecure_new(16, 1, 1).unwrap();
    PasswordHasher::new(params, Arc::new(InsecureSeededRandom::new(1)))
        .unwrap()
        .with_bounds(concurrency, queue)
}

fn password() -> Password {
    Password::parse(&Secret::from("a password of somebody")).unwrap()
}

#[tokio::test]
async fn what_exceeds_the_queue_is_shed_at_once() {
    let hasher = hasher(1, 1);
    let (finish, until) = mpsc::channel::<()>();
    let (started, has_started) = tokio::sync::oneshot::channel();
    let busy = tokio::spawn({
        let hasher = hasher.clone();
        async move {
            hasher
                .run(move |_| {
                    started.send(()).unwrap();
                    until.recv().unwrap();
                })
                .await
        }
    });
    has_started.await.unwrap();
    let mut waiting = Box::pin(hasher.hash(password()));
    assert!(poll_once(&mut waiting).await.is_none());
    assert_eq!(hasher.hash(password()).await.unwrap_err(), HasherError::Overloaded);
    assert_eq!(hasher.load(), HashLoad { running: 1, waiting: 1, shed: 1 });

    finish.send(()).unwrap();
    busy.await.unwrap().unwrap();
    assert!(waiting.await.is_ok());
    assert!(hasher.hash(password()).await.is_ok());
}

#[tokio::test]
async fn memory_that_was_not_used_for_a_while_is_given_back() {
    let hasher = hasher(1, 0);
    hasher.hash(password()).await.unwrap();
    hasher.give_back_idle();
    assert_eq!(hasher.work.kept().len(), 1, "it was used just now");
    hasher.give_back_idle();
    assert!(hasher.work.kept().is_empty());
    assert!(hasher.hash(password()).await.is_ok());
}

#[tokio::test]
async fn going_away_frees_no_room_until_the_work_is_done() {
    let hasher = hasher(1, 0);
    let (finish, until) = mpsc::channel::<()>();
    let mut left = Box::pin(hasher.run(move |_| until.recv().unwrap()));
    assert!(poll_once(&mut left).await.is_none());
    drop(left);
    assert_eq!(hasher.hash(password()).await.unwrap_err(), HasherError::Overloaded);

    finish.send(()).unwrap();
    let _place = Arc::clone(&hasher.places).acquire_owned().await.unwrap();
    assert_eq!(hasher.running.available_permits(), 1);
}

#[tokio::test]
async fn one_who_leaves_the_queue_gives_the_place_back() {
    let hasher = hasher(1, 1);
    let leave = Arc::clone(&hasher.running).acquire_owned().await.unwrap();
    let mut waiting = Box::pin(hasher.hash(password()));
    assert!(poll_once(&mut waiting).await.is_none());
    assert_eq!(hasher.places.available_permits(), 1);
    drop(waiting);
    assert_eq!(hasher.places.available_permits(), 2);
    drop(leave);
}

#[tokio::test]
async fn a_panic_in_the_work_gives_the_permit_back() {
    let hasher = hasher(1, 0);
    let outcome = hasher.run(|_| panic!("in the work")).await;
    assert_eq!(outcome.unwrap_err(), HasherError::Stopped);
    assert!(hasher.hash(password()).await.is_ok());
}

impl PasswordHasher {
    /// Takes all leaves to run, so that what is begun now waits.
    pub(crate) fn hold(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.running.available_permits()).unwrap();
        Arc::clone(&self.running).try_acquire_many_owned(all).unwrap()
    }

    /// Takes every place, as a crowd would.
    pub(crate) fn occupy(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.places.available_permits()).unwrap();
        Arc::clone(&self.places).try_acquire_many_owned(all).unwrap()
    }
}

/// Polls once.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    use std::{future::poll_fn, pin::Pin, task::Poll};
    poll_fn(|cx| match Pin::new(&mut *future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
