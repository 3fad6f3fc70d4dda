//! What OAuth clients and servers both speak. Pure: no I/O, no async, no clock.

pub mod error;
pub mod pkce;
pub mod scope;

pub use error::{ErrorCode, OAuthError};
pub use scope::Scope;
