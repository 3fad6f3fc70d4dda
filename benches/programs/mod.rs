//! A token of a person's own program, checked whole, beside the signatures that it carries.

use std::{collections::BTreeSet, hint::black_box};

use criterion::Criterion;
use http::Method;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use towergate::{
    api_token::{
        ApiTokens, Asked, Attenuation, NewApiToken, Permission, PermissionList, RootKey, RootKeys, attenuate,
    },
    core::{Secret, Timestamp, audit::Origin, system::OsRandom},
    identity::{
        ports::{UserStore, memory::MemoryStore},
        rules::{
            api_token::ApiTokenName,
            email::EmailAddress,
            user::{User, UserId, UserState},
        },
    },
};

use crate::measure::{calls::at_once, cpu_time::CpuTime, ratio};

const GROUP: &str = "API token";
const TWO: &str = "two Ed25519 verifications";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

/// A check is parsing, signatures, one read of the store in memory, and Datalog.
pub(crate) fn check(criterion: &mut Criterion<CpuTime>) {
    let random = OsRandom::new();
    let origin = Origin::detached(NOW, &random).expect("an origin");
    let user = UserId::fresh(NOW, &random).expect("an identifier");
    let store = MemoryStore::new();
    let email = EmailAddress::parse("alice@example.com").expect("an address");
    let person = User {
        id: user,
        email,
        password: None,
        state: UserState::Active,
        created_at: NOW,
        confirmed_at: None,
    };
    at_once(store.add_user(person, origin)).expect("a person");
    let list = PermissionList::new([("read", "Read"), ("write", "Write")]).expect("a list");
    let keys = RootKeys::new(RootKey::from_seed(1, &Secret::new([7; 32])).expect("a key"));
    let tokens = ApiTokens::new(store, keys, list);
    let name = ApiTokenName::parse("bench").expect("a name");
    let read = Permission::parse("read").expect("a permission");
    let wanted = NewApiToken { name, permissions: BTreeSet::from([read]), days: None };
    let made = at_once(tokens.make(user, wanted, origin)).expect("a token");
    let narrow = Attenuation::new().only_methods([Method::GET]);
    let narrowed = attenuate(made.text.expose(), &narrow, &random).expect("a token");

    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
    let message = [7_u8; 200];
    let signature = pair.sign(&message);
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref().to_vec());
    let asked = Asked { at: NOW, method: &Method::GET, path: "/api/reports", address: None };

    let mut group = criterion.benchmark_group(GROUP);
    group.bench_function(TWO, |bencher| {
        bencher.iter(|| {
            for _ in 0..2 {
                public.verify(black_box(&message), signature.as_ref()).expect("a signature");
            }
        });
    });
    for (name, token) in [("check", &made.text), ("check, narrowed once", &narrowed)] {
        group.bench_function(name, |bencher| {
            bencher
                .iter(|| at_once(tokens.check(black_box(token.expose()), &asked, origin)).expect("a caller"));
        });
    }
    group.bench_function("attenuate", |bencher| {
        bencher.iter(|| attenuate(black_box(made.text.expose()), &narrow, &random).expect("a token"));
    });
    group.finish();
}

pub(crate) fn print() {
    for name in ["check", "check, narrowed once"] {
        ratio::print(GROUP, name, &[(GROUP, TWO, 1.0)]);
    }
}
