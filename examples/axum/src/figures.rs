//! Shows the figures of the house to whoever collects them, on a socket of its own: how busy a host is, and how many fail to sign in,
//! is not for everybody.

use std::{convert::Infallible, future::Ready, sync::OnceLock};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tower::{Service, service_fn};
use towergate::metrics::describe;

/// Where they are.
pub const PATH: &str = "/metrics";

/// Prometheus's exposition format, version 0.0.4.
const FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// From half a millisecond, which a step in memory takes, to the three seconds after which a step of PostgreSQL gives up.
const SECONDS: &[f64] = &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0];

/// A process has one recorder, however many hosts it runs.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// From now on figures are kept; answers what shows them.
///
/// # Errors
/// When somebody else has installed a recorder in this process.
pub fn shown() -> Result<
    impl Service<
        Request<Incoming>,
        Response = Response<Full<Bytes>>,
        Error = Infallible,
        Future = Ready<Result<Response<Full<Bytes>>, Infallible>>,
    > + Clone
    + Send
    + 'static,
    BuildError,
> {
    let recorder = match RECORDER.get() {
        Some(recorder) => recorder.clone(),
        None => {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix(String::from("_seconds")), SECONDS)?;
            let recorder = builder.install_recorder()?;
            describe();
            RECORDER.get_or_init(|| recorder).clone()
        }
    };
    Ok(service_fn(move |request: Request<Incoming>| std::future::ready(Ok(answer(&request, &recorder)))))
}

fn answer<B>(request: &Request<B>, recorder: &PrometheusHandle) -> Response<Full<Bytes>> {
    let is_asked_for = request.uri().path() == PATH;
    let mut response = Response::new(Full::default());
    if !is_asked_for {
        *response.status_mut() = StatusCode::NOT_FOUND;
    } else if request.method() != Method::GET {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
    } else {
        recorder.run_upkeep();
        *response.body_mut() = Full::from(recorder.render());
        response.headers_mut().insert(header::CONTENT_TYPE, FORMAT);
    }
    response
}
