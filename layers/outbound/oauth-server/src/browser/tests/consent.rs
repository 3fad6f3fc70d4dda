//! What a person is asked, and what rests on their answer.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use futures_util::FutureExt;
use http::{StatusCode, header};
use towergate_core::{
    Random, RandomUnavailable, Timestamp, audit::Origin, random::InsecureSeededRandom, token::OpaqueToken,
};
use towergate_oauth::{
    ports::{GrantStore, InteractionStore, memory::MemoryStore},
    rules::{client::ClientId, code, grant::Subject},
};
use url::form_urlencoded::byte_serialize;

use super::house::{Answer, CALLBACK, GOOD, House, with};
use crate::config::ResourceServer;

#[tokio::test]
async fn rfc8707_2_the_tokens_are_for_the_apis_that_were_named_and_seen() {
    let house = House::with(|config| {
        config.resource_servers = vec![ResourceServer::new("https://api.example/v1").unwrap()];
    })
    .await;
    let refused = house.browser().get(&with("resource", "https://evil.example")).await;
    assert_eq!(error_of(&refused).as_deref(), Some("invalid_target"));
    house.sign_in("alice");
    for (query, audience) in [
        (with("resource", "https://api.example/v1"), "https://api.example/v1"),
        (GOOD.to_owned(), "https://id.example"),
    ] {
        let mut browser = house.browser();
        let path = browser.get(&query).await.location().to_owned();
        let page = browser.get(&path).await;
        assert_eq!(page.body.contains("; api.example"), audience != "https://id.example", "{}", page.body);
        let code = browser.post(&path, "decision=allow").await.param("code").unwrap();
        let id = OpaqueToken::parse(code::PREFIX, &code).unwrap().id();
        let found = house.store.find_code(id).await.unwrap().unwrap();
        assert_eq!(found.grant.audience, [audience]);
    }
}

#[tokio::test]
async fn a_single_claim_is_asked_about_and_remembered() {
    let house = House::new().await;
    house.register(|metadata| metadata.scope = "openid email profile".parse().unwrap()).await;
    house.sign_in("alice");
    let claims = r#"{"userinfo":{"birthdate":null,"email":null}}"#;
    let mut browser = house.browser();
    for query in [GOOD.to_owned(), with("claims", claims)] {
        let silent = house.browser().get(&format!("{query}&prompt=none")).await;
        assert_eq!(error_of(&silent).as_deref(), Some("consent_required"), "{query}");
        let path = browser.get(&query).await.location().to_owned();
        let page = browser.get(&path).await;
        assert_eq!(page.body.contains("Your date of birth"), query != GOOD, "{}", page.body);
        assert!(!page.body.contains("; Your e-mail"), "its scope says so already");
        browser.post(&path, "decision=allow&remember=on").await;
        assert!(house.browser().get(&format!("{query}&prompt=none")).await.param("code").is_some());
    }
}

#[tokio::test]
async fn no_host_name_ends_a_directive_and_only_an_allowed_picture_is_loaded() {
    for (allowed, images) in
        [(true, "img-src 'self' data: https://cdn.example;"), (false, "img-src 'self' data:;")]
    {
        let house = House::with(|config| {
            config.logo_hosts.extend(allowed.then(|| String::from("cdn.example")));
        })
        .await;
        let evil = "https://a;script-src/cb";
        house
            .register(|metadata| {
                metadata.redirect_uris = vec![evil.to_owned()];
                metadata.logo_uri = Some(String::from("https://cdn.example/logo.png"));
            })
            .await;
        house.sign_in("alice");
        let mut browser = house.browser();
        let encoded: String = byte_serialize(evil.as_bytes()).collect();
        let query = GOOD.replace(&byte_serialize(CALLBACK.as_bytes()).collect::<String>(), &encoded);
        let path = browser.get(&query).await.location().to_owned();
        let page = browser.get(&path).await;
        assert_eq!(page.body.contains("logo.png"), allowed, "{}", page.body);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains(images), "{policy}");
        assert!(policy.ends_with("form-action 'self' https: https:"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
    }
}

#[tokio::test]
async fn form_post_and_fragment_carry_a_yes_as_well_as_a_no() {
    let house = House::new().await;
    house.sign_in("alice");
    for (decision, field) in [("allow", "code"), ("deny", "error")] {
        let mut browser = house.browser();
        let path = browser.get(&with("response_mode", "form_post")).await.location().to_owned();
        browser.get(&path).await;
        let answer = browser.post(&path, &format!("decision={decision}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        for name in [field, "state", "iss"] {
            assert!(answer.body.contains(&format!("name=\"{name}\" value=\"")), "{}", answer.body);
        }
        let path = browser.get(&with("response_mode", "fragment")).await.location().to_owned();
        browser.get(&path).await;
        let answer = browser.post(&path, &format!("decision={decision}")).await;
        assert!(answer.location().starts_with(&format!("{CALLBACK}#{field}=")), "{}", answer.location());
    }
}

#[tokio::test]
async fn a_second_click_leads_to_the_same_question_again() {
    let house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.location().to_owned();
    browser.get(&path).await;
    assert!(browser.post(&path, "decision=allow&remember=on").await.param("code").is_some());
    let twice = browser.post(&path, "decision=allow&remember=on").await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST);
    let again = twice.body.split_once(" -> ").unwrap().1.to_owned();
    let answer = browser.get(&again).await;
    assert!(answer.param("code").is_some());
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    let stranger = house.browser().post(&path, "decision=allow").await;
    assert!(!stranger.body.contains(" -> "), "{}", stranger.body);
}

fn error_of(answer: &Answer) -> Option<String> {
    answer.param("error")
}

/// Alice has allowed the shop, to be remembered; she takes it back in the middle of the next request.
async fn withdrawing() -> House {
    let mut house = House::new().await;
    house.sign_in("alice");
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.location().to_owned();
    browser.get(&path).await;
    assert!(browser.post(&path, "decision=allow&remember=on").await.param("code").is_some());
    let random = Withdrawing {
        store: house.store.clone(),
        random: InsecureSeededRandom::new(11),
        // The request's own identifier is drawn first, what is issued after all is loaded.
        after: AtomicU32::new(1),
    };
    house.server = house.server.clone().random(Arc::new(random));
    house
}

#[tokio::test]
async fn a_consent_that_is_taken_back_meanwhile_gives_no_code() {
    let house = withdrawing().await;
    let asked = house.browser().get(GOOD).await;
    assert!(asked.location().starts_with("/interaction/"), "{}", asked.location());

    let house = withdrawing().await;
    let silent = house.browser().get(&with("prompt", "none")).await;
    assert_eq!(error_of(&silent).as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn a_consent_that_is_taken_back_meanwhile_is_asked_for_again_on_the_way_back() {
    let mut house = withdrawing().await;
    let withdrawing = house.server.clone();
    house.server = withdrawing.clone().random(Arc::new(InsecureSeededRandom::new(12)));
    house.sign_out();
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.return_to();
    let cookie = browser.cookie.clone();
    house.sign_in("alice");
    house.server = withdrawing;
    let mut browser = house.browser();
    browser.cookie = cookie;
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.starts_with("The Shop at shop.example asks"), "{}", page.body);
    assert!(browser.post(&path, "decision=allow").await.param("code").is_some());
}

/// Takes Alice's consent back in the middle of a request: between what is loaded and what is written, where randomness
/// is drawn.
struct Withdrawing {
    store: MemoryStore,
    random: InsecureSeededRandom,
    after: AtomicU32,
}

impl Random for Withdrawing {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomUnavailable> {
        if self.after.fetch_sub(1, Ordering::SeqCst) == 0 {
            let origin = Origin::detached(Timestamp::from_unix_seconds(1_700_000_000), &self.random)?;
            let (alice, shop) = (Subject::parse("alice").unwrap(), ClientId::parse("shop").unwrap());
            self.store.withdraw_consent(alice, shop, origin).now_or_never().unwrap().unwrap();
        }
        self.random.fill(bytes)
    }
}
