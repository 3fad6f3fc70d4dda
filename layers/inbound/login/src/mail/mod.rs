//! Mail: written by the flows, kept sealed in the outbox, sent by a [`Mailer`].
//!
//! - [`Mailroom`] writes: it seals each mail, so that whoever reads the store finds no link that opens anything.
//! - [`Postman`] sends what is due, again and again with longer rests, and erases the text of what was sent or given up. A
//!   mail that was queued survives a killed process; one that was sent just before may be sent twice, never lost.
//! - [`Herald`] writes the mail that tells somebody of a change to their account.
//! - [`Mailer`] is what a host implements, or `SmtpMailer` (feature `smtp`).

mod herald;
mod letter;
mod mailer;
mod postman;
mod room;
#[cfg(feature = "smtp")]
pub mod smtp;

pub use herald::{Herald, NoticeError};
pub(crate) use letter::moment;
pub use letter::{AddedSince, Letter, Letters, PlainLetters};
pub use mailer::{Mail, MailError, Mailer};
pub use postman::{Posted, Postman};
pub(crate) use room::NOTICE_LIFETIME;
pub use room::{InvalidOrigin, Mailroom, NoMailroom};
#[cfg(feature = "smtp")]
pub use smtp::SmtpMailer;
