//! A mailbox that keeps what would have been sent, for a developer's own machine: `/dev/mailbox` shows it to anybody.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use askama::Template;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use tower::Layer;
use towergate::{
    endpoint::{Answer, Endpoints, Mounted},
    login::mail::{Mail, MailError, Mailer},
    pages::DefaultPages,
};

use crate::pages;

/// Where it is shown.
pub const PATH: &str = "/dev/mailbox";

/// How many mails it keeps.
const ROOM: usize = 200;

/// The mails of the last while, newest first. Clones are the same mailbox.
#[derive(Clone, Default)]
pub struct DevMailbox(Arc<Mutex<VecDeque<Mail>>>);

impl DevMailbox {
    /// The mails, newest first.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The layer that shows it.
    #[must_use]
    pub fn shown(&self, pages: &DefaultPages) -> MailboxLayer {
        MailboxLayer { mailbox: self.clone(), pages: pages.clone() }
    }
}

impl Mailer for DevMailbox {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mails.push_front(mail.clone());
        mails.truncate(ROOM);
        Ok(())
    }
}

impl fmt::Debug for DevMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DevMailbox(..)")
    }
}

/// Answers [`PATH`].
#[derive(Debug, Clone)]
pub struct MailboxLayer {
    mailbox: DevMailbox,
    pages: DefaultPages,
}

impl<I> Layer<I> for MailboxLayer {
    type Service = Mounted<Self, I>;

    fn layer(&self, inner: I) -> Self::Service {
        Mounted::new(self.clone(), inner)
    }
}

impl<B: Send + 'static> Endpoints<B> for MailboxLayer {
    type Route = ();

    fn route(&self, path: &str) -> Option<()> {
        (path == PATH).then_some(())
    }

    fn name(&self, (): &()) -> &'static str {
        "mailbox"
    }

    fn answer(self, (): (), request: Request<B>) -> Answer {
        Answer::at_hand(self.show(request.method()))
    }
}

impl MailboxLayer {
    fn show(&self, method: &Method) -> Response<Bytes> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return towergate::endpoint::page::plain(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET is answered here\n",
            );
        }
        let mails = self.mailbox.mails().iter().map(Shown::of).collect();
        let body = Mailbox { mails }.render().unwrap_or_else(|_| String::from("<h1>Mailbox</h1>"));
        pages::page(StatusCode::OK, self.pages.document("Mailbox", &body), &self.pages)
    }
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct Mailbox {
    mails: Vec<Shown>,
}

struct Shown {
    to: String,
    subject: String,
    lines: Vec<Line>,
}

struct Line {
    text: String,
    is_link: bool,
}

impl Shown {
    fn of(mail: &Mail) -> Self {
        let line = |line: &str| {
            let text = line.trim().to_owned();
            let is_link = text.starts_with("http://") || text.starts_with("https://");
            Line { text, is_link }
        };
        let lines = mail.text.lines().filter(|text| !text.trim().is_empty()).map(line).collect();
        Self { to: mail.to.clone(), subject: mail.subject.clone(), lines }
    }
}
