//! What counts once, shown at both hosts.

use std::{future::Future, pin::Pin, time::Duration};

use towergate::core::system::Stopwatch;

use crate::book::{Book, Broken};

/// What whoever was told to come again rests.
const REST: Duration = Duration::from_millis(100);
/// How long it is tried again until it is answered.
const PATIENCE: Duration = Duration::from_secs(50);

/// It is on its way to one of the hosts: what it brings there, if anything.
pub(crate) type Showing<'a, T> = Pin<Box<dyn Future<Output = Result<Option<T>, Broken>> + Send + 'a>>;

/// Shows something new: at both hosts at the same moment, or at one after the other until it is answered. Answers what it brought.
///
/// # Errors
/// When nobody knows whether it was taken.
pub(crate) async fn shown<'a, T>(
    what: &str,
    book: &Book,
    at_once: bool,
    show: impl Fn(usize) -> Showing<'a, T> + Send,
) -> Result<T, Broken> {
    if at_once {
        let answers = tokio::join!(show(0), show(1));
        return match answers {
            (Ok(Some(taken)), Ok(None) | Err(_)) | (Ok(None) | Err(_), Ok(Some(taken))) => Ok(taken),
            (Ok(Some(taken)), Ok(Some(_))) => {
                book.breach(format!("{what} was taken by both hosts"));
                Ok(taken)
            }
            (Ok(None), Ok(None)) => Err(never_taken(what, book)),
            (Err(broken), _) | (_, Err(broken)) => Err(broken),
        };
    }
    let tried = Stopwatch::started();
    let mut last = None;
    for host in [0, 1].into_iter().cycle() {
        match show(host).await {
            Ok(Some(taken)) => return Ok(taken),
            // The try that was not answered may have been taken.
            Ok(None) => return Err(last.unwrap_or_else(|| never_taken(what, book))),
            Err(broken) if tried.elapsed() > PATIENCE => return Err(broken),
            Err(broken) => {
                last = Some(broken);
                tokio::time::sleep(REST).await;
            }
        }
    }
    Err(Broken::Lost)
}

fn never_taken(what: &str, book: &Book) -> Broken {
    book.breach(format!("{what} was refused though it was new"));
    Broken::Refused
}
