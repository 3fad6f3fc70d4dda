//! An application that acts for people with the `oauth2` crate: it knows no OpenID Connect, and finds the host by RFC 8414.

use std::{io, pin::Pin};

use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge, RedirectUrl, RefreshToken,
    RevocationUrl, Scope, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicTokenIntrospectionResponse, BasicTokenResponse},
};
use serde_json::Value;
use url::Url;

use crate::{
    Place,
    browser::Browser,
    relying_party::{CALLBACK, EMAIL, PASSWORD, carry},
};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

pub(crate) struct OAuthClient {
    client: Client,
    browser: Browser,
}

impl OAuthClient {
    pub(crate) async fn discover(place: &Place, id: &str, secret: Option<&str>, sent: AuthType) -> Self {
        let (issuer, browser) = (&place.issuer, place.browser.clone());
        let metadata = format!("{issuer}/.well-known/oauth-authorization-server");
        let metadata = browser.clone().open(&metadata).await.text;
        let metadata: Value = serde_json::from_str(&metadata).unwrap();
        assert_eq!(metadata["issuer"], *issuer);
        let at = |name: &str| metadata[name].as_str().unwrap().to_owned();
        let client = BasicClient::new(ClientId::new(id.to_owned()))
            .set_auth_uri(AuthUrl::new(at("authorization_endpoint")).unwrap())
            .set_token_uri(TokenUrl::new(at("token_endpoint")).unwrap())
            .set_introspection_url(IntrospectionUrl::new(at("introspection_endpoint")).unwrap())
            .set_revocation_url(RevocationUrl::new(at("revocation_endpoint")).unwrap())
            .set_redirect_uri(RedirectUrl::new(String::from(CALLBACK)).unwrap())
            .set_auth_type(sent);
        let client = match secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_owned())),
            None => client,
        };
        Self { client, browser }
    }

    /// Tokens for a person who signs in and allows it.
    pub(crate) async fn let_a_person_allow(&self) -> BasicTokenResponse {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = self
            .client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new(String::from("offline_access")))
            .set_pkce_challenge(challenge)
            .url();
        let back = a_person_allows(&mut self.browser.clone(), &url).await;
        let said = |name| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        assert_eq!(&said("state"), state.secret());
        let code = AuthorizationCode::new(said("code"));
        self.client.exchange_code(code).set_pkce_verifier(verifier).request_async(&self.http()).await.unwrap()
    }

    pub(crate) async fn refresh(&self, token: &RefreshToken) -> Option<BasicTokenResponse> {
        self.client.exchange_refresh_token(token).request_async(&self.http()).await.ok()
    }

    pub(crate) async fn act_alone(&self, scope: &str) -> BasicTokenResponse {
        let request = self.client.exchange_client_credentials().add_scope(Scope::new(scope.to_owned()));
        request.request_async(&self.http()).await.unwrap()
    }

    pub(crate) async fn introspect(&self, token: &AccessToken) -> BasicTokenIntrospectionResponse {
        self.client.introspect(token).request_async(&self.http()).await.unwrap()
    }

    pub(crate) async fn revoke(&self, token: StandardRevocableToken) {
        self.client.revoke_token(token).unwrap().request_async(&self.http()).await.unwrap();
    }

    /// Carries the crate's requests.
    fn http(&self) -> impl Fn(HttpRequest) -> Pin<Box<dyn Future<Output = io::Result<HttpResponse>>>> {
        let browser = self.browser.clone();
        move |request| {
            let mut browser = browser.clone();
            Box::pin(async move { carry(&mut browser, request).await })
        }
    }

    pub(crate) async fn is_active(&self, tokens: &BasicTokenResponse) -> bool {
        self.introspect(tokens.access_token()).await.active()
    }
}

async fn a_person_allows(browser: &mut Browser, url: &Url) -> Url {
    let login = browser.open(url.as_str()).await;
    let consent = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
    browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap().redirect().unwrap()
}
