//! Sessions: [`SessionLayer`] recognises who a cookie belongs to, and [`Session::establish`] is the one door that
//! turns a [`LoginProof`](towergate_identity::rules::login_proof::LoginProof) into a session.

mod cookie;
mod door;
mod error;
mod future;
mod handle;
mod layer;
mod record;
mod rejection;
mod service;

pub use cookie::{INSECURE_NAME, NAME};
pub use error::{MissingSessionLayer, SessionError};
pub use future::ResponseFuture;
pub use handle::{MAX_NAME_BYTES, MAX_VALUE_BYTES, Session};
pub use layer::SessionLayer;
pub use rejection::{PlainRejection, RejectSession, SessionRejection};
pub use service::SessionService;
