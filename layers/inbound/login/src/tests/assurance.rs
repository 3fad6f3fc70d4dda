//! Every layer takes its numbers from one profile.

use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_identity::rules::{
    assurance::{Assurance, Profile},
    notice::Notice,
};

use super::{factors::sealing, *};
use crate::FactorRoutes;

const MINUTE: Duration = Duration::from_secs(60);

/// A host under a profile, and a browser.
struct Town {
    host: Host,
    profile: Profile,
}

impl Town {
    async fn under(profile: Profile) -> Self {
        Self { host: Host::with_alice().await, profile }
    }

    async fn visit(&self, verb: &str, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let Host { store, hasher, clock, random, .. } = &self.host;
        let site = self.host.site().assurance(&self.profile);
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let factors = FactorRoutes::new(store.clone(), sealing(), "Example", site.clone());
        let login = LoginRoutes::new(store.clone(), hasher.clone(), site);
        let app = session.assurance(&self.profile).layer(login.layer(factors.layer(service_fn(who))));
        receive(app.oneshot(request(verb, path, cookie, &form(fields))).await).await
    }

    async fn sign_in(&self, password: &str) -> Answer {
        self.visit("POST", "/login", None, &[("email", ALICE), ("password", password)]).await
    }

    async fn who(&self, cookie: &str) -> String {
        self.visit("GET", "/", Some(cookie), &[]).await.body
    }
}

#[tokio::test]
async fn where_two_factors_are_asked_for_nobody_signs_in_with_one() {
    for level in Assurance::ALL {
        let town = Town::under(level.profile()).await;
        let answer = town.sign_in(RIGHT).await;
        let nobody = town.who(&answer.cookie()).await == "nobody";
        assert_eq!(nobody, level.profile().settings().second_factor, "{level}");
        let led = answer.header(header::LOCATION).starts_with("/account/security");
        assert_eq!(led, nobody, "{level}: {}", answer.header(header::LOCATION));
    }
}

#[tokio::test]
async fn a_session_lives_as_long_as_the_profile_says() {
    let profile = Assurance::AsvsL1.profile().adjust().stricter_session_idle(40 * MINUTE).build().unwrap();
    let town = Town::under(profile).await;
    let cookie = town.sign_in(RIGHT).await.cookie();
    town.host.clock.advance(40 * MINUTE - Duration::from_secs(1));
    assert_ne!(town.who(&cookie).await, "nobody");
    town.host.clock.advance(40 * MINUTE);
    assert_eq!(town.who(&cookie).await, "nobody");
}

#[tokio::test]
async fn guessing_is_slowed_as_the_profile_says() {
    let profile = Assurance::AsvsL1.profile().adjust().stricter_free_tries(2).build().unwrap();
    let town = Town::under(profile).await;
    for _ in 0..2 {
        assert_eq!(town.sign_in("wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(town.sign_in(RIGHT).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_sensitive_change_needs_a_proof_as_fresh_as_the_profile_says() {
    let profile = Assurance::AsvsL1.profile().adjust().stricter_step_up_within(2 * MINUTE).build().unwrap();
    let town = Town::under(profile).await;
    let cookie = town.sign_in(RIGHT).await.cookie();
    town.host.clock.advance(2 * MINUTE);
    let page = town.visit("GET", "/account/security", Some(&cookie), &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    town.host.clock.advance(Duration::from_secs(1));
    let page = town.visit("GET", "/account/security", Some(&cookie), &[]).await;
    assert_eq!(page.header(header::LOCATION), "/login?return_to=%2Faccount%2Fsecurity");
}

#[tokio::test]
async fn what_people_are_told_of_is_left_out_by_an_insecure_name_alone() {
    let host = Host::new();
    for level in Assurance::ALL {
        assert!(host.site().assurance(&level.profile()).silenced.is_empty(), "{level}");
    }
    let aal2 = Assurance::Aal2.profile();
    let quiet = aal2.adjust().insecure_sign_in_notices(false).build().unwrap();
    assert_eq!(*host.site().assurance(&quiet).silenced, [Notice::NewDevice].into());
    let mute = aal2.adjust().insecure_change_notices(false).build().unwrap();
    assert_eq!(host.site().assurance(&mute).silenced.len(), Notice::ALL.len() - 1);
}
