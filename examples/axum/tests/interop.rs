//! Somebody else's clients, the `openidconnect` and `oauth2` crates, against the running program: they know the host by
//! its issuer.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "journey/browser.rs"]
mod browser;
#[cfg(test)]
#[path = "interop/oauth.rs"]
mod oauth;
#[cfg(test)]
#[path = "interop/oauth_client.rs"]
mod oauth_client;
#[cfg(test)]
#[expect(dead_code, reason = "each test uses its own part")]
#[path = "kill/program.rs"]
mod program;
#[cfg(test)]
#[path = "interop/registered.rs"]
mod registered;
#[cfg(test)]
#[path = "interop/relying_party.rs"]
mod relying_party;

use std::fs;

use browser::Browser;
use openidconnect::{
    AccessTokenHash, AuthType, JsonWebKey, Nonce, NonceVerifier, OAuth2TokenResponse, RequestTokenError,
    Scope, TokenResponse,
    core::{
        CoreErrorResponseType, CoreIdTokenClaims, CoreJsonWebKeyType, CoreJwsSigningAlgorithm as Algorithm,
        CoreRequestTokenError, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use program::{Program, free_port};
use relying_party::{EMAIL, RelyingParty, SECRET, over_http, toml};
use tempfile::TempDir;

const RS256: Algorithm = Algorithm::RsaSsaPkcs1V15Sha256;
const ES256: Algorithm = Algorithm::EcdsaP256Sha256;
const PS256: Algorithm = Algorithm::RsaSsaPssSha256;
const EDDSA: Algorithm = Algorithm::EdDsa;

struct Place {
    issuer: String,
    /// A browser that nobody has used, and that trusts the host's certificate.
    browser: Browser,
    _program: Program,
    _folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self::start("http", "", tempfile::tempdir().unwrap(), Browser::default())
    }

    fn over_https() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let tls = format!("[tls]\ncert = '{}'\nkey = '{}'\n", cert.display(), key.display());
        Self::start("https", &tls, folder, Browser::trusting(made.cert.der().clone()))
    }

    fn start(scheme: &str, tls: &str, folder: TempDir, browser: Browser) -> Self {
        let port = free_port();
        let issuer = format!("{scheme}://localhost:{port}");
        let program = Program::start(folder.path(), &(toml(port, &issuer) + tls));
        Self { issuer, browser, _program: program, _folder: folder }
    }
}

#[tokio::test]
async fn every_kind_of_client_walks_the_whole_way() {
    let place = Place::new();
    for (id, secret, sent, algorithm) in [
        ("basic", Some(SECRET), AuthType::BasicAuth, RS256),
        ("basic-es256", Some(SECRET), AuthType::BasicAuth, ES256),
        ("post", Some(SECRET), AuthType::RequestBody, RS256),
        ("post-es256", Some(SECRET), AuthType::RequestBody, ES256),
        ("public", None, AuthType::RequestBody, RS256),
        ("public-es256", None, AuthType::RequestBody, ES256),
        ("opaque", Some(SECRET), AuthType::BasicAuth, RS256),
        ("ps256", Some(SECRET), AuthType::BasicAuth, PS256),
        ("eddsa", Some(SECRET), AuthType::BasicAuth, EDDSA),
        ("pairwise", Some(SECRET), AuthType::BasicAuth, RS256),
    ] {
        let party = RelyingParty::discover(&place.issuer, id, secret, sent).await;
        let asked = party.ask();
        let nonce = asked.nonce.clone();
        let code = party.let_a_person_allow(&asked).await;
        let tokens = party.redeem(code, asked).await.unwrap();
        let claims = checked(&party, &tokens, &nonce, &algorithm);
        assert!(claims.auth_time().is_some(), "{id}");
        let subject = claims.subject().clone();

        let request = party.client.user_info(tokens.access_token().clone(), Some(subject.clone())).unwrap();
        let person: CoreUserInfoClaims = request.request_async(&over_http).await.unwrap();
        assert_eq!(person.email().map(|email| email.as_str()), Some(EMAIL), "{id}");
        assert!(person.name().is_none(), "{id}: nobody asked for `profile`");

        let refreshed = party.refresh(&tokens).await.unwrap();
        let again = checked(&party, &refreshed, |_: Option<&Nonce>| Ok(()), &algorithm);
        assert_eq!((again.subject(), again.auth_time()), (&subject, claims.auth_time()), "{id}");
        let request = party.client.user_info(refreshed.access_token().clone(), Some(subject)).unwrap();
        let same: CoreUserInfoClaims = request.request_async(&over_http).await.unwrap();
        assert_eq!(same.email(), person.email(), "{id}");
    }
}

#[tokio::test]
async fn a_pairwise_client_knows_people_under_another_sub() {
    let place = Place::new();
    let sub_at = async |id: &str| {
        let party = RelyingParty::discover(&place.issuer, id, Some(SECRET), AuthType::BasicAuth).await;
        let asked = party.ask();
        let nonce = asked.nonce.clone();
        let code = party.let_a_person_allow(&asked).await;
        checked(&party, &party.redeem(code, asked).await.unwrap(), &nonce, &RS256).subject().to_string()
    };
    let (public, pairwise) = (sub_at("basic").await, sub_at("pairwise").await);
    assert_ne!(public, pairwise);
    assert_eq!(pairwise, sub_at("pairwise").await);
}

#[tokio::test]
async fn a_claim_by_name_is_in_the_id_token_and_userinfo_comes_signed() {
    let place = Place::new();
    let party = RelyingParty::discover(&place.issuer, "signed", Some(SECRET), AuthType::BasicAuth).await;
    let asked = party.ask_with(&[("claims", r#"{"id_token":{"email":{"essential":true}}}"#)]);
    let nonce = asked.nonce.clone();
    let code = party.let_a_person_allow(&asked).await;
    let tokens = party.redeem(code, asked).await.unwrap();
    let claims = checked(&party, &tokens, &nonce, &RS256);
    assert_eq!(claims.email().map(|email| email.as_str()), Some(EMAIL));
    let request = party.client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()));
    let request = request.unwrap().require_signed_response(true);
    let person: CoreUserInfoClaims = request.request_async(&over_http).await.unwrap();
    assert_eq!(person.email().map(|email| email.as_str()), Some(EMAIL));
}

#[tokio::test]
async fn discovery_and_the_key_set_say_what_is_true() {
    let place = Place::new();
    let party = RelyingParty::discover(&place.issuer, "basic", Some(SECRET), AuthType::BasicAuth).await;
    let said = &party.metadata;
    assert_eq!(said.issuer().as_str(), place.issuer);
    for algorithm in [RS256, ES256, PS256, EDDSA] {
        assert!(said.id_token_signing_alg_values_supported().contains(&algorithm), "{algorithm:?}");
    }
    let kinds: Vec<_> = said.jwks().keys().iter().map(|key| key.key_type().clone()).collect();
    assert!(kinds.contains(&CoreJsonWebKeyType::RSA) && kinds.contains(&CoreJsonWebKeyType::EllipticCurve));
    assert!(said.jwks().keys().iter().all(|key| key.key_id().is_some()));
    let scopes: Vec<_> = said.scopes_supported().into_iter().flatten().map(|scope| scope.as_str()).collect();
    for scope in ["openid", "email", "offline_access"] {
        assert!(scopes.contains(&scope), "{scopes:?}");
    }
}

#[tokio::test]
async fn a_client_that_is_not_what_it_says_gets_nothing() {
    let place = Place::new();
    for (id, secret, sent) in [
        ("basic", Some("wrong"), AuthType::BasicAuth),
        ("basic", Some(SECRET), AuthType::RequestBody),
        ("post", Some(SECRET), AuthType::BasicAuth),
        ("basic", None, AuthType::RequestBody),
        ("public", Some(SECRET), AuthType::BasicAuth),
        ("nobody", Some(SECRET), AuthType::BasicAuth),
    ] {
        let asked_as = if id == "nobody" { "basic" } else { id };
        let honest = RelyingParty::discover(&place.issuer, asked_as, None, AuthType::RequestBody).await;
        let asked = honest.ask();
        let code = honest.let_a_person_allow(&asked).await;
        let party = RelyingParty::discover(&place.issuer, id, secret, sent).await;
        let error = refusal(party.redeem(code, asked).await);
        assert_eq!(error, CoreErrorResponseType::InvalidClient, "{id}");
    }
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_never_for_more() {
    let place = Place::new();
    let party = RelyingParty::discover(&place.issuer, "basic", Some(SECRET), AuthType::BasicAuth).await;
    let asked = party.ask();
    let code = party.let_a_person_allow(&asked).await;
    let tokens = party.redeem(code, asked).await.unwrap();
    let refresh_for = async |tokens: &CoreTokenResponse, scope: &str| {
        let token = tokens.refresh_token().unwrap();
        let request = party.client.exchange_refresh_token(token).unwrap();
        request.add_scope(Scope::new(scope.to_owned())).request_async(&over_http).await
    };
    assert_eq!(refusal(refresh_for(&tokens, "profile").await), CoreErrorResponseType::InvalidScope);
    let less = refresh_for(&tokens, "openid").await.unwrap();
    let scopes: Vec<_> = less.scopes().unwrap().iter().map(|scope| scope.as_str()).collect();
    assert_eq!(scopes, ["openid"]);
    let request = party.client.user_info(less.access_token().clone(), None).unwrap();
    let person: CoreUserInfoClaims = request.request_async(&over_http).await.unwrap();
    assert!(person.email().is_none());
}

#[tokio::test]
async fn a_program_acts_for_itself() {
    let place = Place::new();
    let party = RelyingParty::discover(&place.issuer, "machine", Some(SECRET), AuthType::BasicAuth).await;
    let request = party.client.exchange_client_credentials().unwrap();
    let tokens =
        request.add_scope(Scope::new(String::from("reports"))).request_async(&over_http).await.unwrap();
    assert!(tokens.refresh_token().is_none() && tokens.id_token().is_none());
    let people = RelyingParty::discover(&place.issuer, "basic", Some(SECRET), AuthType::BasicAuth).await;
    let refused = people.client.exchange_client_credentials().unwrap().request_async(&over_http).await;
    assert_eq!(refusal(refused), CoreErrorResponseType::UnauthorizedClient);
}

/// The claims of the ID token, once signature, issuer, audience, times, nonce and `at_hash` were right.
fn checked<N: NonceVerifier>(
    party: &RelyingParty,
    tokens: &CoreTokenResponse,
    nonce: N,
    algorithm: &Algorithm,
) -> CoreIdTokenClaims {
    let token = tokens.id_token().unwrap();
    assert_eq!(token.signing_alg().unwrap(), algorithm);
    let verifier = party.client.id_token_verifier().set_allowed_algs([algorithm.clone()]);
    let claims = token.claims(&verifier, nonce).unwrap();
    let key = token.signing_key(&verifier).unwrap();
    let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));
    claims.clone()
}

fn refusal<R: std::error::Error + 'static>(
    answer: Result<CoreTokenResponse, CoreRequestTokenError<R>>,
) -> CoreErrorResponseType {
    match answer {
        Err(RequestTokenError::ServerResponse(refused)) => refused.error().clone(),
        other => panic!("{other:?}"),
    }
}
