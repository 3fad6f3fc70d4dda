//! At the authorization endpoint: what the person is told, and what the client.

use http::{Method, header};
use serde_json::json;

use crate::{
    house::{
        CALLBACK,
        clients::{OFFICE, SHUT, TWOFOLD},
    },
    keys,
    refusal::Refusal,
    request::{Asked, and, but, get, of_alice, post, request},
    stage::Stage,
};

/// What no client is told, since nothing proves that the address is its own.
pub(crate) async fn told_to_the_person(stage: &mut Stage) -> Vec<Refusal> {
    let good = Asked::good;
    let page = |law: &str, asked: Asked, error| Refusal::page(law, of_alice(stage, asked.get()), 400, error);
    let mut rows = vec![
        page("no client", good().without("client_id"), "invalid_request"),
        page("an unknown client", good().with("client_id", "nobody"), "invalid_client"),
        page("two clients", good().and("client_id", "shop"), "invalid_request"),
        page("a client_id of a control character", good().with("client_id", "sh\u{1}op"), "invalid_request"),
        page("a client_id of 256 bytes", good().with("client_id", &"a".repeat(256)), "invalid_request"),
        page(
            "a client_id by address, where none is known so",
            good().with("client_id", "https://app.example/id"),
            "invalid_client",
        ),
        page("a client that was shut out", good().with("client_id", SHUT), "invalid_client"),
        page("two redirect_uris", good().and("redirect_uri", CALLBACK), "invalid_request"),
        page("a redirect_uri of no UTF-8", good(), "invalid_request"),
        page("an OpenID request without an address", good().without("redirect_uri"), "invalid_request"),
        page(
            "no redirect_uri of a client with two",
            good().with("client_id", TWOFOLD).without("redirect_uri"),
            "invalid_request",
        ),
        page(
            "another client's redirect_uri",
            good().with("redirect_uri", "https://shop.example/other"),
            "invalid_request",
        ),
        page(
            "an unregistered address, whatever else is wrong",
            good().with("redirect_uri", "https://evil.example/").with("response_type", "token"),
            "invalid_request",
        ),
        page(
            "a request object for an unregistered address",
            good().with("redirect_uri", "https://evil.example/").and("request", "a.b.c"),
            "invalid_request_object",
        ),
    ];
    let torn = format!("/oauth/authorize?{}&redirect_uri=%ff", good().without("redirect_uri").query());
    rows.retain(|row| row.law != "a redirect_uri of no UTF-8");
    rows.push(Refusal::page("a redirect_uri of no UTF-8", get(&torn), 400, "invalid_request"));
    for address in [
        "https://shop.example/callback/",
        "https://shop.example/callback?more=1",
        "https://shop.example/callback#part",
        "https://SHOP.example/callback",
        "https://shop.example:443/callback",
        "https://shop.example.evil.example/callback",
        "https://shop.example@evil.example/callback",
        "https://shop.example/x/../callback",
        "http://shop.example/callback",
        "//shop.example/callback",
        "javascript:alert(1)",
    ] {
        rows.push(page(
            &format!("the unregistered address {address}"),
            good().with("redirect_uri", address),
            "invalid_request",
        ));
    }
    rows
}

/// How the client is told: as it asked, if that can be read.
pub(crate) async fn told_as_asked(stage: &mut Stage) -> Vec<Refusal> {
    let bad = || Asked::good().with("scope", "telepathy");
    let unknown = Asked::good().and("response_mode", "smoke");
    let by_post = bad().post();
    let from_elsewhere = and(
        but(bad().post(), header::ORIGIN, "https://shop.example"),
        "sec-fetch-site".parse().unwrap(),
        "cross-site",
    );
    vec![
        Refusal::redirect("an unknown response_mode", of_alice(stage, unknown.get()), "invalid_request"),
        Refusal::redirect("in the fragment", bad().and("response_mode", "fragment").get(), "invalid_scope")
            .behind('#'),
        Refusal::form_post("in a form", bad().and("response_mode", "form_post").get(), "invalid_scope"),
        Refusal::redirect("what was posted is refused likewise", by_post, "invalid_scope"),
        Refusal::redirect("what another site posted is refused likewise", from_elsewhere, "invalid_scope"),
        Refusal::page(
            "a posted request of another media type",
            but(Asked::good().post(), header::CONTENT_TYPE, "application/json"),
            400,
            "invalid_request",
        ),
        Refusal::page(
            "a posted request without a media type",
            request(Method::POST, "/oauth/authorize", &Asked::good().query()),
            400,
            "invalid_request",
        ),
        Refusal::page(
            "a posted request of more than 64 KiB",
            post("/oauth/authorize", &Asked::good().and("x", &"x".repeat(65_536)).query()),
            400,
            "invalid_request",
        ),
        Refusal::page(
            "a posted request with its parameters in the query",
            post(&format!("/oauth/authorize?{}", Asked::good().query()), ""),
            400,
            "invalid_request",
        ),
        Refusal::plain("PUT", of_alice(stage, request(Method::PUT, "/oauth/authorize", "")), 405)
            .header(header::ALLOW, "GET, POST"),
        Refusal::plain("DELETE", of_alice(stage, request(Method::DELETE, "/oauth/authorize", "")), 405)
            .header(header::ALLOW, "GET, POST"),
    ]
}

/// `prompt=none` never shows a page, and a hint names somebody of ours.
pub(crate) async fn silent_and_hinted(stage: &mut Stage) -> Vec<Refusal> {
    let silent = || Asked::good().and("prompt", "none");
    let hinted = |hint: &str| Asked::good().and("id_token_hint", hint);
    let alice = |law: &str, asked: Asked, error| Refusal::redirect(law, of_alice(stage, asked.get()), error);
    let claims = json!({ "iss": crate::house::ISSUER, "sub": stage.house.alice.to_string(), "aud": "shop" });
    let forged = keys::es256(r#"{"alg":"ES256"}"#, &claims.to_string());
    let unsigned = keys::message(r#"{"alg":"none"}"#, &claims.to_string()) + ".";
    let essential = json!({ "id_token": { "acr": { "essential": true, "values": ["2"] } } }).to_string();
    let somebody = json!({ "id_token": { "sub": { "value": "somebody" } } }).to_string();
    let id_token = stage.token("id_token");
    let several = |law: &str, asked: Asked, error| {
        let with_bob = and(asked.get(), header::COOKIE, &format!("{}; beside=bob", stage.alice.cookie()));
        Refusal::redirect(law, and(with_bob, header::ORIGIN, crate::house::ISSUER), error)
    };
    let mut rows = vec![
        several("silent, and two people signed in", silent(), "account_selection_required"),
        several(
            "silent, two people, and a hint at neither",
            silent().and("login_hint", "carol"),
            "account_selection_required",
        ),
        several(
            "silent, and a hint at one who has allowed nothing",
            silent().and("login_hint", "bob"),
            "account_selection_required",
        ),
        several(
            "silent, and the one of two that was asked for has allowed nothing",
            silent().and("id_token_hint", &id_token),
            "consent_required",
        ),
        several(
            "silent, and neither of two was asked for",
            silent().and("claims", &somebody),
            "login_required",
        ),
        several("silent, and too long since for both", silent().and("max_age", "0"), "login_required"),
        Refusal::redirect("silent, and nobody signed in", silent().get(), "login_required"),
        alice("silent, and nothing allowed yet", silent(), "consent_required"),
        alice("silent, and too long since", silent().and("max_age", "0"), "login_required"),
        alice(
            "silent, and a stronger sign-in is essential",
            silent().and("claims", &essential),
            "interaction_required",
        ),
        alice("silent, and somebody else was asked for", silent().and("claims", &somebody), "login_required"),
        alice("a hint of another client", hinted(&id_token).with("client_id", OFFICE), "invalid_request"),
        alice(
            "a hint and a sub of two people",
            hinted(&id_token).and("claims", &somebody),
            "invalid_request",
        ),
    ];
    for (law, hint) in [
        ("a hint that somebody else signed", forged.as_str()),
        ("a hint that nobody signed", &unsigned),
        ("an access token as a hint", &stage.token("access_token")),
        ("a hint that is no token", "alice"),
        ("a hint of 20 KiB", &"x".repeat(20_000)),
    ] {
        rows.push(alice(law, hinted(hint), "invalid_request"));
    }
    rows
}
