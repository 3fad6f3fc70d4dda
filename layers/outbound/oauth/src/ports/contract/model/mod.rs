//! The model of a store for the authorization server: plain maps, a few lines for each step, and random sequences of steps beside it.
//!
//! A store's own tests name it once; each kind of sequence becomes a test:
//!
//! ```
//! use towergate_oauth::ports::memory::MemoryStore;
//!
//! towergate_oauth::oauth_store_model!(cases: 8, room: || MemoryStore::new);
//! ```
//!
//! `room` is called once for each test, and what it answers once for each of `cases` sequences: for a store with nothing in it. What
//! changes how many sequences there are, and which, is said by [`towergate_core::contract::model`]. A sequence that once showed a
//! difference is kept as a test by [`walk`].

mod client;
mod grant;
mod interaction;
mod key;
mod logout;
mod pushed_request;
mod replay;
mod scene;
mod token;
mod world;

use std::collections::BTreeMap;

use towergate_core::{
    Timestamp,
    contract::{
        AuditTrail, Cleans, NOW,
        model::{Answers, Difference, Trail},
    },
    id::Uuid,
};

pub use client::ClientOperation;
pub use grant::GrantOperation;
pub use interaction::InteractionOperation;
pub use key::KeyOperation;
pub use logout::LogoutOperation;
pub use pushed_request::PushedRequestOperation;
pub use replay::ReplayOperation;
pub use scene::{Scene, hold};
pub use token::TokenOperation;
pub use world::WorldOperation;

use self::{
    grant::{KeptCode, KeptGrant},
    logout::Notice,
    replay::Mark,
    token::{KeptAccessToken, KeptRefreshToken},
};
use crate::{
    ports::OAuthStore,
    rules::{
        client::{Client, ClientId},
        consent::Consent,
        grant::{GrantId, Subject},
        interaction::{Interaction, InteractionId},
        key::KeyRecord,
        logout::LogoutNotice,
        pushed_request::{PushedRequest, PushedRequestId},
    },
};

/// A store that can be walked through beside its model.
pub trait Modelled: OAuthStore + AuditTrail + Cleans {}

impl<S: OAuthStore + AuditTrail + Cleans> Modelled for S {}

/// One step. Clients, people and sign-ins go by small numbers, and all that comes anew by how many came after it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is what its noun's operations are")]
pub enum Operation {
    Client(ClientOperation),
    Grant(GrantOperation),
    Interaction(InteractionOperation),
    Key(KeyOperation),
    Logout(LogoutOperation),
    PushedRequest(PushedRequestOperation),
    Replay(ReplayOperation),
    Token(TokenOperation),
    World(WorldOperation),
}

/// What a store must know.
#[derive(Debug)]
struct Model {
    trail: Trail,
    clients: BTreeMap<ClientId, Client>,
    /// Those that registered themselves and have got nothing yet.
    unused: BTreeMap<ClientId, Timestamp>,
    interactions: BTreeMap<InteractionId, Interaction>,
    pushed: BTreeMap<PushedRequestId, PushedRequest>,
    /// Until when each takes up room, whether it is still there or not.
    pushed_room: BTreeMap<PushedRequestId, (ClientId, Timestamp)>,
    consents: BTreeMap<(Subject, ClientId), Consent>,
    grants: BTreeMap<GrantId, KeptGrant>,
    codes: BTreeMap<Uuid, KeptCode>,
    access_tokens: BTreeMap<Uuid, KeptAccessToken>,
    refresh_tokens: BTreeMap<Uuid, KeptRefreshToken>,
    ended_sign_ins: BTreeMap<String, Timestamp>,
    clients_of_sign_ins: BTreeMap<(String, ClientId), Subject>,
    notices: BTreeMap<(String, ClientId), Notice>,
    /// Notices as they were taken, the last one last.
    taken: Vec<LogoutNotice>,
    marks: BTreeMap<u8, Mark>,
    keys: Vec<KeyRecord>,
    begun: Begun,
}

/// How many of each came.
#[derive(Debug, Default, Clone, Copy)]
struct Begun {
    interactions: u8,
    grants: u8,
    access_tokens: u8,
    refresh_tokens: u8,
    keys: u8,
    pushed: u8,
}

/// Walks through `operations` on an empty store and on a model, to which two clients come first, and then reads all there is.
///
/// # Errors
/// Where they differ.
pub async fn walk<S>(store: &S, operations: &[Operation]) -> Result<(), Difference>
where
    S: Modelled,
{
    let mut model = Model::empty();
    for operation in client::first().map(Operation::Client).iter().chain(operations) {
        model.step(store, operation).await?;
    }
    for reading in model.readings() {
        model.step(store, &reading).await?;
    }
    model.trail.compare(store).await
}

impl Model {
    const fn empty() -> Self {
        Self {
            trail: Trail::begun(NOW),
            clients: BTreeMap::new(),
            unused: BTreeMap::new(),
            interactions: BTreeMap::new(),
            pushed: BTreeMap::new(),
            pushed_room: BTreeMap::new(),
            consents: BTreeMap::new(),
            grants: BTreeMap::new(),
            codes: BTreeMap::new(),
            access_tokens: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            ended_sign_ins: BTreeMap::new(),
            clients_of_sign_ins: BTreeMap::new(),
            notices: BTreeMap::new(),
            taken: Vec::new(),
            marks: BTreeMap::new(),
            keys: Vec::new(),
            begun: Begun {
                interactions: 0,
                grants: 0,
                access_tokens: 0,
                refresh_tokens: 0,
                keys: 0,
                pushed: 0,
            },
        }
    }

    async fn step<S>(&mut self, store: &S, operation: &Operation) -> Result<(), Difference>
    where
        S: Modelled,
    {
        let step = self.trail.next();
        self.answers(store, operation).await.agree(step, operation)?;
        self.settle(store).await;
        Ok(())
    }

    async fn answers<S>(&mut self, store: &S, operation: &Operation) -> Answers
    where
        S: Modelled,
    {
        match operation {
            Operation::Client(operation) => self.client(store, operation).await,
            Operation::Grant(operation) => self.grant(store, operation).await,
            Operation::Interaction(operation) => self.interaction(store, operation).await,
            Operation::Key(operation) => self.key(store, operation).await,
            Operation::Logout(operation) => self.logout(store, operation).await,
            Operation::PushedRequest(operation) => self.pushed_request(store, operation).await,
            Operation::Replay(operation) => self.replay(store, operation).await,
            Operation::Token(operation) => self.token(store, operation).await,
            Operation::World(operation) => self.world(store, operation).await,
        }
    }

    /// Everything that can be read, whatever was done.
    fn readings(&self) -> Vec<Operation> {
        let mut readings = Vec::new();
        readings.extend(client::readings().map(Operation::Client));
        readings.extend(interaction::readings(self.begun.interactions).map(Operation::Interaction));
        readings.extend(pushed_request::readings(self.begun.pushed).map(Operation::PushedRequest));
        readings.extend(grant::readings(self.begun.grants).map(Operation::Grant));
        readings.extend(token::readings(&self.begun).map(Operation::Token));
        readings.extend(logout::readings().map(Operation::Logout));
        readings.push(Operation::Key(KeyOperation::All));
        readings
    }
}

/// Makes a test of each kind of sequence. `room` is called once for each; what it answers is called for an empty store each time.
#[macro_export]
macro_rules! oauth_store_model {
    (cases: $cases:expr, room: $room:expr $(,)?) => {
        $crate::oauth_store_model!(cases: $cases, room: $room, block_on: $crate::ports::contract::block_on);
    };
    (cases: $cases:expr, room: $room:expr, block_on: $block_on:path $(,)?) => {
        $crate::oauth_store_model! {
            @scenes $cases, $room, $block_on;
            clients_keep_to_their_model: Clients,
            grants_keep_to_their_model: Grants,
            keys_and_marks_keep_to_their_model: KeysAndMarks,
            all_that_is_granted_keeps_to_its_model: Everything,
        }
    };
    (@scenes $cases:expr, $room:expr, $block_on:path; $($name:ident: $scene:ident,)*) => {
        $(
            #[test]
            fn $name() {
                use $crate::ports::contract::model;
                let walk = |store: &_, operations: &[_]| $block_on(model::walk(store, operations));
                model::hold(model::Scene::$scene, $cases, ($room)(), walk);
            }
        )*
    };
}
