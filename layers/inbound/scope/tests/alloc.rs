//! What the layers allocate for a request on top of the session layer, exactly.

#[cfg(test)]
mod house;

use std::{
    convert::Infallible,
    future::ready,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use house::House;
use http::{Request, Response, header};
use http_body_util::Full;
use tower::{Service, ServiceBuilder};
use towergate_core::LocalPath;
use towergate_identity::rules::session::SessionStage;
use towergate_scope::{RequireUserLayer, ScopeLayer};

/// The place of `CurrentScope` in the extensions; the record behind it is shared with the session.
const SCOPE: u64 = 1;

/// How many allocations a request costs from the call to the answer.
#[cfg(test)]
fn allocations<S>(mut service: S, cookie: Option<&str>) -> u64
where
    S: Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let mut request = Request::new(());
    if let Some(cookie) = cookie {
        request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
    }
    let mut answer = None;
    let info = allocation_counter::measure(|| {
        let mut future = pin!(service.call(request));
        let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it answers at once");
        };
        answer = Some(response);
    });
    info.count_total
}

#[tokio::test]
async fn a_request_costs_what_is_written_here() {
    let house = House::new().await;
    let (cookie, _) = house.session(SessionStage::Complete).await;
    let inner = tower::service_fn(|_: Request<()>| ready(Ok(Response::new(Full::default()))));
    let session = || ServiceBuilder::new().layer(house.layer());
    let scope = || session().layer(ScopeLayer::new());
    let guarded = || scope().layer(RequireUserLayer::new(LocalPath::root()));

    for cookie in [None, Some(cookie.as_str())] {
        let alone = allocations(session().service(inner), cookie);
        assert_eq!(allocations(scope().service(inner), cookie) - alone, SCOPE);
    }
    let alone = allocations(scope().service(inner), Some(&cookie));
    assert_eq!(allocations(guarded().service(inner), Some(&cookie)), alone, "whoever passes costs nothing");
}
