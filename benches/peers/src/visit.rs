//! A request of somebody unknown, held open while a step is tried in its session.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::sync::oneshot;
use tower::{Layer, ServiceExt, service_fn};
use towergate::{
    identity::ports::SessionStore,
    session::{Session, SessionLayer},
};

/// The request; it is answered when this is dropped.
pub(crate) struct Visit {
    /// Its session.
    pub(crate) session: Session,
    _answered: oneshot::Sender<()>,
}

impl Visit {
    /// Asks for a page behind `layer`, on a task of its own.
    pub(crate) async fn to<S: SessionStore + Clone>(layer: &SessionLayer<S>) -> Self {
        let (found, finds) = oneshot::channel();
        let (answered, answers) = oneshot::channel::<()>();
        let once = Arc::new(Mutex::new(Some((found, answers))));
        let page = service_fn(move |request: Request<()>| {
            let session = Session::of(request.extensions()).expect("the layer").clone();
            let once = once.lock().expect("one visit").take();
            async move {
                if let Some((found, answers)) = once {
                    let _ = found.send(session);
                    let _ = answers.await;
                }
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }
        });
        tokio::spawn(layer.layer(page).oneshot(Request::new(())));
        Self { session: finds.await.expect("a session"), _answered: answered }
    }
}
