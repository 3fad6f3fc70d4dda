//! The layer that answers the sign-in page and the way out, and passes all else on.

mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::LoginRoutes;
pub use service::LoginRoutesService;
