//! Who asks: client authentication, the same for every endpoint that asks for it.
//! [RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)
//!
//! The identifier of an assertion is spent last, when all else of the authentication was right, and before anything that
//! the client asks for is touched.
//!
//! What most requests never come to is boxed where it is: the future of every one would have to make room for it.

use http::{header, request::Parts};
use towergate_core::{
    StoreError,
    audit::{Fact, Origin},
    form::Form,
};
use towergate_oauth::{
    ports::{OAuthStore, replay::Remembering},
    rules::{
        client::{
            AssertionKey, AuthenticatedClient, AuthenticationFailure, Client, Credentials, Judged, NeededKey,
            Recipient, UnspentAssertion,
        },
        fact::OAuthFact,
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{failure::Failure, layer::Endpoints};
use crate::config::ServerConfig;

/// The client that has proven itself; a failure is on record.
pub(super) async fn authenticate<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    form: &Form,
    origin: &Origin,
) -> Result<AuthenticatedClient, Failure> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let authorization = headers.next().map(http::HeaderValue::as_bytes);
    let verdict = if headers.next().is_some() {
        let description = "the Authorization header is there twice";
        let error = OAuthError::new(ErrorCode::InvalidRequest, description);
        Err(AuthenticationFailure { error, by_header: true, client: None, reason: "two_headers" })
    } else {
        match Credentials::read(authorization, form) {
            Ok(credentials) => judge(endpoints, parts.uri.path(), credentials, origin).await?,
            Err(failure) => Err(failure),
        }
    };
    match verdict {
        Ok(client) => Ok(client),
        Err(failure) => Err(Box::pin(note(endpoints, failure, origin)).await),
    }
}

/// Loads what the credentials have to be judged by, and spends an assertion that is right.
async fn judge<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    path: &str,
    credentials: Credentials,
    origin: &Origin,
) -> Result<Result<AuthenticatedClient, AuthenticationFailure>, StoreError> {
    let server = &endpoints.server;
    let client = server.find_client(credentials.client_id(), origin).await?;
    let config = server.config();
    let issuer = config.issuer.as_str();
    // Only for an assertion that can be right: this is the way of every request.
    let (key, places) = match credentials.needed_key(client.as_deref()) {
        Some(needed) => (Box::pin(key(endpoints, needed)).await, Some(places(config, path))),
        None => {
            if credentials.are_signed_by_secret() {
                // Costs what opening the client's secret would.
                let _ = server.keys().sealing().seal(b"the secret of nobody", &[0; 32], &server.random);
            }
            (AssertionKey::Missing("no_key"), None)
        }
    };
    let (token, here) = places.as_ref().map_or((issuer, None), |(token, here)| (token, here.as_deref()));
    let recipient = Recipient { names: &[issuer, token, here.unwrap_or(token)], now: origin.at };
    match credentials.verify(client, &key, &recipient) {
        Ok(Judged::Proven(client)) => Ok(Ok(client)),
        Ok(Judged::Unspent(assertion)) => Ok(Box::pin(spend(endpoints, assertion, origin)).await?),
        Err(failure) => Ok(Err(failure)),
    }
}

/// Which endpoints an assertion may be for that is shown at `path`: the token endpoint, and where requests are pushed that one too,
/// [RFC 9126 section 2](https://www.rfc-editor.org/rfc/rfc9126#section-2).
fn places(config: &ServerConfig, path: &str) -> (String, Option<String>) {
    let ServerConfig { issuer, paths, .. } = config;
    (issuer.join(&paths.token), (path == paths.push).then(|| issuer.join(path)))
}

/// Has the store remember the identifier of an assertion that is right.
async fn spend<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    assertion: UnspentAssertion,
    origin: &Origin,
) -> Result<Result<AuthenticatedClient, AuthenticationFailure>, StoreError> {
    Ok(match endpoints.server.store().remember_once(assertion.once().clone(), *origin).await? {
        Remembering::First => {
            let client = assertion.first();
            reseal(endpoints, client.client(), origin).await;
            Ok(client)
        }
        Remembering::Seen => Err(assertion.seen()),
    })
}

/// The key of an assertion. That there is none is told to the operator, and is one wrong proof more to the client.
async fn key<S, R, P>(endpoints: &Endpoints<S, R, P>, needed: NeededKey<'_>) -> AssertionKey {
    match needed {
        NeededKey::Public { client, kid } => match endpoints.server.client_keys(client, kid).await {
            Ok(keys) => AssertionKey::Public(keys),
            Err(error) => {
                tracing::info!(client = %client.id, %error, "the keys of a client cannot be had");
                AssertionKey::Missing("keys_unavailable")
            }
        },
        NeededKey::Secret(client) => match client.open_secret(endpoints.server.keys().sealing()) {
            Ok(Some(secret)) => AssertionKey::Shared(secret),
            Ok(None) => {
                tracing::warn!(client = %client.id, "a client_secret_jwt client has no sealed secret");
                AssertionKey::Missing("secret_not_sealed")
            }
            Err(error) => {
                tracing::error!(client = %client.id, %error, "the sealed secret of a client does not open");
                AssertionKey::Missing("secret_does_not_open")
            }
        },
    }
}

/// Seals the secret of a client anew, when the sealing key has changed since. That it fails is no matter of the client's.
async fn reseal<S: OAuthStore, R, P>(endpoints: &Endpoints<S, R, P>, client: &Client, origin: &Origin) {
    let server = &endpoints.server;
    let resealed = match client.reseal_secret(server.keys().sealing(), &server.random) {
        Ok(Some(after)) => {
            let before = client.sealed_secret.clone().unwrap_or_default();
            let done = server.store().reseal_client_secret(client.id.clone(), before, after, *origin).await;
            done.map_err(|error| error.to_string())
        }
        Ok(None) => Ok(false),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = resealed {
        tracing::warn!(client = %client.id, error, "the secret of a client could not be sealed anew");
    }
}

/// Writes the failure down for the operator.
pub(super) async fn note<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    failure: AuthenticationFailure,
    origin: &Origin,
) -> Failure {
    let (client, reason) = (failure.client.clone(), failure.reason);
    let fact = OAuthFact::ClientAuthenticationFailed { client, reason };
    match endpoints.server.store().append(fact.event(origin)).await {
        Ok(()) => failure.into(),
        Err(error) => error.into(),
    }
}
