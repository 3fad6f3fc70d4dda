//! Which steps come together in a sequence.

use proptest::{collection::vec, prelude::*, strategy::Union};
use towergate_core::contract::model::{self, Difference};

use super::{
    Operation, api_token, deletion, device, email_change, email_token, factor, linked_identity, mail,
    passkey, password, remember, session, tries, user, world,
};

/// A kind of sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// People sign in and out.
    Sessions,
    /// They stay signed in, and trust browsers.
    Devices,
    /// They prove addresses, and set passwords.
    Proofs,
    /// They have apps, codes, passkeys and accounts elsewhere.
    Factors,
    /// Mail is sent.
    Outbox,
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
        let noun = |weight: u32, operations: BoxedStrategy<Operation>| (weight, operations);
        let api_token = |n| noun(n, api_token::operation().prop_map(Operation::ApiToken).boxed());
        let deletion = |n| noun(n, deletion::operation().prop_map(Operation::Deletion).boxed());
        let device = |n| noun(n, device::operation().prop_map(Operation::Device).boxed());
        let email_change = |n| noun(n, email_change::operation().prop_map(Operation::EmailChange).boxed());
        let email_token = |n| noun(n, email_token::operation().prop_map(Operation::EmailToken).boxed());
        let factor = |n| noun(n, factor::operation().prop_map(Operation::Factor).boxed());
        let linked = |n| noun(n, linked_identity::operation().prop_map(Operation::LinkedIdentity).boxed());
        let mail = |n| noun(n, mail::operation().prop_map(Operation::Mail).boxed());
        let passkey = |n| noun(n, passkey::operation().prop_map(Operation::Passkey).boxed());
        let password = |n| noun(n, password::operation().prop_map(Operation::Password).boxed());
        let remember = |n| noun(n, remember::operation().prop_map(Operation::Remember).boxed());
        let session = |n| noun(n, session::operation().prop_map(Operation::Session).boxed());
        let tries = |n| noun(n, tries::operation().prop_map(Operation::Try).boxed());
        let user = |n| noun(n, user::operation().prop_map(Operation::User).boxed());
        let world = |n| noun(n, world::operation().prop_map(Operation::World).boxed());
        Union::new_weighted(match self {
            Self::Sessions => vec![world(2), user(3), session(10), deletion(3), tries(2)],
            Self::Devices => vec![world(2), user(1), session(8), device(4), remember(6), factor(1)],
            Self::Proofs => {
                vec![world(2), user(1), session(3), email_token(8), email_change(5), password(5), deletion(1)]
            }
            Self::Factors => {
                vec![world(2), user(1), session(4), factor(8), passkey(8), linked(5), api_token(2)]
            }
            Self::Outbox => vec![world(3), user(1), mail(10), email_token(2), deletion(1)],
            Self::Everything => vec![
                world(3),
                user(1),
                session(6),
                device(2),
                remember(3),
                email_token(3),
                email_change(3),
                password(2),
                factor(3),
                passkey(3),
                linked(2),
                api_token(2),
                deletion(2),
                tries(1),
                mail(2),
            ],
        })
    }
}
