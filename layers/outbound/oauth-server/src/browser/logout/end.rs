//! The end of a sign-in, from first to last.

use bytes::Bytes;
use http::{Response, header, request::Parts};
use tokio::runtime::Handle;
use towergate_core::{LocalPath, StoreError, audit::Fact};
use towergate_oauth::{
    ports::OAuthStore,
    rules::{fact::OAuthFact, logout::LogoutRequest},
};
use tracing::Instrument;
use url::form_urlencoded::Serializer;

use super::farewell;
use crate::{
    account::{AccountFailure, AccountResolver, Context, Ending, Purpose, calls},
    browser::{problem::Problem, respond::see_other, visit::Visit},
    logout::cleared,
    pages::OAuthPages,
    server::AuthorizationServer,
};

/// Ends the sign-in: first what clients hold, then the host's own session.
pub(super) async fn end<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: Visit,
    parts: Parts,
    request: LogoutRequest,
) -> Result<Response<Bytes>, Problem> {
    // On its own task: whoever hangs up early is signed out whole all the same.
    let all = end_all(server.clone(), visit, parts, request).in_current_span();
    let mut response = match Handle::try_current() {
        Ok(runtime) => runtime.spawn(all).await.map_err(|_| Problem::BrokenOff)??,
        Err(_) => all.await?,
    };
    if server.config().manages_sessions() {
        response.headers_mut().append(header::SET_COOKIE, cleared());
    }
    Ok(response)
}

async fn end_all<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: AuthorizationServer<S, R, P>,
    visit: Visit,
    parts: Parts,
    request: LogoutRequest,
) -> Result<Response<Bytes>, Problem> {
    let sid = visit.account.and_then(|account| account.sign_in.sid);
    if let Some(sid) = &sid {
        server.end_sign_in(sid, visit.origin).await?;
    }
    let goodbye = farewell::of(&request, sid.clone());
    let mut context = Context::new(Purpose::Logout);
    context.client = request.client.map(|client| client.id.clone());
    context.sid = sid;
    context.return_to = LocalPath::parse(&goodbye.clone().path(&server)?);
    let elsewhere = match calls::end_session(&**server.resolver(), &parts, &context).await {
        Ok(Ending::Ended) => Ok(None),
        Ok(Ending::Elsewhere) => calls::logout_redirect(&**server.resolver(), &context),
        Err(error) => Err(error),
    };
    match elsewhere {
        Ok(None) => farewell::go_on(&server, goodbye).await,
        Ok(Some(page)) => Ok(see_other(&with_return(&page, context.return_to.as_ref()))),
        Err(error) if error.is_unavailable() => Err(Problem::Store(StoreError::unavailable(error))),
        Err(error) => {
            let failure = AccountFailure::of(&error);
            tracing::error!(reason = %failure, call = "end_session", "the account resolver failed");
            let fact = OAuthFact::AccountResolverFailed { call: "end_session", problem: failure.to_string() };
            server.store().append(fact.event(&visit.origin)).await?;
            Err(Problem::HostFailed)
        }
    }
}

/// The host's page with the way back in its query.
fn with_return(page: &LocalPath, return_to: Option<&LocalPath>) -> String {
    let Some(return_to) = return_to else { return page.as_str().to_owned() };
    let separator = if page.as_str().contains('?') { '&' } else { '?' };
    let query = Serializer::new(String::new()).append_pair("return_to", return_to.as_str()).finish();
    format!("{}{separator}{query}", page.as_str())
}
