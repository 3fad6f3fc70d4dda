//! The way on, and the page on it that tells clients through the browser.

use bytes::Bytes;
use http::{Response, StatusCode};
use towergate_core::{LocalPath, form::Form};
use towergate_endpoint::page::page;
use towergate_oauth::{
    ports::OAuthStore,
    rules::{
        client::gate,
        logout::{LogoutRequest, PostLogoutUri},
    },
};

use crate::{
    browser::{problem::Problem, respond::see_other, visit::Visit},
    logout::Farewell,
    pages::{LoggedOutView, OAuthPages},
    server::AuthorizationServer,
};

/// What follows `request`, when `sid` has ended.
pub(super) fn of(request: &LogoutRequest, sid: Option<String>) -> Farewell {
    let to = request.client.as_ref().map(|client| &client.id).zip(request.to.as_ref());
    Farewell::to_client(sid, to, request.state.clone())
}

/// To where the farewell leads: straight there, when there is nobody to tell on the way.
pub(super) async fn go_on<S: OAuthStore, R, P>(
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

/// The farewell page: tells clients through the browser, and goes on.
pub(in crate::browser) async fn show<S: OAuthStore, R, P: OAuthPages>(
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

async fn destination<S: OAuthStore, R, P>(
    server: &AuthorizationServer<S, R, P>,
    farewell: &Farewell,
) -> Result<Option<String>, Problem> {
    let Some((id, digest)) = &farewell.to else {
        return Ok(farewell.then.as_ref().map(|then| then.as_str().to_owned()));
    };
    let client = server.store().find_client(id).await?.filter(|client| gate::active(client).is_ok());
    let uri = client.and_then(|client| PostLogoutUri::of_digest(digest, &client.metadata));
    Ok(uri.map(|uri| uri.with_state(farewell.state.as_deref())))
}
