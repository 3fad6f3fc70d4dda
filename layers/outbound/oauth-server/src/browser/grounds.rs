//! What a decision rests on beside the request: who is signed in, and what they allowed before.

use towergate_core::{StoreError, Timestamp};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        authorize::{Decision, Facts, RedirectUri, Selectable, Selection, SignedIn, decide, select},
        client::Client,
        consent::{Consent, may_be_remembered},
        grant::Subject,
        interaction::{AuthorizationRequest, Prompt},
    },
};

use super::visit::Visit;
use crate::{
    account::{Account, Candidate},
    server::AuthorizationServer,
};

/// What a decision rests on beside the request.
pub(super) struct Grounds {
    /// Who the answer is about.
    pub(super) account: Option<Account>,
    /// What they must allow, or have allowed.
    pub(super) asked: Option<Consent>,
    is_remembered: bool,
    sub: Option<Subject>,
    /// Who are signed in beside each other, and who they are to the client, while it is not said which of them it is.
    selectable: Vec<(Subject, Account)>,
}

impl Grounds {
    /// Reads them for a request, or for one that is resumed by the person it is `bound` to.
    pub(super) async fn load<S: OAuthStore, R, P>(
        server: &AuthorizationServer<S, R, P>,
        visit: &Visit,
        request: &AuthorizationRequest,
        client: &Client,
        to: &RedirectUri,
        bound: Option<&Subject>,
    ) -> Result<Self, StoreError> {
        let about = |account: &Account| Self::about(server, visit, request, client, to, account.clone());
        if let Some(account) = &visit.account {
            return about(account).await;
        }
        let several: Vec<_> = visit
            .candidates
            .iter()
            .map(|one| (server.sub_of(client, &one.account.subject), one.account.clone()))
            .collect();
        let selection = {
            let people: Vec<_> = several
                .iter()
                .zip(&visit.candidates)
                .map(|((sub, account), one)| Selectable {
                    sub: sub.as_str(),
                    is_hinted: is_called(one, request.login_hint.as_deref()),
                    is_bound: bound == Some(&account.subject),
                })
                .collect();
            select(request, bound.is_some(), &people)
        };
        let chosen = |place: usize| several.get(place).map(|(_, account)| account);
        match selection {
            Selection::Named(place) => {
                if let Some(account) = chosen(place) {
                    return about(account).await;
                }
            }
            Selection::Hinted(place) => {
                if let Some(account) = chosen(place) {
                    let grounds = about(account).await?;
                    if grounds.is_remembered || !request.prompt.contains(&Prompt::None) {
                        return Ok(grounds);
                    }
                }
            }
            Selection::Undecided => {}
        }
        Ok(Self { account: None, asked: None, is_remembered: false, sub: None, selectable: several })
    }

    async fn about<S: OAuthStore, R, P>(
        server: &AuthorizationServer<S, R, P>,
        visit: &Visit,
        request: &AuthorizationRequest,
        client: &Client,
        to: &RedirectUri,
        account: Account,
    ) -> Result<Self, StoreError> {
        let table = &server.config().scope_claims;
        let asked = Consent::asked_by(request, client, table, account.subject.clone(), visit.now);
        let given = if may_be_remembered(client, to) {
            server.store().find_consent(&account.subject, &client.id).await?
        } else {
            None
        };
        let is_remembered = given.is_some_and(|given| given.covers(&asked));
        let sub = server.sub_of(client, &account.subject);
        Ok(Self {
            account: Some(account),
            asked: Some(asked),
            is_remembered,
            sub: Some(sub),
            selectable: Vec::new(),
        })
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
        let signed_in = self.account.as_ref().zip(self.sub.as_ref());
        let selectable: Vec<_> =
            self.selectable.iter().map(|(sub, account)| signed_in_as(account, sub)).collect();
        let facts = Facts {
            now: visit.now,
            asked_at,
            sign_in_after,
            signed_in: signed_in.map(|(account, sub)| signed_in_as(account, sub)),
            selectable: &selectable,
            acr_offered: &server.config().acr_values,
            is_remembered: self.is_remembered,
        };
        decide(request, &facts)
    }
}

fn signed_in_as<'a>(account: &'a Account, sub: &'a Subject) -> SignedIn<'a> {
    SignedIn { sub: sub.as_str(), auth_time: account.sign_in.auth_time, acr: account.sign_in.acr.as_deref() }
}

fn is_called(one: &Candidate, hint: Option<&str>) -> bool {
    hint.is_some_and(|hint| one.names.iter().any(|name| name.eq_ignore_ascii_case(hint)))
}
