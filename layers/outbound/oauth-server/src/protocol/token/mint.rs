//! Making the tokens that an answer holds.

use std::sync::Arc;

use towergate_core::{Secret, id, token::OpaqueToken};
use towergate_jose::SigningKey;
use towergate_oauth::rules::{
    access_token::{self, AccessToken},
    client::AccessTokenFormat,
    grant::{Grant, SignIn},
    refresh_token,
    token::{
        access_claims::{self, AccessClaims},
        id_token::{self, IdTokenClaims},
    },
};
use towergate_oauth_types::Scope;

use super::{Call, Failure};

impl<S, R, P> Call<'_, S, R, P> {
    /// The row of an access token that will never be kept: for a step that can only find a replay.
    pub(super) fn unminted(&self, grant: &Grant) -> Result<AccessToken, Failure> {
        let id = id::time_ordered(self.now, &self.endpoints.server.random)?;
        Ok(access_claims::of_grant(id, grant, Scope::default(), self.now))
    }

    /// An access token in the shape that the client registered, and its row. `row` has no digest yet.
    pub(super) fn access_token(
        &self,
        row: impl FnOnce(id::Uuid) -> AccessToken,
        sign_in: Option<&SignIn>,
    ) -> Result<(Secret<String>, AccessToken), Failure> {
        let random = &self.endpoints.server.random;
        match self.client.client().metadata.access_token_format {
            AccessTokenFormat::Opaque => {
                let token = OpaqueToken::mint(access_token::PREFIX, self.now, random)?;
                let row = AccessToken { digest: Some(token.digest()), ..row(token.id()) };
                Ok((token.reveal(), row))
            }
            AccessTokenFormat::Jwt => {
                let row = row(id::time_ordered(self.now, random)?);
                let key = self.endpoints.server.keys().preferred().ok_or_else(|| self.no_key("signing"))?;
                let claims = AccessClaims::new(self.issuer(), &row, sign_in);
                let text = key.sign_jwt(access_claims::TYP, &claims)?;
                Ok((Secret::new(text), row))
            }
        }
    }

    pub(super) fn refresh_token(&self) -> Result<OpaqueToken, Failure> {
        Ok(OpaqueToken::mint(refresh_token::PREFIX, self.now, &self.endpoints.server.random)?)
    }

    /// An ID token beside `access_token`, when `openid` is in the scope.
    pub(super) fn id_token(
        &self,
        grant: &Grant,
        scope: &Scope,
        nonce: Option<&str>,
        access_token: &Secret<String>,
    ) -> Result<Option<Secret<String>>, Failure> {
        if !scope.contains("openid") {
            return Ok(None);
        }
        let key = self.id_token_key()?;
        let sub = self.endpoints.server.sub_of(self.client.client(), &grant.subject);
        let claims = IdTokenClaims::new(
            self.issuer(),
            &sub,
            grant,
            nonce,
            access_token.expose(),
            key.algorithm(),
            self.now,
        );
        Ok(Some(Secret::new(key.sign_jwt(id_token::TYP, &claims)?)))
    }

    fn id_token_key(&self) -> Result<Arc<SigningKey>, Failure> {
        let algorithm = self.client.client().metadata.id_token_signed_response_alg;
        self.endpoints.server.keys().signing(algorithm).ok_or_else(|| self.no_key(algorithm.as_str()))
    }

    fn no_key(&self, algorithm: &str) -> Failure {
        Failure::NoKey { algorithm: algorithm.to_owned(), client: self.client.client().id.to_string() }
    }

    fn issuer(&self) -> &str {
        self.endpoints.server.config().issuer.as_str()
    }
}
