//! Accounts elsewhere: the presets, at providers on this machine that speak as theirs do.

mod fake;
mod kept;

use serde_json::{Value, json};
use towergate_guarded_http::{GuardedClient, Policy};
use towergate_jose::{
    Algorithm, JwkSet,
    jws::{self, Expected, Typ},
};
use url::{Url, form_urlencoded};

use super::*;
use crate::social::{IdentitiesView, Provider, SocialPages, SocialRoutes, SocialView};
use fake::{Fake, key};

const GOOGLE: &str = "https://accounts.google.com";
const APPLE: &str = "https://appleid.apple.com";
const TENANTS: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const COMPANY: &str = "11111111-2222-3333-4444-555555555555";

impl SocialPages for Lines {
    fn social(&self, view: &SocialView) -> String {
        view.message.clone()
    }

    fn identities(&self, view: &IdentitiesView) -> String {
        view.identities.iter().map(|identity| format!("{}\n", identity.label)).collect()
    }
}

/// A host, and the one provider that it sends people to.
struct Pair {
    host: Host,
    fake: Fake,
    name: String,
    routes: SocialRoutes<MemoryStore, Lines>,
}

impl Pair {
    fn new(fake: Fake, provider: Provider) -> Self {
        let host = Host::new();
        let name = provider.name().to_owned();
        let outbound = GuardedClient::new(Policy::new().danger_allow_loopback()).unwrap();
        let provider = provider.moved_to(&fake.origin);
        let routes =
            SocialRoutes::new(host.store.clone(), [provider], outbound, "https://h.example", host.site());
        Self { host, fake, name, routes }
    }

    async fn google() -> Self {
        let fake = Fake::start(GOOGLE).await;
        Self::new(fake, Provider::google("us", Secret::from("hush")).unwrap())
    }

    async fn microsoft(tenant: &str, issuer: &str) -> Self {
        let fake = Fake::start(issuer).await;
        Self::new(fake, Provider::microsoft(tenant, "us", Secret::from("hush")).unwrap())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let Host { store, clock, random, .. } = &self.host;
        let session = SessionLayer::new(store.clone()).clock(clock.clone()).random(random.clone());
        receive(session.layer(self.routes.clone().layer(service_fn(who))).oneshot(request).await).await
    }

    async fn leave(&self) -> Answer {
        self.send(request("POST", &format!("/social/{}", self.name), None, "")).await
    }

    /// Somebody leaves, of whom the provider says `claims`, and comes back; answers what they see, and where they were sent.
    async fn visit(&self, claims: Value) -> (Answer, Url) {
        let left = self.leave().await;
        assert_eq!(left.status, StatusCode::SEE_OTHER, "{}", left.body);
        let sent = Url::parse(left.header(header::LOCATION)).unwrap();
        let said = |name: &str| sent.query_pairs().find(|pair| pair.0 == name).unwrap().1.into_owned();
        let now = self.host.clock.now().unix_seconds();
        let mut token = json!({ "aud": "us", "iat": now, "exp": now + 300, "nonce": said("nonce") });
        token.as_object_mut().unwrap().extend(claims.as_object().cloned().unwrap_or_default());
        self.fake.change(|says| says.claims = token);
        let cookie = left.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let back = form(&[("code", "code"), ("state", &said("state"))]);
        let path = format!("/social/{}/callback", self.name);
        if sent.query().unwrap().contains("response_mode=form_post") {
            // The other site's page posts it, and the browser leaves its cookies out; then it brings them.
            let round = self.send(request("POST", &path, None, &back)).await;
            assert_eq!((round.status, round.header(header::SET_COOKIE)), (StatusCode::SEE_OTHER, ""));
            let path = round.header(header::LOCATION).to_owned();
            assert!(path.starts_with("/social/apple/callback?"), "{path}");
            return (self.send(request("GET", &path, Some(&cookie), "")).await, sent);
        }
        (self.send(request("GET", &format!("{path}?{back}"), Some(&cookie), "")).await, sent)
    }

    fn refusals(&self) -> Vec<String> {
        let events = self.host.events("provider.refused");
        events.into_iter().map(|event| event.reason.unwrap_or_default().to_string()).collect()
    }
}

fn signs_in(answer: &Answer) -> bool {
    answer.status == StatusCode::SEE_OTHER && answer.header(header::SET_COOKIE).contains(COOKIE)
}

fn google(sub: &str) -> Value {
    json!({ "iss": GOOGLE, "sub": sub, "email": format!("{sub}@gmail.example"), "email_verified": true })
}

#[tokio::test]
async fn apple_gets_a_secret_that_is_signed_for_each_exchange_and_answers_by_form() {
    let fake = Fake::start(APPLE).await;
    let own = key("KEYID12345");
    let published = JwkSet::new(vec![own.public_jwk().clone()]);
    let pair = Pair::new(
        fake,
        Provider::apple("com.example.site", "TEAM123456", Arc::into_inner(own).unwrap()).unwrap(),
    );
    // Apple writes the truth as a text.
    let claims = json!({ "iss": APPLE, "aud": "com.example.site", "sub": "001.abc",
        "email": "relay@privaterelay.appleid.com", "email_verified": "true" });
    let (answer, sent) = pair.visit(claims).await;
    assert!(signs_in(&answer), "{} {}", answer.status, answer.body);
    let asked: Vec<_> = sent.query_pairs().collect();
    for (name, value) in
        [("response_mode", "form_post"), ("scope", "openid email"), ("response_type", "code")]
    {
        assert!(asked.iter().any(|pair| pair.0 == name && pair.1 == value), "{name} in {sent}");
    }

    let posted = pair.fake.newest("/token").body;
    let posted: Vec<_> = form_urlencoded::parse(posted.as_bytes()).collect();
    let field = |name: &str| posted.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_ref());
    assert_eq!(field("client_id"), Some("com.example.site"));
    let expected = Expected { algorithms: &[Algorithm::ES256], typ: Typ::AbsentOr(&["JWT"]) };
    let secret = jws::verify(field("client_secret").unwrap(), &published, &expected).unwrap();
    let claims: Value = secret.claims().unwrap();
    let now = pair.host.clock.now().unix_seconds();
    assert_eq!(secret.header().kid.as_deref(), Some("KEYID12345"));
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!("TEAM123456"), &json!("com.example.site"), &json!("https://appleid.apple.com"))
    );
    let (from, until) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!((now - 5..=now).contains(&from) && until > now, "{from} {until}");
    assert!(until - from <= 15_777_000, "Apple takes none that is good for more than six months");
}

#[tokio::test]
async fn of_githubs_addresses_the_primary_one_counts_if_it_is_verified() {
    let address = |email: &str, primary: bool, verified: bool| json!({ "email": email, "primary": primary, "verified": verified, "visibility": null });
    let (ours, other) = ("octo@example.com", "second@example.com");
    for (n, (emails, makes)) in [
        (json!([address(other, false, true), address(ours, true, true)]), Some(ours)),
        (json!([address(ours, true, false), address(other, false, true)]), None),
        (json!([address(other, false, true)]), None),
        (json!([]), None),
    ]
    .into_iter()
    .enumerate()
    {
        let fake = Fake::start("").await;
        // What the profile shows is what its person typed: it counts for nothing.
        fake.change(|says| {
            says.user = json!({ "id": 583_231, "login": "octocat", "email": "typed@example.com" });
            says.emails = emails;
        });
        let pair = Pair::new(fake, Provider::github("us", Secret::from("hush")).unwrap());
        let (answer, sent) = pair.visit(json!({})).await;
        assert_eq!(signs_in(&answer), makes.is_some(), "{n}: {}", answer.body);
        assert!(sent.path().ends_with("/login/oauth/authorize"), "{sent}");
        for email in [ours, other, "typed@example.com"] {
            let found =
                pair.host.store.find_user_by_email(&EmailAddress::parse(email).unwrap()).await.unwrap();
            assert_eq!(found.is_some(), makes == Some(email), "{n}: {email}");
        }
        if makes.is_none() {
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(answer.body.contains("did not say which e-mail address is yours"), "{}", answer.body);
        }
    }
}

/// Known by the number, whoever has the name by now; a new sign-in of the same account is of the same person.
#[tokio::test]
async fn a_github_account_is_known_by_its_number() {
    let fake = Fake::start("").await;
    let pair = Pair::new(fake, Provider::github("us", Secret::from("hush")).unwrap());
    let says = |id: u32, email: &str| {
        let (user, emails) = (
            json!({ "id": id, "login": "octocat" }),
            json!([{ "email": email, "primary": true, "verified": true }]),
        );
        pair.fake.change(|says| (says.user, says.emails) = (user, emails));
    };
    let mut seen = Vec::new();
    for (id, email) in [(1, "one@example.com"), (2, "two@example.com"), (1, "moved@example.com")] {
        says(id, email);
        let (answer, _) = pair.visit(json!({})).await;
        seen.push(pair.send(request("GET", "/", Some(&answer.cookie()), "")).await.body);
    }
    assert!(seen[0] == seen[2] && seen[0] != seen[1], "{seen:?}");
}

#[tokio::test]
async fn a_microsoft_token_is_bound_to_its_own_tenant() {
    let of = |tid: &str| format!("https://login.microsoftonline.com/{tid}/v2.0");
    let said = |tid: Value, iss: &str| json!({ "tid": tid, "iss": iss, "sub": "same", "email": "a@example.com", "email_verified": true });
    let personal = of(PERSONAL);
    for (tenant, issuer, claims, good) in [
        ("common", TENANTS, said(json!(COMPANY), &of(COMPANY)), true),
        ("common", TENANTS, said(json!(PERSONAL), &personal), true),
        ("common", TENANTS, said(json!(COMPANY), &personal), false),
        ("common", TENANTS, said(Value::Null, &of(COMPANY)), false),
        ("common", TENANTS, said(json!("{tenantid}"), TENANTS), false),
        ("organizations", TENANTS, said(json!(COMPANY), &of(COMPANY)), true),
        ("consumers", &personal, said(json!(PERSONAL), &personal), true),
        ("consumers", &personal, said(json!(COMPANY), &of(COMPANY)), false),
        (COMPANY, &of(COMPANY), said(json!(COMPANY), &of(COMPANY)), true),
        (COMPANY, &of(COMPANY), said(json!(PERSONAL), &personal), false),
    ] {
        let pair = Pair::microsoft(tenant, issuer).await;
        let (answer, _) = pair.visit(claims.clone()).await;
        // Nobody is made of what is good either: its word on addresses is not believed.
        let expected = if good { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_GATEWAY };
        assert_eq!(answer.status, expected, "{tenant} {claims}: {}", answer.body);
        assert_eq!(pair.refusals(), if good { vec![] } else { vec!["id_token"] }, "{tenant} {claims}");
        assert!(pair.fake.newest("/openid-configuration").path.starts_with(&format!("/{tenant}/v2.0/")));
    }
}

#[tokio::test]
async fn a_google_domain_is_what_the_token_says_and_not_what_an_address_ends_with() {
    let domain = |hd: Value| json!({ "iss": GOOGLE, "sub": "1", "email": "a@example.com", "email_verified": true, "hd": hd });
    for (hd, good) in [
        (json!("example.com"), true),
        (json!("Example.com"), false),
        (json!("sub.example.com"), false),
        (json!("evil.example"), false),
        (Value::Null, false),
    ] {
        let fake = Fake::start(GOOGLE).await;
        let provider = Provider::google("us", Secret::from("hush")).unwrap().hosted_domain("example.com");
        let pair = Pair::new(fake, provider);
        let (answer, sent) = pair.visit(domain(hd.clone())).await;
        assert!(sent.query_pairs().any(|pair| pair.0 == "hd" && pair.1 == "example.com"), "{sent}");
        assert_eq!(signs_in(&answer), good, "{hd}: {}", answer.body);
        assert_eq!(pair.refusals(), if good { vec![] } else { vec!["other_domain"] }, "{hd}");
    }
    let anybodys = Pair::google().await;
    let (answer, sent) = anybodys.visit(domain(Value::Null)).await;
    assert!(signs_in(&answer) && !sent.query_pairs().any(|pair| pair.0 == "hd"), "{sent}");
}
