//! Shows the figures of the house to whoever collects them, on a socket of its own: how busy a host is, and how many fail to sign in,
//! is not for everybody.

use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    sync::OnceLock,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tower::Service;
use towergate::metrics::describe;

/// Where they are.
pub const PATH: &str = "/metrics";

/// Prometheus's exposition format, version 0.0.4.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// From half a millisecond, which a step in memory takes, to the three seconds after which a step of PostgreSQL gives up.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0];

/// A process has one recorder, however many hosts it runs.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Answers with the figures.
#[derive(Clone)]
pub struct Figures(PrometheusHandle);

impl Figures {
    /// From now on figures are kept.
    ///
    /// # Errors
    /// When somebody else has installed a recorder in this process.
    pub fn kept() -> Result<Self, BuildError> {
        if let Some(recorder) = RECORDER.get() {
            return Ok(Self(recorder.clone()));
        }
        let builder = PrometheusBuilder::new();
        let builder = builder.set_buckets_for_metric(Matcher::Suffix(String::from("_seconds")), SECONDS)?;
        let recorder = builder.install_recorder()?;
        describe();
        Ok(Self(RECORDER.get_or_init(|| recorder).clone()))
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        if request.uri().path() != PATH {
            *response.status_mut() = StatusCode::NOT_FOUND;
        } else if request.method() != Method::GET {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
        } else {
            self.0.run_upkeep();
            *response.body_mut() = Full::from(self.0.render());
            response.headers_mut().insert(header::CONTENT_TYPE, FORMAT);
        }
        response
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Figures").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for Figures {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(&request)))
    }
}
