use serde_json::{Value, json};
use towergate_jose::{Algorithm, SigningKey, generate};

use super::*;
use crate::rules::{
    client::{ClientMetadata, ClientState},
    grant::Subject,
    logout::{Decision, Present, decide},
};

const BYE: &str = "https://shop.example/bye";

struct Bench {
    key: SigningKey,
    keys: JwkSet,
    issuer: Issuer,
}

impl Bench {
    fn new() -> Self {
        let key = key();
        let keys = JwkSet::new(vec![key.public_jwk().clone()]);
        Self { key, keys, issuer: Issuer::https("https://id.example").unwrap() }
    }

    fn hint(&self) -> String {
        self.key.sign_jwt("JWT", &claims()).unwrap()
    }

    fn read(&self, pairs: &[(&str, &str)]) -> Result<LogoutRequest, OAuthError> {
        let text = Serializer::new(String::new()).extend_pairs(pairs).finish();
        let asked = Params::parse(text.as_bytes()).unwrap().read(&self.keys, &self.issuer)?;
        let known = asked.client().filter(|client| ["shop", "closed"].contains(&client.as_str()));
        let client = known.cloned().map(client);
        asked.bind(client.map(Arc::new))
    }

    fn refused(&self, pairs: &[(&str, &str)]) -> bool {
        self.read(pairs).is_err_and(|error| error.code == ErrorCode::InvalidRequest)
    }
}

fn key() -> SigningKey {
    SigningKey::from_pkcs8(Algorithm::ES256, generate(Algorithm::ES256).unwrap().expose(), None).unwrap()
}

fn claims() -> Value {
    json!({ "iss": "https://id.example", "sub": "alice", "aud": "shop", "sid": "sid-1", "exp": 1, "iat": 0 })
}

fn client(id: ClientId) -> Client {
    let state = if id.as_str() == "closed" { ClientState::Disabled } else { ClientState::Active };
    let metadata =
        ClientMetadata { post_logout_redirect_uris: vec![BYE.to_owned()], ..ClientMetadata::default() };
    Client { state, ..Client::unchecked(id, None, metadata) }
}

#[test]
fn rp_initiated_2_every_parameter_is_optional() {
    let bench = Bench::new();
    let request = bench.read(&[]).unwrap();
    assert!(request.hint.is_none() && request.client.is_none() && request.to.is_none());
    let request = bench.read(&[("state", "s"), ("logout_hint", "alice"), ("ui_locales", "nl fr")]).unwrap();
    assert_eq!((request.state.as_deref(), request.to), (Some("s"), None));
}

#[test]
fn rp_initiated_2_the_client_is_known_by_its_name_or_by_the_hint() {
    let bench = Bench::new();
    let hint = bench.hint();
    for pairs in [
        vec![("client_id", "shop"), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)],
        vec![("id_token_hint", hint.as_str()), ("client_id", "shop"), ("post_logout_redirect_uri", BYE)],
    ] {
        let request = bench.read(&pairs).unwrap();
        assert_eq!(request.to.unwrap().with_state(None), BYE);
        assert_eq!(request.client.unwrap().id.as_str(), "shop");
    }
}

#[test]
fn rp_initiated_3_nobody_is_sent_to_an_address_that_is_not_the_clients() {
    let bench = Bench::new();
    let hint = bench.hint();
    let evil = "https://evil.example/bye";
    assert!(bench.refused(&[("post_logout_redirect_uri", BYE)]), "nobody's");
    assert!(bench.refused(&[("post_logout_redirect_uri", BYE), ("state", "s"), ("logout_hint", "shop")]));
    assert!(bench.refused(&[("client_id", "shop"), ("post_logout_redirect_uri", evil)]));
    assert!(bench.refused(&[("id_token_hint", &hint), ("post_logout_redirect_uri", evil)]));
    assert!(bench.refused(&[("client_id", "stranger"), ("post_logout_redirect_uri", BYE)]));
    assert!(bench.refused(&[("client_id", "closed"), ("post_logout_redirect_uri", BYE)]));
}

#[test]
fn rp_initiated_2_a_hint_is_our_own_id_token_for_this_client_expired_or_not() {
    let bench = Bench::new();
    assert!(bench.read(&[("id_token_hint", &bench.hint())]).is_ok());
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        bench.key.sign_jwt("JWT", &claims).unwrap()
    };
    for bad in [
        key().sign_jwt("JWT", &claims()).unwrap(),
        bench.key.sign_jwt("at+jwt", &claims()).unwrap(),
        bench.key.sign_jwt("logout+jwt", &claims()).unwrap(),
        with("iss", json!("https://evil.example")),
        with("sub", json!(7)),
        String::from("e30.e30.e30"),
        String::from("not a token"),
        "a".repeat(jws::MAX_LENGTH + 1),
    ] {
        assert!(bench.refused(&[("id_token_hint", &bad)]), "{bad:.40}");
        assert!(bench.refused(&[("id_token_hint", &bad), ("client_id", "shop")]), "{bad:.40}");
    }
    assert!(bench.refused(&[("id_token_hint", &with("aud", json!("other"))), ("client_id", "shop")]));
    let several = with("aud", json!(["shop", "other"]));
    assert!(bench.read(&[("id_token_hint", &several), ("client_id", "shop")]).is_ok());
    assert!(bench.refused(&[("id_token_hint", &several), ("post_logout_redirect_uri", BYE)]), "whose?");
}

#[test]
fn a_parameter_is_there_once_is_readable_and_is_short() {
    let bench = Bench::new();
    for name in KNOWN {
        assert!(bench.refused(&[(name, "shop"), (name, "shop")]), "{name}");
        assert!(bench.refused(&[(name, &"x".repeat(jws::MAX_LENGTH + 1))]), "{name}");
        let torn = Params::parse(format!("{name}=%ff").as_bytes()).unwrap();
        assert!(torn.read(&bench.keys, &bench.issuer).is_err(), "{name}");
    }
    assert!(bench.refused(&[("state", &"x".repeat(MAX_STATE + 1))]));
    assert!(bench.read(&[("state", &"x".repeat(MAX_STATE))]).is_ok());
    assert!(Params::parse(&vec![b'x'; 70_000]).is_err());
}

#[test]
fn what_is_sent_again_reads_the_same() {
    let text = "client_id=shop&state=a+b%26&id_token_hint=&x=1&logout_hint=%ff";
    let params = Params::parse(text.as_bytes()).unwrap();
    assert_eq!(params.fields(), [("client_id", String::from("shop")), ("state", String::from("a b&"))]);
    assert_eq!(params.encode(), "client_id=shop&state=a+b%26");
}

#[test]
fn rp_initiated_2_only_an_id_token_of_this_session_and_person_goes_unasked() {
    let bench = Bench::new();
    let (alice, bob) = (Subject::parse("alice").unwrap(), Subject::parse("bob").unwrap());
    let hint = bench.hint();
    let with = bench.read(&[("id_token_hint", &hint)]).unwrap();
    let without = bench.read(&[("client_id", "shop")]).unwrap();
    let mut sidless = claims();
    sidless.as_object_mut().unwrap().remove("sid");
    let sidless = bench.key.sign_jwt("JWT", &sidless).unwrap();
    let sidless = bench.read(&[("id_token_hint", &sidless)]).unwrap();
    let present = |sid, sub| Some(Present { sid, sub });
    for (request, present, decision) in [
        (&with, None, Decision::Done),
        (&without, None, Decision::Done),
        (&with, present(Some("sid-1"), Some(&alice)), Decision::End),
        (&with, present(Some("sid-2"), Some(&alice)), Decision::Ask),
        (&with, present(Some("sid-1"), Some(&bob)), Decision::Ask),
        (&with, present(None, Some(&alice)), Decision::Ask),
        (&with, present(Some("sid-1"), None), Decision::Ask),
        (&sidless, present(None, Some(&alice)), Decision::Ask),
        (&sidless, present(Some("sid-1"), Some(&alice)), Decision::Ask),
        (&without, present(Some("sid-1"), Some(&alice)), Decision::Ask),
    ] {
        assert_eq!(decide(request, present), decision, "{request:?} {present:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic_and_lead_nowhere(
        bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400),
        uri in "\\PC{0,60}",
    ) {
        let keys = JwkSet::new(Vec::new());
        let issuer = Issuer::https("https://id.example").unwrap();
        let params = Params::parse(&bytes).unwrap();
        let _ = (params.read(&keys, &issuer), params.encode());
        let text = Serializer::new(String::new())
            .extend_pairs([("client_id", "shop"), ("post_logout_redirect_uri", uri.as_str())])
            .finish();
        let asked = Params::parse(text.as_bytes()).unwrap().read(&keys, &issuer).unwrap();
        let bound = asked.bind(Some(Arc::new(client(ClientId::parse("shop").unwrap()))));
        let leads = bound.ok().and_then(|request| request.to);
        proptest::prop_assert!(leads.is_none_or(|to| to.with_state(None) == BYE));
    }
}
