//! What a person meets in a real browser, around any framework.
//!
//! These laws run where `TOWERGATE_BROWSER_TESTS=1` is set, and need Chromium and its driver.

mod app;
mod axe;
mod chromium;
mod consent;
mod form_post;
mod gallery;
mod https;
mod life;
mod logout;
mod mail;
mod passkey;
mod phone;
mod picture;
mod place;
mod reach;
mod signing_in;
mod tokens;

pub(crate) use axe::*;
pub(crate) use consent::*;
pub(crate) use form_post::*;
pub(crate) use gallery::*;
pub(crate) use https::*;
pub(crate) use life::*;
pub(crate) use logout::*;
pub(crate) use passkey::*;
pub(crate) use reach::*;
pub(crate) use signing_in::*;
pub(crate) use tokens::*;

use tokio::sync::{Semaphore, SemaphorePermit};

/// A Chromium takes as much of a machine as many other tests together.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Waits until there is room for a browser; nothing where no browser is wanted.
pub(crate) async fn turn() -> Option<SemaphorePermit<'static>> {
    if std::env::var("TOWERGATE_BROWSER_TESTS").is_ok_and(|wanted| wanted == "1") {
        return AT_ONCE.acquire().await.ok();
    }
    eprintln!("skipped: set TOWERGATE_BROWSER_TESTS=1 to run this in Chromium");
    None
}

/// Makes a test of each law, around one framework.
macro_rules! prove {
    ($framework:ty: $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(_turn) = person::turn().await {
                    person::$law::<$framework>().await;
                }
            }
        )+
    };
}
pub(crate) use prove;
