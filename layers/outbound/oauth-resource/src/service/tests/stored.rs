//! Tokens that the store is asked about.

use http::header::RETRY_AFTER;
use towergate_core::{
    Secret, StoreError, audit::Origin, id, random::InsecureSeededRandom, token::OpaqueToken,
};
use towergate_oauth::{
    ports::{ClientStore, GrantStore, InteractionStore, grant::Redemption, memory::MemoryStore},
    rules::{
        access_token::{AccessToken, PREFIX},
        client::{Client, ClientId, ClientMetadata},
        code::Code,
        grant::{Grant, GrantId, RevocationReason, SignIn, Subject},
    },
};
use towergate_oauth_types::pkce::CodeChallenge;

use super::*;

/// A store with a client, a grant of alice's to it, and an opaque and a JWT access token of that grant.
struct House {
    store: MemoryStore,
    grant: GrantId,
    opaque: OpaqueToken,
    jti: id::Uuid,
    jwt: String,
}

impl House {
    async fn new() -> Self {
        let random = InsecureSeededRandom::new(1);
        let store = MemoryStore::new();
        let origin = Origin::detached(NOW, &random).unwrap();
        let client = ClientId::parse("app").unwrap();
        let metadata = ClientMetadata::default();
        let registered = Client::unchecked(client.clone(), None, metadata);
        store.put_client(registered, origin).await.unwrap();
        let opaque = OpaqueToken::mint(PREFIX, NOW, &random).unwrap();
        let jti = id::time_ordered(NOW, &random).unwrap();
        let mut grant = GrantId::from_uuid(jti);
        for (id, digest) in [(jti, None), (opaque.id(), Some(opaque.digest()))] {
            grant = GrantId::fresh(NOW, &random).unwrap();
            let subject = Subject::parse("alice").unwrap();
            let sign_in = SignIn { auth_time: NOW, acr: None, amr: vec![], sid: Some("s1".into()) };
            let given = Grant {
                id: grant,
                client: client.clone(),
                subject: subject.clone(),
                scope: scope("read"),
                audience: vec![API.into()],
                claims: Default::default(),
                sign_in,
                created_at: NOW,
            };
            let code = Code {
                id: id::time_ordered(NOW, &random).unwrap(),
                digest: opaque.digest(),
                grant,
                redirect_uri: "https://app.example/cb".into(),
                redirect_uri_was_sent: true,
                code_challenge: Some(CodeChallenge::from_stored([0; 32])),
                nonce: None,
                expires_at: NOW.plus(Duration::from_secs(60)),
            };
            let access = AccessToken {
                id,
                digest,
                grant: Some(grant),
                client: client.clone(),
                subject: Some(subject),
                scope: scope("read"),
                audience: vec![API.into()],
                issued_at: NOW,
                expires_at: NOW.plus(Duration::from_secs(600)),
            };
            let redemption = Redemption { code: code.id, client: client.clone(), access, refresh: None };
            store.issue_code(given, code, None, origin).await.unwrap();
            store.redeem_code(redemption, origin).await.unwrap();
        }
        Self { store, grant, opaque, jti, jwt: with("jti", json!(jti.to_string())) }
    }

    async fn ask(&self, token: &str) -> Response<Full<Bytes>> {
        bear(verifier().with_store(self.store.clone()), token).await
    }

    fn text(&self) -> Secret<String> {
        self.opaque.reveal()
    }
}

#[tokio::test]
async fn an_opaque_token_passes_with_what_the_store_knows() {
    let house = House::new().await;
    let response = house.ask(house.text().expose()).await;
    let info = response.extensions().get::<AccessTokenInfo>().expect("let in");
    assert_eq!((info.grant, info.sid.as_deref()), (Some(house.grant), Some("s1")));
    assert_eq!(info.subject.as_ref().unwrap().as_str(), "alice");
}

#[tokio::test]
async fn an_opaque_token_needs_its_secret_and_a_store() {
    let house = House::new().await;
    let forged = OpaqueToken::mint(PREFIX, NOW, &InsecureSeededRandom::new(2)).unwrap().reveal();
    let (head, _) = house.text().expose().split_once('.').map(|(a, b)| (a.to_owned(), b.len())).unwrap();
    let (_, secret) = forged.expose().split_once('.').unwrap();
    for token in [format!("{head}.{secret}"), forged.expose().clone(), "tgat_torn".into()] {
        let response = house.ask(&token).await;
        assert_eq!(refusal(&response), Refusal::InvalidToken(TokenProblem::Unknown), "{token}");
    }
    let response = bear(verifier(), house.text().expose()).await;
    assert_eq!(refusal(&response), Refusal::InvalidToken(TokenProblem::NoStore));
}

#[tokio::test]
async fn with_a_store_a_jwt_it_does_not_know_is_refused() {
    let house = House::new().await;
    assert_eq!(house.ask(&house.jwt).await.status(), StatusCode::OK);
    let response = house.ask(&signed(&claims())).await;
    assert_eq!(refusal(&response), Refusal::InvalidToken(TokenProblem::Unknown));
}

#[tokio::test]
async fn a_jwt_with_the_identifier_of_an_opaque_token_is_refused() {
    let house = House::new().await;
    let response = house.ask(&with("jti", json!(house.opaque.id().to_string()))).await;
    assert_eq!(refusal(&response), Refusal::InvalidToken(TokenProblem::Unknown));
}

#[tokio::test]
async fn a_revocation_is_seen_at_once_for_both_shapes() {
    let house = House::new().await;
    let origin = Origin::detached(NOW, &InsecureSeededRandom::new(3)).unwrap();
    house.store.revoke_grant(house.grant, RevocationReason::ConsentWithdrawn, origin).await.unwrap();
    let revoked = Refusal::InvalidToken(TokenProblem::Revoked);
    assert_eq!(refusal(&house.ask(house.text().expose()).await), revoked);
    assert_eq!(house.ask(&house.jwt).await.status(), StatusCode::OK, "the other grant lives");
    house.store.disable_client(ClientId::parse("app").unwrap(), origin).await.unwrap();
    assert_eq!(refusal(&house.ask(&house.jwt).await), revoked);
}

#[tokio::test]
async fn a_token_that_was_given_back_is_dead_at_once_and_its_sister_is_not() {
    let house = House::new().await;
    let origin = Origin::detached(NOW, &InsecureSeededRandom::new(3)).unwrap();
    let client = ClientId::parse("app").unwrap();
    let revoked = Refusal::InvalidToken(TokenProblem::Revoked);
    house.store.revoke_access_token(house.jti, client.clone(), origin).await.unwrap();
    assert_eq!(refusal(&house.ask(&house.jwt).await), revoked);
    assert_eq!(house.ask(house.text().expose()).await.status(), StatusCode::OK);
    house.store.revoke_access_token(house.opaque.id(), client, origin).await.unwrap();
    assert_eq!(refusal(&house.ask(house.text().expose()).await), revoked);
}

#[tokio::test]
async fn an_opaque_token_expires_and_is_for_its_audience_only() {
    let house = House::new().await;
    let ask = async |now: Timestamp, audience: &str, needed: &str| {
        let keys = SharedKeys::default();
        let verifier =
            Verifier::new(ISSUER, keys).clock(Arc::new(ManualClock::at(now))).with_store(house.store.clone());
        let layer = ResourceLayer::new(verifier).require_audience(audience).require_scope(scope(needed));
        let inner =
            service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
        let bearer = format!("Bearer {}", house.text().expose());
        let request = Request::builder().header(AUTHORIZATION, bearer).body(()).unwrap();
        let response = layer.layer(inner).oneshot(request).await.unwrap();
        response.extensions().get::<Refusal>().copied()
    };
    let judged = |error| Some(Refusal::InvalidToken(TokenProblem::Judged(error)));
    assert_eq!(ask(NOW.plus(Duration::from_secs(599)), API, "read").await, None);
    assert_eq!(ask(NOW.plus(Duration::from_secs(600)), API, "read").await, judged(JwtError::Expired));
    assert_eq!(ask(NOW, ISSUER, "read").await, judged(JwtError::Audience));
    assert_eq!(ask(NOW, API, "write").await, Some(Refusal::InsufficientScope));
}

#[tokio::test]
async fn a_store_that_cannot_answer_lets_nobody_in() {
    let house = House::new().await;
    house.store.set_unavailable(true);
    for token in [house.jwt.as_str(), house.text().expose()] {
        let response = house.ask(token).await;
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert!(!response.headers().contains_key(WWW_AUTHENTICATE));
    }
    house.store.set_unavailable(false);
    house.store.fail_next(StoreError::Refused("torn".into()));
    assert_eq!(house.ask(&house.jwt).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
