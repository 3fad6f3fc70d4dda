//! The steps that most modules have in common, as the suite has them in its server test.

use std::{collections::BTreeMap, sync::Arc};

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::{
    browser::{Browser, Page},
    checks::{self, IdToken},
    client::{Auth, Client},
    nonce,
    op::{Op, as_json},
    request::Request,
    visit::{Back, Visit, visit},
};

/// The variant that a plan runs its modules in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) auth: Auth,
    pub(crate) registers: bool,
    pub(crate) form_post: bool,
}

/// A module at work: a client, and somebody at a fresh browser.
pub(crate) struct Module {
    pub(crate) op: Arc<Op>,
    pub(crate) variant: Variant,
    pub(crate) client: Client,
    pub(crate) browser: Browser,
}

/// What a client holds after a whole flow.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) back: BTreeMap<String, String>,
    pub(crate) shown: Vec<&'static str>,
    pub(crate) code: String,
    pub(crate) tokens: Value,
    pub(crate) id_token: IdToken,
    pub(crate) userinfo: Value,
}

impl Flow {
    pub(crate) fn token(&self, name: &str) -> &str {
        self.tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.tokens))
    }
}

impl Module {
    pub(crate) async fn new(variant: Variant) -> Self {
        Self::at(Op::shared(), variant).await
    }

    /// At a provider of its own, whose clock and keys it may move.
    pub(crate) async fn at(op: Arc<Op>, variant: Variant) -> Self {
        Self::with(op, variant, json!({})).await
    }

    /// The same, with more in the registration where there is one.
    pub(crate) async fn with(op: Arc<Op>, variant: Variant, more: Value) -> Self {
        let client = match (variant.registers, variant.auth) {
            (true, auth) => Client::register(&op, auth, more).await,
            (false, Auth::Basic) => Client::of_config(&op, "suite-client"),
            (false, Auth::Post) => Client::of_config(&op, "suite-client-post"),
            (false, Auth::PrivateKey) => panic!("the configuration holds no such client"),
        };
        let browser = op.browser();
        Self { op, variant, client, browser }
    }

    /// Another client, before the same person.
    pub(crate) async fn second_client(&self, more: Value) -> Client {
        match self.variant.registers {
            true => Client::register(&self.op, self.variant.auth, more).await,
            false => Client::of_config(&self.op, "suite-client-2"),
        }
    }

    /// The usual request, without PKCE, as the suite's clients send it.
    pub(crate) fn request(&self) -> Request {
        let request = Request::default()
            .with("client_id", &self.client.id)
            .with("redirect_uri", &self.client.redirect_uri)
            .with("scope", "openid")
            .with("state", &nonce::<64>())
            .with("nonce", &nonce::<16>())
            .with("response_type", "code");
        if self.variant.form_post { request.with("response_mode", "form_post") } else { request }
    }

    /// Goes to the authorization endpoint, and as far as the pages lead.
    pub(crate) async fn authorize(&mut self, request: &Request) -> Visit {
        let url = request.at(&self.op.endpoint("authorization_endpoint").await);
        visit(&self.op, &mut self.browser, url).await
    }

    /// The usual flow, from the request to the userinfo, with everything checked that always holds.
    pub(crate) async fn flow(&mut self, request: &Request) -> Flow {
        let visit = self.authorize(request).await;
        self.flow_from(request, &visit, &[]).await
    }

    /// The rest of the flow, with `more` for the token endpoint.
    pub(crate) async fn flow_from(&self, request: &Request, visit: &Visit, more: &[(&str, &str)]) -> Flow {
        let back = self.returned(request, visit.back());
        let code = back.get("code").unwrap_or_else(|| panic!("{back:?}")).clone();
        let form = self.redemption(&code);
        let answer = self.client.token(&self.op, &[&form, more].concat()).await;
        let tokens = checks::tokens(&answer);
        let id_token = checks::id_token(self, &tokens, request).await;
        let userinfo = self.userinfo(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(userinfo["sub"], id_token.claims["sub"]);
        Flow { back, shown: visit.shown.clone(), code, tokens, id_token, userinfo }
    }

    /// What the client sends for a code.
    pub(crate) fn redemption<'a>(&'a self, code: &'a str) -> [(&'a str, &'a str); 3] {
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &self.client.redirect_uri)]
    }

    /// The parameters of an answer that came in the right place, from the right server, with the state of the request.
    pub(crate) fn returned(&self, request: &Request, back: &Back) -> BTreeMap<String, String> {
        let bare = back.url.as_str().split(['?', '#']).next();
        assert_eq!(bare, self.client.redirect_uri.split('?').next());
        assert_eq!(back.by_post, self.variant.form_post, "{}", back.url);
        if back.by_post {
            assert_eq!(back.url.as_str(), self.client.redirect_uri, "nothing is added to the address");
        }
        assert_eq!(back.url.fragment(), None);
        assert_eq!(back.params.get("state").map(String::as_str), request.get("state"));
        assert_eq!(back.params.get("iss"), Some(&self.op.issuer));
        back.params.clone()
    }

    /// The error that an answer brings, and nothing else.
    pub(crate) fn error(&self, request: &Request, visit: &Visit) -> String {
        let params = self.returned(request, visit.back());
        checks::error_parameters(&params);
        params["error"].clone()
    }

    /// Asks for the userinfo with the token in a header.
    pub(crate) async fn userinfo(&self, token: &str) -> Value {
        let answer = self.try_userinfo(token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        checks::userinfo(&as_json(&answer))
    }

    pub(crate) async fn try_userinfo(&self, token: &str) -> Page {
        let url = self.op.endpoint("userinfo_endpoint").await;
        let bearer = format!("Bearer {token}");
        self.op.browser().send(Method::GET, url, &[(header::AUTHORIZATION.as_str(), &bearer)], "").await
    }

    /// Leaves nothing behind.
    pub(crate) async fn done(self) {
        if self.variant.registers {
            self.client.unregister(&self.op).await;
        }
    }
}
