//! Registration where not everybody may: closed, by a token, by somebody who vouches, at some hosts only.

use http::{Method, header};
use serde_json::{Value, json};
use towergate::{
    oauth::rules::client::statement::StatementIssuer,
    oauth_server::registration::{Registration, RegistrationMode},
};

use crate::{
    keys::{self, es256, message},
    refusal::Refusal,
    registration::{PATH, enrol, web, with},
    request::{and, bearer, json as json_sent},
    stage::Stage,
};

/// Where nobody may, there is no such endpoint: the host's own page answers.
pub(crate) async fn closed(stage: &mut Stage) -> Vec<Refusal> {
    *stage = Stage::under(|config| config.registration = Registration::new(RegistrationMode::Closed)).await;
    let there = |method: Method, path: &str| {
        let law = format!("{method} {path}");
        Refusal::passed_on(law, json_sent(method, path, &web().to_string()))
    };
    vec![
        there(Method::POST, PATH),
        there(Method::GET, "/oauth/register/shop"),
        there(Method::PUT, "/oauth/register/shop"),
        there(Method::DELETE, "/oauth/register/shop"),
    ]
}

/// Where a token is asked for, and somebody has to vouch.
pub(crate) async fn vouched_for(stage: &mut Stage) -> Vec<Refusal> {
    let vouches = String::from("https://vouch.example");
    *stage = Stage::under(|config| {
        config.registration = Registration::new(RegistrationMode::tokens(["initial"]));
        let keys = keys::set(&[keys::P256]);
        config.registration.statement_issuers = vec![StatementIssuer { issuer: vouches, keys }];
        config.registration.require_statement = true;
        config.registration.policy.redirect_hosts = Some(vec![String::from("app.example")]);
    })
    .await;
    let wrong = "client.authentication_failed wrong_initial_access_token";
    let mut rows = vec![Refusal::empty("no token", enrol(&web()), 401).challenge("Bearer", &[]).wrote(wrong)];
    for (law, token) in
        [("another token", "guess"), ("a longer token", "initial2"), ("an access token", stage.own.as_str())]
    {
        let row = Refusal::json(law, bearer(enrol(&web()), token), 401, "invalid_token").wrote(wrong);
        rows.push(row.challenge("Bearer", &[("error", "invalid_token")]));
    }
    let basic = and(enrol(&web()), header::AUTHORIZATION, "Basic aW5pdGlhbDo=");
    rows.push(
        Refusal::empty("the token by another scheme", basic, 401).challenge("Bearer", &[]).wrote(wrong),
    );
    let none = bearer(enrol(&web()), "initial");
    rows.push(Refusal::json("no statement", none, 400, "invalid_client_metadata"));
    let signed = |claims: Value| es256(r#"{"alg":"ES256"}"#, &claims.to_string());
    let of_vouch = |more: Value| {
        let mut claims = json!({ "iss": "https://vouch.example" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let forged = keys::eddsa(r#"{"alg":"EdDSA"}"#, &of_vouch(json!({})).to_string());
    let unsigned = format!("{}.", message(r#"{"alg":"none"}"#, &of_vouch(json!({})).to_string()));
    let elsewhere = json!({ "redirect_uris": ["https://evil.example/cb"] });
    for (law, statement, error) in [
        ("a statement that is null", Value::Null, "invalid_client_metadata"),
        ("a statement that is a number", json!(7), "invalid_software_statement"),
        ("a statement that is no JWT", json!("a.b.c"), "invalid_software_statement"),
        ("a statement that nobody signed", json!(unsigned), "invalid_software_statement"),
        ("a statement that somebody else signed", json!(forged), "invalid_software_statement"),
        (
            "a statement of nobody known",
            json!(signed(json!({ "iss": "https://other.example" }))),
            "unapproved_software_statement",
        ),
        (
            "a statement of a year ago",
            json!(signed(of_vouch(json!({ "exp": 1_770_000_000 })))),
            "invalid_software_statement",
        ),
        ("a statement for another host", json!(signed(of_vouch(elsewhere))), "invalid_redirect_uri"),
    ] {
        let sent = bearer(enrol(&with(&json!({ "software_statement": statement }))), "initial");
        rows.push(Refusal::json(law, sent, 400, error));
    }
    rows
}
