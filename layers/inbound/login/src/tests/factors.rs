//! Second factors, from enrolling to removing, driven as a browser would.

use towergate_core::seal::{SealingKey, SealingRing};
use towergate_identity::rules::totp::TotpSecret;

use super::*;
use crate::{
    Authenticator, FactorRoutes, LoginError, PasswordLogin, SecondFactor, SecondFactorError,
    factor_pages::{AppView, FactorPages, SecondFactorView, SecurityView},
    password::TOO_MANY_TRIES,
    second_factor::REFUSED,
};

impl FactorPages for Lines {
    fn second_factor(&self, view: &SecondFactorView) -> String {
        let ways = [("code", view.code), ("backup code", view.backup_code), ("key", view.passkeys.is_some())];
        let ways: Vec<_> = ways.into_iter().filter(|way| way.1).map(|way| way.0).collect();
        let (return_to, message) = (&view.return_to, view.message.as_deref().unwrap_or("-"));
        format!("mfa {return_to} by {}\nmessage {message}", ways.join(", "))
    }

    fn security(&self, view: &SecurityView) -> String {
        let app = match &view.app {
            AppView::Nothing => String::from("nothing"),
            AppView::Waiting { secret, .. } => format!("secret {secret}"),
            AppView::App => format!("codes left {}", view.backup_codes.unwrap_or_default()),
        };
        let asks = view.asks_for_passkey.map(|asks| format!("asks for a key: {asks}\n")).unwrap_or_default();
        format!("{app}\n{asks}{}\n{}", view.codes.join("\n"), view.message.as_deref().unwrap_or("-"))
    }
}

pub(super) fn sealing() -> SealingRing {
    SealingRing::new(SealingKey::new(Secret::new([7; 32])))
}

impl Host {
    pub(super) fn authenticator(&self) -> Authenticator<MemoryStore> {
        Authenticator::new(self.store.clone(), sealing(), self.random.clone())
    }

    pub(super) async fn protected() -> (Self, TotpSecret) {
        let host = Self::with_alice().await;
        let secret = TotpSecret::fresh(&host.random).unwrap();
        let alice = host.alice().await;
        host.authenticator().import(alice, &secret, host.origin()).await.unwrap();
        (host, secret)
    }

    pub(super) async fn alice(&self) -> UserId {
        self.store.find_user_by_email(&EmailAddress::parse(ALICE).unwrap()).await.unwrap().unwrap().id
    }

    pub(super) fn origin(&self) -> Origin {
        Origin::detached(self.clock.now(), &self.random).unwrap()
    }

    /// Through all layers; the clock stands still.
    async fn visit(&self, verb: &str, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let session =
            SessionLayer::new(self.store.clone()).clock(self.clock.clone()).random(self.random.clone());
        let factors = FactorRoutes::new(self.store.clone(), sealing(), "Example", self.site());
        let inside = factors.layer(service_fn(who));
        let request = request(verb, path, cookie, &form(fields));
        receive(session.layer(self.routes().layer(inside)).oneshot(request).await).await
    }

    async fn half(&self) -> String {
        let fields = [("email", ALICE), ("password", RIGHT), ("return_to", "/home?a=b")];
        let answer = self.visit("POST", "/login", None, &fields).await;
        assert_eq!(answer.header(header::LOCATION), "/mfa?return_to=%2Fhome%3Fa%3Db");
        answer.cookie()
    }

    async fn prove(&self, cookie: &str, code: &str) -> Answer {
        self.visit("POST", "/mfa", Some(cookie), &[("code", code), ("return_to", "/home?a=b")]).await
    }

    pub(super) fn code(&self, secret: &TotpSecret) -> String {
        secret.code_at(self.clock.now()).unwrap().expose().to_owned()
    }

    pub(super) fn later(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn half_signed_in_is_nobody_until_a_code_completes_it_under_a_new_id() {
    let (host, secret) = Host::protected().await;
    let half = host.half().await;
    assert_eq!(host.visit("GET", "/", Some(&half), &[]).await.body, "nobody");
    assert!(host.events("login.succeeded").is_empty());
    let page = host.visit("GET", "/mfa?return_to=%2Fhome", Some(&half), &[]).await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, "mfa /home by code\nmessage -"));
    let login = host.visit("GET", "/login?return_to=%2Fhome", Some(&half), &[]).await;
    assert_eq!(login.header(header::LOCATION), "/mfa?return_to=%2Fhome");

    let done = host.prove(&half, &host.code(&secret)).await;
    assert_eq!((done.status, done.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/home?a=b"));
    let whole = done.cookie();
    assert_ne!(half, whole);
    assert_eq!(host.visit("GET", "/", Some(&whole), &[]).await.body, host.alice().await.to_string());
    assert_eq!(host.visit("GET", "/", Some(&half), &[]).await.body, "nobody");
    let [succeeded] = &host.events("login.succeeded")[..] else { panic!("one success") };
    assert_eq!(succeeded.details, [("amr", String::from("pwd otp"))]);
}

#[tokio::test]
async fn a_half_sign_in_is_closed_at_every_page_and_ends_after_ten_minutes() {
    let (host, secret) = Host::protected().await;
    let half = host.half().await;
    for (verb, path) in [("GET", "/"), ("GET", "/anything"), ("POST", "/anything")] {
        assert_eq!(host.visit(verb, path, Some(&half), &[]).await.body, "nobody", "{path}");
    }
    for verb in ["GET", "POST"] {
        let fields = [("action", "totp-remove")];
        let answer = host.visit(verb, "/account/security", Some(&half), &fields).await;
        assert_eq!(answer.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fsecurity");
    }
    assert!(host.events("factor.removed").is_empty());
    host.later(600);
    let late = host.prove(&half, &host.code(&secret)).await;
    assert_eq!(late.header(header::LOCATION), "/login?return_to=%2Fhome%3Fa%3Db");
    assert!(host.events("login.succeeded").is_empty());
}

#[tokio::test]
async fn a_code_counts_once_even_across_sessions() {
    let (host, secret) = Host::protected().await;
    let code = host.code(&secret);
    assert_eq!(host.prove(&host.half().await, &code).await.status, StatusCode::SEE_OTHER);
    let again = host.prove(&host.half().await, &code).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(again.body, format!("mfa /home?a=b by code\nmessage {REFUSED}"));
    assert_eq!(host.events("factor.refused")[0].reason, Some("spent_before"));
    host.later(30);
    let next = host.code(&secret);
    assert_eq!(host.prove(&host.half().await, &next).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_uses_of_one_code_at_once_are_one_sign_in() {
    let (host, secret) = Host::protected().await;
    let half = host.half().await;
    let (code, host) = (host.code(&secret), Arc::new(host));
    let uses: Vec<_> = (0..64)
        .map(|_| {
            let (host, half, code) = (Arc::clone(&host), half.clone(), code.clone());
            tokio::spawn(async move { host.prove(&half, &code).await.header(header::LOCATION).to_owned() })
        })
        .collect();
    let mut signed_in = 0;
    for answer in uses {
        signed_in += usize::from(answer.await.unwrap() == "/home?a=b");
    }
    assert_eq!((signed_in, host.events("login.succeeded").len()), (1, 1));
    assert_eq!(host.events("factor.used").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_wrong_codes_at_once_are_five_tries() {
    let (host, secret) = Host::protected().await;
    let half = host.half().await;
    let right = host.code(&secret);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let host = Arc::new(host);
    let guesses: Vec<_> = (0..64)
        .map(|_| {
            let (host, half) = (Arc::clone(&host), half.clone());
            tokio::spawn(async move { host.prove(&half, wrong).await.status })
        })
        .collect();
    let mut tried = 0;
    for guess in guesses {
        tried += usize::from(guess.await.unwrap() == StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(tried, 5);
    let waiting = host.prove(&half, &right).await;
    assert_eq!(waiting.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(waiting.header(header::RETRY_AFTER), "30");
    assert_eq!(waiting.body, format!("mfa /home?a=b by code\nmessage {TOO_MANY_TRIES}"));
    // The password again does not forget the wrong codes.
    let again = host.half().await;
    assert_eq!(host.prove(&again, &right).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn somebody_enrols_keeps_the_codes_uses_one_and_removes_it_all() {
    let host = Host::with_alice().await;
    let security = "/account/security";
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let elsewhere = host.sign_in(ALICE, RIGHT, None).await.cookie();
    assert!(host.visit("GET", security, Some(&cookie), &[]).await.body.starts_with("nothing"));
    let begun = host.visit("POST", security, Some(&cookie), &[("action", "totp-enrol")]).await;
    assert_eq!(begun.header(header::LOCATION), security);
    let page = host.visit("GET", security, Some(&cookie), &[]).await.body;
    let text = page.lines().next().unwrap().strip_prefix("secret ").unwrap();
    let secret = TotpSecret::parse(&Secret::from(text)).unwrap();
    assert!(host.visit("GET", "/mfa", Some(&cookie), &[]).await.header(header::LOCATION) == security);

    let confirm = |code: String| {
        let (host, cookie) = (&host, &cookie);
        async move {
            let fields = [("action", "totp-confirm"), ("code", code.as_str())];
            host.visit("POST", security, Some(cookie), &fields).await
        }
    };
    let wrong = confirm(String::from("12345")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let confirmed = confirm(host.code(&secret)).await;
    let codes: Vec<_> = confirmed.body.lines().filter(|line| line.len() == 29).map(str::to_owned).collect();
    assert_eq!(codes.len(), 10);
    assert_eq!(host.visit("GET", "/", Some(&elsewhere), &[]).await.body, "nobody", "other sessions end");
    assert_eq!(host.visit("GET", "/", Some(&cookie), &[]).await.body, "nobody", "the cookie changes");
    let cookie = confirmed.cookie();
    assert!(host.visit("GET", security, Some(&cookie), &[]).await.body.starts_with("codes left 10"));

    // From now on a change wants both factors, proven lately; the page sends to prove the one that is missing.
    host.later(301);
    let asked = host.visit("GET", security, Some(&cookie), &[]).await;
    assert_eq!(asked.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fsecurity");
    let asked = host.visit("POST", security, Some(&cookie), &[("action", "totp-remove")]).await;
    assert_eq!(asked.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fsecurity");
    let stepped_up = host.prove(&cookie, &codes[3].to_uppercase()).await;
    assert_eq!(stepped_up.status, StatusCode::SEE_OTHER);
    let cookie = stepped_up.cookie();
    assert!(host.visit("GET", security, Some(&cookie), &[]).await.body.starts_with("codes left 9"));
    assert_eq!(host.prove(&host.half().await, &codes[3]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    let renewed = host.visit("POST", security, Some(&cookie), &[("action", "backup-codes")]).await.body;
    assert!(renewed.starts_with("codes left 10"));
    assert_eq!(host.prove(&host.half().await, &codes[4]).await.status, StatusCode::UNPROCESSABLE_ENTITY);

    host.later(301);
    let stale = host.visit("POST", security, Some(&cookie), &[("action", "totp-remove")]).await;
    assert_eq!(stale.header(header::LOCATION), "/mfa?return_to=%2Faccount%2Fsecurity");
    let cookie = host.prove(&cookie, &host.code(&secret)).await.cookie();
    let removed = host.visit("POST", security, Some(&cookie), &[("action", "totp-remove")]).await;
    assert_eq!(removed.header(header::LOCATION), security);
    let whole = host.visit("POST", "/login", None, &[("email", ALICE), ("password", RIGHT)]).await;
    assert_eq!(whole.header(header::LOCATION), "/");
    for (action, count) in [("factor.enrolled", 1), ("backup_codes.renewed", 2), ("factor.removed", 1)] {
        assert_eq!(host.events(action).len(), count, "{action}");
    }
}

#[tokio::test]
async fn stepping_up_asks_for_the_second_factor_alone_and_keeps_the_sign_in() {
    let host = Host::with_alice().await;
    let cookie = host.sign_in(ALICE, RIGHT, None).await.cookie();
    let asked = "/login?return_to=%2Fpay&acr_values=2";
    let enrols = host.visit("GET", asked, Some(&cookie), &[]).await;
    assert_eq!(enrols.header(header::LOCATION), "/account/security?return_to=%2Fpay", "without an app");
    let secret = TotpSecret::fresh(&host.random).unwrap();
    let user = host.alice().await;
    let [session] = &host.store.sessions_of(user, host.clock.now()).await.unwrap()[..] else { panic!("one") };
    let (keeps, sign_in) = (Some(session.id), session.sign_in);
    let keeper = host.authenticator();
    keeper.begin(user, host.origin()).await.unwrap();
    let crate::Enrolled::Waiting(secret_shown) = keeper.of(user, host.origin()).await.unwrap() else {
        panic!("it waits")
    };
    drop(secret);
    let code = Secret::new(host.code(&secret_shown));
    keeper.confirm(user, &code, keeps, host.origin()).await.unwrap();
    host.later(30);

    let first = host.visit("GET", asked, Some(&cookie), &[]).await;
    assert_eq!(first.header(header::LOCATION), "/mfa?return_to=%2Fpay");
    let either = "/login?acr_values=2+1";
    assert_eq!(host.visit("GET", either, Some(&cookie), &[]).await.status, StatusCode::OK);
    assert_eq!(host.visit("GET", "/login?acr_values=1", Some(&cookie), &[]).await.status, StatusCode::OK);
    let cookie = host.prove(&cookie, &host.code(&secret_shown)).await.cookie();
    let [session] = &host.store.sessions_of(user, host.clock.now()).await.unwrap()[..] else { panic!("one") };
    assert_eq!((session.sign_in, session.authenticated_at), (sign_in, host.clock.now()));
    assert_eq!(host.visit("GET", asked, Some(&cookie), &[]).await.status, StatusCode::OK, "strong enough");
}

#[tokio::test]
async fn the_plain_calls_need_no_pages() {
    let (host, secret) = Host::protected().await;
    let (login, factor) = (
        PasswordLogin::new(host.store.clone(), host.hasher.clone()),
        SecondFactor::new(host.store.clone(), sealing()),
    );
    let (origin, code) = (host.origin(), Secret::new(host.code(&secret)));
    let handler = service_fn(move |request: Request<Full<Bytes>>| {
        let (login, factor, code) = (login.clone(), factor.clone(), code.clone());
        async move {
            let session = request.extensions().get::<Session>().unwrap();
            let none = factor.attempt(&code, session, origin).await;
            assert!(matches!(none, Err(SecondFactorError::NoSession)));
            let wrong = login.attempt(ALICE, &Secret::from("wrong"), session, origin).await;
            assert!(matches!(wrong, Err(LoginError::Refused)));
            let half = login.attempt(ALICE, &Secret::from(RIGHT), session, origin).await.unwrap();
            assert_eq!(session.user(), None);
            let whole = factor.attempt(&code, session, origin).await.unwrap();
            assert_eq!((session.user(), whole.sign_in, whole.ended), (Some(whole.user), half.sign_in, None));
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    });
    let layer = SessionLayer::new(host.store.clone()).clock(host.clock.clone());
    let answer = receive(layer.layer(handler).oneshot(request("GET", "/", None, "")).await).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_secret_that_cannot_be_opened_lets_nobody_in() {
    let (host, secret) = Host::protected().await;
    let half = host.half().await;
    let other = SealingRing::new(SealingKey::new(Secret::new([8; 32])));
    let factors = FactorRoutes::new(host.store.clone(), other, "Example", host.site());
    let session = SessionLayer::new(host.store.clone()).clock(host.clock.clone());
    let code = form(&[("code", &host.code(&secret))]);
    let request = request("POST", "/mfa", Some(&half), &code);
    let answer = receive(session.layer(factors.layer(service_fn(who))).oneshot(request).await).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(host.visit("GET", "/", Some(&half), &[]).await.body, "nobody");
}
