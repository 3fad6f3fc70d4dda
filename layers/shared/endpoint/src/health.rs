//! Whether the process lives (`/livez`), and whether it can do its work (`/readyz`).
//!
//! # The rules, in order
//!
//! 1. `/livez` answers 200 as long as the process answers at all. It asks nobody: a process that is started again because its
//!    database is away comes back to the same database.
//! 2. `/readyz` asks every part that was [named](HealthLayer::needs), all at once, and waits [so long](HealthLayer::within) at
//!    most. With nothing missing it answers 200, else 503 with one line for each thing that is missing: the part's name, and what
//!    it lacks in words that hold no host, path or value.
//! 3. Only `GET` and `HEAD` are answered; nothing is kept by caches.
//! 4. Every other path goes to the inner service, which need not be ready to be asked about.
//!
//! The layer goes outermost: outside records, sessions and rate limits, so that being asked every second costs none of them, and
//! being too busy for people is told. Needs a Tokio runtime with timers.
//!
//! Deployment caveat: whoever reaches `/readyz` makes the process ask its stores. Keep both paths off the public side of a proxy.
//!
//! # Example
//!
//! ```
//! # use std::{convert::Infallible, sync::atomic::{AtomicBool, Ordering}};
//! use bytes::Bytes;
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_core::ready::{Missing, Ready};
//! use towergate_endpoint::HealthLayer;
//!
//! static IS_THERE: AtomicBool = AtomicBool::new(true);
//!
//! struct Database;
//!
//! impl Ready for Database {
//!     async fn missing(&self) -> Vec<Missing> {
//!         if IS_THERE.load(Ordering::SeqCst) { vec![] } else { vec![Missing::Answer] }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = ServiceBuilder::new()
//!     .layer(HealthLayer::new().needs("database", Database))
//!     .service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::from("the host's"))));
//!
//! let ready = app.clone().oneshot(Request::get("/readyz").body(())?).await?;
//! assert_eq!(ready.status(), StatusCode::OK);
//!
//! IS_THERE.store(false, Ordering::SeqCst);
//! let missing = app.clone().oneshot(Request::get("/readyz").body(())?).await?;
//! assert_eq!(missing.status(), StatusCode::SERVICE_UNAVAILABLE);
//! assert_eq!(missing.into_body(), "database does not answer\n");
//! let alive = app.oneshot(Request::get("/livez").body(())?).await?;
//! assert_eq!(alive.status(), StatusCode::OK);
//! # Ok(())
//! # }
//! ```

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::join_all;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tower_layer::Layer;
use towergate_core::ready::{Missing, Ready};

use crate::{Mounted, SharedEndpoints, page};

/// Answers `/livez` and `/readyz`. See the [module](self) for the rules.
#[derive(Debug, Clone)]
#[must_use]
pub struct HealthLayer {
    needs: Vec<(&'static str, Arc<dyn Part>)>,
    within: Duration,
}

impl HealthLayer {
    /// Needs nothing yet, and waits a second for each part.
    pub const fn new() -> Self {
        Self { needs: Vec::new(), within: Duration::from_secs(1) }
    }

    /// Is ready only when `part` is, which whoever asks is told of as `name`.
    pub fn needs(mut self, name: &'static str, part: impl Ready) -> Self {
        self.needs.push((name, Arc::new(part)));
        self
    }

    /// How long to wait for the parts: a second.
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    /// What is missing now, part by part.
    async fn missing(&self) -> Vec<(&'static str, Missing)> {
        let asked = self.needs.iter().map(async |(name, part)| {
            let missing = tokio::time::timeout(self.within, part.missing()).await;
            missing.unwrap_or_else(|_| vec![Missing::Answer]).into_iter().map(|missing| (*name, missing))
        });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

impl Default for HealthLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<I> Layer<I> for HealthLayer {
    type Service = Mounted<Arc<Health>, I>;

    fn layer(&self, inner: I) -> Self::Service {
        Mounted::new(Arc::new(Health(self.clone())), inner)
    }
}

/// What answers the two paths; made by [`HealthLayer`].
#[derive(Debug)]
pub struct Health(HealthLayer);

/// One of the two paths; made by [`Health`].
#[derive(Debug)]
pub enum Asked {
    /// Whether the process lives.
    Life,
    /// Whether it is ready.
    Readiness,
}

impl<B: Send + 'static> SharedEndpoints<B> for Health {
    type Route = Asked;

    fn route(&self, path: &str) -> Option<Asked> {
        match path {
            "/livez" => Some(Asked::Life),
            "/readyz" => Some(Asked::Readiness),
            _ => None,
        }
    }

    fn name(&self, asked: &Asked) -> &'static str {
        match asked {
            Asked::Life => "livez",
            Asked::Readiness => "readyz",
        }
    }

    async fn answer(&self, asked: Asked, request: Request<B>) -> Response<Bytes> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut refused =
                page::plain(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
            refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return refused;
        }
        let missing = match asked {
            Asked::Life => return page::plain(StatusCode::OK, "alive\n"),
            Asked::Readiness => self.0.missing().await,
        };
        if missing.is_empty() {
            return page::plain(StatusCode::OK, "ready\n");
        }
        let told: String = missing.iter().map(|(name, missing)| format!("{name} {missing}\n")).collect();
        page::plain(StatusCode::SERVICE_UNAVAILABLE, told)
    }
}

/// A [`Ready`] part of any kind.
trait Part: Send + Sync {
    fn missing(&self) -> Pin<Box<dyn Future<Output = Vec<Missing>> + Send + '_>>;
}

impl<R: Ready> Part for R {
    fn missing(&self) -> Pin<Box<dyn Future<Output = Vec<Missing>> + Send + '_>> {
        Box::pin(Ready::missing(self))
    }
}

impl fmt::Debug for dyn Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Part")
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, future::pending};

    use tower::{ServiceExt, service_fn};

    use super::*;

    struct Silent;

    impl Ready for Silent {
        async fn missing(&self) -> Vec<Missing> {
            pending().await
        }
    }

    struct Lacks(Vec<Missing>);

    impl Ready for Lacks {
        async fn missing(&self) -> Vec<Missing> {
            self.0.clone()
        }
    }

    async fn ask(layer: &HealthLayer, method: Method, path: &str) -> Response<Bytes> {
        let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::new())));
        let request = Request::builder().method(method).uri(path).body(()).unwrap();
        layer.layer(inner).oneshot(request).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_silent_is_waited_for_within_the_bound_and_all_at_once() {
        let layer = HealthLayer::new().within(Duration::from_secs(2));
        let layer = layer.needs("database", Silent).needs("cache", Silent).needs("keys", Lacks(vec![]));
        let began = tokio::time::Instant::now();
        let answer = ask(&layer, Method::GET, "/readyz").await;
        assert_eq!(began.elapsed().as_secs(), 2);
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.body(), "database does not answer\ncache does not answer\n");
    }

    #[tokio::test]
    async fn everything_that_is_missing_is_told() {
        let layer = HealthLayer::new().needs("store", Lacks(vec![Missing::Changes, Missing::Migrations]));
        let answer = ask(&layer, Method::GET, "/readyz").await;
        let told = "store takes no changes\nstore has migrations that are not applied\n";
        assert_eq!(answer.body(), told);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }

    #[tokio::test]
    async fn a_process_lives_whatever_is_missing() {
        let layer = HealthLayer::new().needs("database", Silent);
        assert_eq!(ask(&layer, Method::GET, "/livez").await.status(), StatusCode::OK);
        assert_eq!(ask(&layer, Method::HEAD, "/livez").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn nothing_but_get_is_answered_and_no_other_path() {
        let layer = HealthLayer::new().needs("database", Lacks(vec![Missing::Answer]));
        for path in ["/livez", "/readyz"] {
            let answer = ask(&layer, Method::POST, path).await;
            assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
            assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
        }
        assert_eq!(ask(&layer, Method::POST, "/readyz/").await.status(), StatusCode::OK);
    }
}
