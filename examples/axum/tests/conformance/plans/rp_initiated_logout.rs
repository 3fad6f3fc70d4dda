//! `oidcc-rp-initiated-logout-certification-test-plan`, and the steps that all logout plans share.

use serde_json::{Value, json};
use towergate::{core::Clock, jose::Algorithm};

use crate::runner::{
    checks,
    client::{Auth, new_key},
    module::{Flow, Module, Variant},
    nonce,
    op::Op,
    request::Request,
    visit::{Visit, visit},
};

const VARIANT: Variant = Variant { auth: Auth::Basic, registers: true, form_post: false };

/// Somebody signed in at a client that has an address for after the logout.
pub(super) struct SignedIn {
    pub(super) module: Module,
    pub(super) flow: Flow,
}

impl SignedIn {
    pub(super) async fn new(mut more: Value) -> Self {
        let op = Op::shared();
        more["post_logout_redirect_uris"] = json!([op.site.at("post_logout_redirect")]);
        let mut module = Module::with(op, VARIANT, more).await;
        let request = module.request();
        let flow = module.flow(&request).await;
        Self { module, flow }
    }

    /// The usual logout request.
    pub(super) fn request(&self) -> Request {
        Request::default()
            .with("id_token_hint", self.flow.token("id_token"))
            .with("post_logout_redirect_uri", &self.module.op.site.at("post_logout_redirect"))
            .with("state", &nonce::<64>())
    }

    pub(super) async fn log_out(&mut self, request: &Request) -> Visit {
        let mut url = self.module.op.endpoint("end_session_endpoint").await;
        if !request.form().is_empty() {
            url = request.at(&url);
        }
        visit(&self.module.op, &mut self.module.browser, url).await
    }

    /// Nobody is signed in any more: a request that forbids pages is refused.
    pub(super) async fn ended(mut self) {
        let request = self.module.request().with("prompt", "none");
        let visit = self.module.authorize(&request).await;
        assert_eq!(self.module.error(&request, &visit), "login_required");
        self.module.done().await;
    }

    /// The request was refused with a page, and ended nothing.
    async fn was_refused(mut self, visit: &Visit) {
        checks::error_page(visit.page(), "invalid_request");
        let request = self.module.request().with("prompt", "none");
        self.module.flow(&request).await;
        self.module.done().await;
    }
}

/// The browser is back at the registered address with the state, and nothing else.
pub(super) fn came_back(visit: &Visit, request: &Request) {
    let back = visit.back();
    assert!(!back.by_post);
    assert_eq!(back.url.as_str().split('?').next(), request.get("post_logout_redirect_uri"));
    let state = request.get("state").map(|state| (String::from("state"), state.to_owned()));
    assert_eq!(back.params, state.into_iter().collect());
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let mut person = SignedIn::new(json!({})).await;
    let request = person.request();
    let visit = person.log_out(&request).await;
    came_back(&visit, &request);
    assert_eq!(visit.shown, [""; 0], "the hint proves the present sign-in");
    person.ended().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let mut person = SignedIn::new(json!({})).await;
    let request = person.request().without("state");
    came_back(&person.log_out(&request).await, &request);
    person.ended().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let mut person = SignedIn::new(json!({})).await;
    let other = person.module.op.site.at(&nonce::<8>());
    let request = person.request().with("post_logout_redirect_uri", &other);
    let visit = person.log_out(&request).await;
    person.was_refused(&visit).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let mut person = SignedIn::new(json!({})).await;
    let other = format!("{}?foo=bar", person.module.op.site.at("post_logout_redirect"));
    let request = person.request().with("post_logout_redirect_uri", &other);
    let visit = person.log_out(&request).await;
    person.was_refused(&visit).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let mut person = SignedIn::new(json!({})).await;
    let token = person.flow.token("id_token");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let first = signature.chars().next().unwrap();
    let other = if first == 'A' { "B" } else { "A" };
    let modified = format!("{signed}.{}", signature.replacen(first, other, 1));
    let request = person.request().with("id_token_hint", &modified);
    let visit = person.log_out(&request).await;
    person.was_refused(&visit).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    let mut person = SignedIn::new(json!({})).await;
    let now = person.module.op.clock.now().unix_seconds();
    let claims = json!({
        "iss": person.module.op.issuer, "sub": person.flow.id_token.claims["sub"],
        "aud": person.module.client.id, "iat": now, "exp": now + 300,
    });
    let key = new_key();
    assert_eq!(key.algorithm(), Algorithm::RS256);
    let request = person.request().with("id_token_hint", &key.sign_jwt("JWT", &claims).unwrap());
    let visit = person.log_out(&request).await;
    person.was_refused(&visit).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    let mut person = SignedIn::new(json!({})).await;
    let request = person.request().without("id_token_hint");
    let visit = person.log_out(&request).await;
    person.was_refused(&visit).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    asked_first(|_| Request::default()).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    asked_first(|_| Request::default().with("state", "only")).await;
}

/// Nothing proves where the request comes from: the person is asked, and reads that they are signed out.
async fn asked_first(request: impl Fn(&SignedIn) -> Request) {
    let mut person = SignedIn::new(json!({})).await;
    let request = request(&person);
    let visit = person.log_out(&request).await;
    assert_eq!(visit.shown, ["logout"]);
    assert!(visit.page().says("You are signed out"), "{}", visit.page().text);
    person.ended().await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let mut person = SignedIn::new(json!({})).await;
    let request = person.request().without("post_logout_redirect_uri");
    let visit = person.log_out(&request).await;
    assert!(visit.page().says("You are signed out"), "{}", visit.page().text);
    person.ended().await;
}
