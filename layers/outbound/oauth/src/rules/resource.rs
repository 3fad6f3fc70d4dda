//! Which APIs a token is for. [RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)
//!
//! A request may name the APIs that the operator registered, those that every token is for anyway, and the issuer
//! itself; a name is compared exactly. One that names none gets tokens for the usual ones.

use towergate_oauth_types::{ErrorCode, OAuthError, Scope};
use url::Url;

use super::{client::ClientId, issuer::Issuer};

/// The longest name of an API, in bytes.
pub const MAX_LENGTH: usize = 2048;

/// An API that the operator registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResourceServer {
    resource: String,
    /// The client that guards it: it may ask about tokens for it.
    pub client: Option<ClientId>,
    /// The scope values that mean something there; all when absent.
    pub scope: Option<Scope>,
}

/// The name of an API is no absolute URI of at most [`MAX_LENGTH`] visible ASCII characters without a fragment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a resource must be an absolute URI of at most 2048 visible ASCII characters, without a fragment")]
pub struct InvalidResource;

impl ResourceServer {
    /// The API with this name, which means every scope value and about whose tokens nobody may ask.
    ///
    /// # Errors
    /// When the name is no absolute URI, or has a fragment.
    pub fn new(resource: impl Into<String>) -> Result<Self, InvalidResource> {
        let resource = resource.into();
        let plain = |byte: u8| (0x21..0x7f).contains(&byte) && byte != b'#';
        if resource.len() > MAX_LENGTH || !resource.bytes().all(plain) || Url::parse(&resource).is_err() {
            return Err(InvalidResource);
        }
        Ok(Self { resource, client: None, scope: None })
    }

    /// The same API, about whose tokens `client` may ask.
    #[must_use]
    pub fn guarded_by(mut self, client: ClientId) -> Self {
        self.client = Some(client);
        self
    }

    /// The same API, to which only these scope values mean something.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Its name: what a client asks for, and the `aud` of a token for it.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }
}

/// Everything that tokens of this server may be for.
#[derive(Debug, Clone, Copy)]
pub struct Targets<'a> {
    /// The server itself.
    pub issuer: &'a Issuer,
    /// Whom tokens are for when a request does not say.
    pub default_audience: &'a [String],
    /// What the operator registered.
    pub servers: &'a [ResourceServer],
}

impl<'a> Targets<'a> {
    /// Checks what an authorization request or a client acting for itself names; repetitions carry no meaning.
    ///
    /// # Errors
    /// `invalid_target` when a name is none that tokens may be for.
    pub fn admit<'b>(&self, named: impl IntoIterator<Item = &'b str>) -> Result<Vec<String>, OAuthError> {
        let mut admitted: Vec<String> = Vec::new();
        for name in named {
            if !self.knows(name) {
                return Err(UNKNOWN);
            }
            if !admitted.iter().any(|before| before == name) {
                admitted.push(name.to_owned());
            }
        }
        Ok(admitted)
    }

    /// Whom tokens are for: those that were [admitted](Self::admit), or the usual ones when there are none, or the issuer
    /// when there are none of those either. A token is always for somebody.
    #[must_use]
    pub fn audience(&self, admitted: &[String]) -> Vec<String> {
        match (admitted, self.default_audience) {
            ([], []) => vec![self.issuer.as_str().to_owned()],
            ([], usual) => usual.to_vec(),
            (admitted, _) => admitted.to_vec(),
        }
    }

    /// Whether a token for `audience` is good at the server's own userinfo endpoint: it is for the issuer, or for those
    /// that tokens are usually for. One that names other APIs alone is not: they could use it to read what they were
    /// not meant to.
    #[must_use]
    pub fn is_for_userinfo(&self, audience: &[String]) -> bool {
        let ours = |name: &String| name == self.issuer.as_str() || self.default_audience.contains(name);
        audience.is_empty() || audience.iter().any(ours)
    }

    /// The part of `scope` that means something to somebody of `audience`; all of it when one of them does not say.
    #[must_use]
    pub fn scope_at(&self, audience: &[String], scope: Scope) -> Scope {
        let spoken = audience.iter().try_fold(Scope::default(), |all, name| {
            let server = self.server(name)?;
            Some(all.union(server.scope.as_ref()?))
        });
        match spoken {
            Some(spoken) => scope.intersection(&spoken),
            None => scope,
        }
    }

    /// The part of `audience` that `client` guards: about a token for them it may ask.
    #[must_use]
    pub fn guarded_by(&self, client: &ClientId, audience: &[String]) -> Vec<String> {
        let guards =
            |name: &&String| self.server(name).is_some_and(|server| server.client.as_ref() == Some(client));
        audience.iter().filter(guards).cloned().collect()
    }

    /// The registered API with this name.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<&'a ResourceServer> {
        self.servers.iter().find(|server| server.resource == name)
    }

    fn knows(&self, name: &str) -> bool {
        name == self.issuer.as_str()
            || self.default_audience.iter().any(|usual| usual == name)
            || self.server(name).is_some()
    }
}

/// Whom a token of an existing grant is for, when the token request names somebody: never more than the grant,
/// [RFC 8707 section 2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2).
///
/// # Errors
/// `invalid_target` when a name is not one of the grant's.
pub fn narrow<'b>(
    granted: &[String],
    named: impl IntoIterator<Item = &'b str>,
) -> Result<Vec<String>, OAuthError> {
    let mut narrowed: Vec<String> = Vec::new();
    for name in named {
        if !granted.iter().any(|grant| grant == name) {
            return Err(UNKNOWN);
        }
        if !narrowed.iter().any(|before| before == name) {
            narrowed.push(name.to_owned());
        }
    }
    Ok(if narrowed.is_empty() { granted.to_vec() } else { narrowed })
}

const UNKNOWN: OAuthError =
    OAuthError::new(ErrorCode::InvalidTarget, "a resource is unknown here, or was not granted");

#[cfg(test)]
mod tests;
