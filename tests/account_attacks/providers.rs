//! Accounts elsewhere: B2, B9.

use http::StatusCode;
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::{
        ports::linked_identity::RegisteringLinked,
        rules::{
            email::EmailAddress,
            linked_identity::{
                Course, ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderAnswer, decide,
            },
            user::{User, UserId, UserState},
        },
    },
    test_util::Standing,
};

use crate::{
    house::steps::parameter,
    town::{ALICE, Store, Town, form, is_nobody, signs_in, whoami},
};

/// The rule and the store that signing in by a provider goes through. `social.rs` of the reference host's journeys walks the same
/// over sockets, in both frameworks.
pub(crate) async fn b02_an_account_elsewhere_is_not_absorbed_by_a_row_with_its_address<S: Store>(store: S) {
    let town = Town::new(store);
    for standing in [Standing::Unconfirmed, Standing::SignedIn] {
        let email = format!("{standing:?}@example.com").to_lowercase();
        town.arrive(&email, standing).await;
        let address = EmailAddress::parse(&email).unwrap();
        let account = ExternalAccount::new("https://provider.example", &email).unwrap();
        let answer = ProviderAnswer {
            account: account.clone(),
            proven_address: Some(address.clone()),
            label: email.clone(),
            authenticated_at: None,
        };
        let now = town.clock.now();
        let taken = town.store.find_user_by_email(&address).await.unwrap().is_some();
        assert!(matches!(decide(&answer, None, taken, now), Course::OwnLoginFirst), "{standing:?}");

        // Who was quicker than the question changes nothing.
        let id = UserId::fresh(now, &OsRandom::new()).unwrap();
        let user = User {
            id,
            email: address,
            password: None,
            state: UserState::Active,
            created_at: now,
            confirmed_at: Some(now),
        };
        let identity = LinkedIdentity {
            id: LinkedIdentityId::fresh(now, &OsRandom::new()).unwrap(),
            user: id,
            provider: String::from("elsewhere"),
            account: account.clone(),
            label: email,
            tokens: None,
            linked_at: now,
            last_used_at: None,
        };
        let origin = Origin::detached(now, &OsRandom::new()).unwrap();
        let registered = town.store.register_linked(user, identity, origin).await.unwrap();
        assert_eq!(registered, RegisteringLinked::EmailTaken);
        assert!(town.store.find_linked_identity(&account).await.unwrap().is_none());
    }
}

/// An attacker has a victim's browser come back from a provider with the attacker's code, or sends them off elsewhere.
pub(crate) async fn b09_only_the_browser_that_left_for_a_provider_comes_back_from_it<S: Store>(store: S) {
    let town = Town::new(store);
    let mut mallory = town.browser();
    let evil = [
        ("return_to", "//evil.example"),
        ("redirect_uri", "https://evil.example/cb#x"),
        ("state", "known"),
        ("client_id", "evil"),
        ("scope", "everything"),
    ];
    let left = mallory.post("/social/github", &form(&evil)).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.text);
    assert!(left.location.starts_with("https://github.com/login/oauth/authorize?"), "{}", left.location);
    let state = parameter(&left.location, "state");
    assert_eq!(parameter(&left.location, "redirect_uri"), "https://id.example/social/github/callback");
    assert_eq!(parameter(&left.location, "client_id"), "client");
    assert!(state.len() > 40 && parameter(&left.location, "code_challenge").len() == 43);
    assert!(!left.location.contains("evil") && !left.location.contains("everything"));

    let callback = format!("/social/github/callback?code=mallorys&state={state}");
    let mut victim = town.browser();
    // A victim who has been here before, with a browser's secret of their own.
    victim.post("/social/github", "").await;
    for (browser, case) in [(&mut victim, "another browser"), (&mut mallory, "the state is spent by then")] {
        let answer = browser.get(&callback).await;
        assert!(!signs_in(&answer), "{case}");
        assert!(is_nobody(&whoami(browser).await), "{case}");
    }
    assert_eq!(town.count("provider.refused").await, 0, "the provider was not even asked");
    assert!(town.user(ALICE).await.is_none());
}
