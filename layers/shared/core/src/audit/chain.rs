//! Proof that the audit log is what was written: its events, in batches, are digested, signed and linked to each other.
//!
//! A [`Seal`] covers the events after the one before it ended and up to where it says. It holds a digest of each event
//! beside its place, a digest of those, and a link: the digest of the seal before it, of its number, of where it ends, of how many
//! events it covers and of when that was. The link is signed ([`SealSigner`], Ed25519). [`Walk`] goes along the seals and finds the first
//! place where the log is not what was sealed.
//!
//! What is written after the last seal is not sealed yet. Whoever holds the signing key can seal anything anew, unless a link was noted
//! elsewhere ([`Noted`]).

mod key;
mod seal;
mod store;
#[cfg(test)]
mod tests;
mod walk;

pub use key::{NotAKey, SealPublicKey, SealSigner};
pub use seal::{MOST_EVENTS, Seal};
pub use store::{EventsForgotten, SealStore};
pub use walk::{Break, Damage, NotALink, Noted, Place, Proven, Walk};
