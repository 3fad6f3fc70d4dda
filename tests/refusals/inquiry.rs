//! At revocation and introspection, with a client that has proven itself: what it may not know, and what it may not end.

use crate::{
    house::{
        CLIENT, CLIENT_SECRET, RIVAL, RIVAL_SECRET,
        clients::ROBOT,
        steps::{AUTHORIZE, encode},
    },
    keys::message,
    refusal::Refusal,
    request::{form, post},
    stage::{Stage, text},
};

fn of(client: &str, secret: &str, fields: &str) -> String {
    format!("{}&{fields}", form(&[("client_id", client), ("client_secret", secret)]))
}

fn malformed(path: &str, token: &str) -> Vec<Refusal> {
    let token = encode(token);
    [
        ("no token", String::from("x=1")),
        ("an empty token", String::from("token=")),
        ("a token of no UTF-8", String::from("token=%ff")),
        ("two hints", format!("token={token}&token_type_hint=a&token_type_hint=b")),
    ]
    .map(|(law, fields)| {
        Refusal::json(law, post(path, &of(CLIENT, CLIENT_SECRET, &fields)), 400, "invalid_request")
    })
    .into()
}

/// What nobody but its own client may end, and what is no token: RFC 7009 section 2.2.
pub(crate) async fn revocation(stage: &mut Stage) -> Vec<Refusal> {
    let path = "/oauth/revoke";
    let mut rows = malformed(path, &stage.token("refresh_token"));
    for (law, token) in [
        ("another client's refresh token", stage.token("refresh_token")),
        ("another client's access token", stage.token("access_token")),
        ("another client's opaque token", stage.own.clone()),
        ("a code", stage.code.clone()),
        ("an ID token", stage.token("id_token")),
        ("a token of nobody", String::from("45ghiukldjahdnhzdauz")),
    ] {
        for hint in ["", "&token_type_hint=refresh_token"] {
            let fields = format!("token={}{hint}", encode(&token));
            let sent = post(path, &of(RIVAL, RIVAL_SECRET, &fields));
            rows.push(Refusal::told(format!("{law} is left alone{hint}"), sent, "{}"));
        }
    }
    rows
}

/// Whoever may not know of a token learns no more than that, RFC 7662 section 2.2.
pub(crate) async fn introspection(stage: &mut Stage) -> Vec<Refusal> {
    let path = "/oauth/introspect";
    let mut rows = malformed(path, &stage.token("access_token"));
    let revoked = stage.more_tokens(AUTHORIZE).await;
    let give_back = of(CLIENT, CLIENT_SECRET, &format!("token={}", text(&revoked, "refresh_token")));
    stage.send(post("/oauth/revoke", &give_back)).await;
    let (prefix, secret) = stage.own.rsplit_once('.').unwrap();
    let forged = format!("{prefix}.{}", "A".repeat(secret.len()));
    let good = stage.token("access_token");
    let unsigned = good.rsplit_once('.').unwrap().0.split_once('.').unwrap().1;
    let unsigned =
        format!("{}.{unsigned}.", message(r#"{"alg":"none","typ":"at+jwt"}"#, "").trim_end_matches('.'));
    for (law, client, token) in [
        ("another client's access token", RIVAL, good),
        ("another client's refresh token", RIVAL, stage.token("refresh_token")),
        ("another client's opaque token", RIVAL, stage.own.clone()),
        ("a token for another API, asked about by whoever guards none", RIVAL, stage.for_mail.clone()),
        ("a revoked access token", CLIENT, text(&revoked, "access_token")),
        ("a revoked refresh token", CLIENT, text(&revoked, "refresh_token")),
        ("a token that nobody signed", CLIENT, unsigned),
        ("a token with another secret", ROBOT, forged),
        ("a code", CLIENT, stage.code.clone()),
        ("an ID token", CLIENT, stage.token("id_token")),
        ("a token of nobody", CLIENT, String::from("2YotnFZFEjr1zCsicMWpAA")),
    ] {
        let secret = if client == RIVAL { RIVAL_SECRET } else { CLIENT_SECRET };
        let sent = post(path, &of(client, secret, &format!("token={}", encode(&token))));
        rows.push(Refusal::told(law, sent, r#"{"active":false}"#));
    }
    rows
}

/// A quarter later.
pub(crate) async fn expired(stage: &mut Stage) -> Vec<Refusal> {
    stage.later(90 * 24 * 3600);
    ["access_token", "refresh_token"]
        .map(|name| {
            let fields = format!("token={}", encode(&stage.token(name)));
            let sent = post("/oauth/introspect", &of(CLIENT, CLIENT_SECRET, &fields));
            Refusal::told(format!("an expired {name}"), sent, r#"{"active":false}"#)
        })
        .into()
}
