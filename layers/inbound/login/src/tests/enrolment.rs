//! Who must have a second factor.

use tower::{ServiceExt, service_fn};
use tower_layer::Layer;
use towergate_core::token::OpaqueToken;
use towergate_identity::{
    ports::{PasskeyStore, session::Establishment, visit::Visit},
    rules::{
        enrolment::EnrolmentDuty,
        login_proof::Method,
        passkey::{Aaguid, Passkey, PasskeyId, PasskeyName},
        session::{self, SessionId, SessionRecord, SessionStage, SignInId},
        totp::TotpSecret,
    },
};

use super::{factors::sealing, *};
use crate::{FactorRoutes, PasskeyPlaces, sensitive::Admission};

/// A host under `duty`, and a browser.
struct Town {
    host: Host,
    duty: EnrolmentDuty,
}

impl Town {
    async fn under(duty: EnrolmentDuty) -> Self {
        Self { host: Host::with_alice().await, duty }
    }

    async fn visit(&self, verb: &str, path: &str, cookie: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let Host { store, clock, random, .. } = &self.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        let session = session.enrolment(self.duty);
        let factors = FactorRoutes::new(store.clone(), sealing(), "Example", self.host.site());
        let inside = self.host.routes().layer(factors.layer(service_fn(who)));
        receive(session.layer(inside).oneshot(request(verb, path, cookie, &form(fields))).await).await
    }

    async fn sign_in(&self) -> Answer {
        let fields = [("email", ALICE), ("password", RIGHT), ("return_to", "/pay")];
        self.visit("POST", "/login", None, &fields).await
    }
}

#[tokio::test]
async fn whoever_must_have_a_second_factor_is_nobody_until_it_is_enrolled_and_goes_on_then() {
    let town = Town::under(EnrolmentDuty::Now).await;
    let answer = town.sign_in().await;
    assert_eq!(answer.header(header::LOCATION), "/account/security?return_to=%2Fpay");
    let cookie = answer.cookie();
    assert_eq!(town.host.events("login.enrolment_due").len(), 1);
    assert!(town.host.events("login.succeeded").is_empty());
    assert_eq!(town.visit("GET", "/pay", Some(&cookie), &[]).await.body, "nobody");
    for page in ["/login?return_to=%2Fpay", "/mfa?return_to=%2Fpay"] {
        let sent = town.visit("GET", page, Some(&cookie), &[]).await;
        assert_eq!(sent.header(header::LOCATION), "/account/security?return_to=%2Fpay", "{page}");
    }

    let security = "/account/security";
    let begin = [("action", "totp-enrol"), ("return_to", "/pay")];
    let begun = town.visit("POST", security, Some(&cookie), &begin).await;
    assert_eq!(begun.header(header::LOCATION), "/account/security?return_to=%2Fpay");
    let page = town.visit("GET", begun.header(header::LOCATION), Some(&cookie), &[]).await.body;
    let text = page.lines().next().unwrap().strip_prefix("secret ").unwrap();
    let secret = TotpSecret::parse(&Secret::from(text)).unwrap();
    let code = town.host.code(&secret);
    let confirm = [("action", "totp-confirm"), ("code", &code), ("return_to", "/pay")];
    let confirmed = town.visit("POST", security, Some(&cookie), &confirm).await;
    assert_eq!(town.visit("GET", "/pay", Some(&cookie), &[]).await.body, "nobody", "the old cookie");
    let cookie = confirmed.cookie();
    assert_ne!(town.visit("GET", "/pay", Some(&cookie), &[]).await.body, "nobody");
    assert_eq!(town.host.events("login.succeeded").len(), 1);
}

#[tokio::test]
async fn enrolling_is_no_way_in_for_ever() {
    let town = Town::under(EnrolmentDuty::Now).await;
    let cookie = town.sign_in().await.cookie();
    town.host.clock.advance(Duration::from_secs(301));
    let stale = town.visit("GET", "/account/security", Some(&cookie), &[]).await;
    assert_eq!(stale.header(header::LOCATION), "/login?return_to=%2Faccount%2Fsecurity");
    let again = town.visit("GET", "/login?return_to=%2Faccount%2Fsecurity", Some(&cookie), &[]).await;
    assert_eq!(again.status, StatusCode::OK, "the form, and no circle");
}

#[tokio::test]
async fn whoever_stays_out_without_a_second_factor_has_no_session() {
    let town = Town::under(EnrolmentDuty::Blocked).await;
    let refused = town.sign_in().await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("second factor"));
    let alice = town.host.alice().await;
    assert!(town.host.store.sessions_of(alice, town.host.clock.now()).await.unwrap().is_empty());
}

#[tokio::test]
async fn nobody_stays_signed_in_beyond_their_days_of_grace() {
    let town = Town::under(EnrolmentDuty::GraceUntil(Timestamp::from_unix_seconds(0))).await;
    let end = town.host.clock.now().plus(Duration::from_secs(60));
    let town = Town { duty: EnrolmentDuty::GraceUntil(end), ..town };
    let cookie = town.sign_in().await.cookie();
    assert_ne!(town.visit("GET", "/pay", Some(&cookie), &[]).await.body, "nobody");
    town.host.clock.advance(Duration::from_secs(60));
    assert_eq!(town.visit("GET", "/pay", Some(&cookie), &[]).await.body, "nobody");
    assert!(town.sign_in().await.header(header::LOCATION).starts_with("/account/security"));
}

/// Nobody enrols an app of their own beside a key that would complete the sign-in, nor changes anything else.
#[tokio::test]
async fn whoever_has_to_enrol_proves_the_key_they_have_before_all_else() {
    let host = Host::new();
    let alice = host.add(ALICE, None, UserState::Active).await;
    let Host { store, clock, random, .. } = &host;
    let now = clock.now();
    let origin = Origin::detached(now, random).unwrap();
    let key = Passkey {
        id: PasskeyId::fresh(now, random).unwrap(),
        user: alice,
        credential_id: b"key".to_vec(),
        name: PasskeyName::default(),
        credential: String::from("{}"),
        count: 0,
        aaguid: Aaguid::from_bytes([7; 16]),
        transports: Vec::new(),
        verifies: false,
        backup_eligible: false,
        backed_up: false,
        created_at: now,
        last_used_at: None,
    };
    store.add_passkey(key, 10, None, origin).await.unwrap();
    let token = OpaqueToken::mint(session::PREFIX, now, random).unwrap();
    let end = now.plus(Duration::from_secs(600));
    let record = SessionRecord {
        id: SessionId::from_uuid(token.id()),
        digest: token.digest(),
        sign_in: SignInId::fresh(now, random).unwrap(),
        user: alice,
        stage: SessionStage::AwaitsEnrolment,
        methods: [Method::Federated].into(),
        passkey: None,
        authenticated_at: now,
        created_at: now,
        last_seen_at: now,
        idle_expires_at: end,
        absolute_expires_at: end,
    };
    let begun = Establishment {
        session: record,
        replaces: None,
        is_login: true,
        rests_on_replaced: false,
        visit: Visit::default(),
    };
    store.establish_session(begun, origin).await.unwrap();
    let cookie = format!("{COOKIE}={}", token.reveal().expose());

    let path = |text: &str| LocalPath::parse(text).unwrap();
    let places = PasskeyPlaces {
        script: path("/passkey.js"),
        script_source: String::from("'self'"),
        sign_in: path("/login/passkey"),
        second_factor: path("/login/second"),
    };
    let site = host.site().passkeys(places);
    let visit = async |page: &str| {
        let (site, store, here) = (site.clone(), store.clone(), path(page));
        let gate = service_fn(move |request: Request<Full<Bytes>>| {
            let (site, store, here) = (site.clone(), store.clone(), here.clone());
            async move {
                let session = Session::of(request.extensions()).unwrap().clone();
                Ok::<_, Infallible>(match site.admit(&store, &session, &here, now).await.unwrap() {
                    Admission::Admitted(_) => Response::new(Full::new(Bytes::from("admitted"))),
                    Admission::Elsewhere(response) => response.map(Full::new),
                })
            }
        });
        let layer = SessionLayer::new(host.store.clone()).clock(clock.clone()).random(random.clone());
        receive(layer.layer(gate).oneshot(request("GET", page, Some(&cookie), "")).await).await
    };
    for page in ["/account/security", "/account/passkeys", "/account/password", "/account/delete"] {
        let answer = visit(page).await;
        assert!(answer.header(header::LOCATION).starts_with("/mfa?return_to="), "{page}: {}", answer.body);
    }
}
