//! What clients push, and the browsers that name it: RFC 9126.

use http::{Method, header};
use serde_json::Value;

use crate::{
    house::{
        CLIENT, CLIENT_SECRET, RIVAL,
        clients::{PUBLIC, PUSHER, ROBOT, SHUT},
    },
    refusal::Refusal,
    request::{Asked, Sent, and, of_alice, post, request},
    stage::Stage,
};

const PATH: &str = "/oauth/par";

/// A good push, or one with something wrong about it.
fn push(asked: &Asked) -> Sent {
    post(PATH, &format!("{}&client_secret={CLIENT_SECRET}", asked.query()))
}

pub(crate) async fn at_the_endpoint(_: &mut Stage) -> Vec<Refusal> {
    let good = Asked::good;
    let row = |law: &str, asked: Asked, error| Refusal::json(law, push(&asked), 400, error);
    let failed = |reason| format!("client.authentication_failed {reason}");
    let allow = |row: Refusal| row.header(header::ALLOW, "POST");
    let mut rows = vec![
        row(
            "a reference in what is pushed",
            good().and("request_uri", "https://x.example/"),
            "invalid_request",
        ),
        row(
            "a reference of ours in it",
            good().and("request_uri", "urn:ietf:params:oauth:request_uri:x"),
            "invalid_request",
        ),
        row("an address of nobody", good().with("redirect_uri", "https://evil.example/"), "invalid_request"),
        row("no address", good().without("redirect_uri"), "invalid_request"),
        row("an unknown scope", good().with("scope", "openid telepathy"), "invalid_scope"),
        row(
            "no challenge",
            good().without("code_challenge").without("code_challenge_method"),
            "invalid_request",
        ),
        row("a plain challenge", good().with("code_challenge_method", "plain"), "invalid_request"),
        row("another response_type", good().with("response_type", "token"), "unsupported_response_type"),
        row("an unknown resource", good().and("resource", "https://evil.example/"), "invalid_target"),
        row("a request object that is none", good().and("request", "a.b.c"), "invalid_request_object"),
        row("a hint that is none", good().and("id_token_hint", "a.b.c"), "invalid_request"),
        row("a state twice", good().and("state", "x"), "invalid_request"),
        row("a client_id twice", good().and("client_id", CLIENT), "invalid_request"),
        row("a state too long", good().with("state", &"x".repeat(4097)), "invalid_request"),
        Refusal::json(
            "a wrong secret",
            post(PATH, &format!("{}&client_secret=x", good().query())),
            401,
            "invalid_client",
        )
        .wrote(failed("wrong_secret")),
        Refusal::json("no proof", post(PATH, &good().query()), 401, "invalid_client")
            .wrote(failed("method_not_registered")),
        Refusal::json("nobody", post(PATH, &good().without("client_id").query()), 401, "invalid_client")
            .wrote(failed("no_credentials")),
        Refusal::json("who was shut out", push(&good().with("client_id", SHUT)), 401, "invalid_client")
            .wrote(failed("client_disabled")),
        Refusal::json(
            "a client that asks nobody",
            push(&good().with("client_id", ROBOT)),
            400,
            "unauthorized_client",
        ),
        Refusal::json(
            "a public client with a secret",
            push(&good().with("client_id", PUBLIC)),
            401,
            "invalid_client",
        )
        .wrote(failed("method_not_registered")),
        Refusal::json(
            "parameters in the address",
            post(&format!("{PATH}?state=x"), &good().query()),
            400,
            "invalid_request",
        ),
        Refusal::json("no form", request(Method::POST, PATH, "x"), 400, "invalid_request"),
        Refusal::json(
            "another form",
            and(request(Method::POST, PATH, "{}"), header::CONTENT_TYPE, "application/json"),
            400,
            "invalid_request",
        ),
        Refusal::json(
            "too much",
            push(&good().and("login_hint", &"x".repeat(65_536))),
            413,
            "invalid_request",
        ),
    ];
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD] {
        let law = format!("{method} of it");
        let sent = request(method.clone(), PATH, "");
        rows.push(allow(match method {
            Method::HEAD => Refusal::head(law, sent, 405),
            _ => Refusal::json(law, sent, 405, "invalid_request"),
        }));
    }
    rows
}

/// The path at which a browser names what the shop pushed.
async fn pushed(stage: &mut Stage, more: &[(&str, &str)]) -> Asked {
    let asked = more.iter().fold(Asked::good(), |asked, (name, value)| asked.with(name, value));
    let answer = stage.send(push(&asked)).await;
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let uri = body["request_uri"].as_str().unwrap_or_else(|| panic!("{body}"));
    ["response_type", "scope", "state", "nonce", "redirect_uri", "code_challenge", "code_challenge_method"]
        .into_iter()
        .fold(Asked::good(), Asked::without)
        .and("request_uri", uri)
}

pub(crate) async fn at_the_authorization_endpoint(stage: &mut Stage) -> Vec<Refusal> {
    let good = pushed(stage, &[]).await;
    let other = pushed(stage, &[("prompt", "none")]).await;
    let silent = of_alice(stage, other.get());
    stage.send(silent).await;
    stage.look();
    let page = |law: &str, asked: Asked, error| Refusal::page(law, of_alice(stage, asked.get()), 400, error);
    let unpushed = Asked::good().with("client_id", PUSHER).get();
    let urn = "urn:ietf:params:oauth:request_uri:";
    let forged = format!("{urn}tgpar_{}.{}", "A".repeat(22), "A".repeat(43));
    vec![
        page("what was answered", other, "invalid_request_uri"),
        page("what was never made", good.clone().with("request_uri", &forged), "invalid_request_uri"),
        page(
            "what cannot be ours",
            good.clone().with("request_uri", &format!("{urn}x")),
            "invalid_request_uri",
        ),
        page("nothing behind the name", good.clone().with("request_uri", urn), "invalid_request_uri"),
        page("another client's", good.clone().with("client_id", RIVAL), "invalid_request_uri")
            .wrote("request.refused other_client"),
        page("nobody's", good.clone().without("client_id"), "invalid_request"),
        page("a reference and a request object", good.clone().and("request", "a.b.c"), "invalid_request"),
        page("a parameter twice beside it", good.and("state", "a").and("state", "b"), "invalid_request"),
        Refusal::redirect("what must be pushed, and was not", of_alice(stage, unpushed), "invalid_request"),
    ]
}

pub(crate) async fn expired(stage: &mut Stage) -> Vec<Refusal> {
    let late = pushed(stage, &[]).await;
    stage.later(60);
    stage.look();
    vec![Refusal::page("a reference after a minute", of_alice(stage, late.get()), 400, "invalid_request_uri")]
}
