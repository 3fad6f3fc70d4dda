//! The application that is told when a sign-in ends.

use std::sync::Arc;

use axum::{Router, routing::post};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::book::Book;

/// Hears logout tokens, and tells the book whose sign-in each is about. Answers its address.
pub(crate) async fn open(book: Arc<Book>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/told", listener.local_addr().unwrap());
    let told = post(async move |form: String| {
        book.logout_heard(sign_in_of(&form));
    });
    tokio::spawn(axum::serve(listener, Router::new().route("/told", told)).into_future());
    address
}

/// What the token says; that it is signed is shown elsewhere.
fn sign_in_of(form: &str) -> String {
    let token = form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "logout_token").unwrap().1;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}
