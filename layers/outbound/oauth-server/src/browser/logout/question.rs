//! The question whether to sign out, and the proof that it was put.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use towergate_core::{Digest, token::OpaqueToken};
use towergate_endpoint::page::page;
use towergate_oauth::rules::{
    interaction,
    logout::{LogoutRequest, Params, PostLogoutUri},
};

use crate::{
    account::{Account, AccountResolver, Context, Purpose, calls},
    browser::{cookie, problem::Problem, visit::Visit},
    pages::{LogoutView, OAuthPages},
    server::AuthorizationServer,
};

/// Asks the person.
pub(super) async fn ask<S, R: AccountResolver, P: OAuthPages>(
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
    let name = calls::display_name(&**server.resolver(), account, &Context::new(Purpose::Logout)).await;
    let html = server.pages().logout(&LogoutView {
        action: server.config().paths.logout_confirm(),
        account: name,
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

/// Whether the question was put to this browser, about this sign-in of this person.
pub(super) fn is_proven(browser: &OpaqueToken, account: &Account, proof: &str) -> bool {
    let proof = URL_SAFE_NO_PAD.decode(proof).ok().and_then(|proof| <[u8; 32]>::try_from(proof).ok());
    proof.is_some_and(|proof| proof_of(browser, account).matches(&Digest::from_stored(proof)))
}

/// What the question holds and no other page can know: it was put to this browser, about this sign-in of this person.
fn proof_of(browser: &OpaqueToken, account: &Account) -> Digest {
    let sid = account.sign_in.sid.as_deref().unwrap_or_default();
    let text = format!("logout {} {} {sid}", browser.reveal().expose(), account.subject);
    Digest::of(text.as_bytes())
}
