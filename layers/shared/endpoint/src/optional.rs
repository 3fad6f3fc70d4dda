use tower_layer::Layer;

use crate::Mounted;

/// A layer of endpoints that may be switched off: unlike a layer that is left out at run time, it has one type either way, so a
/// stack of many of them stays as quick to compile as its layers are many.
///
/// ```
/// # use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower::{ServiceExt, service_fn};
/// use tower_layer::{Layer, layer_fn};
/// use towergate_endpoint::{Answer, Endpoints, Mounted, OptionalLayer, page};
///
/// #[derive(Clone)]
/// struct Door;
///
/// impl<B: Send + 'static> Endpoints<B> for Door {
///     type Route = ();
///
///     fn route(&self, path: &str) -> Option<()> {
///         (path == "/door").then_some(())
///     }
///
///     fn name(&self, _: &()) -> &'static str {
///         "door"
///     }
///
///     fn answer(self, _: (), _: Request<B>) -> Answer {
///         Answer::at_hand(page::plain(http::StatusCode::OK, "come in\n"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let host = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::from("the host's"))));
/// for (is_on, said) in [(true, "come in\n"), (false, "the host's")] {
///     let doors = is_on.then(|| layer_fn(|inner| Mounted::new(Door, inner)));
///     let service = OptionalLayer::new(doors).layer(host);
///     let answered = service.oneshot(Request::get("/door").body(())?).await?;
///     assert_eq!(answered.into_body(), said);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct OptionalLayer<L>(Option<L>);

impl<L> OptionalLayer<L> {
    /// Mounts the endpoints of `layer`, if there is one.
    pub const fn new(layer: Option<L>) -> Self {
        Self(layer)
    }
}

impl<L, Inner, E> Layer<Inner> for OptionalLayer<L>
where
    L: Layer<Inner, Service = Mounted<E, Inner>>,
{
    type Service = Mounted<Option<E>, Inner>;

    fn layer(&self, inner: Inner) -> Self::Service {
        match &self.0 {
            Some(layer) => layer.layer(inner).some(),
            None => Mounted::new(None, inner),
        }
    }
}
