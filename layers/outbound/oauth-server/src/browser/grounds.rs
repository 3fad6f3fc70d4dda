//! What a decision rests on beside the request: who is signed in, and what they allowed before.

use towergate_core::{StoreError, Timestamp};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        authorize::{Decision, Facts, RedirectUri, SignedIn, decide},
        client::Client,
        consent::{Consent, may_be_remembered},
        grant::Subject,
        interaction::AuthorizationRequest,
    },
};

use super::visit::Visit;
use crate::server::AuthorizationServer;

/// What a decision rests on beside the request.
pub(super) struct Grounds {
    /// What the person who is signed in must allow, or have allowed.
    pub(super) asked: Option<Consent>,
    is_remembered: bool,
    sub: Option<Subject>,
}

impl Grounds {
    pub(super) async fn load<S: OAuthStore, R, P>(
        server: &AuthorizationServer<S, R, P>,
        visit: &Visit,
        request: &AuthorizationRequest,
        client: &Client,
        to: &RedirectUri,
    ) -> Result<Self, StoreError> {
        let Some(account) = &visit.account else {
            return Ok(Self { asked: None, is_remembered: false, sub: None });
        };
        let table = &server.config().scope_claims;
        let asked = Consent::asked_by(request, client, table, account.subject.clone(), visit.now);
        let given = if may_be_remembered(client, to) {
            server.store().find_consent(&account.subject, &client.id).await?
        } else {
            None
        };
        let is_remembered = given.is_some_and(|given| given.covers(&asked));
        let sub = server.sub_of(client, &account.subject);
        Ok(Self { asked: Some(asked), is_remembered, sub: Some(sub) })
    }

    /// What is still missing for a request that arrived at `asked_at`.
    pub(super) fn decide<S, R, P>(
        &self,
        server: &AuthorizationServer<S, R, P>,
        visit: &Visit,
        request: &AuthorizationRequest,
        asked_at: Timestamp,
        sign_in_after: Option<Timestamp>,
    ) -> Decision {
        let signed_in = visit.account.as_ref().zip(self.sub.as_ref()).map(|(account, sub)| SignedIn {
            sub: sub.as_str(),
            auth_time: account.sign_in.auth_time,
            acr: account.sign_in.acr.as_deref(),
        });
        let acr_offered = &server.config().acr_values;
        let is_remembered = self.is_remembered;
        decide(
            request,
            &Facts { now: visit.now, asked_at, sign_in_after, signed_in, acr_offered, is_remembered },
        )
    }
}
