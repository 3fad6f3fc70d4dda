//! The service.

use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;
use towergate_client_address::ClientAddress;
use towergate_core::{Clock, StoreError, audit::AuditLog};
use towergate_identity::ports::{ApiTokenStore, UserStore};
use tracing::{Instrument, field::Empty};

use crate::{
    Refusal,
    api_tokens::{ApiTokens, CheckError},
    asked::Asked,
    caller::ApiCaller,
    future::{Check, ResponseFuture, Waiting},
    presented::{Presented, presented, shows_session},
    rejection::{self, JsonRejection, RejectApiToken},
};

/// Reads tokens of people's programs and sets [`ApiCaller`]. Made by [`ApiTokenLayer`](crate::ApiTokenLayer).
#[derive(Clone)]
pub struct ApiTokenService<Inner, S, R = JsonRejection> {
    pub(crate) inner: Inner,
    pub(crate) tokens: ApiTokens<S>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rejection: R,
}

impl<Inner, S, R> ApiTokenService<Inner, S, R> {
    /// The service inside.
    pub const fn get_ref(&self) -> &Inner {
        &self.inner
    }

    /// The service inside, to change.
    pub const fn get_mut(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// The service inside, alone.
    pub fn into_inner(self) -> Inner {
        self.inner
    }
}

impl<Inner, S, R, ReqBody, ResBody> Service<Request<ReqBody>> for ApiTokenService<Inner, S, R>
where
    Inner: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    S: ApiTokenStore + UserStore + AuditLog + Clone,
    R: RejectApiToken<ResBody> + Clone,
{
    type Response = Response<ResBody>;
    type Error = Inner::Error;
    type Future = ResponseFuture<Inner, ReqBody, ResBody, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let refused = |refusal| ResponseFuture::refused(rejection::response(refusal, &self.rejection));
        match presented(request.headers()) {
            Presented::NotOurs => {
                ApiCaller::note(None, request.extensions_mut());
                ResponseFuture::inner(self.inner.call(request))
            }
            Presented::Torn => refused(Refusal::InvalidRequest),
            Presented::Ours(_) if shows_session(request.headers()) => refused(Refusal::BesideSession),
            Presented::Ours(token) => {
                let check = self.check(token, &request);
                // The instance that said it is ready must take the call; its clone waits for the next.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                ResponseFuture::checking(check, Waiting { inner, request, rejection: self.rejection.clone() })
            }
        }
    }
}

impl<Inner, S: ApiTokenStore + UserStore + AuditLog + Clone, R> ApiTokenService<Inner, S, R> {
    fn check<B>(&self, token: &str, request: &Request<B>) -> Check {
        let at = self.clock.now();
        let origin = towergate_endpoint::origin(request.extensions(), at, self.tokens.source());
        let address = ClientAddress::from_extensions(request.extensions()).ok().and_then(ClientAddress::ip);
        let (tokens, token) = (self.tokens.clone(), token.to_owned());
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let span = towergate_core::work_span!("towergate.api_token", outcome = Empty);
        Box::pin(async move {
            let asked = Asked { at, method: &method, path: &path, address };
            let origin = origin.map_err(|error| refusal(&error.into()))?;
            let checked = tokens.check(&token, &asked, origin).instrument(span.clone()).await;
            span.record("outcome", outcome(&checked));
            checked.map_err(|error| refusal(&error))
        })
    }
}

const fn outcome(checked: &Result<ApiCaller, CheckError>) -> &'static str {
    match checked {
        Ok(_) => "admitted",
        Err(CheckError::Refused(_)) => "refused",
        Err(_) => "failed",
    }
}

pub(crate) fn refusal(error: &CheckError) -> Refusal {
    match error {
        CheckError::Refused(reason) => Refusal::InvalidToken(*reason),
        CheckError::Busy | CheckError::Store(StoreError::Unavailable(_)) => {
            tracing::warn!(%error, "a token could not be checked");
            Refusal::Unavailable
        }
        CheckError::Random(_) | CheckError::Store(_) => {
            tracing::error!(%error, "a token could not be checked");
            Refusal::Broken
        }
    }
}

impl<Inner: fmt::Debug, S, R> fmt::Debug for ApiTokenService<Inner, S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiTokenService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
