//! At the userinfo endpoint: OpenID Connect Core section 5.3.3, which is RFC 6750 section 3.1.

use http::{Method, header};
use serde_json::json;
use towergate::core::Clock;

use crate::{
    house::{CLIENT, CLIENT_SECRET, ISSUER, browser::client_request, steps::AUTHORIZE},
    keys::{es256, message},
    refusal::Refusal,
    request::{and, bearer, but, form, get, post, request},
    stage::{Stage, text},
};

const USERINFO: &str = "/oauth/userinfo";

/// Tokens that open nothing anywhere.
pub(crate) async fn bad_tokens(stage: &mut Stage) -> Vec<(&'static str, String)> {
    let now = stage.house.clock.now().unix_seconds();
    let alice = stage.house.alice.to_string();
    let claims = json!({
        "iss": ISSUER, "sub": alice, "aud": ISSUER, "client_id": CLIENT, "scope": "openid email", "iat": now,
        "exp": now + 60, "jti": "00000000-0000-7000-8000-000000000000",
    });
    let claims = claims.to_string();
    let revoked = text(&stage.more_tokens(AUTHORIZE).await, "access_token");
    let give_back = [("client_id", CLIENT), ("client_secret", CLIENT_SECRET), ("token", revoked.as_str())];
    client_request(&stage.house.app, "/oauth/revoke", &give_back).await;
    let opaque = &stage.own;
    let (prefix, secret) = opaque.rsplit_once('.').unwrap();
    let good = stage.token("access_token");
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    vec![
        ("a token of nobody", String::from("mF_9.B5f-4.1JqM")),
        ("a token of another issuer", es256(r#"{"alg":"ES256","typ":"at+jwt"}"#, &claims)),
        ("a token that nobody signed", format!("{}.", message(r#"{"alg":"none","typ":"at+jwt"}"#, &claims))),
        ("a token without its signature", unsigned),
        ("a token with another secret", format!("{prefix}.{}", "A".repeat(secret.len()))),
        ("a token that was given back", revoked),
        ("a token for another API alone", stage.for_mail.clone()),
        ("an ID token", stage.token("id_token")),
        ("a refresh token", stage.token("refresh_token")),
        ("a code", stage.code.clone()),
    ]
}

pub(crate) async fn at_userinfo(stage: &mut Stage) -> Vec<Refusal> {
    let good = stage.token("access_token");
    let with_email = AUTHORIZE.replace("openid%20email", "email");
    let without_openid = text(&stage.more_tokens(&with_email).await, "access_token");
    let body = |token: &str| post(USERINFO, &form(&[("access_token", token)]));
    let mut rows = Vec::new();
    for (law, sent) in [
        ("no token", get(USERINFO)),
        ("no token in a form", post(USERINFO, "x=1")),
        ("a posted token of another media type", but(body(&good), header::CONTENT_TYPE, "text/plain")),
        ("another scheme", and(get(USERINFO), header::AUTHORIZATION, "Basic c2hvcDp4")),
    ] {
        rows.push(Refusal::empty(law, sent, 401).challenge("Bearer", &[]));
    }
    let invalid = [("error", "invalid_request")];
    for (law, sent) in [
        ("a token in the query", get(&format!("{USERINFO}?access_token={good}"))),
        (
            "a token in the query and in the header",
            bearer(get(&format!("{USERINFO}?access_token={good}")), &good),
        ),
        ("a token in the header and in the body", bearer(body(&good), &good)),
        ("two headers", bearer(bearer(get(USERINFO), &good), &good)),
        (
            "a token twice in the body",
            post(USERINFO, &form(&[("access_token", &good), ("access_token", &good)])),
        ),
        ("a scheme without a token", and(get(USERINFO), header::AUTHORIZATION, "Bearer")),
        ("a token of no UTF-8", post(USERINFO, "access_token=%ff")),
        (
            "a form of more than 64 KiB",
            post(USERINFO, &form(&[("access_token", &good), ("x", &"x".repeat(65_536))])),
        ),
    ] {
        rows.push(Refusal::json(law, sent, 400, "invalid_request").challenge("Bearer", &invalid));
    }
    for (law, token) in bad_tokens(stage).await {
        let challenge = [("error", "invalid_token")];
        let in_header = Refusal::json(law, bearer(get(USERINFO), &token), 401, "invalid_token");
        rows.push(in_header.challenge("Bearer", &challenge));
        let in_body = Refusal::json(format!("{law}, in the body"), body(&token), 401, "invalid_token");
        rows.push(in_body.challenge("Bearer", &challenge));
    }
    let lacks = [("error", "insufficient_scope"), ("scope", "openid")];
    for (law, token) in [
        ("a token without openid", without_openid),
        ("a token of a client that acts for itself", stage.own.clone()),
    ] {
        let row = Refusal::json(law, bearer(get(USERINFO), &token), 403, "insufficient_scope");
        rows.push(row.challenge("Bearer", &lacks));
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let sent = bearer(request(method.clone(), USERINFO, ""), &good);
        let row = Refusal::json(format!("{method} of it"), sent, 405, "invalid_request");
        rows.push(row.header(header::ALLOW, "GET, POST"));
    }
    rows
}

/// Ten minutes later.
pub(crate) async fn expired(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(600);
    let mut rows = Vec::new();
    for (law, token) in [("a JWT", stage.token("access_token")), ("an opaque token", stage.own.clone())] {
        let row = Refusal::json(
            format!("{law} of ten minutes ago"),
            bearer(get(USERINFO), &token),
            401,
            "invalid_token",
        );
        rows.push(row.challenge("Bearer", &[("error", "invalid_token")]));
    }
    rows
}
