//! A client that the `openidconnect` crate registers, from its registration to its farewell.

use openidconnect::{
    AuthType, ClientName, CsrfToken, EndSessionUrl, IssuerUrl, LogoutRequest, OAuth2TokenResponse,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, TokenResponse,
    core::{CoreClientAuthMethod, CoreClientRegistrationRequest, CoreGrantType},
    registration::EmptyAdditionalClientMetadata,
};

use crate::{
    ES256, Place,
    browser::Browser,
    checked,
    relying_party::{CALLBACK, RelyingParty, over_http},
};

#[tokio::test]
async fn a_client_registers_itself_and_signs_people_in_at_once() {
    let place = Place::new();
    for (method, sent) in [
        (CoreClientAuthMethod::ClientSecretBasic, AuthType::BasicAuth),
        (CoreClientAuthMethod::ClientSecretPost, AuthType::RequestBody),
        (CoreClientAuthMethod::None, AuthType::RequestBody),
    ] {
        let metadata = ProviderMetadataWithLogout::discover_async(
            IssuerUrl::new(place.issuer.clone()).unwrap(),
            &over_http,
        )
        .await
        .unwrap();
        let name = ClientName::new(String::from("Registered"));
        let grants = vec![CoreGrantType::AuthorizationCode, CoreGrantType::RefreshToken];
        let registered = CoreClientRegistrationRequest::new(
            vec![RedirectUrl::new(String::from(CALLBACK)).unwrap()],
            EmptyAdditionalClientMetadata {},
        )
        .set_client_name(Some([(None, name)].into_iter().collect()))
        .set_grant_types(Some(grants))
        .set_id_token_signed_response_alg(Some(ES256))
        .set_token_endpoint_auth_method(Some(method.clone()))
        .register_async(metadata.registration_endpoint().unwrap(), &over_http)
        .await
        .unwrap();
        assert_eq!(registered.token_endpoint_auth_method(), Some(&method));
        assert!(registered.registration_client_uri().is_some());

        let secret = registered.client_secret().map(|secret| secret.secret().as_str());
        assert_eq!(secret.is_none(), method == CoreClientAuthMethod::None);
        let id = registered.client_id().as_str();
        let party = RelyingParty::discover(&place.issuer, id, secret, sent).await;
        let asked = party.ask();
        let nonce = asked.nonce.clone();
        let code = party.let_a_person_allow(&asked).await;
        let tokens = party.redeem(code, asked).await.unwrap();
        checked(&party, &tokens, &nonce, &ES256);
        assert!(party.refresh(&tokens).await.unwrap().refresh_token().is_some());
    }
}

#[tokio::test]
async fn a_person_signs_out_from_an_application() {
    let place = Place::new();
    let issuer = IssuerUrl::new(place.issuer.clone()).unwrap();
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, &over_http).await.unwrap();
    let end: EndSessionUrl = metadata.additional_metadata().end_session_endpoint.clone().unwrap();
    let party = RelyingParty::known(&place.issuer, "leaves").await;
    let asked = party.ask();
    let browser = &mut Browser::default();
    let code = party.let_a_person_allow_in(browser, &asked).await;
    let tokens = party.redeem(code, asked).await.unwrap();
    let state = CsrfToken::new_random();
    let bye = "https://app.example/bye";
    let url = LogoutRequest::from(end)
        .set_id_token_hint(tokens.id_token().unwrap())
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(String::from(bye)).unwrap())
        .set_state(state.clone())
        .http_get_url();
    let mut next = url;
    // Through the farewell page, to where the client wants to go.
    for _ in 0..3 {
        next = browser.try_send(http::Method::GET, next, &[], "").await.unwrap().redirect().unwrap();
        if next.as_str().starts_with(bye) {
            break;
        }
    }
    assert_eq!(next.as_str(), format!("{bye}?state={}", state.secret()));
    let again = browser.open(party.ask().url().as_str()).await;
    assert!(again.text.contains("type=\"password\""), "{}", again.text);
}
