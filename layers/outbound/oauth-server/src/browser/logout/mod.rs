//! `end_session`: prove it or ask, end the sign-in, and say goodbye.
//! [RP-Initiated Logout](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)

mod end;
pub(super) mod farewell;
mod question;

use bytes::Bytes;
use http::{Response, request::Parts};
use towergate_core::{LocalPath, audit::Origin, form::Form};
use towergate_oauth::{
    ports::OAuthStore,
    rules::logout::{Decision, LogoutRequest, Params, Present, decide},
};

use super::{problem::Problem, respond::see_other, visit::Visit};
use crate::{account::AccountResolver, pages::OAuthPages, server::AuthorizationServer};

/// Answers a logout request with these parameters.
pub(super) async fn ask<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: Visit,
    parts: Parts,
    parameters: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let params = read(parameters)?;
    let request = bind(server, &params, &visit.origin).await?;
    // Another site's post comes without SameSite=Lax cookies; the same request by GET comes with them.
    if visit.cross_site_post {
        return Ok(see_other(&format!("{}?{}", server.config().paths.end_session, params.encode())));
    }
    let sub = visit.account.as_ref().zip(request.client.as_ref());
    let sub = sub.map(|(account, client)| server.sub_of(client, &account.subject));
    let present = visit.account.as_ref();
    let present = present.map(|account| Present { sid: account.sign_in.sid.as_deref(), sub: sub.as_ref() });
    match (decide(&request, present), &visit.account) {
        (Decision::Ask, Some(account)) => question::ask(server, &visit, account, &request, &params).await,
        (Decision::End, Some(_)) => end::end(server, visit, parts, request).await,
        (Decision::Done | Decision::Ask | Decision::End, _) => {
            farewell::go_on(server, farewell::of(&request, None)).await
        }
    }
}

/// Answers the person's own word.
pub(super) async fn confirm<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: Visit,
    parts: Parts,
    form: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let unclear = || Problem::bad_request("The answer is neither yes nor no. Please go back and choose one.");
    let answer = Form::parse(form, &["decision", "proof"]).map_err(|_| unclear())?;
    let request = bind(server, &read(form)?, &visit.origin).await?;
    let Some(account) = &visit.account else {
        return farewell::go_on(server, farewell::of(&request, None)).await;
    };
    match answer.get("decision") {
        Ok(Some("stay")) => return Ok(see_other(LocalPath::root().as_str())),
        Ok(Some("logout")) => {}
        Ok(_) | Err(_) => return Err(unclear()),
    }
    let proof = answer.get("proof").ok().flatten();
    let asked = visit.browser.as_ref().zip(proof);
    let asked = asked.is_some_and(|(browser, proof)| question::is_proven(browser, account, proof));
    if !asked {
        return Err(Problem::not_asked());
    }
    end::end(server, visit, parts, request).await
}

fn read(parameters: &[u8]) -> Result<Params, Problem> {
    Params::parse(parameters)
        .map_err(|_| Problem::bad_request("The request has more than 65536 bytes of parameters."))
}

async fn bind<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    params: &Params,
    origin: &Origin,
) -> Result<LogoutRequest, Problem> {
    let asked = params.read(&server.keys().jwks(), &server.config().issuer).map_err(Problem::of_client)?;
    let client = match asked.client() {
        Some(id) => server.find_client(id, origin).await?,
        None => None,
    };
    asked.bind(client).map_err(Problem::of_client)
}
