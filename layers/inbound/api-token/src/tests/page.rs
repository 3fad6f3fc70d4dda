//! The page of tokens, over HTTP.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_core::token::OpaqueToken;
use towergate_identity::{
    ports::{SessionStore, session::Establishment, visit::Visit},
    rules::{
        login_proof::Method as Proof,
        session::{PREFIX, SessionId, SessionLifetime, SessionRecord, SessionStage, SignInId},
    },
};
use towergate_login::{
    Site,
    pages::{LoginPages, LoginView, ProblemView},
};
use towergate_session::{NAME, SessionLayer};

use super::{ALICE, NOW, Town, asked, origin, random};
use crate::{
    ApiTokenRoutes,
    pages::{ApiTokenPages, ApiTokensView},
};

/// Pages of a few words.
struct Lines;

impl LoginPages for Lines {
    fn login(&self, _: &LoginView) -> String {
        String::from("login")
    }

    fn problem(&self, view: &ProblemView) -> String {
        view.message.clone()
    }
}

impl ApiTokenPages for Lines {
    fn api_tokens(&self, view: &ApiTokensView) -> String {
        let made = view.made.as_ref().map_or("-", |made| made.text.as_str());
        let message = view.message.as_deref().unwrap_or("-");
        let names: Vec<_> = view.tokens.iter().map(|token| token.name.as_str()).collect();
        format!("{made}\n{message}\n{}", names.join(","))
    }
}

struct Told {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Told {
    fn line(&self, n: usize) -> &str {
        self.body.lines().nth(n).unwrap_or_default()
    }
}

impl Town {
    /// Alice's cookie, who proved who she is at `NOW`.
    async fn cookie(&self) -> String {
        let token = OpaqueToken::mint(PREFIX, NOW, &random()).unwrap();
        let end = NOW.plus(SessionLifetime::default().idle);
        let session = SessionRecord {
            id: SessionId::from_uuid(token.id()),
            digest: token.digest(),
            sign_in: SignInId::fresh(NOW, &random()).unwrap(),
            user: ALICE,
            stage: SessionStage::Complete,
            methods: [Proof::Password].into(),
            passkey: None,
            authenticated_at: NOW,
            created_at: NOW,
            last_seen_at: NOW,
            idle_expires_at: end,
            absolute_expires_at: end,
        };
        let establishment = Establishment {
            session,
            replaces: None,
            is_login: true,
            rests_on_replaced: false,
            visit: Visit::default(),
        };
        self.store.establish_session(establishment, origin(NOW)).await.unwrap();
        format!("{NAME}={}", token.reveal().expose())
    }

    async fn send(&self, method: Method, cookie: &str, form: &str) -> Told {
        let site = Site::new(Lines).clock(self.clock.clone()).random(Arc::new(random()));
        let routes = ApiTokenRoutes::new(self.tokens.clone(), site);
        let inner = service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("passed")))
        });
        let app = SessionLayer::new(self.store.clone()).clock(self.clock.clone()).layer(routes.layer(inner));
        let request = Request::builder()
            .method(method)
            .uri("/account/tokens")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.to_owned())))
            .unwrap();
        let (parts, body) = app.oneshot(request).await.unwrap().into_parts();
        let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
        Told { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

const MAKE: &str = "action=make&name=nightly&days=7&permission=read&permission=write";

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let town = Town::new().await;
    let cookie = town.cookie().await;
    let made = town.send(Method::POST, &cookie, MAKE).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(made.headers[header::CACHE_CONTROL], "no-store");
    let text = made.line(0).to_owned();
    assert_eq!(town.check(&text, &asked()).await.unwrap().permissions().len(), 2);
    let shown = town.send(Method::GET, &cookie, "").await;
    assert_eq!(shown.body, "-\n-\nnightly", "the text is not shown again");
    let id = town.tokens.of(ALICE, NOW).await.unwrap()[0].id;
    let revoked = town.send(Method::POST, &cookie, &format!("action=revoke&token={id}")).await;
    assert_eq!(revoked.status, StatusCode::SEE_OTHER);
    assert!(town.check(&text, &asked()).await.is_err());
    town.send(Method::POST, &cookie, MAKE).await;
    town.send(Method::POST, &cookie, "action=revoke_all").await;
    assert_eq!(town.tokens.of(ALICE, NOW).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_wrong_with_a_token_is_said() {
    let town = Town::new().await;
    let cookie = town.cookie().await;
    for (form, sentence) in [
        ("action=make&name=&permission=read", "A name has 1 to 64 characters."),
        ("action=make&name=n", "Choose what the token may do."),
        ("action=make&name=n&permission=admin", "Choose what the token may do."),
        ("action=make&name=n&permission=%22", "Choose what the token may do."),
        ("action=make&name=n&permission=read&days=366", "A token lasts 1 to 365 days."),
        ("action=make&name=n&permission=read&days=x", "A token lasts 1 to 365 days."),
    ] {
        let told = town.send(Method::POST, &cookie, form).await;
        assert_eq!((told.status, told.line(1)), (StatusCode::UNPROCESSABLE_ENTITY, sentence), "{form}");
    }
    for form in ["", "action=make&action=make", "action=revoke", "action=revoke&token=x", "action=else"] {
        assert_eq!(town.send(Method::POST, &cookie, form).await.status, StatusCode::BAD_REQUEST, "{form}");
    }
    assert_eq!(town.send(Method::PUT, &cookie, "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(town.tokens.of(ALICE, NOW).await.unwrap(), []);
}

#[tokio::test]
async fn only_whoever_proved_themself_a_moment_ago_makes_a_token() {
    let town = Town::new().await;
    let cookie = town.cookie().await;
    let stranger = town.send(Method::POST, "", MAKE).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    town.clock.advance(Duration::from_secs(301));
    let late = town.send(Method::POST, &cookie, MAKE).await;
    assert_eq!(late.status, StatusCode::SEE_OTHER);
    assert!(late.headers[header::LOCATION].to_str().unwrap().starts_with("/login?return_to="));
    assert_eq!(town.tokens.of(ALICE, NOW).await.unwrap(), []);
}
