//! The client.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode,
    header::{
        ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT,
    },
};
use http_body::Body as _;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tracing::{Instrument, field::Empty};

use crate::{
    Cause, FetchError, Fetched, HttpsUrl, InvalidPolicy, InvalidUrl, Policy,
    guard::{Allowed, Guard},
    policy::Bounds,
};

const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADER_FIELDS: usize = 64;

/// The client; a clone shares everything with the original.
#[derive(Clone)]
pub struct GuardedClient(Arc<Inner>);

/// A call in a caller's own name. Neither its form nor who makes it is ever printed.
pub struct Call {
    /// The media type that is asked for.
    pub accept: &'static str,
    /// Who calls: the value of `Authorization`.
    pub authorization: Option<HeaderValue>,
    /// What is posted, form-encoded.
    pub form: Option<Vec<u8>>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("accept", &self.accept).finish_non_exhaustive()
    }
}

struct Inner {
    allowed: Allowed,
    bounds: Bounds,
    tls: Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>,
    /// For this machine alone, under the policy that allows it.
    plain: Option<Client<HttpConnector<Guard>, Full<Bytes>>>,
}

impl GuardedClient {
    /// A client that keeps `policy`.
    ///
    /// # Errors
    ///
    /// When a bound is zero or the extra certificate authority cannot be read.
    #[expect(clippy::needless_pass_by_value, reason = "a policy is made to be given away")]
    pub fn new(policy: Policy) -> Result<Self, InvalidPolicy> {
        let bounds = policy.bounds()?;
        let loopback = policy.allows_loopback();
        let allowed = if loopback { Allowed::PublicAndLoopback } else { Allowed::Public };
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(policy.tls()?)
            .https_only()
            .enable_http1()
            .wrap_connector(tcp(allowed, bounds));
        let plain = loopback.then(|| client(tcp(Allowed::Loopback, bounds)));
        Ok(Self(Arc::new(Inner { allowed, bounds, tls: client(tls), plain })))
    }

    /// Reads a URL as this client's policy allows: https, and under
    /// [`danger_allow_loopback`](Policy::danger_allow_loopback) also http on this machine.
    ///
    /// # Errors
    ///
    /// When it is something else; see [`InvalidUrl`].
    pub fn url(&self, text: &str) -> Result<HttpsUrl, InvalidUrl> {
        match self.0.plain {
            Some(_) => HttpsUrl::danger_parse_allowing_loopback(text),
            None => HttpsUrl::parse(text),
        }
    }

    /// Fetches `url`; `accept` is the media type that is asked for.
    ///
    /// # Errors
    ///
    /// Whenever the answer is not 200 and complete within the bounds; see [`FetchError`].
    pub async fn get(&self, url: &HttpsUrl, accept: &'static str) -> Result<Fetched, FetchError> {
        let accept = HeaderValue::from_str(accept).map_err(|_| FetchError::Request)?;
        self.get_with(url, HeaderMap::from_iter([(ACCEPT, accept)])).await
    }

    /// Fetches `url` with these header fields.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn get_with(&self, url: &HttpsUrl, headers: HeaderMap) -> Result<Fetched, FetchError> {
        let mut request = Request::new(Full::default());
        *request.headers_mut() = headers;
        let fetched = self.send(url, request).await?;
        if fetched.status == StatusCode::OK { Ok(fetched) } else { Err(FetchError::Status(fetched.status)) }
    }

    /// Sends `body` to `url`, once, as `media_type`.
    ///
    /// # Errors
    ///
    /// Whenever the answer is not 2xx and complete within the bounds; see [`FetchError`]. The host may have acted on the
    /// request all the same, unless it was never connected to.
    pub async fn post(
        &self,
        url: &HttpsUrl,
        media_type: &'static str,
        body: Vec<u8>,
    ) -> Result<Fetched, FetchError> {
        let media_type = HeaderValue::from_str(media_type).map_err(|_| FetchError::Request)?;
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = http::Method::POST;
        request.headers_mut().insert(CONTENT_TYPE, media_type);
        self.send(url, request).await
    }

    /// Makes one call in a caller's own name: with a form where there is one, else to read.
    ///
    /// # Errors
    ///
    /// Whenever the answer is not 2xx and complete within the bounds; see [`FetchError`]. The host may have acted on the
    /// request all the same, unless it was never connected to.
    pub async fn call(&self, url: &HttpsUrl, call: Call) -> Result<Fetched, FetchError> {
        let Call { accept, authorization, form } = call;
        let is_form = form.is_some();
        let mut request = Request::new(Full::from(form.unwrap_or_default()));
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if is_form {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        if let Some(mut authorization) = authorization {
            authorization.set_sensitive(true);
            headers.insert(AUTHORIZATION, authorization);
        }
        if is_form {
            *request.method_mut() = http::Method::POST;
        }
        self.send(url, request).await
    }

    async fn send(&self, url: &HttpsUrl, mut request: Request<Full<Bytes>>) -> Result<Fetched, FetchError> {
        let inner = &*self.0;
        *request.uri_mut() = url.uri().clone();
        for (name, value) in [(ACCEPT_ENCODING, "identity"), (CONNECTION, "close"), (USER_AGENT, "towergate")]
        {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let exchange = async {
            let response = inner.ask(url, request).await?;
            read(response, inner.bounds.max_body).await
        };
        let span = tracing::debug_span!(target: "towergate::span", "towergate.http", outcome = Empty);
        let fetched = tokio::time::timeout(inner.bounds.timeout, exchange).instrument(span.clone()).await;
        let fetched = fetched.unwrap_or(Err(FetchError::Timeout));
        span.record("outcome", if fetched.is_ok() { "done" } else { "failed" });
        fetched
    }
}

impl Inner {
    async fn ask(
        &self,
        url: &HttpsUrl,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, FetchError> {
        let plain = match (url.is_plain(), &self.plain) {
            (false, _) => None,
            (true, Some(plain)) => Some(plain),
            (true, None) => return Err(FetchError::Plain),
        };
        // A host that is an address is never looked up, so the resolver would not see it.
        if let Some(address) = url.address() {
            self.allowed.check(address)?;
        }
        let sent = match plain {
            Some(plain) => plain.request(request),
            None => self.tls.request(request),
        };
        sent.await.map_err(FetchError::of_client)
    }
}

impl fmt::Debug for GuardedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { allowed, bounds, .. } = &*self.0;
        f.debug_struct("GuardedClient")
            .field("allowed", allowed)
            .field("bounds", bounds)
            .finish_non_exhaustive()
    }
}

fn tcp(allowed: Allowed, bounds: Bounds) -> HttpConnector<Guard> {
    let mut tcp = HttpConnector::new_with_resolver(Guard::new(allowed));
    tcp.enforce_http(allowed == Allowed::Loopback);
    tcp.set_connect_timeout(Some(bounds.connect_timeout));
    tcp.set_nodelay(true);
    tcp
}

fn client<C>(connector: C) -> Client<C, Full<Bytes>>
where
    C: hyper_util::client::legacy::connect::Connect + Clone,
{
    Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .retry_canceled_requests(false)
        .http1_max_buf_size(MAX_HEADER_BYTES)
        .http1_max_headers(MAX_HEADER_FIELDS)
        .build(connector)
}

async fn read(response: Response<Incoming>, limit: usize) -> Result<Fetched, FetchError> {
    let (parts, body) = response.into_parts();
    if parts.status.is_redirection() {
        return Err(FetchError::Redirected(parts.status));
    }
    if !parts.status.is_success() {
        return Err(FetchError::Status(parts.status));
    }
    let encoding = parts.headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(FetchError::Encoded);
    }
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if declared > limit {
        return Err(FetchError::TooLarge { limit });
    }
    let collected = Limited::new(body, limit).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            FetchError::TooLarge { limit }
        } else {
            FetchError::Exchange(Cause::new(error))
        }
    })?;
    Ok(Fetched::new(parts.status, &parts.headers, collected.to_bytes()))
}

#[cfg(test)]
mod tests {
    use std::{io, vec};

    use tower::service_fn;

    use super::*;
    use crate::guard::LookupFailed;

    #[tokio::test]
    async fn a_name_that_leads_nowhere_is_a_failure_of_the_lookup() {
        let nowhere = service_fn(async |_| {
            Err::<vec::IntoIter<_>, _>(LookupFailed::Unknown(io::Error::other("no such name")))
        });
        let client = client(HttpConnector::new_with_resolver(nowhere));
        let request = Request::get("http://client.example/").body(Full::default()).unwrap();
        let failed = FetchError::of_client(client.request(request).await.unwrap_err());
        assert!(matches!(failed, FetchError::Resolve(_)) && failed.is_temporary(), "{failed:?}");
        assert!(failed.to_string().contains("no such name"), "{failed}");
    }
}
