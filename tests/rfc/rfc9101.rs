//! JWT-secured authorization requests, [RFC 9101](https://www.rfc-editor.org/rfc/rfc9101), with the request object of
//! [OpenID Connect Core 6.1](https://openid.net/specs/openid-connect-core-1_0.html#RequestObject).

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use towergate::{
    core::{Clock, Timestamp, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    jose::{Algorithm, Jwk, JwkSet, SigningKey, generate},
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::{
            authorize::{Params, request_object},
            claims_request::ClaimsRequest,
            client::{Client, ClientId, ClientMetadata},
            issuer::Issuer,
        },
    },
};

use crate::house::{
    CALLBACK, CLIENT, House, ISSUER,
    steps::{AUTHORIZE, parameter, signed_in, to_code_for},
};

const KEY: &str = r#"{"kty":"RSA","kid":"k2bdc","e":"AQAB","n":"y9Lqv4fCp6Ei-u2-ZCKq83YvbFEk6JMs_pSj76eMkddWRuWX2aBKGHAtKlE5P7_vn__PCKZWePt3vGkB6ePgzAFu08NmKemwE5bQI0e6kIChtt_6KzT5OaaXDFI6qCLJmk51Cc4VYFaxgqevMncYrzaW_50mZ1yGSFIQzLYP8bijAHGVjdEFgZaZEN9lsn_GdWLaJpHrB3ROlS50E45wxrlg9xMncVb8qDPuXZarvghLL0HzOuYRadBJVoWZowDNTpKpk2RklZ7QaBO7XDv3uR7s_sf2g-bAjSYxYUGsqkNA9b3xVW53am_UZZ3tZbFTIh557JICWKHlWj5uzeJXaw"}"#;

const REQUEST: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsyYmRjIn0.ew0KICJpc3MiOiAiczZCaGRSa3F0MyIsDQogImF1ZCI6ICJodHRwczovL3NlcnZlci5leGFtcGxlLmNvbSIsDQogInJlc3BvbnNlX3R5cGUiOiAiY29kZSBpZF90b2tlbiIsDQogImNsaWVudF9pZCI6ICJzNkJoZFJrcXQzIiwNCiAicmVkaXJlY3RfdXJpIjogImh0dHBzOi8vY2xpZW50LmV4YW1wbGUub3JnL2NiIiwNCiAic2NvcGUiOiAib3BlbmlkIiwNCiAic3RhdGUiOiAiYWYwaWZqc2xka2oiLA0KICJub25jZSI6ICJuLTBTNl9XekEyTWoiLA0KICJtYXhfYWdlIjogODY0MDAsDQogImNsYWltcyI6IA0KICB7DQogICAidXNlcmluZm8iOiANCiAgICB7DQogICAgICJnaXZlbl9uYW1lIjogeyJlc3NlbnRpYWwiOiB0cnVlfSwNCiAgICAgIm5pY2tuYW1lIjogbnVsbCwNCiAgICAgImVtYWlsIjogeyJlc3NlbnRpYWwiOiB0cnVlfSwNCiAgICAgImVtYWlsX3ZlcmlmaWVkIjogeyJlc3NlbnRpYWwiOiB0cnVlfSwNCiAgICAgInBpY3R1cmUiOiBudWxsDQogICAgfSwNCiAgICJpZF90b2tlbiI6IA0KICAgIHsNCiAgICAgImdlbmRlciI6IG51bGwsDQogICAgICJiaXJ0aGRhdGUiOiB7ImVzc2VudGlhbCI6IHRydWV9LA0KICAgICAiYWNyIjogeyJ2YWx1ZXMiOiBbInVybjptYWNlOmluY29tbW9uOmlhcDpzaWx2ZXIiXX0NCiAgICB9DQogIH0NCn0.nwwnNsk1-ZkbmnvsF6zTHm8CHERFMGQPhos-EJcaH4Hh-sMgk8ePrGhw_trPYs8KQxsn6R9Emo_wHwajyFKzuMXZFSZ3p6Mb8dkxtVyjoy2GIzvuJT_u7PkY2t8QU9hjBcHs68PkgjDVTrG1uRTx0GxFbuPbj96tVuj11pTnmFCUR6IEOXKYr7iGOCRB3btfJhM0_AKQUfqKnRlrRscc8Kol-cSLWoYE9l5QqholImzjT_cMnNIznW9E7CDyWXTsO70xnB4SkG6pXfLSjLLlxmPGiyon_-Te111V8uE83IlzCYIb_NMXvtTIVc1jpspnTSD7xMbpL-2QgwUsAlMGzw";

fn open(beside: &str, client: &str, issuer: &str, request: &str) -> Option<Params> {
    let keys = JwkSet::new(vec![Jwk::parse(KEY.as_bytes()).unwrap()]);
    let client = Client::unchecked(ClientId::parse(client).unwrap(), None, ClientMetadata::default());
    let params = Params::parse(format!("{beside}&request={request}").as_bytes()).unwrap();
    let issuer = Issuer::https(issuer).unwrap();
    request_object::open(params, &client, &keys, &issuer, Timestamp::from_unix_seconds(1_400_000_000)).ok()
}

const BESIDE: &str = "response_type=code%20id_token&client_id=s6BhdRkqt3&scope=openid";

#[test]
fn openid_connect_core_6_1_the_example_means_what_it_says() {
    let params = open(BESIDE, "s6BhdRkqt3", "https://server.example.com", REQUEST).unwrap();
    for (name, value) in [
        ("redirect_uri", "https://client.example.org/cb"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("max_age", "86400"),
    ] {
        assert_eq!(params.value(name), Ok(Some(value)), "{name}");
    }
    let claims = ClaimsRequest::parse(params.value("claims").unwrap().unwrap()).unwrap();
    assert!(claims.userinfo["given_name"].essential && !claims.userinfo["nickname"].essential);
    assert_eq!(claims.id_token["acr"].values, ["urn:mace:incommon:iap:silver"]);
    assert!(claims.essential_acr().is_empty(), "it is voluntary there");
}

#[test]
fn section_6_2_and_6_3_the_example_is_nobody_elses_and_nowhere_elses() {
    let server = "https://server.example.com";
    let other_type = BESIDE.replace("code%20id_token", "code");
    let torn = REQUEST.replace("nwwn", "owwn");
    assert!(open(BESIDE, "another", server, REQUEST).is_none(), "iss");
    assert!(open(BESIDE, "s6BhdRkqt3", "https://other.example.com", REQUEST).is_none(), "aud");
    assert!(open(&other_type, "s6BhdRkqt3", server, REQUEST).is_none(), "response_type");
    assert!(open(BESIDE, "s6BhdRkqt3", server, &torn).is_none(), "signature");
}

/// A house whose client signs its requests.
async fn signing_house(change: impl FnOnce(&mut ClientMetadata)) -> (House, SigningKey) {
    let grants = Grants::new();
    let house = House::on(People::new(), grants.clone()).await;
    let key =
        SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap();
    let found = grants.find_client(&ClientId::parse(CLIENT).unwrap()).await.unwrap();
    let mut shop = Arc::unwrap_or_clone(found.unwrap());
    shop.metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
    change(&mut shop.metadata);
    let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
    grants.put_client(shop, origin).await.unwrap();
    (house, key)
}

fn signed(key: &SigningKey, said: &Value) -> String {
    format!("{AUTHORIZE}&request={}", key.sign_jwt("oauth-authz-req+jwt", said).unwrap())
}

#[tokio::test]
async fn section_5_a_signed_request_leads_to_a_code() {
    let (house, key) = signing_house(|_| ()).await;
    let mut browser = signed_in(&house).await;
    let exp = house.clock.now().unix_seconds() + 60;
    let said = json!({ "iss": CLIENT, "aud": ISSUER, "exp": exp, "state": "signed" });
    let code = to_code_for(&mut browser, &signed(&key, &said)).await;
    assert!(code.starts_with("tgcode_"), "{code}");
    house.later(61);
    let expired = browser.get(&signed(&key, &said)).await.location;
    assert_eq!(parameter(&expired, "error"), "invalid_request_object");
}

#[tokio::test]
async fn section_6_1_and_6_2_unsigned_and_encrypted_ones_and_references_are_refused() {
    let (house, key) = signing_house(|_| ()).await;
    let mut browser = signed_in(&house).await;
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let none = format!("{AUTHORIZE}&request={}.{}.", part(r#"{"alg":"none"}"#), part(r#"{"state":"x"}"#));
    let encrypted = format!("{AUTHORIZE}&request={}.a.b.c.d", part(r#"{"alg":"ECDH-ES","enc":"A128GCM"}"#));
    let nested = signed(&key, &json!({ "request_uri": "https://shop.example/request" }));
    for (query, error) in [
        (none, "invalid_request_object"),
        (encrypted, "invalid_request_object"),
        (nested, "invalid_request_object"),
        (format!("{AUTHORIZE}&request_uri=https://shop.example/r"), "request_uri_not_supported"),
        (format!("{}&request_uri=urn:x", signed(&key, &json!({}))), "invalid_request"),
    ] {
        let answer = browser.get(&query).await.location;
        assert_eq!(parameter(&answer, "error"), error, "{query}");
        assert_eq!((parameter(&answer, "state"), parameter(&answer, "iss")), ("st".into(), ISSUER.into()));
    }
}

#[tokio::test]
async fn section_10_5_a_client_may_bind_itself_to_sign() {
    let (house, key) = signing_house(|metadata| metadata.require_signed_request_object = true).await;
    let mut browser = signed_in(&house).await;
    let unsigned = browser.get(AUTHORIZE).await.location;
    assert_eq!(parameter(&unsigned, "error"), "invalid_request");
    // What stands beside the request object does not count, the response_type neither.
    let said = json!({ "scope": "openid", "redirect_uri": CALLBACK });
    let part = browser.get(&signed(&key, &said)).await.location;
    assert_eq!(parameter(&part, "error"), "invalid_request");
}
