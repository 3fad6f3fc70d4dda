//! A service behind the layer that counts the bodies that it reads.

use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, request::Builder};
use http_body::Body;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use tower::{ServiceBuilder, ServiceExt, util::BoxCloneSyncService};
use towergate_client_address::ClientAddress;
use towergate_core::{Timestamp, clock::ManualClock};
use towergate_rate_limit::{Limit, MemoryStore, RateLimitLayer, RateStore};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);
pub(crate) const POST: &str = "/guarded";

type AnyBody = UnsyncBoxBody<Bytes, Infallible>;

pub(crate) struct App {
    service: BoxCloneSyncService<Request<AnyBody>, Response<Full<Bytes>>, Infallible>,
    pub(crate) clock: Arc<ManualClock>,
    bodies: Arc<AtomicUsize>,
}

impl App {
    pub(crate) fn guarding(limit: Limit) -> Self {
        Self::over(MemoryStore::new(), limit, Arc::new(ManualClock::at(NOW)))
    }

    pub(crate) fn over(store: impl RateStore, limit: Limit, clock: Arc<ManualClock>) -> Self {
        let bodies = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&bodies);
        let service = ServiceBuilder::new()
            .layer(RateLimitLayer::new(store).post(POST, limit).clock(clock.clone()))
            .service_fn(move |request: Request<AnyBody>| {
                let counting = Arc::clone(&counting);
                async move {
                    let _ = request.into_body().collect().await;
                    counting.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, Infallible>(Response::new(Full::default()))
                }
            });
        Self { service: BoxCloneSyncService::new(service), clock, bodies }
    }

    pub(crate) fn bodies(&self) -> usize {
        self.bodies.load(Ordering::SeqCst)
    }

    pub(crate) async fn ask(&self, address: Option<ClientAddress>) -> Response<Full<Bytes>> {
        self.ask_any(request(Request::post(POST), address)).await
    }

    pub(crate) async fn ask_any(&self, request: Request<AnyBody>) -> Response<Full<Bytes>> {
        self.service.clone().oneshot(request).await.unwrap()
    }
}

pub(crate) async fn status(app: &App, address: Option<ClientAddress>) -> StatusCode {
    app.ask(address).await.status()
}

pub(crate) fn from(ip: &str) -> Option<ClientAddress> {
    Some(ClientAddress::from(ip.parse::<IpAddr>().unwrap()))
}

pub(crate) fn request(builder: Builder, address: Option<ClientAddress>) -> Request<AnyBody> {
    sent(builder, address, Full::from("a=1"))
}

/// A post whose body never comes.
pub(crate) fn endless(address: Option<ClientAddress>) -> Request<AnyBody> {
    let body =
        StreamBody::new(futures_util::stream::pending::<Result<http_body::Frame<Bytes>, Infallible>>());
    sent(Request::post(POST), address, body)
}

fn sent<B>(builder: Builder, address: Option<ClientAddress>, body: B) -> Request<AnyBody>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let mut request = builder.body(UnsyncBoxBody::new(body)).unwrap();
    if let Some(address) = address {
        request.extensions_mut().insert(address);
    }
    request
}
