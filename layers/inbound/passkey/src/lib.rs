//! Passkeys, as the only factor and as the second one.
//!
//! - [`Passkeys`] has every flow as a plain call, for a host's own handler: [registering](register),
//!   [signing in](sign_in), [completing and stepping up](second_factor), [keeping](keep).
//! - [`PasskeyRoutes`] is a layer that answers the same over HTTP, with the page on which people keep their passkeys and the one
//!   script; [`pages`] is what a host implements to draw its own.
//! - [`RelyingParty`] says who people sign in at, and what the host asks of keys.
//! - What goes to a browser is a [`Challenge`], what comes back an [`Answer`]; both are JSON as browsers have it.
//!
//! The crate fences `webauthn-rs-core`: no type of it is seen outside. That one checks what a ceremony's answer says and who
//! signed it. What is left to its caller is kept here: a challenge is single use, bound to browser, purpose and session
//! ([`Ceremony`](towergate_identity::rules::passkey::Ceremony)); the page is the site's own, in nobody's frame; a key speaks
//! for its own person; counts are judged in the store's step.

mod assertion;
mod client_data;
mod credential;
pub mod keep;
pub mod pages;
mod passkeys;
pub mod register;
mod relying_party;
pub mod routes;
pub mod second_factor;
pub mod sign_in;
#[cfg(feature = "test-util")]
pub mod soft;
mod verify;
mod wire;

pub use passkeys::{PasskeyError, Passkeys, REFUSED};
pub use relying_party::{InvalidRelyingParty, RelyingParty};
pub use routes::PasskeyRoutes;
pub use wire::{Answer, Challenge, UnreadableAnswer};

#[cfg(test)]
mod tests;
