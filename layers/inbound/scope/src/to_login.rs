//! To the sign-in page and back, for whoever navigates; a status for all else.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderValue, Method, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE},
    request::Parts,
};
use towergate_core::LocalPath;
use towergate_identity::rules::level::Level;
use url::form_urlencoded::byte_serialize;

/// Sends people who navigate to the sign-in page; answers every other request with a status: 401 where nobody is signed
/// in, 403 where somebody is, but not well enough.
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

    /// The way to the sign-in page, for a person who navigates.
    pub(crate) fn navigation<B: From<Bytes>>(&self, request: &Parts) -> Option<Response<B>> {
        self.navigation_for(request, None)
    }

    /// The same, for a sign-in of at least `level`.
    pub(crate) fn navigation_for<B: From<Bytes>>(
        &self,
        request: &Parts,
        level: Option<Level>,
    ) -> Option<Response<B>> {
        let location = navigates(request).then(|| self.location(request, level)).flatten()?;
        let mut response = plain(StatusCode::SEE_OTHER, "Please sign in.\n");
        response.headers_mut().insert(LOCATION, location);
        Some(response)
    }

    /// 401, for whatever does not navigate.
    pub(crate) fn unauthorized<B: From<Bytes>>(text: &'static str) -> Response<B> {
        let mut response = plain(StatusCode::UNAUTHORIZED, text);
        // A 401 names a scheme (RFC 9110 section 15.5.2); browsers ignore those they do not know.
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Cookie"));
        response
    }

    /// The sign-in page, told where the person wanted to go.
    fn location(&self, request: &Parts, level: Option<Level>) -> Option<HeaderValue> {
        let login = self.login.as_str().split('#').next()?;
        let wanted = request.uri.path_and_query().and_then(|wanted| LocalPath::parse(wanted.as_str()));
        let Some(wanted) = wanted else { return HeaderValue::from_str(login).ok() };
        let mut location = String::from(login);
        location.push_str(if login.contains('?') { "&return_to=" } else { "?return_to=" });
        location.extend(byte_serialize(wanted.as_str().as_bytes()));
        if let Some(level) = level {
            location.extend(["&acr_values=", level.acr()]);
        }
        HeaderValue::try_from(location).ok()
    }
}

impl Default for ToLogin {
    /// To `/login`, where `LoginRoutes` answers unless it was told another path.
    fn default() -> Self {
        Self::new(LocalPath::parse("/login").unwrap_or_else(LocalPath::root))
    }
}

/// An answer that no cache keeps.
pub(crate) fn plain<B: From<Bytes>>(status: StatusCode, text: &'static str) -> Response<B> {
    let mut response = Response::new(B::from(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

fn navigates(request: &Parts) -> bool {
    let accepts = request.headers.get_all(ACCEPT);
    request.method == Method::GET
        && accepts.iter().any(|value| value.to_str().is_ok_and(|types| types.contains("text/html")))
}
