//! One client assertion, shown by many at once.

use http::StatusCode;
use serde_json::json;
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    identity::ports::IdentityStore,
    jose::{Algorithm, JwkSet, SigningKey, generate},
    oauth::{
        ports::OAuthStore,
        rules::client::{Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType, assertion::TYPE},
    },
};

use crate::{
    house::{
        House, ISSUER,
        browser::client_request,
        rows::{Log, Watch},
    },
    together::together,
};

pub(crate) async fn one_assertion_of_many_alike_is_heard<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let now = house.clock.now();
    let key =
        SigningKey::from_pkcs8(Algorithm::EdDSA, generate(Algorithm::EdDSA).unwrap().expose(), None).unwrap();
    let mut metadata = ClientMetadata::default();
    metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
    metadata.grant_types = [GrantType::ClientCredentials].into();
    metadata.jwks = Some(JwkSet::new(vec![key.public_jwk().clone()]));
    let robot = Client::register(ClientId::parse("robot").unwrap(), None, metadata).unwrap();
    grants.put_client(robot, Origin::detached(now, &OsRandom::new()).unwrap()).await.unwrap();

    let claims = json!({
        "iss": "robot", "sub": "robot", "aud": ISSUER, "jti": "once", "exp": now.unix_seconds() + 60,
    });
    let assertion = key.sign_jwt("JWT", &claims).unwrap();
    let mut watch = Watch::over(&people, &grants);
    let answers = together(64, |_| {
        let (app, assertion) = (house.app.clone(), assertion.clone());
        async move {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", TYPE),
                ("client_assertion", &*assertion),
            ];
            client_request(&app, "/oauth/token", &form).await
        }
    })
    .await;
    let heard = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    let refused = answers.iter().filter(|answer| {
        answer.status == StatusCode::UNAUTHORIZED && answer.json()["error"] == "invalid_client"
    });
    assert_eq!((heard, refused.count()), (1, 63));
    let news = watch.news();
    let count = |event: &str| news.iter().filter(|one| *one == event).count();
    assert_eq!(count("token.issued succeeded"), 1);
    assert_eq!(count("client.authentication_failed refused"), 63);
}
