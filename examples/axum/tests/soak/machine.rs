//! A client that signs to prove who it is: each proof counts once, whichever host it is shown to.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use towergate::core::random::{self, InsecureSeededRandom};

use crate::{
    assertion::{self, Machine},
    book::{Book, Broken},
    client::{Client, Page, json},
    dead::Dead,
    once::{self, Showing},
};

/// For how many seconds a proof is good: it is seen over because it was shown, not because it is old.
const GOOD_FOR: i64 = 300;
const PAUSE: Duration = Duration::from_millis(200);

/// The event of a token that it gets.
const ISSUED: &str = "token.issued client_credentials";

/// Proves itself to one of `hosts` with ever new proofs, until evening.
pub(crate) async fn keep_proving(machine: Machine, issuer: String, hosts: [Client; 2], book: Arc<Book>) {
    let dice = InsecureSeededRandom::new(11);
    while !book.is_evening() {
        let [at_once, turned] = random::bytes::<2>(&dice).unwrap();
        let [one, other] = &hosts;
        let hosts = if turned.is_multiple_of(2) { [one, other] } else { [other, one] };
        let proof = machine.assertion_of(&issuer, 0, GOOD_FOR);
        let _ = prove(proof, hosts, at_once.is_multiple_of(3), &book).await;
        tokio::time::sleep(PAUSE).await;
    }
}

/// What it is answered.
///
/// # Errors
/// When there is no answer.
pub(crate) async fn show(
    kind: &'static str,
    proof: &str,
    host: &Client,
    book: &Book,
) -> Result<Page, Broken> {
    let answer = book.step(kind, assertion::show(host, proof)).await;
    let answer = answer.inspect_err(|_| book.perhaps("client.authentication_failed"))?;
    if is_invalid_client(&answer) {
        book.sure("client.authentication_failed");
    }
    Ok(answer)
}

pub(crate) fn is_invalid_client(answer: &Page) -> bool {
    answer.status == StatusCode::UNAUTHORIZED && json(answer)["error"] == "invalid_client"
}

async fn prove(proof: String, hosts: [&Client; 2], at_once: bool, book: &Book) -> Result<(), Broken> {
    let asked = |host: usize| -> Showing<'_, ()> {
        let (proof, host) = (&proof, hosts[host]);
        Box::pin(async move {
            let answer = show("prove by a signature", proof, host, book).await?;
            let is_taken = answer.status == StatusCode::OK;
            if !is_taken && !is_invalid_client(&answer) {
                book.breach(format!("a signed proof: {}: {}", answer.status, answer.text));
            }
            Ok(is_taken.then_some(()))
        })
    };
    let taken = once::shown("a signed proof", book, at_once, asked).await;
    taken.inspect_err(|_| book.perhaps(ISSUED))?;
    book.sure(ISSUED);
    let dead = Dead::Proof(proof);
    for host in hosts {
        let _ = dead.check(host, book).await;
    }
    book.died(dead);
    Ok(())
}
