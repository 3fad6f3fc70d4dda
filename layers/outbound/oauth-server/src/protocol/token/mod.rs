//! The token endpoint: who asks, may they, what for, and one atomic step.
//! [RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)

mod authorization_code;
mod client_credentials;
mod mint;
mod refresh_token;

use std::error::Error;

use bytes::Bytes;
use http::{Response, StatusCode, request::Parts};
use http_body::Body;
use towergate_core::{
    Timestamp,
    audit::{Fact, Origin},
};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        claims::{HostClaims, Wanted},
        client::{AuthenticatedClient, gate},
        fact::OAuthFact,
        grant::{Grant, RevocationReason},
        token::{Refusal, TokenRequest, request},
    },
};
use towergate_oauth_types::Scope;

use super::{
    asking::{Asking, ask},
    failure::Failure,
    json,
    layer::Endpoints,
};
use crate::account::{AccountResolver, Context, Purpose, ResolverError, calls};

/// One call of the endpoint, after the client has proven itself.
struct Call<'a, S, R, P> {
    endpoints: &'a Endpoints<S, R, P>,
    client: AuthenticatedClient,
    origin: Origin,
}

pub(super) async fn answer<S, R, P, B>(
    endpoints: &Endpoints<S, R, P>,
    parts: &Parts,
    body: B,
) -> Result<Response<Bytes>, Failure>
where
    S: OAuthStore,
    R: AccountResolver,
    P: Send + Sync,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let asked = ask(endpoints, parts, body, request::KNOWN, request::LISTS).await?;
    let Asking { client, form, origin } = asked;
    let request = TokenRequest::read(&form)?;
    gate::admit(client.client(), request.grant_type())?;
    let call = Call { endpoints, client, origin };
    // What a person stands behind is larger than the rest, and signs: it can afford a box of its own.
    let body = match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier, resource } => {
            let exchange =
                call.exchange_code(code, redirect_uri.as_deref(), code_verifier.as_deref(), &resource);
            Box::pin(exchange).await?
        }
        TokenRequest::RefreshToken { token, scope, resource } => {
            Box::pin(call.refresh(token, scope, &resource)).await?
        }
        TokenRequest::ClientCredentials { scope, resource } => call.act_for_itself(scope, &resource).await?,
    };
    Ok(json::private(StatusCode::OK, body))
}

impl<S, R, P> Call<'_, S, R, P> {
    /// When the request was there.
    const fn now(&self) -> Timestamp {
        self.origin.at
    }
}

impl<S: OAuthStore, R: AccountResolver, P> Call<'_, S, R, P> {
    fn store(&self) -> &S {
        self.endpoints.server.store()
    }

    /// Asks the host whether the person may still act; if not, all that they allowed here dies.
    async fn check_account(&self, grant: &Grant, scope: &Scope) -> Result<(), Failure> {
        let context = context(Purpose::Token, grant, scope);
        if is_account_alive(self.endpoints, grant, &context, &self.origin).await? {
            return Ok(());
        }
        Err(Refusal::invalid_grant("account_refused").into())
    }
}

/// What the host is told of why it is asked about the account of `grant`.
pub(super) fn context(purpose: Purpose, grant: &Grant, scope: &Scope) -> Context {
    let mut context = Context::new(purpose);
    context.client = Some(grant.client.clone());
    context.scope = scope.clone();
    context.sid = grant.ends_with().map(str::to_owned);
    context
}

/// Asks the host what it knows of the account of `grant`, and keeps what `wanted` lets out.
pub(super) async fn host_claims<S: OAuthStore, R: AccountResolver, P>(
    endpoints: &Endpoints<S, R, P>,
    grant: &Grant,
    wanted: &Wanted<'_>,
    context: &Context,
    origin: &Origin,
) -> Result<HostClaims, Failure> {
    let table = &endpoints.server.config().scope_claims;
    if !wanted.is_of_the_host(table) {
        return Ok(HostClaims::default());
    }
    match calls::claims(&**endpoints.server.resolver(), &grant.subject, context).await {
        Ok(claims) => Ok(table.let_out(wanted, claims.values)),
        Err(cause) => Err(Box::pin(resolver_failed(endpoints, "claims", cause, origin)).await),
    }
}

/// Asks the host about the account of `grant`; when it is refused, the grant is revoked.
pub(super) async fn is_account_alive<S: OAuthStore, R: AccountResolver, P>(
    endpoints: &Endpoints<S, R, P>,
    grant: &Grant,
    context: &Context,
    origin: &Origin,
) -> Result<bool, Failure> {
    let resolver = &**endpoints.server.resolver();
    let answer = calls::account(resolver, &grant.subject, context).await.and_then(|answer| match answer {
        Some(subject) if subject != grant.subject => Err(ResolverError::new(
            "the account resolver answered for another subject than it was asked about",
        )),
        answer => Ok(answer.is_some()),
    });
    match answer {
        Ok(true) => Ok(true),
        Ok(false) => {
            let store = endpoints.server.store();
            Box::pin(store.revoke_grant(grant.id, RevocationReason::AccountRefused, *origin)).await?;
            Ok(false)
        }
        Err(cause) => Err(Box::pin(resolver_failed(endpoints, "account", cause, origin)).await),
    }
}

/// Writes the failure down for the operator; not what passes, as no store that is away is written down.
pub(super) async fn resolver_failed<S: OAuthStore, R, P>(
    endpoints: &Endpoints<S, R, P>,
    call: &'static str,
    cause: ResolverError,
    origin: &Origin,
) -> Failure {
    if cause.is_unavailable() {
        return Failure::Resolver { call, cause };
    }
    let fact = OAuthFact::AccountResolverFailed { call, problem: cause.to_string() };
    if let Err(error) = endpoints.server.store().append(fact.event(origin)).await {
        tracing::error!(%error, "a failure of the account resolver could not be written down");
    }
    Failure::Resolver { call, cause }
}
