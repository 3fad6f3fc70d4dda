//! Figures for operators, under names that stay: for whichever recorder of the `metrics` crate the host installs.
//!
//! - [`MetricsSink`] counts what the audit events tell: sign-ins, tokens, refusals. It goes beside the other sinks of a store.
//! - [`MetricsLayer`] counts requests by class of endpoint and outcome, and what rate limits turned away. It goes outermost.
//! - [`gauges`] are plain calls for what a host looks up now and then: hashing, queues, connections.
//! - [`StepTimes`] hears how long the steps of a store take.
//! - [`ALL`] is the list of all names, with their kinds and labels; the manual's page "Running it" has the same.
//!
//! # The rules
//!
//! 1. Every label has few values, and the house knows them all: no identifier, address or path is ever one. What is not known is
//!    `other`.
//! 2. Without a recorder nothing is counted, and a call costs next to nothing. Install it before the first request and the first event:
//!    which counters there are is asked once.
//!
//! # Example
//!
//! ```
//! # use std::convert::Infallible;
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt};
//! use towergate_metrics::MetricsLayer;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = ServiceBuilder::new().layer(MetricsLayer::new()).service_fn(async |request: Request<()>| {
//!     let mut response = Response::new(());
//!     if request.uri().path() != "/" {
//!         *response.status_mut() = StatusCode::NOT_FOUND;
//!     }
//!     Ok::<_, Infallible>(response)
//! });
//! // A pass counts as `answered`, a refusal as `refused`; neither is changed.
//! assert_eq!(app.clone().oneshot(Request::get("/").body(())?).await?.status(), StatusCode::OK);
//! assert_eq!(app.oneshot(Request::get("/no").body(())?).await?.status(), StatusCode::NOT_FOUND);
//! # Ok(())
//! # }
//! ```

mod class;
mod counters;
pub mod gauges;
mod layer;
mod names;
mod sink;
mod steps;

pub use class::class_of;
pub use layer::{Metrics, MetricsLayer, ResponseFuture};
pub use names::{ALL, Kind, Metric, describe};
pub use sink::MetricsSink;
pub use steps::StepTimes;
