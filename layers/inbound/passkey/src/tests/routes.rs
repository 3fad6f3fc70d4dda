//! The same over HTTP, as the script does it.

use http::{Method, StatusCode, header::HeaderName};
use serde_json::json;
use towergate_identity::{
    ports::{
        SessionStore,
        visit::{Beyond, SessionLimit},
    },
    rules::{assurance::SessionCount, passkey::CeremonyRoom},
};
use towergate_login::{
    Site,
    pages::{LoginPages, LoginView, ProblemView},
    password::TOO_MANY_SESSIONS,
};
use towergate_session::RememberLayer;

use super::*;
use crate::{
    PasskeyRoutes,
    pages::{PasskeyPages, PasskeysView},
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

impl PasskeyPages for Lines {
    fn passkeys(&self, view: &PasskeysView) -> String {
        let list: Vec<_> = view.passkeys.iter().map(|one| format!("{}={}", one.id, one.name)).collect();
        let message = view.message.as_deref().unwrap_or("-");
        format!("{}\nsignal {}\nmessage {message}", list.join(","), view.signal.credentials)
    }
}

struct Told {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }

    fn header(&self, name: impl http::header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookies that the answer sets, as a browser brings them.
    fn cookies(&self) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter();
        let pairs: Vec<_> = set.map(|set| set.to_str().unwrap().split(';').next().unwrap()).collect();
        pairs.join("; ")
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Host {
    /// A request through all layers.
    async fn send(&self, method: Method, path: &str, cookies: &str, media: &str, body: String) -> Told {
        self.within_limit(SessionLimit::default(), (method, path), cookies, media, body).await
    }

    /// The same of a host where a person has so many sessions.
    async fn within_limit(
        &self,
        limit: SessionLimit,
        (method, path): (Method, &str),
        cookies: &str,
        media: &str,
        body: String,
    ) -> Told {
        let site = Site::new(Lines)
            .clock(self.clock.clone())
            .random(self.random.clone())
            .passkeys(self.passkeys.party().places());
        let routes = PasskeyRoutes::new(self.passkeys.clone(), site);
        let inner = service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("passed")))
        });
        let sessions =
            SessionLayer::new(self.store.clone()).clock(self.clock.clone()).random(self.random.clone());
        let sessions = sessions.limit(limit);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, cookies)
            .header(header::CONTENT_TYPE, media)
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let inner = RememberLayer::new(self.store.clone()).layer(routes.layer(inner));
        let response = sessions.layer(inner).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Told { status: parts.status, headers: parts.headers, body }
    }

    async fn post(&self, path: &str, cookies: &str, body: &Value) -> Told {
        self.send(Method::POST, path, cookies, JSON, body.to_string()).await
    }

    async fn get(&self, path: &str, cookies: &str) -> Told {
        self.send(Method::GET, path, cookies, "", String::new()).await
    }

    /// Registers over HTTP; answers the key, and the cookies of the browser.
    async fn enrol(&self, name: &str, make: Make) -> (SoftPasskey, String) {
        let session = self.password(name).await;
        let begun = self.post("/account/passkeys/new/options", &session, &json!({})).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
        let cookies = format!("{session}; {}", begun.cookies());
        let (soft, credential) = SoftPasskey::create(make, &begun.json()["publicKey"], ORIGIN).unwrap();
        let answer =
            json!({ "ceremony": begun.json()["ceremony"], "credential": credential, "name": "My phone" });
        let done = self.post("/account/passkeys/new", &cookies, &answer).await;
        assert_eq!((done.status, done.json()), (StatusCode::OK, json!({ "location": "/account/passkeys" })));
        (soft, cookies)
    }
}

#[tokio::test]
async fn somebody_registers_signs_in_and_goes_on_where_they_were() {
    let host = Host::new().await;
    let (mut soft, _) = host.enrol("alice", Make::PHONE).await;
    let begun = host.post("/login/passkey/options", "", &json!({})).await;
    let given = begun.cookies();
    assert!(given.starts_with("__Host-tgmb=") && begun.header(header::SET_COOKIE).contains("HttpOnly"));
    assert_eq!(begun.header(header::CACHE_CONTROL), "no-store");
    let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({
        "ceremony": begun.json()["ceremony"], "credential": credential, "return_to": "/home?a=b",
    });
    let done = host.post("/login/passkey", &given, &answer).await;
    assert_eq!((done.status, done.json()), (StatusCode::OK, json!({ "location": "/home?a=b" })));
    assert!(done.cookies().starts_with("__Host-tgs="));
    // Once; and where nobody may be sent, nobody is.
    let again = host.post("/login/passkey", &given, &answer).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(again.json()["message"], crate::REFUSED);
    let begun = host.post("/login/passkey/options", &given, &json!({})).await;
    assert_eq!(begun.cookies(), "", "the browser is known");
    let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({
        "ceremony": begun.json()["ceremony"], "credential": credential, "return_to": "https://evil.example/",
    });
    let done = host.post("/login/passkey", &given, &answer).await;
    assert_eq!(done.json(), json!({ "location": "/" }));
}

#[tokio::test]
async fn another_browser_gets_nothing_over_http_either() {
    let host = Host::new().await;
    let (mut soft, _) = host.enrol("alice", Make::PHONE).await;
    let mine = host.post("/login/passkey/options", "", &json!({})).await;
    let theirs = host.post("/login/passkey/options", "", &json!({})).await.cookies();
    let credential = soft.sign(&mine.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({ "ceremony": mine.json()["ceremony"], "credential": credential });
    let refused = host.post("/login/passkey", &theirs, &answer).await;
    assert_eq!((refused.status, refused.cookies().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, ""));
}

#[tokio::test]
async fn a_key_that_nobody_has_is_told_to_the_authenticator() {
    let host = Host::new().await;
    let (mut soft, _) = host.enrol("alice", Make::PHONE).await;
    soft.credential_id = b"gone".to_vec();
    let begun = host.post("/login/passkey/options", "", &json!({})).await;
    let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({ "ceremony": begun.json()["ceremony"], "credential": credential });
    let refused = host.post("/login/passkey", &begun.cookies(), &answer).await;
    assert_eq!(refused.json(), json!({ "message": crate::REFUSED, "unknown": true }));
}

#[tokio::test]
async fn a_passkey_completes_and_steps_up_over_http() {
    let host = Host::new().await;
    let (mut soft, cookies) = host.enrol("alice", Make::BARE_KEY).await;
    // One factor is too few for whoever has two.
    let sent = host.get("/account/passkeys", &cookies).await;
    assert_eq!(sent.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fpasskeys");
    let begun = host.post("/mfa/passkey/options", &cookies, &json!({})).await;
    let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({
        "ceremony": begun.json()["ceremony"], "credential": credential, "return_to": "/account/passkeys",
    });
    let done = host.post("/mfa/passkey", &cookies, &answer).await;
    assert_eq!(done.json(), json!({ "location": "/account/passkeys" }));
    let page = host.get("/account/passkeys", &done.cookies()).await;
    assert!(page.status == StatusCode::OK && page.body.contains("=My phone"), "{}", page.body);
    let nobody = host.post("/mfa/passkey/options", "", &json!({ "return_to": "/x" })).await;
    assert_eq!(
        (nobody.status, nobody.json()),
        (StatusCode::FORBIDDEN, json!({ "location": "/login?return_to=%2Fx" }))
    );
}

#[tokio::test]
async fn the_page_renames_and_removes_behind_the_gate() {
    let host = Host::new().await;
    let (mut soft, cookies) = host.enrol("alice", Make::PHONE).await;
    let alice = host.user("alice").await.id;
    let id = host.passkeys.of(alice).await.unwrap()[0].id;
    let post = |cookies: String, form: String| {
        let host = &host;
        async move { host.send(Method::POST, "/account/passkeys", &cookies, FORM, form).await }
    };
    // Not with one factor, not when it is stale, and not without a session.
    for cookies in [cookies.clone(), String::new()] {
        let refused = post(cookies, format!("action=remove&passkey={id}")).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        assert_eq!(host.passkeys.of(alice).await.unwrap().len(), 1);
    }
    let (signed_in, fresh) = host.sign_in(&mut soft).await;
    signed_in.unwrap();
    let fresh = fresh.unwrap();
    let renamed = post(fresh.clone(), format!("action=rename&passkey={id}&name=Blue")).await;
    assert_eq!(renamed.header(header::LOCATION), "/account/passkeys");
    assert_eq!(host.passkeys.of(alice).await.unwrap()[0].name.as_str(), "Blue");
    let bad = post(fresh.clone(), format!("action=rename&passkey={id}&name=+")).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    for torn in [
        String::from("action=remove"),
        String::from("action=remove&passkey=x"),
        format!("action=burn&passkey={id}"),
        format!("action=remove&action=remove&passkey={id}"),
        format!("action=rename&passkey={id}"),
    ] {
        assert_eq!(post(fresh.clone(), torn.clone()).await.status, StatusCode::BAD_REQUEST, "{torn}");
    }
    let removed = post(fresh.clone(), format!("action=remove&passkey={id}")).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert!(host.passkeys.of(alice).await.unwrap().is_empty());
    assert!(host.store.sessions_of(alice, host.clock.now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_stale_proof_makes_no_passkey() {
    let host = Host::new().await;
    let session = host.password("bob").await;
    let begun = host.post("/account/passkeys/new/options", &session, &json!({})).await;
    host.later(Duration::from_secs(301));
    let (_, credential) = SoftPasskey::create(Make::PHONE, &begun.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({ "ceremony": begun.json()["ceremony"], "credential": credential });
    for path in ["/account/passkeys/new/options", "/account/passkeys/new"] {
        let refused = host.post(path, &format!("{session}; {}", begun.cookies()), &answer).await;
        let location = json!({ "location": "/login?return_to=%2Faccount%2Fpasskeys" });
        assert_eq!((refused.status, refused.json()), (StatusCode::FORBIDDEN, location), "{path}");
    }
}

#[tokio::test]
async fn what_is_too_long_torn_or_no_json_is_not_read() {
    let host = Host::new().await;
    for path in ["/login/passkey/options", "/login/passkey", "/mfa/passkey", "/account/passkeys/new"] {
        let long = format!("{{\"credential\":\"{}\"}}", "x".repeat(65_536));
        for (media, body, status) in [
            (JSON, long, StatusCode::PAYLOAD_TOO_LARGE),
            (FORM, String::from("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
            (JSON, String::from("{"), StatusCode::BAD_REQUEST),
            (JSON, "[".repeat(60_000), StatusCode::BAD_REQUEST),
        ] {
            let told = host.send(Method::POST, path, "", media, body).await;
            assert_eq!(told.status, status, "{path}");
        }
        let got = host.get(path, "").await;
        assert_eq!((got.status, got.header(header::ALLOW)), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    }
}

#[tokio::test]
async fn too_many_strangers_are_asked_to_come_again() {
    let host = Host::of(party().room(CeremonyRoom { strangers: 1, each: 5 })).await;
    host.post("/login/passkey/options", "", &json!({})).await;
    let full = host.post("/login/passkey/options", "", &json!({})).await;
    assert_eq!((full.status, full.header(header::RETRY_AFTER)), (StatusCode::SERVICE_UNAVAILABLE, "1"));
}

#[tokio::test]
async fn the_one_script_is_allowed_by_its_whole_address_where_it_is_needed() {
    let host = Host::of(party().related_origin("https://id.example.co.uk").unwrap()).await;
    let script = host.get("/passkey/script.js", "").await;
    assert_eq!(script.header(header::CONTENT_TYPE), "text/javascript; charset=utf-8");
    assert!(
        script.body.contains("navigator.credentials.create")
            && script.body.contains("signalUnknownCredential")
    );
    let session = host.password("alice").await;
    let page = host.get("/account/passkeys", &session).await;
    let policy = page.header(header::CONTENT_SECURITY_POLICY);
    let sources =
        "script-src https://id.example.com/passkey/script.js https://id.example.co.uk/passkey/script.js";
    assert!(policy.starts_with("default-src 'none'; ") && policy.contains(sources), "{policy}");
    assert!(policy.ends_with("; connect-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header(HeaderName::from_static("referrer-policy")), "same-origin");
    assert_eq!(host.get("/other", "").await.body, "passed");
}

#[tokio::test]
async fn well_known_places_say_where_passkeys_are_kept_and_taken() {
    let host = Host::new().await;
    let page = "https://id.example.com/account/passkeys";
    let endpoints = host.get("/.well-known/passkey-endpoints", "").await;
    assert_eq!(endpoints.json(), json!({ "enroll": page, "manage": page }));
    assert_eq!(host.get("/.well-known/webauthn", "").await.body, "passed", "there are no related origins");
    let host = Host::of(party().related_origin("https://id.example.co.uk").unwrap()).await;
    let related = host.get("/.well-known/webauthn", "").await;
    assert_eq!(related.json(), json!({ "origins": ["https://id.example.com", "https://id.example.co.uk"] }));
    assert_eq!(related.header(header::CONTENT_TYPE), "application/json");
}

/// The cookies that a browser was told to keep.
fn kept<'a>(told: &'a Told, name: &'a str) -> impl Iterator<Item = &'a str> {
    let set = told.headers.get_all(header::SET_COOKIE).iter().map(|set| set.to_str().unwrap());
    set.filter(move |set| set.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))
}

#[tokio::test]
async fn a_browser_stays_signed_in_by_a_passkey_where_its_person_ticks_the_box() {
    let host = Host::new().await;
    let (mut soft, _) = host.enrol("alice", Make::PHONE).await;
    for (ticked, stays) in [(json!(true), 1), (json!(false), 0), (Value::Null, 0)] {
        let begun = host.post("/login/passkey/options", "", &json!({})).await;
        let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
        let mut answer = json!({ "ceremony": begun.json()["ceremony"], "credential": credential });
        if !ticked.is_null() {
            answer["remember"] = ticked;
        }
        let done = host.post("/login/passkey", &begun.cookies(), &answer).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert_eq!(kept(&done, "__Host-tgr").count(), stays, "{:?}", done.headers);
    }
}

#[tokio::test]
async fn a_browser_is_trusted_by_a_passkey_as_second_factor() {
    for ticked in [true, false] {
        let host = Host::new().await;
        let cookie = host.password("alice").await;
        let mut soft = host.passkey(&cookie, Make::BARE_KEY).await;
        host.with_app().await;
        let half = host.password("alice").await;
        let begun = host.post("/mfa/passkey/options", &half, &json!({})).await;
        let cookies = format!("{half}; {}", begun.cookies());
        let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
        let answer =
            json!({ "ceremony": begun.json()["ceremony"], "credential": credential, "trust": ticked });
        let done = host.post("/mfa/passkey", &cookies, &answer).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        let known = kept(&done, "__Host-tgt").next().unwrap().split(';').next().unwrap().to_owned();
        // The bare key is one factor: in a trusted browser it is enough.
        let begun = host.post("/login/passkey/options", &known, &json!({})).await;
        let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
        let answer = json!({ "ceremony": begun.json()["ceremony"], "credential": credential });
        let cookies = format!("{known}; {}", begun.cookies());
        let done = host.post("/login/passkey", &cookies, &answer).await;
        let location = done.json()["location"].as_str().unwrap().to_owned();
        assert_eq!(location == "/", ticked, "{location}");
    }
}

#[tokio::test]
async fn whoever_may_not_sign_in_once_more_reads_why() {
    let host = Host::new().await;
    let (mut soft, _) = host.enrol("alice", Make::PHONE).await;
    let begun = host.post("/login/passkey/options", "", &json!({})).await;
    let credential = soft.sign(&begun.json()["publicKey"], ORIGIN).unwrap();
    let answer = json!({ "ceremony": begun.json()["ceremony"], "credential": credential }).to_string();
    let full = SessionLimit { most: SessionCount::AtMost(1), beyond: Beyond::RefuseNew };
    let place = (Method::POST, "/login/passkey");
    let told = host.within_limit(full, place, &begun.cookies(), JSON, answer).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.body);
    assert_eq!(told.json(), json!({ "message": TOO_MANY_SESSIONS }));
}
