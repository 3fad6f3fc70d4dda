//! What a store must do so that people can sign in.
//!
//! Four rules hold for each method:
//!
//! 1. It is one business step: done whole, durably, or not at all.
//! 2. It answers a closed enum; what lost a race is an answer, not an error.
//! 3. The audit events of the step are written in the same transaction, from the facts that the step established.
//! 4. It trusts no clock: the present is `origin.at`, or `now`.

pub mod api_token;
#[cfg(feature = "contract")]
pub mod contract;
pub mod deletion;
pub mod device;
pub mod email_change;
pub mod email_token;
pub mod factor;
pub mod linked_identity;
pub mod mail;
pub mod mail_sign_in;
#[cfg(feature = "memory")]
pub mod memory;
pub mod passkey;
pub mod passkey_factor;
pub mod password;
pub mod remember;
pub mod session;
pub mod session_cache;
pub mod tries;
pub mod user;
pub mod visit;

use towergate_core::audit::AuditLog;

pub use api_token::ApiTokenStore;
pub use deletion::DeletionStore;
pub use device::DeviceStore;
pub use email_change::EmailChangeStore;
pub use email_token::EmailTokenStore;
pub use factor::FactorStore;
pub use linked_identity::LinkedIdentityStore;
pub use mail::MailOutbox;
pub use mail_sign_in::MailSignInStore;
pub use passkey::PasskeyStore;
pub use passkey_factor::PasskeyFactorStore;
pub use password::PasswordStore;
pub use remember::RememberStore;
pub use session::SessionStore;
pub use session_cache::SessionCache;
pub use tries::TryStore;
pub use user::UserStore;

/// Everything signing in asks of a store.
pub trait IdentityStore:
    DeletionStore
    + DeviceStore
    + EmailChangeStore
    + EmailTokenStore
    + FactorStore
    + LinkedIdentityStore
    + MailOutbox
    + MailSignInStore
    + PasskeyFactorStore
    + PasskeyStore
    + PasswordStore
    + RememberStore
    + SessionStore
    + TryStore
    + UserStore
    + AuditLog
    + Clone
{
}

impl<T> IdentityStore for T where
    T: DeletionStore
        + DeviceStore
        + EmailChangeStore
        + EmailTokenStore
        + FactorStore
        + LinkedIdentityStore
        + MailOutbox
        + MailSignInStore
        + PasskeyFactorStore
        + PasskeyStore
        + PasswordStore
        + RememberStore
        + SessionStore
        + TryStore
        + UserStore
        + AuditLog
        + Clone
{
}
