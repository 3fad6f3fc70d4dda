//! Refuses the forms of other sites, and those of which nobody says from where they come.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use tower::Service;
use tower_http::csrf::{Csrf, CsrfLayer, ProtectionError, ResponseForProtectionError};
use tower_layer::Layer;
use towergate_core::audit::Attempted;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Lets in only what this site's own pages post: forms of other sites are refused, also at the sign-in page, where one would
/// sign somebody in to an account that is not theirs. Part of every [`Stack`](crate::Stack).
///
/// # The rules, in order
///
/// 1. `GET`, `HEAD` and `OPTIONS` pass, and so does what is posted to a path that
///    [may be posted to](Self::accept_cross_origin_posts_to).
/// 2. A request whose `Sec-Fetch-Site` is `same-origin` passes.
/// 3. One without that header, or with `none`, passes when its `Origin` is the host it is sent to.
/// 4. With neither header, only what no browser sends for another site without asking first passes: JSON, say, or a `PUT`.
/// 5. Anything else is answered 403: `cross-site`, `same-site`, another origin, `Origin: null`, and a form with neither
///    header. [`ProtectionError`] is in the response's extensions, and [`Attempted`] for the audit record.
///
/// [tower-http's `csrf`](tower_http::csrf), which does the work, lets any request with neither header pass, for the sake of programs. A browser
/// that hides both could then be made to sign its owner in as an attacker, so its forms are refused here. Every browser of the last years
/// sends at least one with each form; a program that posts a form sends `Origin`.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Request, Response, StatusCode};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt};
/// use towergate::CrossOriginLayer;
///
/// let app = ServiceBuilder::new()
///     .layer(CrossOriginLayer::new())
///     .service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
/// let post = || Request::post("/login").header("host", "id.example");
///
/// let own = post().header("origin", "https://id.example").body(()).unwrap();
/// assert_eq!(app.clone().oneshot(own).await.unwrap().status(), StatusCode::OK);
///
/// for foreign in [post().header("origin", "https://evil.example"), post()] {
///     let answer = app.clone().oneshot(foreign.body(()).unwrap()).await.unwrap();
///     assert_eq!(answer.status(), StatusCode::FORBIDDEN);
/// }
/// # });
/// ```
#[derive(Clone)]
#[must_use]
pub struct CrossOriginLayer {
    csrf: CsrfLayer<CrossOriginRefusal>,
    open: Arc<Vec<String>>,
}

impl CrossOriginLayer {
    /// Lets no other site post anywhere.
    pub fn new() -> Self {
        Self { csrf: CsrfLayer::new().with_rejection_response(CrossOriginRefusal), open: Arc::default() }
    }

    /// Lets forms of other sites be posted to `path` too. Only for a path that does nothing without asking the person, as
    /// an authorization endpoint; `SameSite=Lax` keeps the session cookie out of such a request.
    pub fn accept_cross_origin_posts_to(mut self, path: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.open).push(path.into());
        // The check keeps one rule, the last that it was given: that one must know every path.
        let open = Arc::clone(&self.open);
        self.csrf =
            self.csrf.with_insecure_bypass(move |method: &Method, uri: &Uri| is_open(&open, method, uri));
        self
    }
}

impl Default for CrossOriginLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for CrossOriginLayer {
    type Service = CrossOrigin<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CrossOrigin { inner: self.csrf.layer(inner), open: Arc::clone(&self.open) }
    }
}

/// Lets in only what this site's own pages post. Made by [`CrossOriginLayer`].
#[derive(Debug, Clone)]
pub struct CrossOrigin<S> {
    inner: Csrf<S, CrossOriginRefusal>,
    open: Arc<Vec<String>>,
}

impl<S, B> Service<Request<B>> for CrossOrigin<S>
where
    Csrf<S, CrossOriginRefusal>: Service<Request<B>>,
{
    type Response = <Csrf<S, CrossOriginRefusal> as Service<Request<B>>>::Response;
    type Error = <Csrf<S, CrossOriginRefusal> as Service<Request<B>>>::Error;
    type Future = <Csrf<S, CrossOriginRefusal> as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if is_form(&request)
            && !is_open(&self.open, request.method(), request.uri())
            && !is_from_here(request.headers(), request.uri())
        {
            // Who does not say that it comes from here counts as having said that it does not.
            request.headers_mut().insert(SEC_FETCH_SITE, HeaderValue::from_static("cross-site"));
        }
        self.inner.call(request)
    }
}

/// Whether a browser would send it for another site's page without asking first: by
/// [Fetch](https://fetch.spec.whatwg.org/#cors-safelisted-request-header), a `POST` of one of three types, or of none.
fn is_form<B>(request: &Request<B>) -> bool {
    if request.method() != Method::POST {
        return false;
    }
    let mut types = request.headers().get_all(CONTENT_TYPE).iter();
    let is_other = types.next().is_some_and(|media| {
        let essence =
            media.to_str().ok().and_then(|media| media.split([';', ',']).next()).unwrap_or_default().trim();
        let of_forms = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""];
        of_forms.iter().all(|form| !essence.eq_ignore_ascii_case(form))
    });
    let is_one = types.next().is_none();
    !(is_other && is_one)
}

/// Whether a request says that a page of this host sent it.
fn is_from_here(headers: &HeaderMap, uri: &Uri) -> bool {
    match headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes) {
        Some(b"same-origin") => true,
        None | Some(b"none") => is_own_origin(headers, uri),
        Some(_) => false,
    }
}

fn is_own_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let host = uri.authority().map(|authority| authority.as_str().as_bytes());
    let host = host.or_else(|| headers.get(HOST).map(HeaderValue::as_bytes));
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let origin =
        origin.and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority.as_bytes());
    origin.is_some() && origin == host
}

fn is_open(open: &[String], method: &Method, uri: &Uri) -> bool {
    method == Method::POST && open.iter().any(|path| uri.path() == path)
}

impl fmt::Debug for CrossOriginLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrossOriginLayer").field("open", &self.open).finish_non_exhaustive()
    }
}

/// What another site's form is answered: 403 and a sentence.
#[derive(Debug, Clone, Copy, Default)]
pub struct CrossOriginRefusal;

impl<B: From<Bytes>> ResponseForProtectionError<B> for CrossOriginRefusal {
    fn response_for_protection_error(&mut self, _: ProtectionError) -> Response<B> {
        let _told = towergate_core::work_span!("towergate.cross_origin", outcome = "refused").entered();
        let text = "This form was sent from another site, or your browser does not say from where. Please go back and use the \
                    form on this site.\n";
        let mut response = Response::new(B::from(Bytes::from_static(text.as_bytes())));
        *response.status_mut() = StatusCode::FORBIDDEN;
        // The same guard as on every other page, also in a build without a wing that has pages.
        let guard = [
            (CONTENT_TYPE, "text/plain; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "same-origin"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
        ];
        response.extensions_mut().insert(Attempted("cross_origin"));
        response.headers_mut().extend(guard.map(|(name, value)| (name, HeaderValue::from_static(value))));
        response
    }
}
