//! Mail over SMTP, [RFC 5321](https://www.rfc-editor.org/rfc/rfc5321).

use std::{error::Error, fmt, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        response::Code,
    },
};
use towergate_core::Secret;

use super::{Mail, MailError, Mailer};

/// Sends through one relay, over TLS.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Why there is no mailer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSmtp {
    /// The sender is no address.
    #[error("the sender must be an address, or a name and an address: {0}")]
    From(#[source] lettre::address::AddressError),
    /// The relay's name cannot be used.
    #[error("the relay cannot be used: {0}")]
    Relay(#[source] lettre::transport::smtp::Error),
}

/// A relay, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Relay {
    host: String,
    port: u16,
    tls: Security,
    credentials: Option<(String, Secret<String>)>,
}

#[derive(Debug, Clone, Copy)]
enum Security {
    Implicit,
    None,
    StartTls,
}

impl Relay {
    /// A relay that speaks TLS from the first byte, on port 465: [RFC 8314](https://www.rfc-editor.org/rfc/rfc8314).
    #[must_use]
    pub fn tls(host: impl Into<String>) -> Self {
        Self { host: host.into(), port: 465, tls: Security::Implicit, credentials: None }
    }

    /// A relay that must turn to TLS before anything is said, on port 587.
    #[must_use]
    pub fn starttls(host: impl Into<String>) -> Self {
        Self { host: host.into(), port: 587, tls: Security::StartTls, credentials: None }
    }

    /// A relay on this very machine, spoken to in the clear: whoever listens on the way reads every link.
    #[must_use]
    pub fn insecure_plain(host: impl Into<String>) -> Self {
        Self { host: host.into(), port: 25, tls: Security::None, credentials: None }
    }

    /// The same relay on another port.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The same relay, that knows us by name and password.
    #[must_use]
    pub fn credentials(mut self, name: impl Into<String>, password: Secret<String>) -> Self {
        self.credentials = Some((name.into(), password));
        self
    }
}

impl SmtpMailer {
    /// Sends through `relay`, from `from`: `name@domain`, or `Name <name@domain>`.
    ///
    /// # Errors
    /// When the sender is no address, or the relay's name cannot stand in a certificate.
    pub fn new(relay: &Relay, from: &str) -> Result<Self, InvalidSmtp> {
        let from = from.parse().map_err(InvalidSmtp::From)?;
        let tls = || TlsParameters::new(relay.host.clone()).map_err(InvalidSmtp::Relay);
        let tls = match relay.tls {
            Security::Implicit => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::None => Tls::None,
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&relay.host)
            .port(relay.port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(20)));
        if let Some((name, password)) = &relay.credentials {
            transport = transport.credentials(Credentials::new(name.clone(), password.expose().clone()));
        }
        Ok(Self { transport: transport.build(), from })
    }
}

impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let to = mail.to.parse::<Mailbox>().map_err(|error| MailError::Never(error.into()))?;
        let message_id = (!mail.message_id.is_empty()).then(|| format!("<{}>", mail.message_id));
        let message = Message::builder()
            .message_id(message_id)
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| MailError::Never(error.into()))?;
        self.transport.send(message).await.map(drop).map_err(unsent)
    }
}

/// The relay answered by this code. What it says besides is left out: it often names whom the mail is for.
#[derive(Debug, thiserror::Error)]
#[error("the relay answered {0}")]
struct Answered(Code);

/// The relay answered something else than SMTP, which the error would repeat.
#[derive(Debug, thiserror::Error)]
#[error("what the relay answered cannot be read")]
struct Unreadable;

fn unsent(error: lettre::transport::smtp::Error) -> MailError {
    let never = error.is_permanent();
    let cause: Box<dyn Error + Send + Sync> = match error.status() {
        Some(code) => Answered(code).into(),
        None if error.is_response() => Unreadable.into(),
        None => error.into(),
    };
    if never { MailError::Never(cause) } else { MailError::Later(cause) }
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer").field("from", &self.from.email).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
