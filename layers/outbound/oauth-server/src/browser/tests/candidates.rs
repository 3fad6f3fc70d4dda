//! Several people signed in beside each other.

use http::StatusCode;

use super::house::{Browser, GOOD, House, with};

/// Alice and Bob, of whom the host does not say which it is.
async fn two() -> House {
    let house = House::new().await;
    for name in ["alice", "bob"] {
        house.sign_in(name);
        house.step_aside();
    }
    house
}

fn hinted(query: &str, name: &str) -> String {
    format!("{query}&login_hint={name}%40EXAMPLE.com")
}

async fn allow(browser: &mut Browser<'_>, path: &str, name: &str) {
    let page = browser.get(path).await;
    assert!(page.body.contains(&format!("{name}@example.com")), "{}", page.body);
    let answer = browser.post(path, "decision=allow&remember=on").await;
    assert!(answer.param("code").is_some());
}

#[tokio::test]
async fn oidc_core_3_1_2_6_in_silence_the_client_hears_that_an_account_must_be_chosen() {
    let house = two().await;
    let silent = with("prompt", "none");
    let answer = house.browser().get(&silent).await;
    assert_eq!(answer.param("error").as_deref(), Some("account_selection_required"));
    assert_eq!(answer.param("state").as_deref(), Some("a b"));
    assert_eq!(answer.param("iss").as_deref(), Some("https://id.example"));
    let gone = house.browser().get(&format!("{silent}&max_age=0")).await;
    assert_eq!(gone.param("error").as_deref(), Some("login_required"), "none of them would do");
    assert!(house.facts().is_empty());
}

#[tokio::test]
async fn a_request_that_names_nobody_goes_to_where_one_is_chosen() {
    let house = two().await;
    let mut browser = house.browser();
    let path = browser.get(GOOD).await.return_to();
    assert_eq!(browser.get(&path).await.return_to(), path, "nobody has been chosen yet");
    house.sign_in("bob");
    allow(&mut browser, &path, "bob").await;
}

#[tokio::test]
async fn a_hint_chooses_and_the_choice_holds_for_the_interaction() {
    let house = two().await;
    let mut browser = house.browser();
    let path = browser.get(&hinted(GOOD, "bob")).await.location().to_owned();
    assert!(path.starts_with("/interaction/"), "{path}");
    allow(&mut browser, &path, "bob").await;
    let code = browser.get(&hinted(GOOD, "bob")).await;
    assert!(code.param("code").is_some(), "it is remembered");
    assert!(browser.get(GOOD).await.location().starts_with("/login?"));
    assert_eq!(browser.get(&hinted(GOOD, "carol")).await.status, StatusCode::SEE_OTHER);
}

/// Otherwise any client could ask for one address after another.
#[tokio::test]
async fn in_silence_a_hint_tells_nobody_who_is_signed_in() {
    let house = two().await;
    let mut browser = house.browser();
    let silent = with("prompt", "none");
    for name in ["alice", "carol"] {
        let answer = browser.get(&hinted(&silent, name)).await;
        assert_eq!(answer.param("error").as_deref(), Some("account_selection_required"), "{name}");
    }
    let path = browser.get(&hinted(GOOD, "alice")).await.location().to_owned();
    allow(&mut browser, &path, "alice").await;
    assert!(browser.get(&hinted(&silent, "alice")).await.param("code").is_some());
}

#[tokio::test]
async fn a_sub_that_is_asked_for_chooses_in_silence_too() {
    let house = two().await;
    let mut browser = house.browser();
    let claims = |sub: &str| with("claims", &format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#));
    for (sub, error) in [("bob", "consent_required"), ("carol", "login_required")] {
        let answer = browser.get(&format!("{}&prompt=none", claims(sub))).await;
        assert_eq!(answer.param("error").as_deref(), Some(error), "{sub}");
    }
    let path = browser.get(&claims("bob")).await.location().to_owned();
    allow(&mut browser, &path, "bob").await;
    assert!(browser.get(&format!("{}&prompt=none", claims("bob"))).await.param("code").is_some());
}
