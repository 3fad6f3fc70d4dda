//! Every layer takes its numbers from one profile.

use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_identity::rules::{
    assurance::{Assurance, Profile},
    notice::Notice,
    totp::TotpSecret,
};

use super::{factors::sealing, notices::room, *};
use crate::{FactorRoutes, NewPasswords, RegisterRoutes};

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

    /// Whether Alice, half signed in, may prove herself by a code of this age in seconds.
    async fn takes_a_code_of(&self, age: u64) -> bool {
        // To the beginning of a step.
        self.host.later(10);
        let secret = TotpSecret::fresh(&self.host.random).unwrap();
        let alice = self.host.alice().await;
        self.host.authenticator().import(alice, &secret, self.host.origin()).await.unwrap();
        let code = self.host.code(&secret);
        let half = self.sign_in(RIGHT).await.cookie();
        self.host.later(age);
        let answer = self.visit("POST", "/mfa", Some(&half), &[("code", &code)]).await;
        answer.status == StatusCode::SEE_OTHER
    }

    /// What registering answers, where `passwords` are given to the layer, if any.
    async fn registers(&self, passwords: Option<NewPasswords>) -> StatusCode {
        let Host { store, hasher, clock, random, .. } = &self.host;
        let site = self.host.site().assurance(&self.profile);
        let mut routes = RegisterRoutes::new(store.clone(), hasher.clone(), room(), site);
        if let Some(passwords) = passwords {
            routes = routes.passwords(passwords);
        }
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let app = session.layer(routes.layer(service_fn(who)));
        let fields = [("email", "new@example.com"), ("password", "plenty of characters")];
        receive(app.oneshot(request("POST", "/register", None, &form(&fields))).await).await.status
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

/// ASVS 6.5.5: where the level asks for it a code lives as long as its step, at the layer.
#[tokio::test]
async fn a_code_of_an_app_lives_as_long_as_the_profile_says() {
    for (level, after) in [(Assurance::AsvsL1, true), (Assurance::AsvsL2, false), (Assurance::AsvsL3, false)]
    {
        let early = Town::under(level.profile()).await.takes_a_code_of(29).await;
        assert!(early, "{level}");
        assert_eq!(Town::under(level.profile()).await.takes_a_code_of(30).await, after, "{level}");
    }
}

/// ASVS 6.2.12: a level that asks to look passwords up takes none where nothing does.
#[tokio::test]
async fn a_profile_that_looks_passwords_up_takes_none_where_nothing_does() {
    for (level, status) in
        [(Assurance::AsvsL1, StatusCode::OK), (Assurance::AsvsL2, StatusCode::SERVICE_UNAVAILABLE)]
    {
        let town = Town::under(level.profile()).await;
        assert_eq!(town.registers(None).await, status, "{level}");
        let own = NewPasswords::new(town.host.hasher.clone());
        assert_eq!(town.registers(Some(own)).await, status, "{level}: with words of its own");
        let without = level.profile().adjust().insecure_password_breach_check(false).build().unwrap();
        assert_eq!(Town::under(without).await.registers(None).await, StatusCode::OK, "{level}");
    }
}
