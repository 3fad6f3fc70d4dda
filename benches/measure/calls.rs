//! Calls that never wait, polled without a runtime.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use tower::{Service, ServiceExt};

/// The answer of a service that never waits, polled once and without a runtime.
pub(crate) fn answer<S: Service<R> + Clone, R>(service: &S, request: R) -> S::Response
where
    S::Error: std::fmt::Debug,
{
    at_once(service.clone().oneshot(request)).expect("an answer")
}

/// What a future answers that never waits.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here has to wait"),
    }
}
