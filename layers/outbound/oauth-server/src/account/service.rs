use std::{
    fmt,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use http::{Request, Response, request::Parts};
use tower_service::Service;
use tracing::field::Empty;

use super::{
    AccountResolver, Candidates, Context, CurrentAccount, Purpose, ResolverError, calls,
    future::ResponseFuture,
    rejection::{AccountFailure, AccountRejection},
};

/// The service that [`AccountLayer`](super::AccountLayer) builds.
pub struct WithAccount<S, R, J> {
    inner: S,
    resolver: Arc<R>,
    rejection: J,
}

impl<S, R, J> WithAccount<S, R, J> {
    pub(super) const fn new(inner: S, resolver: Arc<R>, rejection: J) -> Self {
        Self { inner, resolver, rejection }
    }
}

impl<S, R, J, ReqBody, ResBody> Service<Request<ReqBody>> for WithAccount<S, R, J>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    R: AccountResolver,
    J: AccountRejection<ResBody>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let span = towergate_core::work_span!("towergate.account", outcome = Empty);
        match span.in_scope(|| who(&*self.resolver, &parts)) {
            Ok((account, candidates)) => {
                span.record("outcome", if account.0.is_some() { "known" } else { "nobody" });
                drop(span);
                parts.extensions.insert(account);
                parts.extensions.insert(candidates);
                ResponseFuture::inner(self.inner.call(Request::from_parts(parts, body)))
            }
            Err((call, error)) => {
                span.record("outcome", "failed");
                let failure = AccountFailure::of(&error);
                tracing::error!(reason = %failure, call, "the account resolver failed");
                let mut response = self.rejection.reject(&failure);
                response.extensions_mut().insert(failure);
                ResponseFuture::rejected(response)
            }
        }
    }
}

/// Who is signed in, or between whom to choose; or the call that failed.
fn who<R: AccountResolver>(
    resolver: &R,
    parts: &Parts,
) -> Result<(CurrentAccount, Candidates), (&'static str, ResolverError)> {
    let context = Context::new(Purpose::Browser);
    let account = calls::current_account(resolver, parts, &context);
    let account = account.map_err(|error| ("current_account", error))?;
    let candidates = if account.is_some() {
        Vec::new()
    } else {
        calls::candidates(resolver, parts, &context).map_err(|error| ("candidates", error))?
    };
    Ok((CurrentAccount(account), Candidates(candidates)))
}

impl<S: Clone, R, J: Clone> Clone for WithAccount<S, R, J> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            resolver: Arc::clone(&self.resolver),
            rejection: self.rejection.clone(),
        }
    }
}

impl<S: fmt::Debug, R, J> fmt::Debug for WithAccount<S, R, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithAccount").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use http::StatusCode;
    use http_body_util::{BodyExt, Full};
    use tower::{Layer, ServiceExt, service_fn};
    use towergate_core::{LocalPath, StoreError};
    use towergate_oauth::rules::grant::Subject;

    use super::super::{Account, AccountLayer, Claims};
    use super::*;

    struct Host(fn() -> Result<Option<Account>, ResolverError>);

    impl AccountResolver for Host {
        fn current_account(&self, _: &Parts, _: &Context) -> Result<Option<Account>, ResolverError> {
            (self.0)()
        }

        async fn account(&self, _: &Subject, _: &Context) -> Result<Option<Subject>, ResolverError> {
            Ok(None)
        }

        async fn claims(&self, _: &Subject, _: &Context) -> Result<Claims, ResolverError> {
            Ok(Claims::default())
        }

        fn login_redirect(&self, _: &Context) -> LocalPath {
            LocalPath::root()
        }
    }

    async fn pass(answer: fn() -> Result<Option<Account>, ResolverError>) -> Response<Full<Bytes>> {
        let inner = service_fn(async |request: Request<()>| {
            assert_eq!(request.extensions().get(), Some(&CurrentAccount(None)));
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("inside")))
        });
        AccountLayer::new(Arc::new(Host(answer))).layer(inner).oneshot(Request::new(())).await.unwrap()
    }

    #[tokio::test]
    async fn nobody_signed_in_passes_as_nobody() {
        assert_eq!(pass(|| Ok(None)).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn an_error_and_a_panic_stop_the_request_and_tell_only_the_operator_why() {
        let err: fn() -> _ = || Err(ResolverError::new("the users table is on fire"));
        let panic: fn() -> _ = || panic!("the users table is on fire");
        for answer in [err, panic] {
            let response = pass(answer).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
            let reason = response.extensions().get::<AccountFailure>().unwrap().to_string();
            assert!(reason.contains("the users table is on fire"), "{reason}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8_lossy(&body);
            assert!(body.starts_with("server_error") && !body.contains("fire"), "{body}");
        }
    }

    #[tokio::test]
    async fn what_passes_is_to_be_tried_again_soon() {
        let away = || StoreError::unavailable("the users table is away");
        for error in [
            ResolverError::from(away()),
            ResolverError::caused_by("nobody can be read", away()),
            ResolverError::unavailable("the directory is away", "no answer"),
        ] {
            assert!(error.is_unavailable() && AccountFailure::of(&error).is_unavailable(), "{error}");
        }
        let response = pass(|| Err(StoreError::unavailable("the users table is away").into())).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()["retry-after"], "1");
        assert!(!ResolverError::from(StoreError::Refused(String::from("no"))).is_unavailable());
    }

    #[tokio::test]
    async fn a_layer_that_is_missing_is_named_to_everybody() {
        let response = pass(|| Err(ResolverError::missing_layer("add SessionLayer outside"))).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "server_error: add SessionLayer outside\n");
    }

    #[tokio::test]
    async fn a_host_may_word_the_rejection_itself() {
        let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(String::new())));
        let layer = AccountLayer::new(Arc::new(Host(|| Err(ResolverError::new("no")))))
            .with_rejection(|_: &AccountFailure| Response::new(String::from("come back later")));
        let response = layer.layer(inner).oneshot(Request::new(())).await.unwrap();
        assert_eq!(response.body(), "come back later");
    }
}
