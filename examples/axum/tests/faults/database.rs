//! A database that is held by somebody else, or gone.

use std::fs;

use http::{Method, StatusCode};

use crate::{
    client::{Browser, EMAIL, PASSWORD, code_in, is_invalid_grant, json, tokens_in},
    place::{Place, is_unavailable, rows},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_is_told_and_nothing_is_half_written() {
    let place = Place::new().await;
    let client = &place.client;
    let (person, newcomer) = (&mut Browser::default(), &mut Browser::default());
    let code = client.obtain_code(person).await;
    let tokens = tokens_in(&client.redeem(&client.obtain_code(&mut Browser::default()).await).await.unwrap());
    let consent = person.try_open(client.leave().0).await.unwrap();
    let login = newcomer.try_open(client.leave().0).await.unwrap();
    let right = [("email", EMAIL), ("password", PASSWORD)];
    let other = place.other();
    let before = rows(&other);

    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for answer in [client.redeem(&code).await.unwrap(), client.refresh(&tokens.refresh).await.unwrap()] {
        is_unavailable(&answer);
        assert_eq!(json(&answer)["error"], "temporarily_unavailable");
    }
    is_unavailable(&Browser::default().try_open(client.leave().0).await.unwrap());
    is_unavailable(&newcomer.submit(&login, &right).await);
    is_unavailable(&newcomer.submit(&login, &[("email", EMAIL), ("password", "wrong")]).await);
    is_unavailable(&person.submit(&consent, &[("decision", "allow")]).await);
    is_unavailable(&person.send(Method::POST, client.at("/logout"), &[], "").await);
    let reading = client.userinfo(&tokens.access).await.unwrap();
    assert_eq!(reading.status, StatusCode::OK, "reading goes on: {}", reading.text);
    assert_eq!(rows(&other), before, "nothing was written");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(rows(&other), before, "nothing is written later");

    tokens_in(&client.redeem(&code).await.unwrap());
    tokens_in(&client.refresh(&tokens.refresh).await.unwrap());
    code_in(&person.try_submit(&consent, &[("decision", "allow")]).await.unwrap());
    assert!(newcomer.submit(&login, &right).await.text.contains("consent-allow"));
    assert!(is_invalid_grant(&client.redeem(&code).await.unwrap()), "spent once it was spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_told() {
    let place = Place::new().await;
    let client = &place.client;
    let code = client.obtain_code(&mut Browser::default()).await;
    for file in fs::read_dir(place.database.parent().unwrap()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    is_unavailable(&client.redeem(&code).await.unwrap());
    is_unavailable(&Browser::default().try_open(client.leave().0).await.unwrap());
}
