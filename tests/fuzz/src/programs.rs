//! A person with one token, for what is shown in its place.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use http::Method;
use towergate_api_token::{
    ApiCaller, ApiTokens, Asked, CheckError, NewApiToken, Permission, PermissionList, RootKey, RootKeys,
};
use towergate_core::{Secret, Timestamp, audit::Origin, id::Uuid, random::InsecureSeededRandom};
use towergate_identity::{
    ports::{UserStore, memory::MemoryStore},
    rules::{
        api_token::ApiTokenName,
        email::EmailAddress,
        user::{User, UserId, UserState},
    },
};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A person's tokens, and the text of the one that there is: it may `read`.
pub struct Programs {
    tokens: ApiTokens<MemoryStore>,
    /// The text.
    pub token: String,
}

impl Programs {
    pub fn new() -> Self {
        let store = MemoryStore::new();
        let id = UserId::from_uuid(Uuid::from_u128(1));
        let email = EmailAddress::parse("alice@example.com").unwrap();
        let user = User { id, email, password: None, state: UserState::Active, created_at: NOW, confirmed_at: None };
        store.add_user(user, origin()).now_or_never().unwrap().unwrap();
        let keys = RootKeys::new(RootKey::from_seed(1, &Secret::new([7; 32])).unwrap());
        let list = PermissionList::new([("read", "Read"), ("write", "Write")]).unwrap();
        let tokens = ApiTokens::new(store, keys, list).random(std::sync::Arc::new(InsecureSeededRandom::new(1)));
        let permissions = BTreeSet::from([Permission::parse("read").unwrap()]);
        let wanted = NewApiToken { name: ApiTokenName::parse("fuzz").unwrap(), permissions, days: None };
        let made = tokens.make(id, wanted, origin()).now_or_never().unwrap().unwrap();
        let token = made.text.expose().clone();
        Self { tokens, token }
    }

    pub fn check(&self, text: &str) -> Result<ApiCaller, CheckError> {
        let asked = Asked { at: NOW, method: &Method::GET, path: "/api", address: None };
        self.tokens.check(text, &asked, origin()).now_or_never().unwrap()
    }
}

impl Default for Programs {
    fn default() -> Self {
        Self::new()
    }
}

fn origin() -> Origin {
    Origin::detached(NOW, &InsecureSeededRandom::new(2)).unwrap()
}
