//! Signing out where a client sends people: nobody is sent elsewhere, and nobody is signed out unasked.

use http::{Method, header};
use serde_json::json;

use crate::{
    house::{
        ISSUER, RIVAL,
        clients::{BYE, SHUT, TWOFOLD},
        steps::signed_in,
    },
    keys::{es256, message},
    refusal::Refusal,
    request::{Sent, and, but, form, get, of_alice, post, request},
    stage::Stage,
};

const END: &str = "/oauth/end_session";
const CONFIRM: &str = "/oauth/end_session/confirm";

type Field<'a> = (&'a str, &'a str);

fn ask(fields: &[Field<'_>]) -> Sent {
    get(&format!("{END}?{}", form(fields)))
}

/// What is wrong with the request is told to the person, whoever is signed in.
pub(crate) async fn requests(stage: &mut Stage) -> Vec<Refusal> {
    let claims = json!({ "iss": ISSUER, "sub": stage.house.alice.to_string(), "aud": "shop" }).to_string();
    let forged = es256(r#"{"alg":"ES256"}"#, &claims);
    let unsigned = message(r#"{"alg":"none"}"#, &claims) + ".";
    let (hint, access) = (stage.token("id_token"), stage.token("access_token"));
    let long = "x".repeat(20_000);
    let (own, to) = (("id_token_hint", hint.as_str()), "post_logout_redirect_uri");
    let twofold = ("client_id", TWOFOLD);
    let wrong = vec![
        ("a hint that somebody else signed", vec![("id_token_hint", forged.as_str())]),
        ("a hint that nobody signed", vec![("id_token_hint", &unsigned)]),
        ("an access token as a hint", vec![("id_token_hint", &access)]),
        ("a hint that is no token", vec![("id_token_hint", "alice")]),
        ("a hint of 20 KiB", vec![("id_token_hint", &long)]),
        ("a hint of another client", vec![own, ("client_id", RIVAL)]),
        ("two hints", vec![own, own]),
        ("an unknown client", vec![("client_id", "nobody")]),
        ("a client that was shut out", vec![("client_id", SHUT)]),
        ("a malformed client", vec![("client_id", "a b")]),
        ("two clients", vec![twofold, twofold]),
        ("an address and no client", vec![(to, BYE)]),
        ("another client's address", vec![own, (to, BYE)]),
        ("two addresses", vec![twofold, (to, BYE), (to, BYE)]),
        ("state twice", vec![twofold, (to, BYE), ("state", "a"), ("state", "b")]),
        ("a state too long", vec![twofold, (to, BYE), ("state", &long)]),
        ("a logout_hint too long", vec![twofold, ("logout_hint", &long)]),
        ("ui_locales too long", vec![twofold, ("ui_locales", &long)]),
    ];
    let addresses = [
        "https://evil.example/",
        "https://shop.example/bye/",
        "https://shop.example/bye?more=1",
        "https://shop.example/bye#part",
        "https://SHOP.example/bye",
        "https://shop.example/callback",
        "//evil.example",
        "/bye",
        "javascript:alert(1)",
    ];
    let mut rows = Vec::new();
    for (law, fields) in wrong {
        rows.push(Refusal::page(law, of_alice(stage, ask(&fields)), 400, "invalid_request"));
        let unknown = ask(&fields);
        rows.push(Refusal::page(format!("{law}, nobody signed in"), unknown, 400, "invalid_request"));
    }
    for address in addresses {
        let law = format!("the unregistered address {address}");
        let fields = [twofold, (to, address)];
        rows.push(Refusal::page(law.as_str(), of_alice(stage, ask(&fields)), 400, "invalid_request"));
        let posted = of_alice(stage, post(END, &form(&fields)));
        rows.push(Refusal::page(format!("{law}, posted"), posted, 400, "invalid_request"));
    }
    let torn = get(&format!("{END}?state=%ff"));
    rows.push(Refusal::page("a parameter of no UTF-8", of_alice(stage, torn), 400, "invalid_request"));
    let text = but(post(END, "state=x"), header::CONTENT_TYPE, "text/plain");
    rows.push(Refusal::page("a form of another media type", of_alice(stage, text), 400, "invalid_request"));
    let huge = post(END, &form(&[("state", &"x".repeat(65_536))]));
    rows.push(Refusal::page("a form of more than 64 KiB", of_alice(stage, huge), 400, "invalid_request"));
    for path in [END, CONFIRM] {
        for method in [Method::PUT, Method::DELETE] {
            let sent = of_alice(stage, request(method.clone(), path, ""));
            let row = Refusal::plain(format!("{method} {path}"), sent, 405);
            rows.push(row.header(header::ALLOW, "GET, POST"));
        }
    }
    rows
}

/// Without a proof that the request comes from where the person is signed in, the person is asked, and stays signed in.
pub(crate) async fn unproven(stage: &mut Stage) -> Vec<Refusal> {
    let mut other = signed_in(&stage.house).await;
    stage.secrets.extend(other.cookies.values().cloned());
    let hint = stage.token("id_token");
    // The question that is put to whoever brought the hint sends it along when it is answered.
    stage.secrets.retain(|secret| *secret != hint);
    let page = other.get(END).await.text;
    let foreign = page.split_once("name=\"proof\" value=\"").unwrap().1.split('"').next().unwrap();
    let elsewhere = other.cookies.iter().map(|(name, value)| format!("{name}={value}"));
    let elsewhere = elsewhere.collect::<Vec<_>>().join("; ");
    let ask_page = "logout-confirm";
    let mut rows = vec![
        Refusal::page("a link on any page", of_alice(stage, get(END)), 200, ask_page),
        Refusal::page("a client and no hint", of_alice(stage, ask(&[("client_id", TWOFOLD)])), 200, ask_page),
    ];
    let of_another = and(ask(&[("id_token_hint", &hint)]), header::COOKIE, &elsewhere);
    rows.push(Refusal::page("a hint of another sign-in of the same person", of_another, 200, ask_page));
    for (law, fields, status, says) in [
        ("no answer", vec![], 400, "neither yes nor no"),
        ("an unclear answer", vec![("decision", "maybe")], 400, "neither yes nor no"),
        ("two answers", vec![("decision", "logout"), ("decision", "stay")], 400, "neither yes nor no"),
        ("yes to a question that was not put", vec![("decision", "logout")], 403, "access_denied"),
        (
            "yes with another browser's proof",
            vec![("decision", "logout"), ("proof", foreign)],
            403,
            "access_denied",
        ),
        ("yes with a made-up proof", vec![("decision", "logout"), ("proof", "AAAA")], 403, "access_denied"),
        (
            "yes twice proven",
            vec![("decision", "logout"), ("proof", "a"), ("proof", "b")],
            403,
            "access_denied",
        ),
        (
            "yes, and then elsewhere",
            vec![("decision", "logout"), ("post_logout_redirect_uri", BYE)],
            400,
            "invalid_request",
        ),
    ] {
        let sent = of_alice(stage, post(CONFIRM, &form(&fields)));
        rows.push(Refusal::page(law, sent, status, says));
    }
    rows.push(Refusal::page("a look at the answer", of_alice(stage, get(CONFIRM)), 400, "invalid_request"));
    for (law, name, value) in [
        ("yes from another site", "origin", "https://evil.example"),
        ("yes from what the browser says is another site", "sec-fetch-site", "cross-site"),
    ] {
        let sent = of_alice(stage, post(CONFIRM, "decision=logout"));
        rows.push(Refusal::plain(law, but(sent, name.parse().unwrap(), value), 403));
    }
    rows
}

/// The page for frames is there only where the host wants it, and is only read.
pub(crate) async fn check_session(stage: &mut Stage) -> Vec<Refusal> {
    let page = "/oauth/check_session";
    let mut rows = Vec::new();
    *stage = Stage::under(|config| config.session_management = true).await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let row = Refusal::json(method.as_str(), request(method.clone(), page, ""), 405, "invalid_request");
        rows.push(row.header(header::ALLOW, "GET, HEAD"));
    }
    rows
}
