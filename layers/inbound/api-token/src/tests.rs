//! Tokens of people's programs, from the first to the last.

mod hostile;
mod layers;
mod narrowing;
mod page;
mod property;

use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use http::Method;
use http_body_util::Full;
use towergate_core::{
    Secret, Timestamp, audit::Origin, clock::ManualClock, id::Uuid, random::InsecureSeededRandom,
};
use towergate_identity::{
    ports::{UserStore, memory::MemoryStore},
    rules::{
        api_token::{ApiTokenFailure, ApiTokenName, Permission},
        email::EmailAddress,
        user::{User, UserId, UserState},
    },
};

use crate::{
    ApiCaller, ApiTokens, Asked, CheckError, MadeApiToken, NewApiToken, PermissionList, RootKey, RootKeys,
};

type Body = Full<Bytes>;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

const ALICE: UserId = UserId::from_uuid(Uuid::from_u128(1));

fn random() -> InsecureSeededRandom {
    InsecureSeededRandom::new(7)
}

fn origin(at: Timestamp) -> Origin {
    Origin::detached(at, &random()).unwrap()
}

fn root(id: u32) -> RootKey {
    RootKey::from_seed(id, &Secret::new([u8::try_from(id).unwrap(); 32])).unwrap()
}

fn permission(word: &str) -> Permission {
    Permission::parse(word).unwrap()
}

fn permissions<const N: usize>(words: [&str; N]) -> BTreeSet<Permission> {
    words.into_iter().map(permission).collect()
}

fn list() -> PermissionList {
    PermissionList::new([("read", "Read"), ("write", "Write"), ("delete", "Delete")]).unwrap()
}

fn wanted<const N: usize>(words: [&str; N]) -> NewApiToken {
    NewApiToken { name: ApiTokenName::parse("nightly").unwrap(), permissions: permissions(words), days: None }
}

/// A town with one person, at `NOW`.
struct Town {
    store: MemoryStore,
    tokens: ApiTokens<MemoryStore>,
    clock: Arc<ManualClock>,
}

impl Town {
    async fn new() -> Self {
        let store = MemoryStore::new();
        let alice = User {
            id: ALICE,
            email: EmailAddress::parse("alice@example.com").unwrap(),
            password: None,
            state: UserState::Active,
            created_at: NOW,
            confirmed_at: Some(NOW),
        };
        store.add_user(alice, origin(NOW)).await.unwrap();
        let tokens = ApiTokens::new(store.clone(), RootKeys::new(root(1)), list()).random(Arc::new(random()));
        Self { store, tokens, clock: Arc::new(ManualClock::at(NOW)) }
    }

    async fn make<const N: usize>(&self, words: [&str; N]) -> MadeApiToken {
        self.tokens.make(ALICE, wanted(words), origin(NOW)).await.unwrap()
    }

    async fn check(&self, token: &str, asked: &Asked<'_>) -> Result<ApiCaller, ApiTokenFailure> {
        match self.tokens.check(token, asked, origin(asked.at)).await {
            Ok(caller) => Ok(caller),
            Err(CheckError::Refused(reason)) => Err(reason),
            Err(other) => panic!("{other}"),
        }
    }
}

/// A plain request at `NOW`.
fn asked() -> Asked<'static> {
    Asked { at: NOW, method: &Method::GET, path: "/api/reports/7", address: Some([203, 0, 113, 7].into()) }
}
