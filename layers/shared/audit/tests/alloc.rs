//! What the layer allocates for a request when nobody listens to `tracing`, exactly.

use std::{
    convert::Infallible,
    future::{Future, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Service, ServiceBuilder};
use towergate_audit::AuditLayer;

/// The identifier's place in the extensions, and their map, which the outermost layer pays for.
const EXTENSION: u64 = 3;
/// The text of the response header, and the two tables of the headers, which the first header pays for.
const HEADER: u64 = 3;

#[test]
fn a_request_costs_what_is_written_here() {
    let inner = tower::service_fn(|_: Request<()>| {
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
    });
    let mut service = ServiceBuilder::new().layer(AuditLayer::new()).service(inner);
    let request = Request::new(());
    let mut answer = None;
    let info = allocation_counter::measure(|| {
        let mut future = pin!(service.call(request));
        if let Poll::Ready(response) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            answer = Some(response);
        }
    });
    assert!(answer.is_some());
    assert_eq!(info.count_total, EXTENSION + HEADER);
}
