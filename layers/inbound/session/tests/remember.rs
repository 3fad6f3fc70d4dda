//! Being remembered, at the layer: what is asked of the store, what the browser is told, and what nobody may skip.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use house::House;
use http::{
    Request, Response, StatusCode,
    header::{COOKIE, RETRY_AFTER, SET_COOKIE},
};
use http_body_util::Full;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_core::{Clock, Digest, audit::Origin, random::InsecureSeededRandom, token::OpaqueToken};
use towergate_identity::{
    ports::{
        SessionStore,
        session::Establishment,
        visit::{Remembering, Visit},
    },
    rules::{
        assurance::Assurance,
        enrolment::EnrolmentDuty,
        login_proof::Method,
        remember::{LIFETIME, PREFIX, RememberedId},
        session::{SessionId, SessionRecord, SessionStage, SignInId},
    },
};
use towergate_session::{MissingSessionLayer, RememberLayer, Session};

const SEED: u64 = 40;

/// The cookie of a browser of the house's person that stays signed in, and has no session any more.
#[cfg(test)]
async fn remembered(house: &House) -> String {
    let (now, random) = (house.clock.now(), InsecureSeededRandom::new(SEED));
    let token = OpaqueToken::mint(PREFIX, now, &random).unwrap();
    let session = SessionRecord {
        id: SessionId::fresh(now, &random).unwrap(),
        digest: Digest::of(b"gone"),
        sign_in: SignInId::fresh(now, &random).unwrap(),
        user: house.alice.id,
        stage: SessionStage::Complete,
        methods: [Method::Password].into(),
        passkey: None,
        authenticated_at: now,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: now.plus(Duration::from_secs(60)),
        absolute_expires_at: now.plus(Duration::from_secs(60)),
    };
    let (id, digest) = (RememberedId::from_uuid(token.id()), token.digest());
    let remember = Some(Remembering { id, digest, lifetime: LIFETIME, asked: true });
    let visit = Visit { remember, ..Visit::default() };
    let begun = Establishment { session, replaces: None, is_login: true, rests_on_replaced: false, visit };
    let origin = Origin::detached(now, &random).unwrap();
    house.store.establish_session(begun, origin).await.unwrap();
    format!("__Host-tgr={}", token.reveal().expose())
}

/// Answers 200 to whoever is somebody, and 401 to anybody else.
#[cfg(test)]
async fn ask(
    house: &House,
    layer: RememberLayer<towergate_identity::ports::memory::MemoryStore>,
    cookie: &str,
) -> Response<Full<Bytes>> {
    let inner = service_fn(async |request: Request<()>| {
        let somebody = Session::of(request.extensions()).unwrap().user().is_some();
        let mut response = Response::new(Full::<Bytes>::default());
        *response.status_mut() = if somebody { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        Ok::<_, Infallible>(response)
    });
    let request = Request::builder().header(COOKIE, cookie).body(()).unwrap();
    house.layer().layer(layer.layer(inner)).oneshot(request).await.unwrap()
}

#[cfg(test)]
fn told(response: &Response<Full<Bytes>>) -> Vec<String> {
    response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_cookie_is_traded_under_strict_cookies_and_its_old_one_ends_all() {
    let house = House::new().await;
    let cookie = remembered(&house).await;
    house.clock.advance(Duration::from_secs(3600));
    let layer = RememberLayer::new(house.store.clone());
    let response = ask(&house, layer.clone(), &cookie).await;
    assert_eq!(response.status(), StatusCode::OK);
    let set = told(&response);
    let next = set.iter().find(|set| set.starts_with("__Host-tgr=tgr_")).unwrap();
    for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(next.contains(part), "{next}");
    }
    assert!(set.iter().any(|set| set.starts_with("__Host-tgs=tgs_")), "{set:?}");
    house.clock.advance(Duration::from_secs(31));
    let stolen = ask(&house, layer.clone(), &cookie).await;
    assert_eq!(stolen.status(), StatusCode::UNAUTHORIZED);
    assert!(told(&stolen).iter().any(|set| set.starts_with("__Host-tgr=;")), "{:?}", told(&stolen));
    let next = next.split(';').next().unwrap();
    assert_eq!(ask(&house, layer, next).await.status(), StatusCode::UNAUTHORIZED, "the thief or the person");
}

#[tokio::test]
async fn where_nobody_is_remembered_the_cookie_opens_nothing() {
    let house = House::new().await;
    let cookie = remembered(&house).await;
    for off in [
        RememberLayer::new(house.store.clone()).remember_for(None),
        RememberLayer::new(house.store.clone()).assurance(&Assurance::Aal2.profile()),
        RememberLayer::new(house.store.clone()).assurance(&Assurance::AsvsL2.profile()),
    ] {
        assert_eq!(ask(&house, off, &cookie).await.status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn whoever_must_have_a_second_factor_is_not_remembered_without() {
    let house = House::new().await;
    let cookie = remembered(&house).await;
    let layer = RememberLayer::new(house.store.clone());
    let inner = service_fn(async |request: Request<()>| {
        assert!(Session::of(request.extensions()).unwrap().is_anonymous());
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let request = Request::builder().header(COOKIE, cookie).body(()).unwrap();
    let strict = house.layer().enrolment(EnrolmentDuty::Now);
    strict.layer(layer.layer(inner)).oneshot(request).await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_away_is_503_and_the_cookie_stays() {
    let house = House::new().await;
    let cookie = remembered(&house).await;
    house.store.set_unavailable(true);
    let response = ask(&house, RememberLayer::new(house.store.clone()), &cookie).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(RETRY_AFTER) && told(&response).is_empty());
    house.store.set_unavailable(false);
    let response = ask(&house, RememberLayer::new(house.store.clone()), &cookie).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn without_a_session_layer_it_says_what_to_add() {
    let house = House::new().await;
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
    let lone = RememberLayer::new(house.store.clone()).layer(inner);
    let response = lone.oneshot(Request::new(())).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.extensions().get::<MissingSessionLayer>().is_some());
}
