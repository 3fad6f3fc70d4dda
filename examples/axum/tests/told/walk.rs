//! A walk by every layer of the house, by somebody whom any line that told of them would give away.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use http_body_util::Full;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use towergate::{
    Stack,
    audit::AuditLayer,
    core::LocalPath,
    identity::ports::memory::MemoryStore,
    scope::{RequireLevelLayer, RequireUserLayer, ScopeLayer},
    session::SessionLayer,
};
use towergate_example_axum::app::Axum;
use url::Url;

use super::{Ear, Told};
use crate::journey::{
    self,
    browser::Browser,
    place::{EMAIL, PASSWORD, Place},
};

/// What the walker's requests say of themselves.
const FROM: [(&str, &str); 2] = [("x-forwarded-for", "203.0.113.77"), ("user-agent", "Secretive/1")];

/// How the tokens of the house begin, and those that are signed.
const TOKENS: [&str; 11] =
    ["tg_api_", "tgat_", "tgcode_", "tgcs_", "tgm_", "tgr_", "tgreg_", "tgrt_", "tgs_", "tgt_", "eyJ"];

pub(crate) fn everything() -> Told {
    let ear = Ear::everywhere();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let (secrets, users) = runtime.block_on(async {
        journey::a_person_stays_signed_in_and_ends_it_from_elsewhere::<Axum>().await;
        journey::a_person_registers_confirms_and_signs_in::<Axum>().await;
        journey::a_script_calls_the_api_by_a_narrowed_token::<Axum>().await;
        journey::an_address_signs_in_so_often_and_is_told_to_wait::<Axum>().await;
        journey::somebody_new_comes_in_by_an_account_elsewhere_and_again::<Axum>().await;
        journey::the_third_party_app_walks_the_whole_way::<Axum>().await;
        nobody_passes_a_gate().await;
        somebody_walks().await
    });
    drop(runtime);
    let people = ["@", "%40", "example.com", "Alice", "Adams", "127.0.0.1", "203.0.113", "Secretive"]
        .map(String::from);
    Told { secrets, users, people: people.into(), ..ear.told() }
}

/// Signs in, lets an app in, calls an API, and is refused here and there; answers the secrets and the walker's identifiers.
async fn somebody_walks() -> (Vec<String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", folder.path().join("towergate.db").display());
    let proxied = "[limits]\ntrusted_proxies = [\"127.0.0.1\"]\nheader = \"x-forwarded-for\"";
    let place = Place::over::<Axum>("http", &database, proxied).await;
    let browser = &mut Browser::default();
    let url = |path: &str| Url::parse(&place.at(path)).unwrap();
    let mut secrets: Vec<_> =
        TOKENS.into_iter().chain([PASSWORD, "horse", "private"]).map(String::from).collect();

    let asked = [&FROM[..], &[("cookie", "tgs=nonsense")]].concat();
    Browser::default().send(Method::GET, url("/"), &asked, "").await;
    let login = browser.open(&place.at("/login")).await;
    for password in ["wrong-and-private", PASSWORD] {
        let (action, form) = login.filled_in(&[("email", EMAIL), ("password", password)]);
        browser.send(Method::POST, action, &FROM, &form).await;
    }
    let account = browser.send(Method::GET, url("/account?email=alice%40example.com"), &FROM, "").await;
    assert_eq!(account.status, StatusCode::OK, "{}", account.text);
    let mut users = Vec::new();
    for client in ["of-jwts", "of-opaque-tokens"] {
        let tokens = place.tokens(browser, client).await;
        let [access, id] = ["access_token", "id_token"].map(|token| tokens[token].as_str().unwrap());
        let bearer = format!("Bearer {access}");
        let me = browser.send(Method::GET, url("/api/me"), &[("authorization", &bearer)], "").await;
        assert_eq!(me.status, StatusCode::OK, "{}", me.text);
        let claims = URL_SAFE_NO_PAD.decode(id.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        users.push(claims["sub"].as_str().unwrap().to_owned());
        secrets.extend(access.split('.').chain(id.split('.')).map(str::to_owned));
    }
    let bearer = [&FROM[..], &[("authorization", "Bearer private")]].concat();
    browser.send(Method::GET, url("/api/me"), &bearer, "").await;
    let forged =
        [&FROM[..], &[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]].concat();
    assert_eq!(browser.send(Method::POST, url("/logout"), &forged, "").await.status, StatusCode::FORBIDDEN);
    place.token_endpoint("grant_type=refresh_token&client_id=of-jwts&refresh_token=tgrt_private.token").await;
    browser.open(&place.at("/readyz")).await;
    secrets.extend(browser.cookies.values().filter_map(|value| value.split('.').nth(1)).map(str::to_owned));
    browser.send(Method::POST, url("/logout"), &FROM, "").await;
    // The session is over, and its cookie is shown all the same.
    place.running.stop().await;
    (secrets, users)
}

/// The gates that the reference host has no page for.
async fn nobody_passes_a_gate() {
    let inner = service_fn(async |_: http::Request<()>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Full::<bytes::Bytes>::default()))
    });
    let sessions = SessionLayer::new(MemoryStore::new());
    let stack = Stack::new(AuditLayer::new()).session(sessions).scope(ScopeLayer::new());
    let user = ServiceBuilder::new()
        .layer(stack.clone())
        .layer(RequireUserLayer::new(LocalPath::root()))
        .service(inner);
    let level = ServiceBuilder::new().layer(stack).layer(RequireLevelLayer::default()).service(inner);
    let ask = || http::Request::get("/").body(()).unwrap();
    assert_ne!(user.oneshot(ask()).await.unwrap().status(), StatusCode::OK);
    assert_ne!(level.oneshot(ask()).await.unwrap().status(), StatusCode::OK);
}
