//! What was answered to be over, and is looked at again and again.

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use tokio::task::JoinSet;
use towergate::core::random::{self, InsecureSeededRandom};

use crate::{
    book::{Book, Broken},
    client::{Browser, Client, Code, is_invalid_grant, json},
    machine::{self, is_invalid_client},
    walker::Signed,
};

/// Something that ended, and whose end was answered.
#[derive(Clone)]
pub(crate) enum Dead {
    Access(String),
    Ceremony(Signed),
    Code(Code),
    Proof(String),
    Refresh(String),
    Session(Browser),
}

const PAUSE: Duration = Duration::from_millis(40);
const AT_ONCE: usize = 8;

/// Looks for somebody alive who should not be, until evening.
pub(crate) async fn keep_looking(client: Client, book: Arc<Book>) {
    let dice = InsecureSeededRandom::new(7);
    while !book.is_evening() {
        let thrown = usize::from(u16::from_be_bytes(random::bytes(&dice).unwrap()));
        if let Some(dead) = book.a_dead_one(thrown) {
            let _ = dead.check(&client, &book).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks at all of them, once all is well.
pub(crate) async fn check_all(client: &Client, book: &Arc<Book>) {
    let all = book.all_dead();
    let mut checks = JoinSet::new();
    for some in all.chunks(all.len() / AT_ONCE + 1) {
        let (some, client, book) = (some.to_vec(), client.clone(), Arc::clone(book));
        checks.spawn(async move {
            for dead in some {
                while dead.check(&client, &book).await.is_err() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        });
    }
    checks.join_all().await;
}

impl Dead {
    /// Looks at it there.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn check(&self, client: &Client, book: &Book) -> Result<(), Broken> {
        let name = self.name();
        let (is_over, answer) = match self {
            Self::Access(token) => {
                let answer = book.step(name, client.introspect(token)).await?;
                (answer.status == StatusCode::OK && json(&answer)["active"] == false, answer)
            }
            Self::Ceremony(signed) => {
                let (answer, _) = signed.show(name, book, client).await?;
                (answer.status == StatusCode::UNPROCESSABLE_ENTITY, answer)
            }
            Self::Code(code) => {
                let answer = book.step(name, client.redeem(code)).await?;
                (is_invalid_grant(&answer), answer)
            }
            Self::Proof(proof) => {
                let answer = machine::show(name, proof, client, book).await?;
                (is_invalid_client(&answer), answer)
            }
            Self::Refresh(token) => {
                let answer = book.step(name, client.refresh(token)).await?;
                (is_invalid_grant(&answer), answer)
            }
            Self::Session(browser) => {
                let front = client.at("/");
                let answer = book.step(name, browser.clone().try_open(front)).await?;
                (answer.says("You are not signed in"), answer)
            }
        };
        if !is_over {
            let told = answer.text.split_once("<body").map_or(&*answer.text, |(_, body)| body);
            book.breach(format!("{name} seen alive: {} {told}", answer.status));
        }
        Ok(())
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::Access(_) => "a revoked access token",
            Self::Ceremony(_) => "a signature that was taken",
            Self::Code(_) => "a spent code",
            Self::Proof(_) => "a proof that was taken",
            Self::Refresh(_) => "a revoked refresh token",
            Self::Session(_) => "an ended session",
        }
    }
}
