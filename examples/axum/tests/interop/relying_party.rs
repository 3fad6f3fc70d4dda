//! An application that signs people in with the `openidconnect` crate.

use std::io;

use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreRequestTokenError, CoreTokenResponse,
    },
};
use url::Url;

use crate::browser::Browser;

pub(crate) const EMAIL: &str = "alice@example.com";
pub(crate) const SECRET: &str = "a-secret-that-a-machine-made-0123456789";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const CALLBACK: &str = "https://app.example/callback";

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;
type Answer = Result<CoreTokenResponse, CoreRequestTokenError<io::Error>>;

pub(crate) struct RelyingParty {
    pub(crate) client: Client,
    pub(crate) metadata: CoreProviderMetadata,
}

/// What is remembered while the person is away.
pub(crate) struct Asked {
    url: Url,
    state: CsrfToken,
    pub(crate) nonce: Nonce,
    verifier: PkceCodeVerifier,
}

impl Asked {
    /// Where the browser leaves to.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }
}

impl RelyingParty {
    pub(crate) async fn discover(issuer: &str, id: &str, secret: Option<&str>, sent: AuthType) -> Self {
        let issuer = IssuerUrl::new(issuer.to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &over_http).await.unwrap();
        let secret = secret.map(|secret| ClientSecret::new(secret.to_owned()));
        let client =
            CoreClient::from_provider_metadata(metadata.clone(), ClientId::new(id.to_owned()), secret)
                .set_redirect_uri(RedirectUrl::new(String::from(CALLBACK)).unwrap())
                .set_auth_type(sent);
        Self { client, metadata }
    }

    /// A client of the configuration that proves itself in the usual way.
    pub(crate) async fn known(issuer: &str, id: &str) -> Self {
        Self::discover(issuer, id, Some(SECRET), AuthType::BasicAuth).await
    }

    pub(crate) fn ask(&self) -> Asked {
        self.ask_with(&[])
    }

    /// With parameters of one's own.
    pub(crate) fn ask_with(&self, more: &[(&str, &str)]) -> Asked {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let code = CoreAuthenticationFlow::AuthorizationCode;
        let request = self
            .client
            .authorize_url(code, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["email", "offline_access"].map(|scope| Scope::new(String::from(scope))))
            .set_pkce_challenge(challenge);
        let request = more.iter().fold(request, |request, (name, value)| {
            request.add_extra_param((*name).to_owned(), (*value).to_owned())
        });
        let (url, state, nonce) = request.url();
        Asked { url, state, nonce, verifier }
    }

    /// A person signs in and allows it; the answer carries the state and names its issuer (RFC 9207).
    pub(crate) async fn let_a_person_allow(&self, asked: &Asked) -> AuthorizationCode {
        self.let_a_person_allow_in(&mut Browser::default(), asked).await
    }

    pub(crate) async fn let_a_person_allow_in(
        &self,
        browser: &mut Browser,
        asked: &Asked,
    ) -> AuthorizationCode {
        let login = browser.open(asked.url.as_str()).await;
        let consent = browser.submit(&login, &[("email", EMAIL), ("password", PASSWORD)]).await;
        let answer = browser.try_submit(&consent, &[("decision", "allow")]).await.unwrap();
        let back = answer.redirect().unwrap();
        let said =
            |name| back.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!(said("state").as_ref(), Some(asked.state.secret()));
        assert_eq!(said("iss").as_deref(), Some(self.metadata.issuer().as_str()));
        AuthorizationCode::new(said("code").unwrap())
    }

    pub(crate) async fn redeem(&self, code: AuthorizationCode, asked: Asked) -> Answer {
        let request = self.client.exchange_code(code).unwrap().set_pkce_verifier(asked.verifier);
        request.request_async(&over_http).await
    }

    pub(crate) async fn refresh(&self, tokens: &CoreTokenResponse) -> Answer {
        let token = tokens.refresh_token().unwrap();
        self.client.exchange_refresh_token(token).unwrap().request_async(&over_http).await
    }
}

/// Carries the crate's requests over a socket, no redirect followed.
pub(crate) async fn over_http(request: HttpRequest) -> Result<HttpResponse, io::Error> {
    carry(&mut Browser::default(), request).await
}

/// The same, from this browser.
pub(crate) async fn carry(browser: &mut Browser, request: HttpRequest) -> Result<HttpResponse, io::Error> {
    let (parts, body) = request.into_parts();
    let url = Url::parse(&parts.uri.to_string()).unwrap();
    let headers = parts.headers.iter();
    let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let body = String::from_utf8(body).unwrap();
    let answer = browser.try_send(parts.method, url, &headers, &body).await.map_err(io::Error::other)?;
    let mut response = HttpResponse::new(answer.text.into_bytes());
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// A host that knows one client of each kind.
pub(crate) fn toml(port: u16, issuer: &str) -> String {
    let host = format!(
        "addr = \"127.0.0.1:{port}\"\nissuer = \"{issuer}\"\ndatabase = \"memory:\"\n[[users]]\n\
         email = \"{EMAIL}\"\npassword = \"{PASSWORD}\"\nname = \"Alice\"\n\
         [keys]\nalgorithms = [\"PS256\", \"EdDSA\"]\n[registration]\nmode = \"open\"\n"
    );
    let secret = format!("client_secret = \"{SECRET}\"");
    let post = format!("{secret}\ntoken_endpoint_auth_method = \"client_secret_post\"");
    let public = "token_endpoint_auth_method = \"none\"";
    let clients = [
        ("basic", secret.as_str(), ""),
        ("basic-es256", &secret, "id_token_signed_response_alg = \"ES256\""),
        ("post", &post, ""),
        ("post-es256", &post, "id_token_signed_response_alg = \"ES256\""),
        ("public", public, ""),
        ("public-es256", public, "id_token_signed_response_alg = \"ES256\""),
        ("opaque", &secret, "access_token_format = \"opaque\""),
        ("ps256", &secret, "id_token_signed_response_alg = \"PS256\""),
        ("eddsa", &secret, "id_token_signed_response_alg = \"EdDSA\""),
        ("pairwise", &secret, "subject_type = \"pairwise\"\naccess_token_format = \"opaque\""),
        ("signed", &secret, "userinfo_signed_response_alg = \"RS256\""),
        ("leaves", &secret, "post_logout_redirect_uris = [\"https://app.example/bye\"]"),
    ];
    let clients = clients.map(|(id, proof, more)| {
        format!(
            "[[clients]]\nclient_id = \"{id}\"\n{proof}\n{more}\nredirect_uris = [\"{CALLBACK}\"]\n\
             grant_types = [\"authorization_code\", \"refresh_token\"]\nscope = \"openid email offline_access\"\n"
        )
    });
    let machine = format!(
        "[[clients]]\nclient_id = \"machine\"\n{secret}\ngrant_types = [\"client_credentials\"]\nscope = \"reports\"\n"
    );
    host + &clients.concat() + &machine
}
