//! Registrations that are managed, RFC 7592: by their own token, as they are, and never after their end.

use http::{Method, header};
use serde_json::{Value, json};

use crate::{
    house::CLIENT,
    refusal::Refusal,
    registration::{PATH, web},
    request::{Sent, bearer, but, json as json_sent, request},
    stage::{Stage, text},
};

const WRONG: &str = "client.authentication_failed wrong_registration_access_token";

/// What a client that registers itself is told.
async fn enrolled(stage: &mut Stage) -> Value {
    let answer = stage.send(json_sent(Method::POST, PATH, &web().to_string())).await;
    let body = http_body_util::BodyExt::collect(answer.into_body()).await.unwrap().to_bytes();
    let told: Value = serde_json::from_slice(&body).unwrap();
    stage.secrets.extend(["client_secret", "registration_access_token"].map(|name| text(&told, name)));
    told
}

struct Managed {
    path: String,
    token: String,
    id: String,
    secret: String,
}

impl Managed {
    async fn new(stage: &mut Stage) -> Self {
        let told = enrolled(stage).await;
        let id = text(&told, "client_id");
        let (token, secret) = (text(&told, "registration_access_token"), text(&told, "client_secret"));
        Self { path: format!("{PATH}/{id}"), token, id, secret }
    }

    /// A good update with these fields changed.
    fn update(&self, changes: &Value) -> Sent {
        let mut metadata = web();
        metadata["client_id"] = self.id.as_str().into();
        metadata.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        bearer(json_sent(Method::PUT, &self.path, &metadata.to_string()), &self.token)
    }
}

pub(crate) async fn tokens(stage: &mut Stage) -> Vec<Refusal> {
    let (own, other) = (Managed::new(stage).await, Managed::new(stage).await);
    let renewed = Managed::new(stage).await;
    stage.send(renewed.update(&json!({}))).await;
    let gone = Managed::new(stage).await;
    stage.send(bearer(request(Method::DELETE, &gone.path, ""), &gone.token)).await;
    let shop = format!("{PATH}/{CLIENT}");
    let mut rows = Vec::new();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let to = |path: &str| json_sent(method.clone(), path, &web().to_string());
        let none = Refusal::empty(format!("{method} without a token"), to(&own.path), 401);
        rows.push(none.challenge("Bearer", &[]));
        for (law, sent) in [
            ("with a guess", bearer(to(&own.path), "guess")),
            ("with another client's token", bearer(to(&own.path), &other.token)),
            ("with its own token at another client", bearer(to(&other.path), &own.token)),
            ("with the client's secret", bearer(to(&own.path), &own.secret)),
            ("with an access token", bearer(to(&own.path), &stage.own)),
            ("with a token at a client of the host", bearer(to(&shop), &own.token)),
            ("with a token at nobody", bearer(to(&format!("{PATH}/nobody")), &own.token)),
            ("with a token that an update replaced", bearer(to(&renewed.path), &renewed.token)),
            ("with a token of a client that was deleted", bearer(to(&gone.path), &gone.token)),
        ] {
            let row = Refusal::json(format!("{method} {law}"), sent, 401, "invalid_token").wrote(WRONG);
            rows.push(row.challenge("Bearer", &[("error", "invalid_token")]));
        }
        let two = bearer(bearer(to(&own.path), &own.token), &other.token);
        let row = Refusal::json(format!("{method} with two tokens"), two, 400, "invalid_request");
        rows.push(row.challenge("Bearer", &[("error", "invalid_request")]));
    }
    for method in [Method::POST, Method::PATCH] {
        let sent = bearer(json_sent(method.clone(), &own.path, "{}"), &own.token);
        let row = Refusal::json(format!("{method} of it"), sent, 405, "invalid_request");
        rows.push(row.header(header::ALLOW, "GET, PUT, DELETE"));
    }
    rows
}

pub(crate) async fn updates(stage: &mut Stage) -> Vec<Refusal> {
    let own = Managed::new(stage).await;
    let other = Managed::new(stage).await;
    let invalid = "invalid_client_metadata";
    let mut rows: Vec<_> = [
        ("without the client_id", json!({ "client_id": null }), invalid),
        ("of another client_id", json!({ "client_id": other.id }), invalid),
        ("with another secret", json!({ "client_secret": other.secret }), invalid),
        ("with a secret of its choice", json!({ "client_secret": "correct horse battery staple" }), invalid),
        ("with a secret that is a number", json!({ "client_secret": 7 }), invalid),
        ("to a scope beyond the policy", json!({ "scope": "openid admin" }), invalid),
        ("to a grant beyond the policy", json!({ "grant_types": ["client_credentials"] }), invalid),
        ("to no PKCE", json!({ "insecure_pkce_optional": true }), invalid),
        ("to a key method without keys", json!({ "token_endpoint_auth_method": "private_key_jwt" }), invalid),
        ("to no address", json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
        (
            "to an address in clear",
            json!({ "redirect_uris": ["http://app.example/"] }),
            "invalid_redirect_uri",
        ),
    ]
    .map(|(law, changes, error)| Refusal::json(format!("an update {law}"), own.update(&changes), 400, error))
    .into();
    let media = but(own.update(&json!({})), header::CONTENT_TYPE, "text/plain");
    rows.push(Refusal::json("an update of another media type", media, 400, "invalid_request"));
    let long = own.update(&json!({ "x": "x".repeat(65_536) }));
    rows.push(Refusal::json("an update of more than 64 KiB", long, 400, "invalid_request"));
    let torn = bearer(json_sent(Method::PUT, &own.path, "{"), &own.token);
    rows.push(Refusal::json("an update that is no JSON", torn, 400, invalid));
    rows
}
