//! What a guarded API says of itself. [RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)

use std::{sync::Arc, time::Duration};

use http::Request;
use serde::Serialize;
use tower_layer::Layer;
use towergate_endpoint::{Answer, Document, Endpoints, Mounted};
use towergate_oauth_types::Scope;
use url::{Host, Url};

/// The well-known path that the resource's own path is appended to,
/// [RFC 9728 section 3](https://www.rfc-editor.org/rfc/rfc9728#section-3).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// How long copies of it may be kept.
const CACHE_FOR: Duration = Duration::from_secs(300);

/// What an API says of itself, [RFC 9728 section 2](https://www.rfc-editor.org/rfc/rfc9728#section-2): a client that is
/// turned away learns from it which authorization server to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceMetadata {
    resource: String,
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<String>,
    #[serde(skip)]
    address: String,
    #[serde(skip)]
    path: String,
}

/// The text is no resource identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a resource must be an absolute https URL without user, query and fragment, such as https://api.example/v1; \
     http is for this very machine alone"
)]
pub struct InvalidResource;

impl ResourceMetadata {
    /// The API at `resource`, which takes the tokens of `issuer`. Its URL is the audience of its tokens.
    ///
    /// # Errors
    /// When `resource` is not an absolute `https` URL without user, query and fragment; `http` on this very machine
    /// passes, for trials.
    pub fn new(resource: &str, issuer: &str) -> Result<Self, InvalidResource> {
        let url = Url::parse(resource).map_err(|_| InvalidResource)?;
        let this_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let sound = url.scheme() == "https" || (url.scheme() == "http" && this_machine);
        let plain = url.username().is_empty() && url.password().is_none();
        if !sound || !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidResource);
        }
        let own = url.path().trim_end_matches('/');
        let path = format!("{WELL_KNOWN}{own}");
        Ok(Self {
            resource: resource.to_owned(),
            authorization_servers: vec![issuer.to_owned()],
            scopes_supported: Vec::new(),
            bearer_methods_supported: ["header"],
            resource_name: None,
            resource_documentation: None,
            address: format!("{}{path}", url.origin().ascii_serialization()),
            path,
        })
    }

    /// The scope values that it knows.
    #[must_use]
    pub fn scopes(mut self, scopes: &Scope) -> Self {
        self.scopes_supported = scopes.values().map(str::to_owned).collect();
        self
    }

    /// What people call it.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.resource_name = Some(name.into());
        self
    }

    /// The page for whoever writes software against it.
    #[must_use]
    pub fn documentation(mut self, address: impl Into<String>) -> Self {
        self.resource_documentation = Some(address.into());
        self
    }

    /// The resource identifier: the audience of its tokens.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Where this is read.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// Answers the metadata of one API at its well-known path; mount it outside the guard, since whoever has no token yet
/// reads it.
///
/// ```
/// use std::convert::Infallible;
/// use bytes::Bytes;
/// use http::{Method, Request, Response, StatusCode};
/// use tower::{Layer, ServiceExt, service_fn};
/// use towergate_oauth_resource::{MetadataLayer, ResourceMetadata};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let metadata = ResourceMetadata::new("https://api.example/v1", "https://id.example")?;
/// let api = MetadataLayer::new(&metadata)
///     .layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::from("the API")))));
///
/// let path = "/.well-known/oauth-protected-resource/v1";
/// let answer = api.clone().oneshot(Request::get(path).body(())?).await?;
/// assert!(answer.into_body().starts_with(br#"{"resource":"https://api.example/v1""#));
///
/// let refused = api.oneshot(Request::delete(path).body(())?).await?;
/// assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MetadataLayer {
    described: Described,
}

/// The endpoint that [`MetadataLayer`] mounts.
#[derive(Debug, Clone)]
pub struct Described {
    path: Arc<str>,
    document: Document,
}

impl MetadataLayer {
    /// Answers `metadata`.
    #[must_use]
    pub fn new(metadata: &ResourceMetadata) -> Self {
        let text = serde_json::to_vec(metadata).unwrap_or_else(|error| {
            tracing::error!(%error, "the metadata of an API does not turn into JSON");
            b"{}".to_vec()
        });
        let document = Document::json(text, CACHE_FOR);
        Self { described: Described { path: metadata.path.as_str().into(), document } }
    }
}

impl<I> Layer<I> for MetadataLayer {
    type Service = Mounted<Described, I>;

    fn layer(&self, inner: I) -> Self::Service {
        Mounted::new(self.described.clone(), inner)
    }
}

impl<B: Send + 'static> Endpoints<B> for Described {
    type Route = ();

    fn route(&self, path: &str) -> Option<()> {
        (path == &*self.path).then_some(())
    }

    fn name(&self, (): &()) -> &'static str {
        "protected_resource"
    }

    fn answer(self, (): (), request: Request<B>) -> Answer {
        Answer::at_hand(self.document.answer(request.method(), request.headers()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc9728_3_1_the_path_of_the_resource_follows_the_well_known_one() {
        for (resource, address) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/v1/x", "https://api.example/.well-known/oauth-protected-resource/v1/x"),
            ("http://localhost:3000/api", "http://localhost:3000/.well-known/oauth-protected-resource/api"),
        ] {
            let metadata = ResourceMetadata::new(resource, "https://id.example").unwrap();
            assert_eq!((metadata.address(), metadata.resource()), (address, resource));
        }
    }

    #[test]
    fn rfc9728_1_2_a_resource_is_an_https_url_without_fragment() {
        for bad in [
            "",
            "api",
            "http://api.example",
            "https://api.example/#x",
            "https://api.example/?x",
            "https://me@api.example",
            "urn:api",
        ] {
            assert_eq!(ResourceMetadata::new(bad, "https://id.example"), Err(InvalidResource), "{bad}");
        }
    }

    #[test]
    fn rfc9728_2_members_that_say_nothing_are_left_out() {
        let metadata = ResourceMetadata::new("https://api.example", "https://id.example").unwrap();
        let json = serde_json::to_value(&metadata).unwrap();
        let expected = serde_json::json!({
            "resource": "https://api.example", "authorization_servers": ["https://id.example"],
            "bearer_methods_supported": ["header"],
        });
        assert_eq!(json, expected);
        let metadata = metadata.scopes(&Scope::parse("read write").unwrap()).name("The API");
        let json = serde_json::to_value(&metadata).unwrap();
        assert_eq!(json["scopes_supported"], serde_json::json!(["read", "write"]));
        assert_eq!(json["resource_name"], "The API");
    }
}
