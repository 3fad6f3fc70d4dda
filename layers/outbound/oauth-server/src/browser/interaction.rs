//! `GET` and `POST /interaction/{id}`: alive, same browser, same person, fresh enough; then ask, or answer.

use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use towergate_core::form::Form;
use towergate_endpoint::page::{Policy, policed};
use towergate_oauth::{
    ports::{
        OAuthStore,
        interaction::{Approval, Asked, Binding, Closing},
    },
    rules::{
        authorize::{Decision, RedirectUri, Unresumable, again, resume},
        client::{Client, GrantType, gate},
        consent::{Consent, may_be_remembered},
        interaction::{Interaction, InteractionId},
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    answer,
    authorize::bind_again,
    consent::{self, Question},
    grounds::Grounds,
    login,
    problem::Problem,
    pushed::Asked as ToAnswer,
    respond,
    visit::Visit,
};
use crate::{
    account::{Account, AccountResolver, Context, Purpose, calls},
    pages::OAuthPages,
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
        return Ok(ask(server, &resumed).await);
    }
    let before = Asked::Before { rests_on: resumed.asked.clone() };
    approve(server, visit, &resumed, before).await
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
            let remember = remember.then(|| resumed.asked.clone());
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
    client: Arc<Client>,
    to: RedirectUri,
    account: Account,
    /// What the person agrees to.
    asked: Consent,
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
        let request = &interaction.request;
        let client = server
            .find_client(&request.client_id, &visit.origin)
            .await?
            .ok_or_else(Problem::unknown_client)?;
        match resume(&interaction, digest.as_ref(), visit.now) {
            Err(Unresumable::Answered) => {
                return Err(answered(server, &client, &interaction));
            }
            resumed => resumed?,
        }
        gate::admit(&client, GrantType::AuthorizationCode).map_err(Problem::of_client)?;
        let to = bind_again(request, &client.metadata.redirect_uris)?;
        let bound = interaction.subject.as_ref();
        let grounds = Grounds::load(server, visit, request, &client, &to, bound).await?;
        let decision =
            grounds.decide(server, visit, request, interaction.created_at, interaction.sign_in_after);
        match (decision, grounds.account, grounds.asked) {
            (Decision::Refuse(error), Some(account), _) => {
                match server.store().refuse_interaction(id, account.subject, error.code, visit.origin).await?
                {
                    Closing::Closed => Ok(Step::Detour(answer::error(server, request, &to, &error))),
                    Closing::Gone | Closing::ConsentWithdrawn => Err(Problem::other_person()),
                }
            }
            (Decision::Refuse(error), None, _) => {
                let asked = ToAnswer { request: request.clone(), to, pushed: interaction.pushed };
                Ok(Step::Detour(answer::refuse(server, visit, &asked, &error).await?))
            }
            (decision @ (Decision::ConsentRequired | Decision::Proceed), Some(account), Some(asked)) => {
                let must_ask = decision == Decision::ConsentRequired;
                Ok(Step::On(Box::new(Self { interaction, client, to, account, asked, must_ask })))
            }
            (..) => Ok(Step::Detour(match login::address(server, visit, request, id).await? {
                Some(address) => login::go(&address),
                None => answer::error(server, request, &to, &answer::HOST_FAILED),
            })),
        }
    }
}

async fn ask<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    resumed: &Resumed,
) -> Response<Bytes> {
    let Resumed { interaction, client, to, account, asked, .. } = resumed;
    let action = login::interaction_path(server, interaction.id);
    let question = Question { request: &interaction.request, client, to, asked };
    let mut context = Context::new(Purpose::Browser);
    context.client = Some(client.id.clone());
    context.interaction = Some(interaction.id);
    let name = calls::display_name(&**server.resolver(), account, &context).await;
    let view = question.view(server.config(), action, name);
    // Browsers apply form-action to every redirect that follows the answer: to the client, and to wherever over https
    // the client goes on from there.
    let images = view.logo_uri.as_deref().and_then(consent::origin).unwrap_or_default();
    let policy = Policy {
        style: server.pages().style_source(),
        images: &images,
        more: &format!("form-action 'self' https: {}", to.csp_source()),
    };
    policed(StatusCode::OK, server.pages().consent(&view), &policy)
}

async fn approve<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    resumed: &Resumed,
    asked: Asked,
) -> Result<Response<Bytes>, Problem> {
    let Resumed { interaction, to, account, .. } = resumed;
    let (grant, code, text) = answer::mint(server, visit, account, &interaction.request)?;
    let approval = Approval { interaction: interaction.id, grant, code, asked };
    match server.store().approve_interaction(approval, visit.origin).await? {
        Closing::Closed => Ok(answer::code(server, account, &interaction.request, to, &text)),
        Closing::ConsentWithdrawn => Ok(ask(server, resumed).await),
        Closing::Gone => Err(answered(server, &resumed.client, interaction)),
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
        Closing::Gone | Closing::ConsentWithdrawn => Err(answered(server, &resumed.client, interaction)),
    }
}

/// Whoever clicks twice on a button answers twice, and the browser shows what the second answer came to: it leads to
/// the same question again, unless only the client can put it: what it pushed, or must sign.
fn answered<S, R, P>(
    server: &AuthorizationServer<S, R, P>,
    client: &Client,
    interaction: &Interaction,
) -> Problem {
    let again = || format!("{}?{}", server.config().paths.authorize, again::query(&interaction.request));
    let may_be_put = interaction.pushed.is_none()
        && !client.metadata.require_signed_request_object
        && !client.metadata.require_pushed_authorization_requests
        && !server.config().require_pushed_authorization_requests;
    Problem::Answered { again: may_be_put.then(again) }
}
