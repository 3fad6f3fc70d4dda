//! What a store must do for the authorization server.
//!
//! Four rules hold for each method:
//!
//! 1. It is one business step: done whole, durably, or not at all.
//! 2. It answers a closed enum; what lost a race is an answer, not an error.
//! 3. The audit events of the step are written in the same transaction, from the facts that the step established.
//! 4. It trusts no clock: the present is `origin.at`, or `now`.

pub mod birth;
pub mod client;
#[cfg(feature = "contract")]
pub mod contract;
pub mod grant;
pub mod interaction;
pub mod key;
pub mod logout;
#[cfg(feature = "memory")]
pub mod memory;
pub mod pushed_request;
pub mod replay;

use towergate_core::audit::AuditLog;

pub use birth::Births;
pub use client::ClientStore;
pub use grant::GrantStore;
pub use interaction::InteractionStore;
pub use key::KeyStore;
pub use logout::LogoutStore;
pub use pushed_request::PushedRequestStore;
pub use replay::ReplayStore;

/// Everything the authorization server asks of a store.
pub trait OAuthStore:
    ClientStore
    + InteractionStore
    + PushedRequestStore
    + GrantStore
    + KeyStore
    + LogoutStore
    + ReplayStore
    + AuditLog
    + Clone
{
}

impl<T> OAuthStore for T where
    T: ClientStore
        + InteractionStore
        + PushedRequestStore
        + GrantStore
        + KeyStore
        + LogoutStore
        + ReplayStore
        + AuditLog
        + Clone
{
}
