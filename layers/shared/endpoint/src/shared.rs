use std::{future::Future, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};

use crate::{Answer, Endpoints};

/// Endpoints that many requests share: an `Arc` of them is [`Endpoints`], whatever they hold.
pub trait SharedEndpoints<B>: Send + Sync + 'static {
    /// Which endpoint a path leads to, with what the path says.
    type Route: Send + 'static;

    /// The endpoint at `path`; `None` leaves the request to the inner service.
    fn route(&self, path: &str) -> Option<Self::Route>;

    /// What operators know the endpoint by: one name of few, and nothing that the path says besides.
    fn name(&self, route: &Self::Route) -> &'static str;

    /// Answers a request that [`route`](Self::route) took.
    fn answer(&self, route: Self::Route, request: Request<B>)
    -> impl Future<Output = Response<Bytes>> + Send;
}

impl<B: Send + 'static, T: SharedEndpoints<B>> Endpoints<B> for Arc<T> {
    type Route = T::Route;

    fn route(&self, path: &str) -> Option<T::Route> {
        T::route(self, path)
    }

    fn name(&self, route: &T::Route) -> &'static str {
        T::name(self, route)
    }

    fn answer(self, route: T::Route, request: Request<B>) -> Answer {
        Answer::later(async move { T::answer(&self, route, request).await })
    }
}
