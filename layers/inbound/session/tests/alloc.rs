//! What the layer allocates for a request, exactly. A number that falls is good news; one that rises needs a reason.

#[expect(dead_code, reason = "each test file uses a part")]
#[cfg(test)]
mod house;

use std::{
    convert::Infallible,
    future::ready,
    pin::pin,
    sync::atomic::Ordering,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use house::House;
use http::{Request, Response, header};
use http_body_util::Full;
use tower::Service;
use tower_layer::Layer;

/// The handle's shared state, and its place in the extensions.
const HANDLE: u64 = 2;
/// The map of the extensions, which the first layer that leaves something there pays for.
const FIRST_EXTENSION: u64 = 2;
/// The request that waits for a store which answers later; that store's own future, and what a runtime notes of whoever yields.
const WAITING: u64 = 1 + 2;

#[derive(Clone)]
struct Marker;

/// How many allocations a request costs from the call to the answer.
#[cfg(test)]
fn allocations<S>(service: &mut S, request: Request<()>) -> u64
where
    S: Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible>,
{
    let mut answer = None;
    let info = allocation_counter::measure(|| {
        let mut future = pin!(service.call(request));
        let mut poll = || future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        // A store that answers later has done so when it is asked once more.
        let polled = match poll() {
            Poll::Pending => poll(),
            answered @ Poll::Ready(_) => answered,
        };
        let Poll::Ready(Ok(response)) = polled else { panic!("it answers at once") };
        answer = Some(response);
    });
    info.count_total
}

#[tokio::test]
async fn a_request_costs_what_is_written_here() {
    let house = House::new().await;
    let cookie = house.signed_in().await;
    let inner = tower::service_fn(|_: Request<()>| ready(Ok(Response::new(Full::default()))));
    let mut service = house.layer().layer(inner);

    let request = |cookie: Option<&str>, marked: bool| {
        let mut request = Request::new(());
        if let Some(cookie) = cookie {
            request.headers_mut().insert(header::COOKIE, cookie.parse().unwrap());
        }
        if marked {
            request.extensions_mut().insert(Marker);
        }
        request
    };
    let mut cost = |cookie, marked| allocations(&mut service, request(cookie, marked));
    let signed_in = Some(cookie.as_str());

    // Nobody: the handle alone.
    assert_eq!(cost(None, true), HANDLE);
    assert_eq!(cost(None, false), HANDLE + FIRST_EXTENSION);
    // Somebody costs no more: the record is shared with the store.
    assert_eq!(cost(signed_in, true), HANDLE);
    assert_eq!(cost(signed_in, false), HANDLE + FIRST_EXTENSION);

    // A store that answers later costs the box of what waits for it.
    house.watched.loads_slowly.store(true, Ordering::SeqCst);
    assert_eq!(cost(None, true), HANDLE);
    assert_eq!(cost(signed_in, true), HANDLE + WAITING);
    house.watched.loads_slowly.store(false, Ordering::SeqCst);

    // Remembering browsers costs nothing where nobody is to be remembered.
    let inner = tower::service_fn(|_: Request<()>| ready(Ok(Response::new(Full::default()))));
    let remember = towergate_session::RememberLayer::new(house.store.clone());
    let mut service = house.layer().layer(remember.layer(inner));
    let mut cost = |cookie| allocations(&mut service, request(cookie, true));
    assert_eq!((cost(None), cost(signed_in)), (HANDLE, HANDLE));
}
