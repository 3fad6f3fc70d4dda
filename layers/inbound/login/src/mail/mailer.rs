//! Handing a mail to whoever carries it.

use std::{error::Error, future::Future};

use serde::{Deserialize, Serialize};

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The address it goes to.
    pub to: String,
    /// Its subject, one line.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// What it says, as HTML.
    pub html: String,
    /// Its `Message-ID`, without angle brackets: the same however often it is sent, so that it is known for the same mail.
    #[serde(default)]
    pub message_id: String,
}

// Its text may hold a link that opens an account.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Why a mail was not sent. It is written to the operator's log: let it not say whom the mail is for.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// It may be sent later.
    #[error("the mail cannot be sent now: {0}")]
    Later(#[source] Box<dyn Error + Send + Sync>),
    /// It will never be taken: the address does not exist, or the mail is refused for what it is.
    #[error("the mail is refused: {0}")]
    Never(#[source] Box<dyn Error + Send + Sync>),
}

/// Carries mail.
pub trait Mailer: Send + Sync + 'static {
    /// Hands `mail` to the next server, and answers when that one has it.
    ///
    /// # Errors
    /// When it does not have it.
    fn send(&self, mail: &Mail) -> impl Future<Output = Result<(), MailError>> + Send;
}

impl<M: Mailer> Mailer for std::sync::Arc<M> {
    fn send(&self, mail: &Mail) -> impl Future<Output = Result<(), MailError>> + Send {
        (**self).send(mail)
    }
}
