//! `[mail]`: how the host sends mail.

use std::sync::Arc;

use towergate::{
    core::Secret,
    login::mail::smtp::{Relay, SmtpMailer},
};

use super::reader::Section;

/// How the host sends mail.
#[derive(Debug, Clone)]
pub enum MailSetting {
    /// Into a mailbox that anybody may look into, on a developer's own machine.
    DevMailbox,
    /// Through a relay.
    Smtp(Arc<SmtpMailer>),
}

/// `None` where nothing is sent, so that nobody can make an account. Without the section, a host on the developer's own
/// machine has a mailbox, and any other sends nothing.
pub(super) fn read(section: Option<Section<'_>>, is_local: bool) -> Option<MailSetting> {
    let Some(section) = section else { return is_local.then_some(MailSetting::DevMailbox) };
    let dev = section.flag("dev_mailbox").unwrap_or(false);
    if dev && !is_local {
        section.refuse_key(
            "dev_mailbox",
            "`dev_mailbox` is for an `issuer` on this machine alone: it shows every mail to anybody",
        );
    }
    let setting = match section.text("smtp") {
        None => dev.then_some(MailSetting::DevMailbox),
        Some(text) => match relay(&text.value, section.text("username"), section.text("password")) {
            Some(relay) => {
                let from = section.required_text("from");
                from.and_then(|from| match SmtpMailer::new(&relay, &from.value) {
                    Ok(mailer) => Some(MailSetting::Smtp(Arc::new(mailer))),
                    Err(error) => {
                        section.refuse(&from.place, format!("[mail] {error}"));
                        None
                    }
                })
            }
            None => {
                section.refuse(
                    &text.place,
                    "`smtp` must be smtps://host, smtp+starttls://host or insecure+smtp://host, perhaps with a port",
                );
                None
            }
        },
    };
    section.finish();
    setting
}

fn relay(
    text: &str,
    username: Option<super::reader::Text>,
    password: Option<super::reader::Text>,
) -> Option<Relay> {
    let (scheme, rest) = text.split_once("://")?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (rest, None),
    };
    let clean =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if !clean {
        return None;
    }
    let relay = match scheme {
        "smtps" => Relay::tls(host),
        "smtp+starttls" => Relay::starttls(host),
        "insecure+smtp" => Relay::insecure_plain(host),
        _ => return None,
    };
    let relay = match port {
        Some(port) => relay.port(port),
        None => relay,
    };
    Some(match (username, password) {
        (Some(name), Some(password)) => relay.credentials(name.value, Secret::new(password.value)),
        _ => relay,
    })
}
