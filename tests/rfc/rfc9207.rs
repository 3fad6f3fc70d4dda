//! Issuer identification, [RFC 9207](https://www.rfc-editor.org/rfc/rfc9207), by section, on the whole house.

use http::StatusCode;
use towergate::{
    identity::ports::memory::MemoryStore as People, oauth::ports::memory::MemoryStore as Grants,
};

use crate::house::{
    CALLBACK, House, ISSUER,
    browser::{Answer, Browser},
    steps::{AUTHORIZE, encode, parameter, signed_in, to_consent_about},
};

async fn browser() -> Browser {
    signed_in(&House::on(People::new(), Grants::new()).await).await
}

/// Everything that an answer in `mode` says to the client, as one query.
fn said(answer: &Answer, mode: &str) -> String {
    let behind = |mark| answer.location.split_once(mark).unwrap().1.to_owned();
    match mode {
        "query" => behind('?'),
        "fragment" => behind('#'),
        _ => {
            let fields = answer.text.split("<input type=\"hidden\" name=\"").skip(1);
            let pairs = fields.map(|field| {
                let (name, rest) = field.split_once("\" value=\"").unwrap();
                format!("{name}={}", encode(rest.split('"').next().unwrap()))
            });
            pairs.collect::<Vec<_>>().join("&")
        }
    }
}

#[tokio::test]
async fn section_2_every_answer_says_once_who_answers_yes_or_no_in_each_mode() {
    let mut browser = browser().await;
    for mode in ["query", "fragment", "form_post"] {
        let asks = format!("{AUTHORIZE}&response_mode={mode}");
        let mut answers = vec![
            ("error", browser.get(&asks.replace("openid%20email", "telepathy")).await),
            ("error", browser.get(&format!("{asks}&prompt=none")).await),
        ];
        for (decision, member) in [("allow", "code"), ("deny", "error")] {
            let path = to_consent_about(&mut browser, &asks).await;
            answers.push((member, browser.post(&path, &format!("decision={decision}")).await));
        }
        for (member, answer) in answers {
            let said = format!("?{}", said(&answer, mode));
            assert_eq!(parameter(&said, "iss"), ISSUER, "{mode}, {member}: {said}");
            assert_eq!(said.matches("iss=").count(), 1, "{said}");
            assert!(!parameter(&said, member).is_empty(), "{mode}, {member}: {said}");
        }
    }
}

#[tokio::test]
async fn section_2_4_and_3_it_is_the_issuer_of_the_metadata_letter_for_letter() {
    let mut browser = browser().await;
    let metadata = browser.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    let answer = browser.get(&format!("{AUTHORIZE}&prompt=none")).await;
    assert!(answer.location.starts_with(CALLBACK));
    assert_eq!(parameter(&answer.location, "iss"), metadata["issuer"].as_str().unwrap());
}

#[tokio::test]
async fn section_2_an_iss_that_the_client_sends_is_not_what_it_gets() {
    let mut browser = browser().await;
    let answer = browser.get(&format!("{AUTHORIZE}&prompt=none&iss=https%3A%2F%2Fevil.example")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(parameter(&answer.location, "iss"), ISSUER);
    assert!(!answer.location.contains("evil"));
}
