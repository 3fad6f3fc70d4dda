//! Whoever registers a client, and the house that lets them.

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower::ServiceExt;
use towergate::{
    identity::ports::{IdentityStore, memory::MemoryStore as People},
    oauth::ports::{OAuthStore, memory::MemoryStore as Grants},
    oauth_server::{Registration, RegistrationMode},
};

use crate::house::{App, CALLBACK, House};

pub(crate) const REGISTER: &str = "/oauth/register";

/// What the house answers.
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

pub(crate) async fn open_house() -> House {
    house_on(People::new(), Grants::new(), RegistrationMode::Open).await
}

pub(crate) async fn house_on<I: IdentityStore, O: OAuthStore>(
    people: I,
    grants: O,
    mode: RegistrationMode,
) -> House {
    House::with_config(people, grants, |config| config.registration = Registration::new(mode)).await
}

/// What the usual client says of itself.
pub(crate) fn usual() -> Value {
    json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_post"})
}

pub(crate) async fn send(app: &App, method: &str, path: &str, token: Option<&str>, body: String) -> Told {
    let mut request =
        Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Full::new(Bytes::from(body))).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() };
    Told { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn register(app: &App, metadata: &Value) -> Told {
    send(app, "POST", REGISTER, None, metadata.to_string()).await
}

/// The usual client, registered.
pub(crate) async fn registered(app: &App) -> Value {
    let told = register(app, &usual()).await;
    assert_eq!(told.status, StatusCode::CREATED, "{}", told.body);
    told.body
}

impl Told {
    pub(crate) fn refuses(&self, status: StatusCode, error: &str) {
        assert_eq!((self.status, &self.body["error"]), (status, &json!(error)), "{}", self.body);
        assert_eq!(self.headers[header::CACHE_CONTROL], "no-store");
    }
}

pub(crate) fn text<'v>(told: &'v Value, name: &str) -> &'v str {
    told[name].as_str().unwrap_or_else(|| panic!("no {name}: {told}"))
}
