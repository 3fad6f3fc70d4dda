//! Somebody else's application: it knows the host by its issuer address alone, and speaks to it over the network.
//!
//! It is written with the `openidconnect` crate and uses nothing of towergate.

mod decode;
mod flow;
mod http_client;
mod pages;
mod step;
mod step_up;
mod visit;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use flow::Flow;
use visit::Visits;

/// What the application was told when it was registered.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whom it trusts to sign people in.
    pub issuer: String,
    /// Its name there.
    pub client_id: String,
    /// Its secret there.
    pub client_secret: String,
    /// Its own origin.
    pub origin: String,
    /// The API that it calls for people.
    pub api: String,
    /// The part of it that wants a fresh sign-in.
    pub sensitive_api: String,
    /// The one certificate that it accepts of an `https` issuer, in DER.
    pub pinned_certificate: Option<Vec<u8>>,
}

impl Settings {
    /// The address that codes come back to.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }
}

/// The application, ready to be served.
///
/// # Errors
/// When the TLS library refuses its own defaults.
pub fn application(settings: Settings) -> Result<Router, rustls::Error> {
    let app = Arc::new(App { flow: Flow::new(settings)?, visits: Visits::default() });
    Ok(Router::new()
        .route("/", get(front))
        .route("/start", get(start))
        .route("/callback", get(callback))
        .route("/style.css", get(style))
        .with_state(app))
}

struct App {
    flow: Flow,
    visits: Visits,
}

const COOKIE: &str = "demo_visit";
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

async fn front(State(app): State<Arc<App>>) -> Response {
    page(StatusCode::OK, pages::front(app.flow.settings()))
}

/// How a visitor is to be sent to the issuer.
#[derive(Debug, Default, Deserialize)]
struct Departure {
    /// How old their sign-in may be, in seconds.
    max_age: Option<u64>,
}

async fn start(State(app): State<Arc<App>>, Query(departure): Query<Departure>) -> Response {
    match app.flow.begin(departure.max_age.map(Duration::from_secs)).await {
        Ok((address, visit)) => {
            let name = app.visits.keep(visit);
            let cookie = format!("{COOKIE}={name}; Path=/; Max-Age=900; HttpOnly; SameSite=Lax");
            ([(header::SET_COOKIE, cookie)], Redirect::to(address.as_str())).into_response()
        }
        Err(step) => page(StatusCode::BAD_GATEWAY, pages::outcome(app.flow.settings(), &[*step])),
    }
}

/// What comes back with the browser: a code or an error.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Answer {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(State(app): State<Arc<App>>, headers: HeaderMap, Query(answer): Query<Answer>) -> Response {
    let visit = visit_of(&headers).and_then(|name| app.visits.take(&name));
    let steps = app.flow.finish(answer, visit).await;
    page(StatusCode::OK, pages::outcome(app.flow.settings(), &steps))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../templates/demo/style.css"))
}

fn visit_of(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then(|| value.to_owned()))
}

fn page(status: StatusCode, html: String) -> Response {
    let mut response = (status, Html(html)).into_response();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
