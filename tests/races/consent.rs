//! One question, many answers.

use http::StatusCode;
use towergate::{identity::ports::IdentityStore, oauth::ports::OAuthStore};

use crate::{
    house::{
        CALLBACK, House,
        rows::{Log, Watch},
        steps::{parameter, signed_in, to_consent},
    },
    together::together,
};

pub(crate) async fn a_consent_submitted_many_times_gives_one_code<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let news = submit(people, grants, |_| "decision=allow&remember=on").await;
    assert_eq!(news, ["code.issued succeeded", "consent.given succeeded"]);
}

pub(crate) async fn a_yes_and_a_no_at_once_give_one_answer<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let one_of_each = |number| if number % 2 == 0 { "decision=allow" } else { "decision=deny" };
    let news = submit(people, grants, one_of_each).await;
    assert!(
        news == ["code.issued succeeded", "consent.given succeeded"] || news == ["consent.denied refused"]
    );
}

/// Answers one question 32 times at once; one answer reaches the client. Tells what was written.
async fn submit<I, O>(people: I, grants: O, decision: fn(usize) -> &'static str) -> Vec<String>
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let mut browser = signed_in(&house).await;
    let path = to_consent(&mut browser).await;
    let mut watch = Watch::over(&people, &grants);
    let answers = together(32, |number| {
        let (mut browser, path) = (browser.clone(), path.clone());
        async move { browser.post(&path, decision(number)).await }
    })
    .await;
    let (sent, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.location.starts_with(CALLBACK));
    assert_eq!(sent.len(), 1);
    assert!(refused.iter().all(|answer| answer.status == StatusCode::BAD_REQUEST));
    assert_ne!(
        parameter(&sent[0].location, "code").is_empty(),
        parameter(&sent[0].location, "error").is_empty()
    );
    watch.news()
}
