//! The cookie by which clients see, in the browser, that the sign-in changed.
//! [Session Management section 4](https://openid.net/specs/openid-connect-session-1_0.html#OPCookie)
//!
//! It is the one cookie of the house that scripts read, and that comes along inside other sites' pages: the page behind
//! `check_session_iframe` is a script in such a frame. It holds a digest of the sign-in's identifier, opens nothing, and no
//! endpoint reads it.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use towergate_oauth::rules::logout::session_state::browser_state;

use crate::{account::CurrentAccount, server::AuthorizationServer};

const NAME: &str = "__Host-tgbs";

/// Keeps the browser's cookie in step with who is signed in; mount it directly inside the
/// [account layer](crate::account). Without
/// [`session_management`](crate::ServerConfig::session_management) it does nothing.
///
/// 1. It reads [`CurrentAccount`]; where that is missing, it answers 500 and names the layer to add.
/// 2. When the cookie that came is not that of the present sign-in, the answer sets it, or clears it when nobody is signed
///    in, and may not be kept.
///
/// It writes nothing and waits for nothing but the inner service.
#[derive(Debug, Clone, Copy)]
pub struct BrowserStateLayer {
    is_on: bool,
}

impl<S, R, P> AuthorizationServer<S, R, P> {
    /// The layer that keeps the cookie of session management in step with who is signed in.
    #[must_use]
    pub fn browser_state(&self) -> BrowserStateLayer {
        BrowserStateLayer { is_on: self.config().manages_sessions() }
    }
}

impl<S> Layer<S> for BrowserStateLayer {
    type Service = WithBrowserState<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WithBrowserState { inner, is_on: self.is_on }
    }
}

/// The service that [`BrowserStateLayer`] builds.
#[derive(Clone)]
pub struct WithBrowserState<S> {
    inner: S,
    is_on: bool,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for WithBrowserState<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let change = if self.is_on { Change::of(&request) } else { Some(None) };
        match change {
            Some(cookie) => ResponseFuture { inner: Some(self.inner.call(request)), cookie },
            None => {
                tracing::error!(
                    "the account layer is missing: add AccountLayer outside the browser state layer"
                );
                ResponseFuture { inner: None, cookie: None }
            }
        }
    }
}

struct Change;

impl Change {
    /// The cookie to send, if one is to be sent; `None` without the account layer.
    fn of<B>(request: &Request<B>) -> Option<Option<HeaderValue>> {
        let CurrentAccount(account) = request.extensions().get()?;
        let sid = account.as_ref().and_then(|account| account.sign_in.sid.as_deref());
        let wanted = sid.map(browser_state);
        let held = held(request.headers());
        Some(match wanted {
            Some(state) if held != [state.as_bytes()] => HeaderValue::try_from(given(state)).ok(),
            None if !held.is_empty() => Some(cleared()),
            Some(_) | None => None,
        })
    }
}

/// Every value under the name that the browser sent.
fn held(headers: &HeaderMap) -> Vec<&[u8]> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| pair.trim_ascii().strip_prefix(NAME.as_bytes())?.strip_prefix(b"="))
        .collect()
}

fn given(state: String) -> String {
    Cookie::build((NAME, state)).path("/").secure(true).same_site(SameSite::None).to_string()
}

/// The header that clears the cookie.
pub(crate) fn cleared() -> HeaderValue {
    let cookie =
        Cookie::build((NAME, "")).path("/").secure(true).same_site(SameSite::None).max_age(Duration::ZERO);
    HeaderValue::try_from(cookie.to_string())
        .unwrap_or(HeaderValue::from_static("__Host-tgbs=; Path=/; Secure; Max-Age=0"))
}

pin_project! {
    /// The future of [`WithBrowserState`].
    pub struct ResponseFuture<F> {
        #[pin]
        inner: Option<F>,
        cookie: Option<HeaderValue>,
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: From<Bytes>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else { return Poll::Ready(Ok(misbuilt())) };
        let mut response = ready!(inner.poll(cx))?;
        if let Some(cookie) = this.cookie.take() {
            let headers = response.headers_mut();
            // Whoever signed out in this very request has cleared it.
            let is_set = headers
                .get_all(header::SET_COOKIE)
                .iter()
                .any(|set| set.as_bytes().starts_with(NAME.as_bytes()));
            if !is_set {
                headers.append(header::SET_COOKIE, cookie);
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
        }
        Poll::Ready(Ok(response))
    }
}

fn misbuilt<B: From<Bytes>>() -> Response<B> {
    let advice = "towergate: no CurrentAccount in this request. Add AccountLayer of towergate::oauth_server::account \
        outside the browser state layer: ServiceBuilder::new().layer(server.account()).layer(server.browser_state())\n";
    let mut response = Response::new(B::from(Bytes::from_static(advice.as_bytes())));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl<S: fmt::Debug> fmt::Debug for WithBrowserState<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithBrowserState").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
