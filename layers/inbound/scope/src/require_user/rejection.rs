//! What whoever is not signed in gets.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE},
    request::Parts,
};
use towergate_core::LocalPath;
use url::form_urlencoded::byte_serialize;

/// Why a request was turned away; found in the response's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoUser {
    /// There is no session.
    Anonymous,
    /// Somebody is half signed in.
    SecondFactorDue,
}

/// Builds the response to whoever is not signed in. Any `Fn(&Parts, NoUser) -> Response<B>` does.
pub trait RejectNoUser<B> {
    /// The response.
    fn reject(&self, request: &Parts, reason: NoUser) -> Response<B>;
}

impl<B, F: Fn(&Parts, NoUser) -> Response<B>> RejectNoUser<B> for F {
    fn reject(&self, request: &Parts, reason: NoUser) -> Response<B> {
        self(request, reason)
    }
}

/// Sends people who navigate to the sign-in page; answers 401 to every other request.
#[derive(Debug, Clone)]
pub struct ToLogin {
    /// Shared: the session layer outside clones the services inside it at each request.
    login: Arc<LocalPath>,
}

impl ToLogin {
    /// The sign-in page is at `login`.
    #[must_use]
    pub fn new(login: LocalPath) -> Self {
        Self { login: Arc::new(login) }
    }

    /// The sign-in page, told where the person wanted to go.
    fn location(&self, request: &Parts) -> Option<HeaderValue> {
        let login = self.login.as_str().split('#').next()?;
        let wanted = request.uri.path_and_query().and_then(|wanted| LocalPath::parse(wanted.as_str()));
        let Some(wanted) = wanted else { return HeaderValue::from_str(login).ok() };
        let mut location = String::from(login);
        location.push_str(if login.contains('?') { "&return_to=" } else { "?return_to=" });
        location.extend(byte_serialize(wanted.as_str().as_bytes()));
        HeaderValue::try_from(location).ok()
    }
}

impl<B: From<Bytes>> RejectNoUser<B> for ToLogin {
    fn reject(&self, request: &Parts, _: NoUser) -> Response<B> {
        let location = navigates(request).then(|| self.location(request)).flatten();
        let mut response = Response::new(B::from(Bytes::from_static(b"Please sign in.\n")));
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        let status = if let Some(location) = location {
            headers.insert(LOCATION, location);
            StatusCode::SEE_OTHER
        } else {
            // A 401 names a scheme (RFC 9110 section 15.5.2); browsers ignore those they do not know.
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Cookie"));
            StatusCode::UNAUTHORIZED
        };
        *response.status_mut() = status;
        response
    }
}

fn navigates(request: &Parts) -> bool {
    let accepts = request.headers.get_all(ACCEPT);
    request.method == Method::GET
        && accepts.iter().any(|value| value.to_str().is_ok_and(|types| types.contains("text/html")))
}
