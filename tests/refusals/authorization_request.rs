//! At the authorization endpoint, what is wrong with a request whose client and address are right: told to the client.

use serde_json::json;

use crate::{
    house::{MAIL, clients::ROBOT},
    refusal::Refusal,
    request::{Asked, of_alice},
    stage::Stage,
};

pub(crate) async fn told_to_the_client(stage: &mut Stage) -> Vec<Refusal> {
    let good = Asked::good;
    let row = |law: &str, asked: Asked, error| Refusal::redirect(law, of_alice(stage, asked.get()), error);
    let long = |length| "x".repeat(length);
    let several = json!({ "id_token": { "sub": { "values": ["a", "b"] } } }).to_string();
    let mut rows = vec![
        row(
            "a client without the grant",
            good().with("client_id", ROBOT).with("scope", "read"),
            "unauthorized_client",
        ),
        row("a secret on its way through a browser", good().and("client_secret", "x"), "invalid_request"),
        row(
            "a request by reference",
            good().and("request_uri", "https://shop.example/request"),
            "request_uri_not_supported",
        ),
        row(
            "a request by reference and by value",
            good().and("request_uri", "urn:x").and("request", "a.b.c"),
            "invalid_request",
        ),
        row("no response_type", good().without("response_type"), "invalid_request"),
        row("no scope that means anything here", good().with("scope", "openid telepathy"), "invalid_scope"),
        row("a scope beyond the registration", good().with("scope", "openid profile"), "invalid_scope"),
        row("a malformed scope", good().with("scope", "openid \"email\""), "invalid_scope"),
        row(
            "offline_access that is not registered",
            good().with("scope", "openid offline_access").and("prompt", "consent"),
            "invalid_scope",
        ),
        row(
            "no code_challenge",
            good().without("code_challenge").without("code_challenge_method"),
            "invalid_request",
        ),
        row("a method without a challenge", good().without("code_challenge"), "invalid_request"),
        row(
            "a challenge without a method, which means plain",
            good().without("code_challenge_method"),
            "invalid_request",
        ),
        row("a plain challenge", good().with("code_challenge_method", "plain"), "invalid_request"),
        row("an unknown challenge method", good().with("code_challenge_method", "s256"), "invalid_request"),
        row("a challenge of 42 characters", good().with("code_challenge", &long(42)), "invalid_request"),
        row(
            "a padded challenge",
            good().with("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM="),
            "invalid_request",
        ),
        row("an unknown resource", good().and("resource", "https://evil.example/"), "invalid_target"),
        row(
            "an unknown resource beside a known one",
            good().and("resource", MAIL).and("resource", "urn:x"),
            "invalid_target",
        ),
        row("a resource with a fragment", good().and("resource", &format!("{MAIL}#x")), "invalid_target"),
        row("claims of no JSON", good().and("claims", "{"), "invalid_request"),
        row("claims of another form", good().and("claims", r#"{"id_token":[]}"#), "invalid_request"),
        row(
            "claims that say a thing twice",
            good().and("claims", r#"{"id_token":{"acr":null,"acr":null}}"#),
            "invalid_request",
        ),
        row("claims of several people", good().and("claims", &several), "invalid_request"),
        row(
            "claims too deep",
            good().and("claims", &format!("{{\"id_token\":{}1{}}}", "[".repeat(200), "]".repeat(200))),
            "invalid_request",
        ),
        row("claims too long", good().and("claims", &long(4097)), "invalid_request"),
        row("an unknown prompt", good().and("prompt", "later"), "invalid_request"),
        row("prompt none and login", good().and("prompt", "none login"), "invalid_request"),
        row("prompt none and consent", good().and("prompt", "consent none"), "invalid_request"),
        row("prompt none and select_account", good().and("prompt", "none select_account"), "invalid_request"),
        row("prompt create where accounts are not made", good().and("prompt", "create"), "invalid_request"),
        row("max_age of no number", good().and("max_age", "soon"), "invalid_request"),
        row("a negative max_age", good().and("max_age", "-1"), "invalid_request"),
        row("an endless max_age", good().and("max_age", "99999999999999999999"), "invalid_request"),
        row("a nonce too long", good().with("nonce", &long(2049)), "invalid_request"),
        row("a nonce with a control character", good().with("nonce", "a\nb"), "invalid_request"),
        row("a login_hint with a control character", good().and("login_hint", "a\0"), "invalid_request"),
        row(
            "more than is kept, all together",
            good()
                .with("nonce", &long(2048))
                .and("login_hint", &long(2048))
                .and("acr_values", &long(2048))
                .and("claims", &format!("{{\"x\":\"{}\"}}", long(4000))),
            "invalid_request",
        ),
    ];
    for kind in ["token", "id_token", "code token", "code id_token", "none", "Code", "code code"] {
        let law = format!("response_type {kind}");
        rows.push(row(&law, good().with("response_type", kind), "unsupported_response_type"));
    }
    for name in ["scope", "nonce", "code_challenge", "code_challenge_method", "response_type"] {
        let value = if name == "scope" { "openid" } else { "x" };
        rows.push(row(&format!("{name} twice"), good().and(name, value), "invalid_request"));
    }
    for name in [
        "response_mode",
        "prompt",
        "max_age",
        "claims",
        "id_token_hint",
        "login_hint",
        "acr_values",
        "ui_locales",
    ] {
        rows.push(row(&format!("{name} twice"), good().and(name, "x").and(name, "x"), "invalid_request"));
    }
    rows.push(row("state twice", good().and("state", "st"), "invalid_request").without_state());
    let state = good().with("state", &long(4097));
    rows.push(row("a state too long", state, "invalid_request").without_state());
    rows.push(
        row("no state to repeat", good().without("state").with("scope", "x"), "invalid_scope")
            .without_state(),
    );
    rows
}
