//! The last seconds of a process: who asks whether it is ready is told, and each connection that is kept open is answered for
//! the last time.
//!
//! # The rules, in order
//!
//! 1. Until [`Closing::begin`] nothing is changed.
//! 2. From then on `/readyz` says no, where a [`HealthLayer`](crate::HealthLayer) needs the [`Closing`].
//! 3. Every answer to HTTP/1 bears `Connection: close`, [RFC 9112 section 9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6),
//!    so that the client opens its next connection elsewhere instead of writing into one that is closed meanwhile. HTTP/2 says the
//!    same by `GOAWAY`, which is the server's to send.
//!
//! The layer goes outermost. The listener goes on accepting all the while: for how long is the host's to say, at least for as
//! long as a balancer takes to see that the host is not ready, and best for as long as clients keep idle connections. What comes
//! after is the server's: see "Stopping" in the manual.
//!
//! # Example
//!
//! ```
//! # use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode, header};
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_endpoint::{HealthLayer, closing::{Closing, ClosingLayer}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let closing = Closing::new();
//! let app = ServiceBuilder::new()
//!     .layer(ClosingLayer::new(closing.clone()))
//!     .layer(HealthLayer::new().needs("host", closing.clone()))
//!     .service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::from("the host's"))));
//!
//! let answer = app.clone().oneshot(Request::get("/").body(())?).await?;
//! assert!(!answer.headers().contains_key(header::CONNECTION));
//!
//! closing.begin();
//! let answer = app.clone().oneshot(Request::get("/").body(())?).await?;
//! assert_eq!((answer.status(), &answer.headers()[header::CONNECTION]), (StatusCode::OK, &"close".parse()?));
//! let ready = app.oneshot(Request::get("/readyz").body(())?).await?;
//! assert_eq!((ready.status(), ready.body()), (StatusCode::SERVICE_UNAVAILABLE, &Bytes::from("host is about to end\n")));
//! # Ok(())
//! # }
//! ```

mod future;
mod layer;
mod service;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use towergate_core::ready::{Missing, Ready};

pub use future::ResponseFuture;
pub use layer::ClosingLayer;
pub use service::Closes;

/// Whether the process is about to end, known to all that hold a clone.
#[derive(Debug, Clone, Default)]
pub struct Closing(Arc<AtomicBool>);

impl Closing {
    /// Of a process that goes on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on the process is about to end; there is no way back.
    pub fn begin(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Ready for Closing {
    async fn missing(&self) -> Vec<Missing> {
        if self.has_begun() { vec![Missing::Time] } else { vec![] }
    }
}
