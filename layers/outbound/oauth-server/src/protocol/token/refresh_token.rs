//! A refresh token for the next one. The answer is kept sealed under the presented token's own secret, so that the same
//! client may hear it again for a moment, if it asks for the same scope and the same APIs, and nobody else ever.

use std::collections::BTreeSet;

use towergate_core::{
    seal::{SealError, SealingKey},
    token::OpaqueToken,
};
use towergate_oauth::{
    ports::{
        OAuthStore,
        grant::{Rotated, Rotation, StoredRefreshToken},
    },
    rules::{
        refresh_token::REPEAT_WINDOW,
        token::{
            Refusal, TokenAnswer,
            refresh_token::{Exchange, RefreshFacts, decide, successor},
        },
    },
};
use towergate_oauth_types::Scope;

use super::{Call, Failure, mint::Share};
use crate::account::AccountResolver;

impl<S: OAuthStore, R: AccountResolver, P> Call<'_, S, R, P> {
    pub(super) async fn refresh(
        &self,
        token: Option<OpaqueToken>,
        scope: Option<Scope>,
        resource: &[String],
    ) -> Result<Vec<u8>, Failure> {
        let presented = token.ok_or(Refusal::invalid_grant("malformed_refresh_token"))?;
        let stored = self.store().find_refresh_token(presented.id()).await?;
        let stored = stored.ok_or(Refusal::invalid_grant("unknown_refresh_token"))?;
        let StoredRefreshToken { token, grant, state, revoked } = &stored;
        let facts = RefreshFacts { token, grant, state, revoked: *revoked };
        let asked = sealing_context(&presented, scope.as_ref(), resource);
        let (rotation, answer) = match decide(facts, &presented, scope, &self.client, self.now())? {
            Exchange::Allowed { scope } => {
                let share = self.share(grant, Ok(scope), resource)?;
                self.check_account(grant, &share.scope).await?;
                self.rotation(&stored, &presented, share, &asked).await?
            }
            // The token is used already: nothing of this rotation can ever be kept.
            Exchange::Again => (self.unminted_rotation(&stored)?, Vec::new()),
        };
        match self.store().rotate_refresh_token(rotation, self.origin).await? {
            Rotated::Rotated => Ok(answer),
            Rotated::Repeated { sealed_answer } => {
                self.check_account(grant, &grant.scope).await?;
                match sealing_key(&presented)?.open(&asked, &sealed_answer) {
                    Ok(kept) => Ok(kept.expose().clone()),
                    // Not the answer to this question: a token for one API must not be taken for another's.
                    Err(SealError::Broken) => {
                        Err(Refusal::invalid_grant("repeated_for_something_else").into())
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Rotated::Reused { .. } => Err(Refusal::invalid_grant("refresh_token_reused").into()),
            Rotated::Missing => Err(Refusal::invalid_grant("refresh_token_gone").into()),
        }
    }

    async fn rotation(
        &self,
        stored: &StoredRefreshToken,
        presented: &OpaqueToken,
        share: Share,
        asked: &[u8],
    ) -> Result<(Rotation, Vec<u8>), Failure> {
        let grant = &stored.grant;
        let [drawn, next] = self.both_tokens()?;
        let allowed = share.scope.clone();
        let (access_token, access) = self.access_token_of(grant, share, Some(drawn))?;
        let id_token = self.id_token(grant, &allowed, None, &access_token).await?;
        let scope = access.scope.clone();
        let answer = TokenAnswer { access_token, scope, refresh_token: Some(next.reveal()), id_token };
        let answer = answer.to_json()?;
        // A nonce is no secret.
        let sealed_answer = sealing_key(presented)?.seal(asked, &answer, &self.endpoints.server.names)?;
        let rotation = Rotation {
            presented: stored.token.id,
            client: self.client.client().id.clone(),
            access,
            refresh: successor(next.id(), next.digest(), &stored.token, self.now()),
            sealed_answer,
            repeat_window: REPEAT_WINDOW,
        };
        Ok((rotation, answer))
    }

    fn unminted_rotation(&self, stored: &StoredRefreshToken) -> Result<Rotation, Failure> {
        let next = self.refresh_token()?;
        Ok(Rotation {
            presented: stored.token.id,
            client: self.client.client().id.clone(),
            access: self.unminted(&stored.grant)?,
            refresh: successor(next.id(), next.digest(), &stored.token, self.now()),
            sealed_answer: Vec::new(),
            repeat_window: REPEAT_WINDOW,
        })
    }
}

/// Which question an answer is kept for.
fn sealing_context(presented: &OpaqueToken, scope: Option<&Scope>, resource: &[String]) -> Vec<u8> {
    let resource: BTreeSet<&str> = resource.iter().map(String::as_str).collect();
    let mut context = presented.id().as_bytes().to_vec();
    let scope = scope.map(Scope::as_str).unwrap_or_default();
    for word in std::iter::once(scope).chain(resource) {
        // A name may hold anything, a line break too: its length says where it ends.
        context.extend_from_slice(&word.len().to_be_bytes());
        context.extend_from_slice(word.as_bytes());
    }
    context
}

fn sealing_key(presented: &OpaqueToken) -> Result<SealingKey, Failure> {
    Ok(SealingKey::expand(presented.secret(), "refresh answer")?)
}
