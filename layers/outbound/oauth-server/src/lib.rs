//! The authorization server as Tower services, and the seam to the host's accounts.
//!
//! The wing knows nothing of how people sign in: it reads [`account::CurrentAccount`], which the host's own
//! [`account::AccountResolver`] provides.

pub mod account;
pub mod browser;
pub mod config;
pub mod key_ring;
pub mod pages;
pub mod protocol;
mod server;

pub use config::{InvalidIssuer, Issuer, Paths, ServerConfig};
pub use key_ring::{KeyRing, KeyRingError};
pub use server::AuthorizationServer;
