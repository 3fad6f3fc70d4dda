//! Sends mail: as soon as some is queued, and again later what could not be sent.

use std::time::Duration;

use tokio::sync::watch;
use towergate::{
    identity::ports::MailOutbox,
    login::mail::{Mailer, Mailroom, Postman},
};

/// How long it rests at most: another instance, or this program before it stopped, may have left something to send.
const REST: Duration = Duration::from_secs(5);

/// Sends again and again, until `stop` turns true.
pub async fn keep_sending<S: MailOutbox, M: Mailer>(
    postman: Postman<S, M>,
    room: Mailroom,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        // What is being sent when it is to stop is finished; if that takes too long, it is sent in two minutes, by the next program.
        let mut told = stop.clone();
        match postman.deliver_until(async move { drop(told.wait_for(|stop| *stop).await) }).await {
            Ok(posted) => tracing::debug!(?posted, "mail was sent"),
            Err(error) => tracing::warn!(%error, "mail could not be sent; trying again soon"),
        }
        tokio::select! {
            stopped = stop.wait_for(|stop| *stop) => { drop(stopped); return; }
            _ = tokio::time::timeout(REST, room.mail_queued()) => {}
        }
    }
}
