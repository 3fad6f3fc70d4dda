//! Requests that a client signed, RFC 9101: signed rightly, for this server, in time, and saying nothing twice.

use serde_json::{Value, json};
use towergate::{
    core::Clock,
    jose::{Algorithm, SigningKey, generate},
};

use crate::{
    house::{
        CALLBACK, CLIENT, ISSUER,
        clients::{SIGNER, STRICT},
    },
    keys::{eddsa, es256, hs256, message},
    refusal::Refusal,
    request::{Asked, of_alice},
    stage::Stage,
};

const HEADER: &str = r#"{"alg":"ES256","typ":"oauth-authz-req+jwt"}"#;
const WRONG: &str = "invalid_request_object";

/// What a good request object says, with these members changed; `null` is said as it is.
fn says(stage: &Stage, client: &str, changes: &Value) -> Value {
    let exp = stage.house.clock.now().unix_seconds() + 60;
    let mut said = json!({ "iss": client, "aud": ISSUER, "exp": exp, "client_id": client });
    for (name, value) in form_urlencoded::parse(Asked::good().without("client_id").query().as_bytes()) {
        said[name.as_ref()] = value.as_ref().into();
    }
    said.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    said
}

fn asks(stage: &Stage, client: &str, request: &str) -> crate::request::Sent {
    of_alice(stage, Asked::good().with("client_id", client).and("request", request).get())
}

pub(crate) async fn claims(stage: &mut Stage) -> Vec<Refusal> {
    let now = stage.house.clock.now().unix_seconds();
    let mut rows = Vec::new();
    for (law, changes, error) in [
        ("another iss", json!({ "iss": CLIENT }), WRONG),
        ("another aud", json!({ "aud": "https://other.example" }), WRONG),
        ("no aud in its list", json!({ "aud": [] }), WRONG),
        ("an aud that is a number", json!({ "aud": 7 }), WRONG),
        ("expired", json!({ "exp": now }), WRONG),
        ("an exp that is a text", json!({ "exp": "soon" }), WRONG),
        ("not good yet", json!({ "nbf": now + 60 }), WRONG),
        ("issued in the future", json!({ "iat": now + 60 }), WRONG),
        ("another client_id inside", json!({ "client_id": CLIENT }), WRONG),
        ("another response_type inside", json!({ "response_type": "token" }), WRONG),
        ("a request inside the request", json!({ "request": "a.b.c" }), WRONG),
        ("a reference inside the request", json!({ "request_uri": "https://shop.example/request" }), WRONG),
        ("a request that is null inside", json!({ "request": null }), WRONG),
        ("a state that is a number", json!({ "state": 7 }), WRONG),
        ("a scope that is a list", json!({ "scope": ["openid"] }), WRONG),
        ("claims that are a text", json!({ "claims": "{}" }), WRONG),
        ("a resource that is a number", json!({ "resource": [7] }), WRONG),
        ("a nonce that is null", json!({ "nonce": null }), WRONG),
        ("an unknown scope inside", json!({ "scope": "openid telepathy" }), "invalid_scope"),
        ("an unknown resource inside", json!({ "resource": ["https://evil.example/"] }), "invalid_target"),
        ("a plain challenge inside", json!({ "code_challenge_method": "plain" }), "invalid_request"),
        ("prompt none and login inside", json!({ "prompt": "none login" }), "invalid_request"),
        ("a negative max_age inside", json!({ "max_age": -1 }), "invalid_request"),
        ("silent inside, and nothing allowed yet", json!({ "prompt": "none" }), "consent_required"),
    ] {
        let signed = es256(HEADER, &says(stage, SIGNER, &changes).to_string());
        rows.push(Refusal::redirect(law, asks(stage, SIGNER, &signed), error));
    }
    for address in ["https://evil.example/", "https://shop.example/callback/"] {
        let said = says(stage, SIGNER, &json!({ "redirect_uri": address }));
        let sent = asks(stage, SIGNER, &es256(HEADER, &said.to_string()));
        let law = format!("the unregistered address {address} inside");
        rows.push(Refusal::page(law, sent, 400, "invalid_request"));
    }
    rows
}

pub(crate) async fn signatures(stage: &mut Stage) -> Vec<Refusal> {
    let good = says(stage, SIGNER, &json!({})).to_string();
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    let foreign = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap();
    let foreign = foreign.sign_jwt("JWT", &says(stage, SIGNER, &json!({}))).unwrap();
    let twice = good.replacen('{', r#"{"state":"x","#, 1);
    let own = es256(HEADER, &good);
    let mut rows: Vec<_> = [
        ("unsigned", format!("{}.", message(r#"{"alg":"none"}"#, &good))),
        ("unsigned under the name of an algorithm", format!("{}.", message(HEADER, &good))),
        (
            "the public key taken for a secret",
            hs256(crate::keys::P256.as_bytes(), r#"{"alg":"HS256"}"#, &good),
        ),
        ("another client's key", foreign),
        ("an algorithm that is not registered", eddsa(r#"{"alg":"EdDSA"}"#, &good)),
        (
            "a key of its own inside",
            eddsa(&format!(r#"{{"alg":"EdDSA","jwk":{}}}"#, crate::keys::ED25519), &good),
        ),
        ("an access token's type", es256(r#"{"alg":"ES256","typ":"at+jwt"}"#, &good)),
        ("an assertion's type", es256(r#"{"alg":"ES256","typ":"client-authentication+jwt"}"#, &good)),
        ("an unknown critical header", es256(r#"{"alg":"ES256","crit":["x"],"x":1}"#, &good)),
        ("what says a thing twice", es256(HEADER, &twice)),
        ("what is signed otherwise", own.replacen('.', ".e", 1)),
        ("a list", es256(HEADER, "[]")),
        ("encrypted", String::from("a.b.c.d.e")),
        ("no JWT", String::from("hello")),
    ]
    .map(|(law, request)| Refusal::redirect(law, asks(stage, SIGNER, &request), WRONG))
    .into();
    let keyless = es256(HEADER, &says(stage, CLIENT, &json!({})).to_string());
    rows.push(Refusal::redirect("of a client without keys", asks(stage, CLIENT, &keyless), WRONG));
    let huge = es256(HEADER, &says(stage, SIGNER, &json!({ "x": "x".repeat(16_000) })).to_string());
    rows.push(Refusal::redirect("more than is read", asks(stage, SIGNER, &huge), "invalid_request"));
    let two = Asked::good().with("client_id", SIGNER).and("request", &own).and("request", &own);
    rows.push(Refusal::redirect("two requests", of_alice(stage, two.get()), "invalid_request"));
    let both = Asked::good().with("client_id", SIGNER).and("request", &own).and("request_uri", "urn:x");
    let both = Refusal::redirect("by value and by reference", of_alice(stage, both.get()), "invalid_request");
    rows.push(both);
    rows
}

/// A client that must sign all that it asks.
pub(crate) async fn strict(stage: &mut Stage) -> Vec<Refusal> {
    let unsigned = of_alice(stage, Asked::good().with("client_id", STRICT).get());
    let mut rows = vec![Refusal::redirect("nothing signed", unsigned, "invalid_request")];
    for (law, member, error) in [
        ("the challenge beside", "code_challenge", "invalid_request"),
        ("the method beside", "code_challenge_method", "invalid_request"),
        ("the response_type beside", "response_type", "invalid_request"),
    ] {
        let mut said = says(stage, STRICT, &json!({}));
        said.as_object_mut().unwrap().remove(member);
        let sent = asks(stage, STRICT, &es256(HEADER, &said.to_string()));
        rows.push(Refusal::redirect(law, sent, error));
    }
    let mut stateless = says(stage, STRICT, &json!({ "redirect_uri": CALLBACK, "scope": "x" }));
    stateless.as_object_mut().unwrap().remove("state");
    let sent = asks(stage, STRICT, &es256(HEADER, &stateless.to_string()));
    rows.push(Refusal::redirect("the state beside", sent, "invalid_scope").without_state());
    rows
}
