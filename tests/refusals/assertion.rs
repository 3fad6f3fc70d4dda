//! Assertions that prove nothing, RFC 7523 section 3: one answer for all of them, and the reason in the log.

use serde_json::{Value, json};
use towergate::{core::Clock, oauth::rules::client::assertion::TYPE};

use crate::{
    house::{
        CLIENT, CLIENT_SECRET, ISSUER,
        browser::client_request,
        clients::{OFFICE, PUBLIC, SEALED, SIGNER},
    },
    keys::{decode, eddsa, encode, es256, hs256, message},
    refusal::Refusal,
    request::{form, post},
    stage::Stage,
};

const HEADER: &str = r#"{"alg":"ES256"}"#;
const SHARED: &str = r#"{"alg":"HS256"}"#;

pub(crate) async fn claims(stage: &mut Stage) -> Vec<Refusal> {
    let now = stage.house.clock.now().unix_seconds();
    let good =
        |client: &str| json!({ "iss": client, "sub": client, "aud": ISSUER, "jti": "j", "exp": now + 60 });
    let mut rows = Vec::new();
    for (law, claim, value, reason) in [
        ("no iss", "iss", Value::Null, "malformed_assertion"),
        ("another iss", "iss", CLIENT.into(), "assertion_subject"),
        ("no sub", "sub", Value::Null, "malformed_assertion"),
        ("another sub", "sub", CLIENT.into(), "assertion_subject"),
        ("no aud", "aud", Value::Null, "assertion_audience"),
        ("another aud", "aud", "https://other.example".into(), "assertion_audience"),
        ("two audiences", "aud", json!([ISSUER, "https://other.example"]), "assertion_audience"),
        (
            "the userinfo endpoint as aud",
            "aud",
            format!("{ISSUER}/oauth/userinfo").into(),
            "assertion_audience",
        ),
        ("no exp", "exp", Value::Null, "assertion_expiry_missing"),
        ("expired", "exp", (now - 10).into(), "assertion_expired"),
        ("good for a day", "exp", (now + 86_400).into(), "assertion_lifetime"),
        ("an exp that is no number", "exp", "soon".into(), "malformed_assertion"),
        ("not good yet", "nbf", (now + 60).into(), "assertion_from_the_future"),
        ("issued in the future", "iat", (now + 60).into(), "assertion_from_the_future"),
        ("no jti", "jti", Value::Null, "assertion_id_missing"),
        ("an empty jti", "jti", "".into(), "assertion_id_missing"),
    ] {
        for (client, law) in
            [(SIGNER, format!("{law}, with a key")), (SEALED, format!("{law}, with a secret"))]
        {
            let mut claims = good(client);
            claims[claim] = value.clone();
            claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let signed = match client {
                SIGNER => es256(HEADER, &claims.to_string()),
                _ => hs256(CLIENT_SECRET.as_bytes(), SHARED, &claims.to_string()),
            };
            rows.push(refused(&law, TYPE, &signed, reason));
        }
    }
    rows
}

pub(crate) async fn signatures(stage: &mut Stage) -> Vec<Refusal> {
    let now = stage.house.clock.now().unix_seconds();
    let of = |client: &str, jti: &str| {
        json!({ "iss": client, "sub": client, "aud": ISSUER, "jti": jti, "exp": now + 60 }).to_string()
    };
    let good = of(SIGNER, "j");
    let once = es256(HEADER, &of(SIGNER, "once"));
    let grant =
        [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", &once)];
    // A proven client that may not have this grant: its assertion is spent all the same.
    let first = client_request(&stage.house.app, "/oauth/token", &grant).await;
    assert_eq!(first.json()["error"], "unauthorized_client", "{}", first.text);
    stage.secrets.push(once.clone());

    let x = decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
    let embedded = format!(r#"{{"alg":"EdDSA","jwk":{}}}"#, crate::keys::ED25519);
    let cut = es256(HEADER, &good);
    let mut rows: Vec<_> = [
        ("a repetition", once.clone(), "assertion_replayed"),
        (
            "the same jti in another assertion",
            es256(HEADER, &of(SIGNER, "once").replace("60", "60 ")),
            "assertion_replayed",
        ),
        ("unsigned", format!("{}.", message(r#"{"alg":"none"}"#, &good)), "assertion_algorithm"),
        ("the public key taken for a secret", hs256(&x, SHARED, &good), "method_not_registered"),
        (
            "an algorithm that is not registered",
            eddsa(r#"{"alg":"EdDSA"}"#, &good),
            "algorithm_not_registered",
        ),
        ("a key of its own inside", eddsa(&embedded, &good), "algorithm_not_registered"),
        ("another algorithm's signature", eddsa(HEADER, &good), "assertion_signature"),
        ("a signature that is cut off", cut.split_at(cut.len() - 2).0.to_owned(), "assertion_signature"),
        ("no signature", format!("{}.", message(HEADER, &good)), "assertion_signature"),
        ("an access token's type", es256(r#"{"alg":"ES256","typ":"at+jwt"}"#, &good), "assertion_typ"),
        (
            "an unknown critical header",
            es256(r#"{"alg":"ES256","crit":["x"],"x":1}"#, &good),
            "malformed_assertion",
        ),
        (
            "a header that says a thing twice",
            es256(r#"{"alg":"ES256","alg":"ES256"}"#, &good),
            "malformed_assertion",
        ),
        ("a wrong secret", hs256(b"guess", SHARED, &of(SEALED, "j")), "assertion_signature"),
        (
            "a key, of one that signs with its secret",
            es256(HEADER, &of(SEALED, "j")),
            "method_not_registered",
        ),
        ("an assertion, of one that has a secret", es256(HEADER, &of(CLIENT, "j")), "method_not_registered"),
        ("an assertion, of a public client", es256(HEADER, &of(PUBLIC, "j")), "method_not_registered"),
        ("an assertion of nobody", es256(HEADER, &of("nobody", "j")), "unknown_client"),
        ("one part", String::from("a"), "malformed_assertion"),
        ("three parts of nothing", format!("{0}.{0}.{0}", encode("{}")), "malformed_assertion"),
        ("five parts", String::from("a.b.c.d.e"), "malformed_assertion"),
        ("an assertion of 20 KiB", es256(HEADER, &of(SIGNER, &"j".repeat(15_000))), "malformed_assertion"),
    ]
    .into_iter()
    .map(|(law, assertion, reason)| refused(law, TYPE, &assertion, reason))
    .collect();
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    rows.push(refused("another assertion type", grant, &es256(HEADER, &good), "unknown_assertion_type"));
    rows.push(refused("no assertion type", "", &es256(HEADER, &good), "unknown_assertion_type"));
    rows.push(refused("no assertion", TYPE, "", "assertion_missing"));
    let beside =
        [("client_assertion_type", TYPE), ("client_assertion", &es256(HEADER, &good)), ("client_id", OFFICE)];
    let beside = post("/oauth/token", &form(&beside));
    let beside = Refusal::json("an assertion beside another client_id", beside, 400, "invalid_request");
    rows.push(beside.wrote("client.authentication_failed two_clients"));
    rows
}

fn refused(law: &str, kind: &str, assertion: &str, reason: &str) -> Refusal {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ];
    let row = Refusal::json(law, post("/oauth/token", &form(&fields)), 401, "invalid_client");
    row.wrote(format!("client.authentication_failed {reason}"))
}
