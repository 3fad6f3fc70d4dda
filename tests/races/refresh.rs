//! One refresh token, many who present it.

use http::StatusCode;
use towergate::{identity::ports::IdentityStore, oauth::ports::OAuthStore};

use crate::{
    code::{assert_dead, is_invalid_grant},
    house::{
        House,
        browser::{Answer, token_request},
        rows::{Log, Watch},
        steps::{VERIFIER, exchange, refresh, signed_in, to_code},
    },
    together::together,
};

pub(crate) async fn parallel_refreshes_get_one_answer<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let mut token = refresh_token(&to_tokens(&house).await);
    let mut watch = Watch::over(&people, &grants);
    for generation in 1..=3 {
        let answers = refreshed_by_many(&house, &token).await;
        assert!(answers.iter().all(|answer| answer.status == StatusCode::OK));
        assert!(answers.iter().all(|answer| answer.text == answers[0].text), "generation {generation}");
        assert_eq!(watch.news(), ["token.issued succeeded", "token.refreshed succeeded"]);
        token = refresh_token(&answers[0]);
    }
}

pub(crate) async fn a_child_is_used_once_and_its_parent_then_ends_the_family<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let first = to_tokens(&house).await;
    let parent = refresh_token(&first);
    let answers = refreshed_by_many(&house, &parent).await;
    let grandchild = token_request(&house.app, &refresh(&refresh_token(&answers[0]))).await;
    assert_eq!(grandchild.status, StatusCode::OK);
    let mut watch = Watch::over(&people, &grants);

    // The child is in use, so whoever repeats the parent's refresh is not who holds the child.
    let answers = refreshed_by_many(&house, &parent).await;
    assert!(answers.iter().all(is_invalid_grant));
    let news = watch.news();
    assert_eq!(news.iter().filter(|event| *event == "grant.revoked succeeded").count(), 1, "{news:?}");
    assert!(is_invalid_grant(&token_request(&house.app, &refresh(&refresh_token(&grandchild))).await));
    for answer in [&first, &grandchild] {
        assert_dead(&house, answer.json()["access_token"].as_str().unwrap()).await;
    }
}

async fn to_tokens(house: &House) -> Answer {
    let code = to_code(&mut signed_in(house).await).await;
    let answer = token_request(&house.app, &exchange(&code, VERIFIER)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

async fn refreshed_by_many(house: &House, token: &str) -> Vec<Answer> {
    let form = refresh(token);
    together(64, |_| {
        let (app, form) = (house.app.clone(), form.clone());
        async move { token_request(&app, &form).await }
    })
    .await
}

fn refresh_token(answer: &Answer) -> String {
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}
