//! Lets through only programs that may do something.
//!
//! The rules, in order:
//!
//! 1. Without an [`ApiTokenLayer`](crate::ApiTokenLayer) outside, the request is answered 500, naming it.
//! 2. No token: 401 without an error code. The permission is not among those that are left of it: 403 `insufficient_scope`, with
//!    the permission as `scope` ([RFC 6750 section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3)).
//! 3. Else the inner service is called.
//!
//! The documentation of [`ApiTokenLayer`](crate::ApiTokenLayer) shows a pass and a refusal.

mod future;
mod layer;
mod service;

pub use future::RequireFuture;
pub use layer::RequirePermissionLayer;
pub use service::RequirePermission;
