//! Narrowing never widens, and takes away just what it says.

use std::collections::BTreeSet;

use http::Method;
use proptest::prelude::*;
use towergate_core::random::InsecureSeededRandom;
use towergate_identity::rules::api_token::Permission;

use super::{NOW, list, permission, permissions, root};
use crate::{
    ApiTokenId, Asked, Attenuation, PathPrefix, RootKeys, attenuate,
    verify::{Verified, mint},
};

const WORDS: [&str; 3] = ["read", "write", "delete"];
const METHODS: [Method; 3] = [Method::GET, Method::POST, Method::DELETE];
const PATHS: [&str; 5] = ["/", "/api", "/api/reports", "/api/reports/7", "/api/reports/%2e%2e/x"];

/// One thing that is taken away, by numbers.
#[derive(Debug, Clone)]
enum Step {
    Permissions(Vec<usize>),
    Until(u64),
    Methods(Vec<usize>),
    Below(usize),
    From(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        prop::collection::vec(0..WORDS.len(), 0..3).prop_map(Step::Permissions),
        (0..4_u64).prop_map(Step::Until),
        prop::collection::vec(0..METHODS.len(), 0..3).prop_map(Step::Methods),
        (0..4_usize).prop_map(Step::Below),
        prop::collection::vec(0..3_u8, 0..3).prop_map(Step::From),
    ]
}

fn words(numbers: &[usize]) -> BTreeSet<Permission> {
    numbers.iter().map(|n| permission(WORDS[*n])).collect()
}

fn narrowed(step: &Step) -> Attenuation {
    let to = Attenuation::new();
    match step {
        Step::Permissions(numbers) => to.only_permissions(words(numbers)),
        Step::Until(seconds) => to.only_until(NOW.plus(std::time::Duration::from_secs(*seconds))),
        Step::Methods(numbers) => to.only_methods(numbers.iter().map(|n| METHODS[*n].clone())),
        Step::Below(n) => to.only_below(PathPrefix::parse(PATHS[*n]).unwrap()),
        Step::From(last) => to.only_from(last.iter().map(|last| [203, 0, 113, *last].into())),
    }
}

/// What a step leaves, by plain rules of our own.
fn model(step: &Step, asked: &Asked<'_>, left: &BTreeSet<Permission>) -> BTreeSet<Permission> {
    let keeps = match step {
        Step::Permissions(numbers) => return left & &words(numbers),
        Step::Until(seconds) => asked.at < NOW.plus(std::time::Duration::from_secs(*seconds)),
        Step::Methods(numbers) => numbers.iter().any(|n| METHODS[*n] == *asked.method),
        Step::Below(n) => PathPrefix::parse(PATHS[*n]).unwrap().covers(asked.path),
        Step::From(last) => last.iter().any(|last| asked.address == Some([203, 0, 113, *last].into())),
    };
    if keeps { left.clone() } else { BTreeSet::new() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn narrowing_never_widens(
        held in prop::collection::vec(0..WORDS.len(), 1..4),
        steps in prop::collection::vec(step(), 0..5),
        seconds in 0..4_u64,
        method in 0..METHODS.len(),
        path in 0..PATHS.len(),
        from in prop::option::of(0..3_u8),
    ) {
        let keys = RootKeys::new(root(1));
        let random = InsecureSeededRandom::new(3);
        let held = words(&held);
        let record = towergate_identity::rules::api_token::ApiToken {
            id: ApiTokenId::from_uuid(towergate_core::id::Uuid::from_u128(5)),
            user: super::ALICE,
            name: towergate_identity::rules::api_token::ApiTokenName::parse("n").unwrap(),
            permissions: held.clone(),
            created_at: NOW,
            expires_at: NOW.plus(towergate_identity::rules::api_token::LIFETIME),
            last_used_at: None,
        };
        let asked = Asked {
            at: NOW.plus(std::time::Duration::from_secs(seconds)),
            method: &METHODS[method],
            path: PATHS[path],
            address: from.map(|last| [203, 0, 113, last].into()),
        };
        let left = |token: &str| {
            let token = Verified::read(token, &keys).unwrap();
            prop_assert_eq!(&token.permissions, &held);
            Ok(token.narrow(&asked, token.permissions.clone()).unwrap_or_default())
        };
        let mut token = mint(&record, &keys, &random).unwrap().unwrap();
        let mut before = left(token.expose())?;
        let mut expected = held.clone();
        prop_assert_eq!(&before, &expected);
        for step in &steps {
            token = attenuate(token.expose(), &narrowed(step), &random).unwrap();
            expected = model(step, &asked, &expected);
            let after = left(token.expose())?;
            prop_assert!(after.is_subset(&before), "{:?} widened {:?} to {:?}", step, before, after);
            prop_assert_eq!(&after, &expected, "{:?}", step);
            before = after;
        }
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let keys = RootKeys::new(root(1));
        let token = crate::text::encode(&bytes).unwrap();
        prop_assert!(Verified::read(token.expose(), &keys).is_err());
    }

    #[test]
    fn a_flipped_bit_makes_another_token(at in 0..200_usize, bit in 0..8_u8) {
        let keys = RootKeys::new(root(1));
        let record = towergate_identity::rules::api_token::ApiToken {
            id: ApiTokenId::from_uuid(towergate_core::id::Uuid::from_u128(5)),
            user: super::ALICE,
            name: towergate_identity::rules::api_token::ApiTokenName::parse("n").unwrap(),
            permissions: permissions(["read"]),
            created_at: NOW,
            expires_at: NOW,
            last_used_at: None,
        };
        let token = mint(&record, &keys, &InsecureSeededRandom::new(3)).unwrap().unwrap();
        let mut bytes = crate::text::decode(token.expose()).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let flipped = crate::text::encode(&bytes).unwrap();
        if let Ok(read) = Verified::read(flipped.expose(), &keys) {
            // A number that nobody reads may have changed; what the token says may not.
            prop_assert_eq!(read.permissions, permissions(["read"]));
            prop_assert_eq!((read.id, read.user), (record.id, super::ALICE));
        }
        prop_assert!(list().contains(&permission("read")));
    }
}
