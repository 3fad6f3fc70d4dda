//! `GET` and `POST /oauth/authorize`: read, load, ask the rules, one store step, answer.

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use towergate_core::token::OpaqueToken;
use towergate_oauth::{
    ports::{
        OAuthStore,
        interaction::{Beginning, Issuing},
    },
    rules::{
        authorize::{Decision, Facts, Params, RedirectUri, Rejection, decide, response, validate},
        consent::may_be_remembered,
        interaction::{self, AuthorizationRequest, Interaction, InteractionId, InteractionState},
    },
};

use super::{answer, cookie, login, problem::Problem, respond, visit::Visit};
use crate::{account::AccountResolver, pages::OAuthPages, server::AuthorizationServer};

/// Answers an authorization request with these parameters.
pub(super) async fn authorize<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    parameters: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let params = Params::parse(parameters)
        .map_err(|_| Problem::bad_request("The request has more than 65536 bytes of parameters."))?;
    let client_id = params.client_id().map_err(Problem::of_client)?;
    let client = server.store().find_client(&client_id).await?.ok_or_else(Problem::unknown_client)?;
    let (request, to) = match validate(&params, &client) {
        Ok(valid) => valid,
        Err(Rejection::Page(error)) => return Err(Problem::of_client(error)),
        Err(Rejection::Redirect { to, mode, state, error }) => {
            let issuer = &server.config().issuer;
            return Ok(respond::reply(&response::error(&to, mode, state.as_deref(), issuer, &error)));
        }
    };
    // Another site's post comes without SameSite=Lax cookies; the same request by GET comes with them.
    if visit.cross_site_post {
        return Ok(respond::see_other(&format!("{}?{}", server.config().paths.authorize, params.encode())));
    }
    let consent = match &visit.account {
        Some(account) if may_be_remembered(&client, &to) => {
            server.store().find_consent(&account.subject, &client.id).await?
        }
        Some(_) | None => None,
    };
    let facts = Facts {
        now: visit.now,
        asked_at: visit.now,
        sign_in_after: None,
        auth_time: visit.account.as_ref().map(|account| account.sign_in.auth_time),
        consent: consent.as_ref(),
    };
    match (decide(&request, &facts), &visit.account) {
        (Decision::Refuse(error), _) => Ok(answer::error(server, &request, &to, &error)),
        (Decision::LoginRequired { sign_in_after }, _) => {
            let id = InteractionId::fresh(visit.now, &server.random)?;
            let Some(address) = login::address(server, visit, &request, id).await? else {
                return Ok(answer::error(server, &request, &to, &answer::HOST_FAILED));
            };
            let given = begin(server, visit, id, request, sign_in_after).await?;
            Ok(with_cookie(login::go(&address), given))
        }
        (Decision::Proceed, Some(account)) => {
            let (grant, code, text) = answer::mint(server, visit, account, &request)?;
            match server.store().issue_code(grant, code, visit.origin).await? {
                Issuing::Issued => Ok(answer::code(server, &request, &to, &text)),
                Issuing::SignInEnded => Err(Problem::signed_out()),
                Issuing::ClientDisabled => Err(Problem::unknown_client()),
            }
        }
        (Decision::ConsentRequired | Decision::Proceed, _) => {
            let id = InteractionId::fresh(visit.now, &server.random)?;
            let given = begin(server, visit, id, request, None).await?;
            Ok(with_cookie(respond::see_other(&login::interaction_path(server, id)), given))
        }
    }
}

/// Writes the interaction down; answers the cookie to give to a browser that has none.
async fn begin<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    id: InteractionId,
    request: AuthorizationRequest,
    sign_in_after: Option<towergate_core::Timestamp>,
) -> Result<Option<String>, Problem> {
    let (digest, given) = match &visit.browser {
        Some(token) => (token.digest(), None),
        None => {
            let token = OpaqueToken::mint(interaction::BROWSER_PREFIX, visit.now, &server.random)?;
            (token.digest(), Some(cookie::give(&token, server.config().issuer.is_insecure())))
        }
    };
    let interaction = Interaction {
        id,
        browser: digest,
        request,
        subject: None,
        sign_in_after,
        created_at: visit.now,
        expires_at: visit.now.plus(interaction::LIFETIME),
        state: InteractionState::Open,
    };
    let limit = server.config().max_open_interactions;
    match server.store().begin_interaction(interaction, limit, visit.origin).await? {
        Beginning::Begun => Ok(given),
        Beginning::Full => Err(Problem::TooManyWait),
    }
}

fn with_cookie(mut response: Response<Bytes>, given: Option<String>) -> Response<Bytes> {
    if let Some(value) = given.and_then(|given| HeaderValue::from_str(&given).ok()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// The address of a kept request, bound again: a client may have lost it in the meantime.
pub(super) fn bind_again(
    request: &AuthorizationRequest,
    registered: &[String],
) -> Result<RedirectUri, Problem> {
    RedirectUri::bind(Some(&request.redirect_uri), registered).map_err(|_| Problem::gone())
}
