//! Who is signed in, for everything further in: [`ScopeLayer`] sets [`CurrentScope`], [`RequireUserLayer`] turns away
//! whoever is not signed in.

mod current;
mod future;
mod layer;
mod require_user;
mod service;

pub use current::{CurrentScope, MissingScopeLayer};
pub use future::ResponseFuture;
pub use layer::ScopeLayer;
pub use require_user::{NoUser, RejectNoUser, RequireUser, RequireUserLayer, ToLogin};
pub use service::ScopeService;
