//! Step-up as a person meets it: asked again at the sign-in page, back where they were, the same sign-in throughout.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use house::{
    House,
    steps::{encode, login_form, parameter, signed_in},
};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{ServiceBuilder, service_fn, util::BoxCloneSyncService};
use towergate::{
    ServiceBuilderExt,
    core::{Clock, clock::ManualClock},
    identity::{
        ports::{SessionStore, memory::MemoryStore as People},
        rules::level::Level,
    },
    oauth::ports::memory::MemoryStore as Grants,
    scope::{RequireLevelLayer, SteppedUp},
};

#[tokio::test]
async fn whoever_is_asked_again_goes_on_with_their_sign_in() {
    let people = People::new();
    // The page keeps its own time, which the test moves along with the house's.
    let clock = Arc::new(ManualClock::at(towergate::core::Timestamp::from_unix_seconds(1_800_000_000)));
    let strict = RequireLevelLayer::default().max_age(Duration::from_secs(300)).clock(clock.clone());
    let page = ServiceBuilder::new().step_up(strict).service(service_fn(async |request: Request<_>| {
        let _: &Full<Bytes> = request.body();
        let proof = SteppedUp::from_extensions(request.extensions()).unwrap();
        assert_eq!(proof.level(), Level::OneFactor);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("transferred")))
    }));
    let house = House::around(people.clone(), Grants::new(), BoxCloneSyncService::new(page)).await;
    let later = |seconds| {
        house.later(seconds);
        clock.set(house.clock.now());
    };
    let sign_in = async || people.sessions_of(house.alice, house.clock.now()).await.unwrap()[0].sign_in;

    let mut browser = signed_in(&house).await;
    let first = sign_in().await;
    later(300);
    assert_eq!(browser.get("/transfer?to=bob").await.text, "transferred");
    later(1);
    let asked = browser.get("/transfer?to=bob").await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let return_to = parameter(&asked.location, "return_to");
    assert_eq!(return_to, "/transfer?to=bob");
    assert!(browser.get(&asked.location).await.text.contains("login-submit"));
    let form = format!("{}&return_to={}", login_form(), encode(&return_to));
    let back = browser.post("/login", &form).await;
    assert_eq!(back.location, return_to);
    assert_eq!(browser.get(&back.location).await.text, "transferred");
    assert_eq!(sign_in().await, first);
}
