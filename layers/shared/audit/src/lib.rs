//! The record of a request: [`AuditLayer`] gives each request an identifier that every audit event of it carries, and
//! sinks hear of every event.

mod fanout;
mod future;
mod layer;
mod service;
mod tracing_sink;

pub use fanout::Fanout;
pub use future::ResponseFuture;
pub use layer::AuditLayer;
pub use service::{AuditService, REQUEST_ID};
pub use tracing_sink::TracingSink;
