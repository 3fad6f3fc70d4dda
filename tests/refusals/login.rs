//! Signing in and out: one sentence for every wrong password, and nothing that another site could make a browser do.

use http::{Method, header};

use crate::{
    house::{ISSUER, steps::login_form},
    refusal::Refusal,
    request::{Sent, and, but, form, get, of_alice, post, request},
    stage::Stage,
};

const REFUSED: &str = "The e-mail address or the password is wrong.";

fn here(sent: Sent) -> Sent {
    and(sent, header::ORIGIN, ISSUER)
}

pub(crate) async fn signing_in(_: &mut Stage) -> Vec<Refusal> {
    let alice = ("email", "alice@example.com");
    let mut rows: Vec<_> = [
        ("a wrong password", form(&[alice, ("password", "guess the password")]), "wrong_password"),
        (
            "an unknown person",
            form(&[("email", "mallory@example.com"), ("password", "guess the password")]),
            "unknown_user",
        ),
        (
            "an address that is none",
            form(&[("email", "alice"), ("password", "guess the password")]),
            "unknown_user",
        ),
        ("an empty password", form(&[alice, ("password", "")]), "unusable_password"),
        ("a password of 5000 bytes", form(&[alice, ("password", &"x".repeat(5000))]), "unusable_password"),
    ]
    .map(|(law, form, reason)| {
        let row = Refusal::page(law, here(post("/login", &form)), 422, REFUSED);
        let row = row.wrote(format!("login.failed {reason}"));
        // What is compared at all counts as a try.
        if reason == "unusable_password" { row } else { row.changed("tries") }
    })
    .into();
    let good = login_form();
    for (law, sent, status) in [
        ("no password", post("/login", &form(&[alice])), 400),
        ("no address", post("/login", "password=x"), 400),
        ("two addresses", post("/login", &format!("{good}&email=x")), 400),
        ("two passwords", post("/login", &format!("{good}&password=x")), 400),
        ("two ways on", post("/login", &format!("{good}&return_to=/&return_to=/x")), 400),
        ("a form of no UTF-8", post("/login", &format!("{good}&x=%ff")), 400),
        ("a form of another media type", but(post("/login", &good), header::CONTENT_TYPE, "text/plain"), 415),
        ("a form without a media type", request(Method::POST, "/login", &good), 415),
        ("a form of more than 64 KiB", post("/login", &format!("{good}&x={}", "x".repeat(65_536))), 413),
        ("everything in the query", post(&format!("/login?{good}"), ""), 400),
        ("a page asked for with two ways on", get("/login?return_to=/a&return_to=/b"), 400),
        ("a page asked for with no UTF-8", get("/login?login_hint=%ff"), 400),
    ] {
        rows.push(Refusal::page(law, here(sent), status, "form"));
    }
    for method in [Method::PUT, Method::DELETE] {
        let row = Refusal::page(
            format!("{method} of it"),
            here(request(method, "/login", "")),
            405,
            "not used in that way",
        );
        rows.push(row.header(header::ALLOW, "GET, HEAD, POST"));
    }
    rows.push(Refusal::plain(
        "a form of another site",
        and(post("/login", &good), header::ORIGIN, "https://evil.example"),
        403,
    ));
    rows
}

pub(crate) async fn signing_out(stage: &mut Stage) -> Vec<Refusal> {
    let mut rows = Vec::new();
    for method in [Method::GET, Method::HEAD, Method::PUT] {
        let sent = of_alice(stage, request(method.clone(), "/logout", ""));
        let row = Refusal::page(format!("{method} of it"), sent, 405, "not used in that way");
        rows.push(row.header(header::ALLOW, "POST"));
    }
    let elsewhere = but(of_alice(stage, post("/logout", "")), header::ORIGIN, "https://evil.example");
    rows.push(Refusal::plain("a form of another site", elsewhere, 403));
    let marked = and(of_alice(stage, post("/logout", "")), "sec-fetch-site".parse().unwrap(), "cross-site");
    rows.push(Refusal::plain("what the browser says another site sent", marked, 403));
    rows
}
