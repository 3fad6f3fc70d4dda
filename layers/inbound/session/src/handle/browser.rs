//! What the browser of a request is known and remembered for.

use std::{net::IpAddr, sync::Arc, time::Duration};

use http::{HeaderValue, Request, header::USER_AGENT};
use towergate_client_address::ClientAddress;
use towergate_core::{Digest, Secret, Timestamp, token::OpaqueToken};
use towergate_identity::{
    ports::visit::{BrowserMark, BrowserVisit, Marks, Remembering, Visit},
    rules::{
        browser::{self, BrowserId},
        device::Device,
        remember::{self, RememberedId},
        session::SessionRecord,
        user::UserId,
    },
};

use super::{CookieChange, Session};
use crate::{
    cookie::{Kind, SessionCookie},
    error::SessionError,
    remember::BrowserDoor,
};

/// Who asks, as far as a request shows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visitor {
    agent: Option<HeaderValue>,
    address: Option<IpAddr>,
}

impl Visitor {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        let address = ClientAddress::from_extensions(request.extensions()).ok();
        Self {
            agent: request.headers().get(USER_AGENT).cloned(),
            address: address.and_then(ClientAddress::ip),
        }
    }
}

/// What a browser showed beside the session, where browsers may be remembered.
pub(crate) struct Shown {
    door: Arc<dyn BrowserDoor>,
    /// The cookie by which it is known.
    known_by: Option<Box<OpaqueToken>>,
    /// Whether it showed one by which it stays signed in.
    remembered: bool,
}

/// What the person at a browser asks for, and what the browser is told.
#[derive(Default)]
pub(crate) struct AtBrowser {
    asks_remembered: bool,
    asks_trust: bool,
    known_by: Option<Secret<String>>,
    remembered: Told,
}

/// What a browser is told of staying signed in.
#[derive(Default)]
enum Told {
    #[default]
    Nothing,
    Forget,
    Keep(Secret<String>, Duration),
}

/// The cookies that a store may take up.
#[derive(Default)]
pub(crate) struct Offers {
    remembered: Option<(Secret<String>, Duration)>,
    fresh: Option<Secret<String>>,
    shown: Option<Secret<String>>,
}

impl AtBrowser {
    /// Tells the browser to forget that it stays signed in, where it may think so.
    pub(crate) fn forget_remembered(&mut self, shown: Option<&Shown>) {
        let told = matches!(self.remembered, Told::Keep(..));
        let shows = shown.is_some_and(|shown| shown.remembered);
        self.remembered = if told || shows { Told::Forget } else { Told::Nothing };
    }

    /// Takes up what the store did.
    pub(crate) fn take(&mut self, marks: Marks, offers: Offers) {
        if let Some((token, age)) = offers.remembered.filter(|_| marks.remembered) {
            self.remembered = Told::Keep(token, age);
        }
        match marks.browser {
            Some(BrowserMark::Fresh) => self.known_by = offers.fresh,
            Some(BrowserMark::Shown) => self.known_by = offers.shown,
            None => {}
        }
        (self.asks_remembered, self.asks_trust) = (false, false);
    }

    pub(crate) const fn is_told_nothing(&self) -> bool {
        self.known_by.is_none() && matches!(self.remembered, Told::Nothing)
    }

    /// The `Set-Cookie` values.
    pub(crate) fn cookies(&self, cookie: SessionCookie) -> impl Iterator<Item = HeaderValue> {
        let known = self.known_by.as_ref();
        let known = known.and_then(|token| cookie.set_for(Kind::Browser, token, browser::KNOWN));
        let remembered = match &self.remembered {
            Told::Nothing => None,
            Told::Forget => Some(cookie.clear_remembered()),
            Told::Keep(token, age) => cookie.set_for(Kind::Remembered, token, *age),
        };
        known.into_iter().chain(remembered)
    }
}

impl Session {
    /// Whether people may have this browser stay signed in: a page that asks for a password offers it.
    #[must_use]
    pub fn offers_remembering(&self) -> bool {
        self.0.browser.get().is_some_and(|shown| shown.door.settings().remember_for.is_some())
    }

    /// Whether people may have this browser trusted: a page that asks for a second factor offers it.
    #[must_use]
    pub fn offers_trust(&self) -> bool {
        self.0.browser.get().is_some_and(|shown| shown.door.settings().trust_for.is_some())
    }

    /// Hears that the person wants this browser to stay signed in. Say it before [`establish`](Self::establish); it counts once
    /// they are wholly signed in. Nothing where that is [not offered](Self::offers_remembering).
    pub fn ask_to_be_remembered(&self) {
        self.lock().browser.asks_remembered = true;
    }

    /// Hears that the person wants this browser trusted. Say it before the [`establish`](Self::establish) of a second factor.
    /// Nothing where that is [not offered](Self::offers_trust).
    pub fn ask_for_trust(&self) {
        self.lock().browser.asks_trust = true;
    }

    /// The digest of the cookie by which this browser is known, if it showed one.
    #[must_use]
    pub fn browser_digest(&self) -> Option<Digest> {
        Some(self.0.browser.get()?.known_by.as_ref()?.digest())
    }

    /// Lets the session be remembered, in a browser that showed these cookies.
    pub(crate) fn attach(&self, door: Arc<dyn BrowserDoor>, known_by: Option<OpaqueToken>, remembered: bool) {
        self.0.browser.get_or_init(|| Shown { door, known_by: known_by.map(Box::new), remembered });
    }

    /// The session that a cookie was traded for, and the next cookie.
    pub(crate) fn adopt_remembered(
        &self,
        record: SessionRecord,
        token: &OpaqueToken,
        (next, age): (&OpaqueToken, Duration),
    ) {
        let mut state = self.lock();
        state.unknown = None;
        state.record = Some(Arc::new(record));
        state.change = CookieChange::Set(token.reveal());
        state.browser.remembered = Told::Keep(next.reveal(), age);
    }

    /// A cookie that is good for nothing is to be cleared.
    pub(crate) fn forget_remembered(&self) {
        self.lock().browser.forget_remembered(self.0.browser.get());
    }

    /// What is kept of the device.
    pub(crate) fn device(&self) -> Device {
        let visitor = &self.0.visitor;
        let places = self.0.door.settings().places.as_ref();
        let place = visitor.address.zip(places).and_then(|(address, places)| places.place_of(address));
        Device::new(visitor.agent.as_ref().map(HeaderValue::as_bytes), visitor.address, place)
    }

    /// Whence `user` signs in, and the cookies that go with it.
    pub(super) async fn visit(&self, user: UserId, now: Timestamp) -> Result<(Visit, Offers), SessionError> {
        let settings = self.0.door.settings();
        let mut visit = Visit { device: self.device(), limit: settings.limit, ..Visit::default() };
        let mut offers = Offers::default();
        let Some(Shown { door, known_by: shown, .. }) = self.0.browser.get() else {
            return Ok((visit, offers));
        };
        let (asks_remembered, asks_trust) = {
            let browser = &self.lock().browser;
            (browser.asks_remembered, browser.asks_trust)
        };
        if let Some(lifetime) = door.settings().remember_for {
            let token = OpaqueToken::mint(remember::PREFIX, now, &*settings.random)?;
            let (id, digest) = (RememberedId::from_uuid(token.id()), token.digest());
            visit.remember = Some(Remembering { id, digest, lifetime, asked: asks_remembered });
            offers.remembered = Some((token.reveal(), lifetime));
        }
        let digest = shown.as_ref().map(|shown| shown.digest());
        let fresh = OpaqueToken::mint(browser::PREFIX, now, &*settings.random)?;
        let id = BrowserId::fresh(now, &*settings.random)?;
        let trust_for = door.settings().trust_for;
        visit.browser = Some(BrowserVisit {
            fresh: (id, fresh.digest()),
            honours_trust: trust_for.is_some(),
            trust_for: trust_for.filter(|_| asks_trust),
            notice: door.notice_of_arrival(user, digest.as_ref(), visit.device.clone(), now).await?,
            shown: digest,
        });
        (offers.fresh, offers.shown) = (Some(fresh.reveal()), shown.as_ref().map(|shown| shown.reveal()));
        Ok((visit, offers))
    }
}
