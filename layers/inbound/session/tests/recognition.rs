//! Who a cookie is taken for, and what the store is asked for it.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{
    convert::Infallible,
    sync::atomic::Ordering,
    task::{Context, Poll},
};

use bytes::Bytes;
use house::{Answer, House, cleared, fared, kept, ok};
use http::{Request, Response, StatusCode, header};
use http_body_util::Full;
use tower::{Service, ServiceExt};
use tower_layer::Layer;
use towergate_core::{Random, StoreError};
use towergate_session::{MissingSessionLayer, RejectSession, Session, SessionLayer, SessionRejection};

#[tokio::test]
async fn a_session_is_recognised_by_its_cookie() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    assert_eq!(house.who(&cookie).await, Some(house.alice.id));
    assert_eq!(house.who(&format!("theme=dark; {cookie}")).await, Some(house.alice.id));
}

#[tokio::test]
async fn the_cookie_is_host_bound_and_ends_with_the_browser() {
    let house = House::new().await;
    let proof = std::sync::Mutex::new(Some(house.proof()));
    let proof = &proof;
    let answer = house
        .ask(None, async move |session| {
            let proof = proof.lock().unwrap().take().unwrap();
            fared(session.establish(proof).await)
        })
        .await;
    let value = answer.headers()[header::SET_COOKIE].clone();
    assert!(value.is_sensitive());
    let (pair, attributes) = value.to_str().unwrap().split_once(';').unwrap();
    assert!(pair.starts_with("__Host-tgs=tgs_"));
    assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Secure");
}

#[tokio::test]
async fn a_visitor_without_a_cookie_costs_no_read_and_no_write() {
    let house = House::new().await;
    house.store.set_unavailable(true);
    let answer = house
        .ask(None, async |session| {
            assert!(session.is_anonymous());
            session.end().await.unwrap();
            ok()
        })
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().is_empty());
    assert_eq!(house.watched.loads.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_torn_cookie_is_cleared_without_asking_the_store() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.store.set_unavailable(true);
    for torn in [cookie.strip_suffix(|_| true).unwrap(), "__Host-tgs=", "__Host-tgs=tgs_", "__Host-tgs=\"x\""]
    {
        let answer = house.ask(Some(torn), async |session| house::with(session.is_anonymous())).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.extensions().get::<bool>(), Some(&true));
        assert!(cleared(answer.headers()), "{torn:?}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
}

#[tokio::test]
async fn a_foreign_cookie_is_cleared() {
    let here = House::new().await;
    let elsewhere = House::new().await;
    // Another draw, so that the identifier is unknown here.
    elsewhere.random.fill(&mut [0; 32]).unwrap();
    let foreign = elsewhere.signed_in().await;
    let answer = here.ask(Some(&foreign), async |session| house::with(session.is_anonymous())).await;
    assert_eq!(answer.extensions().get::<bool>(), Some(&true));
    assert!(cleared(answer.headers()));
}

#[tokio::test]
async fn the_right_identifier_with_the_wrong_secret_is_nobody() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.pass(600);
    let (public, _) = cookie.split_once('.').unwrap();
    let forged = format!("{public}.{}", "A".repeat(43));
    assert!(house.who(&forged).await.is_none());
    assert_eq!(house.watched.touches.load(Ordering::SeqCst), 0, "a forger keeps nothing alive");
    assert!(house.who(&cookie).await.is_some());
}

#[tokio::test]
async fn activity_is_written_at_most_every_five_minutes() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    for (seconds, touches) in [(299, 0), (1, 1), (1, 1), (299, 2)] {
        house.pass(seconds);
        assert!(house.who(&cookie).await.is_some());
        assert_eq!(house.watched.touches.load(Ordering::SeqCst), touches);
    }
}

#[tokio::test]
async fn idle_for_thirty_minutes_ends_it_and_activity_does_not_revive_it() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    for _ in 0..4 {
        house.pass(29 * 60);
        assert!(house.who(&cookie).await.is_some());
    }
    house.pass(30 * 60);
    for _ in 0..2 {
        let answer = house.ask(Some(&cookie), async |session| house::with(session.is_anonymous())).await;
        assert_eq!(answer.extensions().get::<bool>(), Some(&true));
        assert!(cleared(answer.headers()));
    }
}

#[tokio::test]
async fn a_day_ends_it_however_active_and_however_renewed() {
    let house = House::new().await;
    let mut cookie = house.signed_in().await;
    for _ in 0..71 {
        house.pass(20 * 60);
        let answer = house.ask(Some(&cookie), async |session| fared(session.renew_id().await)).await;
        cookie = kept(answer.headers()).expect("it lives");
    }
    house.pass(20 * 60);
    assert!(house.who(&cookie).await.is_none());
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_noted_is_nobody() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.pass(600);
    house.watched.ends_when_touched.store(true, Ordering::SeqCst);
    let answer = house.ask(Some(&cookie), async |session| house::with(session.is_anonymous())).await;
    assert_eq!(answer.extensions().get::<bool>(), Some(&true));
    assert!(cleared(answer.headers()));
}

#[tokio::test]
async fn activity_that_cannot_be_noted_is_a_503_too() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.pass(600);
    house.watched.fails_when_touched.store(true, Ordering::SeqCst);
    let answer = house.ask(Some(&cookie), async |_| ok()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn an_unavailable_store_is_a_503_that_asks_to_come_back() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.store.set_unavailable(true);
    let answer = house.ask(Some(&cookie), async |_| ok()).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
    assert!(answer.headers().get(header::SET_COOKIE).is_none(), "the cookie may still be good");
    assert_eq!(answer.extensions().get(), Some(&SessionRejection::Unavailable));
}

#[tokio::test]
async fn a_broken_store_is_a_500_that_does_not_tell_why() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.store.fail_next(StoreError::Refused(String::from("hush")));
    let answer = house.ask(Some(&cookie), async |_| ok()).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.extensions().get(), Some(&SessionRejection::Broken));
    assert!(!format!("{:?}", answer.body()).contains("hush"));
}

#[tokio::test]
async fn a_host_answers_in_its_own_words() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    house.store.set_unavailable(true);
    let own = |reason: SessionRejection| {
        let mut answer = Response::new(String::from("later"));
        *answer.status_mut() = reason.status();
        answer
    };
    let service = house
        .layer()
        .rejection(own)
        .layer(tower::service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new()))));
    let request = Request::builder().header(header::COOKIE, cookie).body(()).unwrap();
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.body(), "later");
    assert_eq!(answer.extensions().get(), Some(&SessionRejection::Unavailable));
}

#[tokio::test]
async fn the_plain_cookie_is_for_those_who_ask_for_it() {
    let house = House::new().await;
    let plain = house.signed_in().await.replace("__Host-tgs", "tgs");
    assert!(house.who(&plain).await.is_none());
    let service = house.layer().insecure_cookie().layer(tower::service_fn(async |request: Request<()>| {
        let session = Session::of(request.extensions()).unwrap();
        assert!(session.user().is_some());
        session.end().await.unwrap();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let request = Request::builder().header(header::COOKIE, plain).body(()).unwrap();
    let answer = service.oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::SET_COOKIE], "tgs=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
}

#[test]
fn a_missing_layer_is_named_with_how_to_add_it() {
    let missing = Session::of(&http::Extensions::new()).unwrap_err();
    assert_eq!(missing, MissingSessionLayer);
    assert!(missing.to_string().contains("SessionLayer::new(store)"));
}

/// Panics when it is called without having been polled ready; a clone has not been.
struct Strict(bool);

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self(false)
    }
}

/// A body that is neither `Clone` nor `Send`.
struct Odd(#[expect(dead_code, reason = "only its type matters")] std::rc::Rc<()>);

impl Service<Request<Odd>> for Strict {
    type Response = Answer;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Answer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0 = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Odd>) -> Self::Future {
        assert!(std::mem::take(&mut self.0), "called before it was ready");
        std::future::ready(Ok(ok()))
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_called() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let mut service = house.layer().layer(Strict(false));
    for cookie in [None, Some(&cookie), Some(&cookie), None] {
        let mut request = Request::new(Odd(std::rc::Rc::new(())));
        if let Some(cookie) = cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        service.ready().await.unwrap().call(request).await.unwrap();
    }
}

#[test]
fn the_future_is_send_when_its_parts_are() {
    fn is_send<T: Send + 'static>(_: &T) {}
    fn rejects<B, R: RejectSession<B>>(_: &R) {}
    let layer = SessionLayer::new(towergate_identity::ports::memory::MemoryStore::new());
    let mut service = layer.layer(tower::service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    is_send(&service.call(Request::new(())));
    rejects::<Full<Bytes>, _>(&towergate_session::PlainRejection);
}
