use std::task::{Context, Poll};

use http::{Request, Response, Version};
use tower_service::Service;

use super::{Closing, ResponseFuture};

/// Ends connections by their next answer. Made by [`ClosingLayer`](super::ClosingLayer).
#[derive(Debug, Clone)]
pub struct Closes<S> {
    pub(super) inner: S,
    pub(super) closing: Closing,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Closes<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // HTTP/2 knows no such header, RFC 9113 section 8.2.2.
        let closing = (request.version() <= Version::HTTP_11).then(|| self.closing.clone());
        ResponseFuture { answer: self.inner.call(request), closing }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{StatusCode, header};
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;
    use crate::closing::ClosingLayer;

    async fn is_the_last(version: Version, closing: &Closing, begins_meanwhile: bool) -> bool {
        let meanwhile = closing.clone();
        let inner = service_fn(async |_: Request<()>| {
            if begins_meanwhile {
                meanwhile.begin();
            }
            Ok::<_, Infallible>(Response::new(()))
        });
        let request = Request::builder().version(version).body(()).unwrap();
        let answer = ClosingLayer::new(closing.clone()).layer(inner).oneshot(request).await.unwrap();
        answer.headers().get(header::CONNECTION).is_some_and(|value| value == "close")
    }

    #[tokio::test]
    async fn an_answer_under_way_when_it_began_is_the_last_too() {
        let closing = Closing::new();
        assert!(!is_the_last(Version::HTTP_11, &closing, false).await);
        assert!(is_the_last(Version::HTTP_11, &closing, true).await);
        assert!(is_the_last(Version::HTTP_10, &closing, false).await);
    }

    #[tokio::test]
    async fn a_connection_that_is_no_longer_http_is_left_alone() {
        let closing = Closing::new();
        closing.begin();
        let inner = service_fn(async |_: Request<()>| {
            let answer = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
            let answer = answer.header(header::CONNECTION, "upgrade").header(header::UPGRADE, "websocket");
            Ok::<_, Infallible>(answer.body(()).unwrap())
        });
        let answer = ClosingLayer::new(closing).layer(inner).oneshot(Request::new(())).await.unwrap();
        assert_eq!(answer.headers()[header::CONNECTION], "upgrade");
    }

    #[tokio::test]
    async fn http_2_is_left_alone() {
        let closing = Closing::new();
        closing.begin();
        assert!(!is_the_last(Version::HTTP_2, &closing, false).await);
    }
}
