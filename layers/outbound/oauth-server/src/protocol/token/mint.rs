//! Making the tokens that an answer holds.

use std::sync::Arc;

use towergate_core::{Secret, id, token::OpaqueToken};
use towergate_jose::SigningKey;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        access_token::{self, AccessToken},
        claims::Wanted,
        client::{AccessTokenFormat, SubjectType},
        grant::{Grant, NothingLeft, SignIn},
        refresh_token, resource,
        token::{
            Refusal,
            access_claims::{self, AccessClaims},
            id_token::{self, IdTokenClaims},
        },
    },
};
use towergate_oauth_types::Scope;

use super::{
    super::encrypt::{Encryption, encrypted},
    Call, Failure, context, host_claims,
};
use crate::account::{AccountResolver, Purpose};

/// What is given out of a grant this time.
pub(super) struct Share {
    pub(super) scope: Scope,
    pub(super) audience: Vec<String>,
}

impl<S: OAuthStore, R: AccountResolver, P> Call<'_, S, R, P> {
    /// An ID token beside `access_token`, when `openid` is in the scope: signed, and encrypted where the client
    /// registered so.
    pub(super) async fn id_token(
        &self,
        grant: &Grant,
        scope: &Scope,
        nonce: Option<&str>,
        access_token: &Secret<String>,
    ) -> Result<Option<Secret<String>>, Failure> {
        if !scope.contains("openid") {
            return Ok(None);
        }
        let client = self.client.client();
        let sub = self.endpoints.server.sub_of(client, &grant.subject);
        if !grant.claims.is_of(&sub) {
            return Err(Refusal::invalid_grant("another_sub_was_asked_for").into());
        }
        let key = self.id_token_key()?;
        let wanted = Wanted::in_id_token(&client.metadata.scope, &grant.claims);
        let context = context(Purpose::Token, grant, scope);
        let host = host_claims(self.endpoints, grant, &wanted, &context, &self.origin).await?;
        let text = access_token.expose();
        let claims = IdTokenClaims::new(self.issuer(), &sub, grant, text, key.algorithm(), self.now())
            .with_nonce(nonce)
            .with_host_claims(&host);
        let signed = Secret::new(key.sign_jwt(id_token::TYP, &claims)?);
        let metadata = &client.metadata;
        let (alg, enc) = (metadata.id_token_encrypted_response_alg, metadata.id_token_encrypted_response_enc);
        let Some(how) = Encryption::registered("id_token", alg, enc) else { return Ok(Some(signed)) };
        let text = signed.expose().as_bytes();
        let encrypted = encrypted(self.endpoints, client, how, Some(id_token::TYP), text, &self.origin);
        Box::pin(encrypted).await.map(Some)
    }
}

impl<S, R, P> Call<'_, S, R, P> {
    /// What `grant` gives out in `scope` to the APIs that the request names, or to all that it is for.
    pub(super) fn share(
        &self,
        grant: &Grant,
        scope: Result<Scope, NothingLeft>,
        resource: &[String],
    ) -> Result<Share, Refusal> {
        let named = resource.iter().map(String::as_str);
        let audience = resource::narrow(&grant.audience, named).map_err(Refusal::invalid_target)?;
        Ok(Share { scope: scope?, audience })
    }

    /// An access token of a share of `grant`: of its scope it holds what means something to its audience.
    pub(super) fn access_token_of(
        &self,
        grant: &Grant,
        Share { scope, audience }: Share,
        drawn: Option<OpaqueToken>,
    ) -> Result<(Secret<String>, AccessToken), Failure> {
        let scope = self.endpoints.server.config().targets().scope_at(&audience, scope);
        let row = |id| access_claims::of_grant(id, grant, scope, audience, self.now());
        self.access_token(row, Some(&grant.sign_in), drawn)
    }

    /// The row of an access token that will never be kept: for a step that can only find a replay.
    pub(super) fn unminted(&self, grant: &Grant) -> Result<AccessToken, Failure> {
        let id = id::time_ordered(self.now(), &self.endpoints.server.names)?;
        Ok(access_claims::of_grant(id, grant, Scope::default(), Vec::new(), self.now()))
    }

    /// An access token in the shape that the client registered, and its row. `row` has no digest yet. What was `drawn` for
    /// it with something else is made use of.
    pub(super) fn access_token(
        &self,
        row: impl FnOnce(id::Uuid) -> AccessToken,
        sign_in: Option<&SignIn>,
        drawn: Option<OpaqueToken>,
    ) -> Result<(Secret<String>, AccessToken), Failure> {
        let server = &self.endpoints.server;
        let metadata = &self.client.client().metadata;
        match (metadata.access_token_format, metadata.subject_type) {
            // A JWT would tell a pairwise client the subject itself.
            (AccessTokenFormat::Opaque, _) | (AccessTokenFormat::Jwt, SubjectType::Pairwise) => {
                let mint = || OpaqueToken::mint(access_token::PREFIX, self.now(), &server.random);
                let token = drawn.map_or_else(mint, Ok)?;
                let row = AccessToken { digest: Some(token.digest()), ..row(token.id()) };
                Ok((token.reveal(), row))
            }
            (AccessTokenFormat::Jwt, SubjectType::Public) => {
                let name = || id::time_ordered(self.now(), &server.names);
                let row = row(drawn.map_or_else(name, |token| Ok(token.id()))?);
                let key = server.keys().preferred().ok_or_else(|| self.no_key("signing"))?;
                let claims = AccessClaims::new(self.issuer(), &row, sign_in);
                let text = key.sign_jwt(access_claims::TYP, &claims)?;
                Ok((Secret::new(text), row))
            }
        }
    }

    pub(super) fn refresh_token(&self) -> Result<OpaqueToken, Failure> {
        Ok(OpaqueToken::mint(refresh_token::PREFIX, self.now(), &self.endpoints.server.random)?)
    }

    /// What an access token is made of, and the refresh token beside it.
    pub(super) fn both_tokens(&self) -> Result<[OpaqueToken; 2], Failure> {
        let prefixes = [access_token::PREFIX, refresh_token::PREFIX];
        Ok(OpaqueToken::mint_two(prefixes, self.now(), &self.endpoints.server.random)?)
    }

    fn id_token_key(&self) -> Result<Arc<SigningKey>, Failure> {
        let algorithm = self.client.client().metadata.id_token_signed_response_alg;
        self.endpoints.server.keys().signing(algorithm).ok_or_else(|| self.no_key(algorithm.as_str()))
    }

    fn no_key(&self, algorithm: &str) -> Failure {
        Failure::no_key(algorithm, self.client.client())
    }

    fn issuer(&self) -> &str {
        self.endpoints.server.config().issuer.as_str()
    }
}
