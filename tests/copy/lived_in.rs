//! A house in which people live, moved: they sign in, their tokens go on, and the log is proven.

use std::{process::Command, sync::Arc};

use http::StatusCode;
use towergate::{
    audit::Sealer,
    core::{Secret, audit::chain::SealSigner, system::SystemClock},
    postgres::PostgresStore,
    sqlite::SqliteStore,
};

use super::{
    house::{
        CLIENT, CLIENT_SECRET, House,
        steps::{VERIFIER, exchange, refresh, signed_in, to_code},
    },
    place::Place,
};

#[tokio::test(flavor = "multi_thread")]
async fn people_and_clients_go_on_in_the_copy_where_they_were() {
    let place = Place::new();
    let store = SqliteStore::open(&place.file).unwrap();
    let house = House::on(store.clone(), store.clone()).await;
    let mut browser = signed_in(&house).await;
    let code = to_code(&mut browser).await;
    let shop = |form: String| format!("{form}&client_id={CLIENT}&client_secret={CLIENT_SECRET}");
    let tokens = browser.post("/oauth/token", &shop(exchange(&code, VERIFIER))).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.text);
    let token = |answer: &str| {
        let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
        answer["refresh_token"].as_str().unwrap().to_owned()
    };
    let (first, signer) = (token(&tokens.text), SealSigner::from_seed(&Secret::new([7; 32])).unwrap());
    let signer = Arc::new(signer);
    Sealer::new(store.clone(), Arc::clone(&signer), SystemClock).at_most(2).seal().await.unwrap();
    // Only a file that nobody has open is copied.
    let House { app, clock, alice } = house;
    drop((app, browser, store));

    place.copied();
    let store = PostgresStore::connect(&place.target.url()).await.unwrap();
    let house = House::moved(store.clone(), store, clock, alice).await;
    house.later(5);
    let mut browser = signed_in(&house).await;
    let again = browser.post("/oauth/token", &shop(refresh(&first))).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    // What was redeemed once before the move is not redeemed after it.
    let replayed = browser.post("/oauth/token", &shop(exchange(&code, VERIFIER))).await;
    assert_eq!(replayed.status, StatusCode::BAD_REQUEST, "{}", replayed.text);
    let key = format!("--public-key={}", signer.public_key());
    let proven = Command::new(env!("CARGO_BIN_EXE_towergate"))
        .args(["audit", "verify", "--database", &place.target.url(), &key])
        .output()
        .unwrap();
    let text = String::from_utf8(proven.stdout).unwrap();
    assert!(proven.status.success() && text.starts_with("events proven: "), "{text}");
    assert!(!text.starts_with("events proven: 0"), "{text}");
}
