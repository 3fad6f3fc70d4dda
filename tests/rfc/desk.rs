//! A house with an API that a client guards, and what clients ask there.

use http::{Method, Request, header};
use serde_json::Value;
use towergate::{
    core::{Clock, Digest, audit::Origin, system::OsRandom},
    identity::ports::memory::MemoryStore as People,
    oauth::{
        ports::{ClientStore, memory::MemoryStore as Grants},
        rules::client::{Client, ClientAuthMethod, ClientId, ClientMetadata, GrantType},
    },
    oauth_server::ServerConfig,
    oauth_types::Scope,
};

use crate::house::{
    CALLBACK, CLIENT_SECRET, House, MAIL,
    browser::{Answer, Browser, client_request, request, token_request},
    steps::{AUTHORIZE, VERIFIER, encode, exchange, parameter, signed_in},
};

/// Who guards the API [`MAIL`].
pub(crate) const GUARD: &str = "mail";
pub(crate) const GUARD_SECRET: &str = "a-machine-made-secret-of-the-guard";
pub(crate) struct Desk {
    pub(crate) house: House,
    pub(crate) grants: Grants,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// The same, where the guard registered more.
    pub(crate) async fn with(change: impl FnOnce(&mut ClientMetadata)) -> Self {
        let grants = Grants::new();
        let house = House::with_config(People::new(), grants.clone(), |config| {
            let guard = ClientId::parse(GUARD).unwrap();
            let servers = config.resource_servers.drain(..).map(|api| match api.resource() {
                MAIL => api.guarded_by(guard.clone()),
                _ => api,
            });
            config.resource_servers = servers.collect();
            config.acr_values = vec![String::from("1")];
        })
        .await;
        let desk = Self { house, grants };
        desk.register(GUARD, GUARD_SECRET, change).await;
        desk
    }

    /// Registers a client that lets a person's browser alone.
    pub(crate) async fn register(&self, id: &str, secret: &str, change: impl FnOnce(&mut ClientMetadata)) {
        let mut metadata = ClientMetadata::default();
        metadata.token_endpoint_auth_method = ClientAuthMethod::ClientSecretPost;
        metadata.grant_types = [GrantType::ClientCredentials].into();
        metadata.redirect_uris = vec![CALLBACK.to_owned()];
        metadata.scope = Scope::parse("openid email").unwrap();
        change(&mut metadata);
        let digest = Some(Digest::of(secret.as_bytes()));
        let client = Client::unchecked(ClientId::parse(id).unwrap(), digest, metadata);
        let origin = Origin::detached(self.house.clock.now(), &OsRandom::new()).unwrap();
        self.grants.put_client(client, origin).await.unwrap();
    }

    /// The tokens of the shop, for which Alice signed in; `more` is added to the authorization request.
    pub(crate) async fn tokens(&self, more: &str) -> Value {
        self.exchanged(more, "").await.json()
    }

    /// The same; `at_token` is added to the token request.
    pub(crate) async fn exchanged(&self, more: &str, at_token: &str) -> Answer {
        let mut browser = signed_in(&self.house).await;
        let code = parameter(&self.allowed(&mut browser, more).await.location, "code");
        token_request(&self.house.app, &format!("{}{at_token}", exchange(&code, VERIFIER))).await
    }

    /// What the authorization endpoint answers in the end.
    pub(crate) async fn allowed(&self, browser: &mut Browser, more: &str) -> Answer {
        let answer = browser.get(&format!("{AUTHORIZE}{more}")).await;
        if !answer.location.starts_with("/interaction/") {
            return answer;
        }
        let (page, path) = (browser.get(&answer.location).await, answer.location);
        assert!(page.text.contains("consent-allow"), "{}", page.text);
        browser.post(&path, "decision=allow").await
    }

    /// What the shop, or the guard, is told of a token.
    pub(crate) async fn told(&self, client: &str, token: &Value) -> Value {
        let answer = self.introspect(client, token, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The whole answer, to a request with this `Accept`.
    pub(crate) async fn introspect(&self, client: &str, token: &Value, accept: Option<&str>) -> Answer {
        let secret = if client == GUARD { GUARD_SECRET } else { CLIENT_SECRET };
        let form =
            format!("client_id={client}&client_secret={secret}&token={}", encode(token.as_str().unwrap()));
        let mut head = Request::post("/oauth/introspect");
        if let Some(accept) = accept {
            head = head.header(header::ACCEPT, accept);
        }
        request(&self.house.app, head, form).await
    }

    /// Gives a token of the shop's back.
    pub(crate) async fn revoke(&self, token: &Value, hint: &str) -> Answer {
        let form = [
            ("client_id", "shop"),
            ("client_secret", CLIENT_SECRET),
            ("token", token.as_str().unwrap()),
            ("token_type_hint", hint),
        ];
        client_request(&self.house.app, "/oauth/revoke", &form).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str) -> Answer {
        request(&self.house.app, Request::builder().method(method).uri(path), String::new()).await
    }
}

/// A house whose authorization server is told more.
pub(crate) async fn house_with(change: impl FnOnce(&mut ServerConfig)) -> House {
    House::with_config(People::new(), Grants::new(), change).await
}
