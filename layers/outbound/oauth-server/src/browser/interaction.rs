//! `GET` and `POST /interaction/{id}`: alive, same browser, same person, fresh enough; then ask, or answer.

use bytes::Bytes;
use http::{Response, StatusCode};
use towergate_core::{Timestamp, form::Form};
use towergate_endpoint::page::page;
use towergate_oauth::{
    ports::{
        OAuthStore,
        interaction::{Approval, Asked, Binding, Closing},
    },
    rules::{
        authorize::{Decision, Facts, RedirectUri, decide, resume},
        client::{Client, GrantType, gate},
        consent::{Consent, may_be_remembered},
        interaction::{Interaction, InteractionId},
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{answer, authorize::bind_again, login, problem::Problem, respond, visit::Visit};
use crate::{
    account::{Account, AccountResolver},
    pages::{ConsentView, OAuthPages, ScopeView},
    server::AuthorizationServer,
};

/// Goes on with an interaction: asks, or answers at once when nothing is left to ask.
pub(super) async fn show<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    id: InteractionId,
) -> Result<Response<Bytes>, Problem> {
    let resumed = match Resumed::load(server, visit, id).await? {
        Step::Detour(response) => return Ok(response),
        Step::On(resumed) => *resumed,
    };
    let subject = resumed.account.subject.clone();
    match server.store().bind_interaction(id, subject, visit.origin).await? {
        Binding::Bound => {}
        Binding::SomebodyElses => return Err(Problem::other_person()),
        Binding::Gone => return Err(Problem::gone()),
    }
    if resumed.must_ask {
        Ok(ask(server, &resumed))
    } else {
        approve(server, visit, &resumed, Asked::Before).await
    }
}

/// Closes an interaction with the person's answer.
pub(super) async fn close<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    id: InteractionId,
    form: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let choice = Choice::read(form)?;
    let resumed = match Resumed::load(server, visit, id).await? {
        Step::Detour(response) => return Ok(response),
        Step::On(resumed) => *resumed,
    };
    match &resumed.interaction.subject {
        // Nobody has seen the question yet.
        None => return Ok(respond::see_other(&login::interaction_path(server, id))),
        Some(asked) if *asked != resumed.account.subject => return Err(Problem::other_person()),
        Some(_) => {}
    }
    match choice {
        Choice::Allow { remember } => {
            let remember = remember && may_be_remembered(&resumed.client, &resumed.to);
            let remember = remember.then(|| resumed.consent(visit.now));
            approve(server, visit, &resumed, Asked::Now { remember }).await
        }
        Choice::Deny => deny(server, visit, &resumed).await,
    }
}

enum Choice {
    Allow { remember: bool },
    Deny,
}

impl Choice {
    fn read(form: &[u8]) -> Result<Self, Problem> {
        let unclear =
            || Problem::bad_request("The answer is neither yes nor no. Please go back and choose one.");
        let form = Form::parse(form, &["decision", "remember"]).map_err(|_| unclear())?;
        let remember = form.get("remember").map_err(|_| unclear())? == Some("on");
        match form.get("decision") {
            Ok(Some("allow")) => Ok(Self::Allow { remember }),
            Ok(Some("deny")) => Ok(Self::Deny),
            Ok(_) | Err(_) => Err(unclear()),
        }
    }
}

enum Step {
    /// The browser must go elsewhere first.
    Detour(Response<Bytes>),
    On(Box<Resumed>),
}

/// An interaction that may go on, with everything it rests on.
struct Resumed {
    interaction: Interaction,
    client: Client,
    to: RedirectUri,
    account: Account,
    must_ask: bool,
}

impl Resumed {
    async fn load<S: OAuthStore, R: AccountResolver, P>(
        server: &AuthorizationServer<S, R, P>,
        visit: &Visit,
        id: InteractionId,
    ) -> Result<Step, Problem> {
        let interaction = server.store().find_interaction(id).await?.ok_or_else(Problem::gone)?;
        let digest = visit.browser.as_ref().map(towergate_core::token::OpaqueToken::digest);
        resume(&interaction, digest.as_ref(), visit.now)?;
        let request = &interaction.request;
        let client =
            server.store().find_client(&request.client_id).await?.ok_or_else(Problem::unknown_client)?;
        gate::admit(&client, GrantType::AuthorizationCode).map_err(Problem::of_client)?;
        let to = bind_again(request, &client.metadata.redirect_uris)?;
        let consent = match &visit.account {
            Some(account) if may_be_remembered(&client, &to) => {
                server.store().find_consent(&account.subject, &client.id).await?
            }
            Some(_) | None => None,
        };
        let facts = Facts {
            now: visit.now,
            asked_at: interaction.created_at,
            sign_in_after: interaction.sign_in_after,
            auth_time: visit.account.as_ref().map(|account| account.sign_in.auth_time),
            consent: consent.as_ref(),
        };
        match (decide(request, &facts), &visit.account) {
            (Decision::Refuse(error), _) => Ok(Step::Detour(answer::error(server, request, &to, &error))),
            (decision @ (Decision::ConsentRequired | Decision::Proceed), Some(account)) => {
                let account = account.clone();
                let must_ask = decision == Decision::ConsentRequired;
                Ok(Step::On(Box::new(Self { interaction, client, to, account, must_ask })))
            }
            (_, _) => Ok(Step::Detour(match login::address(server, visit, request, id).await? {
                Some(address) => login::go(&address),
                None => answer::error(server, request, &to, &answer::HOST_FAILED),
            })),
        }
    }

    /// What the person agrees to.
    fn consent(&self, given_at: Timestamp) -> Consent {
        Consent {
            subject: self.account.subject.clone(),
            client: self.client.id.clone(),
            scope: self.interaction.request.scope.clone(),
            given_at,
        }
    }
}

fn ask<S, R, P: OAuthPages>(server: &AuthorizationServer<S, R, P>, resumed: &Resumed) -> Response<Bytes> {
    let config = server.config();
    let name = resumed.client.metadata.client_name.clone();
    let scopes = resumed.interaction.request.scope.values();
    let html = server.pages().consent(&ConsentView {
        action: login::interaction_path(server, resumed.interaction.id),
        client_name: name.unwrap_or_else(|| resumed.client.id.to_string()),
        redirect_host: resumed.to.host(),
        account: resumed.account.display_name.clone(),
        may_remember: may_be_remembered(&resumed.client, &resumed.to),
        scopes: scopes
            .map(|value| ScopeView { value: value.to_owned(), meaning: config.meaning(value).to_owned() })
            .collect(),
    });
    // Browsers apply form-action to every redirect that follows the answer: to the client, and to wherever over https
    // the client goes on from there.
    let policy = format!("form-action 'self' https: {}", resumed.to.csp_source());
    page(StatusCode::OK, html, server.pages().style_source(), &policy)
}

async fn approve<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    resumed: &Resumed,
    asked: Asked,
) -> Result<Response<Bytes>, Problem> {
    let Resumed { interaction, to, account, .. } = resumed;
    let (grant, code, text) = answer::mint(server, visit, account, &interaction.request)?;
    let approval = Approval { interaction: interaction.id, grant, code, asked };
    match server.store().approve_interaction(approval, visit.origin).await? {
        Closing::Closed => Ok(answer::code(server, &interaction.request, to, &text)),
        Closing::Gone => Err(Problem::gone()),
    }
}

async fn deny<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    resumed: &Resumed,
) -> Result<Response<Bytes>, Problem> {
    let Resumed { interaction, to, account, .. } = resumed;
    let subject = Some(account.subject.clone());
    match server.store().deny_interaction(interaction.id, subject, visit.origin).await? {
        Closing::Closed => {
            let denied = OAuthError::new(ErrorCode::AccessDenied, "the person refused");
            Ok(answer::error(server, &interaction.request, to, &denied))
        }
        Closing::Gone => Err(Problem::gone()),
    }
}
