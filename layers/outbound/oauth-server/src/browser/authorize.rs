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
        authorize::{Decision, Params, RedirectUri, Rejection, response},
        client::Client,
        interaction::{self, AuthorizationRequest, Interaction, InteractionId, InteractionState, Prompt},
        pushed_request,
    },
};
use towergate_oauth_types::{ErrorCode, OAuthError};

use super::{
    answer, cookie,
    grounds::Grounds,
    login,
    problem::Problem,
    pushed::{self, Asked},
    respond,
    visit::Visit,
};
use crate::{account::AccountResolver, asked, pages::OAuthPages, server::AuthorizationServer};

/// The longest address at which a request that another site made the browser post is repeated by `GET`, in bytes.
const MAX_REPEATED: usize = 32 * 1024;

/// Answers an authorization request with these parameters.
pub(super) async fn authorize<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    parameters: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let params = Params::parse(parameters)
        .map_err(|_| Problem::bad_request("The request has more than 65536 bytes of parameters."))?;
    let client_id = params.client_id().map_err(Problem::of_client)?;
    let client = server.find_client(&client_id, &visit.origin).await?.ok_or_else(Problem::unknown_client)?;
    let asked = match read(server, visit, &params, &client).await? {
        Ok(asked) => asked,
        Err(told) => return Ok(told),
    };
    let Asked { request, to, pushed } = &asked;
    // Another site's post comes without SameSite=Lax cookies; the same request by GET comes with them.
    if visit.cross_site_post {
        let again = format!("{}?{}", server.config().paths.authorize, params.encode());
        if again.len() > MAX_REPEATED {
            return Ok(answer::error(server, request, to, &TOO_LONG_TO_REPEAT));
        }
        return Ok(respond::see_other(&again));
    }
    let grounds = Grounds::load(server, visit, request, &client, to, None).await?;
    match (grounds.decide(server, visit, request, visit.now, None), &grounds.account) {
        (Decision::Refuse(error), _) => answer::refuse(server, visit, &asked, &error).await,
        (Decision::LoginRequired { sign_in_after }, _) => {
            let id = InteractionId::fresh(visit.now, &server.random)?;
            let Some(address) = login::address(server, visit, request, id).await? else {
                return answer::refuse(server, visit, &asked, &answer::HOST_FAILED).await;
            };
            let given = begin(server, visit, id, asked, sign_in_after).await?;
            Ok(with_cookie(login::go(&address), given))
        }
        (Decision::Proceed, Some(account)) => {
            let (grant, code, text) = answer::mint(server, visit, account, request)?;
            let (store, rests_on) = (server.store(), grounds.asked);
            let issuing = match *pushed {
                None => store.issue_code(grant, code, rests_on, visit.origin).await?,
                Some(pushed) => store.issue_pushed_code(pushed, grant, code, rests_on, visit.origin).await?,
            };
            match issuing {
                Issuing::Issued => Ok(answer::code(server, account, request, to, &text)),
                Issuing::SignInEnded => Err(Problem::signed_out()),
                Issuing::ClientDisabled => Err(Problem::unknown_client()),
                Issuing::RequestSpent => Err(Problem::request_spent()),
                Issuing::ConsentWithdrawn if request.prompt.contains(&Prompt::None) => {
                    answer::refuse(server, visit, &asked, &CONSENT_REQUIRED).await
                }
                Issuing::ConsentWithdrawn => put_question(server, visit, asked).await,
            }
        }
        (Decision::ConsentRequired | Decision::Proceed, _) => put_question(server, visit, asked).await,
    }
}

/// What the client asks for, or what it is told instead.
async fn read<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    params: &Params,
    client: &Client,
) -> Result<Result<Asked, Response<Bytes>>, Problem> {
    match pushed_request::named(params) {
        Ok(Some(presented)) => return pushed::open(server, visit, client, &presented).await.map(Ok),
        Ok(None) => {}
        Err(error) if error.code == ErrorCode::InvalidRequestUri => return Err(Problem::request_spent()),
        Err(error) => return Err(Problem::of_client(error)),
    }
    let opened = asked::open(server, params.clone(), client, visit.now).await;
    match opened.and_then(|opened| asked::check(server, &opened, client)) {
        Ok((request, to)) => Ok(Ok(Asked { request, to, pushed: None })),
        Err(Rejection::Page(error)) => Err(Problem::of_client(error)),
        Err(Rejection::Redirect { to, mode, state, error }) => {
            let issuer = &server.config().issuer;
            Ok(Err(respond::reply(&response::error(&to, mode, state.as_deref(), issuer, &error))))
        }
    }
}

const TOO_LONG_TO_REPEAT: OAuthError =
    OAuthError::new(ErrorCode::InvalidRequest, "the request is too long to come from another site");

const CONSENT_REQUIRED: OAuthError = OAuthError::new(ErrorCode::ConsentRequired, "a consent is required");

/// Sends the browser to the consent page.
async fn put_question<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    asked: Asked,
) -> Result<Response<Bytes>, Problem> {
    let id = InteractionId::fresh(visit.now, &server.random)?;
    let given = begin(server, visit, id, asked, None).await?;
    Ok(with_cookie(respond::see_other(&login::interaction_path(server, id)), given))
}

/// Writes the interaction down; answers the cookie to give to a browser that has none.
async fn begin<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    id: InteractionId,
    asked: Asked,
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
        request: asked.request,
        pushed: asked.pushed,
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
        Beginning::RequestSpent => Err(Problem::request_spent()),
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
