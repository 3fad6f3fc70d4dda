use std::{
    error::Error,
    fmt,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tower_service::Service;
use towergate_core::form;
use towergate_oauth::{ports::OAuthStore, rules::interaction::InteractionId};

use super::{
    authorize, future::ResponseFuture, interaction, problem::Problem, respond::method_not_allowed,
    visit::Visit,
};
use crate::{account::AccountResolver, config::Paths, pages::OAuthPages, server::AuthorizationServer};

/// The service that [`BrowserLayer`](super::BrowserLayer) builds.
pub struct Browser<S, R, P, I> {
    server: AuthorizationServer<S, R, P>,
    inner: I,
}

impl<S, R, P, I> Browser<S, R, P, I> {
    pub(super) const fn new(server: AuthorizationServer<S, R, P>, inner: I) -> Self {
        Self { server, inner }
    }
}

impl<S, R, P, I, ReqBody, ResBody> Service<Request<ReqBody>> for Browser<S, R, P, I>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    I: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ReqBody: Body + Send + 'static,
    ReqBody::Data: Send,
    ReqBody::Error: Into<Box<dyn Error + Send + Sync>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = I::Error;
    type Future = ResponseFuture<I::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match Route::of(request.uri().path(), &self.server.config().paths) {
            Some(route) => ResponseFuture::answer(Box::pin(answer(self.server.clone(), route, request))),
            None => ResponseFuture::inner(self.inner.call(request)),
        }
    }
}

enum Route {
    Authorize,
    /// `None` when the path holds no identifier.
    Interaction(Option<InteractionId>),
}

impl Route {
    fn of(path: &str, paths: &Paths) -> Option<Self> {
        if path == paths.authorize {
            return Some(Self::Authorize);
        }
        let id = path.strip_prefix(&paths.interaction)?.strip_prefix('/')?;
        Some(Self::Interaction(id.parse().ok()))
    }
}

async fn answer<S, R, P, B>(
    server: AuthorizationServer<S, R, P>,
    route: Route,
    request: Request<B>,
) -> Response<Bytes>
where
    S: OAuthStore,
    R: AccountResolver,
    P: OAuthPages,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    if parts.method != Method::GET && parts.method != Method::POST {
        return method_not_allowed();
    }
    let form =
        if parts.method == Method::POST { read_form(&parts.headers, body).await.map(Some) } else { Ok(None) };
    // Not before the form is there: whoever holds it back would hold back the clock, and with it every expiry.
    let visit = match Visit::read(&server, &parts) {
        Ok(visit) => visit,
        Err(problem) => return problem.tell(&server, None),
    };
    let answered = match (form, route) {
        (Err(problem), _) => Err(problem),
        (Ok(None), Route::Authorize) => {
            authorize::authorize(&server, &visit, parts.uri.query().unwrap_or_default().as_bytes()).await
        }
        (Ok(Some(form)), Route::Authorize) => authorize::authorize(&server, &visit, &form).await,
        (Ok(_), Route::Interaction(None)) => Err(Problem::gone()),
        (Ok(None), Route::Interaction(Some(id))) => interaction::show(&server, &visit, id).await,
        (Ok(Some(form)), Route::Interaction(Some(id))) => {
            interaction::close(&server, &visit, id, &form).await
        }
    };
    answered.unwrap_or_else(|problem| problem.tell(&server, Some(&visit.origin)))
}

async fn read_form<B>(headers: &http::HeaderMap, body: B) -> Result<Bytes, Problem>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let essence = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Problem::bad_request("The form was not sent as application/x-www-form-urlencoded."));
    }
    match Limited::new(body, form::MAX_LENGTH).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Problem::bad_request("The form has more than 65536 bytes."))
        }
        Err(_) => Err(Problem::bad_request("The form broke off midway.")),
    }
}

impl<S, R, P, I: Clone> Clone for Browser<S, R, P, I> {
    fn clone(&self) -> Self {
        Self { server: self.server.clone(), inner: self.inner.clone() }
    }
}

impl<S, R, P, I: fmt::Debug> fmt::Debug for Browser<S, R, P, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("server", &self.server).field("inner", &self.inner).finish()
    }
}
