//! One signed JWT where another is expected.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Request, StatusCode};
use serde_json::Value;
use towergate::{
    core::{Clock, Digest, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    jose::{Algorithm, JwkSet, SigningKey, generate},
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::client::{Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType},
    },
    oauth_types::Scope,
};

use crate::house::{
    CALLBACK, CLIENT_SECRET, House, ISSUER,
    browser::{Answer, client_request, request, token_request, with_token},
    steps::{AUTHORIZE, VERIFIER, exchange, signed_in, to_code},
};

/// Everything that is signed around here, by name.
struct Signed {
    house: House,
    jwts: Vec<(&'static str, String)>,
}

async fn signed() -> Signed {
    let grants = Grants::new();
    let house = House::on(People::new(), grants.clone()).await;
    let origin = || Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
    let pkcs8 = generate(Algorithm::ES256).unwrap();
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).unwrap();
    let put = async |id: &str, secret: Option<&str>, change: &dyn Fn(&mut ClientMetadata)| {
        let mut metadata = ClientMetadata::default();
        metadata.redirect_uris = vec![CALLBACK.to_owned()];
        metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretPost;
        metadata.grant_types = [GrantType::AuthorizationCode, GrantType::RefreshToken].into();
        metadata.scope = Scope::parse("openid email").unwrap();
        change(&mut metadata);
        let secret = secret.map(|secret| Digest::of(secret.as_bytes()));
        let client = Client::unchecked(ClientId::parse(id).unwrap(), secret, metadata);
        grants.put_client(client, origin()).await.unwrap();
    };
    let own = JwkSet::new(vec![key.public_jwk().clone()]);
    put("shop", Some(CLIENT_SECRET), &|metadata| {
        metadata.userinfo_signed_response_alg = Some(Algorithm::RS256);
        metadata.introspection_signed_response_alg = Some(Algorithm::RS256);
        metadata.jwks = Some(own.clone());
    })
    .await;
    put("signer", None, &|metadata| {
        metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        metadata.jwks = Some(own.clone());
    })
    .await;
    // Mallory registers the server's own keys as theirs.
    let jwks = request(&house.app, Request::get("/oauth/jwks"), String::new()).await;
    let servers = JwkSet::parse(jwks.text.as_bytes()).unwrap();
    put("mallory", None, &|metadata| {
        metadata.token_endpoint_auth_method = ClientAuthMethod::PrivateKeyJwt;
        metadata.jwks = Some(servers.clone());
    })
    .await;

    let code = to_code(&mut signed_in(&house).await).await;
    let tokens = token_request(&house.app, &exchange(&code, VERIFIER)).await.json();
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let access = text("access_token");
    let userinfo = with_token(&house.app, "/oauth/userinfo", &access).await.text;
    let introspection = inspect(&house, &access).await.text;
    let now = house.clock.now().unix_seconds();
    let request_object = serde_json::json!({
        "iss": "shop", "aud": ISSUER, "exp": now + 60, "client_id": "shop", "response_type": "code",
        "redirect_uri": CALLBACK, "scope": "openid", "jti": "r",
    });
    let assertion = |client: &str, jti: &str| {
        let claims = serde_json::json!({
            "iss": client, "sub": client, "aud": ISSUER, "exp": now + 60, "jti": jti,
        });
        key.sign_jwt("JWT", &claims).unwrap()
    };
    let jwts = vec![
        ("access token", access),
        ("ID token", text("id_token")),
        ("userinfo", userinfo),
        ("introspection", introspection),
        ("request object", key.sign_jwt("oauth-authz-req+jwt", &request_object).unwrap()),
        ("assertion of the shop", assertion("shop", "a")),
        ("assertion of the signer", assertion("signer", "b")),
    ];
    Signed { house, jwts }
}

async fn inspect(house: &House, token: &str) -> Answer {
    let form = [("client_id", "shop"), ("client_secret", CLIENT_SECRET), ("token", token)];
    client_request(&house.app, "/oauth/introspect", &form).await
}

impl Signed {
    /// The names of those that are taken.
    async fn taken(&self, is_taken: impl AsyncFn(&str) -> bool) -> Vec<&'static str> {
        let mut taken = Vec::new();
        for (name, jwt) in &self.jwts {
            if is_taken(jwt).await {
                taken.push(*name);
            }
        }
        taken
    }
}

#[tokio::test]
async fn one_jwt_is_good_in_one_place_only() {
    let signed = signed().await;
    let house = &signed.house;
    for path in ["/oauth/userinfo", "/api"] {
        let taken =
            signed.taken(async |jwt| with_token(&house.app, path, jwt).await.status == StatusCode::OK).await;
        assert_eq!(taken, ["access token"], "at {path}");
    }
    let active = signed.taken(async |jwt| {
        let answer = inspect(house, jwt).await;
        assert_eq!(answer.status, StatusCode::OK);
        payload(&answer.text)["token_introspection"]["active"] == true
    });
    assert_eq!(active.await, ["access token"]);
    let hints = signed.taken(async |jwt| {
        let query = format!("{AUTHORIZE}&prompt=none&id_token_hint={jwt}");
        let answer = signed_in(house).await.get(&query).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        !answer.location.contains("error=invalid_request")
    });
    assert_eq!(hints.await, ["ID token"]);
    let goodbyes = signed.taken(async |jwt| {
        let path = format!("/oauth/end_session?id_token_hint={jwt}");
        signed_in(house).await.get(&path).await.status != StatusCode::BAD_REQUEST
    });
    assert_eq!(goodbyes.await, ["ID token"]);
    let requests = signed.taken(async |jwt| {
        let query = format!("{AUTHORIZE}&request={jwt}");
        !signed_in(house).await.get(&query).await.location.contains("error=invalid_request_object")
    });
    assert_eq!(requests.await, ["request object"]);
}

#[tokio::test]
async fn a_client_proves_itself_by_its_own_assertion_only() {
    let signed = signed().await;
    let house = &signed.house;
    for (client, expected) in
        [("shop", vec![]), ("mallory", vec![]), ("signer", vec!["assertion of the signer"])]
    {
        let proofs = signed.taken(async |jwt| {
            let form = [
                ("client_id", client),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", jwt),
                ("token", "nothing"),
            ];
            client_request(&house.app, "/oauth/revoke", &form).await.status == StatusCode::OK
        });
        assert_eq!(proofs.await, expected, "for {client}");
    }
    let query = AUTHORIZE.replace("client_id=shop", "client_id=mallory");
    let requests = signed.taken(async |jwt| {
        let query = format!("{query}&request={jwt}");
        !signed_in(house).await.get(&query).await.location.contains("error=invalid_request_object")
    });
    assert_eq!(requests.await, [""; 0], "the server's own word is nobody's request");
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_else(|| panic!("no JWT: {token}"));
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
