//! Whoever tries to get around a defence is in the audit record of the request (OWASP ASVS 16.3.3).

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header::COOKIE};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use towergate::{
    CrossOriginLayer,
    audit::AuditLayer,
    core::{
        Clock,
        audit::{Event, Origin, Sink},
        system::{OsRandom, SystemClock},
        token::OpaqueToken,
    },
    identity::{
        ports::{UserStore, memory::MemoryStore},
        rules::{
            email::EmailAddress,
            password::{HashParams, Password, hash},
            user::User,
        },
    },
    login::{LoginRoutes, PasswordHasher, Site},
    pages::DefaultPages,
    session::{NAME, SessionLayer},
};

/// Keeps what it hears.
#[derive(Debug, Clone, Default)]
struct Heard(Arc<Mutex<Vec<Event>>>);

impl Sink for Heard {
    fn record(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

struct Town {
    store: MemoryStore,
    hasher: PasswordHasher,
    heard: Heard,
}

impl Town {
    async fn new() -> Self {
        let (store, random) = (MemoryStore::new(), Arc::new(OsRandom::new()));
        let cheap = HashParams::insecure_new(16, 1, 1).unwrap();
        let hasher = PasswordHasher::new(cheap, random.clone()).unwrap();
        let (now, email) = (SystemClock.now(), EmailAddress::parse("alice@example.com").unwrap());
        let password = Password::parse(&"plenty of characters".into()).unwrap();
        let phc = hash(&password, cheap, &*random).unwrap();
        let user = User::fresh(email, phc, now, &*random).unwrap();
        store.add_user(user, Origin::detached(now, &*random).unwrap()).await.unwrap();
        Self { store, hasher, heard: Heard::default() }
    }

    /// The answer, and what the record says was tried.
    async fn send(&self, request: Request<Full<Bytes>>) -> (Response<Bytes>, Vec<Option<&'static str>>) {
        let site = Site::new(DefaultPages::new());
        let routes = LoginRoutes::new(self.store.clone(), self.hasher.clone(), site);
        let inner = service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let sessions = SessionLayer::new(self.store.clone()).layer(routes.layer(inner));
        let app = AuditLayer::new()
            .sink(Arc::new(self.heard.clone()))
            .layer(CrossOriginLayer::new().layer(sessions));
        let answer = app.oneshot(request).await.unwrap();
        let named = answer.headers().get("x-request-id").unwrap().to_str().unwrap().to_owned();
        let heard: Vec<Event> = std::mem::take(&mut self.heard.0.lock().unwrap());
        for event in &heard {
            assert_eq!((event.action, event.origin.request.to_string()), ("defence.tried", named.clone()));
        }
        (answer.map(|_| Bytes::new()), heard.into_iter().map(|event| event.reason).collect())
    }
}

fn post(form: &str) -> http::request::Builder {
    let _ = form;
    Request::post("/login")
        .header("host", "id.example")
        .header("content-type", "application/x-www-form-urlencoded")
}

fn body(text: &str) -> Full<Bytes> {
    Full::new(Bytes::from(text.to_owned()))
}

#[tokio::test]
async fn who_tries_to_get_around_a_defence_is_in_the_record() {
    let town = Town::new().await;
    let right = "email=alice%40example.com&password=plenty+of+characters";
    let own = || post(right).header("origin", "https://id.example");

    let (answer, tried) = town.send(own().body(body(right)).unwrap()).await;
    assert_eq!((answer.status(), tried.len()), (StatusCode::SEE_OTHER, 0));
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let get = |cookie: &str| Request::get("/").header(COOKIE, cookie).body(body("")).unwrap();
    assert!(town.send(get(&cookie)).await.1.is_empty());

    // A form of another site.
    let foreign = post(right).header("origin", "https://evil.example").body(body(right)).unwrap();
    let (answer, tried) = town.send(foreign).await;
    assert_eq!((answer.status(), tried), (StatusCode::FORBIDDEN, vec![Some("cross_origin")]));

    // A form that no page sends.
    for (form, status) in [
        ("email=a&email=b&password=c", StatusCode::BAD_REQUEST),
        (&*format!("email={}", "x".repeat(70_000)), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let (answer, tried) = town.send(own().body(body(form)).unwrap()).await;
        assert_eq!((answer.status(), tried), (status, vec![Some("malformed_form")]));
    }

    // A cookie with the identifier of a living session and another secret, and one that is none.
    let (id, _) = cookie.split_once('.').unwrap();
    let (_, other) = cookie_of_another();
    let forged = format!("{id}.{other}");
    assert_eq!(town.send(get(&forged)).await.1, [Some("session_secret_wrong")]);
    assert_eq!(town.send(get(&format!("{NAME}=tgs_torn"))).await.1, [Some("session_cookie_torn")]);
    assert!(town.send(get(&cookie)).await.1.is_empty(), "the session goes on");
}

/// Both halves of a token of the right form.
fn cookie_of_another() -> (String, String) {
    let prefix = towergate::core::token::Prefix::new("tgs");
    let token = OpaqueToken::mint(prefix, SystemClock.now(), &OsRandom::new()).unwrap().reveal();
    let (id, secret) = token.expose().split_once('.').unwrap();
    (id.to_owned(), secret.to_owned())
}
