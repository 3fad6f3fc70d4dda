//! A browser and a client, as far as this way needs them.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower::ServiceExt;

use super::{App, CLIENT, CLIENT_SECRET, ISSUER};

#[derive(Clone)]
pub(crate) struct Browser {
    app: App,
    pub(crate) cookies: BTreeMap<String, String>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

impl Answer {
    /// A header; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The error code of a refusal in JSON.
    pub(crate) fn code(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

impl Browser {
    pub(crate) fn new(app: App) -> Self {
        Self { app, cookies: BTreeMap::new() }
    }

    /// What it sends as its `Cookie` header.
    pub(crate) fn cookie(&self) -> String {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).header(header::ACCEPT, "text/html"), String::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send(Request::post(path).header("origin", ISSUER), form.to_owned()).await
    }

    async fn send(&mut self, request: http::request::Builder, form: String) -> Answer {
        let request = request.header(header::HOST, "id.example").header(header::COOKIE, self.cookie());
        let (answer, set) = send(&self.app, request, form).await;
        for (name, value) in set {
            if value.is_empty() {
                self.cookies.remove(&name)
            } else {
                self.cookies.insert(name, value)
            };
        }
        answer
    }
}

/// A request of the client's own, which no browser sees.
pub(crate) async fn token_request(app: &App, form: &str) -> Answer {
    token_request_as(app, CLIENT, CLIENT_SECRET, form).await
}

/// The same, of whichever client.
pub(crate) async fn token_request_as(app: &App, client: &str, secret: &str, form: &str) -> Answer {
    let form = format!("{form}&client_id={client}&client_secret={secret}");
    send(app, Request::post("/oauth/token"), form).await.0
}

/// A form of a client's own, for whichever endpoint.
pub(crate) async fn client_request(app: &App, path: &str, form: &[(&str, &str)]) -> Answer {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    send(app, Request::post(path), form).await.0
}

/// Whatever else a client sends.
pub(crate) async fn request(app: &App, head: http::request::Builder, form: String) -> Answer {
    send(app, head, form).await.0
}

/// A request with an access token.
pub(crate) async fn with_token(app: &App, path: &str, token: &str) -> Answer {
    let request = Request::get(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    send(app, request, String::new()).await.0
}

async fn send(app: &App, request: http::request::Builder, form: String) -> (Answer, Vec<(String, String)>) {
    let form_type = "application/x-www-form-urlencoded";
    let request = request.header(header::CONTENT_TYPE, form_type).body(Full::new(Bytes::from(form))).unwrap();
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let text = |value: &header::HeaderValue| value.to_str().unwrap().to_owned();
    let set = parts.headers.get_all(header::SET_COOKIE).iter().map(|line| {
        let line = text(line);
        let (name, rest) = line.split_once('=').unwrap();
        (name.to_owned(), rest.split(';').next().unwrap_or_default().to_owned())
    });
    let set = set.collect();
    let location = parts.headers.get(header::LOCATION).map(text).unwrap_or_default();
    let body = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let answer = Answer { status: parts.status, headers: parts.headers, location, text };
    (answer, set)
}
