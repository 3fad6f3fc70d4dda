//! A store that cannot answer at once is waited for, and all is as with one that can.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{
    convert::Infallible,
    sync::atomic::Ordering,
    task::{Context, Poll},
};

use house::{Answer, House, ok};
use http::{Request, StatusCode, header};
use tower::{Layer, Service, ServiceExt};
use towergate_core::audit::Attempted;
use towergate_session::SessionRejection;

#[cfg(test)]
async fn slow() -> (House, String) {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.watched.loads_slowly.store(true, Ordering::SeqCst);
    (house, cookie)
}

#[tokio::test]
async fn a_session_is_recognised_once_it_is_loaded() {
    let (house, cookie) = slow().await;
    assert_eq!(house.who(&cookie).await, Some(house.alice.id));
}

#[tokio::test]
async fn a_wrong_secret_is_nobody_and_is_noticed() {
    let (house, cookie) = slow().await;
    let (public, _) = cookie.split_once('.').unwrap();
    let forged = format!("{public}.{}", "A".repeat(43));
    let answer = house.ask(Some(&forged), async |session| house::with(session.is_anonymous())).await;
    assert_eq!(answer.extensions().get(), Some(&true));
    assert_eq!(answer.extensions().get(), Some(&Attempted("session_secret_wrong")));
}

#[tokio::test]
async fn activity_that_is_due_is_written_and_revives_nothing() {
    let (house, cookie) = slow().await;
    house.pass(300);
    assert!(house.who(&cookie).await.is_some());
    assert_eq!(house.watched.touches.load(Ordering::SeqCst), 1);
    house.pass(300);
    house.watched.ends_when_touched.store(true, Ordering::SeqCst);
    assert!(house.who(&cookie).await.is_none());
}

#[tokio::test]
async fn an_unavailable_store_is_a_503() {
    let (house, cookie) = slow().await;
    house.store.set_unavailable(true);
    let answer = house.ask(Some(&cookie), async |_| ok()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.extensions().get(), Some(&SessionRejection::Unavailable));
}

/// Panics when it is called without having been polled ready; a clone has not been.
struct Strict(bool);

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self(false)
    }
}

impl Service<Request<()>> for Strict {
    type Response = Answer;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Answer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.0), "called before it was ready");
        std::future::ready(Ok(ok()))
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_called_later() {
    let (house, cookie) = slow().await;
    let mut service = house.layer().layer(Strict(false));
    for _ in 0..2 {
        let request = Request::builder().header(header::COOKIE, &cookie).body(()).unwrap();
        service.ready().await.unwrap().call(request).await.unwrap();
    }
}
