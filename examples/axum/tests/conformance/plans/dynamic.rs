//! `oidcc-dynamic-certification-test-plan`, with the response type `code`.

use http::{Method, StatusCode, header};
use serde_json::{Value, json};
use towergate::{core::system::OsRandom, jose::JwkSet};

use super::modules;
use crate::runner::{
    checks,
    client::{Auth, new_key, try_register},
    module::{Module, Variant},
    nonce,
    op::{Op, as_json},
    visit::Visit,
};

const KEY: Variant = Variant { auth: Auth::PrivateKey, registers: true, form_post: false };

async fn registered(more: Value) -> Module {
    Module::with(Op::shared(), KEY, more).await
}

/// The refusal of a registration.
async fn refused(more: Value, code: &str) {
    let answer = try_register(&Op::shared(), Auth::PrivateKey, more).await;
    checks::refusal(&answer, StatusCode::BAD_REQUEST, code);
}

#[tokio::test]
async fn oidcc_idtoken_rs256() {
    let mut module = registered(json!({ "id_token_signed_response_alg": "RS256" })).await;
    let request = module.request();
    assert_eq!(module.flow(&request).await.id_token.algorithm.as_str(), "RS256");
    module.done().await;
}

/// Beyond the suite: every algorithm that the discovery document names can be had.
#[tokio::test]
async fn an_id_token_is_signed_as_the_client_registered() {
    let offered = Op::shared().discovery().await["id_token_signing_alg_values_supported"].clone();
    for algorithm in offered.as_array().unwrap() {
        let mut module = registered(json!({ "id_token_signed_response_alg": algorithm })).await;
        let request = module.request();
        assert_eq!(module.flow(&request).await.id_token.algorithm.as_str(), algorithm.as_str().unwrap());
        module.done().await;
    }
}

#[tokio::test]
async fn oidcc_idtoken_unsigned() {
    // The suite skips it: the discovery document does not offer `none`, and nobody has to.
    let offered = Op::shared().discovery().await["id_token_signing_alg_values_supported"].clone();
    assert!(!offered.as_array().unwrap().contains(&json!("none")));
    refused(json!({ "id_token_signed_response_alg": "none" }), "invalid_client_metadata").await;
}

#[tokio::test]
async fn oidcc_userinfo_rs256() {
    let mut module = registered(json!({ "userinfo_signed_response_alg": "RS256" })).await;
    let request = module.request();
    let visit = module.authorize(&request).await;
    let code = module.returned(&request, visit.back())["code"].clone();
    let tokens = checks::tokens(&module.client.token(&module.op, &module.redemption(&code)).await);
    let answer = module.try_userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(answer.headers[header::CONTENT_TYPE], "application/jwt");
    let claims = signed_userinfo(&module, &answer.text).await;
    assert_eq!(claims["sub"], checks::id_token(&module, &tokens, &request).await.claims["sub"]);
    module.done().await;
}

/// It lives by the access token, and needs no times of its own.
async fn signed_userinfo(module: &Module, text: &str) -> Value {
    use towergate::jose::{Algorithm, Expected, Typ, jws};
    let keys = module.op.json(module.op.endpoint("jwks_uri").await.as_str()).await;
    let keys = JwkSet::parse(keys.to_string().as_bytes()).unwrap();
    let expected = Expected { algorithms: &[Algorithm::RS256], typ: Typ::AbsentOr(&["JWT"]) };
    let claims: Value = jws::verify(text, &keys, &expected).unwrap().claims().unwrap();
    assert_eq!(
        (claims["iss"].as_str(), claims["aud"].as_str()),
        (Some(&*module.op.issuer), Some(&*module.client.id))
    );
    claims
}

#[tokio::test]
async fn oidcc_ensure_redirect_uri_in_authorization_request() {
    let mut module = registered(json!({})).await;
    let request = module.request().without("redirect_uri");
    checks::error_page(module.authorize(&request).await.page(), "invalid_request");
    module.done().await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_ok() {
    let address = format!("{}?foo=bar", Op::shared().site.at("callback"));
    let mut module = registered(json!({ "redirect_uris": [address] })).await;
    let request = module.request();
    let visit = module.authorize(&request).await;
    assert_eq!(visit.back().params["foo"], "bar");
    module.flow_from(&request, &visit, &[]).await;
    module.done().await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_mismatch() {
    let callback = Op::shared().site.at("callback");
    redirect_uri_refused(&format!("{callback}?foo=bar"), &format!("{callback}?bar=foo")).await;
}

#[tokio::test]
async fn oidcc_redirect_uri_query_added() {
    let callback = Op::shared().site.at("callback");
    redirect_uri_refused(&callback, &format!("{callback}?foo=bar")).await;
}

async fn redirect_uri_refused(ours: &str, sent: &str) {
    let mut module = registered(json!({ "redirect_uris": [ours] })).await;
    let request = module.request().with("redirect_uri", sent);
    checks::error_page(module.authorize(&request).await.page(), "invalid_request");
    module.done().await;
}

#[tokio::test]
async fn oidcc_redirect_uri_regfrag() {
    let address = format!("{}#foobar", Op::shared().site.at("callback"));
    refused(json!({ "redirect_uris": [address] }), "invalid_redirect_uri").await;
}

#[tokio::test]
async fn oidcc_server() {
    modules::oidcc_server(KEY).await;
}

#[tokio::test]
async fn oidcc_registration_logo_uri() {
    let logo = format!("{}/images/logo.png", Op::shared().site.origin);
    let (visit, csp) = shown(json!({ "logo_uri": logo })).await;
    assert!(visit.pages.last().unwrap().contains(&format!("<img src=\"{logo}\"")), "{:?}", visit.pages);
    assert!(csp.contains(&format!("img-src 'self' data: {}", Op::shared().site.origin)), "{csp}");
}

#[tokio::test]
async fn oidcc_registration_policy_uri() {
    let address = format!("{}/policy", Op::shared().site.origin);
    let (visit, _) = shown(json!({ "policy_uri": address })).await;
    assert!(visit.pages.last().unwrap().contains(&format!("href=\"{address}\"")), "{:?}", visit.pages);
}

#[tokio::test]
async fn oidcc_registration_tos_uri() {
    let address = format!("{}/terms", Op::shared().site.origin);
    let (visit, _) = shown(json!({ "tos_uri": address })).await;
    assert!(visit.pages.last().unwrap().contains(&format!("href=\"{address}\"")), "{:?}", visit.pages);
}

/// The pages on the way, the consent page last, with that one's content security policy.
async fn shown(more: Value) -> (Visit, String) {
    let mut module = registered(more).await;
    let request = module.request().with("prompt", "consent");
    let visit = module.authorize(&request).await;
    module.flow_from(&request, &visit, &[]).await;
    assert_eq!(visit.shown, ["login", "consent"]);
    let url = request.at(&module.op.endpoint("authorization_endpoint").await);
    let page = module.browser.open(url.as_str()).await;
    let csp = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    module.done().await;
    (visit, csp)
}

#[tokio::test]
async fn oidcc_registration_jwks_uri() {
    let op = Op::shared();
    let uri = op.site.at(&nonce::<8>());
    let mut module = registered(json!({ "jwks": null, "jwks_uri": uri })).await;
    publish(&module, &uri);
    let request = module.request();
    module.flow(&request).await;
    module.done().await;
}

/// Puts the client's present key behind its address.
fn publish(module: &Module, uri: &str) {
    let keys = JwkSet::new(vec![module.client.key.public_jwk().clone()]);
    module.op.site.publish(uri, serde_json::to_string(&keys).unwrap());
}

#[tokio::test]
async fn oidcc_refresh_token_rp_key_rotation() {
    let op = Op::alone().await;
    let uri = op.site.at("jwks");
    let more = json!({
        "jwks": null, "jwks_uri": uri, "grant_types": ["authorization_code", "refresh_token"],
    });
    let mut module = Module::with(op, KEY, more).await;
    publish(&module, &uri);
    let request = module.request().with("scope", "openid offline_access").with("prompt", "consent");
    let flow = module.flow(&request).await;
    module.client.key = new_key();
    publish(&module, &uri);
    module.op.later(60);
    modules::refresh_again(&module.op, &module.client, &flow).await;
    module.done().await;
}

#[tokio::test]
async fn oidcc_registration_sector_uri() {
    let op = Op::shared();
    let uri = op.site.at(&format!("{}.json", nonce::<8>()));
    op.site.publish(&uri, json!([op.site.at("callback")]).to_string());
    let mut module = registered(json!({ "subject_type": "pairwise", "sector_identifier_uri": uri })).await;
    let request = module.request();
    let pairwise = module.flow(&request).await.userinfo["sub"].clone();
    let mut other = registered(json!({})).await;
    let request = other.request();
    assert_ne!(other.flow(&request).await.userinfo["sub"], pairwise);
    module.done().await;
    other.done().await;
}

#[tokio::test]
async fn oidcc_registration_sector_bad() {
    let op = Op::shared();
    let uri = op.site.at(&format!("{}.json", nonce::<8>()));
    op.site.publish(&uri, json!(["https://example.com/op"]).to_string());
    let more = json!({ "subject_type": "pairwise", "sector_identifier_uri": uri });
    refused(more, "invalid_client_metadata").await;
}

#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let op = Op::alone().await;
    let names = async || {
        let jwks = op.json(op.endpoint("jwks_uri").await.as_str()).await;
        let keys = jwks["keys"].as_array().unwrap().clone();
        // The suite can tell new keys of these two kinds alone.
        assert!(keys.iter().all(|key| key["kty"] == "RSA" || key["kty"] == "EC"), "{keys:?}");
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = names().await;
    op.server.keys().rotate(&op.store, &*op.clock, &OsRandom::new()).await.unwrap();
    let after = names().await;
    assert!(before.iter().all(|kid| after.contains(kid)) && after.len() > before.len());
    // What the suite does not check: the new keys sign, and what the old ones signed can still be verified.
    let mut module = Module::at(op.clone(), KEY).await;
    let request = module.request();
    let old = module.flow(&request).await;
    op.later(10);
    op.server.keys().turn(&op.store, &*op.clock, &OsRandom::new()).await.unwrap();
    let request = module.request().with("id_token_hint", old.token("id_token"));
    module.flow(&request).await;
    checks::verified(&op, old.token("id_token"), &module.client.id).await;
    module.done().await;
}

#[tokio::test]
async fn oidcc_request_uri_signed_rs256() {
    // The plan asks for it, and this provider refuses requests by reference, which the discovery document says.
    let uri = Op::shared().site.at(&nonce::<8>());
    let more = json!({ "request_object_signing_alg": "RS256", "request_uris": [uri] });
    let mut module = registered(more).await;
    let inner = module.request();
    let signed = module.client.key.sign_jwt("JWT", &inner.claims()).unwrap();
    module.op.site.publish(&uri, signed);
    let request = module.request().with("request_uri", &uri);
    let visit = module.authorize(&request).await;
    assert_eq!(module.error(&request, &visit), "request_uri_not_supported");
    module.done().await;
}

#[tokio::test]
async fn oidcc_request_uri_unsigned() {
    modules::oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(KEY).await;
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    modules::oidcc_ensure_request_object_with_redirect_uri(KEY).await;
}

#[tokio::test]
async fn oidcc_refresh_token() {
    modules::oidcc_refresh_token(KEY).await;
}

#[tokio::test]
async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds() {
    let mut module = registered(json!({})).await;
    let request = module.request();
    let visit = module.authorize(&request).await;
    let code = module.returned(&request, visit.back())["code"].clone();
    let form = module.redemption(&code);
    let answer = module.client.token_with_audience(&module.op, &form, &module.op.issuer).await;
    checks::id_token(&module, &checks::tokens(&answer), &request).await;
    module.done().await;
}

/// Beyond the suite: what it registered is what it reads, and who is gone is gone.
#[tokio::test]
async fn a_registration_is_read_as_it_was_answered_until_it_is_deleted() {
    let module = registered(json!({ "client_name#fr": "La suite" })).await;
    let read = as_json(&module.client.manage(&module.op, Method::GET).await);
    for name in ["client_id", "redirect_uris", "client_name", "client_name#fr", "contacts", "jwks"] {
        assert_eq!(read[name], module.client.registered[name], "{name}");
    }
    module.client.unregister(&module.op).await;
    let gone = module.client.manage(&module.op, Method::GET).await;
    assert_eq!(gone.status, StatusCode::UNAUTHORIZED);
}
