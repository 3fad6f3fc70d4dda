//! How the benches measure: CPU time of the one thread that works, and each of ours over its yardstick in the same run.

pub(crate) mod cpu_time;
pub(crate) mod ratio;

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use criterion::Criterion;
use tower::{Service, ServiceExt};

use cpu_time::CpuTime;

/// Where this run leaves its estimates.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/criterion");

/// A criterion that counts CPU time, in a folder that the ratios are read from.
pub(crate) fn criterion() -> Criterion<CpuTime> {
    Criterion::default().with_measurement(CpuTime).output_directory(FOLDER.as_ref()).configure_from_args()
}

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
