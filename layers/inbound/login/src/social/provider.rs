//! The providers that a host sends people to: by configuration, with presets of well-known ones.

use std::fmt;

use towergate_core::Secret;
use towergate_jose::SigningKey;

/// A provider as the host knows it.
pub struct Provider {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) kind: Kind,
    pub(super) client_id: String,
    pub(super) proof: ClientProof,
    pub(super) scope: String,
    pub(super) trusts_addresses: bool,
    pub(super) hosted_domain: Option<String>,
    pub(super) form_post: bool,
}

/// How a provider is spoken to.
pub(super) enum Kind {
    /// By what it says of itself, [OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html).
    OpenId(Issuer),
    /// By addresses that are known of it. It signs nothing: what it says over its own connection is believed.
    OAuth2(OAuth2),
}

/// Whose tokens are believed: those of `own`, which is described `at` there; or with `{tenantid}` in it those of any tenant of
/// that service, whose name its tokens carry as `tid` and in that place.
pub(super) struct Issuer {
    pub(super) at: String,
    pub(super) own: String,
}

impl Issuer {
    fn one(own: &str) -> Self {
        Self { at: own.to_owned(), own: own.to_owned() }
    }

    /// Whether its tokens are of as many issuers as there are tenants.
    pub(super) fn is_of_tenants(&self) -> bool {
        self.own.contains(TENANT)
    }
}

/// What stands in the place of a tenant's name.
pub(super) const TENANT: &str = "{tenantid}";

/// The tenant of all of Microsoft's personal accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// The addresses of a provider that speaks OAuth 2.0 alone, and what it calls things.
#[derive(Debug, Clone)]
pub struct OAuth2 {
    /// What its accounts are kept under: a URL of its own, which must never change.
    pub issuer: String,
    /// Where people are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where it says who somebody is, as a JSON object.
    pub user_endpoint: String,
    /// The member of that object which names an account for ever: a text or a number, never an address or a name.
    pub subject: &'static str,
    /// The member to call the account by, for people.
    pub label: &'static str,
    /// Where it lists addresses, as objects with `email`, `primary` and `verified`.
    pub emails_endpoint: Option<String>,
}

/// How the host proves to a provider who it is.
pub(super) enum ClientProof {
    /// By a secret in the header, [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).
    Basic(Secret<String>),
    /// By a secret in the form.
    Form(Secret<String>),
    /// By a token that is signed for each exchange, as Apple has it.
    Apple { key: Box<SigningKey>, team: String },
}

/// The name is not one to sixteen lower-case letters, digits and hyphens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a provider has a name of 1 to 16 lower-case letters, digits and hyphens")]
pub struct InvalidName;

impl Provider {
    /// Whether it speaks OpenID Connect, rather than bare OAuth 2.0.
    pub(super) const fn is_openid(&self) -> bool {
        matches!(self.kind, Kind::OpenId(_))
    }

    /// An OpenID provider at `issuer`, known under `name` in paths and as `label` to people. Nothing it says of addresses is
    /// believed unless [told](Self::trusts_addresses).
    ///
    /// # Errors
    /// When the name is none for a path.
    pub fn openid(
        name: &str,
        label: &str,
        issuer: &str,
        client_id: &str,
        client_secret: Secret<String>,
    ) -> Result<Self, InvalidName> {
        let kind = Kind::OpenId(Issuer::one(issuer));
        let proof = ClientProof::Basic(client_secret);
        Self::new((name, label), kind, client_id, proof, "openid email profile")
    }

    /// A provider that speaks OAuth 2.0 alone.
    ///
    /// # Errors
    /// When the name is none for a path.
    pub fn oauth2(
        name: &str,
        label: &str,
        endpoints: OAuth2,
        client_id: &str,
        client_secret: Secret<String>,
        scope: &str,
    ) -> Result<Self, InvalidName> {
        Self::new((name, label), Kind::OAuth2(endpoints), client_id, ClientProof::Form(client_secret), scope)
    }

    /// Google, whose word on addresses is believed.
    ///
    /// # Errors
    /// Never: the name is one for a path.
    pub fn google(client_id: &str, client_secret: Secret<String>) -> Result<Self, InvalidName> {
        let google =
            Self::openid("google", "Google", "https://accounts.google.com", client_id, client_secret)?;
        Ok(google.trusts_addresses())
    }

    /// Microsoft, for the accounts of `tenant`: the identifier of an organization (not its domain), `organizations` for those of
    /// all, `consumers` for personal ones, `common` for everybody's. An account is known by its own tenant. Its word on
    /// addresses is not believed: whoever administers a tenant of their own may write any address there.
    ///
    /// # Errors
    /// Never: the name is one for a path.
    pub fn microsoft(
        tenant: &str,
        client_id: &str,
        client_secret: Secret<String>,
    ) -> Result<Self, InvalidName> {
        let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let own = match tenant {
            "common" | "organizations" => of(TENANT),
            "consumers" => of(CONSUMERS),
            _ => of(tenant),
        };
        let issuer = Issuer { at: of(tenant), own };
        let (kind, proof) = (Kind::OpenId(issuer), ClientProof::Form(client_secret));
        Self::new(("microsoft", "Microsoft"), kind, client_id, proof, "openid email profile")
    }

    /// GitHub, whose word on addresses is believed where it calls them verified.
    ///
    /// # Errors
    /// Never: the name is one for a path.
    pub fn github(client_id: &str, client_secret: Secret<String>) -> Result<Self, InvalidName> {
        let endpoints = OAuth2 {
            issuer: String::from("https://github.com"),
            authorization_endpoint: String::from("https://github.com/login/oauth/authorize"),
            token_endpoint: String::from("https://github.com/login/oauth/access_token"),
            user_endpoint: String::from("https://api.github.com/user"),
            subject: "id",
            label: "login",
            emails_endpoint: Some(String::from("https://api.github.com/user/emails")),
        };
        let scope = "read:user user:email";
        let github = Self::oauth2("github", "GitHub", endpoints, client_id, client_secret, scope)?;
        Ok(github.trusts_addresses())
    }

    /// Apple, whose word on addresses is believed: `client_id` is the Services ID, `key` the ES256 key of `team` with its key
    /// identifier as `kid`. Apple answers by a form from its own page, which the cross-origin check must
    /// [let in](crate::social#apple).
    ///
    /// # Errors
    /// Never: the name is one for a path.
    pub fn apple(client_id: &str, team: &str, key: SigningKey) -> Result<Self, InvalidName> {
        let kind = Kind::OpenId(Issuer::one("https://appleid.apple.com"));
        let proof = ClientProof::Apple { key: Box::new(key), team: team.to_owned() };
        let apple = Self::new(("apple", "Apple"), kind, client_id, proof, "openid email")?;
        Ok(Self { form_post: true, ..apple.trusts_addresses() })
    }

    /// Believes the provider that an address is somebody's when it says that it verified it. Whoever it says so of may make an
    /// account at that address here; nobody gets one that is there.
    #[must_use]
    pub fn trusts_addresses(mut self) -> Self {
        self.trusts_addresses = true;
        self
    }

    /// Takes the accounts of this Google Workspace domain alone: its tokens must say so as `hd`, whatever an address ends with.
    #[must_use]
    pub fn hosted_domain(mut self, domain: &str) -> Self {
        self.hosted_domain = Some(domain.to_owned());
        self
    }

    /// Asks for these scope values, separated by spaces, instead of the usual ones.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// The name in paths.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name for people.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    fn new(
        (name, label): (&str, &str),
        kind: Kind,
        client_id: &str,
        proof: ClientProof,
        scope: &str,
    ) -> Result<Self, InvalidName> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if !(1..=16).contains(&name.len()) || !name.bytes().all(fits) {
            return Err(InvalidName);
        }
        Ok(Self {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            client_id: client_id.to_owned(),
            proof,
            scope: scope.to_owned(),
            trusts_addresses: false,
            hosted_domain: None,
            form_post: false,
        })
    }
}

#[cfg(test)]
impl Provider {
    /// The same, spoken to at `origin`; what it calls itself stays.
    pub(crate) fn moved_to(mut self, origin: &str) -> Self {
        let moved = |address: &str| {
            let path = address.splitn(4, '/').nth(3).unwrap_or_default();
            format!("{origin}/{path}")
        };
        match &mut self.kind {
            Kind::OpenId(issuer) => issuer.at = moved(&issuer.at),
            Kind::OAuth2(known) => {
                let emails = known.emails_endpoint.as_mut();
                let endpoints =
                    [&mut known.authorization_endpoint, &mut known.token_endpoint, &mut known.user_endpoint];
                for endpoint in endpoints.into_iter().chain(emails) {
                    *endpoint = moved(endpoint);
                }
            }
        }
        self
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("name", &self.name)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_a_name_for_a_path_and_prints_no_secret() {
        let named = |name| Provider::openid(name, "x", "https://op.example", "c", Secret::from("hush"));
        for good in ["a", "my-op-2", "0123456789abcdef"] {
            assert!(named(good).is_ok(), "{good}");
        }
        for bad in ["", "A", "a/b", "a.b", "0123456789abcdefg", "é"] {
            assert!(named(bad).is_err(), "{bad}");
        }
        assert!(!format!("{:?}", named("a").unwrap()).contains("hush"));
    }

    #[test]
    fn only_those_who_verify_addresses_are_believed() {
        let secret = || Secret::from("s");
        assert!(Provider::google("c", secret()).unwrap().trusts_addresses);
        assert!(Provider::github("c", secret()).unwrap().trusts_addresses);
        assert!(!Provider::microsoft("common", "c", secret()).unwrap().trusts_addresses);
        assert!(!Provider::openid("x", "x", "https://op.example", "c", secret()).unwrap().trusts_addresses);
    }
}
