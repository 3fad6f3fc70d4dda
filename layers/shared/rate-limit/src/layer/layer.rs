//! The layer.

use std::{fmt, sync::Arc};

use http::Method;
use tower_layer::Layer;
use towergate_core::{Clock, system::SystemClock};

use super::{guard::Guard, rejection::PlainRefusal, service::RateLimit};
use crate::{ports::RateStore, rules::limit::Limit};

/// Lets each address ask so often, and no more; guards nothing until told what.
#[must_use]
pub struct RateLimitLayer<S, R = PlainRefusal> {
    pub(super) store: Arc<S>,
    guards: Arc<Vec<Guard>>,
    clock: Arc<dyn Clock>,
    rejection: R,
}

impl<S: RateStore> RateLimitLayer<S> {
    /// Counts in `store`.
    pub fn new(store: S) -> Self {
        Self {
            store: Arc::new(store),
            guards: Arc::default(),
            clock: Arc::new(SystemClock),
            rejection: PlainRefusal,
        }
    }
}

impl<S, R> RateLimitLayer<S, R> {
    /// Counts what is posted to `path` by `limit`.
    pub fn post(self, path: impl Into<String>, limit: Limit) -> Self {
        self.guard(Method::POST, path, limit)
    }

    /// Counts requests to `path` by `limit`. One that ends in `/*` stands for all that is below it. A request that several guards name
    /// must pass them all.
    pub fn guard(mut self, method: Method, path: impl Into<String>, limit: Limit) -> Self {
        Arc::make_mut(&mut self.guards).push(Guard { method, path: path.into(), limit });
        self
    }

    /// Tells the time by `clock`.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Answers whoever does not pass with `rejection`.
    pub fn rejection<R2>(self, rejection: R2) -> RateLimitLayer<S, R2> {
        RateLimitLayer { store: self.store, guards: self.guards, clock: self.clock, rejection }
    }
}

impl<Inner, S, R: Clone> Layer<Inner> for RateLimitLayer<S, R> {
    type Service = RateLimit<Inner, S, R>;

    fn layer(&self, inner: Inner) -> Self::Service {
        RateLimit {
            inner,
            store: Arc::clone(&self.store),
            guards: Arc::clone(&self.guards),
            clock: Arc::clone(&self.clock),
            rejection: self.rejection.clone(),
        }
    }
}

impl<S, R: Clone> Clone for RateLimitLayer<S, R> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            guards: Arc::clone(&self.guards),
            clock: Arc::clone(&self.clock),
            rejection: self.rejection.clone(),
        }
    }
}

impl<S, R> fmt::Debug for RateLimitLayer<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer").field("guards", &self.guards).finish_non_exhaustive()
    }
}
