//! The modules of the Basic plan.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::runner::{
    checks,
    client::{Auth, Client},
    module::{Flow, Module, Variant},
    nonce,
    op::{Op, as_json},
    request::Request,
    visit::visit_by_form,
};

pub(crate) async fn oidcc_server(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request();
    let flow = module.flow(&request).await;
    assert_eq!(flow.shown[0], "login");
    assert!(flow.id_token.claims["auth_time"].is_i64());
    module.done().await;
}

pub(crate) async fn oidcc_response_type_missing(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request().without("response_type");
    let visit = module.authorize(&request).await;
    assert_eq!(module.error(&request, &visit), "invalid_request");
    module.done().await;
}

pub(crate) async fn oidcc_idtoken_signature(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request();
    let algorithm = module.flow(&request).await.id_token.algorithm;
    assert_eq!(algorithm.as_str(), "RS256", "the specification's default");
    module.done().await;
}

pub(crate) async fn oidcc_userinfo_get(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request().with("scope", "openid profile");
    let flow = module.flow(&request).await;
    assert!(flow.userinfo["name"].is_string());
    module.done().await;
}

pub(crate) async fn oidcc_userinfo_post_header(variant: Variant) {
    userinfo_by_post(variant, |token| (format!("Bearer {token}"), String::new())).await;
}

pub(crate) async fn oidcc_userinfo_post_body(variant: Variant) {
    userinfo_by_post(variant, |token| (String::new(), format!("access_token={token}"))).await;
}

async fn userinfo_by_post(variant: Variant, carry: impl Fn(&str) -> (String, String)) {
    let mut module = Module::new(variant).await;
    let request = module.request();
    let flow = module.flow(&request).await;
    let (header, body) = carry(flow.token("access_token"));
    let headers = [("authorization", header.as_str())];
    let headers = if header.is_empty() { &[][..] } else { &headers };
    let url = module.op.endpoint("userinfo_endpoint").await;
    let answer = module.op.browser().send(Method::POST, url, headers, &body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(checks::userinfo(&as_json(&answer)), flow.userinfo);
    module.done().await;
}

pub(crate) async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request().without("nonce");
    let flow = module.flow(&request).await;
    assert!(flow.id_token.claims.get("nonce").is_none());
    module.done().await;
}

const PROFILE: &[&str] = &[
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
const EMAIL: &[&str] = &["email", "email_verified"];
const ADDRESS: &[&str] = &["address"];
const PHONE: &[&str] = &["phone_number", "phone_number_verified"];

pub(crate) async fn oidcc_scope_profile(variant: Variant) {
    scope(variant, "openid profile", &[PROFILE]).await;
}

pub(crate) async fn oidcc_scope_email(variant: Variant) {
    scope(variant, "openid email", &[EMAIL]).await;
}

pub(crate) async fn oidcc_scope_address(variant: Variant) {
    scope(variant, "openid address", &[ADDRESS]).await;
}

pub(crate) async fn oidcc_scope_phone(variant: Variant) {
    scope(variant, "openid phone", &[PHONE]).await;
}

pub(crate) async fn oidcc_scope_all(variant: Variant) {
    scope(variant, "openid profile email address phone", &[PROFILE, EMAIL, ADDRESS, PHONE]).await;
}

pub(crate) async fn oidcc_ensure_other_scope_order_succeeds(variant: Variant) {
    scope(variant, "email openid", &[EMAIL]).await;
}

/// Userinfo holds the claims of the scope and no others, and the ID token of the code flow none of them.
async fn scope(variant: Variant, scope: &str, wanted: &[&[&str]]) -> Flow {
    let mut module = Module::new(variant).await;
    let request = module.request().with("scope", scope);
    let flow = module.flow(&request).await;
    let mut names: Vec<_> = flow.userinfo.as_object().unwrap().keys().map(String::as_str).collect();
    let mut wanted = [&wanted.concat()[..], &["sub"]].concat();
    names.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    for name in wanted.iter().filter(|name| **name != "sub") {
        assert!(flow.id_token.claims.get(name).is_none(), "{name} is for the userinfo endpoint");
    }
    module.done().await;
    flow
}

pub(crate) async fn oidcc_alternate_happy_flow(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request().with("scope", "email openid").reversed();
    assert!(module.flow(&request).await.userinfo["email"].is_string());
    module.done().await;
}

pub(crate) async fn oidcc_display_page(variant: Variant) {
    succeeds_with(variant, &[("display", "page")]).await;
}

pub(crate) async fn oidcc_display_popup(variant: Variant) {
    succeeds_with(variant, &[("display", "popup")]).await;
}

pub(crate) async fn oidcc_ensure_request_with_unknown_parameter_succeeds(variant: Variant) {
    succeeds_with(variant, &[("extra", "foobar")]).await;
}

pub(crate) async fn oidcc_ui_locales(variant: Variant) {
    succeeds_with(variant, &[("ui_locales", "se")]).await;
}

pub(crate) async fn oidcc_claims_locales(variant: Variant) {
    succeeds_with(variant, &[("claims_locales", "se")]).await;
}

pub(crate) async fn oidcc_ensure_request_with_acr_values_succeeds(variant: Variant) {
    // The suite asks for what the discovery document offers, and for `1 2` where that is silent.
    let flow = succeeds_with(variant, &[("acr_values", "1 2")]).await;
    assert_eq!(flow.id_token.claims["acr"], "1");
}

async fn succeeds_with(variant: Variant, more: &[(&str, &str)]) -> Flow {
    let mut module = Module::new(variant).await;
    let request = more.iter().fold(module.request(), |request, (name, value)| request.with(name, value));
    let flow = module.flow(&request).await;
    module.done().await;
    flow
}

pub(crate) async fn oidcc_login_hint(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request().with("login_hint", "bob@example.com");
    let visit = module.authorize(&request).await;
    assert!(visit.pages[0].contains("value=\"bob@example.com\""), "{}", visit.pages[0]);
    module.flow_from(&request, &visit, &[]).await;
    module.done().await;
}

pub(crate) async fn oidcc_prompt_login(variant: Variant) {
    second_sign_in(variant, ("prompt", "login")).await;
}

pub(crate) async fn oidcc_max_age_1(variant: Variant) {
    second_sign_in(variant, ("max_age", "1")).await;
}

/// The second request has the person sign in once more, which its ID token tells.
async fn second_sign_in(variant: Variant, asked: (&str, &str)) {
    let mut module = Module::at(Op::alone().await, variant).await;
    let request = module.request();
    let first = module.flow(&request).await.id_token.claims;
    module.op.later(2);
    let request = module.request().with(asked.0, asked.1);
    let second = module.flow(&request).await;
    assert_eq!(second.shown[0], "login");
    let at = |claims: &Value| claims["auth_time"].as_i64().unwrap();
    assert!(at(&second.id_token.claims) >= at(&first) + 2);
    assert_eq!(second.id_token.claims["sub"], first["sub"]);
    module.done().await;
}

pub(crate) async fn oidcc_prompt_none_not_logged_in(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request().with("prompt", "none");
    let visit = module.authorize(&request).await;
    assert_eq!((module.error(&request, &visit).as_str(), &visit.shown[..]), ("login_required", &[][..]));
    module.done().await;
}

pub(crate) async fn oidcc_prompt_none_logged_in(variant: Variant) {
    same_sign_in(variant, |request, _| request.with("prompt", "none")).await;
}

pub(crate) async fn oidcc_id_token_hint(variant: Variant) {
    same_sign_in(variant, |request, hint| request.with("prompt", "none").with("id_token_hint", hint)).await;
}

pub(crate) async fn oidcc_max_age_10000(variant: Variant) {
    same_sign_in(variant, |request, _| request.with("max_age", "10000")).await;
}

/// The second request is answered without a page, about the same sign-in.
async fn same_sign_in(variant: Variant, ask: impl Fn(Request, &str) -> Request) {
    let mut module = Module::new(variant).await;
    let request = module.request().with("max_age", "15000");
    let first = module.flow(&request).await;
    let request = ask(module.request(), first.token("id_token"));
    let second = module.flow(&request).await;
    assert_eq!(second.shown, [""; 0]);
    for name in ["sub", "auth_time", "sid"] {
        assert_eq!(second.id_token.claims[name], first.id_token.claims[name], "{name}");
    }
    module.done().await;
}

pub(crate) async fn oidcc_codereuse(variant: Variant) {
    code_reuse(variant, 0).await;
}

pub(crate) async fn oidcc_codereuse_30seconds(variant: Variant) {
    code_reuse(variant, 30).await;
}

async fn code_reuse(variant: Variant, after: u64) {
    let mut module = Module::at(Op::alone().await, variant).await;
    let request = module.request();
    let flow = module.flow(&request).await;
    module.op.later(after);
    let answer = module.client.token(&module.op, &module.redemption(&flow.code)).await;
    checks::refusal(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
    let userinfo = module.try_userinfo(flow.token("access_token")).await;
    assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED, "what came of the code ends with it");
    assert!(userinfo.headers[header::WWW_AUTHENTICATE].to_str().unwrap().contains("invalid_token"));
    module.done().await;
}

pub(crate) async fn oidcc_ensure_registered_redirect_uri(variant: Variant) {
    let mut module = Module::new(variant).await;
    let other = format!("{}/{}", module.client.redirect_uri, nonce::<8>());
    let request = module.request().with("redirect_uri", &other);
    checks::error_page(module.authorize(&request).await.page(), "invalid_request");
    module.done().await;
}

pub(crate) async fn oidcc_ensure_post_request_succeeds(variant: Variant) {
    let mut module = Module::new(variant).await;
    let request = module.request();
    let endpoint = module.op.endpoint("authorization_endpoint").await;
    let op = module.op.clone();
    let visit = visit_by_form(&op, &mut module.browser, endpoint, &request.form()).await;
    module.flow_from(&request, &visit, &[]).await;
    module.done().await;
}

pub(crate) async fn oidcc_server_client_secret_post(variant: Variant) {
    oidcc_server(Variant { auth: Auth::Post, ..variant }).await;
}

/// The suite's request object: everything inside, signed by nobody.
fn unsigned(request: &Request) -> String {
    let claims = Value::Object(request.claims()).to_string();
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims))
}

/// What the suite leaves outside: that which OAuth itself asks for.
fn outside(request: &Request) -> Request {
    ["state", "nonce"].iter().fold(request.clone(), |request, name| request.without(name))
}

pub(crate) async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(
    variant: Variant,
) {
    let uri = Op::shared().site.at(&nonce::<8>());
    let mut module = Module::with(Op::shared(), variant, json!({ "request_uris": [uri] })).await;
    module.op.site.publish(&uri, unsigned(&module.request()));
    let request = outside(&module.request()).with("request_uri", &uri);
    let visit = module.authorize(&request).await;
    assert_eq!(module.error(&request, &visit), "request_uri_not_supported");
    module.done().await;
}

pub(crate) async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(
    variant: Variant,
) {
    let mut module = Module::new(variant).await;
    let request = outside(&module.request()).with("request", &unsigned(&module.request()));
    let visit = module.authorize(&request).await;
    // Objects are supported and unsigned ones are not, which the discovery document says: the suite asks no further.
    assert_eq!(module.error(&request, &visit), "invalid_request_object");
    let offered = &module.op.discovery().await["request_object_signing_alg_values_supported"];
    assert!(!offered.as_array().unwrap().contains(&json!("none")));
    module.done().await;
}

pub(crate) async fn oidcc_ensure_request_object_with_redirect_uri(variant: Variant) {
    let mut module = Module::new(variant).await;
    let wrong = format!("{}/{}", module.client.redirect_uri, nonce::<8>());
    let object = unsigned(&module.request());
    let request = outside(&module.request()).with("redirect_uri", &wrong).with("request", &object);
    let visit = module.authorize(&request).await;
    assert_eq!(visit.page().status, StatusCode::BAD_REQUEST);
    if !variant.registers {
        module.done().await;
        return;
    }
    // Signed, it goes before what stands beside it.
    let inner = module.request();
    let mut claims = inner.claims();
    claims.insert("aud".into(), module.op.issuer.as_str().into());
    claims.insert("iss".into(), module.client.id.as_str().into());
    let signed = module.client.key.sign_jwt("oauth-authz-req+jwt", &claims).unwrap();
    let visit = module.authorize(&request.with("request", &signed)).await;
    module.flow_from(&inner, &visit, &[]).await;
    module.done().await;
}

pub(crate) async fn oidcc_claims_essential(variant: Variant) {
    let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
    let flow = succeeds_with(variant, &[("claims", &claims)]).await;
    assert!(flow.userinfo["name"].is_string());
    assert!(flow.id_token.claims.get("name").is_none());
}

pub(crate) async fn oidcc_ensure_request_with_valid_pkce_succeeds(variant: Variant) {
    let mut module = Module::new(variant).await;
    // RFC 7636, appendix B.
    let (verifier, challenge) =
        ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let request = module.request().with("code_challenge", challenge).with("code_challenge_method", "S256");
    let visit = module.authorize(&request).await;
    module.flow_from(&request, &visit, &[("code_verifier", verifier)]).await;
    module.done().await;
}

pub(crate) async fn oidcc_refresh_token(variant: Variant) {
    let refreshes = json!({ "grant_types": ["authorization_code", "refresh_token"] });
    let mut module = Module::with(Op::alone().await, variant, refreshes.clone()).await;
    let first = module.client.clone();
    refresh(&mut module).await;
    let second = module.second_client(refreshes).await;
    module.client = second;
    let newest = refresh(&mut module).await;
    let stolen = first.token(&module.op, &refresh_form(&newest)).await;
    checks::refusal(&stolen, StatusCode::BAD_REQUEST, "invalid_grant");
    if variant.registers {
        first.unregister(&module.op).await;
    }
    module.done().await;
}

fn refresh_form(token: &str) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

/// A flow with offline access and a refresh, whose ID token says the same again; the newest refresh token.
pub(crate) async fn refresh(module: &mut Module) -> String {
    let request = module.request().with("scope", "openid offline_access").with("prompt", "consent");
    let flow = module.flow(&request).await;
    assert!(flow.shown.contains(&"consent"), "{:?}", flow.shown);
    refresh_again(&module.op, &module.client, &flow).await
}

pub(crate) async fn refresh_again(op: &Op, client: &Client, flow: &Flow) -> String {
    op.later(1);
    let form =
        [&refresh_form(flow.token("refresh_token"))[..], &[("scope", "openid offline_access")]].concat();
    let tokens = checks::tokens(&client.token(op, &form).await);
    assert_ne!(tokens["access_token"], flow.tokens["access_token"]);
    let again = checks::verified(op, tokens["id_token"].as_str().unwrap(), &client.id).await.claims;
    for name in ["iss", "sub", "aud", "auth_time", "azp", "sid"] {
        assert_eq!(again.get(name), flow.id_token.claims.get(name), "{name}");
    }
    assert!(again["iat"].as_i64().unwrap() > flow.id_token.claims["iat"].as_i64().unwrap());
    assert!(again.get("nonce").is_none_or(|nonce| *nonce == flow.id_token.claims["nonce"]));
    let newest = tokens["refresh_token"].as_str().unwrap_or_else(|| flow.token("refresh_token"));
    newest.to_owned()
}
