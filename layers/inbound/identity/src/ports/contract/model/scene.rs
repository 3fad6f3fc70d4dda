//! Which steps come together in a sequence.

use proptest::{collection::vec, prelude::*, strategy::Union};
use towergate_core::contract::model::{self, Difference};

use super::{Operation, session, user, world};

/// A kind of sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// People sign in and out.
    Sessions,
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
const MOST: usize = 40;

impl Scene {
    fn step(self) -> Union<BoxedStrategy<Operation>> {
        let world = (2, world::operation().prop_map(Operation::World).boxed());
        let user = |weight| (weight, user::operation().prop_map(Operation::User).boxed());
        let session = |weight| (weight, session::operation().prop_map(Operation::Session).boxed());
        Union::new_weighted(match self {
            Self::Sessions => vec![world, user(4), session(10)],
        })
    }
}
