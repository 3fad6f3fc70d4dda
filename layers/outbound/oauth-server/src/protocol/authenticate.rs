//! Who asks: client authentication, the same for every endpoint that asks for it.
//! [RFC 6749 section 2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)

use http::{header, request::Parts};
use towergate_core::{
    audit::{Fact, Origin},
    form::Form,
};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        client::{AuthenticatedClient, AuthenticationFailure, Credentials, gate},
        fact::OAuthFact,
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{failure::Failure, layer::Endpoints};

/// The client that has proven itself; a failure is on record.
pub(super) async fn authenticate<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    form: &Form,
    origin: &Origin,
) -> Result<AuthenticatedClient, Failure> {
    let store = endpoints.server.store();
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let authorization = headers.next().map(http::HeaderValue::as_bytes);
    let verdict = if headers.next().is_some() {
        let description = "the Authorization header is there twice";
        let error = OAuthError::new(ErrorCode::InvalidRequest, description);
        Err(AuthenticationFailure { error, by_header: true, client: None, reason: "two_headers" })
    } else {
        match Credentials::read(authorization, form) {
            Ok(credentials) => {
                let client = store.find_client(credentials.client_id()).await?;
                credentials.verify(client).and_then(|client| admitted(client, authorization.is_some()))
            }
            Err(failure) => Err(failure),
        }
    };
    match verdict {
        Ok(client) => Ok(client),
        Err(failure) => Err(note(endpoints, failure, origin).await),
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

/// A client that was shut out fails like one that is unknown: same answer, same challenge, its own reason.
fn admitted(
    client: AuthenticatedClient,
    by_header: bool,
) -> Result<AuthenticatedClient, AuthenticationFailure> {
    match gate::active(client.client()) {
        Ok(()) => Ok(client),
        Err(error) => {
            let id = client.client().id.clone();
            Err(AuthenticationFailure { error, by_header, client: Some(id), reason: "client_disabled" })
        }
    }
}
