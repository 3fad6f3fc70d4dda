//! The authorization server as Tower services, and the seam to the host's accounts.
//!
//! One [`AuthorizationServer`] makes two layers, which a host mounts in different places:
//!
//! - [`browser`] answers the authorization endpoint and the consent page. It stands inside the host's session stack,
//!   directly behind the [account layer](account).
//! - [`protocol`] answers what clients call without a browser: token, revocation, introspection, userinfo, registration,
//!   public keys, metadata. It stands outside the session stack.
//!
//! The host brings four things:
//!
//! - its accounts, behind [`account::AccountResolver`]. The crate knows nothing of how people sign in: all it learns of
//!   that is [`account::CurrentAccount`], which the account layer sets from the resolver's answer;
//! - its pages, behind [`pages::OAuthPages`];
//! - a store, behind [`OAuthStore`](towergate_oauth::ports::OAuthStore);
//! - a [`ServerConfig`], of which only the [`Issuer`] has no default, and a [`KeyRing`] to sign with.
//!
//! [`browser`] and [`protocol`] each show the whole assembly in an example.

pub mod account;
mod asked;
pub mod browser;
pub mod client_documents;
pub mod client_keys;
pub mod config;
mod escape;
pub mod key_ring;
pub mod logout;
pub mod pages;
mod pairwise;
pub mod protocol;
pub mod registration;
mod server;
#[cfg(test)]
mod test_keys;
#[cfg(test)]
mod test_site;
mod turns;

pub use client_documents::ClientDocuments;
pub use client_keys::ClientKeysError;
pub use config::{InvalidIssuer, Issuer, Notices, Paths, ServerConfig};
pub use key_ring::{KeyRing, KeyRingError};
pub use registration::{Registration, RegistrationMode, RegistrationPolicy};
pub use server::AuthorizationServer;
