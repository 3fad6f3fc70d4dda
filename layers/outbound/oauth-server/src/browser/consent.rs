//! What the consent page says of a request.

use towergate_oauth::rules::{
    authorize::RedirectUri,
    client::{Client, document},
    consent::{Consent, may_be_remembered},
    interaction::AuthorizationRequest,
};
use url::Url;

use crate::{
    config::ServerConfig,
    pages::{ClaimView, ConsentView, ScopeView},
};

/// What a person is asked.
pub(super) struct Question<'a> {
    pub(super) request: &'a AuthorizationRequest,
    pub(super) client: &'a Client,
    pub(super) to: &'a RedirectUri,
    pub(super) asked: &'a Consent,
}

impl Question<'_> {
    /// The question to `account`, in words.
    pub(super) fn view(&self, config: &ServerConfig, action: String, account: String) -> ConsentView {
        let scopes = self.request.scope.values();
        let claims = self.asked.claims.iter();
        ConsentView {
            action,
            client_name: self.named("client_name").unwrap_or_else(|| self.client.id.to_string()),
            client_host: document::host(self.client).map(str::to_owned),
            client_uri: self.link("client_uri"),
            logo_uri: self.link("logo_uri").filter(|logo| is_allowed(logo, config)),
            policy_uri: self.link("policy_uri"),
            tos_uri: self.link("tos_uri"),
            redirect_host: self.to.host(),
            account,
            may_remember: may_be_remembered(self.client, self.to),
            scopes: scopes
                .map(|value| ScopeView { value: value.to_owned(), meaning: config.meaning(value).to_owned() })
                .collect(),
            claims: claims
                .map(|name| ClaimView { name: name.clone(), meaning: meaning(config, name).to_owned() })
                .collect(),
            resources: self.request.resource.iter().map(|resource| place(resource)).collect(),
        }
    }

    /// What the client says of itself, in the first language that the person reads and the client speaks.
    fn named(&self, field: &str) -> Option<String> {
        let metadata = &self.client.metadata;
        let mut languages = self.request.ui_locales.iter();
        let localized = languages.find_map(|language| metadata.localized.get(&format!("{field}#{language}")));
        let plain = match field {
            "client_name" => &metadata.client_name,
            "client_uri" => &metadata.client_uri,
            "logo_uri" => &metadata.logo_uri,
            "policy_uri" => &metadata.policy_uri,
            _ => &metadata.tos_uri,
        };
        localized.or(plain.as_ref()).cloned()
    }

    /// The same, when it is an address that a page may lead to.
    fn link(&self, field: &str) -> Option<String> {
        let url = Url::parse(&self.named(field)?).ok()?;
        (url.scheme() == "https" && url.username().is_empty() && url.password().is_none())
            .then(|| url.to_string())
    }
}

/// Without its language tag, which says nothing about what it is.
fn meaning<'a>(config: &'a ServerConfig, name: &'a str) -> &'a str {
    config.claim_meaning(name.split('#').next().unwrap_or_default())
}

fn is_allowed(logo: &str, config: &ServerConfig) -> bool {
    let Ok(url) = Url::parse(logo) else { return false };
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return false,
    };
    origin(logo).is_some() && config.logo_hosts.contains(&host)
}

/// The origin of an address as a source of a content security policy, when a policy can name it.
pub(super) fn origin(address: &str) -> Option<String> {
    let origin = Url::parse(address).ok()?.origin();
    let text = origin.ascii_serialization();
    let nameable = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'/');
    (origin.is_tuple() && text.bytes().all(nameable)).then_some(text)
}

/// The host that people know an API by; the whole name when it has none.
fn place(resource: &str) -> String {
    let url = Url::parse(resource).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| resource.to_owned())
}

#[cfg(test)]
mod tests {
    use towergate_core::Timestamp;
    use towergate_oauth::rules::{
        claims_request::ClaimsRequest,
        client::{ClientId, ClientMetadata},
        grant::Subject,
    };
    use towergate_oauth_types::Scope;

    use super::*;
    use crate::Issuer;

    fn view(
        change: impl FnOnce(&mut ClientMetadata, &mut AuthorizationRequest, &mut ServerConfig),
    ) -> ConsentView {
        let uri = "https://shop.example/cb";
        let mut metadata =
            ClientMetadata::web("The Shop", uri, Scope::parse("openid email profile").unwrap());
        let id = ClientId::parse("shop").unwrap();
        let mut request = AuthorizationRequest::new(id.clone(), uri.to_owned());
        let mut config = ServerConfig::new(Issuer::https("https://id.example").unwrap());
        change(&mut metadata, &mut request, &mut config);
        let client = Client::unchecked(id, None, metadata);
        let to = RedirectUri::bind(Some(uri), &client.metadata.redirect_uris).unwrap();
        let alice = Subject::parse("alice").unwrap();
        let now = Timestamp::from_unix_seconds(1);
        let asked = Consent::asked_by(&request, &client, &config.scope_claims, alice, now);
        let question = Question { request: &request, client: &client, to: &to, asked: &asked };
        question.view(&config, String::from("/interaction/1"), String::from("alice@example.com"))
    }

    #[test]
    fn only_https_addresses_are_linked() {
        let shown = view(|metadata, _, _| {
            metadata.client_uri = Some(String::from("https://shop.example/"));
            metadata.policy_uri = Some(String::from("javascript:alert(1)"));
            metadata.tos_uri = Some(String::from("https://user:secret@shop.example/tos"));
        });
        assert_eq!(shown.client_uri.as_deref(), Some("https://shop.example/"));
        assert_eq!((shown.policy_uri, shown.tos_uri), (None, None));
    }

    #[test]
    fn a_logo_is_shown_from_where_the_host_allows_it_only() {
        for (logo, hosts, shown) in [
            ("https://cdn.example/logo.png", &["cdn.example"][..], true),
            ("https://cdn.example/logo.png", &[], false),
            ("https://cdn.example:8443/logo.png", &["cdn.example"], false),
            ("https://cdn.example:8443/logo.png", &["cdn.example:8443"], true),
            ("http://cdn.example/logo.png", &["cdn.example"], false),
            ("https://cdn;script-src/logo.png", &["cdn;script-src"], false),
            ("data:image/png;base64,AAAA", &[""], false),
        ] {
            let view = view(|metadata, _, config| {
                metadata.logo_uri = Some(logo.to_owned());
                config.logo_hosts = hosts.iter().map(ToString::to_string).collect();
            });
            assert_eq!(view.logo_uri.is_some(), shown, "{logo}");
        }
    }

    #[test]
    fn a_client_is_named_in_the_persons_language_when_it_can_be() {
        let french = |locales: &[&str]| {
            view(|metadata, request, _| {
                metadata.localized.insert(String::from("client_name#fr"), String::from("La boutique"));
                request.ui_locales = locales.iter().map(ToString::to_string).collect();
            })
            .client_name
        };
        assert_eq!(french(&["nl", "fr"]), "La boutique");
        assert_eq!(french(&["nl"]), "The Shop");
    }

    #[test]
    fn single_claims_and_apis_are_told_in_words() {
        let view = view(|_, request, _| {
            let claims = r#"{"userinfo":{"nickname#nl":null,"birthdate":null,"acr":null,"address":null}}"#;
            request.claims = ClaimsRequest::parse(claims).unwrap();
            request.resource =
                vec![String::from("https://api.example/v1"), String::from("urn:example:files")];
        });
        let meanings: Vec<_> = view.claims.iter().map(|claim| claim.meaning.as_str()).collect();
        assert_eq!(
            meanings,
            ["Your date of birth", "Your nickname"],
            "an address is not the client's to see"
        );
        assert_eq!(view.resources, ["api.example", "urn:example:files"]);
    }
}
