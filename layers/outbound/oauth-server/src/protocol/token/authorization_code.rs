//! A code for tokens: minted first, sealed, and opened only by whoever spent the code.

use towergate_core::token::OpaqueToken;
use towergate_oauth::{
    ports::{
        OAuthStore,
        grant::{Redeemed, Redemption, StoredCode},
    },
    rules::token::{
        Minted, Refusal, TokenAnswer,
        authorization_code::{CodeFacts, Exchange, Presented, decide},
        refresh_token as refresh,
    },
};

use super::{Call, Failure, mint::Share};
use crate::account::AccountResolver;

impl<S: OAuthStore, R: AccountResolver, P> Call<'_, S, R, P> {
    pub(super) async fn exchange_code(
        &self,
        code: Option<OpaqueToken>,
        redirect_uri: Option<&str>,
        code_verifier: Option<&str>,
        resource: &[String],
    ) -> Result<Vec<u8>, Failure> {
        let presented = code.ok_or(Refusal::invalid_grant("malformed_code"))?;
        let stored = self.store().find_code(presented.id()).await?;
        let stored = stored.ok_or(Refusal::invalid_grant("unknown_code"))?;
        let StoredCode { code, grant, spent, revoked } = &stored;
        let facts = CodeFacts { code, grant, spent: *spent, revoked: *revoked };
        let presented = Presented { code: &presented, redirect_uri, code_verifier };
        match decide(facts, presented, &self.client, self.now())? {
            Exchange::Allowed(_) => {
                let share = self.share(grant, grant.scope_left_to(self.client.client()), resource)?;
                self.check_account(grant, &share.scope).await?;
                self.redeem(&stored, share).await
            }
            Exchange::Replayed => {
                let redemption = self.redemption(&stored, self.unminted(grant)?);
                self.store().redeem_code(redemption, self.origin).await?;
                Err(Refusal::invalid_grant("code_replayed").into())
            }
        }
    }

    async fn redeem(&self, stored: &StoredCode, share: Share) -> Result<Vec<u8>, Failure> {
        let StoredCode { code, grant, .. } = stored;
        let (drawn, next) = match refresh::is_issued_to(self.client.client()) {
            true => {
                let [access, next] = self.both_tokens()?;
                (Some(access), Some(next))
            }
            false => (None, None),
        };
        let allowed = share.scope.clone();
        let (access_token, access) = self.access_token_of(grant, share, drawn)?;
        let id_token = self.id_token(grant, &allowed, code.nonce.as_deref(), &access_token).await?;
        let scope = access.scope.clone();
        let mut answer = TokenAnswer { access_token, scope, refresh_token: None, id_token };
        let mut redemption = self.redemption(stored, access);
        if let Some(next) = next {
            redemption.refresh = Some(refresh::first(next.id(), next.digest(), grant.id, self.now()));
            answer.refresh_token = Some(next.reveal());
        }
        let minted = Minted::seal(answer);
        match self.store().redeem_code(redemption, self.origin).await? {
            Redeemed::Consumed(proof) => Ok(minted.release(proof).to_json()?),
            Redeemed::Replayed { .. } => Err(Refusal::invalid_grant("code_replayed").into()),
            Redeemed::Missing => Err(Refusal::invalid_grant("code_gone").into()),
        }
    }

    fn redemption(
        &self,
        stored: &StoredCode,
        access: towergate_oauth::rules::access_token::AccessToken,
    ) -> Redemption {
        let client = self.client.client().id.clone();
        Redemption { code: stored.code.id, client, access, refresh: None }
    }
}
