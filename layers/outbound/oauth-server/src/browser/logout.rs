//! `end_session`: prove it or ask, end the sign-in, and say goodbye.
//! [RP-Initiated Logout](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header, request::Parts};
use tokio::runtime::Handle;
use towergate_core::{
    Digest, LocalPath,
    audit::{Fact, Origin},
    form::Form,
    token::OpaqueToken,
};
use towergate_endpoint::page::page;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        fact::OAuthFact,
        interaction,
        logout::{Decision, LogoutRequest, Params, PostLogoutUri, Present, decide},
    },
};
use tracing::Instrument;
use url::form_urlencoded::Serializer;

use super::{cookie, problem::Problem, respond::see_other, visit::Visit};
use crate::{
    account::{Account, AccountFailure, AccountResolver, Context, Ending, Purpose, calls},
    logout::{Farewell, cleared},
    pages::{LoggedOutView, LogoutView, OAuthPages},
    server::AuthorizationServer,
};

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
        (Decision::Ask, Some(account)) => question(server, &visit, account, &request, &params),
        (Decision::End, Some(_)) => end(server, visit, parts, request).await,
        (Decision::Done | Decision::Ask | Decision::End, _) => {
            go_on(server, farewell_of(&request, None)).await
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
    let Some(account) = &visit.account else { return go_on(server, farewell_of(&request, None)).await };
    match answer.get("decision") {
        Ok(Some("stay")) => return Ok(see_other(LocalPath::root().as_str())),
        Ok(Some("logout")) => {}
        Ok(_) | Err(_) => return Err(unclear()),
    }
    let proof = answer.get("proof").ok().flatten();
    let asked = visit.browser.as_ref().zip(proof).is_some_and(|(browser, proof)| {
        let proof = URL_SAFE_NO_PAD.decode(proof).ok().and_then(|proof| <[u8; 32]>::try_from(proof).ok());
        proof.is_some_and(|proof| proof_of(browser, account).matches(&Digest::from_stored(proof)))
    });
    if !asked {
        return Err(Problem::not_asked());
    }
    end(server, visit, parts, request).await
}

/// The farewell page: tells clients through the browser, and goes on.
pub(super) async fn farewell<S: OAuthStore, R, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    query: &[u8],
) -> Result<Response<Bytes>, Problem> {
    let form = Form::parse(query, &["farewell"]).unwrap_or_default();
    let said = form.get("farewell").ok().flatten().and_then(|text| Farewell::read(text, server));
    let said = said.unwrap_or_default();
    let present = visit.account.as_ref();
    let is_over = present.is_none_or(|account| said.sid.is_some() && account.sign_in.sid != said.sid);
    if !is_over {
        // Whoever is still signed in is not told otherwise.
        return Ok(see_other(LocalPath::root().as_str()));
    }
    let frames = match &said.sid {
        Some(sid) => server.frames(sid).await?,
        None => Vec::new(),
    };
    let continue_to = destination(server, &said).await?;
    if let (true, Some(to)) = (frames.is_empty(), &continue_to) {
        return Ok(see_other(to));
    }
    let mut sources: Vec<_> = frames.iter().map(|frame| frame.csp_source.clone()).collect();
    sources.sort();
    sources.dedup();
    let frame_src = if sources.is_empty() { String::from("'none'") } else { sources.join(" ") };
    let view = LoggedOutView { frames: frames.into_iter().map(|frame| frame.url).collect(), continue_to };
    let html = server.pages().logged_out(&view);
    let policy = format!("frame-src {frame_src}; form-action 'none'");
    Ok(page(StatusCode::OK, html, server.pages().style_source(), &policy))
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

/// Asks the person.
fn question<S, R, P: OAuthPages>(
    server: &AuthorizationServer<S, R, P>,
    visit: &Visit,
    account: &Account,
    request: &LogoutRequest,
    params: &Params,
) -> Result<Response<Bytes>, Problem> {
    let (browser, given) = match &visit.browser {
        Some(token) => (token.clone(), None),
        None => {
            let token = OpaqueToken::mint(interaction::BROWSER_PREFIX, visit.now, &server.random)?;
            let given = cookie::give(&token, server.config().issuer.is_insecure());
            (token, Some(given))
        }
    };
    let mut fields: Vec<_> =
        params.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    fields.push((String::from("proof"), URL_SAFE_NO_PAD.encode(proof_of(&browser, account).as_bytes())));
    let client = request.client.as_ref();
    let html = server.pages().logout(&LogoutView {
        action: server.config().paths.logout_confirm(),
        account: account.display_name.clone(),
        client_name: client
            .map(|client| client.metadata.client_name.clone().unwrap_or_else(|| client.id.to_string())),
        fields,
    });
    // Browsers apply form-action to every redirect that follows the answer.
    let to = request.to.as_ref().map(PostLogoutUri::csp_source).unwrap_or_default();
    let policy = format!("form-action 'self' https: {to}");
    let mut response = page(StatusCode::OK, html, server.pages().style_source(), policy.trim_end());
    if let Some(given) = given.and_then(|given| HeaderValue::from_str(&given).ok()) {
        response.headers_mut().append(header::SET_COOKIE, given);
    }
    Ok(response)
}

/// What the question holds and no other page can know: it was put to this browser, about this sign-in of this person.
fn proof_of(browser: &OpaqueToken, account: &Account) -> Digest {
    let sid = account.sign_in.sid.as_deref().unwrap_or_default();
    let text = format!("logout {} {} {sid}", browser.reveal().expose(), account.subject);
    Digest::of(text.as_bytes())
}

/// Ends the sign-in: first what clients hold, then the host's own session.
async fn end<S: OAuthStore, R: AccountResolver, P: OAuthPages>(
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
    let farewell = farewell_of(&request, sid.clone());
    let mut context = Context::new(Purpose::Logout);
    context.client = request.client.map(|client| client.id);
    context.sid = sid;
    context.return_to = LocalPath::parse(&farewell.clone().path(&server)?);
    let elsewhere = match calls::end_session(&**server.resolver(), &parts, &context).await {
        Ok(Ending::Ended) => Ok(None),
        Ok(Ending::Elsewhere) => calls::logout_redirect(&**server.resolver(), &context),
        Err(error) => Err(error),
    };
    match elsewhere {
        Ok(None) => go_on(&server, farewell).await,
        Ok(Some(page)) => Ok(see_other(&with_return(&page, context.return_to.as_ref()))),
        Err(error) => {
            let failure = AccountFailure::of(&error);
            tracing::error!(reason = %failure, call = "end_session", "the account resolver failed");
            let fact = OAuthFact::AccountResolverFailed { call: "end_session", problem: failure.to_string() };
            server.store().append(fact.event(&visit.origin)).await?;
            Err(Problem::HostFailed)
        }
    }
}

fn farewell_of(request: &LogoutRequest, sid: Option<String>) -> Farewell {
    let to = request.client.as_ref().map(|client| &client.id).zip(request.to.as_ref());
    Farewell::to_client(sid, to, request.state.clone())
}

/// To where the farewell leads: straight there, when there is nobody to tell on the way.
async fn go_on<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    farewell: Farewell,
) -> Result<Response<Bytes>, Problem> {
    let frames = match &farewell.sid {
        Some(sid) => server.frames(sid).await?,
        None => Vec::new(),
    };
    match destination(server, &farewell).await? {
        Some(to) if frames.is_empty() => Ok(see_other(&to)),
        Some(_) | None => Ok(see_other(&farewell.path(server)?)),
    }
}

async fn destination<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    farewell: &Farewell,
) -> Result<Option<String>, Problem> {
    let Some((id, digest)) = &farewell.to else {
        return Ok(farewell.then.as_ref().map(|then| then.as_str().to_owned()));
    };
    let client = server.store().find_client(id).await?;
    let uri = client.and_then(|client| PostLogoutUri::of_digest(digest, &client.metadata));
    Ok(uri.map(|uri| uri.with_state(farewell.state.as_deref())))
}

/// The host's page with the way back in its query.
fn with_return(page: &LocalPath, return_to: Option<&LocalPath>) -> String {
    let Some(return_to) = return_to else { return page.as_str().to_owned() };
    let separator = if page.as_str().contains('?') { '&' } else { '?' };
    let query = Serializer::new(String::new()).append_pair("return_to", return_to.as_str()).finish();
    format!("{}{separator}{query}", page.as_str())
}
