//! How far a client may go that nobody vouches for: one that registers itself, or is known by a document of its own.

use std::collections::BTreeSet;

use towergate_jose::Algorithm;
use towergate_oauth_types::Scope;
use url::Url;

use super::{
    ClientAuthMethod, ClientMetadata, GrantType,
    problem::{FieldFault, MetadataProblem, RedirectUriFault},
};
use crate::rules::issuer::Issuer;

/// The bounds. Whoever asks for more is refused and told so; whoever does not say what it wants gets what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrationPolicy {
    /// The scope values that such a client may ask for: those that OpenID Connect defines, unless the host says otherwise.
    pub scope: Scope,
    /// The grants it may use: authorization code and refresh token, unless the host says otherwise.
    pub grant_types: BTreeSet<GrantType>,
    /// How it may prove itself: in any way, unless the host says otherwise.
    pub auth_methods: Vec<ClientAuthMethod>,
    /// The hosts that codes may be sent to: `app.example`, or `*.example` for all below it. Any when absent; when there is
    /// a list, a private-use scheme has no place in it.
    pub redirect_hosts: Option<Vec<String>>,
    /// Lets every confidential client in without PKCE, for OpenID clients that are older than it.
    pub insecure_pkce_optional: bool,
    /// How many there may be at once.
    pub max_clients: u32,
}

impl Default for RegistrationPolicy {
    fn default() -> Self {
        let scope = Scope::parse("openid profile email address phone offline_access").unwrap_or_default();
        Self {
            scope,
            grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
            auth_methods: ClientAuthMethod::ALL.to_vec(),
            redirect_hosts: None,
            insecure_pkce_optional: false,
            max_clients: 10_000,
        }
    }
}

impl RegistrationPolicy {
    /// Completes what was not said and tells what goes too far; `algorithms` are those that the server, `issuer`, signs
    /// with.
    pub(super) fn bound(
        &self,
        metadata: &mut ClientMetadata,
        issuer: &Issuer,
        algorithms: &[Algorithm],
    ) -> Vec<MetadataProblem> {
        let mut problems = Vec::new();
        // An answer by form is posted from a page of ours: at a place of ours it would pass for a form of ours.
        for uri in metadata.redirect_uris.iter().filter(|uri| issuer.is_origin_of(uri)) {
            problems.push(MetadataProblem::RedirectUri {
                uri: uri.clone(),
                fault: RedirectUriFault::OfTheServer,
            });
        }
        let mut refuse = |field: &str, said: Vec<String>, allowed: Vec<String>| {
            let fault = FieldFault::OutOfBounds { said: said.join(", "), allowed: allowed.join(", ") };
            problems.push(MetadataProblem::field(field, fault));
        };
        if metadata.scope.is_empty() {
            metadata.scope = self.scope.clone();
        }
        let names = |scope: &Scope| scope.values().map(str::to_owned).collect::<Vec<_>>();
        let beyond: Vec<_> =
            names(&metadata.scope).into_iter().filter(|value| !self.scope.contains(value)).collect();
        if !beyond.is_empty() {
            refuse("scope", beyond, names(&self.scope));
        }
        let grants = |grants: &mut dyn Iterator<Item = &GrantType>| {
            grants.map(ToString::to_string).collect::<Vec<_>>()
        };
        let beyond = grants(&mut metadata.grant_types.difference(&self.grant_types));
        if !beyond.is_empty() {
            refuse("grant_types", beyond, grants(&mut self.grant_types.iter()));
        }
        let method = metadata.token_endpoint_auth_method;
        if !self.auth_methods.contains(&method) {
            let allowed = self.auth_methods.iter().map(ToString::to_string).collect();
            refuse("token_endpoint_auth_method", vec![method.to_string()], allowed);
        }
        if let Some(hosts) = &self.redirect_hosts {
            let beyond: Vec<_> =
                metadata.redirect_uris.iter().filter(|uri| !is_at(uri, hosts)).cloned().collect();
            if !beyond.is_empty() {
                refuse("redirect_uris", beyond, hosts.clone());
            }
        }
        for (field, algorithm) in [
            ("id_token_signed_response_alg", Some(metadata.id_token_signed_response_alg)),
            ("userinfo_signed_response_alg", metadata.userinfo_signed_response_alg),
            ("introspection_signed_response_alg", metadata.introspection_signed_response_alg),
        ] {
            if let Some(algorithm) = algorithm.filter(|algorithm| !algorithms.contains(algorithm)) {
                let allowed = algorithms.iter().map(ToString::to_string).collect();
                refuse(field, vec![algorithm.to_string()], allowed);
            }
        }
        let confidential = method != ClientAuthMethod::None;
        if self.insecure_pkce_optional {
            metadata.insecure_pkce_optional |= confidential;
        } else if metadata.insecure_pkce_optional {
            refuse("insecure_pkce_optional", vec![String::from("true")], vec![String::from("false")]);
        }
        problems
    }
}

/// Whether the address is at one of the hosts: `app.example`, `*.example` for all below it, or `*` for any.
#[must_use]
pub fn is_at(uri: &str, hosts: &[String]) -> bool {
    let Some(host) = Url::parse(uri).ok().and_then(|uri| uri.host_str().map(str::to_owned)) else {
        return false;
    };
    if hosts.iter().any(|allowed| allowed == "*") {
        return true;
    }
    hosts.iter().any(|allowed| match allowed.strip_prefix("*.") {
        Some(above) => host
            .strip_suffix(above)
            .and_then(|below| below.strip_suffix('.'))
            .is_some_and(|label| !label.is_empty()),
        None => host.eq_ignore_ascii_case(allowed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata() -> ClientMetadata {
        ClientMetadata { redirect_uris: vec![String::from("https://app.example/cb")], ..Default::default() }
    }

    fn blamed(policy: &RegistrationPolicy, change: impl FnOnce(&mut ClientMetadata)) -> Vec<String> {
        let mut metadata = metadata();
        change(&mut metadata);
        let problems = policy.bound(&mut metadata, &issuer(), &[Algorithm::RS256, Algorithm::ES256]);
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn whoever_does_not_say_gets_what_is_allowed() {
        let (policy, mut metadata) = (RegistrationPolicy::default(), metadata());
        assert_eq!(policy.bound(&mut metadata, &issuer(), &Algorithm::ALL), []);
        assert_eq!(metadata.scope, policy.scope);
        assert!(!metadata.insecure_pkce_optional);
    }

    #[test]
    fn whoever_goes_too_far_is_told_where_the_bound_is() {
        let policy = RegistrationPolicy {
            scope: Scope::parse("openid email").unwrap(),
            auth_methods: vec![ClientAuthMethod::PrivateKeyJwt, ClientAuthMethod::ClientSecretBasic],
            redirect_hosts: Some(vec![String::from("app.example"), String::from("*.apps.example")]),
            ..Default::default()
        };
        let told = blamed(&policy, |metadata| {
            metadata.scope = Scope::parse("openid admin").unwrap();
            metadata.grant_types.insert(GrantType::ClientCredentials);
            metadata.token_endpoint_auth_method = ClientAuthMethod::None;
            metadata.redirect_uris.push(String::from("https://apps.example/cb"));
            metadata.id_token_signed_response_alg = Algorithm::EdDSA;
            metadata.insecure_pkce_optional = true;
        });
        let bound = |field, said, allowed| {
            format!("{field} goes beyond what this server allows here: {said}; allowed are {allowed}")
        };
        assert_eq!(
            told,
            [
                bound("scope", "admin", "email, openid"),
                bound("grant_types", "client_credentials", "authorization_code, refresh_token"),
                bound("token_endpoint_auth_method", "none", "private_key_jwt, client_secret_basic"),
                bound("redirect_uris", "https://apps.example/cb", "app.example, *.apps.example"),
                bound("id_token_signed_response_alg", "EdDSA", "RS256, ES256"),
                bound("insecure_pkce_optional", "true", "false"),
            ]
        );
    }

    fn issuer() -> Issuer {
        Issuer::https("https://id.example").unwrap()
    }

    #[test]
    fn nobody_registers_an_address_of_the_server_itself() {
        let policy = RegistrationPolicy::default();
        for own in ["https://id.example/logout", "https://ID.example:443/x?y"] {
            let told = blamed(&policy, |metadata| metadata.redirect_uris.push(own.to_owned()));
            assert_eq!(told, [format!("redirect_uri {own:?} is an address of this server itself")]);
        }
        for other in ["https://id.example:8443/cb", "https://a.id.example/cb", "http://localhost/cb"] {
            assert_eq!(blamed(&policy, |metadata| metadata.redirect_uris.push(other.to_owned())), [""; 0]);
        }
    }

    #[test]
    fn a_host_is_named_or_below_one_that_is() {
        let hosts = [String::from("app.example"), String::from("*.apps.example"), String::from("localhost")];
        for (uri, is) in [
            ("https://app.example:8443/cb", true),
            ("https://APP.example/cb", true),
            ("https://one.apps.example/cb", true),
            ("http://localhost:4000/cb", true),
            ("https://apps.example/cb", false),
            ("https://.apps.example/cb", false),
            ("https://evilapps.example/cb", false),
            ("https://app.example.evil/cb", false),
            ("https://evil/app.example", false),
            ("com.example.app:/cb", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_at(uri, &hosts), is, "{uri}");
        }
    }

    #[test]
    fn confidential_clients_alone_are_let_in_without_pkce() {
        let policy = RegistrationPolicy { insecure_pkce_optional: true, ..Default::default() };
        for (method, optional) in
            [(ClientAuthMethod::ClientSecretPost, true), (ClientAuthMethod::None, false)]
        {
            let mut metadata = ClientMetadata { token_endpoint_auth_method: method, ..metadata() };
            assert_eq!(policy.bound(&mut metadata, &issuer(), &Algorithm::ALL), []);
            assert_eq!(metadata.insecure_pkce_optional, optional);
        }
    }
}
