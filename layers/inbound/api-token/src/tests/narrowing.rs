//! What tokens are good for, and what is left of them.

use std::time::Duration;

use http::Method;
use towergate_core::random::InsecureSeededRandom;
use towergate_identity::rules::api_token::{ApiTokenFailure, LIFETIME, MAX_TOKENS};

use super::{ALICE, NOW, Town, asked, list, origin, permission, permissions, random, root, wanted};
use crate::{
    ApiTokenError, ApiTokens, Asked, Attenuation, AttenuationError, MAX_TEXT, NewApiToken, PREFIX,
    PathPrefix, PermissionList, RootKeys, attenuate, dialect,
};

const SECOND: Duration = Duration::from_secs(1);

fn narrow(token: &str, to: &Attenuation) -> String {
    attenuate(token, to, &InsecureSeededRandom::new(9)).unwrap().expose().clone()
}

#[tokio::test]
async fn a_token_is_good_for_what_it_was_made_for() {
    let town = Town::new().await;
    let made = town.make(["read", "write"]).await;
    assert!(made.text.expose().starts_with(PREFIX));
    let caller = town.check(made.text.expose(), &asked()).await.unwrap();
    assert_eq!((caller.user(), caller.token()), (ALICE, made.record.id));
    assert_eq!(caller.permissions(), &permissions(["read", "write"]));
    assert!(caller.may(&permission("write")) && !caller.may(&permission("delete")));
}

#[tokio::test]
async fn a_token_ends_on_time() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let end = NOW.plus(LIFETIME);
    assert!(town.check(made.text.expose(), &Asked { at: end.minus(SECOND), ..asked() }).await.is_ok());
    let late = town.check(made.text.expose(), &Asked { at: end, ..asked() }).await;
    assert_eq!(late, Err(ApiTokenFailure::Expired));
}

#[tokio::test]
async fn the_end_stands_in_the_token_too() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let token = crate::verify::Verified::read(made.text.expose(), &RootKeys::new(root(1))).unwrap();
    let end = NOW.plus(LIFETIME);
    assert!(token.narrow(&Asked { at: end.minus(SECOND), ..asked() }, permissions(["read"])).is_ok());
    assert!(token.narrow(&Asked { at: end, ..asked() }, permissions(["read"])).is_err());
}

#[tokio::test]
async fn each_thing_that_is_taken_away_is_gone() {
    let town = Town::new().await;
    let made = town.make(["read", "write"]).await;
    let good = Asked { path: "/api/reports", ..asked() };
    let cases = [
        (Attenuation::new().only_until(NOW.plus(SECOND)), Asked { at: NOW.plus(SECOND), ..asked() }),
        (
            Attenuation::new().only_methods([Method::GET, Method::HEAD]),
            Asked { method: &Method::POST, ..asked() },
        ),
        (
            Attenuation::new().only_below(PathPrefix::parse("/api/reports").unwrap()),
            Asked { path: "/api/reports2", ..asked() },
        ),
        (
            Attenuation::new().only_below(PathPrefix::parse("/api/reports").unwrap()),
            Asked { path: "/api/reports/%2e%2e/admin", ..asked() },
        ),
        (
            Attenuation::new().only_from(["203.0.113.7".parse().unwrap()]),
            Asked { address: Some([203, 0, 113, 8].into()), ..asked() },
        ),
        (Attenuation::new().only_from(["203.0.113.7".parse().unwrap()]), Asked { address: None, ..asked() }),
        (Attenuation::new().only_permissions([permission("delete")]), asked()),
    ];
    for (taken, bad) in cases {
        let token = narrow(made.text.expose(), &taken);
        let still = taken.clone();
        if !format!("{still:?}").contains("delete") {
            assert!(town.check(&token, &good).await.is_ok(), "{taken:?}");
        }
        assert_eq!(town.check(&token, &bad).await, Err(ApiTokenFailure::NotForThis), "{taken:?}");
    }
}

#[tokio::test]
async fn permissions_that_are_left_are_told() {
    let town = Town::new().await;
    let made = town.make(["read", "write", "delete"]).await;
    let two = narrow(
        made.text.expose(),
        &Attenuation::new().only_permissions([permission("read"), permission("write")]),
    );
    assert_eq!(town.check(&two, &asked()).await.unwrap().permissions(), &permissions(["read", "write"]));
    let one = narrow(&two, &Attenuation::new().only_permissions([permission("write"), permission("delete")]));
    assert_eq!(town.check(&one, &asked()).await.unwrap().permissions(), &permissions(["write"]));
}

#[tokio::test]
async fn what_the_host_names_no_more_is_gone() {
    let town = Town::new().await;
    let made = town.make(["read", "write"]).await;
    let list = PermissionList::new([("read", "Read")]).unwrap();
    let tokens = ApiTokens::new(town.store.clone(), RootKeys::new(root(1)), list);
    let caller = tokens.check(made.text.expose(), &asked(), origin(NOW)).await.unwrap();
    assert_eq!(caller.permissions(), &permissions(["read"]));
}

#[tokio::test]
async fn what_is_revoked_is_refused_with_all_that_came_from_it() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let narrowed = narrow(made.text.expose(), &Attenuation::new().only_methods([Method::GET]));
    assert!(town.tokens.revoke(ALICE, made.record.id, origin(NOW)).await.unwrap());
    for token in [made.text.expose(), &narrowed] {
        assert_eq!(town.check(token, &asked()).await, Err(ApiTokenFailure::Revoked));
    }
}

#[tokio::test]
async fn a_key_signs_until_it_is_replaced_and_is_known_until_it_is_dropped() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let at = async |keys| {
        let tokens = ApiTokens::new(town.store.clone(), keys, list());
        tokens.check(made.text.expose(), &asked(), origin(NOW)).await.is_ok()
    };
    assert!(at(RootKeys::new(root(2)).and(&root(1))).await);
    assert!(!at(RootKeys::new(root(2))).await, "a key that nobody knows");
    let imposter = crate::RootKey::from_seed(1, &towergate_core::Secret::new([9; 32])).unwrap();
    assert!(!at(RootKeys::new(imposter)).await, "another key of the same number");
}

#[tokio::test]
async fn nobody_makes_what_is_not_to_be_had() {
    let town = Town::new().await;
    let make = async |wanted| town.tokens.make(ALICE, wanted, origin(NOW)).await.map(|made| made.record.id);
    assert!(matches!(make(wanted([])).await, Err(ApiTokenError::Permissions)));
    assert!(matches!(make(wanted(["admin"])).await, Err(ApiTokenError::Permissions)));
    let long = NewApiToken { days: Some(366), ..wanted(["read"]) };
    assert!(matches!(make(long).await, Err(ApiTokenError::Lifetime(_))));
    for _ in 0..MAX_TOKENS {
        make(wanted(["read"])).await.unwrap();
    }
    assert!(matches!(make(wanted(["read"])).await, Err(ApiTokenError::TooMany)));
}

#[tokio::test]
async fn a_use_is_noted_once_an_hour() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let last = async || town.tokens.of(ALICE, NOW).await.unwrap().remove(0).last_used_at;
    let hour = Duration::from_secs(3600);
    for (at, noted) in [(NOW, NOW), (NOW.plus(hour - SECOND), NOW), (NOW.plus(hour), NOW.plus(hour))] {
        town.check(made.text.expose(), &Asked { at, ..asked() }).await.unwrap();
        assert_eq!(last().await, Some(noted));
    }
}

#[tokio::test]
async fn a_refusal_is_written_down_once_a_minute() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let token = narrow(made.text.expose(), &Attenuation::new().only_methods([Method::PUT]));
    let refused = || {
        let events = town.store.events();
        events.iter().filter(|event| event.action == "api_token.refused").count()
    };
    for (seconds, count) in [(0, 1), (59, 1), (60, 2)] {
        let at = NOW.plus(SECOND * seconds);
        town.check(&token, &Asked { at, ..asked() }).await.unwrap_err();
        assert_eq!(refused(), count, "after {seconds} seconds");
    }
    town.check("tg_api_AAAA", &asked()).await.unwrap_err();
    assert_eq!(refused(), 2, "what is no token of ours is nobody's");
}

#[tokio::test]
async fn a_token_is_narrowed_only_so_far() {
    let town = Town::new().await;
    let made = town.make(["read"]).await;
    let nothing = attenuate(made.text.expose(), &Attenuation::new(), &random());
    assert_eq!(nothing.err(), Some(AttenuationError::Nothing));
    assert_eq!(
        attenuate("tg_api_x", &Attenuation::new().only_until(NOW), &random()).err(),
        Some(AttenuationError::NoToken)
    );
    let mut token = made.text.expose().clone();
    for _ in 0..dialect::MAX_BLOCKS {
        token = narrow(&token, &Attenuation::new().only_methods([Method::GET]));
    }
    assert!(token.len() <= MAX_TEXT && town.check(&token, &asked()).await.is_ok());
    let more = attenuate(&token, &Attenuation::new().only_methods([Method::GET]), &random());
    assert_eq!(more.err(), Some(AttenuationError::TooLong));
    let checks = (0..=dialect::MAX_CHECKS).fold(Attenuation::new(), |to, _| to.only_methods([Method::GET]));
    assert_eq!(attenuate(made.text.expose(), &checks, &random()).err(), Some(AttenuationError::TooLong));
    let long = Attenuation::new().only_from((0..=u8::MAX).map(|last| [203, 0, 113, last].into()));
    assert_eq!(attenuate(made.text.expose(), &long, &random()).err(), Some(AttenuationError::TooLong));
}
