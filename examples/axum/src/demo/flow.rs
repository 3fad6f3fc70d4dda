//! Signing somebody in through the issuer, step by step, each step told.

use std::time::Duration;

use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims},
    url::Url,
};
use serde_json::{Value, json};

use super::{
    Answer, Settings, decode,
    http_client::{HttpClient, HttpError},
    step::{Block, Step},
    step_up,
    visit::Visit,
};

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The application's side of the conversation.
pub(super) struct Flow {
    settings: Settings,
    http: HttpClient,
}

const DISCOVERY: &str = "Discovery";
const ANSWER: &str = "The answer to the authorization request";
const EXCHANGE: &str = "Code for tokens";
const ID_TOKEN: &str = "ID token";
const USERINFO: &str = "Userinfo";
const API: &str = "The API";
const SENSITIVE: &str = "What matters most";

impl Flow {
    pub(super) fn new(settings: Settings) -> Result<Self, rustls::Error> {
        let http = HttpClient::new(settings.pinned_certificate.clone())?;
        Ok(Self { settings, http })
    }

    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where to send the browser, and what to remember meanwhile.
    pub(super) async fn begin(&self, max_age: Option<Duration>) -> Result<(Url, Visit), Box<Step>> {
        let (client, _) = self.discover().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new(String::from("profile")))
            .add_scope(Scope::new(String::from("email")))
            .set_pkce_challenge(challenge);
        let (address, state, nonce) = match max_age {
            Some(age) => request.set_max_age(age).url(),
            None => request.url(),
        };
        Ok((address, Visit { state, nonce, verifier }))
    }

    /// Everything that follows the browser's return, up to the first failure.
    pub(super) async fn finish(&self, answer: Answer, visit: Option<Visit>) -> Vec<Step> {
        let mut steps = Vec::new();
        if let Err(failure) = self.each_step(answer, visit, &mut steps).await {
            steps.push(*failure);
        }
        steps
    }

    async fn each_step(
        &self,
        answer: Answer,
        visit: Option<Visit>,
        steps: &mut Vec<Step>,
    ) -> Result<(), Box<Step>> {
        let (code, visit) = self.check_answer(answer, visit)?;
        let (client, discovered) = self.discover().await?;
        steps.push(*discovered);
        steps.push(*Step::done(
            ANSWER,
            "The state is the one this browser left with, and the issuer names itself (RFC 9207).",
            vec![Block::new("Code, spent in the next step", code.secret())],
        ));
        let tokens = self.exchange(&client, code, &visit, steps).await?;
        let subject = check_id_token(&client, &tokens, &visit.nonce, steps)?;
        let person: CoreUserInfoClaims = client
            .user_info(tokens.access_token().clone(), Some(subject))
            .map_err(|error| Step::broke(USERINFO, &error))?
            .request_async(&self.http)
            .await
            .map_err(|error| Step::broke(USERINFO, &error))?;
        steps.push(*Step::done(
            USERINFO,
            "The subject is the one of the ID token.",
            vec![Block::new("Claims", decode::json(&person))],
        ));
        steps.push(*self.call_api(tokens.access_token().secret()).await?);
        steps.push(*self.call_sensitive_api(tokens.access_token().secret()).await?);
        Ok(())
    }

    async fn discover(&self) -> Result<(Client, Box<Step>), Box<Step>> {
        let issuer =
            IssuerUrl::new(self.settings.issuer.clone()).map_err(|error| Step::broke(DISCOVERY, &error))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| Step::broke(DISCOVERY, &error))?;
        let redirect =
            RedirectUrl::new(self.settings.redirect_uri()).map_err(|error| Step::broke(DISCOVERY, &error))?;
        let shown = json!({
            "issuer": metadata.issuer(),
            "authorization_endpoint": metadata.authorization_endpoint(),
            "token_endpoint": metadata.token_endpoint(),
            "userinfo_endpoint": metadata.userinfo_endpoint(),
            "jwks_uri": metadata.jwks_uri(),
            "id_token_signing_alg_values_supported": metadata.id_token_signing_alg_values_supported(),
        });
        let told =
            format!("{}/.well-known/openid-configuration says where everything is.", self.settings.issuer);
        let step = Step::done(DISCOVERY, told, vec![Block::new("Discovery, in part", decode::json(&shown))]);
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(self.settings.client_id.clone()),
            Some(ClientSecret::new(self.settings.client_secret.clone())),
        )
        .set_redirect_uri(redirect);
        Ok((client, step))
    }

    fn check_answer(
        &self,
        answer: Answer,
        visit: Option<Visit>,
    ) -> Result<(AuthorizationCode, Visit), Box<Step>> {
        let Some(visit) = visit else {
            return Err(Step::failed(ANSWER, "This browser did not leave from here, or came back twice."));
        };
        if answer.state.as_deref() != Some(visit.state.secret()) {
            return Err(Step::failed(ANSWER, "The state is not the one this browser left with."));
        }
        if answer.iss.as_deref() != Some(self.settings.issuer.as_str()) {
            return Err(Step::failed(ANSWER, "The answer does not come from our issuer (RFC 9207)."));
        }
        match (answer.code, answer.error) {
            (Some(code), None) => Ok((AuthorizationCode::new(code), visit)),
            (_, Some(error)) => {
                let told = match error.as_str() {
                    "access_denied" => {
                        "You said no there, or the issuer did; this application has learnt nothing about you."
                    }
                    _ => "The issuer answered with an error.",
                };
                let mut step = Step::failed(ANSWER, told);
                let described = answer.error_description.map(|text| Block::new("error_description", text));
                step.blocks.push(Block::new("error", error));
                step.blocks.extend(described);
                Err(step)
            }
            (None, None) => Err(Step::failed(ANSWER, "There is neither a code nor an error in it.")),
        }
    }

    async fn exchange(
        &self,
        client: &Client,
        code: AuthorizationCode,
        visit: &Visit,
        steps: &mut Vec<Step>,
    ) -> Result<CoreTokenResponse, Box<Step>> {
        let verifier = openidconnect::PkceCodeVerifier::new(visit.verifier.secret().clone());
        let tokens = client
            .exchange_code(code)
            .map_err(|error| Step::broke(EXCHANGE, &error))?
            .set_pkce_verifier(verifier)
            .request_async(&self.http)
            .await
            .map_err(|error| Step::broke(EXCHANGE, &error))?;
        let scope: Vec<_> = tokens.scopes().into_iter().flatten().map(|scope| scope.as_str()).collect();
        let shown = json!({
            "token_type": tokens.token_type(),
            "expires_in": tokens.expires_in().map(|left| left.as_secs()),
            "scope": scope.join(" "),
        });
        let mut blocks = vec![Block::new("Token answer, without the tokens", decode::json(&shown))];
        blocks.extend(decode::token("Access token", tokens.access_token().secret()));
        let told = "Sent with this application's secret and the PKCE verifier.";
        steps.push(*Step::done(EXCHANGE, told, blocks));
        Ok(tokens)
    }

    async fn call_api(&self, token: &str) -> Result<Box<Step>, Box<Step>> {
        let address = &self.settings.api;
        let response = self.ask(API, address, token).await?;
        let status = response.status();
        if !status.is_success() {
            return Err(Step::failed(API, format!("GET {address} answered {status}.")));
        }
        let told = format!("GET {address} with the access token answered {status}.");
        Ok(Step::done(API, told, vec![Block::new("Answer", body_of(&response))]))
    }

    /// Asks for what only a fresh sign-in opens, and says how to get one where it is too old.
    async fn call_sensitive_api(&self, token: &str) -> Result<Box<Step>, Box<Step>> {
        let address = &self.settings.sensitive_api;
        let response = self.ask(SENSITIVE, address, token).await?;
        let status = response.status();
        if status.is_success() {
            let told = format!("GET {address} answered {status}: your sign-in is fresh enough.");
            return Ok(Step::done(SENSITIVE, told, vec![Block::new("Answer", body_of(&response))]));
        }
        let Some(age) = step_up::max_age(response.headers()) else {
            return Err(Step::failed(SENSITIVE, format!("GET {address} answered {status}.")));
        };
        let told = format!(
            "GET {address} wants a sign-in of the last {age} seconds (RFC 9470). Yours is older: you may sign in again."
        );
        let mut step = Step::done(SENSITIVE, told, vec![Block::new("Answer", body_of(&response))]);
        step.way_on = Some(format!("/start?max_age={age}"));
        Ok(step)
    }

    async fn ask(
        &self,
        step: &'static str,
        address: &str,
        token: &str,
    ) -> Result<http::Response<Vec<u8>>, Box<Step>> {
        let request = http::Request::get(address)
            .header(http::header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Vec::new())
            .map_err(|error| Step::broke(step, &error))?;
        self.http.send(request).await.map_err(|error: HttpError| Step::broke(step, &error))
    }
}

/// The JSON of an answer, indented.
fn body_of(response: &http::Response<Vec<u8>>) -> String {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    decode::json(&body)
}

fn check_id_token(
    client: &Client,
    tokens: &CoreTokenResponse,
    nonce: &Nonce,
    steps: &mut Vec<Step>,
) -> Result<openidconnect::SubjectIdentifier, Box<Step>> {
    let token = tokens.id_token().ok_or_else(|| Step::failed(ID_TOKEN, "There is none."))?;
    let verifier = client.id_token_verifier();
    let claims = token.claims(&verifier, nonce).map_err(|error| Step::broke(ID_TOKEN, &error))?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|error| Step::broke(ID_TOKEN, &error))?;
        let key = token.signing_key(&verifier).map_err(|error| Step::broke(ID_TOKEN, &error))?;
        let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| Step::broke(ID_TOKEN, &error))?;
        if actual != *expected {
            return Err(Step::failed(ID_TOKEN, "It belongs to another access token."));
        }
    }
    steps.push(*Step::done(
        ID_TOKEN,
        "Signature, issuer, audience, expiry, nonce and at_hash are right.",
        decode::token("ID token", &token.to_string()),
    ));
    Ok(claims.subject().clone())
}
