//! The endpoints that clients call without a browser: token, userinfo, public keys, metadata.
//!
//! The rules, in order:
//!
//! 1. A path of the protocol is answered here; any other request passes to the inner service untouched.
//! 2. A wrong method is answered 405 with `Allow`.
//! 3. No endpoint reads or sets a cookie: mount the layer outside the session stack.
//! 4. Every error is JSON with a registered code; what is ours to mend goes to the operator, not to the peer.
//!
//! The layer is ready when the inner service is. A request that is dropped midway has either done its one store step or
//! has not: nothing is half-written.

mod discovery;
mod failure;
mod future;
mod json;
mod jwks;
mod layer;
mod service;
mod token;
mod userinfo;

pub use future::ResponseFuture;
pub use layer::ProtocolLayer;
pub use service::Protocol;

#[cfg(test)]
mod tests;
