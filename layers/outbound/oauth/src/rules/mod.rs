//! What may happen, decided from facts alone.

pub mod access_token;
pub mod authorize;
pub mod client;
pub mod code;
pub mod consent;
pub mod fact;
pub mod form;
pub mod grant;
pub mod interaction;
pub mod issuer;
pub mod key;
pub mod refresh_token;
