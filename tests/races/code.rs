//! One code, many who hold it.

use http::StatusCode;
use towergate::{identity::ports::IdentityStore, oauth::ports::OAuthStore};

use crate::{
    house::{
        House, RIVAL, RIVAL_SECRET,
        browser::{Answer, token_request, token_request_as, with_token},
        rows::{Log, Watch},
        steps::{VERIFIER, exchange, refresh, signed_in, to_code},
    },
    together::together,
};

/// The one error that says nothing more.
pub(crate) fn is_invalid_grant(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST && answer.json()["error"] == "invalid_grant"
}

/// Insists that an access token opens nothing.
pub(crate) async fn assert_dead(house: &House, access_token: &str) {
    for path in ["/oauth/userinfo", "/api"] {
        assert_eq!(with_token(&house.app, path, access_token).await.status, StatusCode::UNAUTHORIZED);
    }
}

pub(crate) async fn one_redemption_of_many_wins_and_the_rest_end_what_it_won<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people.clone(), grants.clone()).await;
    let form = exchange(&to_code(&mut signed_in(&house).await).await, VERIFIER);
    let mut watch = Watch::over(&people, &grants);
    let answers = together(64, |_| {
        let (app, form) = (house.app.clone(), form.clone());
        async move { token_request(&app, &form).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!(won.len(), 1);
    assert!(lost.iter().all(is_invalid_grant));
    let news = watch.news();
    for once in ["code.redeemed succeeded", "token.issued succeeded", "grant.revoked succeeded"] {
        assert_eq!(news.iter().filter(|event| *event == once).count(), 1, "{once}: {news:?}");
    }
    let tokens = won[0].json();
    assert_dead(&house, tokens["access_token"].as_str().unwrap()).await;
    let refreshed = token_request(&house.app, &refresh(tokens["refresh_token"].as_str().unwrap())).await;
    assert!(is_invalid_grant(&refreshed));
}

pub(crate) async fn another_client_does_not_spend_a_code<I, O>(people: I, grants: O)
where
    I: IdentityStore + Log,
    O: OAuthStore + Log,
{
    let house = House::on(people, grants).await;
    let mut browser = signed_in(&house).await;
    let form = exchange(&to_code(&mut browser).await, VERIFIER);
    assert!(is_invalid_grant(&token_request_as(&house.app, RIVAL, RIVAL_SECRET, &form).await));
    assert_eq!(token_request(&house.app, &form).await.status, StatusCode::OK);

    // And in the crowd: the right one is the only one who gets it, and keeps it.
    let form = exchange(&to_code(&mut browser).await, VERIFIER);
    let answers = together(32, |number| {
        let (app, form) = (house.app.clone(), form.clone());
        async move {
            if number == 16 {
                token_request(&app, &form).await
            } else {
                token_request_as(&app, RIVAL, RIVAL_SECRET, &form).await
            }
        }
    })
    .await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.status == StatusCode::OK, number == 16, "{}", answer.text);
        assert!(number == 16 || is_invalid_grant(answer));
    }
    let token = answers[16].json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(with_token(&house.app, "/api", &token).await.status, StatusCode::OK);
}
