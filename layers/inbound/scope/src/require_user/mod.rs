//! Turns away whoever is not signed in.
//!
//! 1. Without [`CurrentScope`](crate::CurrentScope) the request is answered 500, naming `ScopeLayer`.
//! 2. Somebody half signed in is nobody.
//! 3. A person who navigates (`GET`, accepts `text/html`) is sent to the sign-in page, and comes back; every other
//!    request is answered 401.

mod layer;
mod rejection;
mod service;

pub use layer::RequireUserLayer;
pub use rejection::{NoUser, RejectNoUser};
pub use service::RequireUser;
