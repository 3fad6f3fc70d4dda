//! What the `oauth2` crate sees; it gives tokens back over HTTPS alone.

use oauth2::{AuthType, StandardRevocableToken, TokenIntrospectionResponse, TokenResponse};

use crate::{Place, oauth_client::OAuthClient, relying_party::SECRET};

#[tokio::test]
async fn a_client_without_openid_walks_the_whole_way() {
    let place = Place::over_https();
    for (id, secret, sent) in [
        ("basic", Some(SECRET), AuthType::BasicAuth),
        ("post", Some(SECRET), AuthType::RequestBody),
        ("opaque", Some(SECRET), AuthType::BasicAuth),
        ("public", None, AuthType::RequestBody),
    ] {
        let client = OAuthClient::discover(&place, id, secret, sent).await;
        let tokens = client.let_a_person_allow().await;
        let scopes: Vec<_> = tokens.scopes().unwrap().iter().map(|scope| scope.as_str()).collect();
        assert_eq!(scopes, ["offline_access"], "{id}");
        let refreshed = client.refresh(tokens.refresh_token().unwrap()).await.unwrap();
        let refresh = refreshed.refresh_token().unwrap();
        assert_ne!(refresh.secret(), tokens.refresh_token().unwrap().secret(), "{id}");
        client.revoke(StandardRevocableToken::from(refresh)).await;
        assert!(client.refresh(refresh).await.is_none(), "{id}");
    }
}

#[tokio::test]
async fn a_client_hears_of_its_tokens_until_it_gives_them_back() {
    let place = Place::over_https();
    for id in ["basic", "opaque"] {
        let client = OAuthClient::discover(&place, id, Some(SECRET), AuthType::BasicAuth).await;
        let tokens = client.let_a_person_allow().await;
        let told = client.introspect(tokens.access_token()).await;
        assert!(told.active(), "{id}");
        assert_eq!(told.client_id().unwrap().as_str(), id);
        assert_eq!(told.iss(), Some(place.issuer.as_str()));
        assert!(told.exp().unwrap() > told.iat().unwrap());
        client.revoke(StandardRevocableToken::from(tokens.access_token())).await;
        assert!(!client.is_active(&tokens).await, "{id}");
        let others = OAuthClient::discover(&place, "post", Some(SECRET), AuthType::RequestBody).await;
        let living = client.refresh(tokens.refresh_token().unwrap()).await.unwrap();
        assert!(client.is_active(&living).await && !others.is_active(&living).await, "{id}");
    }
}

#[tokio::test]
async fn a_program_acts_for_itself_and_is_known() {
    let place = Place::over_https();
    let machine = OAuthClient::discover(&place, "machine", Some(SECRET), AuthType::BasicAuth).await;
    let tokens = machine.act_alone("reports").await;
    assert!(tokens.refresh_token().is_none());
    let told = machine.introspect(tokens.access_token()).await;
    assert!(told.active() && told.username().is_none());
}
