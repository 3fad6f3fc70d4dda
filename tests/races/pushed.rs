//! One pushed request, many browsers.

use http::StatusCode;
use towergate::{identity::ports::IdentityStore, oauth::ports::OAuthStore};

use crate::{
    house::{
        CALLBACK, CLIENT, CLIENT_SECRET, House,
        browser::{Answer, Browser, client_request},
        rows::{Log, Watch},
        steps::{AUTHORIZE, encode, parameter, signed_in, to_consent, to_consent_about},
    },
    together::together,
};

const BROWSERS: usize = 8;

/// Where a browser goes with what the shop pushed just now.
async fn pushed(house: &House) -> String {
    let query = AUTHORIZE.split_once('?').unwrap().1;
    let mut form: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    form.push(("client_secret".into(), CLIENT_SECRET.into()));
    let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let answer = client_request(&house.app, "/oauth/par", &form).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let reference = answer.json()["request_uri"].as_str().unwrap().to_owned();
    format!("/oauth/authorize?client_id={CLIENT}&request_uri={}", encode(&reference))
}

/// One answer reaches the client, and it is a code; all others are told so.
fn one_code(answers: &[Answer]) {
    let (sent, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.location.starts_with(CALLBACK));
    assert_eq!(sent.len(), 1);
    assert!(!parameter(&sent[0].location, "code").is_empty(), "{}", sent[0].location);
    assert!(refused.iter().all(|answer| answer.status == StatusCode::BAD_REQUEST));
}

pub(crate) async fn a_pushed_request_is_answered_in_one_of_many_browsers<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let path = pushed(&house).await;
    let mut questions: Vec<(Browser, String)> = Vec::new();
    for _ in 0..BROWSERS {
        let mut browser = signed_in(&house).await;
        let question = to_consent_about(&mut browser, &path).await;
        questions.push((browser, question));
    }
    let mut watch = Watch::over(&people, &grants);
    let answers = together(BROWSERS, |number| {
        let (mut browser, question) = questions[number].clone();
        async move { browser.post(&question, "decision=allow").await }
    })
    .await;
    one_code(&answers);
    assert_eq!(watch.news(), ["code.issued succeeded", "consent.given succeeded"]);
}

pub(crate) async fn a_reference_opened_many_times_at_once_gives_one_code<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let mut browser = signed_in(&house).await;
    let question = to_consent(&mut browser).await;
    browser.post(&question, "decision=allow&remember=on").await;
    let path = pushed(&house).await;
    let mut watch = Watch::over(&people, &grants);
    let answers = together(BROWSERS, |_| {
        let (mut browser, path) = (browser.clone(), path.clone());
        async move { browser.get(&path).await }
    })
    .await;
    one_code(&answers);
    assert_eq!(watch.news(), ["code.issued succeeded"]);
}
