//! RP-Initiated, Back-Channel and Front-Channel Logout 1.0 and Session Management 1.0, by section, on the whole house.
//! [RP-Initiated](https://openid.net/specs/openid-connect-rpinitiated-1_0.html),
//! [Back-Channel](https://openid.net/specs/openid-connect-backchannel-1_0.html),
//! [Front-Channel](https://openid.net/specs/openid-connect-frontchannel-1_0.html),
//! [Session Management](https://openid.net/specs/openid-connect-session-1_0.html)

use std::sync::Arc;

use http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use towergate::{
    core::{Clock, audit::Origin, system::OsRandom},
    guarded_http::{GuardedClient, Policy},
    identity::ports::{IdentityStore, memory::MemoryStore as People},
    jose::{Algorithm, Expected, Typ, jws},
    oauth::{
        ports::{OAuthStore, memory::MemoryStore as Grants},
        rules::{
            client::{ClientId, ClientMetadata},
            logout::session_state::{browser_state, session_state},
        },
    },
    oauth_types::Scope,
    sqlite::SqliteStore,
};

use crate::house::{
    CLIENT, House, ISSUER,
    browser::{Answer, Browser, request, token_request},
    server,
    steps::{AUTHORIZE, VERIFIER, encode, exchange, parameter, refresh, signed_in},
};

const BYE: &str = "https://shop.example/bye";
const END: &str = "/oauth/end_session";

/// The house, Alice's browser, and what the shop was given in her sign-in.
struct Given {
    house: House,
    browser: Browser,
    /// Where the browser brought the code.
    brought: String,
    answer: Value,
}

impl Given {
    async fn to(change: impl FnOnce(&mut ClientMetadata)) -> Self {
        Self::on(People::new(), Grants::new(), "openid email", change).await
    }

    async fn on<I: IdentityStore, O: OAuthStore>(
        people: I,
        grants: O,
        scope: &str,
        change: impl FnOnce(&mut ClientMetadata),
    ) -> Self {
        let house =
            House::with_config(people, grants.clone(), |config| config.session_management = true).await;
        let found = grants.find_client(&ClientId::parse(CLIENT).unwrap()).await.unwrap();
        let mut shop = Arc::unwrap_or_clone(found.unwrap());
        shop.metadata.post_logout_redirect_uris = vec![BYE.to_owned()];
        shop.metadata.scope = Scope::parse("openid email offline_access").unwrap();
        change(&mut shop.metadata);
        let origin = Origin::detached(house.clock.now(), &OsRandom::new()).unwrap();
        grants.put_client(shop, origin).await.unwrap();
        let mut browser = signed_in(&house).await;
        let asks = AUTHORIZE.replace("openid%20email", &encode(scope));
        let path = browser.get(&asks).await.location;
        browser.get(&path).await;
        let brought = browser.post(&path, "decision=allow").await.location;
        let code = parameter(&brought, "code");
        let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        Self { house, browser, brought, answer: answer.json() }
    }

    fn token(&self, name: &str) -> &str {
        self.answer[name].as_str().unwrap()
    }

    fn id_claims(&self) -> Value {
        jws::peek(self.token("id_token")).unwrap().unverified_claims().unwrap()
    }

    /// The logout request that proves itself.
    fn path(&self) -> String {
        format!(
            "{END}?id_token_hint={}&post_logout_redirect_uri={}&state=st",
            self.token("id_token"),
            encode(BYE)
        )
    }

    async fn end(&mut self) -> Answer {
        let path = self.path();
        self.browser.get(&path).await
    }

    async fn is_signed_in(&mut self) -> bool {
        let answer = self.browser.get(&format!("{AUTHORIZE}&prompt=none")).await;
        parameter(&answer.location, "error") != "login_required"
    }

    async fn refreshes(&self) -> bool {
        let answer = token_request(&self.house.app, &refresh(self.token("refresh_token"))).await;
        answer.status == StatusCode::OK
    }

    async fn metadata(&mut self) -> Value {
        self.browser.get("/.well-known/openid-configuration").await.json()
    }
}

#[tokio::test]
async fn rp_initiated_2_the_hint_ends_the_session_and_what_clients_hold_of_it() {
    let mut given = Given::to(|_| ()).await;
    assert!(given.is_signed_in().await);
    let answer = given.end().await;
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (StatusCode::SEE_OTHER, "https://shop.example/bye?state=st")
    );
    assert!(!given.browser.cookies.contains_key("__Host-tgs"), "{:?}", given.browser.cookies);
    assert!(!given.is_signed_in().await);
    assert!(!given.refreshes().await);
    let again = given.end().await;
    assert_eq!(again.location, "https://shop.example/bye?state=st");
}

#[tokio::test]
async fn rp_initiated_2_the_hint_may_have_expired() {
    let mut given = Given::to(|_| ()).await;
    given.house.later(3601);
    // A page of the house, now and then, keeps the sign-in alive no longer than it may lie idle.
    assert!(!given.is_signed_in().await);
    given.browser = signed_in(&given.house).await;
    let answer = given.end().await;
    assert_eq!(answer.status, StatusCode::OK, "it is of another sign-in: {}", answer.location);
    assert!(answer.text.contains("logout-confirm"));
}

#[tokio::test]
async fn rp_initiated_2_post_is_answered_as_get_is_also_from_the_clients_own_site() {
    let mut given = Given::to(|_| ()).await;
    let form = given.path().split_once('?').unwrap().1.to_owned();
    let from_shop = Request::post(END)
        .header("origin", "https://shop.example")
        .header("sec-fetch-site", "cross-site")
        .header("host", "id.example");
    let sent = request(&given.house.app, from_shop, form.clone()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert!(sent.location.starts_with(END) && given.is_signed_in().await);
    let answer = given.browser.get(&sent.location).await;
    assert_eq!(answer.location, "https://shop.example/bye?state=st");
    assert!(!given.is_signed_in().await);
}

#[tokio::test]
async fn rp_initiated_2_the_person_says_so_on_a_page_that_no_other_site_can_answer() {
    let mut given = Given::to(|_| ()).await;
    let page = given.browser.get(END).await;
    assert!(page.text.contains("id=\"logout-confirm\"") && page.text.contains("id=\"logout-cancel\""));
    let proof =
        page.text.split_once("name=\"proof\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let yes = format!("decision=logout&proof={proof}");
    let path = format!("{END}/confirm");
    let cookies: Vec<_> =
        given.browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let forged = Request::post(&path)
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .header("host", "id.example")
        .header("cookie", cookies.join("; "));
    assert_eq!(request(&given.house.app, forged, yes.clone()).await.status, StatusCode::FORBIDDEN);
    assert!(given.is_signed_in().await);
    assert_eq!(given.browser.post(&path, "decision=stay").await.location, "/");
    assert!(given.is_signed_in().await);
    let answer = given.browser.post(&path, &yes).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    let farewell = given.browser.get(&answer.location).await;
    assert!(farewell.text.contains("You are signed out"), "{}", farewell.text);
    assert!(!given.is_signed_in().await);
}

#[tokio::test]
async fn rp_initiated_3_an_address_that_is_not_registered_is_never_gone_to() {
    let mut given = Given::to(|_| ()).await;
    let hint = given.token("id_token").to_owned();
    for uri in
        ["https://evil.example/", "https://shop.example/bye?x", "//evil.example", "javascript:alert(1)"]
    {
        let path = format!("{END}?id_token_hint={hint}&post_logout_redirect_uri={}", encode(uri));
        let answer = given.browser.get(&path).await;
        assert_eq!((answer.status, answer.location.as_str()), (StatusCode::BAD_REQUEST, ""), "{uri}");
        assert!(answer.text.contains("invalid_request"));
    }
    let access = given.token("access_token").to_owned();
    let refused = given.browser.get(&format!("{END}?id_token_hint={access}")).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "an access token is no hint");
    assert!(given.is_signed_in().await && given.refreshes().await);
}

#[tokio::test]
async fn rp_initiated_2_1_and_the_others_say_so_in_the_metadata() {
    let mut given = Given::to(|_| ()).await;
    let metadata = given.metadata().await;
    let at = |path: &str| json!(format!("{ISSUER}{path}"));
    assert_eq!(metadata["end_session_endpoint"], at(END));
    assert_eq!(metadata["check_session_iframe"], at("/oauth/check_session"));
    for name in ["back", "front"] {
        for what in ["supported", "session_supported"] {
            assert_eq!(metadata[format!("{name}channel_logout_{what}")], true, "{name} {what}");
        }
    }
    let house = House::on(People::new(), Grants::new()).await;
    let mut browser = Browser::new(house.app.clone());
    let metadata = browser.get("/.well-known/openid-configuration").await.json();
    assert!(metadata.get("check_session_iframe").is_none(), "off unless the host says otherwise");
    assert_eq!(browser.get("/oauth/check_session").await.text, "home");
}

#[tokio::test]
async fn back_channel_2_7_only_what_outlives_the_session_is_left() {
    for (scope, survives) in [("openid email", false), ("openid email offline_access", true)] {
        let mut given = Given::on(People::new(), Grants::new(), scope, |_| ()).await;
        assert_eq!(given.end().await.status, StatusCode::SEE_OTHER);
        assert_eq!(given.refreshes().await, survives, "{scope}");
    }
}

#[tokio::test]
async fn back_channel_2_5_a_client_hears_it_though_the_server_died_in_between() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}/told", listener.local_addr().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("house.db");
    let store = SqliteStore::open(&path).unwrap();
    let mut given = Given::on(store.clone(), store, "openid email", |shop| {
        shop.backchannel_logout_uri = Some(uri);
        shop.backchannel_logout_session_required = true;
    })
    .await;
    let claims = given.id_claims();
    assert_eq!(given.end().await.location, "https://shop.example/bye?state=st");
    let clock = given.house.clock.clone();
    // Nothing of the house is left but its file.
    drop(given);

    let store = SqliteStore::open(&path).unwrap();
    let client = GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap();
    let server = server(&store, clock, Arc::new(OsRandom::new())).await.outbound(client);
    let (told, heard) = tokio::join!(server.deliver_logouts(), hear(listener));
    assert_eq!(told.unwrap().delivered, 1);
    let token = heard.split_once("logout_token=").unwrap().1;
    let expected = Expected { algorithms: &[Algorithm::RS256], typ: Typ::Exactly("logout+jwt") };
    let token: Value = jws::verify(token, &server.keys().jwks(), &expected).unwrap().claims().unwrap();
    assert_eq!((&token["iss"], &token["aud"]), (&json!(ISSUER), &json!(CLIENT)));
    assert_eq!((&token["sub"], &token["sid"]), (&claims["sub"], &claims["sid"]));
    assert_eq!(server.deliver_logouts().await.unwrap().delivered, 0);
}

/// One request, answered 200.
async fn hear(listener: TcpListener) -> String {
    let (mut tcp, _) = listener.accept().await.unwrap();
    let mut heard = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&heard).into_owned();
        // The body is one parameter, the last part of a token of two dots.
        if text.split_once("logout_token=").is_some_and(|(head, token)| {
            let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            token.len() + "logout_token=".len() >= length.parse::<usize>().unwrap()
        }) {
            tcp.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            return text;
        }
        let count = tcp.read(&mut part).await.unwrap();
        assert!(count > 0, "the request broke off");
        heard.extend_from_slice(&part[..count]);
    }
}

#[tokio::test]
async fn front_channel_2_and_3_clients_of_the_session_are_framed_with_iss_and_sid() {
    let mut given = Given::to(|shop| {
        shop.frontchannel_logout_uri = Some(String::from("https://shop.example/out?app=1"));
        shop.frontchannel_logout_session_required = true;
    })
    .await;
    let sid = given.id_claims()["sid"].as_str().unwrap().to_owned();
    let farewell = given.end().await.location;
    let page = given.browser.get(&farewell).await;
    let frame = format!("https://shop.example/out?app=1&#38;iss=https%3A%2F%2Fid.example&#38;sid={sid}");
    assert!(page.text.contains(&format!("<iframe src=\"{frame}\"")), "{}", page.text);
    assert!(page.text.contains("content=\"2;url=https://shop.example/bye?state=st\""), "{}", page.text);
    assert!(page.header("content-security-policy").contains("frame-src https://shop.example;"));
}

#[tokio::test]
async fn session_management_2_and_4_the_session_state_is_that_of_the_cookie_until_the_session_ends() {
    let mut given = Given::to(|_| ()).await;
    let state = parameter(&given.brought, "session_state");
    let held = given.browser.cookies["__Host-tgbs"].clone();
    assert_eq!(held, browser_state(given.id_claims()["sid"].as_str().unwrap()));
    let salt = state.split_once('.').unwrap().1;
    assert_eq!(state, session_state(CLIENT, "https://shop.example", &held, salt));
    given.end().await;
    assert!(!given.browser.cookies.contains_key("__Host-tgbs"));
    // Also when it ends at the host's own way out: the next page says so.
    given.browser = signed_in(&given.house).await;
    given.browser.get("/").await;
    assert!(given.browser.cookies.contains_key("__Host-tgbs"));
    given.browser.post("/logout", "").await;
    given.browser.get("/").await;
    assert!(!given.browser.cookies.contains_key("__Host-tgbs"));
}

#[tokio::test]
async fn session_management_3_2_the_page_for_frames_asks_the_store_nothing_and_may_be_framed() {
    let mut given = Given::to(|_| ()).await;
    let page = given.browser.get("/oauth/check_session").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.header("content-security-policy").ends_with("frame-ancestors *"));
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
}
