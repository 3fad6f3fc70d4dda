//! Whoever wants to be asked for a passkey, at the pages, and what a further proof beside a cookie alone comes to.

use std::sync::Mutex;

use http::header::SET_COOKIE;
use towergate_identity::{
    ports::{DeviceStore, FactorStore, LinkedIdentityStore, PasskeyFactorStore, PasskeyStore},
    rules::{
        level::Level,
        linked_identity::{
            Course, ExternalAccount, LinkedIdentity, LinkedIdentityId, ProviderAnswer, decide,
        },
        login_proof::Method,
        passkey::{Aaguid, Assertion, Passkey, PasskeyId, PasskeyName, prove},
        session::SessionStage,
    },
};
use towergate_session::RememberLayer;

use super::{factors::sealing, *};
use crate::{FactorRoutes, PasskeyPlaces, SecondFactor, SecondFactorError};

type Cookies = std::collections::BTreeMap<String, String>;

/// What the host's own page does in the session.
enum Step {
    /// Signs in by the linked account.
    Federated,
    /// Shows the passkey: to sign in, or beside what was proven.
    Key,
    /// Types a code.
    Code(String),
}

impl Host {
    pub(super) async fn with_key(password: Option<&str>) -> Self {
        let host = Self::new();
        let user = host.add(ALICE, password.map(|word| host.hashed(word, 16)), UserState::Active).await;
        host.give_key(user).await;
        let now = host.clock.now();
        let linked = LinkedIdentity {
            id: LinkedIdentityId::fresh(now, &host.random).unwrap(),
            user,
            provider: String::from("elsewhere"),
            account: ExternalAccount::new("https://provider.example", "alice").unwrap(),
            label: String::new(),
            tokens: None,
            linked_at: now,
            last_used_at: None,
        };
        host.store.link_identity(linked, None, host.origin()).await.unwrap();
        host
    }

    pub(super) async fn give_key(&self, user: UserId) {
        let now = self.clock.now();
        let passkey = Passkey {
            id: PasskeyId::fresh(now, &self.random).unwrap(),
            user,
            credential_id: b"a bare key".to_vec(),
            name: PasskeyName::default(),
            credential: String::new(),
            count: 0,
            aaguid: Aaguid::from_bytes([0; 16]),
            transports: Vec::new(),
            verifies: false,
            backup_eligible: false,
            backed_up: false,
            created_at: now,
            last_used_at: None,
        };
        self.store.add_passkey(passkey, 10, None, self.origin()).await.unwrap();
    }

    /// Through all layers that a browser meets.
    async fn walk(
        &self,
        verb: &str,
        path: &str,
        cookies: &mut Cookies,
        fields: &[(&str, &str)],
        step: Option<Step>,
    ) -> Answer {
        self.clock.advance(Duration::from_secs(1));
        let path_of = |text| LocalPath::parse(text).unwrap();
        let site = self.site().passkeys(PasskeyPlaces {
            script: path_of("/passkey/script.js"),
            script_source: String::from("https://h.example/passkey/script.js"),
            sign_in: path_of("/login/passkey"),
            second_factor: path_of("/mfa/passkey"),
        });
        let step = Mutex::new(step);
        let page = service_fn(|request: Request<Full<Bytes>>| {
            let session = Session::of(request.extensions()).unwrap().clone();
            let step = step.lock().unwrap().take();
            async move {
                let said = match step {
                    Some(step) => self.take(step, &session).await,
                    None => session.record().map(|record| record.stage),
                };
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(format!("{said:?}")))))
            }
        });
        let login = LoginRoutes::new(self.store.clone(), self.hasher.clone(), site.clone());
        let factors = FactorRoutes::new(self.store.clone(), sealing(), "Example", site);
        let inside = RememberLayer::new(self.store.clone()).layer(login.layer(factors.layer(page)));
        let session = SessionLayer::new(self.store.clone());
        let session = session.clock(self.clock.clone()).random(self.random.clone()).layer(inside);
        let shown: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer =
            receive(session.oneshot(request(verb, path, Some(&shown.join("; ")), &form(fields))).await).await;
        for set in answer.headers.get_all(SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            match rest.split(';').next().unwrap_or_default() {
                "" => drop(cookies.remove(name)),
                value => drop(cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
        answer
    }

    async fn take(&self, step: Step, session: &Session) -> Option<SessionStage> {
        let (user, now) = (self.alice().await, self.clock.now());
        let proof = match step {
            Step::Federated => {
                let account = ExternalAccount::new("https://provider.example", "alice").unwrap();
                let linked = self.store.find_linked_identity(&account).await.unwrap();
                let (label, authenticated_at) = (String::new(), None);
                let answer = ProviderAnswer { account, proven_address: None, label, authenticated_at };
                let Course::SignIn(proof) = decide(&answer, linked.as_ref(), true, now) else { return None };
                proof
            }
            Step::Key => {
                let passkey = self.store.passkeys_of(user).await.unwrap()[0].id;
                let assertion = Assertion { user, passkey, verified: false };
                prove(&assertion, session.record().as_deref(), now).ok()?
            }
            Step::Code(code) => {
                let factor = SecondFactor::new(self.store.clone(), sealing());
                let tried = factor.attempt(&Secret::new(code), session, self.origin()).await;
                assert!(matches!(tried, Err(SecondFactorError::NoSession)), "{tried:?}");
                return session.record().map(|record| record.stage);
            }
        };
        Some(session.establish(proof).await.unwrap().stage)
    }

    async fn by_password(&self, cookies: &mut Cookies) -> Answer {
        let fields = [("email", ALICE), ("password", RIGHT), ("return_to", "/home")];
        self.walk("POST", "/login", cookies, &fields, None).await
    }

    async fn step(&self, step: Step, cookies: &mut Cookies) -> String {
        self.walk("GET", "/", cookies, &[], Some(step)).await.body
    }

    async fn security(&self, cookies: &mut Cookies, action: &str) -> Answer {
        self.walk("POST", "/account/security", cookies, &[("action", action)], None).await
    }

    async fn stage(&self, cookies: &mut Cookies) -> String {
        self.walk("GET", "/", cookies, &[], None).await.body
    }
}

fn codes(answer: &Answer) -> Vec<String> {
    answer.body.lines().filter(|line| line.len() == 29).map(str::to_owned).collect()
}

const TO_MFA: &str = "/mfa?return_to=%2Faccount%2Fsecurity";

#[tokio::test]
async fn somebody_is_asked_for_their_passkey_once_they_want_it() {
    let host = Host::with_key(Some(RIGHT)).await;
    let home = &mut Cookies::default();
    assert_eq!(host.by_password(home).await.header(header::LOCATION), "/home", "not asked for yet");
    assert_eq!(host.security(home, "passkey-ask").await.header(header::LOCATION), TO_MFA);
    assert_eq!(host.step(Step::Key, home).await, "Some(Complete)");
    let page = host.walk("GET", "/account/security", home, &[], None).await;
    assert!(page.body.contains("asks for a key: false"), "{}", page.body);
    let on = host.security(home, "passkey-ask").await;
    let codes = codes(&on);
    assert_eq!((on.status, codes.len()), (StatusCode::OK, 10), "{}", on.body);
    let again = host.security(home, "passkey-ask").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "it is on already: no other codes are made");

    let half = &mut Cookies::default();
    assert_eq!(host.by_password(half).await.header(header::LOCATION), "/mfa?return_to=%2Fhome");
    assert_eq!(host.stage(half).await, "Some(AwaitsSecondFactor)");
    let page = host.walk("GET", "/mfa", half, &[], None).await;
    assert!(page.body.starts_with("mfa / by backup code, key"), "{}", page.body);
    assert_eq!(host.step(Step::Key, half).await, "Some(Complete)");
    let lost = &mut Cookies::default();
    host.by_password(lost).await;
    let typed = host.walk("POST", "/mfa", lost, &[("code", &codes[0]), ("return_to", "/home")], None).await;
    assert_eq!((typed.status, typed.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/home"));
    assert_eq!(host.stage(lost).await, "Some(Complete)");

    let off = host.security(lost, "passkey-ask-no-more").await;
    assert_eq!(off.header(header::LOCATION), "/account/security");
    assert_eq!(host.stage(home).await, "None", "every other session ends");
    let half = &mut Cookies::default();
    assert_eq!(host.by_password(half).await.header(header::LOCATION), "/home");
    assert_eq!(host.store.backup_codes_left(host.alice().await).await.unwrap(), 0);
}

#[tokio::test]
async fn whoever_has_a_key_and_no_password_passes_no_gate_by_one_factor_once_they_are_asked() {
    let host = Host::with_key(None).await;
    let home = &mut Cookies::default();
    assert_eq!(host.step(Step::Federated, home).await, "Some(Complete)");
    let page = host.walk("GET", "/account/security", home, &[], None).await;
    assert_eq!(page.status, StatusCode::OK, "as long as they do not want more");
    // Whoever has but that first factor is not handed the codes in the place of the second.
    let refused = host.security(home, "passkey-ask").await;
    assert_eq!(refused.header(header::LOCATION), TO_MFA);
    assert!(!host.store.has_passkey_factor(host.alice().await).await.unwrap());
    host.step(Step::Key, home).await;
    assert_eq!(codes(&host.security(home, "passkey-ask").await).len(), 10);

    let thief = &mut Cookies::default();
    assert_eq!(host.step(Step::Federated, thief).await, "Some(AwaitsSecondFactor)");
    for action in ["passkey-ask-no-more", "backup-codes"] {
        assert_eq!(host.security(thief, action).await.header(header::LOCATION), TO_MFA);
    }
    assert!(host.store.has_passkey_factor(host.alice().await).await.unwrap());
}

#[tokio::test]
async fn a_bare_key_that_is_asked_for_is_not_both_factors() {
    let host = Host::with_key(Some(RIGHT)).await;
    let keeper = host.authenticator();
    keeper.ask_for_passkey(host.alice().await, None, host.origin()).await.unwrap();
    let home = &mut Cookies::default();
    assert_eq!(host.step(Step::Key, home).await, "Some(AwaitsSecondFactor)");
    let page = host.walk("GET", "/mfa", home, &[], None).await;
    assert!(page.body.starts_with("mfa / by backup code\n"), "the key proves no more: {}", page.body);
    assert_eq!(host.step(Step::Key, home).await, "Some(AwaitsSecondFactor)");
    // They begin with what they know.
    assert_eq!(host.by_password(home).await.header(header::LOCATION), "/mfa?return_to=%2Fhome");
    assert_eq!(host.step(Step::Key, home).await, "Some(Complete)");
}

#[tokio::test]
async fn beside_a_cookie_alone_no_further_proof_ends_half_signed_in() {
    let host = Host::with_key(Some(RIGHT)).await;
    let secret = towergate_identity::rules::totp::TotpSecret::fresh(&host.random).unwrap();
    host.authenticator().import(host.alice().await, &secret, host.origin()).await.unwrap();
    let home = &mut Cookies::default();
    let fields = [("email", ALICE), ("password", RIGHT), ("remember", "1")];
    host.walk("POST", "/login", home, &fields, None).await;
    let code = host.code(&secret);
    host.walk("POST", "/mfa", home, &[("code", &code)], None).await;
    home.retain(|name, _| name == "__Host-tgr");
    assert_eq!(host.stage(home).await, "Some(Complete)", "remembered");
    let before = home.clone();

    host.later(30);
    assert_eq!(host.step(Step::Code(host.code(&secret)), home).await, "Some(Complete)");
    assert_eq!(host.step(Step::Key, home).await, "None", "nothing was proven");
    assert_eq!(host.stage(home).await, "Some(Complete)");
    assert_eq!(*home, before, "the session is the one before");
    let devices = host.store.devices_of(host.alice().await, host.clock.now()).await.unwrap();
    let [device] = &devices.sessions[..] else { panic!("one session") };
    assert_eq!(device.session.methods, [Method::Remembered]);
    assert_eq!(Level::of(&device.session.methods), Some(Level::Remembered));
    // The code was not spent in vain.
    host.by_password(home).await;
    let done = host.walk("POST", "/mfa", home, &[("code", &host.code(&secret))], None).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
}
