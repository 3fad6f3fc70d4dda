//! The model of a store that people sign in with: plain maps, a few lines for each step, and random sequences of steps beside it.
//!
//! A store's own tests name it once; each kind of sequence becomes a test:
//!
//! ```
//! use towergate_identity::ports::memory::MemoryStore;
//!
//! towergate_identity::identity_store_model!(cases: 8, room: || MemoryStore::new);
//! ```
//!
//! `room` is called once for each test, and what it answers once for each of `cases` sequences: for a store with nothing in it. What
//! changes how many sequences there are, and which, is said by [`towergate_core::contract::model`]. A sequence that once showed a difference is kept as a
//! test by [`walk`].

mod scene;
mod session;
mod user;
mod world;

use std::collections::BTreeMap;

use towergate_core::contract::{
    AuditTrail, Cleans, NOW,
    model::{Answers, Difference, Trail},
};

pub use scene::{Scene, hold};
pub use session::SessionOperation;
pub use user::UserOperation;
pub use world::WorldOperation;

use self::session::Signed;
use crate::{
    ports::IdentityStore,
    rules::{
        session::{ReplacedSession, SessionId},
        user::{User, UserId},
    },
};

/// A store that can be walked through beside its model.
pub trait Modelled: IdentityStore + AuditTrail + Cleans {}

impl<S: IdentityStore + AuditTrail + Cleans> Modelled for S {}

/// One step. People, sessions and all else go by small numbers: what comes anew in a sequence is counted, and is named by how many came
/// after it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is what its noun's operations are")]
pub enum Operation {
    Session(SessionOperation),
    User(UserOperation),
    World(WorldOperation),
}

/// What a store must know.
#[derive(Debug)]
struct Model {
    trail: Trail,
    users: BTreeMap<UserId, User>,
    /// Those that have not been ended; some may be over.
    sessions: BTreeMap<SessionId, Signed>,
    replaced: BTreeMap<SessionId, ReplacedSession>,
    /// How many sessions were asked for.
    sessions_begun: u8,
}

/// Walks through `operations` on an empty store and on a model, to which two people come first, and then reads all there is.
///
/// # Errors
/// Where they differ.
pub async fn walk<S>(store: &S, operations: &[Operation]) -> Result<(), Difference>
where
    S: Modelled,
{
    let mut model = Model {
        trail: Trail::begun(NOW),
        users: BTreeMap::new(),
        sessions: BTreeMap::new(),
        replaced: BTreeMap::new(),
        sessions_begun: 0,
    };
    for operation in user::newcomers().map(Operation::User).iter().chain(operations) {
        model.step(store, operation).await?;
    }
    for reading in model.readings() {
        model.step(store, &reading).await?;
    }
    model.trail.compare(store).await
}

impl Model {
    async fn step<S>(&mut self, store: &S, operation: &Operation) -> Result<(), Difference>
    where
        S: Modelled,
    {
        let step = self.trail.next();
        self.answers(store, operation).await.agree(step, operation)
    }

    async fn answers<S>(&mut self, store: &S, operation: &Operation) -> Answers
    where
        S: Modelled,
    {
        match operation {
            Operation::Session(operation) => self.session(store, operation).await,
            Operation::User(operation) => self.user(store, operation).await,
            Operation::World(operation) => self.world(store, operation).await,
        }
    }

    /// Everything that can be read, whatever was done.
    fn readings(&self) -> Vec<Operation> {
        let mut readings = Vec::new();
        readings.extend(user::readings().map(Operation::User));
        readings.extend(session::readings(self.sessions_begun).map(Operation::Session));
        readings
    }
}

/// Makes a test of each kind of sequence. `room` is called once for each; what it answers is called for an empty store each time.
#[macro_export]
macro_rules! identity_store_model {
    (cases: $cases:expr, room: $room:expr $(,)?) => {
        $crate::identity_store_model!(cases: $cases, room: $room, block_on: $crate::ports::contract::block_on);
    };
    (cases: $cases:expr, room: $room:expr, block_on: $block_on:path $(,)?) => {
        $crate::identity_store_model! {
            @scenes $cases, $room, $block_on;
            sessions_keep_to_their_model: Sessions,
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
