//! Answers that only their client can read. [RFC 7516](https://www.rfc-editor.org/rfc/rfc7516)
//!
//! A client whose key cannot be had gets an error and the operator an event; nothing is given in clear instead, and
//! nothing is spent for it.

use towergate_core::{
    Secret,
    audit::{Fact, Origin},
};
use towergate_jose::{
    KeyManagement,
    jwe::{self, ContentEncryption, JweError},
};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{client::Client, fact::OAuthFact},
};

use super::{failure::Failure, layer::Endpoints};

/// What a client registered of one kind of answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encryption {
    /// `id_token`, `userinfo` or `introspection`.
    pub(super) answer: &'static str,
    pub(super) alg: KeyManagement,
    pub(super) enc: ContentEncryption,
}

impl Encryption {
    /// `A128CBC-HS256` when only the `alg` was said,
    /// [OpenID Connect Registration section 2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata).
    pub(super) fn registered(
        answer: &'static str,
        alg: Option<KeyManagement>,
        enc: Option<ContentEncryption>,
    ) -> Option<Self> {
        alg.map(|alg| Self { answer, alg, enc: enc.unwrap_or(ContentEncryption::A128CbcHs256) })
    }
}

/// The text encrypted to `client`; `cty` is `JWT` when it is a signed token.
pub(super) async fn encrypted<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    client: &Client,
    how: Encryption,
    cty: Option<&str>,
    text: &[u8],
    origin: &Origin,
) -> Result<Secret<String>, Failure> {
    let server = &endpoints.server;
    let keys = match server.client_keys(client, None).await {
        Ok(keys) => keys,
        Err(error) => {
            tracing::warn!(client = %client.id, %error, "the keys of a client cannot be had");
            return Err(no_key(endpoints, client, how, "no_keys", origin).await);
        }
    };
    match jwe::encrypt_to(&keys, how.alg, how.enc, cty, text, &*server.random) {
        Ok(token) => Ok(Secret::new(token)),
        Err(JweError::Recipient) => Err(no_key(endpoints, client, how, "no_fitting_key", origin).await),
        Err(error) => Err(error.into()),
    }
}

async fn no_key<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    client: &Client,
    how: Encryption,
    reason: &'static str,
    origin: &Origin,
) -> Failure {
    let fact = OAuthFact::ClientKeyMissing { client: client.id.clone(), answer: how.answer, reason };
    match endpoints.server.store().append(fact.event(origin)).await {
        Ok(()) => Failure::NoClientKey,
        Err(error) => error.into(),
    }
}
