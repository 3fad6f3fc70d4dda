//! Who people sign in at, as authenticators see it, and what the host asks of keys.

use std::time::Duration;

use towergate_identity::rules::passkey::{AaguidPolicy, CeremonyRoom, MAX_PASSKEYS, SignCountPolicy};
use url::{Host, Url};
use webauthn_rs::WebauthnBuilder;
use webauthn_rs_core::WebauthnCore;

/// How long browsers wait for an authenticator; ceremonies wait no longer.
pub(crate) const TIMEOUT: Duration = towergate_identity::rules::passkey::CEREMONY;

/// The relying party of [Web Authentication](https://www.w3.org/TR/webauthn-3/#relying-party), and the policy of its host.
#[derive(Debug, Clone)]
#[must_use]
pub struct RelyingParty {
    name: String,
    id: String,
    origins: Vec<Url>,
    pub(crate) counts: SignCountPolicy,
    pub(crate) makes: AaguidPolicy,
    pub(crate) most: u32,
    pub(crate) room: CeremonyRoom,
}

/// Why there is no relying party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRelyingParty {
    /// The name is empty.
    #[error("the name that authenticators show is empty")]
    Name,
    /// The text is no origin that passkeys work at.
    #[error(
        "passkeys work at an origin such as https://example.com; http is for localhost alone, and an address of digits never does"
    )]
    Origin,
    /// The identifier is not the host of the origin, nor a domain above it.
    #[error("the identifier must be the host of the origin, or a domain above it")]
    Id,
}

impl RelyingParty {
    /// The site at `origin`, such as `https://id.example.com`, which authenticators show as `name`. Keys are bound to the host
    /// of the origin.
    ///
    /// # Errors
    /// When passkeys do not work there.
    pub fn new(name: &str, origin: &str) -> Result<Self, InvalidRelyingParty> {
        if name.trim().is_empty() {
            return Err(InvalidRelyingParty::Name);
        }
        let origin = parse(origin)?;
        let id = origin.domain().ok_or(InvalidRelyingParty::Origin)?.to_owned();
        belongs(&id, &origin)?;
        Ok(Self {
            name: name.to_owned(),
            id,
            origins: vec![origin],
            counts: SignCountPolicy::default(),
            makes: AaguidPolicy::default(),
            most: MAX_PASSKEYS,
            room: CeremonyRoom::default(),
        })
    }

    /// Binds keys to a domain above the host, such as `example.com`, so that its other hosts can use them. Keys that exist
    /// are bound to what it was before: they open nothing under another.
    ///
    /// # Errors
    /// When it is none.
    pub fn id(mut self, id: &str) -> Result<Self, InvalidRelyingParty> {
        let host = self.origins.first().and_then(Url::domain).unwrap_or_default();
        let above = host.strip_suffix(id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let plain = id.contains('.') || id == host;
        if id.is_empty() || !above || !plain {
            return Err(InvalidRelyingParty::Id);
        }
        self.origins.first().map_or(Ok(()), |origin| belongs(id, origin))?;
        id.clone_into(&mut self.id);
        Ok(self)
    }

    /// Takes the keys of this site at another origin too, such as `https://example.co.uk`
    /// ([related origins](https://www.w3.org/TR/webauthn-3/#sctn-related-origins)). Browsers ask
    /// `/.well-known/webauthn` of the identifier's own host whether that is meant.
    ///
    /// # Errors
    /// When passkeys do not work there.
    pub fn related_origin(mut self, origin: &str) -> Result<Self, InvalidRelyingParty> {
        let origin = parse(origin)?;
        if !self.origins.contains(&origin) {
            self.origins.push(origin);
        }
        Ok(self)
    }

    /// What becomes of a sign-in whose signature count went back.
    pub const fn sign_counts(mut self, policy: SignCountPolicy) -> Self {
        self.counts = policy;
        self
    }

    /// Which makes of authenticators may be registered.
    pub fn makes(mut self, policy: AaguidPolicy) -> Self {
        self.makes = policy;
        self
    }

    /// How many passkeys a person may have: at least one.
    pub const fn most(mut self, most: u32) -> Self {
        self.most = if most == 0 { 1 } else { most };
        self
    }

    /// How many ceremonies may wait at once.
    pub const fn room(mut self, room: CeremonyRoom) -> Self {
        self.room = room;
        self
    }

    /// The identifier that keys are bound to.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.id
    }

    /// The site's own origin.
    #[must_use]
    pub fn origin(&self) -> String {
        self.origins.first().map(spelled).unwrap_or_default()
    }

    /// Every origin at which its keys are taken, the site's own first.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        self.origins.iter().map(spelled).collect()
    }

    pub(crate) fn core(&self) -> WebauthnCore {
        let origins = self.origins.clone();
        WebauthnCore::new_unsafe_experts_only(
            &self.name,
            &self.id,
            origins,
            TIMEOUT,
            Some(false),
            Some(false),
        )
    }
}

fn spelled(origin: &Url) -> String {
    origin.origin().ascii_serialization()
}

/// Whether browsers take keys of the identifier at the origin.
fn belongs(id: &str, origin: &Url) -> Result<(), InvalidRelyingParty> {
    WebauthnBuilder::new(id, origin).and_then(WebauthnBuilder::build).map_err(|_| InvalidRelyingParty::Id)?;
    Ok(())
}

fn parse(text: &str) -> Result<Url, InvalidRelyingParty> {
    let url = Url::parse(text).map_err(|_| InvalidRelyingParty::Origin)?;
    let Some(Host::Domain(domain)) = url.host() else { return Err(InvalidRelyingParty::Origin) };
    let local = domain == "localhost" || domain.ends_with(".localhost");
    let secure = url.scheme() == "https" || (url.scheme() == "http" && local);
    let bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if secure && bare { Ok(url) } else { Err(InvalidRelyingParty::Origin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_need_a_named_host_and_a_secure_way_to_it() {
        for (origin, id) in [
            ("https://id.example.com", "id.example.com"),
            ("https://id.example.com:8443", "id.example.com"),
            ("http://localhost:3000", "localhost"),
            ("http://app.localhost", "app.localhost"),
        ] {
            let party = RelyingParty::new("Example", origin).unwrap();
            assert_eq!((party.identifier(), party.origin().as_str()), (id, origin));
        }
        for origin in [
            "http://id.example.com",
            "https://127.0.0.1",
            "https://[::1]",
            "https://id.example.com/path",
            "https://id.example.com?q",
            "https://u@id.example.com",
            "ftp://id.example.com",
            "id.example.com",
            "",
        ] {
            let refused = RelyingParty::new("Example", origin).unwrap_err();
            assert_eq!(refused, InvalidRelyingParty::Origin, "{origin}");
        }
        assert_eq!(RelyingParty::new(" ", "https://a.example").unwrap_err(), InvalidRelyingParty::Name);
    }

    #[test]
    fn keys_are_bound_to_the_host_or_a_domain_above_it() {
        let party = RelyingParty::new("Example", "https://id.example.com").unwrap();
        for id in ["id.example.com", "example.com"] {
            assert_eq!(party.clone().id(id).unwrap().identifier(), id);
        }
        for id in ["", "com", "ple.com", "other.example", "www.id.example.com", ".example.com"] {
            assert_eq!(party.clone().id(id).unwrap_err(), InvalidRelyingParty::Id, "{id}");
        }
    }

    #[test]
    fn related_origins_come_after_the_own_one() {
        let party = RelyingParty::new("Example", "https://example.com").unwrap();
        let party = party.related_origin("https://example.co.uk").unwrap();
        let party = party.related_origin("https://example.com").unwrap();
        assert_eq!(party.origins(), ["https://example.com", "https://example.co.uk"]);
        assert!(party.related_origin("http://example.de").is_err());
    }
}
