//! How a client proves itself, wrong in each way, at each endpoint that asks for it. All wrong proofs look alike.

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, header};

use crate::{
    house::{
        CLIENT, CLIENT_SECRET, RIVAL, RIVAL_SECRET,
        clients::{OFFICE, PUBLIC, SEALED, SHUT, SIGNER},
    },
    refusal::Refusal,
    request::{Sent, and, but, form, json, post, request},
    stage::Stage,
};

const AUTHENTICATION_FAILED: [&str; 9] = [
    "client.authentication_failed no_credentials",
    "client.authentication_failed unknown_client",
    "client.authentication_failed wrong_secret",
    "client.authentication_failed method_not_registered",
    "client.authentication_failed client_disabled",
    "client.authentication_failed malformed_client_id",
    "client.authentication_failed malformed_basic",
    "client.authentication_failed two_methods",
    "client.authentication_failed two_clients",
];

pub(crate) async fn at_token(_: &mut Stage) -> Vec<Refusal> {
    let grant = ("grant_type", "client_credentials");
    [by_secret("/oauth/token", grant), by_header("/oauth/token", grant), unread("/oauth/token", grant)]
        .concat_rows()
}

pub(crate) async fn at_revocation(stage: &mut Stage) -> Vec<Refusal> {
    let token = stage.token("refresh_token");
    let token = ("token", token.as_str());
    [by_secret("/oauth/revoke", token), by_header("/oauth/revoke", token), unread("/oauth/revoke", token)]
        .concat_rows()
}

pub(crate) async fn at_introspection(stage: &mut Stage) -> Vec<Refusal> {
    let token = stage.token("access_token");
    let token = ("token", token.as_str());
    let path = "/oauth/introspect";
    let public = Refusal::json(
        "a public client asks",
        post(path, &form(&[token, ("client_id", PUBLIC)])),
        401,
        "invalid_client",
    );
    let public = public.wrote("client.authentication_failed public_client");
    [by_secret(path, token), by_header(path, token), unread(path, token), vec![public]].concat_rows()
}

type Field<'a> = (&'a str, &'a str);

/// In the body.
fn by_secret(path: &str, asked: Field<'_>) -> Vec<Refusal> {
    let long = "a".repeat(256);
    let both = ("client_secret", CLIENT_SECRET);
    [
        ("nothing", vec![], 0),
        ("a secret of nobody", vec![both], 0),
        ("an unknown client", vec![("client_id", "nobody"), both], 1),
        ("a wrong secret", vec![("client_id", CLIENT), ("client_secret", "guess")], 2),
        ("another client's secret", vec![("client_id", CLIENT), ("client_secret", RIVAL_SECRET)], 2),
        (
            "a secret that is cut off",
            vec![("client_id", CLIENT), ("client_secret", CLIENT_SECRET.split_at(1).1)],
            2,
        ),
        ("a client_id alone of one that has a secret", vec![("client_id", CLIENT)], 3),
        ("an empty secret", vec![("client_id", CLIENT), ("client_secret", "")], 3),
        ("in the body, of one that registered Basic", vec![("client_id", OFFICE), both], 3),
        ("a secret, of one that signs with it", vec![("client_id", SEALED), both], 3),
        ("a secret, of one that signs with a key", vec![("client_id", SIGNER), both], 3),
        ("a secret, of a public client", vec![("client_id", PUBLIC), both], 3),
        ("one that was shut out", vec![("client_id", SHUT), both], 4),
        ("a client_id of 256 bytes", vec![("client_id", &long), both], 5),
        ("a client_id of no ASCII", vec![("client_id", "shöp"), both], 5),
    ]
    .map(|(law, mut fields, reason)| {
        fields.push(asked);
        Refusal::json(law, post(path, &form(&fields)), 401, "invalid_client")
            .wrote(AUTHENTICATION_FAILED[reason])
    })
    .into()
}

/// In the header: what is wrong there is answered with a challenge, RFC 6749 section 5.2.
fn by_header(path: &str, asked: Field<'_>) -> Vec<Refusal> {
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    let office = basic(&format!("{OFFICE}:{CLIENT_SECRET}"));
    let good = |fields: &[Field<'_>]| {
        and(post(path, &form(&[&[asked], fields].concat())), header::AUTHORIZATION, &office)
    };
    let mut rows: Vec<_> = [
        ("Basic with a wrong secret", basic(&format!("{OFFICE}:guess")), 2),
        ("Basic of an unknown client", basic(&format!("nobody:{CLIENT_SECRET}")), 1),
        ("Basic of one that registered the body", basic(&format!("{CLIENT}:{CLIENT_SECRET}")), 3),
        ("Basic of one that was shut out", basic(&format!("{SHUT}:{CLIENT_SECRET}")), 3),
        ("Basic without a colon", basic(OFFICE), 6),
        ("Basic without a secret", basic(&format!("{OFFICE}:")), 6),
        ("Basic that is no base64", String::from("Basic ~~~~"), 6),
        ("Basic with broken percent signs", basic(&format!("{OFFICE}:%zz")), 6),
        ("another scheme", format!("Bearer {CLIENT_SECRET}"), 6),
        ("a header of 5 KiB", basic(&format!("{OFFICE}:{}", "x".repeat(5000))), 6),
    ]
    .into_iter()
    .map(|(law, value, reason)| {
        let sent = and(post(path, &form(&[asked])), header::AUTHORIZATION, &value);
        let row = Refusal::json(law, sent, 401, "invalid_client").challenge("Basic", &[]);
        row.wrote(AUTHENTICATION_FAILED[reason])
    })
    .collect();
    let both = [("client_id", OFFICE), ("client_secret", CLIENT_SECRET)];
    let assertion = [("client_assertion", "a.b.c"), ("client_assertion_type", "x")];
    for (law, sent, event) in [
        ("Basic and a secret in the body", good(&both), AUTHENTICATION_FAILED[7]),
        ("Basic and an assertion", good(&assertion), AUTHENTICATION_FAILED[7]),
        ("Basic beside another client_id", good(&[("client_id", RIVAL)]), AUTHENTICATION_FAILED[8]),
        (
            "Basic twice",
            and(good(&[]), header::AUTHORIZATION, &office),
            "client.authentication_failed two_headers",
        ),
    ] {
        rows.push(Refusal::json(law, sent, 400, "invalid_request").wrote(event));
    }
    let two = post(path, &form(&[asked, both[0], both[1], assertion[0], assertion[1]]));
    rows.push(
        Refusal::json("a secret and an assertion", two, 400, "invalid_request")
            .wrote(AUTHENTICATION_FAILED[7]),
    );
    rows
}

/// What is not even read, so that nobody's authentication has failed.
fn unread(path: &str, asked: Field<'_>) -> Vec<Refusal> {
    let shop = [asked, ("client_id", CLIENT), ("client_secret", CLIENT_SECRET)];
    let good = form(&shop);
    let json_body = format!(r#"{{"{}":"{}","client_id":"{CLIENT}"}}"#, asked.0, asked.1);
    let again = |name: &str| post(path, &format!("{good}&{name}=x"));
    let invalid = |law: &str, sent: Sent| Refusal::json(law, sent, 400, "invalid_request");
    let mut rows = vec![
        invalid("a secret in the query", post(&format!("{path}?client_secret={CLIENT_SECRET}"), &good)),
        invalid("a client_id in the query", post(&format!("{path}?client_id={CLIENT}"), &form(&[asked]))),
        invalid("everything in the query", post(&format!("{path}?{good}"), "")),
        invalid("client_id twice", again("client_id")),
        invalid("client_secret twice", again("client_secret")),
        invalid("what is asked for twice", again(asked.0)),
        invalid("a parameter of no UTF-8", post(path, &format!("{good}&client_assertion=%ff"))),
        invalid("a parameter with a broken percent sign", post(path, &format!("{good}&client_assertion=%z"))),
        invalid("a form of more than 64 KiB", post(path, &format!("{good}&x={}", "x".repeat(65_536)))),
        invalid("a form without a media type", request(Method::POST, path, &good)),
        invalid("a form of another media type", but(post(path, &good), header::CONTENT_TYPE, "text/plain")),
        invalid("a form of two media types", and(post(path, &good), header::CONTENT_TYPE, "text/plain")),
        invalid("JSON instead of a form", json(Method::POST, path, &json_body)),
    ];
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
        let law = format!("{method} of it");
        let row = match method {
            Method::HEAD => Refusal::head(law, request(method, path, &good), 405),
            _ => {
                Refusal::json(law, request(method, &format!("{path}?{good}"), &good), 405, "invalid_request")
            }
        };
        rows.push(row.header(header::ALLOW, "POST"));
    }
    rows
}

trait ConcatRows {
    fn concat_rows(self) -> Vec<Refusal>;
}

impl<const N: usize> ConcatRows for [Vec<Refusal>; N] {
    fn concat_rows(self) -> Vec<Refusal> {
        self.into_iter().flatten().collect()
    }
}
