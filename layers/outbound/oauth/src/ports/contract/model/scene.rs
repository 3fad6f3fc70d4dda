//! Which steps come together in a sequence.

use proptest::{collection::vec, prelude::*, strategy::Union};
use towergate_core::contract::model::{self, Difference};

use super::{Operation, client, grant, interaction, key, logout, pushed_request, replay, token, world};

/// A kind of sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// Clients come and go, and get little.
    Clients,
    /// People are asked, codes and tokens are given and taken.
    Grants,
    /// Keys are turned over, and identifiers are shown once.
    KeysAndMarks,
    /// All of it.
    Everything,
}

/// Walks through `cases` random sequences of a kind, each in a store of its own from `room`.
///
/// # Panics
/// With a shortest sequence, when a store and its model differ.
pub fn hold<S>(
    scene: Scene,
    cases: u32,
    room: impl FnMut() -> S,
    walk: impl Fn(&S, &[Operation]) -> Result<(), Difference>,
) {
    model::hold(cases, vec(scene.step(), 1..MOST), room, walk);
}

/// More steps than this say little more.
const MOST: usize = 50;

impl Scene {
    fn step(self) -> Union<BoxedStrategy<Operation>> {
        let world = (3, world::operation().prop_map(Operation::World).boxed());
        let client = |weight| (weight, client::operation().prop_map(Operation::Client).boxed());
        let interaction =
            |weight| (weight, interaction::operation().prop_map(Operation::Interaction).boxed());
        let pushed =
            |weight| (weight, pushed_request::operation().prop_map(Operation::PushedRequest).boxed());
        let grant = |weight| (weight, grant::operation().prop_map(Operation::Grant).boxed());
        let token = |weight| (weight, token::operation().prop_map(Operation::Token).boxed());
        let logout = |weight| (weight, logout::operation().prop_map(Operation::Logout).boxed());
        let key = |weight| (weight, key::operation().prop_map(Operation::Key).boxed());
        let replay = |weight| (weight, replay::operation().prop_map(Operation::Replay).boxed());
        Union::new_weighted(match self {
            Self::Clients => vec![world, client(10), interaction(4), grant(2), token(2)],
            Self::Grants => vec![world, client(1), interaction(8), pushed(6), grant(8), token(10), logout(4)],
            Self::KeysAndMarks => vec![world, key(8), replay(8)],
            Self::Everything => {
                let rest = [token(8), logout(4), key(1), replay(1)];
                [world, client(4), interaction(6), pushed(3), grant(6)].into_iter().chain(rest).collect()
            }
        })
    }
}
